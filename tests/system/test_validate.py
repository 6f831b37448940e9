"""`headwater validate` as a person uses it: a table of targets of their own on the toy town."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

HEAD = "name,measure,value,unit,tolerance,source,year,by_construction\n"
SMALL = ("place=toy", "scale=0.2", "runs=2", "workers=1")


def headwater(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *words], cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.mark.slow
def test_a_table_of_ones_own_is_answered_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        HEAD + "smokers,smoking,0.1,share,0.1,made up,start,no\n"
        "nobody dies,deaths,0,events,1,made up,2021,no\n"
        "absent,none,1,share,1,made up,,no\n",
        encoding="utf-8",
    )
    done = headwater("validate", "targets=mine.csv", *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1 of 2 targets within tolerance (0 by construction)"
    assert "3 targets of mine.csv · 2 runs" in done.stdout
    folder = tmp_path / "results" / (tmp_path / "results" / "latest").read_text(encoding="utf-8").strip()
    with (folder / "targets.csv").open(encoding="utf-8", newline="") as text:
        rows = {row["name"]: row for row in csv.DictReader(text)}
    assert (rows["smokers"]["verdict"], rows["nobody dies"]["verdict"]) == ("hit", "miss")
    assert (folder / "figures" / "targets.svg").read_text(encoding="utf-8").startswith("<")
    about = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    assert (about["command"], about["targets"], about["hits"]) == ("validate", 2, 1)
    strict = headwater("validate", "targets=mine.csv", "strict=true", *SMALL, cwd=tmp_path)
    assert strict.returncode == 1
    assert strict.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]
    again = headwater("rerun", "results/latest", cwd=tmp_path)
    assert again.returncode == 2
    assert "headwater validate" in again.stderr


WRONG = [
    ("a,smokng,1,share,1,s,,\n", "mine.csv row 2, measure: is 'smokng', which the model does not have."),
    ("a,smoking,1,share,1,s,1999,\n", "mine.csv row 2, year: is '1999', before the model begins"),
]


@pytest.mark.parametrize(("row", "sentence"), WRONG)
def test_a_row_that_cannot_be_read_ends_it_before_anything_is_written(row: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(HEAD + row, encoding="utf-8")
    done = headwater("validate", "targets=mine.csv", "place=toy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]


def test_what_cannot_be_found_is_said(tmp_path: Path) -> None:
    done = headwater("validate", "targets=none.csv", "place=toy", cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (2, "There is no file 'none.csv'.")
    done = headwater("validate", "books=true", "strict=true", "place=toy", cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "books=true and bounds=true print no targets: give one of them, without targets and strict.",
    )
    (tmp_path / "mine.csv").write_text(
        "name,measure,value,unit,tolerance,source,who\na,smoking,1,share,1,s,area=Winchestr\n", encoding="utf-8"
    )
    done = headwater("validate", "targets=mine.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "row 2, who: North and mid Hampshire has no area called 'Winchestr'. Did you mean Winchester?" in done.stderr
