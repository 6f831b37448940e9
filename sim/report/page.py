"""The report as one self-contained page: every figure inline, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim.report import svg
from sim.report.figures import draw_all
from sim.report.numbers import Numbers
from sim.report.parts import Table, Tile
from sim.report.style import Drawn, Picture

if TYPE_CHECKING:
    from sim.outcomes.results import Results

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Shown:
    """A figure on the page. title, text: a heading and a paragraph before it, where it has them."""

    svg: str
    caption: str
    alt: str
    title: str = ""
    text: str = ""

    @property
    def name_id(self) -> str:
        """The id of the element that names the picture; empty where it has none."""
        found = re.search(r'aria-labelledby="([^"]+)"', self.svg)
        return found[1] if found else ""


@dataclass
class Section:
    """A part of the page: introduction, figures, tables, closing notes. widget: HTML of its own, of which nothing is
    seen without scripts."""

    id: str
    name: str
    intro: list[str] = field(default_factory=list)
    figures: list[Shown] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    widget: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.figures or self.tables or self.intro or self.after)


@dataclass
class Page:
    """Everything the template asks for. script: the one script that may run, none unless said; nothing is loaded."""

    title: str
    kicker: str
    answer: str
    warnings: list[str]
    tiles: list[Tile]
    tiles_note: str
    sections: list[Section]
    footer: str
    script: str = ""

    @property
    def policy(self) -> str:
        """What the page may do: nothing but its own styles and, by its hash, its own script."""
        allowed = ""
        if self.script:
            allowed = (
                f"; script-src 'sha256-{base64.b64encode(hashlib.sha256(self.script.encode()).digest()).decode()}'"
            )
        return f"default-src 'none'; style-src 'unsafe-inline'{allowed}"

    @property
    def contents(self) -> list[Section]:
        """Entries of the list of contents."""
        first = [Section("answer", "The answer")] + ([Section("scenarios", "Scenarios")] if self.tiles else [])
        return first + self.sections


def html(source: Results | Numbers, pictures: Mapping[str, Picture | Drawn] | None = None) -> str:
    """The whole page as text. `pictures`: those already drawn, by name (see `inlined`)."""
    from sim.report.outline import build

    numbers = Numbers.of(source)
    return render(build(numbers, draw_all(numbers) if pictures is None else pictures))


def render(page: Page) -> str:
    """A page as text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(page=page)


def inlined(picture: Picture | Drawn, name: str) -> str:
    """A picture as it stands in the page; drawn once however often it is asked for."""
    if isinstance(picture, Picture) and picture.inlined is None:
        picture.inlined = svg.inline(picture, name.replace("_", "-"))
    assert picture.inlined is not None
    return picture.inlined
