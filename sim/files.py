"""Mistakes in a user's YAML files, said with file, line and key before anything is composed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sim import paths, settings
from sim.arguments import UNSURE, USE_KEYS, Words, light

SCENARIO_KEYS = ("label", "description", "levers", "defaults")


def problems(words: Words) -> list[str]:
    """Everything wrong with the configuration files that a command line makes use of."""
    found: list[str] = []
    chosen = ["baseline"] if words.command == "run" else []
    for override in words.overrides:
        if override.key in ("scenario", "scenarios"):
            value = light(override.value)
            chosen = [] if value is UNSURE else value if isinstance(value, list) else str(value).split(",")
    for folder in words.own:
        main = folder / f"{words.config_name}.yaml"
        if main.is_file():
            found += main_file(main)
        for file in sorted((folder / "scenario").glob("*.yaml")):
            if (paths.configs() / "scenario" / file.name).is_file():
                found.append(f"{_short(file)}: a shipped scenario has this name too; give yours another.")
    for name in chosen:
        of_own = paths.config_file("scenario", name, words.own)
        if of_own is not None and not of_own.is_relative_to(paths.configs()):
            found += scenario_file(of_own, paths.names("levers", words.own))
    return found


def read(file: Path) -> tuple[Any, list[str]]:
    """The YAML node tree of a file, and what is wrong with its syntax."""
    import yaml

    try:
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader), []
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        return None, [f"{_short(file)}{where}: not valid YAML: {getattr(fault, 'problem', None) or fault}."]
    except UnicodeDecodeError:
        return None, [f"{_short(file)}: not a text file in UTF-8."]
    except OSError as fault:
        return None, [f"{_short(file)}: cannot be read: {fault.strerror}."]


def pairs(node: Any) -> Iterator[tuple[str, int, Any]]:
    """Key, line number and value node of each entry of a mapping node."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value


def plain(node: Any) -> Any:
    """The value of a node."""
    import yaml

    return yaml.safe_load(yaml.serialize(node))


def main_file(file: Path) -> list[str]:
    """Keys and values of a user's own main configuration."""
    node, found = read(file)
    table = {row.key: row for row in settings.rows()}
    known = sorted({key.split(".")[0] for key in table} | {"defaults", "hydra", "schema", "levers"})
    for key, line, value in pairs(node):
        if key not in known:
            found.append(f"{_short(file)}, line {line}: " + settings.not_known("setting", key, known, choose=False))
        elif key in table:
            wrong = settings.problem(table[key], plain(value))
            found += [f"{_short(file)}, line {line}: {wrong}"] if wrong else []
    return found


def scenario_file(file: Path, levers: list[str]) -> list[str]:
    """Keys of a user's own scenario and the names of its levers."""
    node, found = read(file)
    if node is None and not found:
        return [f"{_short(file)}: the file is empty."]
    entries = list(pairs(node))
    if node is not None and not entries:
        return [f"{_short(file)}, line 1: a scenario is a mapping of keys to values, label: … and levers: …"]
    for key, line, value in entries:
        if key not in SCENARIO_KEYS:
            what = settings.not_known("key", key, SCENARIO_KEYS, choose=True)
            found.append(f"{_short(file)}, line {line}: {what}")
        elif key == "levers":
            for lever, lever_line, use in pairs(value):
                if lever not in levers:
                    found.append(f"{_short(file)}, line {lever_line}: {settings.not_known('lever', lever, levers)}")
                for entry, entry_line, _ in pairs(use):
                    if entry not in USE_KEYS:
                        what = settings.not_known("key", entry, USE_KEYS)
                        found.append(f"{_short(file)}, line {entry_line}: levers.{lever}: {what}")
    return found


def with_line(sentence: str, scenario: str, own: Sequence[Path]) -> str:
    """A sentence ``name.yaml: levers.x.amount: …`` with the file as the user knows it and the line of that key."""
    match = re.match(rf"{re.escape(scenario)}\.yaml: ([\w.-]+): ", sentence)
    file = paths.config_file("scenario", scenario, own)
    if match is None or file is None:
        return sentence
    node, found = read(file)
    line = 0
    for part in match[1].split("."):
        inner = {key: (at, value) for key, at, value in pairs(node)}
        if part not in inner or found:
            break
        line, node = inner[part]
    where = f", line {line}" if line else ""
    return f"{_short(file)}{where}: {sentence.partition(': ')[2]}"


def _short(file: Path) -> str:
    """A file as the user would write it: relative to where they are, if it lies below."""
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)
