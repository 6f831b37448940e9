"""Parts of a sweep's page about sensitivity: what each outcome hangs on, by outcome and by year, and how settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sim import clock
from sim.errors import UserError
from sim.outcomes.rounding import plain, signed, step_of
from sim.report import style, sweep_figures, sweep_scatter
from sim.report.parts import Head, Table
from sim.report.sweep_numbers import PSA, SweepNumbers
from sim.report.sweep_words import Outcome, capital, figures, share
from sim.report.words import join
from sim.sweeps import worth

if TYPE_CHECKING:
    from sim.report.style import Picture
    from sim.sweeps.indices import Indices

PICTURED = 3  # outcomes that get pictures of their own
LEADING = 3
BY_YEAR = 6  # years in the table by year
SHARES = ("total", "first", "shapley")
DESIGNS = {
    "morris": "Morris's trajectories", "sobol": "Saltelli's design", "qmc": "a Sobol sequence", "lhs": "a Latin "
    "hypercube",
    "fast": "FAST", "rbd_fast": "RBD-FAST", "dgsm": "derivatives", "factorial": "a fractional factorial",
}  # fmt: skip
FEWEST_ROWS = 40  # for a tornado or a scatter


@dataclass
class Part:
    """A section of the page before it is laid out. said: sentences that may stand in the answer; pictures by name;
    widget: HTML that needs the page's script."""

    id: str
    name: str
    intro: list[str] = field(default_factory=list)
    pictures: dict[str, tuple[Picture, str]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    widget: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.intro or self.pictures or self.tables or self.after)


CAPTIONS = {
    "morris": "Elementary effects (Morris 1991; Campolongo 2007). A screening: it ranks, it does not share out "
    "variance.",
    "shares": "Shares of the variance of the outcome over the design. Estimates of small shares fall on both sides "
    "of 0.",
    "index": "How much each factor goes with the outcome over all rows of the design.",
    "convergence": "Indices from the first samples of the same design: what a smaller sweep would have found.",
    "tornado": "Each bar is a mean over all other factors, not a change of one factor with all others held.",
    "scatter": "All rows of the design. What the line does not explain is other factors, interactions and luck.",
}


def sensitivity(numbers: SweepNumbers, scenario: str) -> list[Part]:
    """What each outcome hangs on; nothing for a `psa`, which has no factors of its own."""
    if numbers.method == PSA or numbers.design is None:
        return []
    part = Part("matters", "What the outcomes hang on", intro=[_how(numbers)])
    rows: list[list[str]] = []
    for number, name in enumerate(numbers.outcomes):
        about = numbers.outcome(name, scenario)
        try:
            found = _indices(numbers, name, scenario)
        except UserError as fault:
            rows.append([capital(about.label), "–", str(fault)])
            continue
        rows.append([capital(about.label), _luck(found), _leading(found, about)])
        if number < PICTURED:
            pictures = _pictures(numbers, name, scenario, found)
            part.pictures |= pictures
            if number == 0 and pictures:
                part.said.append(next(iter(pictures.values()))[0].finding + ".")
            if number == 0 and found.note:
                part.intro.append(capital(found.note) + ".")
    heads = [Head("Outcome"), Head("Luck", True), Head(f"Leading factors, with their {_measure_words(numbers)}")]
    note = "Luck: share of the variance of single runs that is chance. In brackets: 95 % interval."
    part.tables.append(Table("What each outcome hangs on", heads, rows, note))
    part.tables += _by_year(numbers, scenario)
    return [part]


def _indices(numbers: SweepNumbers, outcome: str, scenario: str, year: int | None = None) -> Indices:
    from sim.sweeps import indices

    y = numbers.change(outcome, scenario, year)
    if numbers.worlds:
        from sim.sweeps import designs

        rows = designs.given(numbers.results.design.factors, numbers.positions)
        method = numbers.method if numbers.method != "lhs" else None
        whole = len(numbers.rows) == len(numbers.results.design)
        return indices.with_luck(numbers.results.design if whole else rows, y, method=method if whole else None)
    return indices.with_luck(numbers.design, y)


def _pictures(numbers: SweepNumbers, name: str, scenario: str, found: Indices) -> dict[str, tuple[Picture, str]]:
    from sim.sweeps import convergence, swing

    about, drawn = numbers.outcome(name, scenario), {}
    y = numbers.change(name, scenario)
    some = y[: numbers.sample].mean(axis=1)
    grouped = any(factor.group for factor in numbers.results.design.factors)
    if found.main == "mu_star" and not grouped:  # the effects of a group have no spread: their signs are lost
        drawn["morris"] = sweep_figures.morris(found.table, about)
    elif found.main in SHARES or "first" in set(found.table["measure"]):
        main = found.main if found.main in SHARES else "first"
        drawn["shares"] = sweep_figures.sobol_bars(found.table, about, main, found.luck)
    else:
        drawn["index"] = sweep_figures.index_bars(found.table, about, found.main)
    if not grouped and len(y) >= FEWEST_ROWS and found.main != "mu_star":
        factors = [factor.name for factor in numbers.results.design.factors]
        drawn["tornado"] = sweep_figures.tornado(swing.swings(numbers.positions, some, factors), about)
        order = [str(f) for f in found.ranking()["factor"]]
        values = {f: numbers.factor_values[f] for f in order if numbers.factor_values[f].dtype.kind == "f"}
        if values:
            drawn["scatter"] = sweep_scatter.scatter(values, some, about, numbers.units)
    if not numbers.worlds:
        path = sweep_figures.convergence(convergence.path(numbers.design, y), about, found.main)
        if path is not None:
            drawn["convergence"] = path
    return {f"{kind}_{name}": (picture, CAPTIONS[kind]) for kind, picture in drawn.items()}


