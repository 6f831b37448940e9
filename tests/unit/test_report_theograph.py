"""The theograph's picture and words, from a life made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim import clock
from sim.life.states import States
from sim.outcomes import lives, stories
from sim.outcomes.eventlog import EVENT, Kind
from sim.outcomes.results import Results
from sim.report import lives as story
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
    return Life.of(events[events["Client_ID"] == who], results.record("baseline"))


ILL = {**CONDITIONS, "ndh": "non-diabetic hyperglycaemia", "depression": "depression or anxiety"}
ILL_BIT = States(tuple(ILL)).bits


def told(*entries: tuple[int, int, int, int], male: int = 0, born: int = BORN) -> Life:
    """The life of somebody resident from the start to whom this happens: kind, month, since, detail."""
    log = [(HERS, Kind.RESIDENT, FIRST, born, male), *((HERS, *entry) for entry in entries)]
    meta = {"specialties": ["ophthalmology", "children_and_other"]}
    one = replace(record("baseline", 1, 1), conditions=ILL, events=np.array(log, EVENT), meta=meta)
    return Life.of(lives.table(one), one)


def spell(name: str, kind: Kind, month: int) -> tuple[int, int, int, int]:
    return kind, FIRST + month, FIRST + month, ILL_BIT[name]


RETURNS = (
    spell("depression", Kind.HELD, 0), spell("ndh", Kind.BEGAN, 2), spell("ndh", Kind.ENDED, 4),
    spell("depression", Kind.ENDED, 5), spell("chd", Kind.BEGAN, 6), spell("ndh", Kind.BEGAN, 7),
    spell("depression", Kind.BEGAN, 8), spell("chd", Kind.ENDED, 9), spell("chd", Kind.BEGAN, 10),
    spell("depression", Kind.ENDED, 11), spell("depression", Kind.BEGAN, 12),
)  # fmt: skip


def test_only_long_term_conditions_never_there_before_are_new() -> None:
    her = told(*RETURNS)
    assert ": 1 new long-term condition by " in finding(her), "not six: two are a risk, three came back"
    assert ": nothing that needs a hospital by " in finding(told(spell("ndh", Kind.BEGAN, 2)))
    both = told(spell("ndh", Kind.BEGAN, 2), spell("ndh", Kind.ENDED, 5), spell("type2_diabetes", Kind.BEGAN, 5))
    assert ": 1 new long-term condition by " in finding(both), "what a risk turns into is new"


def test_the_story_says_what_began_what_came_back_and_what_was_a_risk() -> None:
    at = [clock.label(FIRST + month) for month in range(13)]
    assert story.course(told(*RETURNS)) == [
        f"What began: coronary heart disease in {at[6]}.",
        f"Depression or anxiety came back in {at[8]} and {at[12]}.",
        f"Coronary heart disease came back in {at[10]}.",
        f"What was a risk, not yet an illness: high blood sugar (non-diabetic hyperglycaemia) in {at[2]} and {at[7]}.",
    ]
    assert story.course(told(spell("ndh", Kind.HELD, 0))) == [], "nothing began"


def test_the_picture_and_its_description_name_a_risk_and_a_return() -> None:
    her = told(*RETURNS)
    names = [tick.get_text() for tick in draw(her).axes[0].get_yticklabels()]
    assert names == ["Depression or anxiety", "High blood sugar (a risk)", "Coronary heart disease", "Contacts"]
    conditions, risks = describe(her).split("Conditions: ")[1].split("Risks: ")
    assert "hyperglycaemia" not in conditions
    assert risks.count("Non-diabetic hyperglycaemia: began") == 2
    assert conditions.count("Depression or anxiety: held before, ended") == 1
    assert conditions.count("Depression or anxiety: came back") == 2


def test_nobody_grown_up_waits_for_children_and_other() -> None:
    wait = ((Kind.REFERRED, FIRST, FIRST, 1), (Kind.TREATED, FIRST + 12, FIRST, 1))
    man, girl = told(*wait, male=1, born=FIRST - 12 * 83), told(*wait, born=FIRST - 12 * 17)
    assert "The longest wait was 12 months for other specialties (" in story.course(man)[0]
    assert "12 months for children's and other specialties (" in story.course(girl)[0]
    for one, row in ((man, "Other specialties"), (girl, "Children's and other")):
        assert row in [tick.get_text() for tick in draw(one).axes[0].get_yticklabels()]
    assert "Waiting lists: Other specialties: treated after 12 months" in describe(man)
    assert "hildren" not in describe(man)
    assert story.course(told((Kind.REFERRED, FIRST, FIRST, 0), (Kind.TREATED, FIRST + 2, FIRST, 0))) == [
        f"The longest wait was 2 months for ophthalmology (from {clock.label(FIRST)}; treated)."
    ]


def test_what_waited_stands_apart_from_what_was_given_up() -> None:
    her = told(
        (Kind.GP_WAITS, FIRST, FIRST, 2), (Kind.GP_WAITS, FIRST + 1, FIRST + 1, 1), (Kind.ED, FIRST, FIRST, 0),
        (Kind.GP_GIVEN_UP, FIRST + 1, FIRST + 1, 1), (Kind.GP_TO_ED, FIRST + 2, FIRST + 2, 2),
    )  # fmt: skip
    (counts,) = story.burdens(her.rows).to_numpy().tolist()
    assert story.counted(counts) == (
        "1 A&E attendance and 0 emergency stays; of contacts with the practice 3 had to wait, 1 was given up and 2 "
        "went to A&E instead"
    )
    assert (
        story.counted([0, 2, 0, 0, 0])
        == "0 A&E attendances and 2 emergency stays; no contact with the practice had to wait or was given up"
    )
    names = [tick.get_text() for tick in draw(her).axes[0].get_yticklabels()]
    assert names == ["Contacts", "Had to wait", "Given up", "To A&E instead", "A&E"]
    assert "General practice, had to wait: 3. General practice, given up: 1." in describe(her)


def test_the_stories_of_the_panel_say_a_risk_as_a_risk() -> None:
    row = {"month": "2030-04", "age": 60, "unmet_needs": 0, "on_waiting_lists": 0, "life_satisfaction": 7.0}
    row |= dict.fromkeys(stories.WORDS, 0)
    held = "depression or anxiety; non-diabetic hyperglycaemia; smoking"
    said = stories._year({**row, "lives_with": held}, lives.risks(ILL))
    assert "lives with depression or anxiety, high blood sugar (a risk), smoking." in said
    assert "no illness or burden." in stories._year({**row, "lives_with": ""}, lives.risks(ILL))


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
        f"A woman aged 60 in {clock.label(FIRST)}: 1 new long-term condition, 1 A&E attendance, 1 emergency admission "
        f"and 1 hospital referral, then died in {clock.label(FIRST + 40)}, aged 63"
    )
    assert finding(life(results, HIS)) == (
        f"A boy aged 3 in {clock.label(FIRST)}: nothing that needs a hospital by {clock.label(FIRST + 95)}"
    )


def test_the_description_holds_what_is_drawn(results: Results) -> None:
    text = describe(life(results))
    for part in (
        f"Smoking: held before, ended, {clock.label(FIRST)} to {clock.label(FIRST + 8)}",
        "General surgery: treated after 6 months", "General practice, contact: 2.",
        "General practice, given up: 1.", f"Emergency stays: {clock.label(FIRST + 10)}.",
    ):  # fmt: skip
        assert part in text


def test_rows_age_and_policy_are_drawn(results: Results) -> None:
    picture = draw(life(results), START, "Baseline")
    axes = picture.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        "Smoking", "Coronary heart disease", "Contacts", "Given up", "A&E", "Emergency stays", "General surgery",
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
