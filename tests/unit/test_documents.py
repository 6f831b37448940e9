"""Documents that are made from tables say what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import helptext

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_settings_is_the_one_that_is_checked() -> None:
    assert helptext.markdown() in (DOCS / "settings.md").read_text(encoding="utf-8"), (
        "docs/settings.md is out of date; put the output of sim.helptext.markdown() into it"
    )
