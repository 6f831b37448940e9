"""The words of a command line: first the command, then Hydra's flags and ``key=value`` settings.

Only reads and checks the words; imports neither Hydra nor the model, so that mistakes are answered at once. What is
too clever for it (interpolations, sweeps written as functions) is left to Hydra and checked after composition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import checks, paths, settings, syntax
from sim import own as own_folders
from sim.errors import UserError
from sim.nearest import nearest, not_known
from sim.vocabulary import LEVER, names_after

UNSURE = object()  # a value that only Hydra can read

FLAGS_WITH_VALUE = {
    "--config-dir": "config_dir", "-cd": "config_dir", "--config-name": "config_name", "-cn": "config_name",
    "--cfg": "cfg", "-c": "cfg", "--package": "package", "-p": "package",
}  # fmt: skip
PLAIN_FLAGS = ("--resolve", "--hydra-help", "--shell-completion", "-sc")
INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
SHOWN_FLAGS = ("--help", "--multirun", "--cfg", "--info", "--config-dir", "--config-name", "--package", "--resolve")
OVERRIDE = re.compile(r"(?P<sign>\+\+|\+|~)?(?P<key>[A-Za-z_][\w.@/:-]*)(?:=(?P<value>.*))?", re.DOTALL)
SCENARIOS = ("run", "compare", "attribute", "sweep")  # commands that run scenarios
USE_KEYS = names_after(LEVER)  # what a scenario says of a lever
LEVER_KEY = re.compile(r"(?:only\.)?(?:(?P<scenario>[\w-]+)\.)?levers\.(?P<lever>[\w-]+)(?:\.(?P<field>[\w.-]+))?")


@dataclass(frozen=True)
class Override:
    """One ``key=value`` as typed: ``sign`` is Hydra's ``+``, ``++`` or ``~`` (or empty)."""

    sign: str
    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.sign}{self.key}={self.value}" if self.sign != "~" or self.value else f"~{self.key}"


@dataclass
class Words:
    """A command line taken apart."""

    command: str
    places: list[str] = field(default_factory=list)  # words without '=': sub-commands and folders
    overrides: list[Override] = field(default_factory=list)
    own: list[Path] = field(default_factory=list)  # --config-dir
    config_name: str = "config"
    hydra: list[str] = field(default_factory=list)  # flags that Hydra answers itself
    multirun: bool = False
    help: bool = False

    @property
    def through_hydra(self) -> bool:
        """Whether Hydra's own program has to run (multirun, --cfg, --info and the like)."""
        return self.multirun or bool(self.hydra)


def parse(command: str, words: Sequence[str], free_words: int = 0) -> Words:
    """Take the words after the command apart; `free_words` is how many may stand without a '='.

    Raises `UserError` listing every word that is not understood.
    """
    out = Words(command)
    wrong: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, _, given = word.partition("=") if word.startswith("--") else (word, "", "")
        if word in ("--help", "-h"):
            out.help = True
        elif word in ("--multirun", "-m"):
            out.multirun = True
        elif word in ("--run", "-r"):
            pass
        elif word in PLAIN_FLAGS:
            out.hydra.append(word)
        elif name in ("--info", "-i"):
            about = given or (rest.pop(0) if rest and "=" not in rest[0] and not rest[0].startswith("-") else "all")
            if about in INFO:
                out.hydra.append(f"--info={about}")
            else:
                wrong.append(f"--info: {not_known('topic', about, INFO)}")
        elif name in FLAGS_WITH_VALUE:
            if not given and not rest:
                wrong.append(f"{name} needs a value after it.")
                continue
            _take_flag(out, FLAGS_WITH_VALUE[name], given or rest.pop(0), wrong)
        elif word.startswith("-"):
            wrong.append(_dashed(command, word))
        elif (match := OVERRIDE.fullmatch(word)) and (match["value"] is not None or match["sign"] == "~"):
            out.overrides.append(Override(match["sign"] or "", match["key"], match["value"] or ""))
        elif len(out.places) < free_words:
            out.places.append(word)
        else:
            wrong.append(_stray(command, word, rest))
    if wrong:
        raise UserError("\n".join(wrong))
    return out


