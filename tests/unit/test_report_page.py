"""The page and its pictures: self-contained, described, without ids that clash."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from sim.report import page, svg
from sim.report.figures import plot
from sim.report.neighbourhood_map import simplify
from sim.report.numbers import Numbers
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
LOADING = {"src", "href", "xlink:href", "data", "poster", "action", "srcset"}


class Reader(HTMLParser):
    """Collects what the tests ask of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text() -> str:
    return page.html(Numbers(samples.results()))


@pytest.fixture(scope="module")
def reader(text: str) -> Reader:
    return Reader(text)


def test_it_loads_nothing(text: str, reader: Reader) -> None:
    policy = [a for a in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    allowed = r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/=]+'"
    assert re.fullmatch(allowed, policy[0]["content"]), "nothing but its own style and its one script"
    for _, attributes in reader.tags:
        for name in LOADING & set(attributes):
            assert attributes[name].startswith("#"), (name, attributes[name])
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert [one.get("type", "") for one in reader.all("script")] == ["application/json", ""], "data, and the explorer's"
    assert not reader.all("link") + reader.all("img")


def test_ids_are_unique_and_references_lead_somewhere(text: str, reader: Reader) -> None:
    ids = [a["id"] for _, a in reader.tags if "id" in a]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    asked = [a[n][1:] for _, a in reader.tags for n in LOADING & set(a)] + re.findall(r"url\(#([^)]+)\)", text)
    for names in [a[n] for _, a in reader.tags for n in ("aria-labelledby", "aria-describedby") if n in a]:
        asked += names.split()
    assert set(asked) <= set(ids)


def test_every_picture_has_a_role_a_title_and_a_description(reader: Reader) -> None:
    pictures = reader.all("svg")
    assert len(pictures) >= 12
    assert all(a["role"] == "img" and a["aria-labelledby"] and a["aria-describedby"] for a in pictures)
    assert len(reader.all("title")) == len(pictures) + 1
    assert len(reader.all("desc")) == len(pictures)


def test_language_headings_and_table_headers_are_in_order(reader: Reader) -> None:
    assert reader.all("html")[0]["lang"] == "en-GB"
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert len(reader.all("caption")) == len(reader.all("table"))
    assert all(a["scope"] in ("col", "row") for a in reader.all("th"))


def test_the_answer_comes_first_and_intervals_are_of_runs(text: str) -> None:
    results = samples.results()
    assert text.index('class="answer"') < text.index('class="tile"') < text.index("<figure>")
    assert re.sub(r"\s+", " ", results.headline)[:40] in text
    assert "95 % CI" not in text
    assert "90\u00a0% of runs" in text
    assert "Open Government Licence" in text


def test_text_from_configuration_cannot_become_markup() -> None:
    odd = samples.results({"s": samples.GAIN}, years=2)
    for record in odd.records:
        record.meta["label"] = '<b>&"bold"</b>'
    made = page.html(Numbers(odd))
    assert "<b>" not in made
    assert "&lt;b&gt;" in made


def test_a_single_run_of_a_single_scenario_makes_a_page() -> None:
    made = page.html(Numbers(samples.results({}, draws=1, seeds=1, years=2)))
    assert "What changes against" not in made
    assert "What happens, year by year" in made


def test_svg_coordinates_are_short_and_prefixed() -> None:
    picture = plot(samples.results(years=2), "trends")
    made = svg.inline(picture, "trends")
    assert all(name.startswith("trends-") for name in re.findall(r'\bid="([^"]+)"', made))
    paths = " ".join(re.findall(r' d="([^"]+)"', made))
    assert not re.search(r"\d\.\d\d", paths)
    assert "xmlns" not in made
    assert "xmlns" in svg.standalone(made)
    assert made == svg.inline(plot(samples.results(years=2), "trends"), "trends"), "not repeatable"


def test_simplified_outlines_stay_within_the_tolerance() -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    kept = simplify(ring, 0.01)
    assert 8 < len(kept) < 60
    assert np.hypot(*kept.T) == pytest.approx(1)