def _by_year(numbers: SweepNumbers, scenario: str) -> list[Table]:
    """How the leading factors of the first outcome change over the years."""
    from sim.sweeps import indices

    name, years = numbers.outcomes[0], numbers.years()
    if len(years) < 2 or numbers.worlds or not len(numbers.rows):
        return []
    total = name in worth.MEASURES
    shown = [years[k] for k in np.unique(np.linspace(0, len(years) - 1, BY_YEAR).round().astype(int))]
    columns = []
    for year in shown:
        y = numbers.change(name, scenario, years.index(year) + 1 if total else year).mean(axis=1)
        if not np.isfinite(y).all():
            return []
        table = indices.analyse(numbers.design, y, resamples=2).ranking().set_index("factor")["value"]
        columns.append({str(factor): float(value) for factor, value in table.items()})
    top = sorted(columns[-1], key=lambda f: -abs(np.nan_to_num(columns[-1][f])))[: 2 * LEADING]
    about = numbers.outcome(name, scenario)
    main = _measure(numbers)
    step = step_of(max((abs(c[f]) for c in columns for f in top if np.isfinite(c[f])), default=0.0))
    rows = [[capital(about.factor(f)), *(_value(c[f], about, main, step) for c in columns)] for f in top]
    what = "up to each year" if total else "in each year"
    heads = [Head("Factor"), *(Head(clock.fin_year_label(year), True) for year in shown)]
    note = f"{capital(_measure_words(numbers))} for {about.label} {what}, of the factors that lead in the last."
    return [Table("How that changes over the years", heads, rows, note, True)]


def _leading(found: Indices, about: Outcome) -> str:
    rows = found.ranking().head(LEADING)
    step = step_of(float(np.nanmax(np.abs(rows["value"].to_numpy(np.float64)), initial=0.0)))
    if not np.isfinite(rows["value"].to_numpy(np.float64)).any() or step == 0:
        return "nothing: it is the same in every row"
    said = []
    for _, row in rows.iterrows():
        value, low, high = (_value(float(row[c]), about, found.main, step) for c in ("value", "low", "high"))
        said.append(f"{about.factor(str(row['factor']))} {value} ({low} to {high})")
    return "; ".join(said)


def _value(value: float, about: Outcome, main: str, step: float) -> str:
    if main in sweep_figures.SIZES:
        text = about.amount(value, step)
        return text.removeprefix("+") if main == "mu_star" else text
    return signed(value, decimals=2) if main == "rank_correlation" else plain(value, decimals=2)


def _luck(found: Indices) -> str:
    return share(found.luck) if np.isfinite(found.luck) else style.DASH


def _measure(numbers: SweepNumbers) -> str:
    from sim.sweeps.indices import MAIN

    return MAIN.get(numbers.method, "rank_correlation")


def _measure_words(numbers: SweepNumbers) -> str:
    return {
        "mu_star": "mean size of effect (μ*)", "total": "total share of variance", "first": "first-order share",
        "delta": "δ", "median": "median distance of distributions", "dgsm": "upper bound of the total share",
        "effect": "effect", "shapley": "Shapley share", "rank_correlation": "rank correlation",
    }.get(_measure(numbers), _measure(numbers))  # fmt: skip


def _how(numbers: SweepNumbers) -> str:
    design = numbers.results.design
    groups = len(design.groups)
    grouped = groups < len(design.factors)
    moved = f"{groups} {'group' if grouped else 'factor'}{'s' * (groups != 1)}"
    moved += f" of {len(design.factors)} numbers" * grouped
    seeds = f"{numbers.seeds} seed{'s' * (numbers.seeds != 1)}"
    return (
        f"{moved.capitalize()} were varied over {len(numbers.rows):,} rows "
        f"({DESIGNS.get(numbers.method, numbers.method)}), "
        "each with "
        f"the same {seeds} of chance. Every figure is of the change against "
        f"{numbers.label(numbers.scenarios[0])} under the same values and the same chance."
        if len(numbers.scenarios) > 1
        else f"{moved.capitalize()} were varied over {len(numbers.rows):,} rows, each with the same {seeds} of chance."
    )


def factors_table(numbers: SweepNumbers) -> list[Table]:
    """What was varied."""
    factors = getattr(numbers.results.design, "factors", ())
    rows = []
    for factor in factors:
        ends = [factor.at(u) for u in factor.ends]
        if factor.choices:
            reach = join([str(choice).replace("_", " ") for choice in factor.choices])
        else:
            reach = " to ".join(figures(float(end)) for end in ends)
        rows.append([capital(str(factor.label)), reach, str(factor.unit), str(factor.group), str(factor.source)])
    heads = [Head("Factor"), Head("Values"), Head("Unit"), Head("Moves with"), Head("Source")]
    return [Table(f"What was varied: {len(rows)} numbers and settings", heads, rows, folded=True)] if rows else []
