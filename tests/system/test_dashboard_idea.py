"""What a person composed stays, whenever the page is changed: Streamlit's runs in an order that is written down.

No browser: the messages that it sends, and runs of the page that are stopped at a chosen point, as Streamlit stops them
when the next message comes before they are over.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, StopException
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.util import calc_hash

from sim import dashboard
from sim.dashboard import command, jobs, page_compose, saved
from sim.dashboard.idea import NOTHING, OWN_SHARES, amounts_of, total_of

pytestmark = pytest.mark.system
KEPT = page_compose.KEPT
OTHER = "digital_first"
POINTS = (2, 12, 40, 60)
"""At which of its calls to Streamlit a run is stopped: before the page begins, while it takes the scenario, while it
draws. At the first call Streamlit has not yet taken in what the message says: that alone is lost, by Streamlit."""


class Person:
    """Somebody at the first page, whose messages come when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.page = AppTest.from_file(str(Path(dashboard.__file__).with_name("app.py")), default_timeout=60)
        self.page.run()
        assert not self.page.exception

    def goes(self, page: str) -> None:
        """To another page: the browser then sends no value of the page that is left."""
        self.page._page_hash = calc_hash(page)
        self.page._run(WidgetStates())
        assert not self.page.exception

    def there_and_back(self) -> None:
        self.goes("sweeps")
        self.goes("")

    def waits(self) -> None:
        """While a run is going on, its bar is drawn anew each second: a fragment of the page, not the page."""
        (bar,) = self.page._fragment_storage.ids_registered_after(0)
        with self.patch.context() as patch:
            patch.setattr(local_script_runner, "RerunData", partial(RerunData, fragment_id_queue=[bar]))
            self.page.run()

    @contextmanager
    def stopped_at(self, point: int) -> Iterator[None]:
        """The next message comes when a run has called Streamlit so many times."""
        calls = 0
        before: Any = ScriptRunner._maybe_handle_execution_control_request

        def call(runner: ScriptRunner) -> None:
            nonlocal calls
            if runner._execing:
                calls += 1
                if calls >= point:
                    raise StopException
            before(runner)

        with self.patch.context() as patch:
            patch.setattr(ScriptRunner, "_maybe_handle_execution_control_request", call)
            yield
        assert calls >= point

    def picks(self, key: str, value: Any) -> None:
        for kind in (self.page.selectbox, self.page.slider, self.page.number_input, self.page.multiselect,
                     self.page.text_input):  # fmt: skip
            for one in kind:
                if one.key == f"{KEPT}{key}":
                    one.set_value(value).run()
                    assert not self.page.exception
                    return
        raise AssertionError(key)

    def idea(self) -> dict[str, Any]:
        """All that is chosen."""
        state = self.page._session_state.filtered_state
        return {key.removeprefix(KEPT): value for key, value in state.items() if key.startswith(KEPT)}

    def amounts(self) -> dict[str, float]:
        found = self.idea()
        return {name: found[f"amount_{name}"] for name in found["levers"]}


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setenv(command.ROOT, str(tmp_path))
    # Streamlit makes the page the main module; processes that later tests spawn would then begin by drawing it.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return Person(monkeypatch)


@pytest.fixture
def running(person: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """The same, and a run is going on."""
    monkeypatch.setattr(jobs, "status", lambda *_: jobs.Status(jobs.RUNNING, 0.3, "baseline"))
    person.page.session_state["run"] = "0" * 16
    person.page.run()
    return person


def test_all_of_an_idea_stays_while_a_run_goes_on_and_other_pages_are_looked_at(running: Person) -> None:
    chosen = {"base": OTHER, "payers": OWN_SHARES, "rollout": "everywhere", "years": 3, "start": "2028-04",
              "label": "Mine", "run_years": 7, "size": "glance", "others": ["empty_the_bath"]}  # fmt: skip
    for key, value in chosen.items():
        running.picks(key, value)
    running.picks("total", 2.0)
    running.picks("share_acute_elective", 100.0)
    before = running.idea()
    assert chosen.items() <= before.items()
    assert total_of(running.amounts()) == pytest.approx(2.0, abs=0.001)
    running.waits()
    running.there_and_back()
    assert running.idea() == before
    running.waits()
    running.goes("results")
    running.there_and_back()
    assert running.idea() == before


@pytest.mark.parametrize("point", POINTS)
def test_what_was_chosen_just_before_the_page_is_changed_stays(person: Person, point: int) -> None:
    with person.stopped_at(point):
        person.picks("base", OTHER)
    person.there_and_back()
    assert person.idea()["base"] == OTHER
    assert person.amounts() == amounts_of(OTHER)
    total = total_of(person.amounts())
    with person.stopped_at(point):
        person.picks("total", 0.5)
    person.there_and_back()
    assert total_of(person.amounts()) == pytest.approx(0.5, abs=0.001) != pytest.approx(total, abs=0.001)


@pytest.mark.parametrize("point", [2, 8])
def test_a_page_that_is_left_before_it_is_drawn_loses_nothing(person: Person, point: int) -> None:
    person.picks("base", OTHER)
    before = person.idea()
    with person.stopped_at(point):
        person.goes("sweeps")
    person.goes("")
    assert person.idea() == before
    with person.stopped_at(point):
        person.goes("")
    person.there_and_back()
    assert person.idea() == before


def test_amounts_and_total_follow_each_other(person: Person) -> None:
    person.picks("base", NOTHING)
    assert person.amounts() == {}
    person.picks("levers", ["digital_front_door"])
    assert person.amounts() == {"digital_front_door": 0.1}
    assert person.idea()["total"] == pytest.approx(0.1)
    person.picks("total", 3.0)
    assert person.amounts() == {"digital_front_door": 3.0}
    person.picks("amount_digital_front_door", 1.5)
    assert person.idea()["total"] == pytest.approx(1.5)


def test_a_run_whose_page_is_left_while_it_is_started_is_still_watched(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def start(root: Path, identity: str, asked: dict[str, Any]) -> None:
        started.append(identity)
        raise StopException  # as the next call to Streamlit does

    monkeypatch.setattr(jobs, "start", start)
    monkeypatch.setattr(jobs, "status", lambda *_: jobs.Status(jobs.RUNNING, 0.3, "baseline"))
    person.page.button(key="start").click().run()
    person.there_and_back()
    assert person.page.session_state["run"] == started[0]
    assert person.page.query_params["run"] in (started[0], started)  # a reload finds it too
    assert person.page.button(key="start").disabled


def test_a_total_beyond_the_slider_is_said_as_it_is(person: Person) -> None:
    person.picks("total", 10.0)
    person.picks("amount_community_building", 9.0)
    total = total_of(person.amounts())
    assert total > 10
    assert not [one for one in person.page.slider if one.key == f"{KEPT}total"]
    assert any(f"How much money: {total:g} %" in one.proto.body for one in person.page.get("html"))
    person.picks("amount_community_building", 1.0)
    (slider,) = [one for one in person.page.slider if one.key == f"{KEPT}total"]
    assert slider.value == pytest.approx(total_of(person.amounts()))


# ---------------------------------------------------------------------------------------------------- what is said


def table(person: Person, caption: str) -> list[list[str]]:
    """The rows of a table, its heads first."""
    (body,) = [text for text in said(person) if f"<caption>{caption}" in text]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body)]


