"""What all runs of a sweep share, what one run is, and the key under which its result is kept for ever.

The key is a hash of everything that can change a number of the run: model code, evidence, configuration, place,
versions of what computes, settings, scenarios, the values of the factors and the seed. It knows nothing of designs,
rows or the size of a sweep, so that a larger sweep, another design or more seeds find what was run before.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import clock, paths
from sim.arguments import LEVER_KEY, USE_KEYS
from sim.errors import UserError
from sim.settings import PlaceGiven, RunSettings
from sim.studies import provenance

TASK = "sim.sweeps.simulate:run_row"
DRAW = "evidence.draw"
"""The one value of a row of a `psa`: the number of its evidence draw."""
MODEL = ("agents", "care", "columns", "evidence", "life", "outcomes", "places", "policy")
MODEL_FILES = (
    "system.py", "clock.py", "draws.py", "kernels.py", "rates.py", "purposes.py", "settings.py", "own.py",
    "sweeps/simulate.py", "sweeps/worth.py",
)  # fmt: skip
BEFORE_POLICY = ("place", "scale", "start", "policy_start", "evidence.judged")
"""Settings that the shared history depends on; all others act from the policy's start on."""
SETTINGS = (*BEFORE_POLICY, "years")
"""Settings that can be a factor, beside levers."""
LATE = ("levers.", "three_cs.contact_of_capacity", "three_cs.control_of_capacity")
"""How names of evidence begin that only levers bring into play."""
KEY_BYTES = 16

_PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)

Value = float | int | str | bool
Values = Mapping[str, Value]
"""The values of a row's factors by name."""


