"""Sweeps lose nothing and give the same numbers whoever runs them. Real processes and files, a task of microseconds."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim import compose
from sim.errors import EnvironmentFault, UserError
from sim.outcomes.record import RunRecord
from sim.studies.compare import Interrupted
from sim.studies.progress import Progress
from sim.sweeps import folder as folders
from sim.sweeps import run
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import Experiment, from_plan
from sim.sweeps.results import SweepResults
from sim.sweeps.store import FAILED, OK
from sim.system import CareSystem
from tests.system.tiny_sweep import TASK

pytestmark = pytest.mark.system
SERIAL, TWO = Choice("serial"), Choice("process", workers=2)
GIVEN = {
    "name": "tiny", "about": "Ishigami's function", "design": "sobol", "n": 16, "seeds": 2,
    "factors": {"settings": {f"health_creation.levers.{lever}.amount": [-math.pi, math.pi]
                             for lever in ("link_workers", "community_building", "warm_homes")}},
    "scenarios": ["baseline", "health_creation"], "outcomes": ["deaths", "births"],
}  # fmt: skip


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "control"
    folder.mkdir()
    monkeypatch.setenv("TINY_SWEEP", str(folder))
    return folder


def experiment(root: Path, **changes: object) -> Experiment:
    plan = compose.plan(
        "sweep", ["place=toy"], scenarios=["baseline", "health_creation"], years=2, results=str(root / "results")
    )
    return from_plan(plan, {**GIVEN, **changes})


def sweep(root: Path, engine: Choice = SERIAL, **changes: object) -> SweepResults:
    found = run.sweep(experiment(root, **changes), engine=engine, task=TASK)
    assert found is not None
    return found


def ran(control: Path) -> list[str]:
    log = control / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_a_sweep_leaves_its_folder_and_the_same_digest_from_every_engine(tmp_path: Path, control: Path) -> None:
    one = sweep(tmp_path / "serial")
    assert one.values.shape == (16 * 5, 2, 2, 2, 2)
    assert (one.status == OK).all()
    assert one.folder is not None
    names = {file.name for file in one.folder.iterdir()}
    assert {"config.yaml", "metadata.json", "runs.parquet", "indices.csv", "failed.csv", "log.jsonl"} <= names
    about = json.loads((one.folder / "metadata.json").read_text())
    assert about["digest"] == one.digest
    assert (about["runs"], about["failed"]) == (160, 0)
    for workers in (1, 3):
        assert sweep(tmp_path / f"{workers}", Choice("process", workers=workers)).digest == one.digest


def test_published_indices_come_out_of_the_whole_road(tmp_path: Path, control: Path) -> None:
    """Ishigami: S1 .314 .442 0, ST .558 .442 .244 (Saltelli 2008). Tolerance: four bootstrap standard errors."""
    found = sweep(tmp_path, n=512, seeds=1, outcomes=["deaths"]).indices("deaths").table
    truth = {"first": (0.314, 0.442, 0.0), "total": (0.558, 0.442, 0.244)}
    for measure, values in truth.items():
        rows = found[found["measure"] == measure]
        error = (rows["high"] - rows["low"]).to_numpy() / (2 * 1.96)
        assert np.all(np.abs(rows["value"].to_numpy() - values) <= 4 * error), measure
        assert np.all(error < 0.05), "and the intervals say something"


@pytest.mark.slow
def test_a_larger_design_and_more_seeds_run_nothing_again(tmp_path: Path, control: Path) -> None:
    small = sweep(tmp_path)
    assert len(ran(control)) == 80 * 2
    (control / "log").unlink()
    sweep(tmp_path)
    assert ran(control) == [], "the same sweep again"
    large = sweep(tmp_path, n=32)
    assert len(ran(control)) == 80 * 2, "only the second half"
    assert np.array_equal(large.values[:80], small.values)
    (control / "log").unlink()
    more = sweep(tmp_path, n=32, seeds=3)
    assert {line.split()[1] for line in ran(control)} == {"3"}
    assert np.array_equal(more.values[:, :2], large.values)
    (control / "log").unlink()
    sweep(tmp_path, n=32, seeds=3, second_order=True)
    assert len(ran(control)) == 3 * 32 * 3, "second order: the three rows more a sample"
    (control / "log").unlink()
    sweep(tmp_path, outcomes=["births"])
    assert ran(control) == [], "fewer outcomes of the same runs"


def test_a_poison_row_is_named_and_the_others_complete(tmp_path: Path, control: Path) -> None:
    (control / "fail").write_text("7")
    (control / "die").write_text("11")
    found = sweep(tmp_path, TWO, n=4)
    bad = {(r.row, r.status) for r in found.failures}
    assert bad == {(7, "failed"), (11, "crashed")}
    assert [r.seed for r in found.failures] == [1, 2, 1, 2]
    assert (found.status[[7, 11]] == FAILED).all()
    assert (np.delete(found.status, [7, 11], axis=0) == OK).all()
    assert "ZeroDivisionError" in found.failures[0].error
    assert "SIGKILL" in found.failures[2].error
    assert "link_workers" in found.failures[0].given
    with pytest.raises(UserError, match=r"Rows 7, 11 of 20 have no value"):
        found.indices("deaths")
    again = ran(control)
    sweep(tmp_path, TWO, n=4)
    assert ran(control) == again, "what failed is not tried again unasked"
    (control / "fail").unlink()
    (control / "die").unlink()
    cured = run.sweep(experiment(tmp_path, n=4), engine=TWO, task=TASK, retry=True)
    assert cured is not None
    assert (cured.status == OK).all()
    assert cured.digest == sweep(tmp_path / "other", n=4).digest


DRIVER = """
import sys
import threading
from pathlib import Path
from tests.system.test_sweep import experiment, run, TASK, Choice
if __name__ == "__main__":
    run.sweep(experiment(Path(sys.argv[1]), n=32), engine=Choice("process", workers=2), task=TASK)
