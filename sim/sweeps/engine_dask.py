"""Any Dask cluster: processes on this machine, or a scheduler by its address (``engine.address=tcp://host:8786``).

The base travels with every chunk (some kilobytes): data scattered to workers is lost with them. A chunk whose worker
has died too often comes back as single jobs, so that only the run that kills is blamed.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sim.errors import EnvironmentFault, UserError
from sim.sweeps.base import Base, Job, Record
from sim.sweeps.engines import MOST_DEATHS, Chunks

REACH_SECONDS = 10
ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?P<host>[^:/]+|\[[^\]]+\]):(?P<port>\d+)/?")
LOST_SECONDS = 30
LOOK_SECONDS, ALONE_SECONDS = 1.0, 3.0
"""How often workers are counted, and after how long without any it is said."""
AHEAD = 2  # chunks in the cluster for each of its threads: enough to keep all busy


def reach(address: str) -> None:
    """Raise `UserError`, before anything is run or written, for an address that is none or where nobody answers."""
    found = ADDRESS.fullmatch(address)
    if found is None:
        if "://" in address:  # other ways than TCP are Dask's own affair
            return
        raise UserError(f"engine.address={address}: write the scheduler's address, for example tcp://127.0.0.1:8786.")
    try:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), REACH_SECONDS).close()
    except (OSError, OverflowError):
        raise UserError(f"engine.address={address}: no Dask scheduler can be reached there: nobody answers.") from None


@dataclass
class Dask:
    """A Dask cluster."""

    client: Any
    workers: int
    waits: str = ""
    hint: str = ""

    def __post_init__(self) -> None:
        self.joined, self.looked, self.alone_since = False, float("-inf"), time.monotonic()

    @classmethod
    def open(cls, address: str | None, workers: int) -> Dask:
        """Connect, or start a cluster on this machine. Raises `UserError` when nobody answers at the address."""
        import logging

        import dask
        import distributed

        client_of: Any = distributed.Client
        cluster_of: Any = distributed.LocalCluster
        for name in ["distributed", *logging.root.manager.loggerDict]:  # some have a level of their own
            if name.partition(".")[0] == "distributed":
                logging.getLogger(name).setLevel(logging.CRITICAL)
        dask.config.set({"distributed.scheduler.allowed-failures": MOST_DEATHS - 1})
        if address is None:
            cluster = cluster_of(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
            )
            return cls(client_of(cluster, set_as_default=False), workers)
        try:
            client = client_of(address, timeout=REACH_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as fault:
            why = str(fault).splitlines()[0] if isinstance(fault, ValueError) else "nobody answers"
            raise UserError(f"engine.address={address}: no Dask scheduler can be reached there: {why}.") from None
        threads = sum(client.nthreads().values())
        return cls(client, max(threads, 1))

    def run(self, base: Base, chunks: Chunks) -> Iterator[Record | None]:
        """See `Engine`. Raises `EnvironmentFault` when the scheduler is lost."""
        from distributed import CancelledError, KilledWorker, TimeoutError, client

        from sim.sweeps.simulate import run_chunk

        flying: dict[Any, list[Job]] = {}
        again: list[list[Job]] = []
        deaths: Counter[bytes] = Counter()
        more = True
        wait: Any = client.wait
        try:
            while True:
                self._look()
                while len(flying) < AHEAD * self.workers and (again or more):
                    chunk = again.pop() if again else next(chunks, None)
                    if chunk is None:
                        more = False
                        break
                    flying[self.client.submit(run_chunk, base, chunk, pure=False)] = chunk
                if not flying:
                    return
                try:
                    with self.client.as_current():
                        done, _ = wait(list(flying), timeout=1, return_when="FIRST_COMPLETED")
                except TimeoutError:
                    self._alive()
                    yield None
                    continue
                if self.waits:  # somebody has worked since
                    self.waits, self.joined, self.looked = "", True, float("-inf")
                for future in done:
                    chunk = flying.pop(future)
                    if future.status == "finished":
                        yield from future.result()
                        continue
                    fault = future.exception() if future.status == "error" else CancelledError()
                    if not isinstance(fault, KilledWorker):
                        self._alive()
                    if len(chunk) > 1:
                        again += [[job] for job in chunk]
                        continue
                    (job,) = chunk
                    deaths[job.key] += 1
                    if isinstance(fault, KilledWorker) or deaths[job.key] >= MOST_DEATHS:
                        how = f"{job} ended its Dask worker." if isinstance(fault, KilledWorker) else f"{job}: {fault}"
                        yield Record(job.key, job.row, job.seed, "crashed", error=how, given=json.dumps(job.values))
                    else:
                        again.append(chunk)
        except (OSError, CancelledError, RuntimeError):
            raise self._lost() from None
        finally:
            self.close()

    def _alive(self) -> None:
        if self.client.status not in ("running", "connecting"):
            raise OSError(self.client.status)
        self.client.scheduler_info(n_workers=0)

    def _look(self) -> None:
        """Count the cluster's threads, which come and go, and say when there have been none for some seconds."""
        now = time.monotonic()
        if now - self.looked < LOOK_SECONDS:
            return
        self.looked = now
        threads = sum(self.client.nthreads().values())
        if threads:
            self.workers, self.joined, self.alone_since, self.waits = threads, True, now, ""
        elif now - self.alone_since >= ALONE_SECONDS:
            gone = "all workers have left" if self.joined else "no worker has joined yet"
            self.waits = f"; {gone}"
            self.hint = f"Dask: {gone}. Start one: dask worker {self.client.scheduler.address}"

    def _lost(self) -> EnvironmentFault:
        return EnvironmentFault(
            "The Dask scheduler is gone. Finished runs are kept; once it is back, give the command again, or go on "
            "here: headwater sweep resume"
        )

    def close(self) -> None:
        """Leave the cluster; one of our own ends."""
        import contextlib

        with contextlib.suppress(Exception):
            cluster = self.client.cluster
            self.client.close(timeout=2)
            if cluster is not None:
                cluster.close(timeout=5)
