"""Faults of the machine and mistakes that need the place, the money and the months: found before anything runs.

Full disks are real ones where the machine lets us mount one, and a limit on the size of a file everywhere else.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

SMALL = ["place=toy", "scale=0.02", "years=1", "runs=2", "workers=1", "scenarios=[baseline,health_creation]"]
COMMAND = [sys.executable, "-m", "sim.cli"]
posix = pytest.mark.skipif(os.name == "nt", reason="limits and signals of POSIX")


def headwater(*words: str, cwd: Path, largest_file: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))  # type: ignore[arg-type]

    return subprocess.run(
        [*COMMAND, *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False,
        preexec_fn=limit if largest_file else None,
    )  # fmt: skip


MISTAKES = [
    ("levers.link_workers.amount=lots", "levers.link_workers.amount=lots: is not a number: 'lots'."),
    ("levers.link_workers.amount=-1", "levers.link_workers.amount=-1: must not be negative"),
    ("levers.link_workers.rollout=by_ned", "levers.link_workers.rollout=by_ned: there is no"),
    ("health_creation.levers.link_workers.from=accute", "there is no budget line called 'accute'; did you mean acute?"),
    ("levers.link_workers.amount=60", "levers.link_workers.amount=60: asks acute_emergency for £"),
    (
        "levers.link_workers.from=health_creation",
        "levers.link_workers.from=health_creation: asks health_creation for £",
    ),
    (
        "levers.link_workers.from=health_creation levers.link_workers.amount=0.15 "
        "levers.stop_smoking.from=health_creation levers.stop_smoking.amount=0.15",
        "link_workers and stop_smoking together ask health_creation for £",
    ),
    ("levers.link_workers.from=buildings", "levers.link_workers.from=buildings: buildings cannot pay"),
    ("levers.link_workers.start=2020-08", "2020-08 is before the policy starts (policy_start=2026-04)."),
    ("levers.link_workers.start=2056-01", "2056-01 is after the last month of the run, 2046-03."),
    ("levers.link_workers.stop=2026-04", "2026-04 is not after the start of the policy"),
    ("scale=0.00001", "Nobody lives in Toy town (invented) at scale=1e-05; it has 5,000 residents"),
    ("place=town/", "The place in town cannot be used:"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[words for words, _ in MISTAKES])
def test_found_before_anything_runs(words: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "town").mkdir()
    more = ["levers.link_workers.amount=9"] if words.endswith("health_creation") else []
    where = [] if words.startswith("place=") else ["place=toy"]
    done = headwater("compare", "scenarios=[baseline,health_creation]", *where, *words.split(), *more, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == "", "nothing is announced that will not be done"
    assert [path.name for path in tmp_path.rglob("*")] == ["town"], "nothing is written"


@pytest.mark.slow
def test_a_lever_that_comes_too_late_is_run_and_said(tmp_path: Path) -> None:
    words = [word for word in SMALL if not word.startswith("scen")]
    done = headwater("run", "scenario=new_hospital", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Note: new_hospital: levers.new_hospital.start: 2042-04 is after the last month of the run" in done.stdout


@pytest.mark.parametrize("results", ["a_file", "a_file/below"])
def test_results_that_cannot_be_written_are_noticed_first(results: str, tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("x")
    done = headwater("compare", *SMALL, f"results={results}", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"{results} cannot be written to: Not a directory.\n"
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]


def nothing_looks_whole(root: Path) -> bool:
    return not list(root.rglob("metadata.json")) and not (root / "latest").exists() and not list(root.rglob("*.tmp"))


FULL = "The disk that holds results is full. Finished parts are kept; make room and give the command again.\n"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The loops of a small run are on the disk: otherwise the first file too many may be one of the compiler's."""
    done = headwater("compare", *SMALL, cwd=tmp_path_factory.mktemp("compiled"))
    assert done.returncode == 0, done.stderr


@posix
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("largest_file", [20_000, 100_000])
def test_a_disk_that_takes_no_more(largest_file: int, tmp_path: Path) -> None:
    done = headwater("compare", *SMALL, cwd=tmp_path, largest_file=largest_file)
    assert done.returncode == 1, done.stderr
    assert done.stderr.endswith(FULL), done.stderr
    assert "Traceback" not in done.stderr
    assert nothing_looks_whole(tmp_path / "results")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "results"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk of a given size can be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.usefixtures("compiled")
def test_a_full_disk_and_going_on_when_there_is_room(small_disk: Path) -> None:
    done = headwater("compare", *SMALL, cwd=small_disk.parent)
    assert done.returncode == 1, done.stderr
    assert done.stderr.endswith(FULL), done.stderr
    assert nothing_looks_whole(small_disk)
    parts = sorted(path.name for path in small_disk.glob(".partial-*/d*"))
    assert parts == ["d001-s0001", "d002-s0002"]
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    again = headwater("compare", *SMALL, cwd=small_disk.parent)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 runs were finished before" in again.stderr
    assert list(small_disk.glob("*/metadata.json"))


