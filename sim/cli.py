"""The command line: the first word says what, the rest is ``key=value`` and Hydra's flags.

Imports nothing heavy before the first line is printed: help and mistakes answer at once. Mistakes are one clear
sentence each, exit 2; faults of the machine exit 1; an interruption 130.
"""

from __future__ import annotations

import os
import sys

USER_MISTAKE, MACHINE_FAULT, INTERRUPTED = 2, 1, 130

try:
    import contextlib
    from collections.abc import Callable, Sequence

    from sim.arguments import Words, parse
    from sim.errors import EnvironmentFault, UserError
    from sim.version import __version__
except KeyboardInterrupt:  # stopped before it could begin
    os._exit(INTERRUPTED)

COMMANDS = {
    "compare": "the main job: scenarios side by side, how they differ and how sure it is (attribute: what moved it)",
    "run": "one scenario, for example: headwater run scenario=health_creation years=20 place=toy",
    "attribute": "what moved it? each lever and kind of determinant, alone and together",
    "sweep": "many runs: what matters, how sure, in which worlds; headwater sweep lists the experiments",
    "report": "write a run's report again (rerun: the run itself): headwater report results/latest",
    "dashboard": "compose a scenario, see its cost, run and compare it, in a browser",
    "rerun": "repeat a finished run and say whether it is identical: headwater rerun results/latest",
    "validate": "is it right? every target, hit or miss; books=true: accounts that must close (calibrate: fit)",
    "calibrate": "which values of a few weakly known numbers fit what was observed: a set of draws",
    "explain": "value, unit, source and grade of a number: headwater explain mortality.hr_cap",
    "place": "check or build a place of your own: headwater place check my_folder/",
    "bench": "how fast it is on this machine",
}
FREE_WORDS = {"sweep": 3, "report": 1, "rerun": 1, "explain": 1, "place": 3}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    asked: list[bool] = []
    try:
        if argv is None:
            _notice_ctrl_c(asked)
        return _dispatch(given)
    except (UserError, EnvironmentFault) as fault:
        if asked:  # a library that was interrupted may end in a fault of its own, which we then put in words
            return _stopped("", given)
        return _say(fault, USER_MISTAKE if isinstance(fault, UserError) else MACHINE_FAULT)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - the reader of our output has gone
        return 0
    except KeyboardInterrupt as stop:
        return _stopped(str(stop), given)
    except Exception:
        if asked:
            return _stopped("", given)
        raise
    finally:
        if argv is None:
            _ignore_ctrl_c()


def command() -> None:
    """``headwater`` as it is typed. Ends at once: to take all that was imported apart again costs half a second."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the reader of our output has gone
            stream.flush()
    os._exit(code)


def _notice_ctrl_c(asked: list[bool]) -> None:
    """Let Ctrl-C raise `KeyboardInterrupt` as always, and remember that it was pressed."""
    import signal

    def stop(*_: object) -> None:
        asked.append(True)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a shell's background job keeps to its shell
        signal.signal(signal.SIGINT, stop)


def _ignore_ctrl_c() -> None:
    """While the interpreter ends there is nothing left to stop."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stopped(how_far: str, given: list[str]) -> int:
    import shlex

    print(f"\nStopped. {how_far}".rstrip(), file=sys.stderr)
    print(f"  headwater {shlex.join(given)}", file=sys.stderr)
    return INTERRUPTED


def _say(fault: Exception, code: int) -> int:
    lines = [line for line in str(fault).splitlines() if line.strip()]
    for line in lines:
        print(f"- {line}" if len(lines) > 1 else line, file=sys.stderr)
    return code


