"""Parts that outlive interruptions, and a folder that is whole or not there. Real processes, real files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim import compose
from sim.compose import Plan
from sim.errors import EnvironmentFault, UserError
from sim.studies import provenance, store
from sim.studies.compare import Interrupted, run_parts
from sim.studies.progress import Silence
from sim.studies.store import Store
from tests.system import tiny

pytestmark = pytest.mark.system


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "areas.csv").write_text("code\nE01\n")
    return folder


@pytest.fixture
def plan(town: Path) -> Plan:
    return compose.plan(
        "compare", place=str(town), results=str(town.parent / "results"), runs=4, seeds=2, years=1, workers=2,
        scenarios=["baseline", "health_creation"],
    )  # fmt: skip


def void(_: object) -> None:
    """For writers written as an expression."""


def finish(it: Store) -> Path:
    def write(folder: Path) -> None:
        (folder / "summary.csv").write_text("scenario\n")
        (folder / "figures").mkdir()
        (folder / "figures" / "a.svg").write_text("<svg/>")

    return it.finish(write, {"runs": {}})


def test_a_whole_run_leaves_one_folder(plan: Plan, town: Path) -> None:
    with Store(plan) as it:
        run_parts(it, Silence(), tiny.task)
        assert [file.is_file() for file in it.files()] == [True] * 8
        folder = finish(it)
    root = town.parent / "results"
    assert sorted(p.name for p in root.iterdir()) == sorted([folder.name, "latest"])
    assert (root / "latest").read_text().strip() == folder.name
    about = store.metadata(folder)
    assert about["files"] == {k: v for k, v in provenance.digests(folder).items() if k != "metadata.json"}
    assert set(about["files"]) == {"summary.csv", "figures/a.svg", "config.yaml", "log.jsonl"}
    assert compose.from_tree(store.read_config(folder)) == plan
    events = [json.loads(line)["event"] for line in (folder / "log.jsonl").read_text().splitlines()]
    assert events == ["started", "part", "part", "part", "part", "finished"]
    assert store.find(str(root / "latest")) == folder


def test_names_no_machine_and_no_user(plan: Plan) -> None:
    with Store(plan) as it:
        run_parts(it, Silence(), tiny.task)
        text = (finish(it) / "metadata.json").read_text()
    import getpass
    import platform

    words = text.replace('"', " ").split()
    assert platform.node() not in words
    assert getpass.getuser() not in words


def test_a_second_run_takes_a_name_of_its_own(plan: Plan) -> None:
    folders = set()
    for _ in range(3):
        with Store(plan) as it:
            run_parts(it, Silence(), tiny.task)
            folders.add(finish(it))
    assert len(folders) == 3


def test_one_worker_and_several_write_the_same(plan: Plan) -> None:
    numbers = []
    for workers in (1, 3):
        with Store(replace(plan, settings=replace(plan.settings, workers=workers))) as it:
            run_parts(it, Silence(), tiny.task)
            numbers.append([np.load(file)["numbers"].tolist() for file in it.files()])
            it.discard()
    assert numbers[0] == numbers[1]


def test_finished_parts_are_not_done_again(plan: Plan, town: Path) -> None:
    plan = replace(plan, settings=replace(plan.settings, workers=1))  # draw 1 is done before draw 2 begins
    (town / "mistake").write_text("2")
    with pytest.raises(UserError, match="will not do"), Store(plan) as it:
        run_parts(it, Silence(), tiny.task)
    kept = {p.name: p.stat().st_mtime_ns for p in it.partial.glob("d*")}
    assert kept
    (town / "mistake").unlink()  # the hash of the place is as it was before the file came …
    with Store(plan) as again:
        assert again.partial != it.partial  # … so this is another run
        again.discard()
    (town / "mistake").write_text("2")
    os.utime(town / "mistake")
    with pytest.raises(UserError), Store(plan) as third:
        run_parts(third, Silence(), tiny.task)
    assert {p.name: p.stat().st_mtime_ns for p in third.partial.glob("d*") if p.name in kept} == kept


def test_another_setting_is_another_run(plan: Plan) -> None:
    from dataclasses import replace

    def name(**changes: object) -> str:
        return Store(replace(plan, settings=replace(plan.settings, **changes))).name

    assert name() == Store(plan).name == name(workers=7) == name(results="elsewhere")
    assert len({name(), name(years=2), name(seed=2), name(judged=False), name(scale=0.2)}) == 5


def test_other_versions_and_configuration_of_ones_own_are_another_run(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    before = Store(plan).name
    versions = provenance.versions()
    assert set(versions) == {"headwater", "python", "mesa", "numpy", "numba"}
    assert all(versions.values())
    for name in versions:
        with monkeypatch.context() as changed:
            changed.setattr(provenance, "versions", lambda name=name: {**versions, name: "0"})
            assert Store(plan).name != before, name
    lever = tmp_path / "mine" / "levers" / "mine.yaml"
    lever.parent.mkdir(parents=True)
    lever.write_text("label: Mine\n")
    mine = replace(plan, own=(str(tmp_path / "mine"),))
    first = Store(mine).name
    lever.write_text("label: Another\n")
    assert len({before, first, Store(mine).name}) == 3


def test_a_dead_worker_is_named(plan: Plan, town: Path) -> None:
    (town / "die").write_text("2")
    sentence = r"evidence draw 2, seed \d was ended from outside \(SIGKILL\)"
    with pytest.raises(EnvironmentFault, match=sentence), Store(plan) as it:
        run_parts(it, Silence(), tiny.task)
    assert {p.name[:4] for p in it.partial.glob("d*")} <= {"d001"}, "no half part of draw 2 is left"


def test_a_fault_in_the_code_shows_where(plan: Plan, town: Path) -> None:
    (town / "fault").write_text("1")
    sentence = r"(?s)evidence draw 1, seed \d failed.*ZeroDivisionError: a fault in the code"
    with pytest.raises(RuntimeError, match=sentence), Store(plan) as it:
        run_parts(it, Silence(), tiny.task)


SCRIPT = """
import sys
from sim import compose
from sim.studies.compare import Interrupted, run_parts
from sim.studies.progress import Progress
from sim.studies.store import Store
from tests.system import tiny
plan = compose.plan("compare", place=sys.argv[1], results=sys.argv[2], runs=4, seeds=2, years=1, workers=2,
                    scenarios=["baseline", "health_creation"])
