"""A finished sweep is read back from its folder alone, equal to the last bit; what cannot be is said in a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim import Results, SweepResults
from sim import sweep as simulate
from sim.errors import UserError
from sim.sweeps.store import FAILED
from tests.system.sweeping import sweep

pytestmark = pytest.mark.system


def elsewhere(found: SweepResults, root: Path) -> Path:
    """The folder of a sweep as another machine has it: without the runs that are kept beside it."""
    assert found.folder is not None
    root.mkdir()
    return Path(shutil.move(found.folder, root / found.folder.name))


def test_a_sweep_is_read_back_from_its_folder_alone(tmp_path: Path, control: Path) -> None:
    found = sweep(tmp_path)
    back = SweepResults.load(elsewhere(found, tmp_path / "other"))
    assert back.digest == found.digest
    assert (back.scenarios, back.outcomes, back.years) == (found.scenarios, found.outcomes, found.years)
    pd.testing.assert_frame_equal(back.to_frame(), found.to_frame())
    pd.testing.assert_frame_equal(back.indices("deaths").table, found.indices("deaths").table)
    assert not any(tmp_path.glob("other/.sweep-cache-*")), "nothing is made where it was read"


def test_failed_rows_and_a_sweep_that_stopped_early_are_read_back(tmp_path: Path, control: Path) -> None:
    (control / "fail").write_text("3")
    found = sweep(tmp_path / "failed", n=4)
    back = SweepResults.load(found.folder)
    assert back.digest == found.digest
    assert (back.status[3] == FAILED).all()
    assert [(one.row, one.seed, one.status, one.error) for one in back.failures] == [
        (3, seed, "failed", "ZeroDivisionError: a fault in the code") for seed in (1, 2)
    ]
    assert back.failures[0].given == found.failures[0].given
    (control / "fail").unlink()

    found = sweep(tmp_path / "early", n=64, seeds=1, stop={"half_width": 0.9})
    assert found.design.n < 64, "it stopped early"
    back = SweepResults.load(found.folder)
    assert (back.digest, back.design.n) == (found.digest, found.design.n)


def test_what_cannot_be_read_back_is_said(tmp_path: Path, control: Path) -> None:
    found = sweep(tmp_path, n=4)
    assert found.folder is not None
    file = found.folder / "runs.parquet"
    with pytest.raises(UserError, match=r"folder of a sweep, not of a run: SweepResults\.load reads it"):
        Results.load(found.folder)

    table = pd.read_parquet(file)
    column = next(name for name in table if name.startswith("f."))
    table.assign(**{column: np.nextafter(table[column], 1)}).to_parquet(file)
    with pytest.raises(UserError, match="rows are no longer those of its design"):
        SweepResults.load(found.folder)
    table.head(len(table) // 2).to_parquet(file)
    with pytest.raises(UserError, match="rows are no longer those of its design"):
        SweepResults.load(found.folder)
    file.write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"runs\.parquet is not what a sweep wrote"):
        SweepResults.load(found.folder)
    file.unlink()
    with pytest.raises(UserError, match="has not finished; go on: headwater sweep resume"):
        SweepResults.load(found.folder)
    with pytest.raises(UserError, match="There is no sweep at 'nowhere'"):
        SweepResults.load("nowhere")


@pytest.mark.parametrize("name", ["psa", "screen", "factorial"])
def test_each_kind_of_design_is_made_again(name: str, tmp_path: Path) -> None:
    """By the model itself: a hundred residents for a year."""
    more = {} if name == "psa" else {"varied": ["ties"]}
    found = simulate(
        name, overrides=["place=toy", f"results={tmp_path}"], scale=0.02, years=1, n=2, seeds=1,
        outcomes=["gp_need"], engine="serial", **more,
    )  # fmt: skip
    assert SweepResults.load(found.folder).digest == found.digest