@dataclass(frozen=True)
class Base:
    """What all runs of a sweep share. It is sent to workers, so it is small and plain.

    settings, scenarios (whole configurations by name), own (folders of configuration): as in a `sim.compose.Plan`.
    outcomes: names of measures kept by year; places: composed configurations of the places that a factor chooses from;
    task: what is done with one row, as ``module:function`` (another one in tests).
    """

    settings: RunSettings
    scenarios: dict[str, dict[str, Any]]
    outcomes: tuple[str, ...]
    own: tuple[str, ...] = ()
    places: dict[str, PlaceGiven] = field(default_factory=dict)
    task: str = TASK

    @functools.cached_property
    def hash(self) -> str:
        """sha256, in hexadecimal, of all that the runs share and that can change a number."""
        s = self.settings
        decisive = {
            "task": self.task, "hashes": model_hashes(s.place, self.own), "versions": provenance.versions(),
            "settings": {name: getattr(s, name) for name in s.__dataclass_fields__},
            "scenarios": list(self.scenarios.items()), "places": self.places,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()

    def key(self, values: Values, seed: int) -> bytes:
        """The 16 bytes under which the result of one row and seed is kept."""
        return self.keys(values, [seed])[0]

    def keys(self, values: Values, seeds: Iterable[int]) -> list[bytes]:
        """The key of one row under each seed."""
        opening = self._opening + canonical(values)
        return [hashlib.sha256(opening + b"\0%d" % seed).digest()[:KEY_BYTES] for seed in seeds]

    @functools.cached_property
    def _opening(self) -> bytes:
        return bytes.fromhex(self.hash)

    @property
    def first_year(self) -> int:
        """The first financial year that lies wholly under the policy."""
        start = self.settings.policy_start
        return clock.fin_year(
            start + (-(clock.calendar_month(start) - clock.calendar_month(clock.month_of("2026-04"))) % 12)
        )


@dataclass(frozen=True)
class Job:
    """One run that is to be done: a row's values under one seed."""

    key: bytes
    row: int
    seed: int
    values: dict[str, Value]

    @functools.cached_property
    def world(self) -> tuple[str, ...]:
        """Equal for runs whose evidence and place are the same until the policy starts."""
        return tuple(f"{name}={value!r}" for name, value in self.values.items() if not after_policy(name))

    @property
    def history(self) -> tuple[Any, ...]:
        """Equal for runs that share everything until the policy starts."""
        return (self.seed, *self.world)

    def __reduce__(self) -> tuple[Any, ...]:
        return Job, (self.key, self.row, self.seed, self.values)  # `world` need not travel

    def __str__(self) -> str:
        return f"row {self.row}, seed {self.seed}"


@dataclass(frozen=True)
class Record:
    """What came of one run. status: ok, failed (an error was raised), or crashed (it ended its process).

    values: float64[scenarios, outcomes, years] where it is ok.
    """

    key: bytes
    row: int
    seed: int
    status: str
    seconds: float = 0.0
    values: NDArray[np.float64] | None = None
    error: str = ""
    given: str = ""  # the values of its factors as JSON, where it is not ok


def canonical(values: Values) -> bytes:
    """Values as bytes: equal if and only if they are equal to the last bit (0.1 + 0.2 is not 0.3; 1 and 1.0 are)."""
    plain = {
        name: float(v) if isinstance(v, int | float) and not isinstance(v, bool) else v for name, v in values.items()
    }
    return _PLAIN.encode(plain).encode()


@functools.lru_cache(maxsize=4096)
def after_policy(name: str) -> bool:
    """Whether a factor is expected to act only once the policy has started, so that rows that differ in it share a
    history and are put together. What is really shared is what was really not read before (`sim.sweeps.simulate`)."""
    if name in (*BEFORE_POLICY, DRAW):
        return False
    return name == "years" or name.startswith(LATE) or is_of_scenarios(name)


@functools.lru_cache(maxsize=4096)
def is_of_scenarios(name: str) -> bool:
    """Whether a factor sets scenarios: ``levers.X.amount``, ``health_creation.levers.X.amount``, ``rollout``."""
    match = LEVER_KEY.fullmatch(name)
    if match and not match["field"]:  # evidence has names like levers.overlap
        from sim.evidence import load

        return name not in load()
    if match:  # and like levers.X.uptake
        return match["field"].split(".")[0] in USE_KEYS
    return name == "rollout" or (name.endswith(".rollout") and name.count(".") == 1)


def settings_of(base: Base, values: Values) -> RunSettings:
    """The settings of one row: the base's with the row's values of `SETTINGS` in them."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "place":
            changes["place"] = base.places.get(str(value), str(value))
        elif name in ("start", "policy_start"):
            changes[name] = clock.month_of(str(value))
        elif name == "years":
            changes["years"] = int(value)
        elif name == "scale":
            changes["scale"] = float(value)
        elif name == "evidence.judged":
            changes["judged"] = bool(value)
    return replace(base.settings, **changes) if changes else base.settings


def scenarios_of(base: Base, values: Values) -> dict[str, dict[str, Any]]:
    """The scenarios of one row: the base's with the row's values of levers and roll-outs in them.

    ``levers.X.amount`` sets it in every scenario that uses lever X, ``NAME.levers.X.amount`` in (or adds it to) one;
    ``rollout`` and ``NAME.rollout`` set the roll-out of all their levers. Raises `UserError` for a
    name that finds nothing.
    """
    found = dict(base.scenarios)
    for name, value in values.items():
        if not is_of_scenarios(name):
            continue
        match = LEVER_KEY.fullmatch(name)
        if match is None:
            of = [name.removesuffix(".rollout")] if "." in name else list(found)
            _known(name, of, found)
            for scenario in of:
                levers = {
                    lever: {**use, "rollout": value} for lever, use in (found[scenario].get("levers") or {}).items()
                }
                found[scenario] = {**found[scenario], "levers": levers} if levers else found[scenario]
        else:
            alone, lever, entry = match["scenario"], match["lever"], match["field"] or "amount"
            of = [alone] if alone else [one for one, given in found.items() if lever in (given.get("levers") or {})]
            _known(name, of, found)
            if not of:
                raise UserError(
                    f"{name}: no scenario of the experiment uses {lever}; write a scenario's name before it."
                )
            for scenario in of:
                levers = dict(found[scenario].get("levers") or {})
                levers[lever] = {**(levers.get(lever) or {}), entry: value}
                found[scenario] = {**found[scenario], "levers": levers}
    return found


def _known(name: str, wanted: list[str], scenarios: Mapping[str, Any]) -> None:
    for scenario in wanted:
        if scenario not in scenarios:
            raise UserError(
                f"{name}: {scenario} is not among the scenarios of the experiment ({', '.join(scenarios)})."
            )


def evidence_of(values: Values) -> dict[str, float]:
    """The values of a row that are numbers of the evidence."""
    other = (*SETTINGS, DRAW)
    return {name: float(v) for name, v in values.items() if name not in other and not is_of_scenarios(name)}


@functools.lru_cache(maxsize=8)
def _code() -> str:
    """sha256 of the code that computes a run: pictures, reports and the command line are not part of it."""
    root = paths.PACKAGE
    files = [root / name for name in MODEL_FILES]
    files += [file for folder in MODEL for file in (root / folder).rglob("*.py")]
    return provenance.digest(files, root)


def model_hashes(place: PlaceGiven, folders: tuple[str, ...] = ()) -> dict[str, str]:
    """As `provenance.hashes`, of the code that computes a run only."""
    return {**provenance.hashes(place, folders), "code": _code()}


def resolve(task: str) -> Any:
    """The function that ``module:function`` names."""
    import importlib

    module, _, name = task.partition(":")
    return getattr(importlib.import_module(module), name)


def own_folders(base: Base) -> list[Path]:
    """The user's folders of configuration."""
    return [Path(folder) for folder in base.own]
