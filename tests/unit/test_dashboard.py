"""The dashboard without a browser: the composed scenario, its cost, runs watched through files, names of folders."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim import arguments, commands, compose, paths
from sim.dashboard import command, cost, jobs, parts, saved, worker
from sim.dashboard.idea import CAN_PAY, Idea, amounts_of, given, scaled, total_of
from sim.errors import UserError
from sim.policy.scenario import scenario_from_mapping
from sim.studies import store

pytestmark = pytest.mark.unit
SHIPPED = [name for name in paths.names("scenario") if name != "baseline"]
WANTED = {"place": "toy", "years": 2, "scale": 0.1, "runs": 2, "without_judged": False}


def idea(base: str = "health_creation", **more: Any) -> Idea:
    return Idea(base, amounts=amounts_of(base), **more)


@pytest.mark.parametrize("base", SHIPPED)
def test_an_idea_of_which_nothing_was_changed_is_the_scenario(base: str) -> None:
    shipped = scenario_from_mapping(given(base), f"{base}.yaml")
    assert idea(base).scenario().uses == shipped.uses


def test_what_is_chosen_for_all_reaches_every_lever() -> None:
    made = idea(payers={"acute_elective": 60.0, "new": 40.0}, rollout="everywhere", years=3, start="2028-04").scenario()
    for use in made.uses:
        assert use.payers == (("acute_elective", 60.0), ("new", 40.0))
        assert use.rollout.name == "everywhere"
        assert (use.years, use.first_share) == (3, pytest.approx(1 / 3, abs=1e-3))
        assert use.start == made.uses[0].start is not None


def test_a_lever_that_reaches_nobody_is_not_piloted() -> None:
    made = Idea("health_creation", amounts={"elective_recovery": 0.1, "link_workers": 0.1}, rollout="learn").scenario()
    assert made.use("link_workers").rollout.pilot is not None
    assert made.use("elective_recovery").rollout.pilot is None


@pytest.mark.parametrize(("label", "name"), [
    ("My idea", "my_idea"), ("../../etc/passwd", "etc_passwd"), ("Health creation", "my_health_creation"),
    ("", "my_idea"), ("5 % more!", "idea_5_more"), ("x" * 200, "x" * 40),
    ("Null", "idea_null"), ("true!", "idea_true"), ("Con", "idea_con"), ("Nan and Grandad", "nan_and_grandad"),
])  # fmt: skip
def test_a_name_is_a_harmless_file(label: str, name: str) -> None:
    assert Idea("health_creation", label).name == name


@pytest.mark.parametrize(("label", "title"), [
    ("Half each", "Half each"), (" ", "My idea"), ("empty the bath ", "empty the bath (mine)"),
    ("Baseline", "Baseline (mine)"),
])  # fmt: skip
def test_a_title_is_never_that_of_a_shipped_scenario_which_may_stand_beside_it(label: str, title: str) -> None:
    assert idea(label=label).mapping()["label"] == title


def test_the_total_follows_and_leads_the_amounts() -> None:
    before = amounts_of("health_creation")
    doubled = scaled(before, 10)
    assert total_of(doubled) == pytest.approx(10, abs=0.001)
    assert doubled["warm_homes"] == pytest.approx(2 * before["warm_homes"], abs=1e-4)
    assert scaled(amounts_of("new_hospital"), 10) == {"new_hospital": 1.0}


def test_the_file_is_the_scenario_and_says_what_to_type() -> None:
    made = idea(label="Half each", payers={"acute_elective": 50.0, "new": 50.0})
    text = made.yaml("headwater compare …")
    assert yaml.safe_load(text) == made.mapping()
    assert text.startswith("# Save as mine/scenario/half_each.yaml")


def test_the_command_line_composes_the_same_scenario_from_the_file(tmp_path: Path) -> None:
    made = idea(label="Half each", payers={"acute_elective": 50.0, "new": 50.0}, years=4)
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / f"{made.name}.yaml").write_text(made.yaml("…"))
    typed = compose.plan("compare", scenarios=["baseline", made.name], own=[tmp_path], **WANTED)
    asked = {"name": made.name, "scenario": json.loads(json.dumps(made.mapping())), "others": [], "settings": WANTED}
    clicked = worker.planned(asked, tmp_path)
    assert clicked.decisive() == typed.decisive()


# ---------------------------------------------------------------------------------------------------- cost


def test_what_is_bought_is_what_is_paid_and_the_share_that_was_asked() -> None:
    found = cost.cost(idea().scenario(), "toy", 6)
    assert len(found.years) == 6
    assert found.wrong == ()
    for lever in found.levers:
        assert sum(lever.paid.values()) == pytest.approx(lever.by_year[-1])
    paid = sum(line.pays for line in found.lines) + found.new_money
    assert paid == pytest.approx(found.total(-1))
    nhs = sum(line.has for line in found.lines if line.label not in {
        "Council public health", "Adult social care", "Community sector and health creation",
        "New buildings and running them"})  # fmt: skip
    assert found.total(-1) == pytest.approx(0.05 * nhs, rel=1e-3)
    assert found.total(0) == pytest.approx(found.total(-1) / 5, rel=0.1)


def test_new_money_takes_from_no_line() -> None:
    found = cost.cost(idea(payers="new").scenario(), "toy", 3)
    assert found.new_money == pytest.approx(found.total(-1))
    assert all(line.pays == 0 for line in found.lines)


def test_more_than_a_line_has_is_said_in_words() -> None:
    small = Idea("health_creation", amounts={"warm_homes": 20.0}, payers="outpatient", years=1)
    (sentence,) = cost.cost(small.scenario(), "toy", 1).wrong
    assert sentence.startswith("Warm and decent homes: asks “Hospital: outpatients” for £")
    assert "in April 2026, which has £" in sentence
    assert "lower the amount" in sentence
    assert ".yaml" not in sentence


def test_what_several_levers_ask_of_a_line_is_said_by_their_names() -> None:
    much = Idea("baseline", amounts={"warm_homes": 15.0, "bp_optimisation": 15.0}, payers="acute_emergency", years=1)
    (sentence,) = cost.cost(much.scenario(), "toy", 1).wrong
    assert "Blood pressure control and case finding and Warm and decent homes together ask" in sentence
    assert "_" not in sentence


def test_what_the_checks_of_a_run_say_names_no_file() -> None:
    """They look at every draw of the evidence, the page at the central one: a run can fail that looked possible."""
    text = "my_idea.yaml: levers.warm_homes.from: asks outpatient for £131,664 in 2026-04, which has £125,795 a month."
    (sentence,) = cost.fault(text)
    assert sentence == (
        "Warm and decent homes: asks “Hospital: outpatients” for £131,664 in April 2026, which has £125,795 a month."
    )
    assert cost.fault("The disk is full.") == ("The disk is full.",)
    assert cost.fault("The run failed (KeyError: 'digital').") == ("The run failed (KeyError: 'digital').",)


def test_what_holds_of_several_levers_is_said_once_by_their_names_and_with_months_in_words() -> None:
    late = Idea("baseline", amounts={"gp_placements": 0.1, "warm_homes": 0.1}, start="2035-04")
    assert cost.cost(late.scenario(), "toy", 2).notes == (
        "GPs on placement with hospital teams and Warm and decent homes: starting in April 2035 is after the last "
        "month of the run, March 2028.",
    )
    pilot = Idea("baseline", amounts={"gp_placements": 0.1, "warm_homes": 0.1}, rollout="learn")
    (sentence,) = cost.cost(pilot.scenario(), "toy", 1).notes
    assert sentence.endswith("Warm and decent homes: the pilot is not decided before March 2027, when the run ends.")


def test_every_line_that_is_offered_can_pay() -> None:
    for line in CAN_PAY:
        made = Idea("health_creation", amounts={"link_workers": 0.01}, payers={line: 100.0})
        assert cost.cost(made.scenario(), "toy", 1).wrong == (), line


# ---------------------------------------------------------------------------------------------------- runs and folders


def folder(root: Path, identity: str = "0123456789abcdef", **status: Any) -> Path:
    home = root / jobs.HOME / identity
    home.mkdir(parents=True)
    (home / "request.json").write_text("{}")
    if status:
        (home / "status.json").write_text(json.dumps(status))
    return home


def test_a_process_that_was_killed_is_one_sentence(tmp_path: Path) -> None:
    home = folder(tmp_path, state=jobs.RUNNING, share=0.3)
    (home / "alive").touch()
    found = jobs.status(tmp_path, home.name)
    assert found.state == jobs.FAILED
    assert found.said == jobs.KILLED


def test_a_process_that_lives_holds_its_lock(tmp_path: Path) -> None:
    home = folder(tmp_path, state=jobs.RUNNING, share=0.3, doing="baseline")
    with open(home / "alive", "a+b") as file:
        assert store.locked(file)
        assert jobs.status(tmp_path, home.name).doing == "baseline"
        jobs.stop(tmp_path, home.name)
        assert jobs.status(tmp_path, home.name).doing == "Stopping"


def test_a_process_that_never_began_is_given_up(tmp_path: Path) -> None:
    home = folder(tmp_path)
    assert jobs.status(tmp_path, home.name).state == jobs.STARTING
    long_ago = time.time() - 2 * jobs.SLOW_START
    os.utime(home / "request.json", (long_ago, long_ago))
    assert jobs.status(tmp_path, home.name).state == jobs.FAILED


@pytest.mark.parametrize("identity", ["", "..", "../x", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdef/.."])
def test_only_ids_that_were_given_out_are_known(tmp_path: Path, identity: str) -> None:
    folder(tmp_path)
    assert jobs.known(tmp_path, "0123456789abcdef")
    assert not jobs.known(tmp_path, identity)


def test_what_the_dead_left_is_taken_away_and_the_living_kept(tmp_path: Path) -> None:
    dead, alive = folder(tmp_path, "0" * 16, state=jobs.RUNNING), folder(tmp_path, "1" * 16, state=jobs.RUNNING)
    for home in (dead, alive):
        (home / "alive").touch()
        (tmp_path / f".partial-compare-abc-{home.name}").mkdir()
    with open(alive / "alive", "a+b") as file:
        assert store.locked(file)
        jobs.tidy(tmp_path)
    assert [p.name for p in tmp_path.glob(".partial-*")] == [f".partial-compare-abc-{alive.name}"]


def test_a_name_that_is_not_in_the_list_opens_nothing(tmp_path: Path) -> None:
    root, outside = tmp_path / "results", tmp_path / "outside"
    for home in (root / "2026-run", outside):
        home.mkdir(parents=True)
        about = {"format": 1, "command": "compare", "finished": "2026-11-22T10:00:00", "hashes": {}}
        (home / "metadata.json").write_text(json.dumps(about))
        (home / "config.yaml").write_text("place: toy\nyears: 2\ncomposed: {baseline: {label: Baseline}}\n")
        (home / "results.json").write_text("{}")
    damaged = root / "2026-damaged"
    damaged.mkdir()
    (damaged / "metadata.json").write_text("{")
    assert list(saved.listed(root)) == ["2026-run"]
    assert saved.listed(root)["2026-run"].label == "Baseline · toy · 2 years · 2026-11-22 10:00"
    assert saved.folder_of(root, "2026-run") == root / "2026-run"
    for name in ("../outside", str(outside), "2026-damaged", "", ".", "2026-run/"):
        with pytest.raises(UserError):
            saved.folder_of(root, name)


def test_finished_runs_are_listed_newest_first_whatever_their_name_and_only_with_their_numbers(tmp_path: Path) -> None:
    for name, day in (("a_board_copy", 21), ("2026-11-22", 22), ("example", 23), ("zebra", 20)):
        home = tmp_path / name
        home.mkdir()
        about = {"format": 1, "command": "compare", "finished": f"2026-11-{day}T10:00:00", "hashes": {}}
        (home / "metadata.json").write_text(json.dumps(about))
        (home / "config.yaml").write_text("place: toy\nyears: 2\ncomposed: {baseline: {label: Baseline}}\n")
        if name != "example":
            (home / "results.json").write_text("{}")
    assert list(saved.listed(tmp_path)) == ["2026-11-22", "a_board_copy", "zebra"]


@pytest.mark.parametrize(("place", "words"), [
    ("north_mid_hampshire", "north mid hampshire"), ("../towns/my_town/", "my town"), ({"label": "Ours"}, "Ours"),
])  # fmt: skip
def test_a_place_of_ones_own_is_listed_by_its_name(place: Any, words: str) -> None:
    assert saved.place_words(place) == words


def test_every_picture_of_the_report_is_offered_in_words() -> None:
    from sim.dashboard.page_results import VIEWS
    from sim.report.figures import PICTURES

    assert set(VIEWS) == set(PICTURES)


def test_a_table_of_the_first_rows_says_so() -> None:
    assert parts.first("Events by date", 200, 1838) == "Events by date: the first 200 of 1,838"
    assert parts.first("Events by date", 30, 30) == "Events by date"


def test_the_folder_of_a_run_is_named_as_it_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.dashboard.page_results import shown

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown(tmp_path / "here" / "our_results" / "x") == str(Path("our_results", "x"))
    assert shown(tmp_path / "there" / "x") == str((tmp_path / "there" / "x").resolve())


def test_what_does_not_reach_a_lever_is_said() -> None:
    amounts = {"new_hospital": 1.0, "more_gps": 0.5, "link_workers": 0.5}
    assert Idea("baseline", amounts=amounts).passed_by() == []
    (said,) = Idea("baseline", amounts=amounts, start="2028-04").passed_by()
    assert said.startswith("New hospital: a plan with a date of its own")
    plan, spread = Idea("baseline", amounts=amounts, rollout="by_need").passed_by()
    assert plan == said
    assert spread.startswith("More general practice: ")
    assert Idea("baseline", amounts={"new_hospital": 0.0, "link_workers": 1.0}, start="2028-04").passed_by() == []


def test_without_the_extra_the_command_says_so_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"install it with: pip install 'headwater\[dashboard\]'"):
        command.serve(tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("words", [["--config-dir", "."], ["--cfg", "job"]])
def test_options_that_it_would_not_follow_are_refused(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "serve", lambda *_: 0)
    with pytest.raises(UserError, match="takes no options: it composes from the shipped"):
        commands.dashboard(arguments.parse("dashboard", [f"results={tmp_path / 'results'}", *words]))


def test_it_is_bound_to_this_machine_and_tells_nobody() -> None:
    line = command.command_line(8600)
    assert "--server.address=127.0.0.1" in line
    assert "--browser.gatherUsageStats=false" in line
    assert "--server.port=8600" in line