def _dispatch(given: list[str]) -> int:
    if not given or given[0] in ("--help", "-h", "help"):
        from sim import helptext

        print(helptext.command(given[1]) if len(given) > 1 and given[1] in COMMANDS else helptext.overview(COMMANDS))
        return 0
    if given[0] in ("--version", "version"):
        print(f"headwater {__version__}")
        return 0
    command, rest = given[0], given[1:]
    if command in ("--shell-completion", "-sc"):
        return _completion(given)
    if command not in COMMANDS:
        raise UserError(_no_command(command))
    if command == "place" and rest and rest[0] not in ("check", "build", "--help", "-h"):
        from sim.nearest import nearest

        close = nearest(rest[0], ["check", "build"])
        meant = f" Did you mean {close}?" if close else ""
        raise UserError(f"headwater place takes check or build, not '{rest[0]}'.{meant}")
    words = parse(command, rest, FREE_WORDS.get(command, 0))
    if words.help:
        from sim import helptext

        print(helptext.command(command))
        return 0
    return _ACTIONS[command](words)


def _no_command(word: str) -> str:
    from sim.nearest import nearest

    if "=" in word or word.startswith("-"):
        return _no_verb(word)
    from sim import paths

    close = nearest(word, list(COMMANDS))
    if not close and word in paths.names("scenario"):
        return f"There is no command called '{word}'. Did you mean: headwater run scenario={word}"
    return f"There is no command called '{word}'. " + (
        f"Did you mean {close}?" if close else f"Choose from: {', '.join(COMMANDS)}."
    )


def _no_verb(word: str) -> str:
    """The answer to a setting or an option where a command should stand, with the setting's nearest right name."""
    from sim import paths, settings
    from sim.nearest import nearest

    key, sign, value = word.lstrip("+~").partition("=")
    known = {row.key: row.commands for row in settings.rows()}
    if word.startswith("-") or key in known or "levers." in key or key.split(".")[0] in ("place", "hydra"):
        command = "run" if word.startswith("-") or "run" in known.get(key, ("run",)) else known[key][0]
        return f"Say first what to do, for example: headwater {command} {word}"
    meant = nearest(key, list(known))
    if meant:
        command = "run" if "run" in known[meant] else known[meant][0]
        return f"There is no setting called '{key}'. Did you mean: headwater {command} {meant}{sign}{value}"
    if key in paths.names("scenario"):
        return f"Say first what to do, for example: headwater run scenario={key}"
    return f"There is no setting called '{key}'. headwater run --help lists them; say first what to do."


def _simulate(words: Words) -> int:
    from sim import arguments, compose, files

    wrong = arguments.check(words) + files.problems(words)
    if wrong:
        raise UserError("\n".join(wrong))
    from sim.studies import standby

    standby.get_ready()
    from sim.commands import attribute, simulate

    act = attribute if words.command == "attribute" else simulate
    if words.through_hydra:
        compose.through_hydra(words, act)
    else:
        act(compose.from_words(words))
    return 0


def _against_targets(words: Words) -> int:
    from sim import arguments

    wrong = arguments.check(words)
    if wrong:
        raise UserError("\n".join(wrong))
    from sim.studies import standby

    standby.get_ready()
    from sim import commands, compose

    act = commands.calibrate if words.command == "calibrate" else commands.validate
    if words.through_hydra:
        codes: list[int] = []
        compose.through_hydra(words, lambda plan: codes.append(act(plan)))
        return max(codes, default=0)
    return act(compose.from_words(words))


def _sweep(words: Words) -> int:
    from sim.studies.pool import ONE_THREAD

    for name in ONE_THREAD:  # before NumPy is loaded: threads that wait busily would take the workers' cores
        os.environ.setdefault(name, "1")
    from sim.sweeps import command

    return command.act(words)


def _simple(name: str) -> Callable[[Words], int]:
    def act(words: Words) -> int:
        from sim import commands

        action: Callable[[Words], int] = getattr(commands, name)
        return action(words)

    return act


_ACTIONS: dict[str, Callable[[Words], int]] = {
    "compare": _simulate,
    "run": _simulate,
    "attribute": _simulate,
    "validate": _against_targets,
    "calibrate": _against_targets,
    "sweep": _sweep,
    **{name: _simple(name) for name in ("report", "rerun", "explain", "place", "bench", "dashboard")},
}


def _completion(given: list[str]) -> int:
    from sim import completion

    return completion.main(given)


if __name__ == "__main__":
    command()
