"""Which files of the model and its configuration name which evidence, and what is unused or missing.

``python -m sim.evidence.usage`` lists parameters and tables that nothing names, and names that do not exist.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path

from sim import own
from sim.evidence.registry import Registry, load

ROOT = Path(__file__).parents[1]
_QUOTED = re.compile(r"[\"']([a-z][a-z0-9_.]*)[\"']")
_BARE = re.compile(r"(?<=[\s:{\[,])([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)")
"""In code a name is a text of its own, not a word of a help text or comment; in YAML it needs no quotation marks."""
_FORMATTED = re.compile(r"f\"([a-z_]+\.[a-z0-9_.]*)\{[^\"}]*\}([a-z0-9_.]*)\"")
_ASKED = re.compile(r"evidence\[\s*\"([^\"{]+)\"\s*\]|evidence\.table\(\s*\"([^\"{]+)\"\s*\)")


def _files() -> list[Path]:
    evidence = Path(__file__).parent
    code = [path for path in sorted(ROOT.rglob("*.py")) if evidence not in path.parents]
    return code + [path for folder in _configurations() for path in sorted(folder.rglob("*.yaml"))]


def _configurations() -> list[Path]:
    return [folder for folder in (ROOT.parent / "configs", ROOT / "configs") if folder.is_dir()]


@lru_cache(maxsize=1)
def _named() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in _files():
        text = path.read_text(encoding="utf-8")
        words = set(_QUOTED.findall(text))
        if path.suffix == ".yaml":
            words |= set(_BARE.findall(text))
        for word in words:
            found.setdefault(word, []).append(path.relative_to(ROOT.parent).as_posix())
    return found


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Names that code puts together, such as f"behaviours.trend_{risk}", and the file that does."""
    found = []
    for path in _files():
        for before, after in _FORMATTED.findall(path.read_text(encoding="utf-8")):
            pattern = re.compile(re.escape(before) + "[a-z0-9_]+" + re.escape(after))
            found.append((pattern, path.relative_to(ROOT.parent).as_posix()))
    return found


def users(name: str) -> list[str]:
    """Files that name this parameter or table, as paths from the top of the project."""
    built = {path for pattern, path in _patterns() if pattern.fullmatch(name)}
    return sorted(built | set(_named().get(name, [])))


def users_of_own(name: str) -> list[Path]:
    """The user's own levers and pathways in force that name this parameter."""
    mine = [file for group in ("levers", "pathways") for file in own.files(group, "*.yaml")]
    return [file for file in mine if name in _BARE.findall(file.read_text(encoding="utf-8"))]


def unused(registry: Registry) -> list[str]:
    """Parameters and tables that no file of the model or its configuration names."""
    return [name for name in (*registry, *registry.tables) if not users(name)]


def missing(registry: Registry) -> list[str]:
    """Names that code asks the evidence for and that the registry lacks, with the file that asks."""
    found = []
    for path in _files():
        for parameter, table in _ASKED.findall(path.read_text(encoding="utf-8")):
            if (parameter and parameter not in registry) or (table and table not in registry.tables):
                found.append(f"{parameter or table} ({path.relative_to(ROOT.parent).as_posix()})")
    return sorted(set(found))


def main() -> int:
    """Print what is unused and what is missing; 0 when there is neither."""
    registry = load()
    lists = {"Nothing uses": unused(registry), "The registry lacks": missing(registry)}
    for title, names in lists.items():
        print(f"{title}: {len(names)}")
        for name in names:
            print(f"  {name}")
    return int(any(lists.values()))


if __name__ == "__main__":
    sys.exit(main())
