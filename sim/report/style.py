"""How every picture looks: colours by role, one typeface, numbers as people write them.

Colours were chosen for the smallest difference between any two (ΔE 31 for normal vision, 15 with deuteranopia) and at
least 3:1 against white. Colour never carries meaning alone: each series also has its own dash, marker and direct label.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import matplotlib.backends.backend_svg
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation, Transform
from PIL import Image, PngImagePlugin

INK = "#212B32"  # text, and the baseline's line
MUTED = "#4C6272"  # second text: 6.4:1 on white
RULE = "#D8DDE0"
GHOST = "#AEB7BD"
UNCLEAR = "#DCE1E4"
PAPER = "#FFFFFF"
SERIES_COLOURS = ("#005EB8", "#F46A25", "#00A499", "#A285D1")
POINTS = 72  # in an inch
PACKED = 3  # of 9: half the time for a tenth more bytes
PRINTED = 150  # dots an inch of a PNG: 1,440 across, enough for a slide or a page
MAX_SERIES = 4  # in one panel
FAMILIES = ("Arial", "Liberation Sans", "DejaVu Sans")
CSS_FONT = "Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
WIDTH = 9.6  # inches: the width of a figure on the page
MOST_DECIMALS = 3
MINUS, NBSP, DASH = "\u2212", "\u00a0", "\u2013"

# Dash patterns (on, off, …) in line widths; the baseline is the only plainly dashed one.
BASELINE_DASH = (0, (3.5, 1.8))
_DASHES: tuple[Any, ...] = ("solid", (0, (6, 1.2, 1.2, 1.2)), (0, (1.2, 1.0)), (0, (9, 2)))
_MARKERS = ("o", "s", "^", "D")

RED, BLUE = "#B2420A", "#005EB8"  # ends of the diverging map: worse, better (told apart by colour-blind readers)


@dataclass(frozen=True)
class Look:
    """How one scenario is drawn wherever it appears."""

    colour: str
    dash: Any
    marker: str
    width: float


BASELINE_LOOK = Look(INK, BASELINE_DASH, "", 1.6)


def looks(scenarios: Sequence[str], baseline: str | None) -> dict[str, Look]:
    """The look of each scenario, by its role in the comparison: the same in every picture of a report."""
    chosen: dict[str, Look] = {}
    others = [name for name in scenarios if name != baseline]
    for index, name in enumerate(others):
        slot = index % len(SERIES_COLOURS)
        chosen[name] = Look(SERIES_COLOURS[slot], _DASHES[slot], _MARKERS[slot], 2.1)
    if baseline is not None:
        chosen[baseline] = BASELINE_LOOK
    return chosen


@cache
def font_family() -> str:
    """The first of Arial, Liberation Sans and DejaVu Sans that this machine has (text is measured with it)."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in FAMILIES if name in installed), "DejaVu Sans")


def settings() -> dict[str, Any]:
    """Matplotlib settings of every picture."""
    return {
        "font.family": [font_family()],
        "font.size": 9.5,
        "text.parse_math": False,  # "$" is a currency in somebody's label, never the beginning of a formula
        "text.hinting": "no_hinting",  # shapes as they were designed: a page is scaled, and it is a sixth faster
        "svg.fonttype": "none",
        "svg.hashsalt": "headwater",
        "axes.unicode_minus": True,
        "axes.edgecolor": GHOST,
        "axes.linewidth": 0.8,
        "axes.labelcolor": MUTED,
        "axes.labelsize": 9,
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": INK,
        "axes.titley": 1.0,  # as it is; looked for it would cost a tenth of a drawing
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": RULE,
        "grid.linewidth": 0.6,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.major.size": 3,
        "ytick.left": False,
        "ytick.major.size": 0,  # labels stand where they would with marks of no length
        "lines.solid_capstyle": "round",
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "figure.dpi": 100,
        "hatch.linewidth": 0.5,
    }


@contextmanager
def drawing() -> Iterator[None]:
    """Draw inside this block to get the settings without changing anyone else's."""
    chosen: Any = settings()
    with mpl.rc_context(chosen):
        yield