def _take_flag(out: Words, flag: str, value: str, wrong: list[str]) -> None:
    if flag == "config_dir":
        folder = Path(value).expanduser()
        if folder.is_dir():
            out.own.append(folder.resolve())
            wrong += [f"--config-dir: {sentence}" for sentence in own_folders.misspelt(folder.resolve())]
        else:
            wrong.append(f"--config-dir: there is no folder '{value}'.")
    elif flag == "config_name":
        out.config_name = value.removesuffix(".yaml")
    elif flag == "cfg" and value not in ("job", "hydra", "all"):
        wrong.append(f"--cfg shows job, hydra or all, not '{value}'.")
    else:
        out.hydra += [f"--{flag}", value]


def _known_keys(command: str) -> list[str]:
    return [row.key for row in settings.rows(command)]


def _dashed(command: str, word: str) -> str:
    name, _, value = word.lstrip("-").partition("=")
    close = nearest(name.replace("-", "_"), _known_keys(command))
    if close:
        return f"'{word}': settings are written without dashes, {close}={value or '…'}"
    return not_known("option", word.partition("=")[0], SHOWN_FLAGS)


def _stray(command: str, word: str, rest: list[str]) -> str:
    close = nearest(word, _known_keys(command))
    if close:
        value = rest.pop(0) if rest and "=" not in rest[0] else "…"
        return f"'{word}' needs a value: write {close}={value}"
    return f"'{word}' is not understood; settings are written as name=value, for example years=10."


def light(text: str) -> Any:
    """A value as YAML would read it, for plain cases; `UNSURE` for what only Hydra can read."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        inner = [light(part) for part in text[1:-1].split(",")] if text[1:-1].strip() else []
        return UNSURE if any(part is UNSURE for part in inner) else inner
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if any(mark in text for mark in ("${", "(", "{", "[", "\\")):
        return UNSURE
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.lower() in ("null", ""):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def values(override: Override, multirun: bool) -> list[Any]:
    """The values an override may take: one, or with multirun each of a plain comma list; `UNSURE` where unclear."""
    plain = light(override.value)
    if multirun and plain is not UNSURE and isinstance(plain, str) and "," in plain and plain == override.value.strip():
        return [light(part) for part in override.value.split(",")]
    if multirun and plain is UNSURE and "," in override.value and not re.search(r"[({$]", override.value):
        return [light(part) for part in re.split(r",(?![^\[]*\])", override.value)]
    return [plain]


def check(words: Words) -> list[str]:
    """Everything wrong with the settings typed for run, compare or validate: keys, values, names."""
    table = {row.key: row for row in settings.rows(words.command)}
    everywhere = {row.key for row in settings.rows()}
    scenarios, levers = paths.names("scenario", words.own), paths.names("levers", words.own)
    wrong: list[str] = syntax.duplicates([(override.key, override) for override in words.overrides])
    given: dict[str, Any] = {}
    for override in words.overrides:
        key = override.key
        verbatim = key in table and table[key].kind in ("text", "month", "place") and override.value[:1] != "{"
        if unreadable := syntax.fault(str(override), override.value, everywhere, words.multirun, verbatim):
            wrong.append(unreadable)
            continue
        if key.split(".")[0] == "hydra" or "/" in key or "@" in key:
            continue  # Hydra's own settings: Hydra checks them
        if lever := LEVER_KEY.fullmatch(key):
            wrong += _lever(lever, override, scenarios, levers)
        elif key.startswith("place.") and key.split(".")[1] in settings.PLACE_KEYS:
            continue
        elif key.startswith("place."):
            wrong.append(not_known("key of a place", key.split(".")[1], settings.PLACE_KEYS))
        elif key == "place" and override.value.lstrip()[:1] == "{":
            wrong.append("place must be a name or a folder; its keys are given one by one: place.label=Town.")
        elif key not in table:
            wrong.append(_unknown_key(words.command, key, table, everywhere, scenarios))
        else:
            for value in values(override, words.multirun):
                if value is UNSURE:
                    continue
                value = _as_meant(table[key], value)
                sentence = _setting(table[key], value, scenarios, words.own)
                wrong += [sentence] if sentence else []
                given[key] = value
    if not wrong:
        wrong += checks.check({**given}, words.command) if not words.multirun else []
    return list(dict.fromkeys(wrong))


def _as_meant(row: settings.Row, value: Any) -> Any:
    """A plain value as the setting has it: ``a,b`` is a list where a list is wanted, 7 a text where a text is."""
    if row.kind == "names" and isinstance(value, str):
        return names_in(value)
    if row.kind in ("text", "name", "place") and isinstance(value, int | float):
        return str(value)
    return value


def names_in(text: str) -> list[str]:
    """The names of a list that is typed without brackets."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _setting(row: settings.Row, value: Any, scenarios: list[str], own: Sequence[Path]) -> str | None:
    if row.kind == "name" and isinstance(value, str) and "," in value:
        return f"{row.key} takes one name; to compare several: headwater compare scenarios=[{value}]"
    sentence = checks.problem(row, value)
    if sentence:
        return sentence
    if row.key == "experiment" and value is not None:
        known = paths.names("experiment", own)
        return None if value in known else not_known("experiment", str(value), known)
    if row.key == "scenario":
        return _no_scenario([value], scenarios)
    if row.key == "scenarios":
        return _no_scenario(value, scenarios)
    if row.key == "place":
        return place_problem(value, own)
    return None


