"""Every experiment that is shipped, with today's model and as few rows as its design allows, from the command to its
page: it ends well, its numbers are numbers, and the page has every part that its rows can fill."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.paths import names

pytestmark = [pytest.mark.system, pytest.mark.slow]
SMALL = ["place=toy", "scale=0.02", "years=1", "seeds=1", "workers=2"]
FEW = "factors.evidence=[three_cs.contact_of_capacity,ties.lost_a_year]"
"""For designs whose rows grow with the number of factors."""
SIZES = {
    "best_mix": ["n=8"],
    "delta": ["n=128", FEW],
    "dgsm": ["n=2", FEW],
    "discovery": ["n=8"],
    "factorial": ["n=1"],
    "fast": ["n=65", FEW],
    "hdmr": ["n=64", FEW],
    "pawn": ["n=64", FEW],
    "psa": ["n=8"],
    "rbd_fast": ["n=64", FEW],
    "screen": ["n=2", "factors.evidence=[ties,wellbeing,three_cs]"],
    # of a hundred residents in a year nothing changes the net benefit, and then there is no second stage
    "screen_then_sobol": [
        "n=2",
        "factors.evidence=[ties,money,levers.*]",
        "then.n=2",
        "then.keep=2",
        "scale=0.1",
        "years=2",
    ],
    "shapley": ["n=2", FEW],
    "sobol": ["n=2", FEW],
    "uncertainty": ["n=8"],
}


def test_no_experiment_is_forgotten() -> None:
    assert set(names("experiment")) == set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_it_runs_to_the_end_and_its_page_stands(name: str, tmp_path: Path) -> None:
    given = {word.partition("=")[0]: word for word in (*SMALL, *SIZES[name])}
    words = [sys.executable, "-m", "sim.cli", "sweep", f"experiment={name}", *given.values(), "results=out"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Traceback" not in said
    assert "Warning" not in said
    folders = [file.parent for file in (tmp_path / "out").glob("*-sweep-*/metadata.json")]
    assert len(folders) == 1 + (name == "screen_then_sobol")
    for folder in folders:
        about = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        assert about["failed"] == 0
        assert about["runs"] > 0
        html = (folder / "sweep.html").read_text(encoding="utf-8")
        shown = re.sub(r"<[^>]*>", " ", unescape(re.sub(r"(?s)<(script|style).*?</\1>", " ", html))).lower()
        assert not re.search(r"\b(nan|inf|traceback)\b", shown)
        assert "not done or failed" not in shown
        runs = pd.read_parquet(folder / "runs.parquet").select_dtypes("number").to_numpy(float)
        assert np.isfinite(runs).all()
