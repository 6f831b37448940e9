"""Which worker is given what."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.studies.pool import _next, _where, _Worker

pytestmark = pytest.mark.unit


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20), st.integers(1, 4))
def test_all_jobs_are_given_once_and_kinds_stay_together(kinds: list[int], workers: int) -> None:
    pool = [_Worker(None, None) for _ in range(workers)]  # type: ignore[arg-type]
    waiting, given_out = list(range(len(kinds))), []
    while waiting:
        for worker in pool:
            had, own = list(waiting), worker.kind
            busy = {kinds[other.job] for other in pool if other is not worker and other.job is not None}
            worker.job = None
            worker.job = _next(worker, waiting, kinds, pool)
            if worker.job is None:
                continue
            given_out.append(worker.job)
            kind = kinds[worker.job]
            if own in {kinds[k] for k in had}:
                assert kind == own
            elif {kinds[k] for k in had} - busy:
                assert kind not in busy
    assert sorted(given_out) == list(range(len(kinds)))


def test_two_workers_open_each_draw_once() -> None:
    pool = [_Worker(None, None) for _ in range(2)]  # type: ignore[arg-type]
    kinds, waiting = [1, 1, 2, 2, 3, 3, 4, 4], list(range(8))
    opened = []
    for _ in range(4):
        for worker in pool:
            before, worker.job = worker.kind, None
            worker.job = _next(worker, waiting, kinds, pool)
            opened += [worker.kind] if worker.kind != before else []
    assert not waiting
    assert sorted(opened) == [1, 2, 3, 4]


def test_a_full_disk_is_told_by_the_folder_of_the_file_or_of_temporary_ones() -> None:
    assert _where(OSError(errno.ENOSPC, "full", "cache/loops.nbc")) == Path("cache")
    assert _where(OSError(errno.EFBIG, "too large")) == Path(tempfile.gettempdir())