def _no_scenario(chosen: Sequence[str], known: list[str]) -> str | None:
    missing = [name for name in chosen if name not in known]
    return " ".join(not_known("scenario", name, known) for name in missing) or None


def place_problem(place: str, own: Sequence[Path] = ()) -> str | None:
    """What is wrong with a place by name or folder, as far as can be said without reading it."""
    known = paths.names("place", own)
    if place in known:
        return None
    folder = Path(place).expanduser()
    if folder.is_dir() or (folder.suffix == ".yaml" and folder.is_file()):
        return None
    if paths.is_folder_path(place):
        what = "is a file; give the folder that holds the three CSV files" if folder.exists() else "does not exist"
        return f"place={place}: the folder {what}."
    return not_known("place", place, known) + " Or give the folder of your own, for example place=my_town/."


def _lever(match: re.Match[str], override: Override, scenarios: list[str], levers: list[str]) -> list[str]:
    wrong = []
    if match["scenario"] and match["scenario"] != "scenario" and match["scenario"] not in scenarios:
        wrong.append(not_known("scenario", match["scenario"], scenarios))
    if match["lever"] not in levers:
        wrong.append(not_known("lever", match["lever"], levers))
    field = (match["field"] or "amount").split(".")[0]
    if field not in USE_KEYS:
        wrong.append(not_known(f"setting of the lever {match['lever']}", field, USE_KEYS))
    return wrong


def _unknown_key(
    command: str, key: str, table: dict[str, settings.Row], everywhere: set[str], scenarios: list[str]
) -> str:
    if key == "scenarios" and command == "run":
        return "run takes one scenario=…; to compare several use headwater compare."
    if key == "scenario" and command in settings.COMPARING:
        return "compare takes a list: scenarios=[baseline,…]; for one alone use headwater run."
    if key in everywhere:
        return f"{command} has no setting called '{key}'; see headwater {command} --help."
    sentence = not_known("setting", key, [*table, "levers"], choose=False)
    return sentence if "Did you" in sentence else f"{sentence} headwater {command} --help lists them."
