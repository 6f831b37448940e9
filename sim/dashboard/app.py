"""What Streamlit runs: the frame around the pages. Started by ``headwater dashboard``, never by hand."""

from __future__ import annotations

import streamlit as st

from sim.dashboard import page_compose, page_lives, page_results, page_sweeps, parts


def main() -> None:
    """Draw the page that was asked for."""
    st.set_page_config(page_title="headwater", layout="wide", initial_sidebar_state="collapsed")
    st.html(f"<style>{parts.STYLE}</style>")
    page_compose.keep()
    pages = [
        st.Page(page_compose.draw, title="Try an idea", url_path="idea", default=True),
        st.Page(page_results.draw, title="Results", url_path="results"),
        st.Page(page_lives.draw, title="Lives", url_path="lives"),
        st.Page(page_sweeps.draw, title="What it hangs on", url_path="sweeps"),
    ]
    st.session_state.pages = {page.url_path or "idea": page for page in pages}
    st.navigation(pages, position="top").run()


main()
