"""A finished (or unfinished) sweep as one self-contained page, in the style of the main report: `sweep.html`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path

import yaml

from sim import disk
from sim.report import page, svg, sweep_explorer
from sim.report.cautions import share_words
from sim.report.decision_sections import asked_scenario, best_mix, luck, payback, robust, stand_in, worth_it
from sim.report.page import Page, Section, Shown
from sim.report.parts import Head, Table
from sim.report.sweep_numbers import SweepLike, SweepNumbers
from sim.report.sweep_sections import Part, factors_table, sensitivity
from sim.report.words import span

FEWEST_SEEDS = 4
MOST_SAID = 4
NAME = "sweep.html"


def write(results: SweepLike, folder: str | Path) -> list[Path]:
    """Write sweep.html, figures/*.svg and figures/*.png; returns the files written.

    Raises `EnvironmentFault` when the disk refuses.
    """
    folder = Path(folder)
    numbers = SweepNumbers(results)
    made = parts(numbers)
    files = [folder / NAME]
    with disk.refusals(folder):
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        files[0].write_text(html(numbers, made), encoding="utf-8")
        for part in made:
            for name, (picture, _) in part.pictures.items():
                vector, raster = folder / "figures" / f"{name}.svg", folder / "figures" / f"{name}.png"
                vector.write_text(svg.standalone(page.inlined(picture, name)), encoding="utf-8")
                raster.write_bytes(picture.png())
                files += [vector, raster]
    return files


def answer(results: SweepLike) -> str:
    """What the sweep found, in a few sentences."""
    numbers = SweepNumbers(results)
    return _answer(numbers, parts(numbers))


def said(folder: Path) -> str:
    """The answer of a page that was written; nothing where there is none."""
    try:
        found = re.search('<p class="answer">(.*?)</p>', (folder / NAME).read_text(encoding="utf-8"), re.DOTALL)
    except OSError:
        return ""
    return unescape(found[1]).replace("\u2060", "") if found else ""


def parts(numbers: SweepNumbers) -> list[Part]:
    """Every part that these results can fill, in the page's order."""
    if not len(numbers.rows):
        return []
    scenario = asked_scenario(numbers)
    decisions = [*payback(numbers), *best_mix(numbers), *luck(numbers), *worth_it(numbers), *robust(numbers)]
    found = [*sensitivity(numbers, scenario), *stand_in(numbers)]
    asked = numbers.experiment.question
    ordered = [*decisions, *found] if asked or numbers.worlds else [*found, *decisions]
    return [part for part in ordered if not part.empty]


def html(numbers: SweepNumbers, made: list[Part] | None = None) -> str:
    """The whole page as text."""
    made = parts(numbers) if made is None else made
    sections = [
        Section(
            part.id,
            part.name,
            part.intro,
            [
                Shown(page.inlined(picture, name), words, picture.alt)
                for name, (picture, words) in part.pictures.items()
            ],
            [_unbroken(table) for table in part.tables],
            part.after,
            part.widget,
        )
        for part in made
    ]
    sections.append(_about(numbers))
    plan = numbers.experiment.plan
    return page.render(
        Page(
            title=numbers.experiment.about.rstrip("."),
            kicker=f"Headwater sweep {numbers.experiment.name}: {len(numbers.rows):,} rows × {numbers.seeds} "
            f"seed{'s' * (numbers.seeds != 1)} × {len(numbers.scenarios)} scenarios; {_place(plan.settings)}; "
            f"{span(numbers.years())}",
            answer=_whole(_answer(numbers, made)),
            warnings=_warnings(numbers),
            tiles=[],
            tiles_note="",
            sections=sections,
            footer="Made by headwater, an agent-based model. What a sweep finds is true of the model under the ranges "
            "that were put into it; it is no forecast.",
            script=sweep_explorer.script() if any(part.widget for part in made) else "",
        )
    )


def _answer(numbers: SweepNumbers, made: list[Part]) -> str:
    if not len(numbers.rows):
        return "No row of this sweep is complete yet: there is nothing to say."
    said = list(dict.fromkeys(sentence for part in made for sentence in part.said))
    return (
        " ".join(said[:MOST_SAID]) or f"{len(numbers.rows):,} rows are done; they answer no question of this page yet."
    )


def _warnings(numbers: SweepNumbers) -> list[str]:
    said = []
    asked = numbers.asked
    if numbers.failed:
        said.append(
            f"{numbers.failed:,} of {asked:,} rows are not done or failed; the figures are of the "
            f"{len(numbers.rows):,} that "
            "can be used (headwater sweep status says which)."
        )
    if numbers.worlds and len(numbers.rows) + numbers.failed < asked:
        said.append(f"The figures are of the first {len(numbers.rows):,} of {asked:,} rows, which are enough for them.")
    if numbers.seeds < FEWEST_SEEDS:
        said.append(f"Fewer than {FEWEST_SEEDS} seeds were run: luck is poorly told from what the factors do.")
    settings = numbers.experiment.plan.settings
    if settings.scale < 1:
        said.append(
            f"A first look: {share_words(settings.scale)} were simulated and counts weighted up to all. There "
            "is more "
            "luck in this than in a run of everyone (scale=1)."
        )
    if note := getattr(numbers.results.design, "note", ""):
        said.append(f"The design: {note}.")
    return said


def _about(numbers: SweepNumbers) -> Section:
    experiment = numbers.experiment
    seeds = experiment.seed_list()
    given = yaml.safe_dump(experiment.tree(), sort_keys=False, allow_unicode=True, width=100)
    rows = [[key, " ".join(value.split())] for key, value in _entries(given)]
    settings = experiment.plan.settings
    rows += [["place", _place(settings)], ["scale", f"{settings.scale:g}"], ["years", str(settings.years)],
             ["seeds used", f"{seeds[0]} to {seeds[-1]}"]]  # fmt: skip
    table = Table("The experiment", [Head("Key"), Head("Value")], rows)
    words = (
        "Rows with the same seeds share chance, so that they differ by their values alone. Every run, its values and "
        "its "
        "key are in runs.parquet; config.yaml repeats the sweep."
    )
    return Section("provenance", "Where this comes from", [words], [], [table, *factors_table(numbers)])


def _entries(text: str) -> list[tuple[str, str]]:
    """Keys of a YAML mapping with their values as text."""

    def said(value: object) -> str:
        return str(yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000)).replace("...", "")

    return [(str(key), said(value)) for key, value in yaml.safe_load(text).items()]


def _unbroken(table: Table) -> Table:
    """A table whose amounts are not broken after their sign."""
    return replace(table, rows=[[_whole(cell) for cell in row] for row in table.rows])


def _whole(text: str) -> str:
    return re.sub("([+−])(?=[£\\d])", "\\1\u2060", text)


def _place(settings: object) -> str:
    place = getattr(settings, "place", "")
    if isinstance(place, Mapping):
        place = place.get("label") or place.get("name")
    return str(place).replace("_", " ")
