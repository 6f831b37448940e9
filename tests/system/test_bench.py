"""The benchmark runs, prints and keeps what it measured; that speeds are met is judged by ``make bench`` itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.errors import EnvironmentFault, UserError
from sim.studies import bench as benchmarks
from sim.studies import chromium

pytestmark = pytest.mark.system

CORE = "Engine: a small life course against plain Mesa"
PEOPLE, BROWSER = "What people wait for", "The dashboard in a browser"


def test_quick_benchmark_is_printed_and_kept(tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "results"
    record = benchmarks.bench(folder, quick=True, only=[CORE], report=said.append)
    again = benchmarks.bench(folder, quick=True, only=[], report=said.append)
    files = sorted(folder.iterdir())
    assert len(files) == 2, "a second run of the day overwrites nothing"
    assert json.loads(min(files, key=lambda f: len(f.name)).read_text(encoding="utf-8")) == record
    assert record["format"] == benchmarks.FORMAT
    assert record["quick"] is True
    assert record["machine"]["processor"]
    assert record["versions"]["packages"]["mesa"]
    assert again["parts"] == {}
    lines = {line["name"]: line for line in record["parts"][CORE]["lines"]}
    assert lines["times as fast as plain Mesa"]["value"] > 5, "even tiny places are much faster than objects"
    assert lines["times as fast as plain Mesa"]["met"] is None, "quick figures are not judged"
    assert any("times as fast as plain Mesa" in text for text in said)


def test_a_part_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"no part of the benchmark called 'The hole model'\. Did you mean The whole model"
    ):
        benchmarks.bench(tmp_path / "results", only=["The hole model"])
    assert not (tmp_path / "results").exists()


def test_limits_are_judged_both_ways() -> None:
    fast, slow = benchmarks.Line("a", 11, "M", 10), benchmarks.Line("a", 9, "M", 10)
    small, large = benchmarks.Line("b", 1.5, "", 1.6, False), benchmarks.Line("b", 1.7, "", 1.6, False)
    assert [line.met for line in (fast, slow, small, large)] == [True, False, True, False]
    assert benchmarks.Line("c", 1, "").met is None
    text = "\n".join(benchmarks.table("Title", [fast, large], quick=False))
    assert "at least 10: yes" in text
    assert "at most 1.6: NO" in text


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        benchmarks.bench(blocked / "results", quick=True, only=[], report=lambda text: None)


@pytest.mark.slow
def test_sweeps_are_measured_stopped_and_resumed(tmp_path: Path) -> None:
    """The quick form of each part ends, and what must hold on any machine holds."""
    titles = ["Sweeps: overhead", "Sweeps: a large study, stopped and gone on with"]
    record = benchmarks.bench(tmp_path, quick=True, only=titles, report=lambda text: None)
    lines = {line["name"]: line["value"] for part in record["parts"].values() for line in part["lines"]}
    assert lines["runs"] == 512 * 14
    assert lines["runs done twice"] == 0
    assert lines["of them said to be kept"] == lines["done when it was stopped"] > 0
    assert lines["done when it was stopped again"] > lines["done when it was stopped"]


def test_what_a_machine_lacks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "missing", lambda: "no Chromium on this machine")
    said: list[str] = []
    record = benchmarks.bench(tmp_path, quick=True, only=[BROWSER], report=said.append)
    assert record["parts"][BROWSER]["lines"] == []
    assert record["parts"][BROWSER]["not_measured"] == "no Chromium on this machine"
    assert "  not measured: no Chromium on this machine" in said


@pytest.mark.slow
@pytest.mark.parametrize("title", [PEOPLE, pytest.param(BROWSER, marks=pytest.mark.needs_browser)])
def test_what_people_wait_for_is_timed(title: str) -> None:
    if title == BROWSER and (lack := chromium.missing()):
        pytest.skip(lack)
    record = benchmarks.bench(None, quick=True, only=[title], report=lambda text: None)
    values = {line["name"]: line["value"] for line in record["parts"][title]["lines"]}
    assert len(values) == 6 + (title == PEOPLE)
    assert all(value > 0.1 for name, value in values.items() if "others" not in name)
    if title == BROWSER:
        answer, whole = (
            next(v for k, v in values.items() if k.endswith(end))
            for end in ("answer, as it ran", "all of it, as it ran")
        )
        assert answer < whole
