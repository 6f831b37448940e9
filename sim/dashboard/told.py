"""What the report says beside its pictures, for the pages of the dashboard: notes and captions."""

from __future__ import annotations

from sim.report import cautions, outline
from sim.report.numbers import Numbers


def warnings(numbers: Numbers) -> list[str]:
    """What must be borne in mind of these results, a sentence each."""
    return cautions.cautions(numbers)


def caption(picture: str) -> str:
    """How to read a picture; empty where nothing is said of it."""
    return outline.CAPTIONS.get(picture, "")
