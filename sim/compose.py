"""From what was asked for to what will be run: Hydra composes, the table of settings checks, a `Plan` comes out.

A scenario is a file of the group ``scenario``; ``levers.X.amount=2`` changes lever X in every scenario that uses it (so
that a comparison keeps its baseline), ``health_creation.levers.X.amount=2`` changes or adds it in that one alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import arguments, checks, files, paths, settings
from sim import own as own_folders
from sim.arguments import Override, Words
from sim.errors import EnvironmentFault, UserError
from sim.nearest import not_known
from sim.settings import Settings
from sim.syntax import in_a_sentence

SCHEMA = 1
ONE_COMMAND = ("books", "bounds", "strict", "lens", "points", "waves", "england", "first")
"""Settings of one command that are not part of the shipped configuration."""


@dataclass(frozen=True)
class Plan:
    """All that decides a run: the command, its settings, and each scenario's whole configuration by name."""

    command: str
    settings: Settings
    scenarios: dict[str, dict[str, Any]] = field(default_factory=dict)
    own: tuple[str, ...] = ()  # the user's folders of configuration, where levers of their own may lie
    typed: tuple[Override, ...] = field(default=(), compare=False)  # what was typed of levers, to say what is wrong
    experiment: dict[str, Any] = field(default_factory=dict)  # of a sweep: what its file says, with what was typed

    def tree(self) -> dict[str, Any]:
        """The plan as a configuration file: reading it back gives the same plan."""
        tree = {"schema": SCHEMA, "command": self.command, **self.settings.as_tree(self.command)}
        return {**tree, "composed": self.scenarios, **({"varied": self.experiment} if self.experiment else {})}

    def decisive(self) -> dict[str, Any]:
        """The part of `tree` that can change a number: not where results go, nor how many processes work."""
        tree = self.tree()
        for row in settings.rows(self.command):
            if not row.matters:
                tree.pop(row.key, None)
        return tree


def plan(
    command: str,
    overrides: str | Sequence[str] = (),
    own: Path | str | Sequence[Path | str] = (),
    scenarios: str | Sequence[str] | None = None,
    **chosen: Any,
) -> Plan:
    """The plan for a command from overrides as typed (``"place=toy"``) and settings by attribute name (``years=10``).

    scenarios: names, or a text as on the command line (``"baseline,new_hospital"``).
    Raises `UserError` that lists everything wrong.
    """
    words = arguments.parse(command, [overrides] if isinstance(overrides, str) else overrides)
    words.own = [Path(folder).expanduser().resolve() for folder in folders(own)]
    if wrong := [sentence for folder in words.own for sentence in own_folders.misspelt(folder)]:
        raise UserError("\n".join(wrong))
    by_name = {row.name: row for row in settings.rows(command)}
    if scenarios is not None:
        several = command in settings.COMPARING
        names = arguments.names_in(scenarios) if isinstance(scenarios, str) else list(scenarios)
        chosen["scenarios" if several else "scenario"] = names if several else names[0]
    for name, value in chosen.items():
        if name not in by_name:
            raise UserError(not_known("setting", name, list(by_name), choose=False))
        words.overrides.append(Override("", by_name[name].key, _written(value)))
    return from_words(words)


def folders(own: Path | str | Sequence[Path | str]) -> Sequence[Path | str]:
    """Folders of one's own, of which a single one may be given as it is."""
    return [own] if isinstance(own, Path | str) else own


def from_words(words: Words) -> Plan:
    """The plan for a command line that has been taken apart."""
    wrong = arguments.check(words) + files.problems(words)
    if wrong:
        raise UserError("\n".join(wrong))
    words = files.with_main_file(words)
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    if GlobalHydra.instance().is_initialized():
        return _compose(words)
    with initialize_config_dir(str(paths.configs()), version_base="1.3"):
        return _compose(words, searched=words.own)


