"""A finished run: the answer on top, tiles, pictures, the map, another run beside it, and every file to take away."""

from __future__ import annotations

import shlex
from pathlib import Path

import streamlit as st

from sim import clock
from sim.dashboard import parts, saved, told
from sim.errors import UserError
from sim.outcomes import bounds
from sim.outcomes.sentences import HEADLINES
from sim.report import sections
from sim.report.figures import ALONE
from sim.report.numbers import Numbers
from sim.report.sources import ATTRIBUTION
from sim.report.words import VERDICTS

VIEWS = {
    "differences": "What changes, year by year",
    "balance": "Measures side by side in the last year",
    "trends": "Levels, year by year",
    "payback": "When it pays back",
    "gradient": "Who gains, by deprivation",
    "map": "Map of neighbourhoods",
    "money": "Where the money moves",
    "bath_and_tap": "The bath and the tap",
    "dose": "With more and with less money",
    "waits": "The waiting list, by how long people have waited",
    "fan": "The range of the runs, for one measure",
    "spc": "Ordinary variation or a signal: control chart",
    "handoffs": "From team to team: hand-offs",
    "waterfall": "What each fifth by deprivation adds",
    "concentration": "Who bears the burden: concentration curves",
    "assets": "What communities have to build on",
    "plane": "Cost against health gained",
    "ceac": "How likely it is worth the money, by what health is worth",
    "intervals": "How sure: chance and evidence",
    "tornado": "Which prices the value for money hangs on",
    "weak": "What is left without judged benefits",
}
"""What can be shown, in the order in which it is offered: every picture of the report."""
MEASURE = "measure"
NONE = "none"
FILES = {
    "report.html": ("Report (one page for the browser)", "text/html"),
    "board-paper.docx": (
        "Board paper (Word)",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "results.xlsx": ("Numbers (Excel)", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "summary.csv": ("Numbers (CSV)", "text/csv"),
    "stories.md": ("Lives in words", "text/markdown"),
    "config.yaml": ("Configuration: repeats the run (YAML)", "application/yaml"),
}


def choose(where: str) -> str | None:
    """Let one of the finished comparisons be chosen."""
    none = "No finished run yet. Compose one under “Try an idea”, or type headwater compare."
    return parts.pick_finished(where, "Finished run", saved.listed(parts.root()), "show", none)


def draw() -> None:
    """The page."""
    name = choose("Results")
    if name is None:
        return
    try:
        folder = saved.folder_of(parts.root(), name)
        numbers = saved.numbers(folder)
        _show(name, folder, numbers)
    except UserError as fault:
        parts.note(str(fault))


def _show(name: str, folder: Path, numbers: Numbers) -> None:
    results = numbers.results
    parts.answer(results.headline)
    for line in told.warnings(numbers):
        parts.note(line)
    base, last = numbers.label(numbers.base), clock.fin_year_label(numbers.years[-1])
    if numbers.compared:
        st.header("At a glance")
        parts.muted(f"Change against {base} in {last}; below it, where 90\u00a0% of runs lie. ▲ better, ▼ worse, ◆ no "
                    "clear change.")  # fmt: skip
        parts.tiles(sections.tiles(numbers))
    st.header("Pictures")
    _pictures(folder, numbers)
    st.header("Beside another run")
    _beside(name, numbers)
    st.header("Take it away")
    _files(folder)
    parts.muted(ATTRIBUTION)


def _pictures(folder: Path, numbers: Numbers) -> None:
    beside = {"dose": numbers.results.explored, "weak": numbers.results.unjudged}  # runs that not every comparison has
    views = {key: label for key, label in VIEWS.items() if numbers.compared or key in ALONE}
    views = {key: label for key, label in views.items() if beside.get(key, numbers) is not None}
    views[MEASURE] = "One measure of your choice"
    view = parts.pick("What to show", views, "view")
    measure = ""
    if view == MEASURE:
        names = {m: numbers.info(m).label for m in numbers.results.shown if numbers.results.measures[m].good}
        measure = parts.pick("Measure", dict(sorted(names.items(), key=lambda item: item[1])), "measure")
    elif view == "map":
        measures = [m for m in numbers.results.measures.by_area if m not in ("residents", "adults")]
        names = {"": "The one that changes in most places", **{m: numbers.info(m).label for m in measures}}
        measure = parts.pick("Measure on the map", names, "map-measure")
    try:
        if view == MEASURE:
            parts.picture(saved.picture(folder, measure), f"{folder.name}-{measure}")
        elif view == "map" and measure:
            parts.picture(saved.picture(folder, "map", measure=measure), f"{folder.name}-map-{measure}")
        else:
            parts.picture(saved.picture(folder, view), f"{folder.name}-{view}")
        if told.caption(view) and not measure:  # it tells which measure is shown where none was chosen
            parts.muted(told.caption(view))
    except UserError as fault:
        name, label = (measure, numbers.info(measure).label) if measure else (view, views[view])
        parts.note(str(fault).replace(f"'{name}'", f"“{label}”"))
    except Exception as fault:  # what is below it is of use without a picture
        parts.broken(fault)


def _beside(name: str, numbers: Numbers) -> None:
    """The headline of this run and of another one, each against its own baseline."""
    found = saved.listed(parts.root())
    others = {NONE: "Choose a run", **{key: one.label for key, one in found.items() if key != name}}
    if len(others) == 1:
        parts.muted("Another finished run can be set beside this one; there is none yet.")
        return
    other = parts.pick("Other run", others, "other")
    if other == NONE:
        return
    there = saved.numbers(saved.folder_of(parts.root(), other))
    for line in differences(found[name], found[other], numbers, there):
        parts.note(line)
    columns = [(one, scenario) for one in (numbers, there) for scenario in one.compared]
    if not columns:
        parts.muted("Neither run compares anything.")
        return
    heads = ["Measure", "Unit"]
    for k, (one, scenario) in enumerate(columns):
        which = "this run" if k < len(numbers.compared) else "the other run"
        heads.append(f"{one.label(scenario)} ({which}, {clock.fin_year_label(one.results.horizon)})")
    rows = []
    for measure in (m for names in HEADLINES.values() for m in names):
        if measure not in numbers.results.shown or measure not in there.results.shown:
            continue
        cells = [_cell(one, measure, scenario) for one, scenario in columns]
        rows.append([numbers.info(measure).label, numbers.change_unit(measure), *cells])
    parts.table("Changes against each run's own baseline, and where 90\u00a0% of runs lie", heads, rows)


def _cell(numbers: Numbers, measure: str, scenario: str) -> str:
    found = numbers.results.change(measure, scenario)
    if found.verdict == "same":
        return "no change"
    return f"{bounds.figure(found.difference)}, {VERDICTS.get(found.verdict, found.verdict)}"


def differences(one: saved.Saved, other: saved.Saved, mine: Numbers, theirs: Numbers) -> list[str]:
    """What keeps two runs from being compared like for like, in sentences."""
    said = []
    for key, words in (("place", "are of different places"), ("years", "run for a different number of years"),
                       ("scale", "simulate different shares of the residents")):  # fmt: skip
        if one.settings.get(key) != other.settings.get(key):
            said.append(words)
    if mine.results.pairs != theirs.results.pairs:
        said.append("use different draws of the evidence or seeds of chance")
    if any(one.hashes.get(key) != other.hashes.get(key) for key in ("program", "evidence", "code")):
        said.append("were made with different versions of the program or its evidence")
    return [f"These two runs {' and '.join(said)}: read the two side by side, not as one comparison."] if said else []


def _files(folder: Path) -> None:
    """Every file for people, and all of it but what only the program reads at once."""
    there = [(name, *about) for name, about in FILES.items() if (folder / name).is_file()]
    columns = st.columns(3)
    for k, (name, label, kind) in enumerate(there):
        with columns[k % 3]:
            st.download_button(label, (folder / name).read_bytes(), f"{folder.name}-{name}", kind, on_click="ignore",
                               key=f"file-{name}", width="stretch")  # fmt: skip
    with columns[len(there) % 3]:
        st.download_button("All but raw records (zip)", lambda: saved.archive(folder), f"{folder.name}.zip",
                           "application/zip", on_click="ignore", key="file-zip", width="stretch")  # fmt: skip
    where = shown(folder)
    parts.muted(
        f"The folder, with the raw records, is {where}. The same again on the command line: headwater rerun "
        f"{shlex.quote(where)}"
    )


def shown(folder: Path) -> str:
    """A folder as it is typed where the dashboard was started: a relative path where it lies below."""
    whole, here = folder.resolve(), Path.cwd()
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)
