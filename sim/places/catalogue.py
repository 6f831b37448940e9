"""Finding a place: shipped ones by name, a user's own by folder, or any part of the data by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import paths
from sim.errors import UserError
from sim.evidence.reads import remembered
from sim.places.assemble import assemble
from sim.places.place import Place

if TYPE_CHECKING:
    from sim.evidence import Evidence

KEYS = ("name", "label", "lads", "lads_in_part", "lsoas", "folder")
"""What a place's configuration may say."""


def names() -> list[str]:
    """Names of the shipped places."""
    return paths.names("place")


def load(place: str | Path | Mapping[str, Any], evidence: Evidence | None = None) -> Place:
    """A place.

    place: the name of a shipped one; a folder with `areas.csv`, `practices.csv`, `hospitals.csv`; a YAML file; or a
    mapping with the same keys (name, label, lads, lads_in_part, lsoas). evidence: the draw whose parameters are used
    (registration, catchment, migration); the central one unless given.
    Raises `UserError` for an unknown name (with the nearest right one) and for what is wrong in files.
    """
    if evidence is None:
        from sim.evidence import load as registry

        evidence = registry().draw(0)
    if isinstance(place, Mapping):
        return _configured(dict(place), evidence, str(place.get("name", "own")), None)
    file = paths.config_file("place", place) if isinstance(place, str) and place.isidentifier() else None
    if file is not None:
        found: Place = _shipped(evidence, file, str(place), paths.place_data())
        return found
    path = Path(place).expanduser()
    if path.is_dir():
        from sim.places import own

        return assemble(own.read(path, evidence), evidence)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return _configured(_read(path), evidence, path.stem, path.parent)
    raise UserError(_unknown(str(place)))


@remembered(2)
def _shipped(evidence: Evidence, file: Path, name: str, data: Path) -> Place:
    """A shipped place: it holds no evidence and is never changed, so that draws which agree on what it is made of share
    it."""
    return _configured(_read(file), evidence, name, data)


def _unknown(place: str) -> str:
    if paths.is_folder_path(place):
        return f"There is no folder {place} with areas.csv, practices.csv and hospitals.csv."
    near = get_close_matches(place, names(), n=1, cutoff=0.4)
    return (
        f"There is no place called '{place}'." + (f" Did you mean {near[0]}?" if near else "")
        + f" Choose from: {', '.join(names())}. Or give the folder of your own, for example place=my_town/."
    )  # fmt: skip


def _read(file: Path) -> dict[str, Any]:
    from sim.yaml_file import read_yaml

    return read_yaml(file)


def _configured(config: dict[str, Any], evidence: Evidence, name: str, beside: Path | None) -> Place:
    for key in config:
        if key not in KEYS:
            near = get_close_matches(str(key), KEYS, n=1)
            raise UserError(
                f"A place has no '{key}'." + (f" Did you mean {near[0]}?" if near else f" It has: {', '.join(KEYS)}.")
            )
    label = str(config.get("label", name.replace("_", " ").capitalize()))
    if "folder" in config:
        from sim.places import own

        folder = (beside or Path()) / str(config["folder"])
        return assemble(own.read(folder, evidence, name, label), evidence)
    from sim.places import shipped

    lists = {key: config[key] for key in ("lads", "lads_in_part", "lsoas") if config.get(key)}
    return assemble(shipped.cut(name, label, evidence, **lists), evidence)
