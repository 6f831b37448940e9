"""The explorer of a sweep's page: a slider a factor, answered at once by the emulator in the model's place.

It is offered only for outcomes of which the emulator predicts enough of the variance of rows it has not seen
(`sim.sweeps.emulator.LEAST_Q2`), and says beside every answer how far such rows lay from it. Everything stands in the
page: the rows and weights of the Gaussian process as JSON, and one script without libraries. Without scripts nothing of
it is seen, and the table of the same section stands in its place.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from sim.outcomes.rounding import step_of
from sim.report.page import TEMPLATES
from sim.report.sweep_words import Outcome, capital, figures

if TYPE_CHECKING:
    from sim.sweeps.emulator import Emulator
    from sim.sweeps.factors import Factor

POSITIONS = 21
"""Places a slider can stand at, in steps of equal probability."""
DIGITS = 6


@dataclass(frozen=True)
class Offer:
    """An outcome with its emulator. low, high: the smallest and largest of the rows it was made from."""

    about: Outcome
    made: Emulator
    low: float
    high: float


def script() -> str:
    """The script that moves it; the same for every sweep."""
    return (TEMPLATES / "explorer.js").read_text(encoding="utf-8")


def html(offers: Sequence[Offer], factors: Sequence[Factor], labels: Sequence[str], title: str) -> str:
    """The explorer as HTML.

    factors: all of the design, in the order of the emulators' columns;  labels: their words.  Only factors that some
    emulator uses get a slider.
    """
    used = sorted({int(column) for offer in offers for column in offer.made.surface.columns})
    sliders = [_slider(factors[k], labels[k]) for k in used]
    data = {"factors": sliders, "outcomes": [_surface(offer, used) for offer in offers]}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("explorer.html.j2").render(
        title=title,
        outcomes=[capital(offer.about.label) for offer in offers],
        factors=sliders,
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/"),
    )


def _slider(factor: Factor, label: str) -> dict[str, Any]:
    """Where a slider can stand: positions in the factor's distribution, and its value there in words."""
    levels = factor.levels
    steps = levels if levels and levels <= POSITIONS else POSITIONS
    at = [(k + 0.5) / steps for k in range(steps)]
    shown = [_said(factor.at(u)) for u in at]
    middle = (steps - 1) // 2
    return {"label": capital(label), "unit": "" if levels else factor.unit, "at": [round(u, DIGITS) for u in at],
            "shown": shown, "middle": middle, "last": steps - 1, "now": shown[middle]}  # fmt: skip


def _said(value: float | int | str | bool) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("_", " ")
    return f"{value:,}" if isinstance(value, int) else figures(value)


def _surface(offer: Offer, used: Sequence[int]) -> dict[str, Any]:
    """Everything the script needs to predict one outcome, and how it is written."""
    one, about = offer.made.surface, offer.about
    step = step_of(offer.made.error or abs(offer.high - offer.low), 2)
    decimals = int(np.clip(-np.floor(np.log10(step) + 1e-9), -9, 9)) if step > 0 else 0
    return {
        "label": capital(about.label), "unit": about.unit, "pounds": about.unit.startswith("£"), "decimals": decimals,
        "q2": round(offer.made.q2, 3), "error": offer.made.error, "low": offer.low, "high": offer.high,
        "columns": [used.index(int(column)) for column in one.columns],
        "lengths": _rounded(np.exp(one.log_lengths)), "rows": [_rounded(row) for row in one.x],
        "weights": _rounded(one.weights), "signal": one.signal, "mean": one.mean, "scale": one.scale,
    }  # fmt: skip


def _rounded(values: NDArray[Any]) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
