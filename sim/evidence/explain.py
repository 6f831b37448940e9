"""What is known of one number of the model, in words: ``headwater explain NAME``."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sim import own
from sim.errors import UserError
from sim.evidence.joint import Joint
from sim.evidence.registry import Parameter, Registry, load, unknown
from sim.evidence.stratified import FOLDER, Table, read
from sim.evidence.usage import users, users_of_own
from sim.paths import PACKAGE, config_file

if TYPE_CHECKING:
    import pandas as pd

    from sim.evidence.screening import Screening

GRADES = {
    "read": "read in the source",
    "recalled": "recalled from the literature, to be verified",
    "judgement": "a judgement",
}
ROWS_SHOWN, WIDTH = 12, 100


def explain(name: str = "", weakest: bool = False, registry: Registry | None = None) -> str:
    """The text for one parameter, one table (`relative_risk`) or some of its rows (`relative_risk:smoking:chd`); or,
    with `weakest`, all numbers that rest on judgement, those that matter most first.

    Raises `UserError` with the nearest names when the registry has no such name.
    """
    registry = registry or load()
    if weakest:
        return _weakest(registry)
    if name in registry:
        return _parameter(registry[name], registry.joint)
    table, *strata = name.split(":")
    if table in registry.tables:
        return _table(registry.tables[table], strata)
    if not name:
        raise UserError("Say what to explain, for example: headwater explain mortality.hr_cap.")
    brought = _brought()
    if name in brought:
        return _parameter(brought[name], None)
    names = [*registry, *registry.tables, *brought]
    inside = [each for each in names if name in each]
    if inside and not get_close_matches(name, inside, n=1, cutoff=0.8):
        shown = ", ".join(islice(inside, 6))
        raise UserError(f"The evidence has no '{name}'; names that contain it: {shown}.")
    raise unknown(name, names)


def _brought() -> dict[str, Parameter]:
    """Numbers that the user's own levers bring along, which are not in the registry."""
    from sim.policy import levers

    found = {}
    for lever in dict.fromkeys(file.stem for file in own.files("levers", "*.yaml")):
        if file := config_file("levers", lever, own.folders()):
            found.update({name: replace(each, file=file) for name, each in levers.load(lever).own.items()})
    return found


def _shown(file: Path) -> str:
    """A file as it would be looked for: from the top of the program, or from where one is."""
    for top in (PACKAGE.parent, Path.cwd()):
        if file.is_relative_to(top):
            return file.relative_to(top).as_posix()
    return str(file)


def _lines(pairs: list[tuple[str, str]]) -> str:
    width = max(len(label) for label, _ in pairs)
    return "\n".join(f"  {label:<{width}}  {text}" for label, text in pairs if text)


def _users(name: str) -> str:
    return ", ".join([*users(name), *map(_shown, users_of_own(name))]) or "nothing yet"


def _parameter(it: Parameter, joint: Joint | None) -> str:
    between = ""
    if it.low is not None and it.high is not None:
        what = "range" if it.distribution in ("uniform", "triangular") else "95 % interval"
        between = f"{it.low:g} to {it.high:g} ({what})"
    off = "" if it.null is None else f"{it.null:g} (its value when judged benefits are switched off)"
    mean = it.fitted.mean
    together = ""
    if joint is not None and it.name in joint.names:
        others = len(joint.names) - 1
        together = f"in evidence draws: together with {others} others, one of {len(joint.rows)} draws of calibration"
    return f"{it.name} = {it.value:g} {it.unit}\n" + _lines([
        ("interval", between),
        ("distribution", it.distribution + (f", mean {mean:.4g}" if it.distribution != "fixed" else "")),
        ("drawn", together),
        ("no effect", off),
        ("direction", it.direction),
        ("source", it.source),
        ("grade", GRADES.get(it.grade, it.grade)),
        ("transfer", it.transfer),
        ("note", it.note),
        ("used by", _users(it.name)),
        ("stands in", _shown(it.file)),
    ])  # fmt: skip


