"""The kinds of determinants of health, from configs/lens.yaml: their levers, their best attainable levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim import paths
from sim.errors import UserError

OTHER = "other"
FILE = "lens.yaml"
_KEYS = {"label", "weight", "domains", "levers", "best"}
_NEEDED = _KEYS - {"levers"}
_BEST = {"nobody", "highest", "diagnosed", "needs_met", "decile"}


@dataclass(frozen=True)
class Best:
    """The best attainable level of one kind of determinant.

    nobody     states that nobody has; highest: levels at which everybody is at the top
    diagnosed  whether every condition is known; needs_met: whether nobody waits or has an unmet need
    decile     national deprivation decile whose remaining effects everybody has (None: their own)
    """

    nobody: tuple[str, ...] = ()
    highest: tuple[str, ...] = ()
    diagnosed: bool = False
    needs_met: bool = False
    decile: int | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of determinant. weight: name of the parameter with its share in the literature; levers: its levers
    whatever their domain; domains: of its other levers."""

    name: str
    label: str
    weight: str
    domains: tuple[str, ...]
    levers: tuple[str, ...]
    best: Best


@dataclass(frozen=True)
class Determinants:
    """All kinds by name. ideal: name of the parameter with the life expectancy of full health."""

    ideal: str
    kinds: dict[str, Kind]

    def of_lever(self, lever: str, domain: str) -> str:
        """The kind to which a lever of a domain belongs; `OTHER` where no kind names either."""
        for name, kind in self.kinds.items():
            if lever in kind.levers:
                return name
        return next((name for name, kind in self.kinds.items() if domain in kind.domains), OTHER)

    def label(self, name: str) -> str:
        """A kind in words."""
        return self.kinds[name].label if name in self.kinds else "Other levers"


def from_mapping(given: Mapping[str, Any], file: str = FILE) -> Determinants:
    """Determinants from what the file says. Raises `UserError` naming file and key."""
    if not isinstance(given, Mapping) or not isinstance(given.get("kinds"), Mapping) or not given.get("ideal"):
        raise UserError(f"{file}: it must have the keys ideal and kinds.")
    kinds = {}
    for name, entry in given["kinds"].items():
        for key in entry:
            if key not in _KEYS:
                raise UserError(
                    f"{file}: kinds.{name}.{key}: is not a key here; choose from {', '.join(sorted(_KEYS))}."
                )
        for key in sorted(_NEEDED - set(entry)):
            raise UserError(f"{file}: kinds.{name}.{key}: is missing.")
        best = dict(entry["best"])
        for key in best:
            if key not in _BEST:
                known = ", ".join(sorted(_BEST))
                raise UserError(f"{file}: kinds.{name}.best.{key}: is not a key here; choose from {known}.")
        for key in ("nobody", "highest"):
            best[key] = tuple(best.get(key, ()))
        kinds[str(name)] = Kind(
            *(str(name), str(entry["label"]), str(entry["weight"])),
            *(tuple(entry["domains"]), tuple(entry.get("levers", ())), Best(**best)),
        )
    return Determinants(str(given["ideal"]), kinds)


@cache
def shipped(folder: Path | None = None) -> Determinants:
    """The determinants of configs/lens.yaml."""
    from sim.yaml_file import read_yaml

    return from_mapping(read_yaml((folder or paths.configs()) / FILE))
