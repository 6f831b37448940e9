"""The consultation panel and the experience score."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import clock
from sim.care import experience
from sim.outcomes import stories
from sim.outcomes.eventlog import EVENT, Kind
from sim.outcomes.panel import AGES, KEPT, first_of_each, written
from sim.outcomes.record import RunRecord
from sim.outcomes.results import Results
from sim.policy.scenario import NO_POLICY
from sim.settings import RunSettings
from sim.system import CareSystem, run_history, run_scenario
from tests.care_town import Town

pytestmark = pytest.mark.model
Build = Callable[..., CareSystem]


@pytest.fixture(scope="module")
def model(build: Build) -> CareSystem:
    m = build()
    for _ in range(26):
        m.step()
    return m


def test_every_stratum_gives_as_many_or_all_it_has(build: Build) -> None:
    m = build()
    members, r, size = m.panel.members, m.residents.columns, m.residents.size
    each = round(m.evidence["outcomes.panel_size"] / (5 * len(AGES)))

    def strata(born: Any, fifth: Any) -> Any:
        group = np.searchsorted(AGES, (m.month - born.astype(int)) // 12, side="right") - 1
        return np.bincount(fifth.astype(int) * len(AGES) + group, minlength=5 * len(AGES))

    alive = r["unique_id"][:size] != 0
    there = strata(r["born"][:size][alive], r["fifth"][:size][alive])
    assert np.array_equal(strata(members["born"], members["fifth"]), np.minimum(there, each))
    assert np.all(r["followed"][members["row"]] == 1)


def test_who_is_chosen_does_not_depend_on_the_order_of_rows() -> None:
    identity = np.arange(1, 401)
    stratum, hashed = identity % 7, (identity * 37 % 101) / 101
    turned = np.random.Generator(np.random.Philox(5)).permutation(400)
    one = set(identity[first_of_each(stratum, hashed, identity, 3)])
    other = set(identity[turned][first_of_each(stratum[turned], hashed[turned], identity[turned], 3)])
    assert one == other
    assert len(one) == 21


def test_members_are_noted_once_a_year_for_as_long_as_they_live_here(model: CareSystem) -> None:
    notes, members = model.panel.notes(), model.panel.members
    r = model.residents.columns
    gone = r["unique_id"][members["row"]] != members["client"]
    for member, left in zip(members, gone, strict=True):
        months = notes["month"][notes["client"] == member["client"]]
        born = int(member["born"])
        due = [k for k in range(model.month) if (k - born) % 12 == 0]
        assert months.tolist() == due[: len(months)]
        if not left:
            assert len(months) == len(due)
    written = model.panel.written(model.events.entries())
    assert len(written) == len(notes)
    log = model.events.entries()
    year = written[written["month"] >= 12].iloc[0]
    mine = log[(log["client"] == year["client"]) & (log["kind"] == Kind.GP_SERVED)]
    mine = mine[(mine["month"] <= year["month"]) & (mine["month"] > year["month"] - 12)]
    assert year["gp_contacts"] == mine["detail"].sum()


def test_being_on_the_panel_changes_nothing(build: Build) -> None:
    with_panel, without = build(), build()
    without.panel.members = without.panel.members[:0]
    without.residents.columns["followed"][:] = 0
    for m in (with_panel, without):
        for _ in range(8):
            m.step()
    size = with_panel.residents.size
    for name in ("state", "unmet", "experience", "handoffs"):
        assert np.array_equal(with_panel.residents.columns[name][:size], without.residents.columns[name][:size])


def test_keeping_no_detail_changes_no_figure() -> None:
    settings = RunSettings(place="toy", scale=0.1, years=1)
    records = [run_scenario(run_history(settings, 0, 1, detail=detail), NO_POLICY, 1) for detail in (True, False)]
    whole, bare = records
    for name in ("monthly", "yearly_age", "yearly_area", "yearly_cell", "population_bands", "utility_bands"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(bare, name), err_msg=name)
    assert whole.kept == bare.kept
    assert min(len(whole.events), len(whole.panel), len(whole.teams)) > 0
    assert len(bare.events) == len(bare.teams) == 0
    assert bare.panel is None


def test_a_branch_keeps_the_panel(model: CareSystem) -> None:
    other = CareSystem(model.place, model.evidence, seed=model.seed, months=60, resume=model.history())
    assert np.array_equal(other.panel.members, model.panel.members)
    assert np.array_equal(other.panel.notes(), model.panel.notes())


def test_the_year_is_the_twelve_months_up_to_the_note() -> None:
    kept = np.zeros(3, KEPT)
    kept["client"], kept["month"] = [9, 9, 4], [12, 24, 15]
    at = [(9, 0), (9, 1), (9, 12), (9, 13), (9, 24), (9, 25), (5, 12), (4, 15), (4, 3)]
    log = np.zeros(len(at), EVENT)
    log["client"], log["month"] = np.array(at).T
    log["kind"], log["detail"] = Kind.GP_SERVED, [1, 2, 4, 8, 16, 32, 64, 3, 5]
    assert written(kept, log)["gp_contacts"].tolist() == [2 + 4, 8 + 16, 3]
    log["kind"] = Kind.ED
    assert written(kept, log)["ed"].tolist() == [2, 2, 1]
    assert written(kept[:0], log).empty
    assert written(kept, log[:0])["ed"].tolist() == [0, 0, 0]


def test_runs_keep_what_is_written_and_tell_it(history: CareSystem, tmp_path: Path) -> None:
    done = run_scenario(history, NO_POLICY, 2)
    done.save(tmp_path / "a.npz")
    other = RunRecord.load(tmp_path / "a.npz")
    other.scenario, other.events = "other", done.events.copy()
    notes = Results([done]).panel()
    grown = notes.groupby("Client_ID")["age"].max() >= 18  # of children no life satisfaction is told
    who = next(member for member in stories.one_of_each_stratum(notes) if grown[member])
    first = other.panel["client"] == who
    other.panel["satisfaction"][np.flatnonzero(first)[-1]] += 1
    other.meta = {**other.meta, "label": "Other"}
    results = Results([done, other])
    table = results.panel()
    mine = table[table["scenario"] == "baseline"]
    assert len(mine) == len(done.panel) == len(other.panel) == len(table) / 2
    note = done.panel[done.panel["client"] == who][-1]
    row = mine[mine["Client_ID"] == who].iloc[-1]
    assert row["month"] == clock.iso(int(note["month"]))
    assert row["age"] == (note["month"] - note["born"]) // 12
    assert row["activation"] == note["confidence"] / 2
    assert row["lsoa"] == done.area_code[note["lsoa"]]
    assert (row["sex"] == "male") == bool(note["male"])
    assert np.array_equal(mine["life_satisfaction"].isna(), mine["age"] < 18)
    ill = done.panel["state"] >> np.uint64(32) != 0
    assert mine["managed"].notna().sum() == ill.sum() < len(mine)
    folder = results.save(tmp_path / "kept")
    saved = Results.load(folder)
    assert saved.panel().equals(table)
    told = (folder / "stories.md").read_text(encoding="utf-8")
    assert told.count("\n## ") == len(stories.one_of_each_stratum(mine)) == 15
    story = told.split(f"Client {who}.")[1].split("\n## ")[0]
    assert story.count("\n- ") == (mine["Client_ID"] == who).sum()
    assert f"aged {row['age']}" in story
    assert row["age"] >= 18
    assert "*Other*: life satisfaction" in story
    assert told.count("*Other*") <= 1
    done.panel = None
    assert Results([done]).panel().empty


def test_the_score_is_the_formula() -> None:
    """Against the formula written out, for residents with all kinds of troubles."""
    rng = np.random.Generator(np.random.Philox(2))
    n = 300
    unmet, gp, continuity, handoffs = (rng.integers(0, top, n).astype(np.uint8) for top in (5, 8, 256, 9))
    waited = rng.uniform(0, 20, n).astype(np.float32)
    weight, half = np.array([0.4, 0.3, 0.2, 0.1]), np.array([1.0, 6.0, 2.0])
    rows = np.arange(0, n, 2)
    got, left = np.full(n, 50, np.uint8), handoffs.copy()
    experience.score(rows, unmet, gp, continuity, left, waited, weight, half, got)
    parts = np.array([1 / (1 + unmet), 6 / (6 + gp + waited), continuity / 255, 2 / (2 + handoffs)])
    due = np.arange(n) % 2 == 0
    expected = np.where(due, np.rint(100 * weight @ parts), 50)
    assert np.abs(got.astype(int) - expected).max() <= 1  # a half may be rounded either way
    assert np.array_equal(left, np.where(due, 0, handoffs))
    assert got.min() >= 1


def test_waiting_and_unmet_needs_lower_the_score() -> None:
    town = Town(4000)
    town.residents.columns["unmet"][:2000] = 3
    town.run(1)
    scores = town.residents.columns["experience"][:4000].astype(float)
    assert scores[:2000].mean() < scores[2000:].mean() - 5
