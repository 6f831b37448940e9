"""Small words of the report: verdicts, ranges, lists, and the ticks of axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator

from sim import clock
from sim.outcomes.rounding import apart, step_of
from sim.outcomes.rounding import signed as rounded
from sim.report.numbers import Numbers, clear
from sim.report.style import MINUS, NBSP, number

BAND = f"90{NBSP}% of runs lie inside"
MOST_TICK_DECIMALS = 8  # a tick of a tiny change is still not called nought
VERDICTS = {
    "better": "better", "worse": "worse", "more": "more", "less": "less", "unclear": "no clear change",
    "same": "no change",
}  # fmt: skip


def verdict(mid: float, low: float, high: float, good: int, runs: int) -> str:
    """better, worse, more or less (where neither is good), unclear, or same (exactly no difference)."""
    if mid == low == high == 0:
        return "same"
    if not clear(low, high, runs):
        return "unclear"
    if good == 0:
        return "more" if low > 0 else "less"
    return "better" if (low > 0) == (good > 0) else "worse"


def join(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def lower(label: str) -> str:
    """A label as it stands within a sentence; abbreviations keep their capitals."""
    return label if label[:2].isupper() or label[:3] == "A&E" else label[:1].lower() + label[1:]


def step(low: float, high: float, least: float = 0.0) -> float:
    """What a range of differences is rounded to: two figures of its width, and nothing finer than `least` unless an end
    of a clear one would be lost."""
    return apart(low, high, max(step_of(high - low or max(abs(low), abs(high))), least))


def interval(low: float, high: float, least: float = 0.0) -> str:
    """The two ends of a range of differences, rounded to its own width: ``−2,500 to −1,200``."""
    to = step(low, high, least)
    return f"{rounded(low, to)}{NBSP}to{NBSP}{rounded(high, to)}"


def relative(low: float, high: float, clear: bool = True) -> str:
    """The two ends of a range of relative changes (0.01 is one per cent), in per cent. clear: whether the change is
    said to have a direction; if not, an end that is next to nothing is not shown as more than nothing."""
    if not np.isfinite([low, high]).all():
        return "no range: a run starts from nothing"
    if clear or low * high <= 0 or low == high:
        return interval(100 * low, 100 * high)
    to = step_of(100 * (high - low))
    return f"{rounded(100 * low, to)}{NBSP}to{NBSP}{rounded(100 * high, to)}"


def change(mid: float, low: float, high: float, least: float = 0.0) -> str:
    """A difference with its range: ``−1,800 (−2,500 to −1,200)``; alone where runs agree, ``0`` when none differs."""
    if mid == low == high == 0:
        return "0"
    own = rounded(mid, step(low, high, least))
    return own if low == high else f"{own} ({interval(low, high, least)})"


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def span(years: Sequence[int]) -> str:
    """``2025/26 to 2045/46``."""
    first, last = clock.fin_year_label(int(years[0])), clock.fin_year_label(int(years[-1]))
    return first if first == last else f"{first} to {last}"


def runs_of(count: int) -> str:
    """``1 run``, ``6 runs``."""
    return f"{count} run{'s' * (count != 1)}"


def left_out(numbers: Numbers, shown: Sequence[str], asked: Sequence[str] | None = None) -> str:
    """A sentence on the scenarios (all compared, unless some were asked for) for which a picture has no room; empty
    where all are drawn."""
    rest = [numbers.label(name) for name in asked or numbers.compared if name not in shown]
    return f" Not drawn, for want of room: {join(rest)}." if rest else ""


def year_axis(axes: Axes, years: Sequence[int]) -> None:
    """Financial years along the bottom: the first, the last and a few round ones, as ``2026/27``."""
    first, last = int(years[0]), int(years[-1])
    step = max(1, int(np.ceil((last - first) / 2)))
    ticks = sorted({first, min(first + step, last), last})
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.set_xticks(ticks, [clock.fin_year_label(year)[2:] for year in ticks])


def few_ticks() -> MaxNLocator:
    """Three or four round values on a small axis."""
    return MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10])


def ticks_across() -> MaxNLocator:
    """Five to seven round values on an axis as wide as the picture."""
    return MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])


def tick_format(value: float, _position: float | None = None) -> str:
    """A tick label: thousands commas, no useless decimals, real minus."""
    for decimals in range(MOST_TICK_DECIMALS + 1):
        if abs(value - round(value, decimals)) < 1e-9 * max(1.0, abs(value)):
            return number(value, decimals)
    return number(value, 3)


def million_tick(value: float) -> str:
    """A tick of an amount in £ million: ``−£2.5m``, ``£0``, ``+£10m``."""
    return "£0" if value == 0 else f"{MINUS if value < 0 else '+'}£{tick_format(abs(value))}m"


def signed_tick(value: float) -> str:
    """A tick of a difference: ``+500``, ``0``, ``−500``."""
    text = tick_format(value)
    return text if text.startswith(MINUS) or value == 0 else "+" + text
