"""Nothing in the registry is dead, and nothing that the model asks for is missing."""

from __future__ import annotations

import pytest

from sim.evidence import load
from sim.evidence.usage import missing, unused, users

pytestmark = pytest.mark.unit


def test_everything_in_the_registry_is_used() -> None:
    assert unused(load()) == [], "remove these rows, or use them"


def test_everything_the_model_asks_for_exists() -> None:
    assert missing(load()) == []


def test_names_that_code_puts_together_count_as_used() -> None:
    assert users("behaviours.trend_smoking")