class Picture(Figure):
    """A matplotlib Figure that knows its finding (the title) and its description in words.

    `alt` is made from the numbers that are drawn; `finding` is true of them.
    """

    finding: str
    alt: str

    def __init__(self, width: float = WIDTH, height: float = 4.0) -> None:
        super().__init__(figsize=(width, height))
        FigureCanvasAgg(self)
        self.finding = ""
        self.alt = ""
        self.inlined: str | None = None  # kept by the page

    def svg(self) -> str:
        """The picture as SVG text, as matplotlib writes it."""
        buffer = io.StringIO()
        self._settle()
        with drawing():
            self.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()

    def _settle(self) -> None:
        """Spare matplotlib looking where axis labels and titles that nobody wrote would go, drawing after drawing."""
        for axes in self.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if not axis.get_label_text():
                    axis.set_label_coords(0, 0)

    def png(self, dpi: int = PRINTED) -> bytes:
        """The picture as PNG bytes, with its description as metadata.

        Nothing shines through it, and without that channel packing takes half the time and a tenth less room.
        """
        self._settle()
        canvas, shown = FigureCanvasAgg(self), self.get_dpi()
        self.set_dpi(dpi)
        with drawing():
            canvas.draw()  # type: ignore[no-untyped-call]
        size, drawn = canvas.get_width_height(), canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        self.set_dpi(shown)
        about = PngImagePlugin.PngInfo()
        about.add_text("Title", self.finding)
        about.add_text("Description", self.alt)
        packed = io.BytesIO()
        opaque = Image.frombuffer("RGBA", size, drawn, "raw", "RGBA", 0, 1).convert("RGB")
        opaque.save(packed, "png", dpi=(dpi, dpi), pnginfo=about, compress_level=PACKED)
        return packed.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png(110)


@dataclass
class Drawn:
    """A picture that was drawn and is only needed as it stands in a page or a file: what is kept of a `Picture`."""

    finding: str
    alt: str
    inlined: str
    raster: bytes


def wrap(text: str, width: int) -> str:
    """Text broken into lines of at most `width` characters, at spaces."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return "\n".join(lines)


@cache
def _measure(text: str, size: float, weight: str) -> float:
    font = font_manager.FontProperties(family=[font_family(), FAMILIES[-1]], size=size, weight=weight)  # the last has ◆
    renderer: Any = RendererAgg(1, 1, POINTS)  # type: ignore[no-untyped-call]
    return float(renderer.get_text_width_height_descent(text, font, False)[0]) / POINTS


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Inches that a line of text takes in the measuring typeface: the sum of its words, each measured once."""
    words = text.split(" ")
    space = _measure("n n", size, weight) - _measure("nn", size, weight)
    return sum(_measure(word, size, weight) for word in words if word) + space * (len(words) - 1)


