"""What Streamlit runs: the frame around the pages. Started by ``headwater dashboard``, never by hand."""

from __future__ import annotations

import streamlit as st

from sim.dashboard import page_compose, parts


def _results() -> None:
    from sim.dashboard import page_results

    page_results.draw()


def _lives() -> None:
    from sim.dashboard import page_lives

    page_lives.draw()


def _sweeps() -> None:
    from sim.dashboard import page_sweeps

    page_sweeps.draw()


def main() -> None:
    """Draw the page that was asked for; the others, and all they need, are not imported before they are."""
    st.set_page_config(page_title="headwater", layout="wide", initial_sidebar_state="collapsed")
    st.html(f"<style>{parts.STYLE}</style>")
    pages = [
        st.Page(page_compose.draw, title="Try an idea", url_path="idea", default=True),
        st.Page(_results, title="Results", url_path="results"),
        st.Page(_lives, title="Lives", url_path="lives"),
        st.Page(_sweeps, title="What it hangs on", url_path="sweeps"),
    ]
    st.session_state.pages = {page.url_path or "idea": page for page in pages}
    page = st.navigation(pages, position="top")
    try:
        page.run()
    except Exception as fault:  # Streamlit's own answer offers to ask strangers elsewhere
        parts.broken(fault)


main()