def _table(it: Table, strata: list[str]) -> str:
    rows, about = it.rows, it.about
    for stratum in strata:
        rows = rows[(rows[it.keys].astype(str) == stratum).any(axis=1)]
    if rows.empty:
        raise UserError(f"The table {it.name} has no row for {' and '.join(strata)}; columns: {', '.join(it.keys)}.")
    uncertain = ""
    if it.row_wise:
        uncertain = f"each row on its own, {about.get('distribution', 'lognormal')}"
    elif "low" in about:
        each = f" for each {about['drawn_by']}" if "drawn_by" in about else " for the whole table"
        uncertain = f"one factor{each}, {about['low']} to {about['high']}, {about.get('distribution', 'lognormal')}"
    example = ":".join([it.name, *rows[it.keys].iloc[0].astype(str)])
    more = f"\n  … {len(rows) - ROWS_SHOWN} more rows; one of them: headwater explain {example}"
    body = _columns(rows.head(ROWS_SHOWN).astype(object).where(rows.notna(), "").astype(str))
    return f"{it.name}: {about.get('title', '')} ({len(rows)} rows)\n" + _lines([
        ("unit", about.get("unit", "")),
        ("uncertainty", uncertain or "none"),
        ("source", about.get("source", "")),
        ("grade", GRADES.get(about.get("grade", ""), about.get("grade", ""))),
        ("note", about.get("note", "")),
        ("used by", _users(it.name)),
        ("stands in", _files_of(it, rows)),
    ]) + f"\n  {body}{more if len(rows) > ROWS_SHOWN else ''}"  # fmt: skip


def _files_of(it: Table, rows: pd.DataFrame) -> str:
    """Where some rows of a table stand: in the shipped file, in the user's own, or some in each."""

    def strata(some: pd.DataFrame) -> set[tuple[str, ...]]:
        return set(some[it.keys].astype(str).itertuples(index=False, name=None))

    left, found = strata(rows), []
    for file in own.files("evidence/tables", f"{it.name}.csv"):
        there = strata(read(file).rows) & left
        found += [file] if there else []
        left -= there
    return ", ".join(_shown(file) for file in ([FOLDER / f"{it.name}.csv"] if left else []) + found)


def _columns(rows: pd.DataFrame) -> str:
    """Text columns, left-aligned, wide ones (source) last."""
    order = [column for column in rows if column not in ("source", "note")]
    order += [column for column in ("source", "note") if column in rows]
    cells = [order, *rows[order].to_numpy().tolist()]
    widths = [max(len(row[at]) for row in cells) for at in range(len(order))]
    return "\n  ".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                       for row in cells)  # fmt: skip


def _weakest(registry: Registry) -> str:
    """What rests on judgement, by how much the numbers of a subject moved the outcomes of a small screening."""
    from sim.evidence import screening
    from sim.sweeps.factors import subject

    every = [*registry.values(), *_brought().values()]
    judged = sorted((each for each in every if each.grade == "judgement"), key=_spread, reverse=True)
    stratified = [table for table in registry.tables.values() if table.about.get("grade") == "judgement"]
    found = screening.read()
    by_subject: dict[str, list[str]] = {}
    for each in judged:
        by_subject.setdefault(subject(each.name), []).append(_one(each))
    for table in stratified:
        by_subject.setdefault(table.name, []).append(f"table {table.name}: {table.about.get('title', '')}")
    lines = [
        f"{len(judged)} of {len(every)} parameters and {len(stratified)} of {len(registry.tables)} tables rest on"
        " judgement.",
        *_said_of(found),
        "To have them ranked by what they do to yours: headwater sweep experiment=screen factors.evidence=all",
    ]
    score = found.score if found is not None else {}
    for name in sorted(by_subject, key=lambda one: -score.get(one, -1.0)):  # sorting keeps the order of equals
        if score:
            lines.append(f"{name} ({score[name]:.2f})" if name in score else f"{name} (not in the screening)")
        lines += [f"  {line}" for line in by_subject[name]]
    return "\n".join(lines)


def _one(it: Parameter) -> str:
    between = f"({it.low:g} to {it.high:g})" if it.low is not None and it.high is not None else ""
    return f"{it.name} = {it.value:g} {it.unit} {between}".rstrip()


def _said_of(found: Screening | None) -> list[str]:
    """Where the order comes from."""
    if found is None:
        return ["Widest interval for its size first: nobody has screened which matter."]
    from textwrap import fill

    most = [f"{outcome.replace('_', ' ')} {name}" for outcome, name in found.largest]
    return [
        fill(text, WIDTH)
        for text in (
            "Subjects that move the outcomes most come first; in brackets the mean, over the outcomes named below, of a"
            " subject's effect as a share of the largest. Within a subject the widest interval for its size is first.",
            f"From: {found.about.get('from', 'a screening')} ({found.about.get('made', '')}). Moved: "
            f"{found.about.get('moved', '')}. Left out: {found.about.get('left out', 'nothing')}."
            " So few runs order subjects roughly and prove nothing.",
            "Moved most, by outcome: " + "; ".join(most) + ".",
        )
    ]


def _spread(it: Parameter) -> float:
    if it.low is None or it.high is None:
        return 0.0
    return (it.high - it.low) / max(abs(it.value), 1e-9)