def fit(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """Text broken into lines that are at most so wide in the measuring typeface, at spaces."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size, weight) <= inches:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return "\n".join(lines)


def headline(picture: Picture, finding: str, note: str = "") -> float:
    """Write the finding (and how to read the picture) at the top; returns the height left below, 0–1."""
    picture.finding = finding
    width, height = picture.get_size_inches()
    title = fit(finding, 0.985 * width, 12.5, "bold")
    picture.text(
        0.008, 1 - 0.08 / height, title, ha="left", va="top", fontsize=12.5, fontweight="bold", linespacing=1.25
    )
    used = 0.08 + 0.22 * (title.count("\n") + 1)
    if note:
        body = fit(note, 0.985 * width, 9)
        where = 1 - (used + 0.05) / height
        picture.text(0.008, where, body, ha="left", va="top", fontsize=9, color=MUTED, linespacing=1.3)
        used += 0.05 + 0.165 * (body.count("\n") + 1)
    return float(1 - (used + 0.12) / height)


def row_label(picture: Picture, axes: Axes, label: str, unit: str) -> None:
    """Name a row of panels at the left edge: the measure in bold, its unit below. Call when the panels are in place."""
    box = axes.get_position()
    middle = (box.y0 + box.y1) / 2
    inches = (box.x0 - 0.07) * picture.get_figwidth()
    name, what = fit(label, inches, 9.2, "bold"), fit(unit, inches, 8.2)
    picture.text(0.008, middle + 0.004, name, ha="left", va="bottom", fontsize=9.2, fontweight="bold", linespacing=1.1)
    picture.text(0.008, middle - 0.002, what, ha="left", va="top", fontsize=8.2, color=MUTED, linespacing=1.1)


def panel_title(axes: Axes, title: str, unit: str) -> None:
    """A panel's name in bold with its unit on the line below."""
    axes.text(0, 1, unit, transform=above(axes, 4), fontsize=8.5, color=MUTED, va="bottom")
    if title:
        axes.text(0, 1, title, transform=above(axes, 16), fontsize=9.5, fontweight="bold", color=INK, va="bottom")


def note_right(axes: Axes, text: str) -> None:
    """A short note above the right end of a panel."""
    axes.text(1, 1, text, transform=above(axes, 4), fontsize=8, color=MUTED, ha="right", va="bottom")


SWATCH = 12  # points from the left edge of a colour's square to its name


def key(axes: Axes, entries: Sequence[tuple[str, str]], lift: float = 5, apart: float = 14) -> None:
    """Named colours in a line above a panel, `lift` points over it."""
    x = 0.0
    how: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    for colour, name in entries:
        axes.annotate("■", (0, 1), xytext=(x, lift - 1), color=colour, fontsize=11, **how)
        axes.annotate(name, (0, 1), xytext=(x + SWATCH, lift), color=INK, fontsize=8, **how)
        x += SWATCH + apart + text_width(name, 8) * POINTS


def above(axes: Axes, points: float) -> Transform:
    """Coordinates of a panel (0–1), lifted by so many points."""
    return axes.transAxes + ScaledTranslation(0, points / 72, axes.get_figure(root=True).dpi_scale_trans)  # type: ignore[union-attr]


def spread(
    values: Sequence[float], gap: float, low: float, high: float, lines: Sequence[int] | None = None
) -> list[float]:
    """Positions as near as possible to `values`, at least `gap` apart and inside low…high (for direct labels).

    lines: how many gaps tall each label is (one, unless given).
    """
    tall = lines or [1] * len(values)
    order = sorted(range(len(values)), key=lambda i: values[i])
    floors, tops = ([end + sign * gap * (tall[i] - 1) / 2 for i in order] for end, sign in ((low, 1), (high, -1)))
    placed = [min(max(values[i], floor), top) for i, floor, top in zip(order, floors, tops, strict=True)]
    apart = [gap * (tall[a] + tall[b]) / 2 for a, b in pairwise(order)]
    for _ in range(200):
        moved = False
        for a in range(len(placed) - 1):
            short = apart[a] - (placed[a + 1] - placed[a])
            if short > gap * 1e-3:
                placed[a] -= short / 2
                placed[a + 1] += short / 2
                moved = True
        placed = [min(max(value, floor), top) for value, floor, top in zip(placed, floors, tops, strict=True)]
        if not moved:
            break
    result = [0.0] * len(values)
    for position, index in enumerate(order):
        result[index] = placed[position]
    return result


def end_labels(axes: Axes, x: float, ends: Sequence[tuple[str, float, Look]], size: float = 8.5) -> None:
    """Name each line at its right end in dark text, moved apart so that none overlap, with a thin leader."""
    bottom, top = axes.get_ylim()
    height = axes.get_window_extent().height / axes.figure.dpi * 72
    gap = (top - bottom) * size * 1.3 / max(height, 1.0)
    lines = [name.count("\n") + 1 for name, _, _ in ends]
    places = spread([value for _, value, _ in ends], gap, bottom + gap / 2, top - gap / 2, lines)
    left, right = axes.get_xlim()
    shift = (right - left) * 0.03
    for (name, value, look), place in zip(ends, places, strict=True):
        axes.plot(
            [x, x + shift], [value, place], color=look.colour, linewidth=0.9, clip_on=False, solid_capstyle="butt"
        )
        if look.marker:
            axes.plot([x], [value], marker=look.marker, color=look.colour, markersize=4.5, clip_on=False)
        axes.text(
            x + shift * 1.35, place, name, ha="left", va="center", fontsize=size, color=INK, clip_on=False,
            linespacing=1.0,
        )  # fmt: skip


def number(value: float, decimals: int = 0) -> str:
    """1234.5 → ``1,234`` with a real minus sign and without a negative zero; not a number → ``–``."""
    if value != value or value in (float("inf"), float("-inf")):
        return DASH
    text = f"{abs(value):,.{decimals}f}"
    return (MINUS if value < 0 and float(text.replace(",", "")) != 0 else "") + text


def signed(value: float, decimals: int = 0) -> str:
    """A change: ``+12``, ``−3``, ``0``."""
    text = number(value, decimals)
    is_zero = text.strip("0.,") == ""
    return text if is_zero or text.startswith((MINUS, DASH)) else "+" + text


def percent(value: float, decimals: int = 1) -> str:
    """A share or ratio change (0.012 → ``1.2 %``)."""
    return number(100 * value, decimals) + NBSP + "%"


def signed_percent(value: float, decimals: int = 1) -> str:
    """0.012 → ``+1.2 %``; −0.03 → ``−3.0 %``. A small one keeps its first figure: 0.00004 → ``+0.004 %``."""
    while 0 < abs(value) * 100 < 0.5 * 10**-decimals and decimals < MOST_DECIMALS:
        decimals += 1
    return signed(100 * value, decimals) + NBSP + "%"


def significant(value: float, scale: float | None = None) -> int:
    """Decimals that show about three figures of a number of this size (at most 3)."""
    size = abs(scale if scale is not None else value)
    for decimals, limit in ((0, 100.0), (1, 10.0), (2, 1.0)):
        if size >= limit:
            return decimals
    return 3
