"""Who does the runs of a sweep: Dask and Slurm give the same numbers; what is out of reach is said in a sentence."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sim.errors import EnvironmentFault, UserError
from sim.studies.compare import Interrupted
from sim.studies.progress import Progress
from sim.sweeps import run
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import Experiment
from sim.sweeps.store import OK
from tests.system.sweeping import experiment, hold, ran, sweep, wait_until
from tests.system.tiny_sweep import TASK

pytestmark = pytest.mark.system


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
