"""One table of settings: its checks, its help, and the shipped configuration say the same."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sim import arguments, checks, compose, files, helptext, paths, settings
from sim.arguments import Override, Words
from sim.errors import UserError
from sim.settings import RunSettings, Settings

pytestmark = [pytest.mark.unit, pytest.mark.compat]


def test_the_shipped_configuration_is_the_table() -> None:
    shipped = yaml.safe_load((paths.configs() / "config.yaml").read_text())
    for row in settings.rows():
        if row.key in ("place", "scenario", "books", "bounds", "targets", "strict", "lens", "port") or row.commands in (
            settings.SWEEPING,
            settings.CALIBRATING,
        ):
            continue  # chosen in the list of defaults; words of one command
        value: Any = shipped
        for part in row.key.split("."):
            value = value[part]
        assert value == (list(row.default) if isinstance(row.default, tuple) else row.default), row.key


def test_every_setting_says_what_it_is() -> None:
    for row in settings.rows():
        assert row.help, row.key
        assert row.source, row.key
        assert row.kind in ("whole number", "number", "yes or no", "month", "name", "names", "place", "text")
        assert (row.low is None) == (row.high is None)
        if row.kind in ("whole number", "number", "month"):
            assert row.low is not None, f"{row.key} has no range"
        assert checks.problem(row, row.default) is None, f"the default of {row.key} breaks its own rule"
        assert row.key in helptext.markdown()
        for command in row.commands:
            assert f"{row.key}=" in helptext.command(command)


@pytest.mark.parametrize(("key", "value", "sentence"), [
    ("years", -3, "years must be from 1 to 60 years, not -3."),
    ("years", 2.5, "years must be a whole number, not 2.5."),
    ("years", "ten", "years is not a number: 'ten'."),
    ("years", True, "years is not a number: True."),
    ("years", None, "years is empty."),
    ("scale", 0, "scale must be above 0 up to 1, not 0."),
    ("scale", float("nan"), "scale must be above 0 up to 1, not nan."),
    ("scale", 1.01, "scale must be above 0 up to 1, not 1.01."),
    ("evidence.judged", "maybe", "evidence.judged must be true or false, not 'maybe'."),
    ("start", "2026-13", "start: '2026-13' is not a month; write it as YYYY-MM, for example 2026-04."),
    ("start", "2019-01", "start must be from 2020-07 to 2070-07, not 2019-01."),
    ("scenarios", "baseline", "scenarios must be a list of names, for example scenarios=[baseline,health_creation]."),
    ("scenarios", [], "scenarios must be a list of names, for example scenarios=[baseline,health_creation]."),
    ("scenarios", ["a", "b", "a"], "scenarios names a twice."),
    ("place", "", "place must be text, not ''."),
])  # fmt: skip
def test_one_wrong_value_is_one_sentence(key: str, value: Any, sentence: str) -> None:
    row = next(row for row in settings.rows() if row.key == key)
    assert checks.problem(row, value) == sentence


@pytest.mark.parametrize(("values", "sentence"), [
    ({"runs": 7, "seeds": 2}, "runs=7 cannot be shared out among seeds=2; runs must be a multiple of seeds."),
    ({"start": "2050-01"}, "start=2050-01 is after the end: the last month of the run is 2046-03."),
    ({"start": "2027-01"}, "start=2027-01 is after policy_start=2026-04; it must not be later."),
])  # fmt: skip
def test_settings_that_do_not_go_together(values: dict[str, Any], sentence: str) -> None:
    assert checks.check(values, "compare") == [sentence]


@given(st.integers(1, 60), st.floats(0.001, 1), st.integers(1, 500), st.booleans())
def test_valid_settings_survive_the_round_trip(years: int, scale: float, runs: int, judged: bool) -> None:
    values = {"years": years, "scale": scale, "runs": runs, "evidence.judged": judged}
    built = checks.build(values, "compare")
    tree = compose.Plan("compare", built, {}).tree()
    assert compose.from_tree(yaml.safe_load(yaml.safe_dump(tree))).settings == built
    pairs = built.layout()
    assert len(pairs) == runs
    assert len({seed for _, seed in pairs}) == runs


@pytest.mark.parametrize(("runs", "seeds", "draws"), [
    (1, None, [0]), (8, None, [1, 2, 3, 4]), (2, None, [1, 2]), (2, 2, [0]),
])  # fmt: skip
def test_which_draws_and_seeds(runs: int, seeds: int | None, draws: list[int]) -> None:
    assert sorted({draw for draw, _ in Settings(runs=runs, seeds=seeds).layout()}) == draws


def test_the_model_gets_months_as_numbers() -> None:
    run = Settings(years=2).for_model()
    assert (run.start, run.policy_start, run.end) == (57, 69, 93)
    assert {field.name for field in dataclasses.fields(RunSettings)} == {
        "place", "scale", "judged", "years", "start", "policy_start",
    }  # fmt: skip


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_values(text: str) -> None:
    value = arguments.light(text)
    for row in settings.rows():
        sentence = None if value is arguments.UNSURE else checks.problem(row, value)
        assert sentence is None or sentence.endswith(".")


@given(st.lists(st.text(max_size=20), max_size=4))
def test_no_words_break_the_command_line(words: list[str]) -> None:
    with contextlib.suppress(UserError):
        arguments.check(arguments.parse("compare", words))


def test_plain_values_are_read_as_yaml_reads_them() -> None:
    for text in ("3", "0.5", "1e-3", "true", "False", "null", "abc", "'a b'", "[1, 2]", "[a,b]", "2026-04"):
        wanted = yaml.safe_load(text)
        got = arguments.light(text)
        assert (got == wanted) or (text == "1e-3" and got == 0.001), text
    assert arguments.light("${years}") is arguments.UNSURE
    assert arguments.light("range(1,5)") is arguments.UNSURE


def test_sweeps_are_checked_value_by_value() -> None:
    words = Words("run", overrides=[Override("", "years", "5,99")], multirun=True)
    assert arguments.check(words) == ["years must be from 1 to 60 years, not 99."]


def test_lever_words_are_those_of_the_policy() -> None:
    from sim.policy import scenario

    assert set(arguments.USE_KEYS) == scenario._USE_KEYS
    assert set(files.SCENARIO_KEYS) == scenario._KEYS | {"defaults"}


def composed(*overrides: str, place: str, **chosen: Any) -> dict[str, Any]:
    plan = compose.plan("compare", [f"place={place}", *overrides], **chosen)
    return {name: dict(scenario["levers"]) for name, scenario in plan.scenarios.items()}


def test_a_lever_is_changed_where_it_is_used(tmp_path: Any) -> None:
    levers = composed("levers.link_workers.amount=7", place=str(tmp_path))
    assert levers["health_creation"]["link_workers"]["amount"] == 7
    assert levers["health_creation"]["link_workers"]["from"] == "acute"
    assert all("link_workers" not in levers[name] for name in levers if name != "health_creation")


def test_a_lever_can_be_added_to_one_scenario(tmp_path: Any) -> None:
    levers = composed("new_hospital.levers.more_gps.amount=1", place=str(tmp_path))
    assert [name for name in levers if "more_gps" in levers[name]] == ["new_hospital"]


@pytest.mark.parametrize(("override", "sentence"), [
    ("levers.more_gps.amount=1", "None of the scenarios run uses more_gps"),
    ("baseline.levers.more_gps.amount=1", "baseline is not among the scenarios run"),
])  # fmt: skip
def test_a_lever_that_would_change_nothing_is_a_mistake(tmp_path: Any, override: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        composed(override, place=str(tmp_path), scenarios=["health_creation", "new_hospital"])


def test_odd_folder_names_arrive_as_they_are(tmp_path: Any) -> None:
    odd = tmp_path / "my town, (it's new) = x"
    odd.mkdir()
    assert compose.plan("run", [f"place={odd}"]).settings.place == str(odd)


def test_a_newer_configuration_is_refused() -> None:
    with pytest.raises(UserError, match="newer version"):
        compose.from_tree({"command": "run", "composed": {}, "schema": 99})


@pytest.mark.parametrize(("word", "name", "wanted"), [
    ("outcomes=gp_need,smoking", "outcomes", ("gp_need", "smoking")),
    ("outcomes=gp_need", "outcomes", ("gp_need",)),
    ("outcomes='gp_need, smoking'", "outcomes", ("gp_need", "smoking")),
    ("outcomes=[gp_need,smoking]", "outcomes", ("gp_need", "smoking")),
    ("outcomes=null", "outcomes", None),
    ("factors.evidence=ties", "varied", ("ties",)),
    ("factors.evidence=ties,life.*", "varied", ("ties", "life.*")),
    ("scenarios=baseline,new_hospital", "scenarios", ("baseline", "new_hospital")),
    ("scenarios=baseline", "scenarios", ("baseline",)),
])  # fmt: skip
def test_lists_of_names_need_no_brackets(word: str, name: str, wanted: tuple[str, ...] | None) -> None:
    assert getattr(compose.plan("sweep", ["experiment=screen", "place=toy", word]).settings, name) == wanted


def test_every_list_of_names_may_be_typed_without_brackets() -> None:
    shipped = {"scenarios": "baseline,new_hospital"}
    for row in settings.rows():
        if row.kind == "names":
            typed = shipped.get(row.key, "one,two")
            plan = compose.plan(row.commands[-1], [f"{row.key}={typed}"])
            assert getattr(plan.settings, row.name) == tuple(typed.split(","))


def test_scenarios_in_python_may_be_one_text() -> None:
    wanted = {"baseline": ["baseline"], "baseline, new_hospital": ["baseline", "new_hospital"]}
    for text, names in wanted.items():
        assert list(compose.plan("compare", ["place=toy"], scenarios=text).scenarios) == names
    assert list(compose.plan("run", ["place=toy"], scenarios="new_hospital").scenarios) == ["new_hospital"]


def test_a_single_setting_and_a_single_folder_may_stand_by_themselves_in_python(tmp_path: Path) -> None:
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "mine.yaml").write_text("label: Mine\ndescription: One.\nlevers: {}\n", encoding="utf-8")
    for own in (tmp_path, str(tmp_path), [tmp_path]):
        made = compose.plan("run", "place=toy", own, "mine")
        assert made.settings.place == "toy"
        assert list(made.scenarios) == ["mine"]


def test_what_python_calls_takes_one_text_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim import api
    from sim.studies import compare as study
    from sim.sweeps import run as driver

    seen: list[list[str]] = []
    monkeypatch.setattr(study, "compare", lambda plan, progress: seen.append(list(plan.scenarios)))

    def swept(it: Any, *_: Any, **__: Any) -> Any:
        seen.append(list(it.plan.scenarios))
        return it

    monkeypatch.setattr(driver, "sweep", swept)
    api.compare("baseline", overrides=["place=toy"], years=1)
    api.sweep("screen", overrides=["place=toy"], scenarios="baseline,new_hospital")
    api.sweep("screen", overrides=["place=toy"], outcomes="deaths")
    assert seen == [["baseline"], ["baseline", "new_hospital"], ["baseline", "health_creation"]]
