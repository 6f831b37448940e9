"""Work beside other work: done once, and what fails is said where it was asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from sim import forked

pytestmark = pytest.mark.unit


def _note(file: Path) -> None:
    with file.open("a") as out:
        out.write(f"{os.getpid()}\n")


def _refuse(file: Path) -> None:
    _note(file)
    raise ValueError("no room")


def test_work_is_done_once_and_elsewhere(tmp_path: Path) -> None:
    with forked.beside(partial(_note, tmp_path / "who")):
        pass
    who = (tmp_path / "who").read_text().split()
    assert len(who) == 1
    assert (int(who[0]) != os.getpid()) == forked.possible()


def test_what_fails_beside_is_done_here_for_its_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no room"), forked.beside(partial(_refuse, tmp_path / "who")):
        pass
    assert int((tmp_path / "who").read_text().split()[-1]) == os.getpid()


def test_nothing_goes_on_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), forked.beside(partial(threading.Event().wait, 60)):
        raise KeyError


def _end_slowly(folder: Path) -> None:
    def asked(*_: object) -> None:
        time.sleep(0.3)
        (folder / "last").touch()
        os._exit(0)

    signal.signal(signal.SIGTERM, asked)
    (folder / "ready").touch()
    time.sleep(60)


def fail_beside(folder: Path) -> None:
    """A block that fails once the work beside it has begun."""
    with forked.beside(partial(_end_slowly, folder)):
        while not (folder / "ready").exists():
            time.sleep(0.01)
        raise KeyError("the block")


@pytest.mark.skipif(not forked.possible(), reason="here nothing is forked")
def test_nothing_is_written_any_more_after_the_block_has_failed(tmp_path: Path) -> None:
    """In a process of its own: this one may have threads that other tests left, and is not forked then."""
    code = "import sys, pathlib; from tests.unit import test_forked as t; t.fail_beside(pathlib.Path(sys.argv[1]))"
    line = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(line, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert "KeyError: 'the block'" in done.stderr
    assert (tmp_path / "last").exists()


def test_a_process_with_threads_is_not_forked(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not forked.possible()
        with forked.beside(partial(_note, tmp_path / "who")):
            assert not (tmp_path / "who").exists()
        assert int((tmp_path / "who").read_text()) == os.getpid()
    finally:
        stop.set()
        thread.join()
