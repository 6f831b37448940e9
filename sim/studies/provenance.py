"""What a run has to say of itself so that it can be repeated: versions and hashes; no host or user names."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from sim import paths
from sim.settings import PlaceGiven
from sim.version import __version__

PACKAGES = ("mesa", "numpy", "numba", "scipy", "pandas", "pyarrow", "hydra-core", "matplotlib")
COMPUTING = ("mesa", "numpy", "numba")
"""Packages whose version may change a number."""
RESOLVED = ("scenario", "place", "experiment", "config.yaml")
"""Configuration that stands resolved in the plan of a run; all other is named there only."""
OWN = ("levers", "rollout", "conditions", "pathways", "evidence")
"""Groups of a user's own configuration whose files a plan names only."""
GIT_SECONDS = 10


def hashes(place: PlaceGiven, folders: Sequence[Path | str] = ()) -> dict[str, str]:
    """sha256 of the program's code, of the evidence, of the place's data (shipped or in a user's folder), and of the
    user's own folders of configuration where there are any."""
    evidence = paths.PACKAGE / "evidence"
    own = Path(str(place.get("folder", "")) if isinstance(place, dict) else place).expanduser()
    shipped = paths.place_data()
    facts = [file for folder in (shipped, own) if folder != Path() for file in _files(folder)]
    configs = paths.configs()
    configured = [file for file in configs.rglob("*.yaml") if file.relative_to(configs).parts[0] not in RESOLVED]
    mine = [file for folder in folders for group in OWN for file in (Path(folder) / group).rglob("*")]
    return {
        **({"own configuration": digest(mine, None)} if mine else {}),
        "code": digest(paths.PACKAGE.rglob("*.py"), paths.PACKAGE),
        "evidence": digest((f for f in evidence.rglob("*") if f.suffix != ".py"), evidence),
        "configuration": digest(configured, configs),
        "place": digest(facts, None),
    }


def _files(folder: Path) -> list[Path]:
    return list(folder.rglob("*")) if folder.is_dir() else [folder]


def digest(files: Iterable[Path], base: Path | None) -> str:
    """One sha256 over files: their names (below `base`, or without their folder) and contents, in order of path."""
    whole = hashlib.sha256()
    for file in sorted(files):
        if file.is_file() and "__pycache__" not in file.parts:
            whole.update((file.relative_to(base).as_posix() if base else file.name).encode() + b"\0")
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def digests(folder: Path, files: Iterable[Path] | None = None) -> dict[str, str]:
    """sha256 of each file below a folder (or of some of them), by its relative name."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*") if files is None else files)
        if file.is_file()
    }


def about() -> dict[str, Any]:
    """Version, commit, packages and kind of machine."""
    return {
        "program": "headwater",
        "version": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
    }


def versions() -> dict[str, str | None]:
    """What besides code and data may change a number: this program's version, Python's and the computing packages'."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"headwater": __version__, "python": python, **{name: _version(name) for name in COMPUTING}}


def commit() -> str | None:
    """The git commit of a checkout, with ``+`` when files were changed since; None where there is none."""
    root = paths.PACKAGE.parent
    if not (root / ".git").exists():
        return None
    try:
        name = _git(root, "rev-parse", "HEAD")
        return name + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=GIT_SECONDS, check=True
    )
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
