"""``headwater attribute`` from the first word to the folder, on a small toy town."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.system


def headwater(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sim", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_levers_and_kinds_are_shared_out_and_written(tmp_path: Path) -> None:
    done = headwater("attribute", "scenarios=[baseline,empty_the_bath]", "place=toy", "years=1", "runs=1", "scale=0.1",
                     "policy_start=2024-04", "start=2024-04", "workers=1", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "runs: " in done.stdout.splitlines()[0]
    assert "By kind of determinant" in done.stdout
    (folder,) = (file.parent for file in (tmp_path / "results").glob("*/attribution.csv"))
    parts = pd.read_csv(folder / "attribution.csv")
    for (_, _), block in parts.groupby(["measure", "by"]):
        one = block.set_index("what").part
        rest = [what for what in one.index if what not in ("together", "interaction")]
        assert one[rest].sum() == pytest.approx(one["together"], rel=1e-6, abs=1e-6 * one.abs().max())
    steps = pd.read_csv(folder / "waterfall.csv")
    assert (steps.groupby(["measure", "by"]).size() >= 3).all()
    assert list((folder / "figures").glob("waterfall_*.png"))


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    for words, sentence in (
        (["scenarios=[baseline]"], "takes two scenarios"),
        (["scenarios=[baseline,baseline_too]"], "baseline_too"),
        (["lens=true", "scenarios=baseline,health_creation"], "lens=true looks at one scenario, and 2 are named"),
        (["lens=perhaps"], "lens must be true or false"),
        (["scenario=baseline"], "takes a list"),
    ):
        done = headwater("attribute", "place=toy", *words, cwd=tmp_path)
        assert done.returncode == 2, words
        assert sentence in done.stderr
        assert not (tmp_path / "results").exists()


def test_the_lens_looks_at_one_scenario() -> None:
    from sim import compose
    from sim.studies import lens

    for names, base in ((None, "baseline"), ("new_hospital", "new_hospital")):
        assert lens.plan(compose.plan("attribute", ["place=toy"], scenarios=names, lens=True))[1].base == base
