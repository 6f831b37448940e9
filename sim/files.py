"""Mistakes in a user's YAML files, said with file, line and key before anything is composed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim import arguments, paths, settings
from sim.arguments import UNSURE, USE_KEYS, Override, Words, light
from sim.nearest import not_known

MAIN = "config"
SCENARIO_KEYS = ("label", "description", "levers", "defaults")
COMPOSED = ("defaults", "hydra", "schema")  # keys of a main configuration that are no settings


def problems(words: Words) -> list[str]:
    """Everything wrong with the configuration files that a command line makes use of."""
    found: list[str] = []
    if words.config_name != MAIN and not any((f / f"{words.config_name}.yaml").is_file() for f in words.own):
        names = [file.stem for folder in words.own for file in sorted(folder.glob("*.yaml"))]
        where = "" if words.own else " Say in which folder it is: --config-dir mine/"
        found.append(f"--config-name: {not_known('configuration', words.config_name, names)}{where}")
    chosen = ["baseline"] if words.command == "run" else []
    for override in with_main_file(words).overrides:
        if override.key in ("scenario", "scenarios"):
            value = light(override.value)
            chosen = [] if value is UNSURE else value if isinstance(value, list) else str(value).split(",")
    for folder in words.own:
        main = folder / f"{words.config_name}.yaml"
        if main.is_file():
            found += main_file(main, words)
        for group, what in (("scenario", "scenario"), ("levers", "lever"), ("rollout", "roll-out")):
            for file in sorted((folder / group).glob("*.yaml")):
                if (paths.configs() / group / file.name).is_file():
                    found.append(f"{_short(file)}: a shipped {what} has this name too; give yours another.")
    for name in chosen:
        of_own = paths.config_file("scenario", name, words.own)
        if of_own is not None and not of_own.is_relative_to(paths.configs()):
            found += scenario_file(of_own, paths.names("levers", words.own))
    return found


def read(file: Path) -> tuple[Any, list[str]]:
    """The YAML node tree of a file, and what is wrong with its syntax."""
    import yaml

    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        return node, [f"{_short(file)}, {sentence}" for sentence in _twice(node)]
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        return None, [f"{_short(file)}{where}: not valid YAML: {getattr(fault, 'problem', None) or fault}."]
    except UnicodeDecodeError:
        return None, [f"{_short(file)}: not a text file in UTF-8."]
    except OSError as fault:
        return None, [f"{_short(file)}: cannot be read: {fault.strerror}."]


def _twice(node: Any) -> Iterator[str]:
    """A sentence for each key that stands twice in one mapping."""
    import yaml

    seen: dict[str, int] = {}
    for key, line, value in pairs(node):
        if key in seen:
            yield f"line {line}: {key} stands in line {seen[key]} already."
        seen.setdefault(key, line)
        yield from _twice(value)
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)


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


def main_file(file: Path, words: Words) -> list[str]:
    """Keys and values of a user's own main configuration, each checked as if it were typed."""
    node, found = read(file)
    if found:
        return found
    everywhere = {row.key for row in settings.rows()}
    known = sorted({*everywhere, *COMPOSED, "levers"})
    for one in next((value.value for key, _, value in pairs(node) if key == "defaults"), []):
        if isinstance(one.value, str) and one.value not in (MAIN, "_self_"):
            what = not_known("configuration", one.value, (MAIN, "_self_"))
            found.append(f"{_short(file)}, line {one.start_mark.line + 1}: defaults: {what}")
    for line, it in entries_of(file, node):
        head = it.key.split(".")[0]
        if head == "hydra":
            continue
        if it.key not in everywhere and head not in (*COMPOSED, "levers", "place"):
            wrong = [not_known("setting", it.key, known, choose=False)]
        elif it.key in everywhere and it.key not in {row.key for row in settings.rows(words.command)}:
            wrong = []  # a setting of another command
        else:
            wrong = arguments.check(replace(words, overrides=[it]))
        found += [f"{_short(file)}, line {line}: {sentence}" for sentence in wrong]
    return found


