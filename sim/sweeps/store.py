"""Where the results of runs are kept: Parquet parts that are never changed, found by the key of a run.

    results/.sweep-cache-<hash of what all runs share>/parts/<name>.parquet

A part is written beside, flushed to the disk and renamed, so that it is whole or not there. Several drivers may write
at the same time; a run that stands twice is read once, and a good one before a failed one. Any sweep over the same
base, whatever its size, design or seeds, reads and adds to the same parts.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.disk import refusals
from sim.sweeps.arrow import arrow, parquet
from sim.sweeps.base import KEY_BYTES, Base, Record
from sim.sweeps.keys import KeyIndex, Keys, joined

OUTCOME = "y."
OK, FAILED, MISSING = 1, 2, 0
"""What has come of a run."""
MOST_RECORDS = 2000
"""Records that are held before a part is written, whatever the time."""
SOONEST, LATEST, SHARE = 2.0, 60.0, 200.0
"""A part is written after a two-hundredth of the time since the start, at least 2 and at most 60 seconds: a kill -9
loses no more than that, and there are some hundred parts, not a hundred thousand."""


class RunStore:
    """The parts of one base below a results folder. Opening it writes nothing."""

    def __init__(self, root: Path, base: Base) -> None:
        self.root, self.base = root, base
        self.cache = root / f".sweep-cache-{base.hash[:12]}"
        self.parts = self.cache / "parts"
        self.ok: set[bytes] = set()
        """Keys of runs that are there with every outcome that is wanted."""
        self.failed: dict[bytes, str] = {}
        """Keys of runs that failed or crashed, and how."""
        self.seconds = self.timed = 0.0
        self._seen: set[str] = set()
        self._held: list[Record] = []
        self._began = self._wrote = time.monotonic()

    # ------------------------------------------------------------------------------------------------ writing

    def add(self, record: Record) -> None:
        """Take a record; it reaches the disk with the next part (`flush`)."""
        self._held.append(record)
        if record.status == "ok":
            self.ok.add(record.key)
            self.failed.pop(record.key, None)
            self.seconds, self.timed = self.seconds + record.seconds, self.timed + 1
        elif record.key not in self.ok:
            self.failed[record.key] = record.status

    def flush(self, now: bool = True) -> None:
        """Write what is held as a part: at once, or (now=False) when it is time to. Raises `EnvironmentFault`."""
        if not self._held:
            return
        since = time.monotonic() - self._wrote
        wait = min(max((time.monotonic() - self._began) / SHARE, SOONEST), LATEST)
        if not (now or since >= wait or len(self._held) >= MOST_RECORDS):
            return
        held, self._held = self._held, []
        try:
            self._seen.add(self.write(held))
        except BaseException:
            self._held = held + self._held
            raise
        self._wrote = time.monotonic()

    def write(self, records: Sequence[Record]) -> str:
        """Write records as one part; returns its name."""
        pa = arrow()
        pq = parquet()

        columns: dict[str, Any] = {
            "key": pa.array([r.key for r in records], pa.binary(KEY_BYTES)),
            "status": pa.array([r.status for r in records], pa.dictionary(pa.int8(), pa.string())),
            "seconds": pa.array([r.seconds for r in records], pa.float32()),
            "error": pa.array([r.error or None for r in records], pa.string()),
            "given": pa.array([r.given or None for r in records], pa.string()),
        }
        for o, name in enumerate(self.base.outcomes):
            lists = [None if r.values is None else r.values[:, o].ravel() for r in records]
            columns[OUTCOME + name] = pa.array(lists, pa.list_(pa.float64()))
        name = f"{uuid.uuid4().hex}.parquet"
        half = self.parts / f"{name}.tmp"
        with refusals(self.root, kept=True):
            self.parts.mkdir(parents=True, exist_ok=True)
            try:
                with open(half, "wb") as file:
                    # nothing stands twice: dictionaries would only take memory
                    pq.write_table(pa.table(columns), file, compression="zstd", use_dictionary=False)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(half, self.parts / name)
            finally:
                half.unlink(missing_ok=True)
        return name

    # ------------------------------------------------------------------------------------------------ reading

    def refresh(self) -> None:
        """Look at parts that were written since the last look, by other drivers too."""
        for name in self._names():
            if name in self._seen:
                continue
            self._seen.add(name)
            table = _read(self.parts / name, ["key", "status", "seconds"])
            if table is None:
                continue
            whole = set(table.names) >= {OUTCOME + outcome for outcome in self.base.outcomes}
            keys, states = table.column("key").to_pylist(), table.column("status").to_pylist()
            for key, state, seconds in zip(keys, states, table.column("seconds").to_pylist(), strict=True):
                if state == "ok" and whole:
                    self.ok.add(key)
                    self.failed.pop(key, None)
                    self.seconds, self.timed = self.seconds + seconds, self.timed + 1
                elif state != "ok" and key not in self.ok:
                    self.failed[key] = state

    def _names(self) -> list[str]:
        try:
            return sorted(entry.name for entry in os.scandir(self.parts) if entry.name.endswith(".parquet"))
        except FileNotFoundError:
            return []

    def column(self, outcome: str, index: KeyIndex, out: NDArray[np.float64]) -> None:
        """Fill out float64[places, scenarios, years] with an outcome; `index` says to which places a key belongs.

        Runs with fewer years than `out` leave the rest as it is.
        """
        scenarios = len(self.base.scenarios)
        for keys, starts, lengths, flat in self._lists(OUTCOME + outcome):
            which, places = index.find(keys)
            for length in np.unique(lengths[which]):
                of = lengths[which] == length
                years = length // scenarios
                values = flat[starts[which[of]][:, None] + np.arange(length)]
                out[places[of], :, :years] = values.reshape(-1, scenarios, years)

    def _lists(self, column: str) -> Iterator[tuple[Keys, NDArray[Any], NDArray[Any], NDArray[np.float64]]]:
        """Keys and lists of one column of the good runs, part by part: where each list starts in the flat array of
        numbers, and how long it is."""
        for name in self._names():
            table = _read(self.parts / name, ["key", "status", column])
            if table is None or column not in table.column_names:
                continue
            table = table.filter([state == "ok" for state in table.column("status").to_pylist()])
            for batch in table.to_batches():
                lists = batch.column(column)
                offsets, flat = lists.offsets.to_numpy(), lists.values.to_numpy(zero_copy_only=False)
                yield joined(batch.column("key").to_pylist()), offsets[:-1], np.diff(offsets), flat

    def failures(self, wanted: set[bytes] | None = None) -> dict[bytes, Record]:
        """Of runs that failed and have not come right since: what is known of them, by key."""
        found: dict[bytes, Record] = {}
        for name in self._names():
            table = _read(self.parts / name, ["key", "status", "seconds", "error", "given"])
            for line in [] if table is None else table.to_pylist():
                key = line["key"]
                if line["status"] != "ok" and key in self.failed and (wanted is None or key in wanted):
                    found[key] = Record(
                        key, -1, -1, line["status"], line["seconds"], None, line["error"] or "", line["given"] or ""
                    )
        return found

    @property
    def bytes_on_disk(self) -> int:
        """What the parts take."""
        return sum((self.parts / name).stat().st_size for name in self._names())

    @property
    def seconds_a_run(self) -> float | None:
        """What a run took on average, where any is known."""
        return self.seconds / self.timed if self.timed else None

    def discard(self) -> None:
        """Take all parts away."""
        shutil.rmtree(self.cache, ignore_errors=True)


def _read(file: Path, columns: list[str]) -> Any:
    """Some columns of a part, or None when it has gone or is damaged (its runs are done again)."""
    pa = arrow()
    pq = parquet()

    try:
        with pq.ParquetFile(file, memory_map=False) as part:
            names = part.schema_arrow.names
            table = part.read([name for name in columns if name in names], use_threads=False)
    except (OSError, pa.ArrowException):
        return None
    return _Part(table, names)


class _Part:
    """A table read from a part, which knows what other columns the part has."""

    def __init__(self, table: Any, names: list[str]) -> None:
        self.table, self.names = table, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)
