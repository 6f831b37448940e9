"""Pictures as they go into the page draw what matplotlib drew, in fewer letters."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.report import style, svg
from sim.report.style import Picture

pytestmark = pytest.mark.unit

COORDINATE = st.floats(-2000, 2000).map(lambda x: round(x, 6))
POINT = st.tuples(COORDINATE, COORDINATE)
PIECE = st.one_of(
    st.tuples(st.just("L"), st.tuples(POINT)),
    st.tuples(st.just("Q"), st.tuples(POINT, POINT)),
    st.tuples(st.just("C"), st.tuples(POINT, POINT, POINT)),
    st.tuples(st.just("z"), st.just(())),
)
RING = st.tuples(POINT, st.lists(PIECE, min_size=1, max_size=6))
"""A point to begin at and the pieces after it; nothing follows a `z` but a new beginning."""


def written(rings: list[tuple[tuple[float, float], list[tuple[str, tuple[tuple[float, float], ...]]]]]) -> str:
    """Path data as matplotlib writes it."""
    parts = []
    for (x, y), pieces in rings:
        parts.append(f"M {x:.6f} {y:.6f}")
        for letter, points in pieces:
            parts.append(" ".join([letter, *(f"{a:.6f} {b:.6f}" for a, b in points)]))
            if letter == "z":
                break
    return "\n".join(parts)


def drawn(data: str) -> list[tuple[str, list[tuple[float, float]]]]:
    pen = RecordingPen()
    parse_path(data, pen)
    return [(what, [tuple(point) for point in points]) for what, points in pen.value]


def ends_beside_its_beginning(ring) -> bool:
    """Whether a ring is closed from a point that only rounding moves to where it began: parsers write such a close with
    one line more, and it looks the same."""
    begin, pieces = ring
    letters = [letter for letter, _ in pieces]
    if "z" not in letters:
        return False
    points = [point for _, several in pieces[: letters.index("z")] for point in several]
    last = points[-1] if points else begin
    return last != begin and all(round(10 * a) == round(10 * b) for a, b in zip(last, begin, strict=True))


@given(st.lists(RING, min_size=1, max_size=4))
def test_relative_path_is_the_same_path_to_half_a_tenth(rings):
    assume(not any(map(ends_beside_its_beginning, rings)))
    data = written(rings)
    before, after = drawn(data), drawn(svg.relative(data))
    assert [what for what, _ in after] == [what for what, _ in before]
    for (_, a), (_, b) in zip(before, after, strict=True):
        np.testing.assert_allclose(b, a, atol=0.05 + 1e-6)


def test_a_picture_keeps_its_shapes_and_loses_empty_groups():
    figure = Picture(height=2)
    axes = figure.subplots()
    axes.plot([0, 1, 2], [1, 3, 2])
    text = svg.tidy(figure.svg())
    assert "<g>" not in text
    assert "<g/>" not in text
    assert text.count("<g ") == text.count("</g>")
    assert text.count("<path") > 3


@pytest.mark.parametrize("family", style.FAMILIES)
def test_a_mark_that_a_typeface_lacks_is_measured_in_silence(monkeypatch: pytest.MonkeyPatch, family: str) -> None:
    monkeypatch.setattr(style, "font_family", lambda: family)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert style._measure.__wrapped__("▲ ▼ ◆ −", 9.0, "normal") > 0
