"""Tab completion of commands, settings and names: ``eval "$(headwater -sc install=bash)"``."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from sim import arguments, paths, settings
from sim.errors import UserError
from sim.vocabulary import ENGINES, LEVER, PLACE, RESUME, SWEEP_MARK, SWEEP_PARTS, of

SCRIPTS = {
    "bash": """_headwater() {
  local IFS=$'\\n'
  COMPREPLY=( $(COMP_LINE="${COMP_LINE:0:COMP_POINT}" headwater -sc query=bash) )
  [[ ${COMPREPLY[0]} == *[=/.] ]] && compopt -o nospace
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -F _headwater headwater""",
    "zsh": """autoload -U +X bashcompinit && bashcompinit
_headwater() {
  local IFS=$'\\n'
  COMPREPLY=( $(COMP_LINE="$COMP_LINE" headwater -sc query=zsh) )
}
complete -o nospace -F _headwater headwater""",
    "fish": "complete -c headwater -f -a '(env COMP_LINE=(commandline -cp) headwater -sc query=fish)'",
}

FLAGS = ("--help", "--multirun", "--config-dir", "--config-name", "--cfg", "--info", "--package", "--resolve")
YES_OR_NO = ("failed",)
FLAG_VALUES = {"--cfg": ("job", "hydra", "all"), "-c": ("job", "hydra", "all"), "--info": arguments.INFO}


def main(given: Sequence[str]) -> int:
    """Answer ``-sc install=SHELL`` (the script to evaluate) and ``-sc query=SHELL`` (what could come next)."""
    what, _, shell = given[1].partition("=") if len(given) > 1 else ("", "", "")
    if what not in ("install", "query") or shell not in SCRIPTS:
        raise UserError(f'Say which shell: eval "$(headwater -sc install=bash)" (or {", ".join(list(SCRIPTS)[1:])}).')
    print(SCRIPTS[shell] if what == "install" else "\n".join(candidates(os.environ.get("COMP_LINE", ""))))
    return 0


def candidates(line: str) -> list[str]:
    """What could complete the last word of a line that begins with the program's name."""
    from sim.cli import COMMANDS

    words = line.split()[1:]
    last = words.pop() if words and not line.endswith(" ") else ""
    options = _after(words, last) if words else [*COMMANDS, "--help", "--version"]
    found = [option for option in dict.fromkeys(options) if option.startswith(last)]
    return [option for option in found if last or not option.startswith("-")]


def _after(words: list[str], last: str) -> list[str]:
    """What may follow a command and the words after it; `last` is the word that is being typed."""
    command, before = words[0], words[-1]
    own = [Path(folder) for flag, folder in itertools.pairwise(words) if flag in ("--config-dir", "-cd")]
    if before in FLAG_VALUES:
        return list(FLAG_VALUES[before])
    if before in ("--config-dir", "-cd"):
        return _folders(last)
    if before in ("--config-name", "-cn"):
        return [file.stem for folder in own for file in folder.glob("*.yaml")]
    if command == "place":
        return ["check", "build"] if len(words) == 1 else _folders(last)
    if command == "explain":
        return ["weakest=true", *_numbers()]
    key, sign, _ = last.partition("=")
    if sign:
        return [f"{key}={value}" for value in _values(command, key, last, own)]
    if command in ("report", "rerun"):
        return [*_runs(last), *_settings(command)] if len(words) == 1 else _settings(command)
    if command == "sweep" and words[1:] and words[1] in SWEEP_PARTS:
        folders = _runs(last, SWEEP_MARK) if len(words) == 2 else []
        return [*folders, *(f"{key}=" for key in RESUME if words[1] == "resume")]
    parts = SWEEP_PARTS if command == "sweep" and len(words) == 1 else ()
    return [*parts, *_settings(command), *(_levers(last, own) if command in arguments.SCENARIOS else []), *FLAGS]


def _settings(command: str) -> list[str]:
    extra = {"rerun": ["results=", "workers="], "bench": ["results="]}.get(command, [])
    known = [word.key for word in of(command) if not word.key.startswith((LEVER, PLACE)) and "X" not in word.key]
    return [f"{key}=" for key in dict.fromkeys([*(row.key for row in settings.rows(command)), *known])] + extra


def _levers(last: str, own: Sequence[Path]) -> list[str]:
    """``levers.X.amount=``; the other keys of a lever once it is typed; the same behind the name of a scenario."""
    names = paths.names("levers", own)
    found = [f"levers.{lever}.amount=" for lever in names]
    scenario, dot, rest = last.partition(".")
    if dot and scenario in paths.names("scenario", own):
        return [f"{scenario}.{option}" for option in _levers(rest, own)]
    lever = last.removeprefix("levers.").partition(".")[0]
    if lever in names and last.startswith(f"levers.{lever}."):
        found += [f"levers.{lever}.{key}=" for key in arguments.USE_KEYS]
    if not dot:
        found += [f"{name}.levers." for name in paths.names("scenario", own)] if last else []
    return found


def _values(command: str, key: str, last: str, own: Sequence[Path]) -> list[str]:
    rows = {row.key: row for row in settings.rows(command)}
    typed = last.partition("=")[2]
    if key == "place":
        return [*paths.names("place", own), *(_folders(typed) if typed else [])]
    if key == "results":
        return _folders(typed)
    if key == "targets":
        return [*_tables(typed), *_folders(typed)]
    if key == "experiment":
        return paths.names("experiment", own)
    if key == "engine":
        return list(ENGINES)
    if key == "attribution":
        return [run for run in _runs(typed, "-attribute-") if not run.endswith("latest")]
    if key == "scenario":
        return paths.names("scenario", own)
    if key == "scenarios":
        start = typed[: max(typed.rfind("["), typed.rfind(",")) + 1]
        chosen = typed.lstrip("[").split(",")[:-1]
        return [f"{start}{name}" for name in paths.names("scenario", own) if name not in chosen]
    if key in YES_OR_NO or (key in rows and rows[key].kind == "yes or no"):
        return ["true", "false"]
    if arguments.LEVER_KEY.fullmatch(key) and key.endswith(".rollout"):
        from sim.policy.rollout import SPREADS

        return [*SPREADS, *paths.names("rollout", own)]
    if arguments.LEVER_KEY.fullmatch(key) and key.endswith(".from"):
        from sim.policy.budget import FELT, GROUPS, NEW

        return [*GROUPS, *FELT, NEW]
    return []


def _folders(typed: str) -> list[str]:
    """Folders that a path being typed may mean."""
    above = typed[: typed.rfind("/") + 1]
    try:
        inside = sorted(path.name for path in Path(above or ".").expanduser().iterdir() if path.is_dir())
    except OSError:
        return []
    return [f"{above}{name}/" for name in inside if not name.startswith(".")]


def _tables(typed: str) -> list[str]:
    """CSV files that a path being typed may mean."""
    above = typed[: typed.rfind("/") + 1]
    try:
        return sorted(f"{above}{path.name}" for path in Path(above or ".").expanduser().glob("*.csv"))
    except OSError:
        return []


def _runs(typed: str, only: str = "") -> list[str]:
    """Finished runs: ``results/latest`` and the folders beside it, or below the folder that is typed. only: a part of
    the folders' names; of sweeps, those that are not finished as well."""
    above = typed[: typed.rfind("/") + 1] or "results/"
    try:
        found = sorted(Path(above).expanduser().iterdir(), reverse=True)
    except OSError:
        return []
    mark = "config.yaml" if only == SWEEP_MARK else "metadata.json"
    runs = [f"{above}{path.name}" for path in found if only in path.name and (path / mark).is_file()]
    return [*([f"{above}latest"] if any(path.name == "latest" for path in found) else []), *runs]


def _numbers() -> list[str]:
    """Names of the numbers and tables of the evidence."""
    import csv

    evidence = paths.PACKAGE / "evidence"
    names = []
    for file in sorted((evidence / "parameters").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            names += [row[0] for row in csv.reader(text)][1:]
    return [*names, *sorted(file.stem for file in (evidence / "tables").glob("*.csv"))]
