"""What each command does, once its words are understood. The working parts are imported where they are used."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from sim import arguments, checks, disk, own, settings
from sim.arguments import Words
from sim.compose import Plan
from sim.errors import UserError
from sim.nearest import not_known
from sim.precheck import check, check_place

FULL_RUNS = 32
ATTRIBUTION = "attribution"


def simulate(plan: Plan) -> int:
    """``headwater compare`` and ``headwater run``: run, print the table, leave a folder."""
    from sim.studies.progress import Progress, duration

    began = time.monotonic()
    progress = Progress()
    _terminate_like_ctrl_c()
    notes = check(plan)
    for line in [*announcement(plan), *notes]:
        print(line, flush=True)
    from sim.studies import compare

    results, folder = compare.compare_and_keep(plan, progress)
    from sim.outcomes import table

    print()
    print(table.render(results))
    print(f"\nDone in {duration(time.monotonic() - began)}. Open {folder / 'report.html'} in a browser.")
    print(f"All numbers, figures and settings: {folder}")
    _say_what_is_missing()
    return 0


def attribute(plan: Plan) -> int:
    """``headwater attribute``: what moved it between two scenarios, or with lens=true what each kind of determinant
    could give."""
    from sim.studies.progress import Progress, duration

    began = time.monotonic()
    _terminate_like_ctrl_c()
    notes = check(plan)
    from sim.studies import attribute as study
    from sim.studies import attribution, lens

    if plan.settings.lens:
        planned, looked = lens.plan(plan)
        lines = lens.announcement(looked, plan.settings.runs)
    else:
        planned, made = study.plan(plan)
        lines = study.announcement(made, plan.settings.runs)
    print("\n".join([lines, *notes]), flush=True)
    if plan.settings.lens:
        results, folder = lens.run(planned, looked, Progress())
        said = lens.render(results, looked)
    else:
        results, folder = study.run(planned, made, Progress())
        said = attribution.render(results, made)
    print(f"\n{said}\n\nDone in {duration(time.monotonic() - began)}. All numbers and figures: {folder}")
    return 0


def announcement(plan: Plan) -> list[str]:
    """The first lines: what will be run, and how to run it in full."""
    s = plan.settings
    pairs = s.layout()
    draws = len({draw for draw, _ in pairs})
    seeds = len(pairs) // draws
    people = "every resident" if s.scale == 1 else f"1 resident in {1 / s.scale:.3g}"
    runs = f"{s.runs} runs" if s.runs > 1 else "1 run"
    lines = []
    if plan.command == "compare" and (s.scale < 1 or s.runs < FULL_RUNS):
        full = f"headwater compare scale=1 runs={max(FULL_RUNS, s.runs)}"
        lines.append(f"A quick look: {people}, {runs} a scenario. In full: {full}")
    else:
        lines.append(f"{people[0].upper()}{people[1:]}, {runs} a scenario.")
    what = ", ".join(plan.scenarios)
    where = s.place if isinstance(s.place, str) else s.place.get("name", "a place of your own")
    lines.append(
        f"{what} · {where} · {s.years} year{'s' * (s.years != 1)} from {s.policy_start} · "
        f"{draws} evidence draw{'s' * (draws != 1)} × {seeds} seed{'s' * (seeds != 1)}"
    )
    return lines


def validate(plan: Plan) -> int:
    """``headwater validate``: every target, hit or miss; with ``books=true`` the accounts that must close, at the start
    of the policy; with ``bounds=true`` the two experiments that bound what to expect."""
    s = plan.settings
    if s.books + s.bounds + (s.targets is not None or s.strict) > 1:
        raise UserError("books=true and bounds=true print no targets: give one of them, without targets and strict.")
    if s.bounds:
        from sim.validation import bounding

        _terminate_like_ctrl_c()
        check_place(plan)
        return bounding.act(plan)
    if not s.books:
        from sim.validation import command

        _terminate_like_ctrl_c()
        return command.act(plan)
    from sim import system
    from sim.care import books
    from sim.studies.progress import Progress

    progress = Progress()
    run = plan.settings.for_model()
    check_place(plan)
    progress.begin(run.policy_start, 0, "shared history")
    try:
        with own.using(plan.own):
            history = system.run_history(run, 0, plan.settings.seed, lambda n: progress.at(n, "shared history"))
    finally:
        progress.end()
    identities = books.books(history)
    print(books.render(identities))
    return 0 if books.close(identities) else 1


def calibrate(plan: Plan) -> int:
    """``headwater calibrate``: draws of the free parameters that the targets do not contradict."""
    from sim.calibration import command

    _terminate_like_ctrl_c()
    return command.act(plan)


def report(words: Words) -> int:
    """``headwater report FOLDER [attribution=FOLDER]``: write the report of a finished run again, with the waterfall of
    a finished ``headwater attribute`` between two of its scenarios."""
    given = _values(words, (ATTRIBUTION,))
    if words.through_hydra or words.own:
        raise UserError("headwater report takes no options.")
    from sim.studies import store

    folder = store.find(_one(words, "the folder of a finished run, for example results/latest"))
    about = store.metadata(folder)
    _of_scenarios(about, folder)
    from sim import report as reports

    results = reports.read(folder)
    anew = []
    if ATTRIBUTION in given:
        from sim.report import by_lever

        anew.append(by_lever.take_over(results, folder, store.find(str(given[ATTRIBUTION]))))
    with disk.refusals(folder), store.beside(folder) as half:
        anew += [folder / file.relative_to(half) for file in reports.write(results, half)]
    with disk.refusals(folder):
        store.write_metadata(folder, about, anew)
    print(f"Written: {folder / 'report.html'}")
    _say_what_is_missing()
    return 0


def rerun(words: Words) -> int:
    """``headwater rerun FOLDER``: repeat a finished run and say whether it is identical."""
    from dataclasses import replace

    from sim import compose
    from sim.studies import compare, standby, store
    from sim.studies.progress import Progress

    standby.get_ready()
    given = _values(words, ("results", "workers"))
    folder = store.find(_one(words, "the folder of a finished run, for example results/latest"))
    before = store.metadata(folder)
    _of_scenarios(before, folder)
    store.check_unchanged(folder, before)
    if "own configuration" in before.get("hashes", {}) and not words.own:
        raise UserError("That run used a folder of configuration of your own; give it again: --config-dir mine/")
    plan = compose.from_tree(store.read_config(folder))
    plan = replace(plan, settings=replace(plan.settings, **given), own=tuple(map(str, words.own)))
    _terminate_like_ctrl_c()
    check(plan)
    print(f"Repeating {folder}", flush=True)
    _, again = compare.compare_and_keep(plan, Progress())
    after = store.metadata(again)
    same = [name for name, print_ in before["runs"].items() if after["runs"].get(name) == print_]
    total = len(before["runs"])
    print(f"Written: {again}")
    if len(same) == total == len(after["runs"]):
        print(f"Identical: all {total} runs gave the same numbers to the last bit.")
        return 0
    print(f"Not identical: {total - len(same)} of {total} runs differ.")
    for line in differences(before, after):
        print(f"  {line}")
    return 1


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What else differs between two runs: program, evidence, place, packages, Python, machine."""
    found = [
        f"{what} has changed since" for what in before["hashes"] if before["hashes"][what] != after["hashes"].get(what)
    ]
    then = {**{what: before[what] for what in ("version", "python", "platform")}, **before["packages"]}
    now = {**{what: after[what] for what in ("version", "python", "platform")}, **after["packages"]}
    found += [f"{what}: {then[what]} then, {now.get(what)} now" for what in then if then[what] != now.get(what)]
    return found or ["program, evidence, place and packages are the same: please report this as a fault."]


