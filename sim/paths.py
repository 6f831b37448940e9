"""Where things are: configuration and shipped places, in a checkout, an editable install and a wheel alike.

Imports nothing heavy: the command line asks here for the names it offers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.errors import EnvironmentFault

PACKAGE = Path(__file__).resolve().parent


def configs() -> Path:
    """The folder of the shipped configuration (the one that holds ``config.yaml``).

    In a wheel it travels inside the package; in a checkout and an editable install it stands beside it.
    """
    for folder in (PACKAGE / "configs", PACKAGE.parent / "configs"):
        if (folder / "config.yaml").is_file():
            return folder
    raise EnvironmentFault(f"The configuration of headwater is missing beside {PACKAGE}; install it again.")


def config_folders(own: Sequence[Path | str] = ()) -> list[Path]:
    """Folders searched for configuration in Hydra's order: the shipped one first, then the user's own."""
    return [configs(), *(Path(folder).expanduser().resolve() for folder in own)]


def names(group: str, own: Sequence[Path | str] = ()) -> list[str]:
    """Names that can be chosen in a configuration group (``scenario``, ``levers``): shipped and the user's own."""
    found = {file.stem: None for folder in config_folders(own) for file in sorted((folder / group).glob("*.yaml"))}
    return sorted(found)


def config_file(group: str, name: str, own: Sequence[Path | str] = ()) -> Path | None:
    """The file that a name of a group stands for, or None."""
    for folder in config_folders(own):
        file = folder / group / f"{name}.yaml"
        if file.is_file():
            return file
    return None


def place_data() -> Path:
    """The folder of the shipped places."""
    return PACKAGE / "places" / "data"


def is_folder_path(place: str) -> bool:
    """Whether a place is given as a path (a folder, or a YAML file) and not by name."""
    return any(mark in place for mark in ("/", "\\")) or place.startswith((".", "~")) or place.endswith(".yaml")
