"""Nothing in the registry is dead, and nothing that the model asks for is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.evidence import load
from sim.evidence.registry import COLUMNS
from sim.evidence.usage import missing, unused, users

pytestmark = pytest.mark.unit


def test_everything_in_the_registry_is_used() -> None:
    assert unused(load()) == [], "remove these rows, or use them"


def test_everything_the_model_asks_for_exists() -> None:
    assert missing(load()) == []


def test_names_that_code_puts_together_count_as_used() -> None:
    assert users("behaviours.trend_smoking")


def test_a_row_that_nothing_uses_and_a_number_that_is_not_there_are_found(tmp_path: Path) -> None:
    row = "a.ratio,2,ratio,1.6,2.5,lognormal,,,somebody,read,,"
    (tmp_path / "group.csv").write_text("\n".join([",".join(COLUMNS), row]) + "\n", encoding="utf-8")
    registry = load(tmp_path)
    assert "a.ratio" in unused(registry)
    lacking = [name.split(" (")[0] for name in missing(registry)]
    assert "mortality.hr_cap" in lacking, "the model asks for it and this registry has it not"