"""


def driver(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", DRIVER, str(root)], cwd=Path(__file__).parents[2])


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def workers(pid: int) -> list[int]:
    """The processes that a driver started to run rows, not the one that keeps count of semaphores."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            line = (process / "cmdline").read_text()
        except OSError:
            continue
        if parent == pid and "resource_tracker" not in line:
            found.append(int(process.name))
    return found


def hold(control: Path, lines: int) -> None:
    (control / "half").write_text(str(lines))
    (control / "half").replace(control / "hold")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_kill_of_driver_and_worker_and_two_drivers_change_nothing(tmp_path: Path, control: Path) -> None:
    """320 runs, held after 150 and again 40 later, so that each kill falls in the middle however fast the machine."""
    hold(control, 150)
    first = driver(tmp_path)
    wait_until(lambda: len(ran(control)) >= 150)
    wait_until(lambda: list(tmp_path.glob("results/.sweep-cache-*/parts/*.parquet")))
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = len(ran(control))
    hold(control, kept + 40)
    both = [driver(tmp_path), driver(tmp_path)]
    wait_until(lambda: len(ran(control)) >= kept + 40)
    wait_until(lambda: workers(both[0].pid))
    os.kill(workers(both[0].pid)[-1], signal.SIGKILL)
    (control / "hold").unlink()
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    found = sweep(tmp_path, n=32)
    assert len(list(tmp_path.glob("results/*-sweep-*"))) == 1, "all used one folder"
    assert found.digest == sweep(tmp_path / "calm", n=32).digest


def test_shards_share_one_folder(tmp_path: Path, control: Path) -> None:
    given = experiment(tmp_path)
    assert run.sweep(given, engine=SERIAL, shard=(0, 2), task=TASK) is None
    assert {int(line.split()[0]) % 2 for line in ran(control)} == {0}
    whole = run.sweep(given, engine=SERIAL, shard=(1, 2), task=TASK)
    assert whole is not None
    assert whole.digest == sweep(tmp_path / "other").digest
    assert len(ran(control)) == 2 * 160


