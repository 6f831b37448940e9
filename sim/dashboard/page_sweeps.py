"""What an answer hangs on: the findings, figures and indices of a finished sweep, as its own page tells them."""

from __future__ import annotations

import csv
import re
from html import unescape
from pathlib import Path

import streamlit as st

from sim.dashboard import parts, saved
from sim.errors import UserError
from sim.report import sweep_page

SWEEP = ("sweep",)
MOST_ROWS = 30
NONE = (
    "No finished sweep yet. A sweep runs the model many times with other evidence and says which of it matters. To see "
    "the experiments type headwater sweep; for example headwater sweep experiment=screen place=toy."
)
FILES = {
    sweep_page.NAME: ("The whole page", "text/html"),
    "indices.csv": ("Sensitivity indices (CSV)", "text/csv"),
    "design.csv": ("The design (CSV)", "text/csv"),
    "config.yaml": ("Configuration (YAML)", "application/yaml"),
}


def draw() -> None:
    """The page."""
    found = saved.listed(parts.root(), SWEEP)
    name = parts.pick_finished("What it hangs on", "Finished sweep", found, "sweep", NONE)
    if name is None:
        return
    try:
        _show(saved.folder_of(parts.root(), name, SWEEP))
    except UserError as fault:
        parts.note(str(fault))


def _show(folder: Path) -> None:
    answer = sweep_page.said(folder)
    if answer:
        parts.answer(" ".join(re.sub("<[^>]+>", "", answer).split()))
    figures = {file.stem: file for file in sorted((folder / "figures").glob("*.svg"))}
    if figures:
        drawn = {name: _drawn(file) for name, file in figures.items()}
        view = parts.pick(
            "What to show", {key: one.finding or _words(key) for key, one in drawn.items()}, f"figure-{folder.name}"
        )
        parts.picture(drawn[view], f"{folder.name}-{view}")
    _indices(folder / "indices.csv")
    st.header("Take it away")
    columns = st.columns(3)
    there = [(name, *about) for name, about in FILES.items() if (folder / name).is_file()]
    for k, (name, label, kind) in enumerate(there):
        with columns[k % 3]:
            st.download_button(label, (folder / name).read_bytes(), f"{folder.name}-{name}", kind, on_click="ignore",
                               key=f"sweep-{name}", width="stretch")  # fmt: skip


def _drawn(file: Path) -> saved.Drawn:
    """A figure of the sweep's folder with the finding and the words that it carries."""
    text = file.read_text(encoding="utf-8")
    title, words = (re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL) for tag in ("title", "desc"))
    return saved.Drawn(text, unescape(title[1]) if title else _words(file.stem), unescape(words[1]) if words else "")


def _words(name: str) -> str:
    text = name.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def _indices(file: Path) -> None:
    """The table of indices, its first rows."""
    try:
        with open(file, encoding="utf-8", newline="") as source:
            rows = list(csv.reader(source))
    except OSError:
        return
    if len(rows) < 2:
        return
    with st.expander("The numbers behind it"):
        shown = [[_short(cell) for cell in row] for row in rows[1 : MOST_ROWS + 1]]
        parts.table(parts.first("Rows of indices.csv", len(shown), len(rows) - 1), rows[0], shown)


def _short(cell: str) -> str:
    try:
        return f"{float(cell):.3g}".replace("-", "−")
    except ValueError:
        return cell