def from_tree(tree: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.tree` wrote. Raises `UserError` when it is not one or is newer than this program."""
    if not isinstance(tree, Mapping) or "command" not in tree or "composed" not in tree:
        raise UserError("config.yaml is not the configuration of a finished run.")
    if int(tree.get("schema", 0)) > SCHEMA:
        raise UserError("config.yaml was written by a newer version of headwater; update this one.")
    command = str(tree["command"])
    values = {row.key: _at(tree, row.key, row.default) for row in settings.rows(command)}
    composed = {k: dict(v) for k, v in tree["composed"].items()}
    return Plan(command, checks.build(values, command), composed, experiment=dict(tree.get("varied") or {}))


def through_hydra(words: Words, task: Any, made: Any = None) -> None:
    """Let Hydra's own program run (``-m``, ``--cfg job``, ``--info`` …). `task` is called with the plan of each job,
    which `made` makes of its words (`from_words` unless said)."""
    import sys

    import hydra

    failures: list[BaseException] = []
    words = files.with_main_file(words)

    def job(_: Any) -> None:
        if failures:
            return
        try:
            from hydra.core.hydra_config import HydraConfig

            typed = [o for o in map(_as_override, HydraConfig.get().overrides.task) if o is not None]
            given = Words(words.command, overrides=typed, own=words.own, config_name=words.config_name)
            task((made or from_words)(given))
        except BaseException as fault:  # Hydra would print its own account of it
            failures.append(fault)

    flags = [*words.hydra, *(["--multirun"] if words.multirun else [])]
    flags += [part for folder in words.own[:1] for part in ("--config-dir", str(folder))]
    before, os.environ["HYDRA_FULL_ERROR"] = os.environ.get("HYDRA_FULL_ERROR"), "1"
    argv, sys.argv = sys.argv, ["headwater", *flags, *(str(o) for o in rewritten(words))]
    try:
        hydra.main(version_base="1.3", config_path=str(paths.configs()), config_name=words.config_name)(job)()
    except SystemExit as end:
        if end.code not in (0, None):
            raise
    except OSError as fault:
        raise EnvironmentFault(f"{fault.strerror or fault}: {fault.filename}") from None
    except Exception as fault:
        raise in_a_sentence(fault) from None
    finally:
        sys.argv = argv
        os.environ.pop("HYDRA_FULL_ERROR") if before is None else os.environ.update(HYDRA_FULL_ERROR=before)
    if failures:
        raise failures[0]


def rewritten(words: Words) -> list[Override]:
    """Overrides as Hydra wants them: lists in brackets, texts quoted, levers at their place in the scenario.

    Overrides of one scenario alone (``a.levers…``) go to a corner of their own (``only.a.levers…``), so that Hydra can
    sweep over them too; `_compose` applies them to that scenario.
    """
    out = []
    rows = {row.key: row for row in settings.rows(words.command)}
    for it in words.overrides:
        lever = arguments.LEVER_KEY.fullmatch(it.key)
        row = rows.get(it.key)
        text = it.value.strip()
        value = bracketed(it.value) if row and row.kind == "names" and not words.multirun else it.value
        if it.key == "place" and not words.multirun and is_path(it.value, words.own):
            out += [Override("~", "place", ""), Override("++", "place.folder", quoted(it.value))]
        elif lever:
            home = f"only.{it.key}" if _alone(it) else f"scenario.{it.key.removeprefix('scenario.')}"
            out.append(Override(it.sign if it.sign == "~" else "++", home, it.value))
        elif it.key == "targets":
            out.append(Override("++", it.key, it.value if words.multirun else quoted(it.value)))
        elif row and row.kind in ("text", "month") and not words.multirun and text[:1] not in ("'", '"', ""):
            out.append(Override(it.sign, it.key, quoted(it.value)))
        elif it.key in ONE_COMMAND:  # not of the shipped files
            out.append(Override("++", it.key, it.value))
        elif row and row.commands == settings.SWEEPING:  # so are these; Hydra may sweep over them
            out.append(Override("++", f"only.{it.key}", value))
        else:
            out.append(Override(it.sign, it.key, value))
    return out


def bracketed(value: str) -> str:
    """A list of names as Hydra reads one, however it was typed: ``a,b`` is ``[a,b]``."""
    plain = arguments.light(value)
    if plain is None:
        return "null"
    return f"[{','.join(arguments.names_in(plain))}]" if isinstance(plain, str) else value


def is_path(place: str, own: Sequence[Path] = ()) -> bool:
    """Whether a place as typed is a folder or file of the user's own, not the name of one."""
    text = place.strip().strip("'\"")
    if text in paths.names("place", own):
        return False
    return paths.is_folder_path(text) or Path(text).expanduser().is_dir()


def quoted(value: str) -> str:
    """A text as Hydra reads it unchanged."""
    text = value.strip()
    if text[:1] in ("'", '"'):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _place(given: Any, name: str | None, own: Sequence[Path]) -> settings.PlaceGiven:
    """A composed place: its name where it is a shipped one as it ships, its path, or its whole configuration."""
    import yaml

    if not isinstance(given, dict):
        raise UserError("place must be a name, a folder or the keys of a place.")
    if name is None:
        return str(given["folder"]) if set(given) == {"folder"} else given
    file = paths.configs() / "place" / f"{name}.yaml"
    shipped = file.is_file()
    if shipped and yaml.safe_load(file.read_text(encoding="utf-8")) == given:
        return name
    beside = paths.place_data() if shipped else next((f / "place" for f in own), Path())
    folder = {"folder": str((beside / given["folder"]).resolve())} if given.get("folder") else {}
    return {"name": name, **given, **folder}


def _alone(override: Override) -> str | None:
    """The scenario that an override of a lever is for, if for one alone."""
    lever = arguments.LEVER_KEY.fullmatch(override.key)
    return lever["scenario"] if lever and lever["scenario"] != "scenario" else None


def _compose(words: Words, searched: Sequence[Path] = ()) -> Plan:
    levers = [it for it in words.overrides if arguments.LEVER_KEY.fullmatch(it.key)]
    rest = Words(words.command, overrides=[it for it in words.overrides if it not in levers])
    base = [str(override) for override in rewritten(rest)]
    if searched:
        base.append("hydra.searchpath=[" + ",".join(f"'file://{folder}'" for folder in searched) + "]")
    tree, choices = _hydra(words, base)
    chosen = choices["scenario"]
    wrong = _stray_keys(tree)
    rows = settings.rows(words.command)
    homes = {row.key: f"only.{row.key}" if row.commands == settings.SWEEPING else row.key for row in rows}
    values = {row.key: _at(tree, homes[row.key], row.default) for row in rows}
    if "scenario" in values:
        values["scenario"] = chosen
    values["place"] = _place(tree.get("place"), choices.get("place"), words.own)
    wrong += checks.check(values, words.command)
    if wrong:
        raise UserError("\n".join(wrong))
    built = checks.build(values, words.command)
    composed = {}
    if words.command in settings.COMPARING:
        plain = {name: _hydra(words, [*base, f"scenario={name}"])[0]["scenario"] for name in built.scenarios}
        _levers_are_used(levers, plain)
        for name, given in plain.items():
            its = [it for it in levers if _alone(it) == name or (not _alone(it) and _lever(it) in _levers(given))]
            composed[name] = _with_levers(words, [*base, f"scenario={name}"], its) if its else given
    else:
        _levers_are_used(levers, {chosen: tree["scenario"]})
        composed[chosen] = _with_levers(words, base, [it for it in levers if _alone(it) in (None, chosen)])
    return Plan(words.command, built, composed, tuple(map(str, words.own)), tuple(levers))


def _with_levers(words: Words, base: list[str], levers: list[Override]) -> dict[str, Any]:
    """The composed scenario with overrides of its levers."""
    moved = [
        Override("~" if it.sign == "~" else "++", f"scenario.levers.{it.key.partition('levers.')[2]}", it.value)
        for it in levers
    ]
    scenario: dict[str, Any] = _hydra(words, [*base, *map(str, moved)])[0]["scenario"]
    return scenario


def _levers_are_used(levers: Sequence[Override], scenarios: Mapping[str, Mapping[str, Any]]) -> None:
    """An override for all scenarios must find its lever in one of them, one for a scenario alone that scenario."""
    wrong = []
    for it in levers:
        alone = _alone(it)
        if alone and alone not in scenarios:
            wrong.append(f"{it}: {alone} is not among the scenarios run ({', '.join(scenarios)}).")
        elif not alone and not any(_lever(it) in _levers(given) for given in scenarios.values()):
            wrong.append(
                f"None of the scenarios run uses {_lever(it)}; to add it to one, write its name before: "
                f"{list(scenarios)[-1]}.{it}"
            )
    if wrong:
        raise UserError("\n".join(wrong))


def _lever(override: Override) -> str:
    match = arguments.LEVER_KEY.fullmatch(override.key)
    return match["lever"] if match else ""


def _levers(scenario: Mapping[str, Any]) -> Mapping[str, Any]:
    levers = scenario.get("levers")
    return levers if isinstance(levers, Mapping) else {}


def _hydra(words: Words, overrides: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The composed configuration, resolved, and the name chosen in each group."""
    from hydra import compose
    from omegaconf import OmegaConf, open_dict

    try:
        config = compose(config_name=words.config_name, overrides=overrides, return_hydra_config=True)
    except Exception as fault:
        raise in_a_sentence(fault) from None
    choices = {str(group): str(name) for group, name in config.hydra.runtime.choices.items() if name is not None}
    with open_dict(config):
        del config["hydra"]
    try:
        plain = OmegaConf.to_container(config, resolve=True)
    except Exception as fault:
        raise in_a_sentence(fault) from None
    return {str(key): value for key, value in plain.items()}, choices  # type: ignore[union-attr]


def _stray_keys(tree: Mapping[str, Any]) -> list[str]:
    known = {row.key.split(".")[0] for row in settings.rows()} | {"schema", "scenario", "only"}
    return [
        not_known("setting", key, sorted(known), choose=False) for key in tree if key not in known
    ]  # fmt: skip


def _as_override(text: str) -> Override | None:
    """An override that Hydra hands to a job, as it was typed (undoing `rewritten` where levers moved)."""
    match = arguments.OVERRIDE.fullmatch(text)
    if match is None or match["key"].startswith("hydra."):
        return None
    return Override(match["sign"] or "", match["key"].removeprefix("only."), match["value"] or "")


def _at(tree: Mapping[str, Any], key: str, default: Any) -> Any:
    branch: Any = tree
    for part in key.split("."):
        if not isinstance(branch, Mapping) or part not in branch:
            return list(default) if isinstance(default, tuple) else default
        branch = branch[part]
    return branch


def _written(value: Any) -> str:
    """A Python value as it is typed on the command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(map(str, value))}]"
    return str(value)
