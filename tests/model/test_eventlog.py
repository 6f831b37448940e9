"""The event log: it changes nothing, misses nothing, and follows the same people in every scenario."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from sim.errors import UserError
from sim.outcomes import lives
from sim.outcomes.eventlog import Kind
from sim.outcomes.record import RunRecord
from sim.outcomes.results import Results
from sim.policy.scenario import Scenario
from sim.system import CareSystem, run_scenario

pytestmark = pytest.mark.model

MONTHS = 14
EVERYONE = 1e9
FLOWS = {
    Kind.BORN: "births", Kind.ARRIVED: "arrivals", Kind.LEFT: "departures", Kind.DIED: "deaths",
    Kind.ED: "residents_ed_attendances", Kind.REFERRED: "elective_referrals", Kind.TREATED: "elective_completed",
    Kind.REMOVED: "elective_removed",
}  # fmt: skip
CONTACTS = {Kind.GP_WAITS: "gp_waiting", Kind.GP_GIVEN_UP: "gp_given_up", Kind.GP_TO_ED: "gp_to_ed"}
ADMISSIONS = (Kind.NO_NIGHT, Kind.OVERNIGHT, Kind.ADMITTED_ELSEWHERE)


def after(m: CareSystem, months: int) -> CareSystem:
    for _ in range(months):
        m.step()
    return m


@pytest.fixture(scope="module")
def following(build, evidence) -> Callable[[float], CareSystem]:
    return lambda sample: build(evidence=evidence.replaced({"outcomes.event_sample": sample}))


@pytest.fixture(scope="module")
def everyone(following) -> CareSystem:
    return after(following(EVERYONE), MONTHS)


def finish(m: CareSystem) -> RunRecord:
    return m.recorder.finish(scenario="none", draw=0, seed=1)


def amounts(m: CareSystem, kind: Kind, detail: bool = False) -> list[float]:
    entries = m.events.entries()
    entries = entries[entries["kind"] == kind]
    return np.bincount(entries["month"], entries["detail"] if detail else None, MONTHS).tolist()


@pytest.mark.parametrize("sample", [200, EVERYONE])
def test_nothing_depends_on_who_is_followed(following, sample: float) -> None:
    without, with_log = after(following(0), MONTHS), after(following(sample), MONTHS)
    assert len(without.events.entries()) == 0 < len(with_log.events.entries())
    assert np.array_equal(finish(without).monthly, finish(with_log).monthly)
    size = without.residents.size
    for name, column in without.residents.columns.items():
        if name != "followed":
            assert np.array_equal(column[:size], with_log.residents.columns[name][:size]), name


@pytest.mark.parametrize(("kind", "measure"), FLOWS.items())
def test_everyones_events_are_the_recorders_flows(everyone, kind: Kind, measure: str) -> None:
    scale = 1.0
    if everyone.recorder.measures[measure].scope == "hospital":
        scale = float(everyone.place.activity_share_simulated)
    assert amounts(everyone, kind) == pytest.approx(finish(everyone).months(measure) * scale)
    assert sum(amounts(everyone, kind)) > 0


def test_everyones_admissions_and_contacts_are_the_recorders(everyone) -> None:
    record = finish(everyone)
    admitted = sum(np.array(amounts(everyone, kind)) for kind in ADMISSIONS)
    assert admitted.tolist() == record.months("residents_emergency_admissions").tolist()
    for kind, measure in CONTACTS.items():
        assert amounts(everyone, kind, detail=True) == pytest.approx(record.months(measure))
    served = [everyone.care.ledger.of("gp_served", month) for month in range(MONTHS)]
    assert amounts(everyone, Kind.GP_SERVED, detail=True) == pytest.approx(served)


def test_everyones_onsets_are_the_recorders(everyone) -> None:
    entries = everyone.events.entries()
    for name in everyone.states.conditions:
        begun = (entries["kind"] == Kind.BEGAN) & (entries["detail"] == everyone.states.bits[name])
        assert begun.sum() == finish(everyone).months(f"{name}_new").sum()


def test_about_as_many_are_followed_as_asked_for_and_newcomers_join(following) -> None:
    m = following(500)
    at_start = m.events.entries()["client"][m.events.entries()["kind"] == Kind.RESIDENT]
    members = np.isin(at_start, m.panel.members["client"])  # the panel is followed besides
    assert members.sum() == len(m.panel.members)
    expected = 500 * (1 - len(m.panel.members) / m.residents.size)
    assert abs((~members).sum() - expected) < 5 * np.sqrt(500)
    after(m, MONTHS)
    newcomers = np.isin(m.events.entries()["kind"], [Kind.BORN, Kind.ARRIVED]).sum()
    everybody = finish(m).months("births").sum() + finish(m).months("arrivals").sum()
    assert newcomers == pytest.approx(everybody * m.events.share, abs=5 * np.sqrt(everybody * m.events.share))


def test_every_death_of_the_followed_is_in_the_log(following) -> None:
    m = following(2000)
    dead: set[int] = set()
    r = m.residents.columns
    for _ in range(MONTHS):
        before = set(r["unique_id"][r["followed"] == 1].tolist())
        m.step()
        dead |= before - set(r["unique_id"].tolist())
    entries = m.events.entries()
    gone = entries[np.isin(entries["kind"], [Kind.DIED, Kind.LEFT])]
    assert set(gone["client"].tolist()) >= dead > set()
    assert 0 not in entries["client"]


def test_the_log_survives_branching_and_pickling(following) -> None:
    straight = after(following(200), 8)
    halfway = after(following(200), 4)
    kept = pickle.loads(pickle.dumps(halfway))
    resumed = CareSystem(halfway.place, halfway.evidence, seed=halfway.seed, months=400, resume=halfway.history())
    for other in (resumed, kept):
        assert np.array_equal(after(other, 4).events.entries(), straight.events.entries())
    assert len(halfway.events.entries()) < len(straight.events.entries())


@pytest.fixture(scope="module")
def results(history: CareSystem) -> Results:
    return Results([run_scenario(history, Scenario.load(name), 1) for name in ("baseline", "health_creation")])


def test_scenarios_follow_the_same_people_and_agree_until_policy_starts(results: Results) -> None:
    events = results.events()
    start = np.datetime64("2026-04-01")
    names = ["Client_ID", "Start_Date", "Event_Type", "Event_Subtype"]
    events = events[(events["Start_Date"] < start) & (events["Event_Type"] != lives.WAIT)]  # a wait may end later
    before = [rows[names].sort_values(names).to_numpy().tolist() for _, rows in events.groupby("scenario")]
    assert before[0] == before[1]
    assert len(before[0]) > 1000


def test_the_table_is_one_that_theograph_tools_open(results: Results, tmp_path) -> None:
    import pandas as pd

    events = results.events()
    assert tuple(events.columns) == lives.COLUMNS
    assert events["Event_ID"].is_unique
    assert not events.drop(columns="End_Date").isna().any().any()
    ended = events.dropna(subset="End_Date")
    assert (ended["End_Date"] >= ended["Start_Date"]).all()
    open_types = set(events.loc[events["End_Date"].isna(), "Event_Type"])
    assert open_types <= {lives.CONDITION, lives.BEHAVIOUR, lives.WAIT}
    stays = events[events["Event_Subtype"] == "Overnight"]
    assert ((stays["End_Date"] - stays["Start_Date"]).dt.days >= 1).all()
    folder = results.save(tmp_path / "run")
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "events.parquet"), events)
    assert Results.load(folder).events().equals(events)


def test_a_theograph_by_number_by_identity_and_by_name(results: Results) -> None:
    seventeenth = lives.clients(results.events())[16]
    by_number, by_identity = results.theograph(17), results.theograph(seventeenth, "health_creation")
    assert by_number.finding.startswith(("A man", "A woman", "A boy", "A girl"))
    assert by_number.alt.startswith(by_number.finding)
    assert by_identity.finding[:25] == by_number.finding[:25]
    assert results.plot("theograph").alt
    assert results.plot("theograph", client=17).alt == by_number.alt
    with pytest.raises(UserError, match="No resident 0 is in the event log"):
        results.theograph(0)


def test_runs_without_events_say_so(following, tmp_path) -> None:
    record = finish(after(following(0), 1))
    record.save(tmp_path / "a.npz")
    results = Results([RunRecord.load(tmp_path / "a.npz")])
    assert results.events().empty
    assert tuple(results.events().columns) == lives.COLUMNS
    with pytest.raises(UserError, match="kept no events"):
        results.theograph()
