"""Runs started from the dashboard: each a process of its own with a folder of its own, watched through files.

    results/.dashboard/<id>/request.json   what is asked: a scenario as composed, and settings
                            status.json    how far it is; written by the process (`sim.dashboard.worker`)
                            pid, alive     its number; locked by the process for as long as it lives
                            stderr         what it printed

The id is made here and never typed. Nothing that happens to the process can stop the page: a status that says it is
running while nobody holds the lock means that it was killed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.studies import store

HOME = ".dashboard"
ID = re.compile(r"[0-9a-f]{16}")
STARTING, RUNNING, DONE, STOPPED, FAILED = "starting", "running", "done", "stopped", "failed"
ENDED = (DONE, STOPPED, FAILED)
SLOW_START = 60.0  # seconds after which a process that never took its lock is given up
KILLED = "The run ended without a word: its process was killed, or the machine ran out of memory. Try a smaller one."
MOST_KEPT = 100
_started: dict[str, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Status:
    """How far a run is. share: 0–1; doing, left: in words; answer: its finding, as soon as it is known; folder: of the
    finished run; said: why it failed."""

    state: str
    share: float = 0.0
    doing: str = ""
    left: str = ""
    answer: str = ""
    folder: str = ""
    said: str = ""
    seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED


def new() -> str:
    """An id for a run."""
    return secrets.token_hex(8)


def start(root: Path, identity: str, request: dict[str, Any]) -> None:
    """Start a run in a process of its own. Raises `OSError` when the folder cannot be written."""
    folder = root / HOME / identity
    folder.mkdir(parents=True)
    store.write_text(folder / "request.json", json.dumps(request, ensure_ascii=False, indent=1))
    with open(folder / "stderr", "wb") as said:
        group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # of Windows alone
        detached: Any = {"creationflags": group} if os.name == "nt" else {"start_new_session": True}
        command = [sys.executable, "-m", "sim.dashboard.worker", str(folder)]
        _started[identity] = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, **detached)


def known(root: Path, identity: str) -> bool:
    """Whether that is the id of a run that was started from the dashboard."""
    return bool(ID.fullmatch(identity)) and (root / HOME / identity / "request.json").is_file()


def request(root: Path, identity: str) -> dict[str, Any]:
    """What was asked for; empty when it cannot be read."""
    try:
        found = json.loads((root / HOME / identity / "request.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def status(root: Path, identity: str) -> Status:
    """How far a run is."""
    folder = root / HOME / identity
    process = _started.get(identity)
    gone = process is not None and process.poll() is not None
    try:
        found = Status(**json.loads((folder / "status.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        age = time.time() - _made(folder)
        return Status(FAILED, said=KILLED) if gone or age > SLOW_START else Status(STARTING, doing="Starting")
    if not found.ended and (gone or not _alive(folder)):
        again = _ended(folder)  # it may have ended between the two looks
        return again or Status(FAILED, share=found.share, said=KILLED, seconds=found.seconds)
    if not found.ended and (folder / "stop").exists():
        return replace(found, doing="Stopping", left="")
    return found


def wait(root: Path, identity: str) -> Status:
    """How a run that was started by this process ended, when it has."""
    _started[identity].wait()
    return status(root, identity)


def stop(root: Path, identity: str) -> None:
    """Ask a run to end, as Ctrl-C does. It takes its workers with it and leaves nothing half-written."""
    (root / HOME / identity / "stop").touch()


def tidy(root: Path) -> None:
    """Take away what runs that are over left behind: their parts, if they were killed, and all but the last folders."""
    folders = sorted((root / HOME).glob("*/request.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for n, file in enumerate(folders):
        folder = file.parent
        if not ID.fullmatch(folder.name) or _alive(folder):
            continue
        for left in root.glob(f".partial-*-{folder.name}"):
            shutil.rmtree(left, ignore_errors=True)
        if n >= MOST_KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> float:
    try:
        return (folder / "request.json").stat().st_mtime
    except OSError:
        return 0.0


def _ended(folder: Path) -> Status | None:
    try:
        found = Status(**json.loads((folder / "status.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.ended else None


def _alive(folder: Path) -> bool:
    """Whether a process holds the lock."""
    try:
        with open(folder / "alive", "a+b") as file:
            return not store.locked(file)
    except OSError:
        return False
