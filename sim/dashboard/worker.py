"""One run for the dashboard, in a process of its own: ``python -m sim.dashboard.worker FOLDER`` (see `jobs`)."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sim import compose
from sim.compose import Plan
from sim.dashboard.jobs import DONE, FAILED, HOME, RUNNING, STOPPED, Status
from sim.errors import EnvironmentFault, UserError
from sim.studies import standby, store
from sim.studies.progress import Progress

OFTEN = 0.25  # seconds between two writings
WATCH = 0.5  # seconds between two looks whether it shall stop
BASELINE = "baseline"


class Written(Progress):
    """Progress that goes into a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(sys.stderr)
        self.file = folder / "status.json"
        self.opened = time.monotonic()
        self.wrote = 0.0
        self.doing = "Starting"
        self.answer = ""

    def say(self, text: str) -> None:
        """What is going on apart from the runs."""
        self.doing = text
        self._write()

    def begin(self, total: int, done: int, doing: str) -> None:
        """Start counting."""
        self.total, self.first, self.done, self.doing = total, done, done, doing
        self.began = time.monotonic()
        self._write()

    def at(self, done: int, doing: str) -> None:
        """So far."""
        self.done, self.doing = max(self.done, done), doing
        if time.monotonic() - self.wrote >= OFTEN:
            self._write()

    def found(self, answer: str) -> None:
        """What the runs say in a sentence: it is shown while the report is written."""
        self.answer = answer

    def ended(self, state: str, **more: Any) -> None:
        """The last word."""
        share = 1.0 if state == DONE else self.share
        self._put(Status(state, share, answer=self.answer, seconds=time.monotonic() - self.opened, **more))

    @property
    def share(self) -> float:
        """Share of the work that is done."""
        return self.done / self.total if self.total else 0.0

    def _write(self) -> None:
        left = self.left() if self.total else ""
        seconds = time.monotonic() - self.opened
        self._put(Status(RUNNING, self.share, self.doing, left, answer=self.answer, seconds=seconds))

    def _put(self, status: Status) -> None:
        self.wrote = time.monotonic()
        store.write_text(self.file, json.dumps(asdict(status), ensure_ascii=False))


def planned(request: dict[str, Any], root: Path) -> Plan:
    """The plan of what was asked: the baseline, the composed scenario, and shipped ones beside it.

    The composed scenario stands whole in config.yaml, so that ``headwater rerun`` needs no file of the dashboard.
    Raises `UserError`.
    """
    others = [name for name in request["others"] if name not in (BASELINE, request["name"])]
    made = compose.plan("compare", scenarios=[BASELINE, *others], **request["settings"])
    scenarios = {BASELINE: made.scenarios[BASELINE], request["name"]: request["scenario"]}
    scenarios |= {name: made.scenarios[name] for name in others}
    settings = replace(made.settings, scenarios=tuple(scenarios), results=str(root))
    return replace(made, settings=settings, scenarios=scenarios)


def run(folder: Path, progress: Written) -> Path:
    """Run what the folder asks for and leave its results beside the others. Returns their folder."""
    from sim import report
    from sim.precheck import check
    from sim.studies import compare

    root = folder.parent.parent
    plan = planned(json.loads((folder / "request.json").read_text(encoding="utf-8")), root)
    check(plan)
    kept = store.Store(plan)
    # Two people may ask for the same at once: each run has its own parts, and a stopped one leaves none.
    kept.partial = kept.partial.with_name(f"{kept.partial.name}-{folder.name}")
    try:
        with kept:
            ready = report.get_ready()
            compare.run_parts(kept, progress)
            results = compare.gather(kept)
            progress.found(results.headline)
            progress.say("Writing the report")
            ready.join()  # processes are forked to draw: only while there is one thread
            return kept.finish(lambda whole: compare.write_all(results, whole), compare.facts(kept))
    finally:
        kept.discard()


def main(folder: Path) -> int:
    """Run, and say in status.json how it ended. Returns the exit code."""
    if folder.parent.name != HOME:
        raise SystemExit("This is started by headwater dashboard.")
    with open(folder / "alive", "a+b") as alive:
        store.locked(alive)
        (folder / "pid").write_text(str(os.getpid()), encoding="utf-8")
        progress = Written(folder)
        progress.say("Loading the model")
        standby.get_ready()
        for name in ("SIGTERM", "SIGINT"):
            signal.signal(getattr(signal, name), _interrupt)
        _watch(folder / "stop")
        try:
            made = run(folder, progress)
        except KeyboardInterrupt:
            progress.ended(STOPPED)
            return 130
        except (UserError, EnvironmentFault) as fault:
            progress.ended(FAILED, said=" ".join(str(fault).split()))
            return 2
        except Exception as fault:
            traceback.print_exc()
            what = f"{type(fault).__name__}: {fault}".rstrip(": ")
            progress.ended(FAILED, said=f"The run failed ({' '.join(what.split())[:300]}). Saved runs are untouched.")
            return 1
        progress.ended(DONE, folder=made.name)
        return 0


def _interrupt(*_: object) -> None:
    for name in ("SIGTERM", "SIGINT"):  # once is enough: what cleans up must not be interrupted
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    raise KeyboardInterrupt


def _watch(file: Path) -> None:
    """End the run when the file appears: a page that did not start it can stop it too.

    By a timer where there is one: beside a thread no process could be forked to draw.
    """
    if hasattr(signal, "setitimer"):

        def look(*_: object) -> None:
            if file.exists():
                signal.setitimer(signal.ITIMER_REAL, 0)
                _interrupt()

        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, WATCH, WATCH)
    else:
        threading.Thread(target=_wait_for, args=(file,), daemon=True).start()


def _wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(WATCH)
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
