"""Hit or miss, what the command prints of it, and the synthetic England it is tested on."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sim.validation import figures, grammar, measures, render, verdicts
from sim.validation.simulate import Answer
from sim.validation.verdicts import HIT, MISS, NOBODY

pytestmark = pytest.mark.unit

ROW = {
    "name": "smoking", "measure": "smoking", "value": "0.12", "unit": "share", "tolerance": "10%", "source": "APS",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> measures.Catalogue:
    return measures.catalogue()


def target(row: int, catalogue: measures.Catalogue, **cells: str) -> grammar.Target:
    found, wrong = grammar.target_of(row, {**ROW, **cells}, catalogue, ["england"])
    assert found is not None, wrong
    return found


def judged(catalogue: measures.Catalogue) -> tuple[list[grammar.Target], list[verdicts.Verdict]]:
    targets = [
        target(2, catalogue),
        target(3, catalogue, name="built", by_construction="yes", trend="-0.005", role="fit"),
        target(4, catalogue, name="register", measure="copd", estimand="registered", who="area=Winchester"),
        target(5, catalogue, name="nobody"),
        target(6, catalogue, name="absent", measure="none", note="why"),
    ]
    nan = float("nan")
    answers = [
        Answer({2: 0.10, 3: 0.12, 4: 0.14, 5: nan}, {3: 0.09}),
        Answer({2: 0.12, 3: 0.13, 4: 0.16, 5: nan}, {3: 0.11}),
    ]
    return targets, verdicts.judge(targets, answers)


def test_the_mean_of_the_runs_is_held_against_the_tolerance(catalogue: measures.Catalogue) -> None:
    _, (plain, built, register, nobody) = judged(catalogue)
    assert (plain.mean, plain.word) == (pytest.approx(0.11), HIT)  # 0.108 is the least that counts
    assert plain.ends == pytest.approx((0.101, 0.119))
    assert plain.later == ""
    assert (built.word, built.expected, built.later) == (HIT, pytest.approx(0.12 - 5 * 0.005), HIT)
    assert (register.word, register.recording) == (MISS, pytest.approx(0.12 / 0.15))
    assert register.recorded_otherwise  # 0.8 is within 0.79 to 1.27
    assert nobody.word == NOBODY


def test_the_last_line_counts_and_tells_what_was_built_in(catalogue: measures.Catalogue) -> None:
    targets, found = judged(catalogue)
    text = render.render(targets, found, 2)
    assert text.splitlines()[-1] == "2 of 4 targets within tolerance (1 by construction)"
    assert "BY CONSTRUCTION: set at the start from the same source (1 of 1 within tolerance)" in text
    assert "1 of 1 set by construction are within tolerance of their trend after 5 years" in text
    assert "the register holds 0.800 times the model's, which a difference in recording may be" in text
    assert "absent: why" in text
    assert f" {NOBODY}" in text


def test_the_table_of_a_run_says_what_was_asked_and_found(tmp_path: Path, catalogue: measures.Catalogue) -> None:
    _, found = judged(catalogue)
    verdicts.write(found, tmp_path / "targets.csv")
    with (tmp_path / "targets.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["verdict"] for row in rows] == [HIT, HIT, MISS, NOBODY]
    assert (rows[1]["model_after"], rows[1]["expected_after"], rows[1]["verdict_after"]) == ("0.1", "0.095", HIT)
    assert rows[2]["within_recording"] == "yes"


def test_the_picture_says_in_words_what_it_shows(catalogue: measures.Catalogue) -> None:
    _, found = judged(catalogue)
    picture = figures.targets(found[:1], built=False)
    assert picture.finding.startswith("1 of 1 targets within tolerance")
    assert "smoking: model 0.110, observed 0.120, hit" in picture.alt


def test_england_in_small_has_tenths_of_each_decile_and_its_ages() -> None:
    from sim.places import load, prepare_england
    from sim.places.own import PEOPLE

    place = load("england")
    assert place.residents == prepare_england.RESIDENTS
    tenth = prepare_england.RESIDENTS // 10
    for decile in range(1, 11):
        here = place.counts[place.lsoas["imd_decile"].to_numpy() == decile].sum(axis=0).reshape(-1)
        assert here.sum() == tenth
        cells = prepare_england.cells(decile)
        assert np.abs(here - cells / cells.sum() * tenth).max() < 1
    again = prepare_england.areas()[PEOPLE].to_numpy().reshape(place.counts.shape)
    np.testing.assert_array_equal(again, place.counts)


def test_rows_by_authority_are_shown_and_not_counted(catalogue: measures.Catalogue) -> None:
    rows = grammar.read(grammar.AUTHORITIES, catalogue, ["north_mid_hampshire"])
    assert {row.role for row in rows} == {"check"}
    assert {str(row.who.area) for row in rows} == {
        "Basingstoke and Deane", "Winchester", "Test Valley", "Eastleigh", "East Hampshire", "Hart",
    }  # fmt: skip
    shipped = {row.name for row in grammar.read(grammar.SHIPPED, catalogue, ["england", "north_mid_hampshire"])}
    assert not shipped & {row.name for row in rows}
    targets, found = judged(catalogue)
    beside = verdicts.judge(rows[:2], [Answer({row.row: row.value for row in rows[:2]})])
    said = render.render(targets, found, 2, beside)
    assert "BY LOCAL AUTHORITY, beyond the table: shown and not counted (2 of 2 within tolerance)" in said
    assert said.splitlines()[-1] == render.render(targets, found, 2).splitlines()[-1]
    picture = figures.authorities([*beside, *found[2:3]])
    assert picture.finding.startswith("2 of 3 rows by local authority lie within tolerance; 1 of the misses")
