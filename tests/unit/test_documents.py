"""Documents that are made from tables say what the tables say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim import helptext

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_settings_is_the_one_that_is_checked() -> None:
    assert helptext.markdown() in (DOCS / "settings.md").read_text(encoding="utf-8"), (
        "docs/settings.md is out of date; put the output of sim.helptext.markdown() into it"
    )


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in (DOCS.parent / "README.md", *DOCS.rglob("*.md")):
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if not link.startswith(("http", "mailto:")):
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_picture_has_words_in_its_place() -> None:
    for document in (DOCS.parent / "README.md", *DOCS.rglob("*.md")):
        for words in re.findall(r"!\[([^\]]*)\]", document.read_text(encoding="utf-8")):
            assert len(words.split()) > 4, document.name