def said(person: Person) -> list[str]:
    return [one.proto.body for one in person.page.get("html")]


@pytest.mark.parametrize("total", [0.05, 5.0, 10.0])
@pytest.mark.parametrize("place", ["toy", "north_mid_hampshire"])
def test_the_lines_of_the_cost_add_up_as_they_stand(person: Person, place: str, total: float) -> None:
    person.picks("place", place)
    person.picks("total", total)
    bought, paid = table(person, "What is bought")[1:], table(person, "Who pays in year 5")[1:]
    for column in (2, 3):
        digits = len(bought[-1][column].partition(".")[2])
        assert all(len(row[column].partition(".")[2]) == digits for row in bought)
        lines = sum(float(row[column]) for row in bought[:-1])
        assert lines == pytest.approx(float(bought[-1][column]), abs=len(bought) / 2 * 10**-digits)
    gives = sum(float(row[2].replace("−", "")) for row in paid)
    assert gives == pytest.approx(float(bought[-1][3]), abs=len(paid) * 10**-digits)


def test_a_tiny_amount_is_no_power_of_ten(person: Person) -> None:
    person.picks("amount_warm_homes", 0.00001)
    assert "e-0" not in "".join(said(person))


def test_where_nothing_is_spent_yet_nobody_pays(person: Person) -> None:
    person.picks("base", "new_hospital")
    assert not [text for text in said(person) if "Who pays in year" in text]
    assert "£0 million in the first year" in person.page.markdown[0].value
    assert any(
        "starting in April 2042 is after the last month of the run, March 2031." in text for text in said(person)
    )


def test_what_comes_while_the_page_is_open_is_told_to_a_screen_reader(
    running: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not [text for text in said(running) if 'role="status"' in text]
    few = "With only 1 run no difference can be called clear: ask for at least runs=5."
    for status, text in (
        (jobs.Status(jobs.RUNNING, answer=few), "clear: choose a size with at least 5 runs."),
        (jobs.Status(jobs.FAILED, said="It failed."), "It failed."),
        (jobs.Status(jobs.STOPPED), "was stopped"),
    ):
        monkeypatch.setattr(jobs, "status", lambda *_, status=status: status)
        running.page.run()
        (news,) = [one for one in said(running) if 'role="status"' in one]
        assert text in news


def test_what_nobody_foresaw_is_a_sentence_and_no_link_leads_elsewhere(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "listed", lambda *_: 1 / 0)
    person.goes("results")  # which asserts that Streamlit has no fault to show
    assert any("This cannot be shown (ZeroDivisionError: division by zero)" in text for text in said(person))
    person.goes("")
    assert table(person, "What is bought")


def test_a_run_that_is_not_there_is_said_before_another_is_shown(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = saved.Saved("2026-x", "sweep", "2026-11-23T10:00", {"place": "toy", "years": 5}, {"baseline": {}}, {})
    monkeypatch.setattr(saved, "listed", lambda *_: {one.name: one})
    monkeypatch.setattr(saved, "folder_of", lambda *_: Path("nowhere"))
    person.goes("sweeps")
    assert not [text for text in said(person) if "no longer" in text]
    monkeypatch.setattr(saved, "listed", lambda *_: {"2026-y": replace(one, name="2026-y")})
    person.page.query_params["sweep"] = one.name
    person.goes("sweeps")
    assert [text for text in said(person) if "no longer, in the folder of results" in text]


def test_a_stop_that_cannot_be_asked_for_keeps_the_page_alive(running: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    (stop,) = [one for one in running.page.button if one.key == "stop"]
    stop.click().run()  # the folder of the run is gone
    assert not running.page.exception
