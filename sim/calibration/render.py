"""What a calibration says at its end, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.calibration.free import Free
from sim.calibration.tables import BEYOND, CONFLICT, UNMOVED, Account
from sim.calibration.waves import SURE, Found, usual
from sim.validation.render import number

WHY = {
    UNMOVED: "no free parameter moves it clearly: a matter of the table or of chance, not of these numbers",
    BEYOND: "nowhere in the box does it come within three standard deviations",
    CONFLICT: "it could be met, but not together with the others",
}
FEW = 8
CLEAR = 0.4
"""Correlations below it are not worth a line."""


def render(found: Found, told: Sequence[Account], free: Sequence[Free]) -> str:
    """Waves, the set of each parameter, which aims judged, which cannot be met and why; the last line sums up."""
    lines = [
        "Waves: runs in all, share of the box left, emulators' variance over the tolerance's at the least sure aim"
    ]
    lines += [f"  {w.number}  {w.runs:5d}  {100 * w.left:8.3g} %  {w.unsure:6.2f}  {w.least_sure}" for w in found.waves]
    why = "the emulators are sure enough" if found.enough else f"the emulators are not all sure (below {SURE}) yet"
    lines += [f"  Stopped after wave {len(found.waves)}: {why}.", ""]
    if found.allowed > usual(int(found.judging.sum())):
        lines += [
            f"With fewer aims missed nothing was left; {found.allowed - 1} may be missed: targets contradict.",
            "",
        ]
    lines += parameters(found, free)
    judges = sorted((one for one in told if one.judges), key=lambda one: -one.excludes)
    lines += ["", "What rules out most of the box (share that each aim alone rules out; what moves it most)"]
    lines += [f"  {100 * one.excludes:5.1f} %  {one.surface.aim.name} ({one.by})" for one in judges[:FEW]]
    missed = [one for one in told if not one.met]
    lines += ["", f"Not met by the mean of the set: {len(missed) or 'none'}"]
    for one in missed:
        aim = one.surface.aim
        lines.append(
            f"  {aim.name}: {number(one.after[0])} against {number(aim.value)}, {number(one.off)} tolerances off: "
            f"{WHY[one.fate]}"
        )
    met = sum(one.met for one in told)
    lines += ["", f"{int(found.kept.sum())} draws are not implausible; {met} of {len(told)} aims within tolerance"]
    return "\n".join(lines)


def parameters(found: Found, free: Sequence[Free]) -> list[str]:
    """The free parameters: bounds, what is left of them, the central draw, and which go together."""
    lines = ["Free parameters: bounds, range of the set, central draw (the one nearest to all others)"]
    if found.central is None:
        return [*lines, "  nothing is left: no run is within three standard deviations of the targets"]
    wide = max(len(one.name) for one in free)
    some = found.x[found.kept]
    for i, one in enumerate(free):
        low, high = one.at(float(some[:, i].min())), one.at(float(some[:, i].max()))
        middle = one.at(float(found.x[found.central, i]))
        lines.append(f"  {one.name:<{wide}}  {one.low:g} to {one.high:g}  {low:.4g} to {high:.4g}  {middle:.4g}")
    if len(some) > len(free):
        with np.errstate(invalid="ignore"):
            together = np.nan_to_num(np.atleast_2d(np.corrcoef(some.T)))
        pairs = sorted(((abs(together[i, j]), i, j) for i in range(len(free)) for j in range(i)), reverse=True)
        lines += [
            f"  {free[j].name} and {free[i].name} go together: correlation {number(float(together[i, j]))}"
            for size, i, j in pairs[:3]
            if size > CLEAR
        ]
    return lines
