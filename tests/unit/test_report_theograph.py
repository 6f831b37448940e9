"""The theograph's picture and words, from a life made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim import clock
from sim.life.states import States
from sim.outcomes import lives
from sim.outcomes.eventlog import EVENT, Kind
from sim.outcomes.results import Results
from sim.report.theograph import Life, describe, draw, finding
from tests.unit.report_samples import CONDITIONS, FIRST, START, record

pytestmark = pytest.mark.unit

BIT = States(tuple(CONDITIONS)).bits
BORN = FIRST - 12 * 60
HERS, HIS = 77, 5
LIVED = [
    (HERS, Kind.RESIDENT, FIRST, BORN, 0), (HERS, Kind.HELD, FIRST, FIRST, BIT["smoker"]),
    (HIS, Kind.RESIDENT, FIRST, FIRST - 12 * 3, 1),
    (HERS, Kind.LISTED, FIRST, FIRST - 4, 1), (HERS, Kind.GP_SERVED, FIRST + 1, FIRST + 1, 2),
    (HERS, Kind.TREATED, FIRST + 2, FIRST - 4, 1), (HERS, Kind.BEGAN, FIRST + 6, FIRST + 6, BIT["chd"]),
    (HERS, Kind.ENDED, FIRST + 8, FIRST + 8, BIT["smoker"]), (HERS, Kind.GP_GIVEN_UP, FIRST + 9, FIRST + 9, 1),
    (HERS, Kind.ED, FIRST + 10, FIRST + 10, 0), (HERS, Kind.OVERNIGHT, FIRST + 10, FIRST + 10, 9),
    (HERS, Kind.REFERRED, FIRST + 11, FIRST + 11, 0), (HERS, Kind.DIED, FIRST + 40, FIRST + 40, 0),
]  # fmt: skip


@pytest.fixture
def results() -> Results:
    one = record("baseline", 1, 1)
    entries = np.array([(who, kind, month, since, detail) for who, kind, month, since, detail in LIVED], EVENT)
    meta = {**one.meta, "specialties": ["ophthalmology", "general_surgery"]}
    return Results([replace(one, events=entries, meta=meta)])


def life(results: Results, who: int = HERS) -> Life:
    events = results.events()
    return Life.of(events[events["Client_ID"] == who], FIRST + 96)


def test_rows_of_the_table(results: Results) -> None:
    events = results.events()
    of = {(row.Event_Type, row.Event_Subtype): row for row in events[events["Client_ID"] == HERS].itertuples()}
    came = of["Life", "Resident at the start"]
    assert came.Event_Desc == f"Female, born {clock.iso(BORN)}, aged 60"
    smoking, heart = of["Behaviour", "Smoking"], of["Condition", "Coronary heart disease"]
    assert f"{smoking.End_Date:%Y-%m-%d}" == f"{clock.iso(FIRST + 8)}-01"
    assert (smoking.Event_Desc, heart.Event_Desc) == ("Smoking: held before, ended", "Coronary heart disease: began")
    assert f"{heart.End_Date:%Y-%m}" == clock.iso(FIRST + 40), "a condition ends with the life"
    stay = of["Hospital stay", "Overnight"]
    assert (stay.End_Date - stay.Start_Date).days == 9
    treated = of["Waiting list", "Treated"]
    assert f"{treated.Start_Date:%Y-%m}" == clock.iso(FIRST - 4)
    assert treated.Event_Desc == "General surgery: treated after 6 months"
    assert of["Waiting list", "Ended by death or moving away"].Event_Desc.startswith("Ophthalmology")
    assert ("Referral", "General surgery") not in of, "referred before the log begins"


def test_the_sentence_says_what_happened(results: Results) -> None:
    assert finding(life(results)) == (
        f"A woman aged 60 in {clock.label(FIRST)}: 1 new condition, 1 A&E attendance, 1 emergency admission and 1 "
        f"hospital referral, then died in {clock.label(FIRST + 40)}, aged 63"
    )
    assert finding(life(results, HIS)) == (
        f"A boy aged 3 in {clock.label(FIRST)}: nothing that needs a hospital by {clock.label(FIRST + 95)}"
    )


def test_the_description_holds_what_is_drawn(results: Results) -> None:
    text = describe(life(results))
    for part in (
        f"Smoking: held before, ended, {clock.label(FIRST)} to {clock.label(FIRST + 8)}",
        "General surgery: treated after 6 months", "General practice, contact: 2.",
        "General practice, not offered: given up: 1.", f"Emergency stays: {clock.label(FIRST + 10)}.",
    ):  # fmt: skip
        assert part in text


def test_rows_age_and_policy_are_drawn(results: Results) -> None:
    picture = draw(life(results), START, "Baseline")
    axes = picture.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        "Smoking", "Coronary heart disease", "Contacts", "Not offered", "A&E", "Emergency stays", "General surgery",
        "Ophthalmology",
    ]  # fmt: skip
    above = axes.child_axes[0]
    ages = dict(zip((t.get_text() for t in above.get_xticklabels()), above.get_xticks(), strict=True))
    assert ages["62"] == BORN + 62 * 12
    drawn = " ".join(text.get_text() for text in picture.texts)
    assert "Dashed: policy starts." in drawn.replace("\n", " ")
    assert picture.svg().count("<svg") == 1


def test_a_quiet_life_can_be_drawn(results: Results) -> None:
    picture = draw(life(results, HIS))
    assert [tick.get_text() for tick in picture.axes[0].get_yticklabels()] == ["Contacts"]


def test_residents_are_numbered_by_when_they_came_then_by_identity(results: Results) -> None:
    assert lives.clients(results.events()) == [HIS, HERS]
    assert results.theograph().finding == results.theograph(2).finding == results.theograph(HERS).finding