def entries_of(file: Path, node: Any = None) -> list[tuple[int, Override]]:
    """What a user's own main configuration says, as (line, the word that would be typed)."""
    node = node if node is not None else read(file)[0]
    found: list[tuple[int, Override]] = []

    def walk(branch: Any, before: str) -> None:
        import yaml

        for key, line, value in pairs(branch):
            if key == "defaults" and not before:
                for one in value.value if isinstance(value, yaml.SequenceNode) else []:
                    for group, at, name in pairs(one):
                        if not group.startswith("override "):
                            found.append((at, Override("", group, str(plain(name)))))
            elif key == "schema" and not before:
                pass
            elif isinstance(value, yaml.MappingNode):
                walk(value, f"{before}{key}.")
            else:
                found.append((line, Override("", f"{before}{key}", _typed(plain(value)))))

    walk(node, "")
    return found


def with_main_file(words: Words) -> Words:
    """The words with what the user's own main configuration says before them; what is typed comes first."""
    typed = {it.key for it in words.overrides}
    elsewhere = {row.key for row in settings.rows()} - {row.key for row in settings.rows(words.command)}
    said: dict[str, Override] = {}
    for folder in words.own:
        file = folder / f"{words.config_name}.yaml"
        if file.is_file():
            said |= {it.key: it for _, it in entries_of(file) if it.key not in typed | elsewhere}
    return replace(words, overrides=[*said.values(), *words.overrides], config_name=MAIN)


def _typed(value: Any) -> str:
    """A value of a file as it would be typed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(map(_typed, value))}]"
    return str(value)


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
            what = not_known("key", key, SCENARIO_KEYS, choose=True)
            found.append(f"{_short(file)}, line {line}: {what}")
        elif key == "defaults":
            found += _defaults(file, value)
        elif key == "levers":
            for lever, lever_line, use in pairs(value):
                if lever not in levers:
                    found.append(f"{_short(file)}, line {lever_line}: {not_known('lever', lever, levers)}")
                for entry, entry_line, _ in pairs(use):
                    if entry not in USE_KEYS:
                        what = not_known("key", entry, USE_KEYS)
                        found.append(f"{_short(file)}, line {entry_line}: levers.{lever}: {what}")
    return found


def _defaults(file: Path, node: Any) -> Iterator[str]:
    """What is wrong with the scenarios that a scenario builds on."""
    import yaml

    folders = {file.parent, paths.configs() / "scenario"}
    names = sorted({other.stem for folder in folders for other in folder.glob("*.yaml")} - {file.stem})
    for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        name = str(plain(one))
        line = one.start_mark.line + 1
        if not isinstance(node, yaml.SequenceNode) or not isinstance(one, yaml.ScalarNode):
            yield f"{_short(file)}, line {line}: defaults must be a list of scenarios, for example [health_creation]."
        elif name != "_self_" and name not in names:
            yield f"{_short(file)}, line {line}: defaults: {not_known('scenario', name, names)}"


def with_line(sentence: str, scenario: str, own: Sequence[Path], typed: Sequence[Override] = ()) -> str:
    """A sentence ``name.yaml: levers.x.amount: …`` with what the user wrote: the word typed, or file and line."""
    match = re.match(rf"{re.escape(scenario)}\.yaml: ([\w.-]+): ", sentence)
    file = paths.config_file("scenario", scenario, own)
    if match is None:
        return sentence
    said = sentence.removeprefix(match[0])
    if word := typed_about(match[1], scenario, typed, said):
        return f"{word}: {said}"
    if file is None:
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


def typed_about(key: str, scenario: str, typed: Sequence[Override], said: str = "") -> Override | None:
    """The word of the command line that a fault of a key (``levers.x.amount``) comes from, if one does; of all levers
    together (key ``levers``) one that is about a lever that is named in what is said."""
    _, _, rest = key.partition("levers.")
    lever, _, field = rest.partition(".")
    about = []
    for word in typed:
        match = arguments.LEVER_KEY.fullmatch(word.key)
        named = match and (match["lever"] == lever or (not lever and match["lever"] in re.split(r"[ ,:]+", said)))
        if match and named and match["scenario"] in (None, "scenario", scenario):
            about.append((match["field"] or "", word))
    exact = [word for of, word in about if of == "" or field == of or field.startswith(f"{of}.")]
    money = [word for of, word in about if (field == "from" or not lever) and of in ("amount", "from")]
    return next(iter([*exact, *money]), None)


def _short(file: Path) -> str:
    """A file as the user would write it: relative to where they are, if it lies below."""
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)
