"""What a sweep costs beside its runs, what a study takes, what a second process brings, and a large one stopped and
gone on with."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sim.studies.bench import Line, part
from sim.studies.bench_driver import FACTORS, LAPS, OUTCOMES, TIMED, drive, experiment, laps, shipped
from sim.studies.bench_scale import _alone
from sim.studies.stopwatch import undisturbed
from sim.sweeps.base import Job
from sim.sweeps.run import Sweep

MOST_OVERHEAD_MS, MOST_MEMORY_MB = 2.0, 300.0
SOBOL_MINUTES, TWO_AT_LEAST, OF_BARE_AT_LEAST = 20.0, 1.4, 0.9
SOBOL = {"factors": 8, "n": 64, "seeds": 2, "years": 10, "residents": 5_000}
WORKERS = 2
SHARE = 8
"""Base samples of the Sobol study that are run for real: the first of the same design, an eighth of its runs."""
LARGE = {"factors": 12, "n": 1024, "seeds": 4, "years": 20, "residents": 20_000}
LARGE_PLACE, LARGE_RESIDENTS = "north_mid_hampshire", 600_000
MINUTES = "HEADWATER_BENCH_MINUTES"
"""Environment variable: minutes after which the large study is stopped, and again after it was gone on with."""
LONGEST = 900.0


@part("Sweeps: overhead")
def overhead(quick: bool) -> list[Line]:
    """A sweep of 114,688 runs that take no time, the whole way from its configuration to its page, in a process of its
    own; and one of a sixteenth of them, to see whether memory grows."""
    n = 2**9 if quick else 2**13
    with tempfile.TemporaryDirectory() as root:
        small = _alone(drive, f"{root}/small", n // 16, False)
        whole = _alone(drive, f"{root}/whole", n)
    return [
        Line("runs", float(whole.runs), "runs"),
        Line("beside the model, a run", 1e3 * whole.seconds / whole.runs, "ms", MOST_OVERHEAD_MS, at_least=False),
        Line("of it, on the driver's core", 1e3 * whole.core / whole.runs, "ms"),
        Line("the driver's memory", whole.memory, "MB", MOST_MEMORY_MB, at_least=False),
        Line("the same with a sixteenth of the runs", small.memory, "MB"),
        Line("memory with tables, figures and page in the end", whole.finished, "MB"),
    ]


@part("Sweeps: a Sobol study")
def sobol(quick: bool) -> list[Line]:
    """8 factors × 64 base samples × 2 seeds of ten years at 5,000 residents on two cores, those of `experiment=sobol`:
    an eighth of its runs done for real through processes and store, the rest carried on from them. And the same of
    eight factors that all act from the start, so that no two rows share a month."""
    from sim.studies.progress import Silence
    from sim.sweeps import folder, run
    from sim.sweeps.engines import Choice

    n, years, residents = (2, 1, 500) if quick else (SHARE, SOBOL["years"], SOBOL["residents"])
    runs = SOBOL["n"] * (SOBOL["factors"] + 2) * SOBOL["seeds"]
    lines = [Line("runs of a study", float(runs), "runs")]
    for title, limit in (("as shipped", SOBOL_MINUTES), ("nothing shared", None)):
        few = n if limit else max(n // 4, 2)
        with tempfile.TemporaryDirectory() as root:
            if limit:
                found = shipped(Path(root), few, SOBOL["seeds"], years, residents)
            else:
                found = experiment(Path(root), SOBOL["factors"], few, SOBOL["seeds"], years, residents)
            it = Sweep(found, task=TIMED)
            path, _ = folder.open_folder(it.experiment, it.store)
            os.environ[LAPS] = root
            began = time.perf_counter()
            run.run_missing(it, path, Silence(), Choice("process", workers=WORKERS))
            seconds = time.perf_counter() - began
            ok, _ = it.count()
            turns = laps(Path(root))
        took = sum(sum(turn.took) for turn in turns)
        quiet = sum(float(each.sum()) for each in undisturbed(turns))
        once = max(seconds - took / WORKERS, 0.0)  # processes that load, and one that waits for the last of the other
        left = runs / ok / WORKERS
        lines += [
            Line(f"{title}: done", float(ok), "runs"),
            Line(f"{title}: a run, on one of two busy cores", took / ok, "s"),
            Line(f"{title}: the study as it ran, carried on", (once + took * left) / 60, "minutes"),
            Line(f"{title}: the study undisturbed", (once + quiet * left) / 60, "minutes", limit, at_least=False),
        ]
    return lines


@part("Sweeps: a second process")
def second(quick: bool) -> list[Line]:
    """Runs a second of one process and of two, and of two copies of the bare model side by side, in turns."""
    years, residents, rows = (1, 500, 2) if quick else (SOBOL["years"], SOBOL["residents"], 4)
    best = dict.fromkeys(("one", "two", "bare"), 0.0)
    with tempfile.TemporaryDirectory() as root:
        it = Sweep(experiment(Path(root), SOBOL["factors"], 8, 1, years, residents))
        for _ in range(1 if quick else 2):
            best["one"] = max(best["one"], _rate(it, 1, rows))
            best["two"] = max(best["two"], _rate(it, 2, rows))
            best["bare"] = max(best["bare"], _bare(it, 2, rows))
    two, of_bare = best["two"] / best["one"], best["two"] / best["bare"]
    enough = max(two / TWO_AT_LEAST, of_bare / OF_BARE_AT_LEAST)
    return [
        Line("two processes against one", two, "times"),
        Line("two processes against two copies of the bare model", of_bare, "times"),
        Line(f"the better of them, as a share of {TWO_AT_LEAST} and {OF_BARE_AT_LEAST}", enough, "", 1.0),
    ]


def _rate(it: Sweep, workers: int, rows: int) -> float:
    """Runs a second of so many processes, from when each has done its first."""
    from sim.sweeps.engines import Choice

    jobs = [it.job(row, it.seeds[0]) for row in range(workers * (rows + 1))]
    began, seen = 0.0, 0
    for record in Choice("process", workers=workers).open().run(it.base, ([job] for job in jobs)):
        if record is not None:
            if record.status != "ok":
                raise RuntimeError(record.error)
            seen += 1
            if seen == workers:
                began = time.perf_counter()
    return (len(jobs) - workers) / (time.perf_counter() - began)


def _bare(it: Sweep, copies: int, rows: int) -> float:
    """Runs a second of so many processes that do nothing but call the model, from when each has done its first."""
    context = get_context("spawn")
    ready, answers = context.Barrier(copies), context.Queue()
    jobs = [it.job(row, it.seeds[0]) for row in range(copies * (rows + 1))]
    processes = [
        context.Process(target=_copy, args=(it.base, jobs[i::copies], ready, answers), daemon=True)
        for i in range(copies)
    ]
    for process in processes:
        process.start()
    seconds = max(float(answers.get(timeout=LONGEST)) for _ in processes)
    for process in processes:
        process.join()
    return copies * rows / seconds


def _copy(base: Any, jobs: list[Job], ready: Any, answers: Any) -> None:
    from sim.sweeps.simulate import run_row

    run_row(base, jobs[0])
    ready.wait()
    began = time.perf_counter()
    for job in jobs[1:]:
        run_row(base, job)
    answers.put(time.perf_counter() - began)


@part("Sweeps: a large study, stopped and gone on with")
def large(quick: bool) -> list[Line]:
    """12 factors × 1024 base samples × 4 seeds of 20 years at 20,000 residents, as a user would run it: begun, stopped
    with Ctrl-C after ten minutes, resumed, stopped again; its time, core-hours and disk are carried on from that."""
    seconds = 0.0 if quick else 60 * float(os.environ.get(MINUTES, "10"))
    years, place, scale = LARGE["years"], LARGE_PLACE, LARGE["residents"] / LARGE_RESIDENTS
    if quick:
        years, place, scale = 1, "toy", 0.1
    with tempfile.TemporaryDirectory() as root:
        words = [
            "experiment=sobol", f"n={LARGE['n']}", f"seeds={LARGE['seeds']}", f"years={years}", f"place={place}",
            f"scale={scale:.5f}", f"factors.evidence=[{','.join(FACTORS)}]", f"outcomes=[{','.join(OUTCOMES)}]",
            f"results={root}", "workers=2",
        ]  # fmt: skip
        said = _until_stopped(words, Path(root), seconds, 0)
        before = sum(1 for _ in _records(Path(root)))
        (folder,) = Path(root).glob("*-sweep-sobol-*")
        _until_stopped(["resume", str(folder), "workers=2"], Path(root), seconds / 10, before)
        records = list(_records(Path(root)))
        disk = sum(file.stat().st_size for file in _parts(Path(root)))
    runs = LARGE["n"] * (LARGE["factors"] + 2) * LARGE["seeds"]
    each = sum(took for _, took in records) / len(records)
    finished = re.search(r"(\d+) of \d+ runs are finished and kept", said)
    return [
        Line("the large study", float(runs), "runs"),
        Line("done when it was stopped", float(before), "runs"),
        Line("of them said to be kept", float(finished[1]) if finished else 0.0, "runs", float(before)),
        Line("done when it was stopped again", float(len(records)), "runs", float(before + 1)),
        Line("runs done twice", float(len(records) - len({key for key, _ in records})), "runs", 0.0, at_least=False),
        Line("a run, on one of two busy cores", each, "s"),
        Line("the whole, carried on", runs * each / 3600, "core-hours"),
        Line("the whole on two cores, carried on", runs * each / 2 / 3600, "hours"),
        Line("its disk, carried on", runs * disk / len(records) / 1e6, "MB"),
    ]


def _until_stopped(words: list[str], root: Path, seconds: float, before: int) -> str:
    """Let ``headwater sweep`` run for so many seconds, and until some more runs than `before` are kept, then press
    Ctrl-C. Returns what it said."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "sim.cli", "sweep", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        while process.poll() is None and time.monotonic() - began < max(seconds, LONGEST):
            if time.monotonic() - began >= seconds and sum(1 for _ in _records(root)) > before:
                break
            time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=LONGEST)
    finally:
        process.kill()
        process.wait()
    if "runs are finished and kept" not in said:
        raise RuntimeError(f"The sweep was not stopped as it should be:\n{said}")
    return said


def _parts(root: Path) -> list[Path]:
    return list(root.glob(".sweep-cache-*/parts/*.parquet"))


def _records(root: Path) -> Iterator[tuple[bytes, float]]:
    """Keys of all runs that are kept, and the seconds that each took."""
    from sim.sweeps.store import _read

    for file in _parts(root):
        table = _read(file, ["key", "seconds"])
        yield from zip(table.column("key").to_pylist(), table.column("seconds").to_pylist(), strict=True)