def explain(words: Words) -> int:
    """``headwater explain NAME`` and ``headwater explain weakest=true``."""
    weakest = bool(_values(words, ("weakest",)).get("weakest"))
    if not words.places and not weakest:
        raise UserError("Say what to explain, for example: headwater explain mortality.hr_cap (or weakest=true)")
    from sim.evidence import explain as evidence

    with own.using(words.own):
        print(evidence.explain(words.places[0] if words.places else "", weakest=weakest))
    return 0


def place(words: Words) -> int:
    """``headwater place check FOLDER`` and ``headwater place build FOLDER [OUT]``."""
    _plain_only(words)
    if not words.places:
        raise UserError("Say check or build and a folder, for example: headwater place check my_town/")
    what, *rest = words.places
    if not rest:
        raise UserError(f"Give the folder: headwater place {what} my_town/")
    folder = Path(rest[0]).expanduser()
    if not folder.is_dir():
        raise UserError(f"There is no folder '{rest[0]}'.")
    from sim import places

    if what == "check":
        if len(rest) > 1:
            raise UserError("headwater place check takes one folder.")
        wrong = places.check(folder)
        for line in wrong:
            print(line, file=sys.stderr)
        if wrong:
            raise UserError(f"{len(wrong)} thing{'s' * (len(wrong) != 1)} to put right in {rest[0]}.")
        print(f"{rest[0]} is in order. Try: headwater compare place={rest[0]}")
        return 0
    from sim.places import prepare

    out = Path(rest[1]).expanduser() if len(rest) > 1 else Path("place-data")
    disk.check_writable(out)
    with disk.refusals(out):
        prepare.build(folder, out)
    print(f"Written: {out}")
    return 0


