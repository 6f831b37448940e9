"""Pictures for deciding under uncertainty: the plane, acceptability, value of information, boxes, regret, the frontier.

Each is a function of plain data that gives a `Picture` with its finding and a description made from the numbers drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.outcomes.rounding import level, signed, step_of
from sim.report import style, words
from sim.report.sweep_figures import BAR, DOTS, SECOND, rows_of
from sim.report.sweep_words import Outcome, capital, limit, limits, money, money_axis, share

if TYPE_CHECKING:
    from sim.sweeps.acceptability import Curves, Plane
    from sim.sweeps.frontier import Front
    from sim.sweeps.prim import Box
    from sim.sweeps.psa import Split
    from sim.sweeps.regret import Regrets
    from sim.sweeps.value_of_information import Value

Array = NDArray[Any]
FIFTY = 0.5
FEW = 64  # dots that can be drawn large


def plane(
    points: Mapping[str, tuple[Array, Array]],
    found: Mapping[str, Plane],
    threshold: float,
    where: str,
    dot: str = "draw",
    looks: Mapping[str, style.Look] | None = None,
    holds: str = "evidence and chance together",
) -> style.Picture:
    """The cost-effectiveness plane: a dot a draw of the evidence without luck, or (`dot`) a run with what it `holds`.

    points      option → (cost of the levers less cash saved in £, QALYs) against the baseline, by draw
    found       the shares of its quarters
    threshold   £ a QALY of the dashed line: below and to the right of it an option is worth its cost
    """
    names = list(points)[: style.MAX_SERIES]
    worth = {name: float((threshold * effect > cost).mean()) for name, (cost, effect) in points.items()}
    best = max(names, key=lambda name: worth[name])
    finding = f"{best} is worth its cost at £{threshold:,.0f} a QALY in {share(worth[best])} of {dot}s" + (
        ", more than any other" if len(names) > 1 and sum(w == worth[best] for w in worth.values()) == 1 else ""
    )
    if not worth[best]:
        finding = f"{words.join(names)}: worth the cost at £{threshold:,.0f} a QALY in no {dot}"
    looks = looks or style.looks(names, None)
    what = "a draw of the evidence, without luck" if dot == "draw" else f"a {dot}: {holds}"
    with style.drawing():
        picture = style.Picture(height=4.8)
        note = (
            f"{where}. A dot is {what}. Below the dashed line: worth the cost. Moved money counts as spent, like new."
        )
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(left=0.11, right=0.97, top=top - (0.07 if len(names) > 1 else 0.02), bottom=0.13)
        for name in names:
            cost, effect = points[name]
            look = looks[name]
            dots: dict[str, Any] = {
                "markersize": 3.4 if len(cost) > FEW else 6,
                "alpha": 0.55,
                "markeredgewidth": 0,
                "label": name,
            }
            axes.plot(effect[:DOTS], cost[:DOTS], look.marker, color=look.colour, **dots)
        axes.axhline(0, color=style.INK, linewidth=0.9)
        axes.axvline(0, color=style.INK, linewidth=0.9)
        ends = np.array(axes.get_xlim())
        limits_y = axes.get_ylim()
        axes.plot(ends, threshold * ends, color=style.INK, linewidth=1.2, linestyle=style.BASELINE_DASH)
        axes.set_xlim(*ends)
        axes.set_ylim(*limits_y)
        axes.set_xlabel("QALYs gained, discounted")
        axes.set_ylabel("cost of the levers less cash saved, discounted")
        money_axis(axes.yaxis)
        axes.xaxis.set_major_formatter(lambda v, _: words.tick_format(v))
        if len(names) > 1:  # above the axes, where it cannot pass for a dot
            axes.legend(frameon=False, fontsize=8.5, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(names),
                        borderaxespad=0.1, labelcolor=style.INK)  # fmt: skip
        said = "; ".join(
            f"{name}: more health for less money in {share(found[name].dominates)}, more health for more money in "
            f"{share(found[name].trade)}, less health for less money in {share(found[name].saves)}, less health for "
            f"more money in {share(found[name].dominated)}; worth its cost in {share(worth[name])}"
            for name in names
        )
        picture.alt = f"Cost-effectiveness plane. {where}. Of {dot}s, {said}."
    return picture


def ceac(
    curves: Curves, options: Sequence[str], where: str, unit: str = "draw", missing: Sequence[str] = ()
) -> style.Picture:
    """Acceptability curves with the frontier (thick). options: names in the order of the curves, the baseline first;
    unit: what a chance is a share of; missing: names of options that were left out for want of room."""
    thresholds = curves.thresholds
    looks = style.looks(list(options), options[0])
    changes = [k for k in range(1, len(thresholds)) if curves.best[k] != curves.best[k - 1]]
    first = options[curves.best[0]]
    if changes:
        last = options[curves.best[changes[-1]]]
        finding = (
            f"{first} is best on average up to about £{thresholds[changes[0]]:,.0f} a QALY; {last} from "
            f"£{thresholds[changes[-1]]:,.0f} on"
        )
    else:
        finding = f"{first} is best on average at every threshold up to £{thresholds[-1]:,.0f} a QALY"
    if missing:
        finding = f"Without {words.join(missing)}: {finding}"
    with style.drawing():
        picture = style.Picture(height=4.4)
        note = (
            f"{where}. Chance that each option has the highest net benefit, by what a QALY is worth. Moved money "
            "counts as spent, like new. Thick grey: the option that is best on average."
        )
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(left=0.075, right=0.79, top=top - 0.02, bottom=0.13)
        axes.plot(thresholds, 100 * curves.frontier, color=style.UNCLEAR, linewidth=7, solid_capstyle="butt", zorder=1)
        ends = []
        for k, name in enumerate(options):
            look = looks[name]
            axes.plot(thresholds, 100 * curves.chance[:, k], color=look.colour, linestyle=look.dash,
                      linewidth=look.width)  # fmt: skip
            ends.append((style.wrap(name, 20), 100 * float(curves.chance[-1, k]), look))
        axes.set_xlim(thresholds[0], thresholds[-1])
        axes.set_ylim(0, 101)
        axes.set_xlabel("£ a QALY")
        axes.set_ylabel(f"per cent of {unit}s")
        axes.xaxis.set_major_formatter(lambda v, _: f"£{v:,.0f}")
        style.end_labels(axes, float(thresholds[-1]), ends)
        shown = sorted({0, len(thresholds) // 2, len(thresholds) - 1})
        said = "; ".join(
            f"at £{thresholds[k]:,.0f}: "
            + ", ".join(f"{name} {share(curves.chance[k, j])}" for j, name in enumerate(options))
            for k in shown
        )
        picture.alt = f"Acceptability curves. {where}. Chance of the highest net benefit, {said}."
    return picture


def evppi_bars(parts: Sequence[Value], everything: Value, where: str, labels: Mapping[str, str]) -> style.Picture:
    """What perfect knowledge of each part of the evidence would be worth, beside that of all of it."""
    telling = [one for one in parts if one.value > 0][:11]
    rows = [everything, *telling]
    whole = money(everything.value)
    if everything.value <= 0:
        finding = "Better evidence would not change the choice: perfect information is worth nothing here"
    elif telling:
        top = telling[0]
        finding = (
            f"Knowing {labels.get(top.what, top.what)} perfectly would be worth {money(top.value)} of the {whole} "
            "that knowing everything would"
        )
    else:
        finding = f"Knowing everything would be worth {whole}, but no single part of the evidence clearly decides"
    note = (
        f"{where}. Expected gain in net benefit if the truth were known before choosing. Thin lines: 90 % of resamples."
    )
    names = ["all evidence", *(labels.get(one.what, one.what) for one in rows[1:])]
    with style.drawing():
        picture, axes = rows_of(finding, note, names)
        for y, one in enumerate(rows):
            axes.barh(y, one.value, height=0.56, color=style.INK if y == 0 else BAR, zorder=2)
            axes.plot([one.low, one.high], [y, y], color=style.MUTED, linewidth=1.1, zorder=3)
        axes.set_xlim(0, 1.08 * max(max(one.high for one in rows), 1e-9))
        if everything.value <= 0:
            axes.set_xlim(0, 1)
        axes.xaxis.set_major_locator(words.ticks_across())
        money_axis(axes.xaxis)
        nothing = len(parts) - len(telling)
        silent = f"; {nothing} other parts of the evidence: £0" if nothing else ""
        said = "; ".join(
            f"{name} {money(one.value)} ({money(one.low)} to {money(one.high)})"
            for name, one in zip(names, rows, strict=True)
        )
        picture.alt = f"Bars. {where}. Worth of perfect information: {said}{silent}."
    return picture


def prim_box(
    box: Box,
    worlds: Mapping[str, Array],
    bad: Array,
    about: tuple[str, str],
    labels: Mapping[str, str],
    units: Mapping[str, str],
) -> style.Picture:
    """A box: for each factor that matters, the share of worlds in which it goes wrong along its range, and the limit.

    worlds: factor → its value in each world;  bad: bool[worlds];  about: who, and what goes wrong:
    ("Health creation", "does not pay back within ten years").
    """
    who, what = about
    names = list(box.limits)[:6]
    honest = box.tested if np.isfinite(box.tested) else box.density
    finding = (
        f"{who} {what} in {share(honest)} of worlds with {limits(box.limits, labels)}, against {share(box.base)} of all"
    )
    across = min(3, len(names))
    down = -(-len(names) // across)
    with style.drawing():
        picture = style.Picture(height=1.75 + 2.25 * down)
        tested = f"{share(box.density)} where it was found"
        tested += ", and the share above where it was not" if np.isfinite(box.tested) else "; not tested"
        note = (
            f"Shaded: inside the box ({box.worlds:,} of {len(bad):,} worlds, {share(box.coverage)} of those in which "
            f"it {what}; {tested}). Line: share of worlds in which it {what}."
        )
        top = style.headline(picture, finding, note)
        height = picture.get_figheight()
        axes = picture.subplots(down, across, squeeze=False, sharey=True)
        picture.subplots_adjust(left=0.075, right=0.985, top=top - 0.5 / height, bottom=0.4 / height, hspace=0.9)
        for axis, name in zip(axes.flat, names, strict=False):
            _along(axis, np.asarray(worlds[name]), bad, box, name)
            axis.axhline(100 * float(np.mean(bad)), color=style.INK, linewidth=1.0, linestyle=style.BASELINE_DASH)
            axis.set_ylim(0, 101)
            style.panel_title(axis, style.wrap(labels.get(name, name), 36), units.get(name, ""))
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        axes[0, 0].set_ylabel("per cent of worlds")
        each = "; ".join(limit(labels.get(name, name), one) for name, one in box.limits.items())
        picture.alt = (
            f"A panel a factor. The box is {each}. Inside, it {what} in {share(box.density)} of {box.worlds:,} worlds; "
            f"in all {len(bad):,}, in {share(float(np.mean(bad)))}; the box holds {share(box.coverage)} of those; "
            f"{tested}."
        )
    return picture


def regret_table(found: Regrets, outcome: Outcome, labels: Mapping[str, str]) -> style.Picture:
    """Regret of each scenario: mean (dot), 90 % of worlds (bar), worst (line), with the figures beside it."""
    rows = found.table
    names = [labels.get(name, name) for name in rows["scenario"]]
    mean, high, most = (rows[column].to_numpy(np.float64) for column in ("mean_regret", "high_regret", "max_regret"))
    chosen = labels.get(found.minimax, found.minimax)
    k = list(rows["scenario"]).index(found.minimax)
    if found.same:
        finding = f"All scenarios give the same {outcome.label} in every world: there is nothing to regret"
    else:
        sure = "" if found.clear else f", though only {share(found.sure)} of resampled sets of worlds agree"
        worst = _plain(most[k], outcome)
        finding = f"{chosen} has the least worst-case regret in {outcome.label}: at most {worst}{sure}"
    note = (
        f"{outcome.where}. Regret: how much better the best scenario does in the same world. Dot: mean of worlds; "
        "thick: 90 % of worlds; thin: the worst world."
    )
    with style.drawing():
        picture, axes = rows_of(finding, note, names)
        reach = float(most.max(initial=0.0)) or 1.0
        best = rows["best"].to_numpy(np.float64)
        for y in range(len(rows)):
            bold = y == k and not found.same
            axes.plot([0, most[y]], [y, y], color=style.MUTED, linewidth=1.0, zorder=2)
            axes.plot([0, high[y]], [y, y], color=BAR if bold else SECOND, linewidth=6, solid_capstyle="butt", zorder=3)
            axes.plot([mean[y]], [y], "o", color=style.INK, markersize=5, zorder=4)
            text = f"{_plain(mean[y], outcome)} mean, {_plain(most[y], outcome)} worst; best in {share(best[y])}"
            axes.text(1.04 * reach, y, text, va="center", fontsize=8.3, fontweight="bold" if bold else "normal")
        axes.set_xlim(0, 1.9 * reach)
        ticks = [t for t in words.few_ticks().tick_values(0, reach) if 0 <= t <= reach]
        axes.set_xticks(ticks, [_plain(t, outcome) for t in ticks])
        said = "; ".join(
            f"{name}: mean {_plain(mean[y], outcome)}, 90 % of worlds below {_plain(high[y], outcome)}, worst "
            f"{_plain(most[y], outcome)}, best in {share(best[y])}"
            for y, name in enumerate(names)
        )
        picture.alt = f"Regret in {outcome.label} ({outcome.unit}). {outcome.where}. {said}."
    return picture


def front(found: Front, cost: Array, outcome_values: Array, outcome: Outcome) -> style.Picture:
    """The frontier: every row of the sweep, and those that none beats, on the seeds that did not choose them.

    cost, outcome_values: means over seeds by row.
    """
    order = np.argsort(found.cost, kind="stable")
    x, promised, valued = found.cost[order], found.promised[order], found.valued[order]
    step = step_of(float(np.abs(valued).max(initial=0.0)))
    gap = outcome.amount(abs(found.flattery)).removeprefix("+")
    flattered = found.flattery > 0 and len(order) > 1
    kind = "flattered" if flattered else "did not flatter"
    finding = (
        f"{len(order)} of {len(cost)} mixes {'is' if len(order) == 1 else 'are'} on the frontier of cost and "
        f"{outcome.label}; choosing {kind} them"
        f"{f' by {gap}{outcome.unit_words} on average' if flattered else ''}"
    )
    with style.drawing():
        picture = style.Picture(height=4.6)
        note = (
            f"{outcome.where}. Grey: all mixes. Circles: what the frontier promised on the seeds that chose it; "
            "filled: what the same mixes gave on other seeds."
        )
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(left=0.11, right=0.97, top=top - 0.02, bottom=0.13)
        axes.plot(cost[:DOTS], outcome_values[:DOTS], "o", color=SECOND, markersize=3.2, markeredgewidth=0, alpha=0.8)
        axes.vlines(x, promised, valued, color=style.GHOST, linewidth=0.9)
        axes.plot(x, promised, "o", markerfacecolor=style.PAPER, markeredgecolor=BAR, markersize=6)
        axes.plot(x, valued, "-o", color=BAR, markersize=5.5, linewidth=1.4)
        axes.set_xlabel("cost, discounted")
        axes.set_ylabel(f"{outcome.label}, {outcome.unit}")
        money_axis(axes.xaxis)
        axes.yaxis.set_major_formatter(lambda v, _: words.tick_format(v))
        said = "; ".join(
            f"{money(c)}: {outcome.amount(float(v), step)}, promised {outcome.amount(float(p), step)}"
            for c, p, v in zip(x, promised, valued, strict=True)
        )
        picture.alt = f"Frontier. {outcome.where}. Change of {outcome.label} ({outcome.unit}) by cost: {said}."
    return picture


def spread(
    splits: Mapping[str, Split], outcomes: Mapping[str, Outcome], cause: str = "uncertain evidence"
) -> style.Picture:
    """How much of the spread of each outcome is luck, and how much has another cause. Keys: names of outcomes."""
    names = sorted(splits, key=lambda name: -splits[name].luck_share)
    shares = [splits[name].luck_share for name in names]
    lucky = sum(value > FIFTY for value in shares)
    finding = (
        f"Luck makes up more than half of the spread of single runs in {lucky} of {len(names)} outcomes"
        if lucky
        else f"{capital(cause)} makes up at least half of the spread of single runs in all {len(names)} outcomes"
    )
    note = f"Share of the variance between single runs. Dark: {cause}; pale: luck."
    if all(splits[name].evidence + splits[name].luck == 0 for name in names):
        finding = "No outcome differs between runs"
    with style.drawing():
        picture, axes = rows_of(finding, note, [capital(outcomes[name].label) for name in names])
        for y, value in enumerate(shares):
            vary = splits[names[y]].evidence + splits[names[y]].luck > 0
            axes.barh(y, 100 * (1 - value) * vary, height=0.56, color=BAR, zorder=2)
            axes.barh(y, 100 * value * vary, left=100 * (1 - value), height=0.56, color=SECOND, zorder=2)
        axes.set_xlim(0, 100)
        axes.set_xlabel("per cent of the variance")
        said = "; ".join(
            f"{outcomes[name].label} luck {share(value)}" for name, value in zip(names, shares, strict=True)
        )
        picture.alt = f"Bars. Share of the variance of single runs: {said}; the rest is {cause}."
    return picture


def _along(axis: Axes, values: Array, bad: Array, box: Box, name: str) -> None:
    """The share of bad worlds along a factor, with its limit shaded."""
    one = box.limits[name]
    if values.dtype.kind not in "fiu":
        kinds = sorted(set(values.tolist()), key=str)
        for k, kind in enumerate(kinds):
            inside = one.choices is not None and kind in one.choices
            axis.bar(k, 100 * bad[values == kind].mean(), width=0.6, color=BAR if inside else SECOND)
        axis.set_xticks(range(len(kinds)), [style.wrap(str(kind).replace("_", " "), 12) for kind in kinds])
        return
    groups = np.array_split(np.argsort(values, kind="stable"), min(10, len(values)))
    low, high = float(values.min()), float(values.max())
    axis.axvspan(low if one.low is None else one.low, high if one.high is None else one.high, color=BAR, alpha=0.13,
                 linewidth=0)  # fmt: skip
    axis.plot(
        [values[g].mean() for g in groups], [100 * bad[g].mean() for g in groups], "-o", color=BAR, markersize=3.5
    )
    axis.set_xlim(low, high)
    axis.xaxis.set_major_locator(words.few_ticks())
    axis.xaxis.set_major_formatter(lambda v, _: words.tick_format(v))


def _plain(value: float, outcome: Outcome) -> str:
    if outcome.unit.startswith("£"):
        return money(value)
    return signed(value, step_of(abs(value))).removeprefix("+") if value < 100 else level(value)
