"""Where the money moves: what each budget line has more or less than in the baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.rounding import MILLION
from sim.report import style, uneven, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

Floats = NDArray[np.float64]
LEAST = 0.05  # £ million a year: less is not worth a figure in a sentence
SMALL = 0.005  # £ million a year: less is nothing


@dataclass(frozen=True)
class Moved:
    """£ million that each budget line has more (or less) than in the baseline by policy year, mean of the runs."""

    years: tuple[int, ...]
    by_year: dict[str, Floats]

    @property
    def mean(self) -> dict[str, float]:
        """Of each line, the mean of the years."""
        return {line: float(one.mean()) if len(one) else 0.0 for line, one in self.by_year.items()}

    @property
    def paying(self) -> dict[str, Floats]:
        """What each line pays that has less in the mean of the years, above 0 where it does."""
        return {line: -self.by_year[line] for line, mean in self.mean.items() if mean < 0}

    def total(self, lines: Iterable[Floats]) -> Floats:
        """Some lines together, by year."""
        return np.asarray(sum(lines, np.zeros(len(self.years))))

    @property
    def given(self) -> Floats:
        """What all lines that pay give up, by year."""
        return self.total(self.paying.values())

    @property
    def new(self) -> Floats:
        """What all lines have more than in the baseline, by year: new money."""
        return self.total(self.by_year.values())


def moved(numbers: Numbers, scenario: str) -> Moved:
    """What each budget line has more (or less) than in the baseline."""
    results = numbers.results
    first = clock.fin_year(results.policy_start)
    keep = [k for k, year in enumerate(results.years) if year >= first]
    total: dict[str, Floats] = {}
    for pair in results.pairs:
        run = results.record(scenario, pair).money_years(results.record(scenario, pair).spend)
        base = results.record(numbers.base, pair).money_years(results.record(numbers.base, pair).spend)
        for line in sorted(run.keys() | base.keys()):
            nothing = np.zeros(len(results.years))
            change = (run.get(line, nothing) - base.get(line, nothing))[keep] / MILLION
            total[line] = total.get(line, 0.0) + change / len(results.pairs)
    return Moved(tuple(results.years[k] for k in keep), total)


def line_labels() -> dict[str, str]:
    """Budget lines in words, in the order of the budget."""
    from sim.policy.budget import LINES

    return {line.name: line.label for line in LINES}


def money(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """One column a scenario: £ million a year gained or given up by each budget line; None when no money moves."""
    numbers = Numbers.of(results)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    books = {name: moved(numbers, name) for name in shown}
    change = {name: book.mean for name, book in books.items()}
    labels = line_labels()
    every = [line for line in labels if any(abs(change[name].get(line, 0.0)) >= SMALL for name in shown)]
    if not every:
        return None
    with style.drawing():
        picture = style.Picture(height=1.35 + 0.34 * len(every))
        note = (
            "£ million a year of 2024/25, mean of the years with the policy. Right: the line has more; left: it pays."
        ) + _no_year(numbers, books)
        top = style.headline(picture, _finding(numbers, books), note + words.left_out(numbers, shown, scenarios))
        height = picture.get_figheight()
        axes = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.265, right=0.985, top=top - 0.3 / height, bottom=0.12 / height, wspace=0.08)
        reach = max(abs(value) for one in change.values() for value in one.values())
        for axis, name in zip(axes, shown, strict=True):
            values = [change[name].get(line, 0.0) for line in every]
            look = numbers.looks[name]
            axis.barh(
                range(len(every)), values, height=0.55, color=[look.colour if v > 0 else style.GHOST for v in values]
            )
            axis.axvline(0, color=style.INK, linewidth=1)
            for y, value in enumerate(values):
                text = _shown(value, reach)
                side = 1 if value >= 0 else -1
                axis.text(
                    value + side * reach * 0.04, y, text, ha="left" if side > 0 else "right", va="center", fontsize=8.5,
                    color=style.INK if text != "0" else style.MUTED,
                )  # fmt: skip
            axis.set_xlim(-1.45 * reach, 1.45 * reach)
            axis.set_title(numbers.label(name), pad=8)
            axis.grid(False)
            axis.set_xticks([])
            axis.spines[["left", "bottom"]].set_visible(False)
        axes[0].set_yticks(range(len(every)), [labels[line] for line in every])
        axes[0].tick_params(axis="y", labelsize=9, labelcolor=style.INK)
        axes[0].set_ylim(len(every) - 0.4, -0.6)
        picture.alt = _alt(numbers, books, every)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _shown(value: float, reach: float) -> str:
    """An amount in £ million beside its bar; with a second decimal where the largest of all bars is below a million."""
    text = style.signed(value, 2 if reach < 1 else 1 if abs(value) < uneven.WHOLE else 0)
    return text if text.strip("0.") else "0"


def _no_year(numbers: Numbers, books: Mapping[str, Moved]) -> str:
    """A sentence where a mean of the years is what no year costs."""
    who = [numbers.label(name) for name, book in books.items() if any(map(_uneven, book.by_year.values()))]
    return f" Spending is uneven under {words.join(who)}: no year costs the mean." if who else ""


def _uneven(change: Floats) -> bool:
    return abs(float(change.mean())) >= LEAST and uneven.uneven(change if change.mean() > 0 else -change)


def _finding(numbers: Numbers, books: Mapping[str, Moved]) -> str:
    parts = []
    for name, book in books.items():
        both = {"moved": book.given, "new": book.new}
        both = {what: one for what, one in both.items() if float(one.mean()) >= LEAST}
        if not both and float(book.given.mean() + book.new.mean()) >= SMALL:
            parts.append(f"{numbers.label(name)}: less than £0.1m a year")
        elif not both:
            parts.append(f"{numbers.label(name)} moves no money")
        elif any(map(uneven.uneven, both.values())):
            said = [uneven.spent(one, book.years, what) for what, one in both.items()]
            parts.append(f"{numbers.label(name)}: {words.join(said)}")
        else:
            said = [f"£{uneven.amount_of(float(one.mean()))}m {what}" for what, one in both.items()]
            parts.append(f"{numbers.label(name)}: {words.join(said)} a year")
    return "; ".join(parts)


def _alt(numbers: Numbers, books: Mapping[str, Moved], every: Sequence[str]) -> str:
    labels = line_labels()
    reach = max(abs(value) for book in books.values() for value in book.mean.values())
    parts = []
    for name, book in books.items():
        each = []
        for line, mean in ((k, book.mean.get(k, 0.0)) for k in every):
            if _shown(mean, reach) == "0":
                continue
            change = book.by_year[line]
            most = f" ({uneven.dearest(abs(change), book.years)})" if _uneven(change) else ""
            each.append(f"{labels[line]} {_shown(mean, reach)}{most}")
        parts.append(f"{numbers.label(name)}: {'; '.join(each) or 'nothing moves'}.")
    return (
        f"£ million a year more (plus) or less (minus) than {numbers.label(numbers.base)} on each budget line, mean "
        f"of the policy years. {' '.join(parts)}"
    )