MAY_BE_DONE = 2.5
ONCE_LOADED = "import sys; from sim.cli import main; print('here', flush=True); sys.exit(main())"


@posix
@pytest.mark.parametrize("seconds", [0.05, 0.25, 0.5, 0.8, 1.5, 2.5, 4.0])
def test_ctrl_c_at_any_moment_is_one_sentence(seconds: float, tmp_path: Path) -> None:
    """Counted from when the command has begun: before that it is Python that answers, in its own words. A quick machine
    may have finished before the later moments."""
    process = subprocess.Popen(
        [sys.executable, "-c", ONCE_LOADED, "compare", *SMALL], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "here\n"
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers too
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    if seconds >= MAY_BE_DONE and (tmp_path / "results" / "latest").exists():
        assert process.returncode in (0, 130)
        return
    assert process.returncode == 130
    assert "Stopped." in said
    assert nothing_looks_whole(tmp_path)


def run_once(folder: Path, *more: str) -> Path:
    done = headwater("compare", *SMALL, *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("results/*/metadata.json")
    return made.parent


@pytest.mark.slow
def test_rerun_of_an_edited_configuration_and_report_of_a_damaged_run(tmp_path: Path) -> None:
    made = run_once(tmp_path)
    file = made / "config.yaml"
    before = file.read_text()
    for edited in (before.replace("years: 1", "years: 2"), before.replace("years: 1", "yeers: -1"), "- 1\n"):
        file.write_text(edited)
        done = headwater("rerun", str(made), cwd=tmp_path)
        assert done.returncode == 2
        assert f"{made / 'config.yaml'} was edited after the run" in done.stderr
        assert done.stdout == ""
    file.write_text(before)
    (made / "results.json").write_text("{")
    done = headwater("report", "results/latest", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith("is not the folder of a finished run.\n")
    (made / "metadata.json").write_text("{")
    for command in ("report", "rerun"):
        done = headwater(command, "results/latest", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.endswith("metadata.json is damaged.\n")


@pytest.mark.slow
@posix
def test_a_report_that_finds_no_room_leaves_the_old_one(tmp_path: Path) -> None:
    made = run_once(tmp_path)
    before = {file.name: file.read_bytes() for file in made.rglob("*") if file.is_file()}
    done = headwater("report", "results/latest", cwd=tmp_path, largest_file=30_000)
    assert done.returncode == 1
    assert done.stderr.endswith("is full. Make room and try again.\n")
    assert {file.name: file.read_bytes() for file in made.rglob("*") if file.is_file()} == before
    assert headwater("report", "results/latest", cwd=tmp_path).returncode == 0
    assert sorted(file.name for file in made.rglob("*") if file.is_file()) == sorted(before)


SCRIPT = """
from sim import compare
if __name__ == "__main__":
    r = compare(["baseline", "health_creation"], overrides=["place=toy"], scale=0.02, years=1, runs=2, workers=1)
    print(r.save("mine"))
"""


@pytest.mark.slow
def test_results_saved_from_python_are_reported_and_repeated_like_a_run(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {"config.yaml", "metadata.json", "results.json", "summary.csv"} <= {
        path.name for path in (tmp_path / "mine").iterdir()
    }
    assert headwater("report", "mine", cwd=tmp_path).returncode == 0
    assert (tmp_path / "mine" / "report.html").is_file()
    again = headwater("rerun", "mine", "workers=1", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Identical: all 4 runs gave the same numbers to the last bit." in again.stdout


def test_building_a_place_from_a_wrong_folder_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "wrong").mkdir()
    done = headwater("place", "build", "wrong", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "is missing from wrong" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["wrong"]


def test_explain_names_who_uses_a_number_and_not_who_speaks_of_it(tmp_path: Path) -> None:
    done = headwater("explain", "mortality.hr_cap", cwd=tmp_path)
    (line,) = [line for line in done.stdout.splitlines() if "used by" in line]
    assert "sim/system.py" in line
    assert "helptext" not in line
    assert "cli" not in line


@pytest.mark.parametrize(("kind", "says"), [
    ("sweep", "That folder holds a sweep. Its report is the sweep.html in it"),
    ("validate", "That folder holds no scenarios but what headwater validate left"),
])  # fmt: skip
@pytest.mark.parametrize("verb", ["rerun", "report"])
def test_what_is_no_run_of_scenarios_is_neither_repeated_nor_reported(
    tmp_path: Path, kind: str, says: str, verb: str
) -> None:
    folder = tmp_path / "results" / f"2026-{kind}"
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text(f'{{"format": 1, "command": "{kind}", "hashes": {{}}, "runs": 4}}')
    (folder / "config.yaml").write_text("schema: 1\ncommand: compare\ncomposed: {baseline: {}}\n")
    done = headwater(verb, str(folder), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]
