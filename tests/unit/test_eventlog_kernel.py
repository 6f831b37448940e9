"""What is queued for the event log is written as it would have been one by one."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.outcomes.eventlog import EventLog, Kind

pytestmark = pytest.mark.unit

N = 300


def town(share: float = 0.5) -> Any:
    rng = np.random.default_rng(3)
    columns = {"unique_id": np.arange(1000, 1000 + N), "followed": (rng.random(N) < share).astype(np.uint8)}
    return SimpleNamespace(month=17, residents=SimpleNamespace(columns=columns))


def test_entries_are_those_of_one_by_one() -> None:
    m, rng = town(), np.random.default_rng(1)
    log, want = EventLog(m, 0.5), []
    r = m.residents.columns
    for k in range(120):
        rows = rng.integers(0, N, rng.integers(0, 40))
        n = len(rows)
        detail = [3, rng.integers(0, 50, n).astype(np.uint8), rng.random(n) * 20, rng.integers(-9, 9, n)][k % 4]
        since = rng.random(n) * 40 - 20 if k % 3 == 0 else None
        counted = rng.integers(0, 3, n).astype(np.int8)
        log.add(Kind.TREATED, rows, detail, since)
        log.add_counts(rows, {Kind.GP_WAITS: counted, Kind.GP_TO_ED: counted[::-1].copy()})
        for j, row in enumerate(rows):
            if r["followed"][row]:
                each = detail if isinstance(detail, int) else detail[j]
                began = m.month if since is None else np.floor(since[j])
                want.append((1000 + row, Kind.TREATED, m.month, began, np.rint(each)))
        for kind, each in ((Kind.GP_WAITS, counted), (Kind.GP_TO_ED, counted[::-1])):
            some = [(1000 + row, kind, m.month, m.month, c) for row, c in zip(rows, each, strict=True) if c > 0]
            want += [entry for entry in some if r["followed"][entry[0] - 1000]]
        if k == 60:
            gone = np.flatnonzero(r["followed"])[:9]
            log.go(Kind.DIED, np.append(gone, np.flatnonzero(r["followed"] == 0)[0]))
            want += [(1000 + row, Kind.DIED, 17, 17, 0) for row in gone]
            m.month += 1
    found = [tuple(int(x) for x in entry) for entry in log.entries()]
    assert found == [tuple(int(x) for x in entry) for entry in want]
    assert len(found) > 2000


def test_who_leaves_is_followed_no_longer_and_a_copy_holds_what_was_queued() -> None:
    m = town(1.0)
    log = EventLog(m, 1.0)
    log.add(Kind.ED, np.array([3, 4]))
    log.go(Kind.LEFT, np.array([4]))
    log.add(Kind.ED, np.array([3, 4]))
    held = log.snapshot()
    kept = pickle.loads(pickle.dumps(log))
    log.add(Kind.ED, np.array([3]))
    log.restore(held)  # what was queued since is gone
    for one in (log, kept):
        entries = one.entries()
        assert entries["client"].tolist() == [1003, 1004, 1004, 1003]
        assert entries["kind"].tolist() == [Kind.ED, Kind.ED, Kind.LEFT, Kind.ED]


def test_nobody_is_followed() -> None:
    m = town()
    log = EventLog(m, 0.0)
    log.add(Kind.ED, np.arange(N))
    log.add_counts(np.arange(N), {Kind.GP_WAITS: np.ones(N)})
    assert len(log.entries()) == 0