try:
    with Store(plan) as store:
        run_parts(store, Progress(), tiny.task)
        print("whole", flush=True)
        store.finish(lambda folder: (folder / "summary.csv").write_text("x"), {"runs": {}})
except Interrupted as stop:
    print(stop, flush=True)
    sys.exit(130)
"""


def start(town: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(town), str(town.parent / "results")]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=Path(__file__).parents[2])


def wait_for_a_part(town: Path) -> None:
    until = time.monotonic() + 60
    while not list((town.parent / "results").glob(".partial-*/d???-s????")):
        assert time.monotonic() < until, "no part was finished in a minute"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (OSError, ValueError):
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_half_way_and_gone_on_with(town: Path, how: signal.Signals) -> None:
    (town / "wait").write_text("0.04")
    first = start(town)
    wait_for_a_part(town)
    workers = children(first.pid)
    first.send_signal(how)
    out, _ = first.communicate(timeout=30)
    results = town.parent / "results"
    assert [p.name[:9] for p in results.iterdir()] == [".partial-"], "nothing looks whole"
    if how == signal.SIGINT:
        assert first.returncode == 130
        assert "of 4 runs are finished and kept. To go on, give the same command again." in out
    until = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < until, "a worker outlived its parent"
        time.sleep(0.05)
    second = start(town)
    out, said = second.communicate(timeout=60)
    assert second.returncode == 0, said
    assert "of 4 runs were finished before; going on with the rest." in said
    folder = store.find(str(results / "latest"))
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    done = [(line["draw"], line["seed"]) for line in log if line["event"] == "part"]
    assert len(done) == len(set(done)), "no part was done twice"


def test_two_at_once_are_refused(plan: Plan) -> None:
    with Store(plan), pytest.raises(UserError, match="running already"), Store(plan):
        pass


def test_nothing_is_left_of_a_run_that_did_not_begin(plan: Plan, town: Path) -> None:
    with pytest.raises(UserError), Store(plan):
        raise UserError("not this")
    assert not (town.parent / "results").exists()


def test_results_folder_that_cannot_be_written(plan: Plan, town: Path) -> None:
    from dataclasses import replace

    (town.parent / "file").write_text("")
    elsewhere = replace(plan, settings=replace(plan.settings, results=str(town.parent / "file" / "results")))
    with pytest.raises(EnvironmentFault, match="cannot be written to: Not a directory"), Store(elsewhere):
        pass


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """A file system of its own with hardly any room."""
    folder = tmp_path / "full"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("only an administrator can make a small disk to fill")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_half_way(plan: Plan, full_disk: Path) -> None:
    from dataclasses import replace

    there = replace(plan, settings=replace(plan.settings, results=str(full_disk / "results")))

    def run() -> None:
        with Store(there) as it:
            run_parts(it, Silence(), tiny.task)
            it.finish(lambda folder: void((folder / "series.parquet").write_bytes(bytes(100_000))), {"runs": {}})

    with pytest.raises(EnvironmentFault, match=r"is full\. Finished parts are kept"):
        run()
    assert len(list((full_disk / "results").glob(".partial-*/d???-s????"))) == 4
    assert not list((full_disk / "results").glob("[!.]*"))


def test_a_full_disk_in_a_worker(plan: Plan, full_disk: Path) -> None:
    from dataclasses import replace

    there = replace(plan, settings=replace(plan.settings, results=str(full_disk / "results")))
    (full_disk / "ballast").write_bytes(bytes(28_000))
    with pytest.raises(EnvironmentFault, match="is full"), Store(there) as it:
        run_parts(it, Silence(), tiny.task)
    assert not list((full_disk / "results").glob("[!.]*"))


@pytest.mark.parametrize(("text", "sentence"), [
    ("{}", "is damaged"), ("not json", "is damaged"), ('{"format": 99}', "newer version of headwater"),
])  # fmt: skip
def test_damaged_and_newer_folders_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(UserError, match=sentence):
        store.metadata(tmp_path)


def test_interrupted_is_a_keyboard_interrupt() -> None:
    assert issubclass(Interrupted, KeyboardInterrupt)


def test_what_was_not_written_anew_keeps_what_was_said_of_it(tmp_path: Path) -> None:
    for name in ("numbers.csv", "report.html"):
        (tmp_path / name).write_text("first")
    store.write_metadata(tmp_path, {"format": 1})
    first = store.metadata(tmp_path)
    for name in ("numbers.csv", "report.html", "more.csv"):
        (tmp_path / name).write_text("second")
    store.write_metadata(tmp_path, first, [tmp_path / "report.html", tmp_path / "more.csv"])
    now = store.metadata(tmp_path)["files"]
    true = provenance.digests(tmp_path)
    assert now["numbers.csv"] == first["files"]["numbers.csv"] != true["numbers.csv"]
    assert (now["report.html"], now["more.csv"]) == (true["report.html"], true["more.csv"])
