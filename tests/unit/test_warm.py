"""The list of compiled loops that are made ready before the first run: it is up to date, and it is used."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import warm
from sim.studies.progress import Silence

pytestmark = pytest.mark.system


def test_the_list_holds_what_the_model_calls() -> None:
    done = subprocess.run([sys.executable, "-m", "sim.warm", "check"], capture_output=True, text=True)
    assert done.returncode == 0, f"run python -m sim.warm:\n{done.stdout}{done.stderr}"


def test_what_is_compiled_from_the_list_is_what_a_call_finds() -> None:
    loops = warm.listed()
    assert len(loops) > warm.FEWER_AT_ONCE
    assert len({loop.module for loop in loops}) > 1
    for loop in loops:
        types = warm.types_of(loop.types)
        assert warm.text_of(types) == loop.types
        warm.build(loop)
        assert types in getattr(importlib.import_module(loop.module), loop.name).overloads, loop


def test_a_list_older_than_the_loops_is_passed_over() -> None:
    for loop in (
        warm.Loop("sim.kernels", "no_such_loop", "(int64,)"),
        warm.Loop("sim.no_such_file", "scramble", "(int64,)"),
        warm.Loop("sim.kernels", "scramble", "(int64, int64)"),  # one argument too many
        warm.Loop("sim.kernels", "scramble", "(no_such_type,)"),
    ):
        warm.build(loop)


def test_what_is_missing_is_told_from_the_files_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    source, cache = tmp_path / "made_up.py", tmp_path / "__pycache__"
    source.write_text("")
    cache.mkdir()
    loops = [warm.Loop("sim.made_up", name, "(int64,)") for name in ("old", "new", "never")]
    monkeypatch.setattr(warm, "listed", lambda: loops)
    monkeypatch.setattr(warm, "_source", lambda module: source)
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    for name, age in (("old", -60), ("new", 60)):
        file = cache / f"made_up.{name}-12.{version}.nbi"
        file.write_text("")
        os.utime(file, (source.stat().st_mtime + age,) * 2)
    assert [loop.name for loop in warm.missing()] == ["old", "never"]
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert warm.missing() == []


def test_processes_are_started_only_where_there_is_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.studies import pool

    loops, given = [warm.Loop("sim.kernels", str(k), "(int64,)") for k in range(20)], []
    monkeypatch.setattr(pool, "work", lambda task, jobs, workers: given.append((task, len(jobs), workers)))
    for left, workers in ((20, 1), (warm.FEWER_AT_ONCE, 2), (20, 2), (20, 64)):
        monkeypatch.setattr(warm, "missing", lambda left=left: loops[:left])
        warm.share(workers, Silence())
    assert given == [(warm.build, 20, 2), (warm.build, 20, warm.MOST_WORKERS)]