def test_a_full_disk_is_said_and_what_is_there_is_kept(
    tmp_path: Path, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.sweeps import store

    written: list[int] = []

    def full(*_: object, **__: object) -> None:
        if written:
            raise OSError(28, "No space left on device")
        written.append(1)

    given = experiment(tmp_path)
    monkeypatch.setattr(store, "MOST_RECORDS", 50)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match=r"is full\. Finished parts are kept"):
        run.sweep(given, engine=SERIAL, task=TASK)
    monkeypatch.undo()
    os.environ["TINY_SWEEP"] = str(control)
    first = len(ran(control))
    found = run.sweep(given, engine=SERIAL, task=TASK)
    assert found is not None
    assert (found.status == OK).all()
    assert len(ran(control)) < 2 * 160
    assert first >= 50


def test_a_damaged_part_is_run_again(tmp_path: Path, control: Path) -> None:
    one = sweep(tmp_path, n=4)
    (part,) = tmp_path.glob("results/.sweep-cache-*/parts/*.parquet")
    part.write_bytes(part.read_bytes()[:200])
    assert sweep(tmp_path, n=4).digest == one.digest


def test_an_early_stop_keeps_what_it_has(tmp_path: Path, control: Path) -> None:
    found = sweep(tmp_path, n=1024, seeds=1, stop={"half_width": 0.3, "outcome": "deaths"}, outcomes=["deaths"])
    assert found.design.n < 1024
    assert len(ran(control)) == found.design.n * 5


def test_status_export_and_row(tmp_path: Path, control: Path) -> None:
    import pandas as pd

    found = sweep(tmp_path, n=4)
    file = tmp_path / "runs.csv"
    found.export(file)
    table = pd.read_csv(file)
    assert len(table) == 20 * 2 * 2 * 2
    paired = table[table["scenario"] == "health_creation"]["deaths"].to_numpy()
    assert np.allclose(paired.reshape(20, 2, 2) - 1, found.difference("deaths"))
    found.export(tmp_path / "runs.parquet")
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == len(table)
    with pytest.raises(UserError, match=r"\.csv or a \.parquet"):
        found.export(tmp_path / "runs.xls")
    assert found.folder is not None
    assert folders.find(None, found.folder.parent) == found.folder
    assert folders.read(found.folder).tree() == found.experiment.tree()


def headwater(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )


MISTAKES = [
    ("sweep experiment=sobl", "There is no experiment called 'sobl'. Did you mean sobol?"),
    ("sweep sobol", "Write headwater sweep experiment=sobol"),
    ("sweep statsu", "There is no word after sweep called 'statsu'. Did you mean status?"),
    ("sweep experiment=sobol n=0", "n must be from 1 to 1,048,576, not 0."),
    ("sweep experiment=sobol seeds=0", "seeds must be from 1 to 1,000, not 0."),
    ("sweep experiment=sobol shard=9/8", "shard=9/8: write which of how many, for example shard=2/8."),
    ("sweep experiment=sobol engine=spark", "There is no engine called 'spark'."),
    ("sweep experiment=sobol engine=process engine.address=x", "engine=process has no option engine.address."),
    ("sweep experiment=sobol engine.address={a:1}", "engine.address must be the address of a scheduler, for example"),
    ("sweep experiment=sobol place=toy outcomes=[deths]", "There is no measure called 'deths'. Did you mean deaths?"),
    ("sweep experiment=sobol place=toy outcomes=deths", "There is no measure called 'deths'. Did you mean deaths?"),
    ("sweep experiment=alone place=toy --config-dir mine",
     "net_benefit: to be had only as a difference to the first scenario, and baseline is the only one."),
    ("sweep experiment=screen place=toy scenarios=baseline outcomes=qalys_gained,deaths,cost",
     "qalys_gained, cost: to be had only as a difference to the first scenario, and baseline is the only one."),
    ("sweep experiment=sobol place=toy factors.evidence=[tie]", "The evidence has nothing uncertain called 'tie'"),
    ("sweep experiment=sobol place=toy years=0", "years must be from 1 to 60 years, not 0."),
    ("sweep status", "There is no sweep in results; begin one: headwater sweep experiment=screen"),
    ("sweep resume nowhere", "There is no sweep at 'nowhere'."),
    ("sweep experiment=sobol place=toy then.n=4", "then.n: sobol has no second stage; screen_then_sobol has."),
    ("sweep experiment=screen_then_sobol place=toy then.n=x", "then.n must be a whole number of at least 1, not x."),
    ("sweep row", "Give the folder and the number of a row"),
    ("sweep experiment=bad --config-dir mine", "bad.yaml, line 5: There is no key of an experiment called 'outcome'."),
    ("sweep experiment=reversed place=toy --config-dir mine", "the bounds 2 and 1 are reversed."),
    ("sweep experiment=twice place=toy --config-dir mine", "The group a names ties.near_share twice."),
]  # fmt: skip
FILES = {
    "alone": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcomes: [net_benefit]\nscenarios: [baseline]\n"
    "factors: {evidence: [ties]}\n",
    "bad": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcome: [deaths]\noutcomes: [deaths]\nscenarios: [baseline]\n",
    "reversed": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcomes: [deaths]\nscenarios: [baseline]\n"
    "factors: {settings: {years: [2, 1]}}\n",
    "twice": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcomes: [deaths]\nscenarios: [baseline]\n"
    "factors: {evidence: {a: [ties.near_share, ties.near_share]}}\n",
}


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[words for words, _ in MISTAKES])
def test_one_clear_sentence(words: str, sentence: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / "mine" / "experiment").mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / "experiment" / f"{name}.yaml").write_text(text)
    done = headwater(*words.split(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"], "nothing is written"


def test_dask_gives_the_same_digest_and_an_address_that_nobody_answers_is_said(tmp_path: Path, control: Path) -> None:
    pytest.importorskip("distributed")
    assert sweep(tmp_path / "a", Choice("dask", workers=2), n=4).digest == sweep(tmp_path / "b", n=4).digest
    with pytest.raises(UserError, match="no Dask scheduler can be reached there"):
        run.sweep(experiment(tmp_path), engine=Choice("dask", {"address": "tcp://127.0.0.1:9"}), task=TASK)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("dask", {"address": "tcp://127.0.0.1:9"}), "no Dask scheduler can be reached there: nobody answers."),
        (("dask", {"address": "nonsense"}), "write the scheduler's address, for example tcp://127.0.0.1:8786."),
        (("submitit", {"cluster": "local", "tmeout_min": "5"}), "engine=submitit: "),
        (("submitit", {"cluster": "local", "timeout_min": "{a:1}"}), "engine.timeout_min must be a whole number"),
        (("submitit", {"cluster": "here"}), "engine.cluster must be slurm or local, not here."),
        (("submitit", {"jobs": "0"}), "engine.jobs must be a whole number of at least 1, not 0."),
    ],
)
def test_an_engine_out_of_reach_is_said_before_anything_is_written(
    options: tuple[str, dict[str, str]], sentence: str, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    pytest.importorskip("submitit")
    from sim.studies.progress import Silence
    from sim.sweeps import engine_submitit

    engine, given = Choice(*options), experiment(tmp_path, factors={"evidence": ["ties"]})
    begin = engine_submitit.sweep if engine.name == "submitit" else run.sweep
    with pytest.raises(UserError, match=re.escape(sentence)):
        begin(given, Silence(), engine=engine)
    assert list(tmp_path.iterdir()) == []


REFUSES = "#!/bin/sh\necho 'sbatch: error: invalid partition specified: nonsense' >&2\nexit 1\n"


def begin_refused(given: Experiment, monkeypatch: pytest.MonkeyPatch, programs: Path) -> None:
    """Hand a sweep in to a Slurm that refuses it."""
    pytest.importorskip("submitit")
    from sim.studies.progress import Silence
    from sim.sweeps import engine_submitit

    programs.mkdir()
    for name in ("sbatch", "srun"):
        (programs / name).write_text(REFUSES)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    for jobs in ("1", "2"):
        engine = Choice("submitit", {"cluster": "slurm", "slurm_partition": "nonsense", "jobs": jobs})
        with pytest.raises(UserError, match="engine=submitit: sbatch: error: invalid partition specified: nonsense"):
            engine_submitit.sweep(given, Silence(), engine=engine)


def test_of_a_study_that_slurm_refuses_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = experiment(tmp_path / "own", factors={"evidence": ["ties"]})
    begin_refused(given, monkeypatch, tmp_path / "programs")
    assert [path.name for path in tmp_path.iterdir()] == ["programs"]


def test_a_refusal_leaves_an_earlier_start_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.sweeps.folder import open_folder

    given = experiment(tmp_path / "own", factors={"evidence": ["ties"]})
    folder, _ = open_folder(given, run.Sweep(given).store)
    (folder / "jobs").mkdir()
    (folder / "jobs" / "5_0_log.out").write_text("said")
    (folder / "log.jsonl").write_text("{}\n")
    before = {path: path.is_file() and path.read_bytes() for path in (tmp_path / "own").rglob("*")}
    begin_refused(given, monkeypatch, tmp_path / "programs")
    assert {path: path.is_file() and path.read_bytes() for path in (tmp_path / "own").rglob("*")} == before


def test_of_a_study_whose_dask_cannot_be_reached_nothing_is_left(tmp_path: Path, control: Path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(UserError, match="no Dask scheduler can be reached there"):
        run.sweep(experiment(tmp_path), engine=Choice("dask", {"address": "smoke://127.0.0.1:9"}), task=TASK)
    assert [path.name for path in tmp_path.iterdir()] == ["control"]


@pytest.mark.parametrize(("engine", "module"), [("dask", "distributed"), ("submitit", "submitit")])
def test_an_engine_that_is_not_installed_says_how_to_get_it(
    engine: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    sentence = rf"engine={engine} needs {module}; install it: pip install headwater\[distributed\]"
    with pytest.raises(UserError, match=sentence):
        Choice(engine).check()


def test_nothing_that_matters_is_said_so(tmp_path: Path, control: Path) -> None:
    from sim.sweeps import command

    found = sweep(tmp_path, design="morris", n=2)
    assert command.top(found)[0].startswith("What matters most for deaths")
    for values in found.by_outcome.values():
        values[...] = 0.0
    assert command.top(found) == ["Nothing that was varied changes deaths (health_creation)."]


class Heard(Progress):
    """Keeps what is said, and does something at the first word of what is waited for."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__(io.StringIO())
        self.then, self.said, self.line = then, "", ""

    def say(self, text: str) -> None:
        self.said += f"{text}\n"
        if "Start one" in text:
            self.then()

    def at(self, done: int, doing: str) -> None:
        self.line += f"{doing}\n"


def test_a_dask_cluster_without_workers_is_said_and_waited_for(
    tmp_path: Path, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    from sim.sweeps import engine_dask

    monkeypatch.setattr(engine_dask, "ALONE_SECONDS", 0.5)
    with distributed.LocalCluster(
        n_workers=0, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=None, silence_logs=50
    ) as cluster:
        engine = Choice("dask", {"address": cluster.scheduler_address})
        stopped = Heard(lambda: threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start())
        with pytest.raises(Interrupted, match="No run was finished yet"):
            run.sweep(experiment(tmp_path, n=4), stopped, engine=engine, task=TASK)
        assert f"no worker has joined yet. Start one: dask worker {cluster.scheduler_address}\n" in stopped.said
        assert "0 of 40 runs done; no worker has joined yet\n" in stopped.line
        helped = Heard(lambda: cluster.scale(1))
        found = run.sweep(experiment(tmp_path, n=4), helped, engine=engine, task=TASK)
    assert helped.said.count("Start one") == 1
    assert helped.line.endswith("40 of 40 runs done\n"), "it no longer waits"
    assert found is not None
    assert (found.status == OK).all()


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_a_lost_dask_worker_costs_nothing_and_a_lost_scheduler_is_said_in_a_sentence(
    tmp_path: Path, control: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """160 runs, held after 60, when a worker dies, and 50 later, when the scheduler does; the rest is made up here."""
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, started = f"tcp://127.0.0.1:{port}", []

    def start(what: str, *words: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", f"distributed.cli.dask_{what}", *words, "--no-dashboard"]
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(line, cwd=Path(__file__).parents[2], stdout=quiet, stderr=quiet))
        return started[-1]

    try:
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", str(port))
        wait_until(lambda: answers(port))
        worker, _ = (start("worker", address, "--no-nanny", "--nthreads", "1") for _ in range(2))
        hold(control, 60)
        with ThreadPoolExecutor(1) as beside:
            given, engine = experiment(tmp_path), Choice("dask", {"address": address})
            going = beside.submit(run.sweep, given, engine=engine, task=TASK)
            wait_until(lambda: len(ran(control)) >= 60 or going.done())
            worker.kill()
            hold(control, 110)
            wait_until(lambda: len(ran(control)) >= 110 or going.done())
            scheduler.kill()
            with pytest.raises(EnvironmentFault, match=r"The Dask scheduler is gone\. Finished runs are kept"):
                going.result(timeout=120)
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert "Traceback" not in capfd.readouterr().err
    (control / "hold").unlink()
    assert sweep(tmp_path).digest == sweep(tmp_path / "calm").digest


def test_the_model_itself_gives_one_digest_and_shares_histories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.sweeps import simulate

    monkeypatch.setattr(simulate, "_histories", deque())  # others may have left some here
    plan = compose.plan(
        "sweep", ["place=toy"], scenarios=["baseline", "health_creation"], years=1, scale=0.02,
        results=str(tmp_path / "one"),
    )  # fmt: skip
    given = {**GIVEN, "design": "lhs", "n": 2, "seeds": 1, "outcomes": ["deaths", "qalys_gained"]}
    given["factors"] = {"settings": {"health_creation.levers.link_workers.amount": [0.1, 0.4], "years": [1, 2]}}
    one = run.sweep(from_plan(plan, given), engine=SERIAL)
    other = replace(plan, settings=replace(plan.settings, results=str(tmp_path / "two")))
    two = run.sweep(from_plan(other, given), engine=TWO)
    assert one is not None
    assert two is not None
    assert one.digest == two.digest
    assert one.values.shape == (2, 1, 2, 2, 2)
    lengths = sorted(int(np.isfinite(row).sum()) for row in one.difference("deaths")[:, 0])
    assert lengths == [1, 2], "each row has the years of its own horizon"
    assert len(simulate._histories) == 1, "one history for both"


def test_evidence_that_is_called_late_is_not_read_before_policy() -> None:
    """Rows are put together by these names; what they share is decided by what was read."""
    from sim.evidence import load
    from sim.evidence.reads import Noted
    from sim.policy.scenario import NO_POLICY
    from sim.settings import RunSettings
    from sim.sweeps.base import LATE
    from sim.system import run_history, run_scenario

    noted = Noted(load().draw(0))
    settings = RunSettings(place="toy", scale=0.05, years=1)
    run_scenario(run_history(settings, 0, 1, evidence=noted, detail=False), NO_POLICY, 1)
    known = {"levers.most_reduction", "levers.adoption_spread"}
    read = {name for name in noted.numbers if name.startswith(LATE)} - known
    assert not read


def test_rows_share_what_reads_none_of_what_they_differ_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim import system
    from sim.sweeps import simulate
    from sim.sweeps.base import Job

    plan = compose.plan(
        "sweep", ["place=toy", "policy_start=2024-04", "start=2024-04"], scenarios=["baseline", "health_creation"],
        years=2, scale=0.05,
    )  # fmt: skip
    base = from_plan(plan, {**GIVEN, "outcomes": ["qalys", "net_benefit"]}).base
    rows: list[dict[str, Any]] = [
        {}, {"outcomes.nice_threshold": 35_000.0}, {"levers.link_workers.cost_per_person": 60.0},
        {"levers.link_workers.cost_per_person": 60.0, "ties.near_share": 0.9},
    ]  # fmt: skip
    jobs = [Job(b"", row, 1, values) for row, values in enumerate(rows)]
    # what the first seed left in other caches must not hide what the second reads
    jobs += [Job(b"", 0, 2, {}), Job(b"", 4, 2, {"relative_risk:smoking:chd:cvd": 0.9})]
    alone = []
    for job in jobs:
        simulate._histories.clear()
        alone.append(simulate.run_row(base, job))
    simulate._histories.clear()
    run_months: list[int] = []
    stepped = system._run

    def counting(model: CareSystem, until: int, *args: Any) -> None:
        run_months.append(until - model.month)
        stepped(model, until, *args)

    monkeypatch.setattr(system, "_run", counting)
    for k, job in enumerate(jobs):
        np.testing.assert_array_equal(simulate.run_row(base, job), alone[k], err_msg=str(job))
    # all of the first row; nothing of the second, which is only valued otherwise; of the third the scenario with levers
    assert run_months == [45, 24, 24, 24, *[45, 24, 24] * 3]


def test_a_row_of_evidence_is_recorded_with_its_own_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes are worked out from the row's evidence, not from central values: the record says what was replaced."""
    from sim.outcomes.ledgers import Values
    from sim.sweeps import simulate
    from sim.sweeps.base import Job

    plan = compose.plan(
        "sweep", ["place=toy", "policy_start=2024-04", "start=2024-04"], scenarios=["baseline"], years=1, scale=0.02
    )  # fmt: skip
    base = from_plan(plan, {**GIVEN, "outcomes": ["months_gp_over"]}).base
    seen: list[RunRecord] = []
    original = simulate.outcomes

    def listening(records: list[RunRecord], *others: Any) -> NDArray[np.float64]:
        seen.extend(records)
        return original(records, *others)

    monkeypatch.setattr(simulate, "outcomes", listening)
    simulate.run_row(base, Job(b"", 0, 1, {"care.gp_unmet_share": 0.3}))
    assert Values.of_run(seen[0]).unmet_share == 0.3


NUMBERS = """name,value,unit,low,high,distribution,null,direction,source,grade,transfer,note
walks.uptake,0.05,share a year,0.01,0.12,beta,,higher = more,my own guess,judgement,,
"""


def test_a_sweep_with_a_folder_of_ones_own_goes_on_without_naming_it_again(
    tmp_path: Path, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SweepResults, "_page", lambda *_: None)  # tried elsewhere
    mine = tmp_path / "mine"
    (mine / "evidence" / "parameters").mkdir(parents=True)
    (mine / "evidence" / "parameters" / "walks.csv").write_text(NUMBERS)
    plan = compose.plan(
        "sweep", ["place=toy"], [mine], ["baseline", "health_creation"], years=1, results=str(tmp_path / "results")
    )
    given = {**GIVEN, "n": 2, "factors": {"evidence": ["walks.uptake", "ties.lost_a_year", "ties.near_share"]}}
    found = run.sweep(from_plan(plan, given), engine=SERIAL, task=TASK)
    assert found is not None
    assert found.folder is not None
    assert str(mine) not in (found.folder / "config.yaml").read_text(), "what is sent on names no folders"
    again, before = folders.read(found.folder), found.experiment.base.hash
    assert again.plan.own == (str(mine.resolve()),)
    assert again.base.hash == before
    (mine / "evidence" / "parameters" / "walks.csv").write_text(NUMBERS.replace("0.12", "0.13"))
    assert folders.read(found.folder).base.hash != before


def test_a_second_stage_keeps_what_mattered_settings_too(
    tmp_path: Path, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ishigami's third factor alone does nothing, but with the first; the screening keeps the two largest effects."""
    monkeypatch.setattr(SweepResults, "_page", lambda *_: None)  # tried elsewhere
    found = sweep(tmp_path, design="morris", n=16, then={"design": "sobol", "n": 4, "keep": 2})
    assert found.experiment.name == "tiny_2"
    assert (found.design.method, found.design.n) == ("sobol", 4)
    first = folders.read(next(tmp_path.glob("results/*-sweep-tiny-*")))
    screened = run.sweep(replace(first, then=None), engine=SERIAL, task=TASK)
    assert screened is not None
    leaders = list(screened.indices("deaths").ranking()["factor"].head(2))
    assert set(found.design.groups) == set(leaders)
    assert first.second_size().endswith("up to 16 rows × 2 seeds = 32 runs more (then.n=… changes that)")
    for wrong in ({"n": 0}, {"keep": 0}, {"design": "fast"}):
        with pytest.raises(UserError, match=r"then\."):
            run.sweep(experiment(tmp_path, design="morris", then=wrong), engine=SERIAL)
