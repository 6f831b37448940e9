"""The tables that a calibration leaves: draws, runs, waves, and what became of every aim."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.calibration.free import Free
from sim.calibration.implausible import CUT, Surface, nth_largest
from sim.calibration.waves import Found
from sim.outcomes.summary import HIGH, LOW

Floats = NDArray[np.float64]
DIGITS = 6
MET, JUDGES, UNMOVED, BEYOND, CONFLICT = "met", "judges", "not moved", "out of reach", "missed in the set"


@dataclass(frozen=True)
class Account:
    """What became of one aim. excludes: share of the box that it alone rules out; nearest: its least implausibility in
    the box; by: the free parameter that moves it most; before, after: mean and 90 % of runs of the first wave and of
    the set; hits: share of the set's runs within tolerance."""

    surface: Surface
    judges: bool
    excludes: float
    nearest: float
    by: str
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    hits: float

    @property
    def off(self) -> float:
        """How far the set's mean is off, in tolerances."""
        aim, mean = self.surface.aim, self.after[0]
        side = aim.above if mean > aim.value else aim.below
        return (mean - aim.value) / side if side > 0 else 0.0

    @property
    def met(self) -> bool:
        """Whether the mean of the set's runs is within tolerance."""
        return abs(self.off) <= 1

    @property
    def fate(self) -> str:
        """One word or two: met by the set, or why not."""
        if self.met:
            return MET
        return UNMOVED if not self.surface.moved else BEYOND if not self.judges else CONFLICT


def accounts(found: Found, free: Sequence[Free]) -> list[Account]:
    """An account of every aim. With an empty set, `after` is that of all runs."""
    good = np.isfinite(found.y).all(axis=1)
    first = good & (np.arange(len(found.y)) < found.first)
    last = found.kept if found.kept.any() else good
    out = []
    for i, one in enumerate(found.surfaces):
        y, aim = found.y[:, i], one.aim
        within = (y[last] >= aim.value - aim.below) & (y[last] <= aim.value + aim.above)
        out.append(
            Account(
                one, bool(found.judging[i]), float((found.over_box[:, i] >= CUT).mean()),
                float(found.over_box[:, i].min()), _moved_by(one, found.box, free), _spread(y[first]),
                _spread(y[last]), float(within.mean()),
            )
        )  # fmt: skip
    return out


def _moved_by(one: Surface, box: Floats, free: Sequence[Free]) -> str:
    if not one.moved:
        return ""
    mean, _ = one.predict(box)
    together = [abs(float(np.corrcoef(mean, x)[0, 1])) for x in box.T]
    return free[int(np.argmax(together))].name


def _spread(values: Floats) -> tuple[float, float, float]:
    low, high = np.quantile(values, [LOW, HIGH])
    return float(values.mean()), float(low), float(high)


def draws(found: Found, free: Sequence[Free]) -> str:
    """The set as a table of draws, without what it says of itself."""
    worst = _worst(found)
    rows = [["draw", "central", "implausibility", *(one.name for one in free)]]
    for n, run in enumerate(np.flatnonzero(found.kept), 1):
        values = [_digits(one.at(float(x))) for one, x in zip(free, found.x[run], strict=True)]
        rows.append([str(n), "yes" if run == found.central else "", _digits(float(worst[run])), *values])
    return "\n".join(map(",".join, rows)) + "\n"


def write_draws(body: str, about: Mapping[str, str], path: Path) -> None:
    """The set as draws of evidence, as `sim.evidence.joint` reads it."""
    head = "".join(f"# {key}: {text}\n" for key, text in about.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + body, encoding="utf-8")


def _worst(found: Found) -> Floats:
    """Of each run, the implausibility that decides (of its own figures)."""
    judges = [(one, i) for i, (one, yes) in enumerate(zip(found.surfaces, found.judging, strict=True)) if yes]
    if not judges:
        return np.zeros(len(found.x))
    return nth_largest(np.stack([one.of_runs(found.y[:, i]) for one, i in judges], axis=1), found.allowed)


def write_runs(found: Found, free: Sequence[Free], path: Path) -> None:
    """Every run: its point, whether it is in the set, and what it said of every aim."""
    header = ["run", "kept", *(one.name for one in free), *(aim.key for aim in found.aims)]
    rows = (
        [n, "yes" if kept else "", *(_digits(one.at(v)) for one, v in zip(free, x, strict=True)), *map(_digits, y)]
        for n, (kept, x, y) in enumerate(zip(found.kept, found.x, found.y, strict=True))
    )
    _write(path, header, rows)


def write_waves(found: Found, path: Path) -> None:
    """What was known after each wave."""
    header = ["wave", "runs", "share_of_box_left", "emulator_over_tolerance", "least_sure_aim", "allowed_misses"]
    rows = ([w.number, w.runs, _digits(w.left), _digits(w.unsure), w.least_sure, w.allowed - 1] for w in found.waves)
    _write(path, header, rows)


def write_aims(told: Sequence[Account], path: Path) -> None:
    """What became of every aim."""
    header = [
        "key", "aim", "observed", "below", "above", "fate", "judges", "moved_by", "excludes_share_of_box",
        "least_implausibility", "emulator_q2", "unseen_runs_off_90", "chance_sd", "first_wave", "first_wave_low",
        "first_wave_high", "set", "set_low", "set_high", "set_off_in_tolerances", "share_of_set_within",
    ]  # fmt: skip
    rows = []
    for one in told:
        s = one.surface
        numbers = (
            one.excludes, one.nearest, s.q2, s.missed, s.chance**0.5, *one.before, *one.after, one.off, one.hits,
        )  # fmt: skip
        ends = (s.aim.value, s.aim.below, s.aim.above)
        said = [s.aim.key, s.aim.name, *map(_digits, ends), one.fate, "yes" if one.judges else "no", one.by]
        rows.append([*said, *map(_digits, numbers)])
    _write(path, header, rows)


def _write(path: Path, header: Sequence[str], rows: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _digits(value: float) -> str:
    return f"{value:.{DIGITS}g}"
