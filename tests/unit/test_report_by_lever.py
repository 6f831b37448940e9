"""The waterfall of an attribution in the report of a comparison: taken over only where the two belong together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.errors import UserError
from sim.report import by_lever
from sim.report.numbers import Numbers
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
CSV = """measure,by,step,start,end,change
emergency_admissions,lever,baseline,0,80000,80000
emergency_admissions,lever,link_workers,80000,79000,-1000
emergency_admissions,lever,warm_homes,79000,79400,400
emergency_admissions,lever,{target},0,79400,79400
emergency_admissions,kind,baseline,0,80000,80000
"""


def folder(root: Path, name: str, command: str, target: str = "", **other: str) -> Path:
    made = root / name
    made.mkdir()
    hashes = {"place": "a", "evidence": "b"} | {k: v for k, v in other.items() if k in ("place", "evidence")}
    (made / "metadata.json").write_text(json.dumps({"format": 1, "command": command, "hashes": hashes}))
    start, amount = other.get("start", "2026-04"), other.get("amount", "2")
    (made / "config.yaml").write_text(
        f"place: toy\nyears: {other.get('years', '5')}\npolicy_start: {start}\nevidence:\n  judged: true\n"
        f"composed:\n  baseline:\n    levers: {{}}\n  reform:\n    levers:\n      more_beds: {{amount: {amount}}}\n"
    )
    if target:
        (made / "waterfall.csv").write_text(CSV.format(target=target))
    return made


def test_a_waterfall_is_taken_over_and_drawn_by_lever(tmp_path: Path) -> None:
    results = samples.results({"reform": samples.GAIN}, years=2)
    own, other = folder(tmp_path, "compare", "compare"), folder(tmp_path, "attribute", "attribute", "reform")
    assert by_lever.pictures(Numbers(results), own) == {}
    by_lever.take_over(results, own, other)
    (picture,) = by_lever.pictures(Numbers(results), own).values()
    assert picture.finding.startswith("Emergency admissions: −600 a year; the largest step is Link workers")
    assert "Warm homes +400" in picture.alt


@pytest.mark.parametrize(
    ("name", "command", "target", "other", "said"),
    [
        ("a", "compare", "reform", {}, "is not the folder of a finished headwater attribute"),
        ("b", "attribute", "", {}, "is not the folder of a finished headwater attribute"),
        ("c", "attribute", "reform", {"evidence": "c"}, "was run with another evidence than"),
        ("d", "attribute", "reform", {"years": "6"}, "was run with another number of years than"),
        ("e", "attribute", "frontiers", {}, "goes from baseline to frontiers"),
        ("f", "attribute", "reform", {"start": "2029-04"}, "was run with another start of the policy than"),
        ("g", "attribute", "reform", {"amount": "10"}, "was run with other levers of reform than"),
    ],
)
def test_one_that_does_not_belong_is_refused(
    tmp_path: Path, name: str, command: str, target: str, other: dict[str, str], said: str
) -> None:
    results = samples.results({"reform": samples.GAIN}, years=2)
    own = folder(tmp_path, "own", "compare")
    with pytest.raises(UserError, match=said):
        by_lever.take_over(results, own, folder(tmp_path, name, command, target, **other))
    assert not (own / "waterfall.csv").exists()