def bench(words: Words) -> int:
    """``headwater bench``."""
    given = _values(words, ("results",))
    from sim.studies import bench as benchmarks

    benchmarks.main(Path(given.get("results", "results")).expanduser())
    return 0


def dashboard(words: Words) -> int:
    """``headwater dashboard``: serve the dashboard on this machine."""
    given = _values(words, ("results", "port"))
    if words.through_hydra or words.own:
        raise UserError(
            "headwater dashboard takes no options: it composes from the shipped scenarios, levers and places. A run "
            "with your own (headwater compare --config-dir mine …) can be looked at on it when it is finished."
        )
    from sim.dashboard import command

    _terminate_like_ctrl_c()
    return command.serve(Path(given.get("results", "results")).expanduser(), int(given.get("port", command.PORT)))


# ---------------------------------------------------------------------------------------------------- small helpers


def _say_what_is_missing() -> None:
    """In one sentence, that no Word paper could be written and how to get it; nothing where there is one."""
    from sim.report import board_paper

    if sentence := board_paper.missing():
        print(sentence)


def _one(words: Words, what: str) -> str:
    if not words.places:
        raise UserError(f"Give {what}: headwater {words.command} results/latest")
    return words.places[0]


def _of_scenarios(about: dict[str, Any], folder: Path) -> None:
    """Refuse what is no run of scenarios."""
    command = about.get("command")
    if command in ("validate", "calibrate"):
        raise UserError(
            f"That folder holds no scenarios but what headwater {command} left; to make another: headwater {command}"
        )
    if command == "sweep":
        raise UserError(
            "That folder holds a sweep. Its report is the sweep.html in it, written when the sweep ends; what is "
            f"missing is run, and the page written again, by: headwater sweep resume {folder}"
        )


def _plain_only(words: Words) -> None:
    _values(words, ())
    if words.through_hydra or words.own:
        raise UserError(f"headwater {words.command} takes no options.")


def _values(words: Words, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The settings given to a command that reads only a few. Raises `UserError` listing every mistake."""
    table = {row.key: row for row in settings.rows()}
    wrong, out = [], {}
    for override in words.overrides:
        key, value = override.key, arguments.light(override.value)
        if key not in allowed:
            if allowed:
                wrong.append(not_known("setting", key, allowed))
            else:
                wrong.append(f"headwater {words.command} has no settings; '{override}' is not understood.")
        elif key in table and (sentence := checks.problem(table[key], value)):
            wrong.append(sentence)
        elif key not in table and key != ATTRIBUTION and not isinstance(value, bool):
            wrong.append(f"{key} must be true or false, not '{override.value}'.")
        else:
            out[key] = value
    if wrong:
        raise UserError("\n".join(wrong))
    return out


def _terminate_like_ctrl_c() -> None:
    """Being asked to end (a scheduler's SIGTERM) is answered as Ctrl-C is: finished parts are kept."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, stop)
