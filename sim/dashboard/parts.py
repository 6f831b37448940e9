"""Small parts that the pages share: pictures with words, tiles, tables, downloads, and the run that is going on."""

from __future__ import annotations

import base64
import os
import re
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import streamlit as st

from sim.dashboard import jobs
from sim.dashboard.command import ROOT
from sim.dashboard.saved import Drawn, Saved

if TYPE_CHECKING:
    from sim.report.parts import Tile

K = TypeVar("K")

STYLE = """
[data-testid=stMainBlockContainer]{padding-top:3.6rem;max-width:84rem}
[data-testid=stMainBlockContainer] h1{font-size:1.9rem;padding:.2rem 0 .4rem}
[data-testid=stMainBlockContainer] h2{font-size:1.3rem;padding:.6rem 0 .2rem}
[data-testid=stMainBlockContainer] a[href^="#"]{display:none}
.hw-answer{font-size:1.25rem;line-height:1.45;max-width:60rem;margin:.2rem 0}
a:focus-visible,summary:focus-visible,button:focus-visible,[tabindex]:not(input):focus-visible,
.react-aria-ComboBox:has(input:focus-visible),.react-aria-TextField:has(input:focus-visible),
[data-testid=stSlider]:has(input:focus-visible){outline:3px solid #212B32!important;outline-offset:2px}
[data-testid=stMain]:focus-visible{outline-offset:-3px}
@media (min-height:36rem) and (min-width:48rem){
[data-testid=stLayoutWrapper]:has(>.st-key-told){position:sticky;top:3.4rem;z-index:9;background:#FFF;
border-bottom:1px solid #D8DDE0;padding:.3rem 0 .8rem;max-height:45vh;overflow-y:auto}
[data-testid=stMain]:has(.st-key-told){scroll-padding-top:15rem}
}
@media (max-height:44rem){.st-key-told .hw-answer{font-size:1rem;line-height:1.35;max-width:none}}
.hw-note{background:#FFF4D6;border-left:4px solid #8A5B00;padding:.5rem .8rem;max-width:60rem;margin:0}
.hw-muted{color:#4C6272;font-size:.92rem;max-width:60rem;margin:0}
.hw-picture{width:100%;max-width:62rem;height:auto;display:block}
.hw-tiles{display:flex;flex-wrap:wrap;gap:1rem;max-width:76rem}
.hw-tile{flex:1 1 14rem;max-width:24rem;border:1px solid #D8DDE0;border-top:6px solid;padding:.8rem 1rem}
.hw-tile h3{font-size:1.05rem;margin:0;padding:0}
.hw-tile dl,.hw-tile dl>div,.hw-tile dd,.hw-tile dt{margin:0;padding:0}
.hw-tile dl>div{border-top:1px solid #D8DDE0;padding:.35rem 0;margin-top:.3rem}
.hw-tile dt{font-size:.88rem;color:#4C6272;font-weight:normal}
.hw-tile strong{font-size:1.12rem}
.hw-tile span{display:block;font-size:.86rem;color:#4C6272}
[data-testid=stDownloadButton] p{white-space:normal}
details:not([open])>[data-testid=stExpanderDetails]{display:none}
.hw-scroll{overflow-x:auto}
.hw-table{border-collapse:collapse;font-size:.9rem;width:100%;max-width:62rem}
.hw-table caption{text-align:left;font-weight:bold;padding:.3rem 0;caption-side:top;color:#212B32}
.hw-table th,.hw-table td{text-align:left;vertical-align:top;padding:.22rem .7rem .22rem 0;font-weight:normal}
.hw-table tr>*{border-bottom:1px solid #D8DDE0}
.hw-table thead th{font-weight:bold;border-bottom:2px solid #212B32;vertical-align:bottom}
.hw-table th.n,.hw-table td.n{text-align:right;font-variant-numeric:tabular-nums;padding-right:0;padding-left:.7rem}
.hw-table tr.total th,.hw-table tr.total td{font-weight:bold}
"""
STAYS: Final = "session"
"""What was chosen stays while another page is looked at. Streamlit itself must keep it: copying the values at the start
of each run loses what was changed in a run that the change of page stops, and everything after a run of a fragment."""
NEWS = ' role="status"'
RUNS = re.compile(r"ask for at least runs=(\d+)")
LONGEST = 300  # characters of a fault's own words
MARKS = {"better": "▲", "worse": "▼"}


def root() -> Path:
    """The folder of results."""
    return Path(os.environ.get(ROOT, "results"))


def answer(text: str, news: bool = False) -> None:
    """The finding, large; more runs than it has are chosen here as a size, not typed. news: it comes while the page is
    open, and a screen reader says so."""
    text = RUNS.sub(r"choose a size with at least \1 runs", text)
    st.html(f'<p class="hw-answer"{NEWS * news}>{escape(text)}</p>')


