"""`headwater calibrate` as a person uses it: stopped, gone on with, by one worker or two, and told what is wrong."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim import compose
from sim.calibration import command, simulate
from sim.studies.compare import Interrupted
from sim.studies.progress import Progress
from tests.system.tiny_calibration import TASK

pytestmark = pytest.mark.system
HEAD = "name,measure,value,unit,tolerance,source,year,role,by_construction,trend\n"
ROWS = "".join(
    f"a{i},{measure},{0.09 + 0.05 * i:.2f},share,0.012,s,2021,fit,no,\n"
    for i, measure in enumerate(("smoking", "obesity", "copd", "chd", "stroke"))
)


def headwater(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *words], cwd=cwd, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.csv").write_text(HEAD + ROWS, encoding="utf-8")
    monkeypatch.setenv("TINY_CALIBRATION", str(tmp_path))
    monkeypatch.setattr(simulate, "TASK", TASK)
    return tmp_path


def calibrate(here: Path, name: str, **more: object) -> tuple[int, dict[str, object], Path]:
    """Exit code, what the folder says of itself, and the folder."""
    asked = {"place": "toy", "targets": str(here / "mine.csv"), "points": 24, "waves": 2, "workers": 1, **more}
    plan = compose.plan("calibrate", results=str(here / name), **asked)
    code = command.act(plan)
    folder = here / name / (here / name / "latest").read_text(encoding="utf-8").strip()
    return code, json.loads((folder / "metadata.json").read_text(encoding="utf-8")), folder


def runs(here: Path) -> list[str]:
    log = here / "log"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@pytest.mark.slow
def test_stopped_and_gone_on_with_it_is_the_same_and_so_with_two_workers(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, whole, folder = calibrate(here, "whole")
    assert code == 0
    out = capsys.readouterr().out
    assert "At most 2 waves of 24 runs = 48 runs · about" in out
    assert re.search(r"with 1 worker, .* · disk about \d", out), "what it costs"
    assert sorted(runs(here)) == sorted(f"{n} {n + 1}" for n in range(48)), "every run with chance of its own"
    names = {path.name for path in folder.iterdir()}
    assert {"calibration.txt", "runs.csv", "waves.csv", "aims.csv", "figures", "use", "config.yaml"} <= names
    assert {path.stem for path in (folder / "figures").iterdir()} == {"waves", "parameters", "aims"}
    with (folder / "aims.csv").open(encoding="utf-8", newline="") as text:
        assert [row["aim"] for row in csv.DictReader(text)] == [f"a{i}" for i in range(5)]

    (here / "log").unlink()
    at = Progress.at

    def stop(self: Progress, done: int, doing: str) -> None:
        at(self, done, doing)
        if done >= 30:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "at", stop)
        with pytest.raises(Interrupted, match="30 runs are finished and kept"):
            calibrate(here, "stopped", workers=2)
    assert not list((here / "stopped").glob("2*")), "no half folder"
    before = len(runs(here))
    _, again, other = calibrate(here, "stopped", workers=2)
    assert 30 <= before < 48
    assert len(runs(here)) <= 48 + 2, "what was finished is not run again, but for runs that were on their way"
    assert again["digest"] == whole["digest"]
    for name in ("runs.csv", "waves.csv", "aims.csv"):
        assert (other / name).read_bytes() == (folder / name).read_bytes()

    (here / "log").unlink()
    calibrate(here, "whole", waves=1)
    assert runs(here) == [], "fewer waves of the same are there already"


WRONG = [
    ("points=8", "points must be from 16 to 4,096, not 8."),
    ("waves=0", "waves must be from 1 to 20, not 0."),
    ("targets=none.csv", "There is no file 'none.csv'."),
    ("years=3", "calibrate has no setting called 'years'; see headwater calibrate --help."),
    ("poinst=32", "Did you mean points?"),
]


@pytest.mark.parametrize(("word", "sentence"), WRONG)
def test_a_wrong_word_is_answered_in_a_sentence_and_nothing_is_written(
    word: str, sentence: str, tmp_path: Path
) -> None:
    done = headwater("calibrate", word, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_table_with_nothing_to_fit_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(HEAD + ROWS.replace(",fit,", ",check,"), encoding="utf-8")
    done = headwater("calibrate", "targets=mine.csv", "place=toy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is nothing to fit: none of the targets is of role fit")


@pytest.mark.slow
def test_the_model_itself_is_calibrated_and_its_draws_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        HEAD + "copd,copd,0.03,share,0.02,s,start,fit,yes,\nnew,onset_copd,2,per 1000,1,s,start,fit,no,\n",
        encoding="utf-8",
    )
    small = ("place=toy", "scale=0.2", "workers=2", "seed=3")
    done = headwater("calibrate", "targets=mine.csv", "points=16", "waves=1", *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d+ draws are not implausible; \d of 3 aims", done.stdout.splitlines()[-1])
    folder = tmp_path / "results" / (tmp_path / "results" / "latest").read_text(encoding="utf-8").strip()
    used = headwater("run", "--config-dir", str(folder / "use"), *small, "years=1", "runs=2", cwd=tmp_path)
    assert used.returncode == 0, used.stderr