def note(text: str, news: bool = False) -> None:
    """Something to bear in mind. news: it comes while the page is open, and a screen reader says so."""
    st.html(f'<p class="hw-note"{NEWS * news}><strong>Note.</strong> {escape(text)}</p>')


def broken(fault: Exception) -> None:
    """What nobody foresaw, in a sentence; the rest is written where the command was typed."""
    traceback.print_exception(fault)
    what = " ".join(f"{type(fault).__name__}: {fault}".rstrip(": ").split())[:LONGEST]
    note(f"This cannot be shown ({what}). Saved runs are untouched; another run or page can be looked at.")


def muted(text: str) -> None:
    """An explanation."""
    st.html(f'<p class="hw-muted">{escape(text)}</p>')


def picture(drawn: Drawn, name: str) -> None:
    """A picture with its words for who cannot see it, and its file to take away."""
    body = base64.b64encode(drawn.svg.encode()).decode()
    alt = escape(f"{drawn.finding}. {drawn.alt}", quote=True)
    st.html(f'<img class="hw-picture" alt="{alt}" src="data:image/svg+xml;base64,{body}">')
    with st.expander("This picture in words, and as a file"):
        st.write(drawn.alt)
        st.download_button(
            "Picture (SVG)", drawn.svg, f"{name}.svg", "image/svg+xml", key=f"svg-{name}", on_click="ignore"
        )


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 99, total: bool = False
) -> None:
    """A plain table with real headers; columns from `numbers_from` on hold numbers, `total`: the last row sums up."""

    def cell(tag: str, k: int, text: str, more: str = "") -> str:
        kind = ' class="n"' if k >= numbers_from else ""
        return f"<{tag}{more}{kind}>{escape(text)}</{tag}>"

    head = "".join(cell("th", k, text, ' scope="col"') for k, text in enumerate(heads))
    body = "".join(
        ("<tr class='total'>" if total and row is rows[-1] else "<tr>")
        + "".join(cell("th" if k == 0 else "td", k, text, ' scope="row"' * (k == 0)) for k, text in enumerate(row))
        + "</tr>"
        for row in rows
    )
    st.html(
        f'<div class="hw-scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
        f'<table class="hw-table"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def first(caption: str, shown: int, there: int) -> str:
    """A caption that says so where a table shows only the first of its rows."""
    return f"{caption}: the first {shown} of {there:,}" if shown < there else caption


def tiles(found: Sequence[Tile]) -> None:
    """A tile for each scenario, as in the report."""
    made = []
    for tile in found:
        figures = "".join(
            f"<div><dt>{escape(f.name)}</dt><dd><strong>{escape(f.value)}</strong><span>{escape(f.interval)}</span>"
            f"<span>{MARKS.get(f.verdict, '◆')} {escape(f.words)}</span></dd></div>"
            for f in tile.figures
        )
        label, colour = escape(tile.label), escape(tile.colour)
        made.append(f'<div class="hw-tile" style="border-top-color:{colour}"><h3>{label}</h3><dl>{figures}</dl></div>')
    st.html(f'<div class="hw-tiles">{"".join(made)}</div>')


def pick(label: str, options: Mapping[K, str], key: str, stays: bool = True, **more: Any) -> K:
    """Let one of some options be chosen, which are shown in words. stays: also while other pages are looked at."""
    names = list(options)
    kept: Any = {"persist_state": STAYS} if stays else {}
    found = st.selectbox(label, names, format_func=lambda name: options[name], key=key, **kept, **more)
    return names[0] if found is None else found


def pick_finished(where: str, label: str, found: Mapping[str, Saved], addressed: str, none: str) -> str | None:
    """A page's title, and one of the finished runs to choose; None where there is none, and a sentence says so.

    The address names it (`addressed`: under which word), so that a reload shows the same; without an address it is what
    was looked at last.
    """
    st.title(where)
    if not found:
        muted(none)
        return None
    last = f"shown_{addressed}"
    asked = str(st.query_params.get(addressed) or st.session_state.get(last, ""))
    first = list(found).index(asked) if asked in found else 0
    if asked and asked not in found:
        note("What was asked for is not, or no longer, in the folder of results. This is the newest there is.")
    labels = {key: one.label for key, one in found.items()}
    name = pick(label, labels, f"{addressed}-{asked}", stays=False, index=first)
    if st.query_params.get(addressed) != name:
        st.query_params[addressed] = name
    st.session_state[last] = name
    return name


def stop(identity: str) -> None:
    """Ask a run to end; what keeps it from being asked is said by the page that is drawn then."""
    with suppress(OSError):
        jobs.stop(root(), identity)
