"""How fast the model is on this machine: parts that measure, a table, and a record under the results folder.

Times are CPU seconds of this process. What is compared is measured in turns within one run, and of each the fastest
turn counts: other work on the machine (shared caches, shared cores) can only make a turn slower.

A part is a function ``part(quick) -> list[Line]``, made known by `@part("title")`; importing the module that holds it
is enough (`MODULES` lists those that `bench` imports).
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sim.errors import EnvironmentFault, UserError
from sim.nearest import not_known
from sim.studies import provenance

FORMAT = 1
MODULES = tuple(f"sim.studies.bench_{which}" for which in ("core", "whole", "scale", "people", "dashboard", "sweeps"))


class NotHere(Exception):
    """A part needs something that this machine does not have; the text says what."""


@dataclass(frozen=True)
class Line:
    """One measurement; `limit` is what it should at least, or at most, reach (None where nothing is asked)."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None without one."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


Part = Callable[[bool], list[Line]]
PARTS: list[tuple[str, Part]] = []


def part(title: str) -> Callable[[Part], Part]:
    """Make a part known to `bench`, under a title."""

    def register(function: Part) -> Part:
        PARTS.append((title, function))
        return function

    return register


def bench(
    results: str | Path | None = "results",
    quick: bool = False,
    only: Iterable[str] | None = None,
    report: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure, print a table and write ``bench-<date>.json`` under `results` (nothing is written if it is None).

    quick: smaller sizes, for trying out; its figures are marked and its limits not judged. only: titles of parts.
    Returns what is written: format, date, machine, versions and the lines of each part.
    Raises UserError for a part that does not exist, EnvironmentFault when the folder cannot be written.
    """
    from sim import kernels

    for module in MODULES:
        importlib.import_module(module)
    titles = [title for title, _ in PARTS]
    wanted = titles if only is None else list(only)
    for title in wanted:
        if title not in titles:
            raise UserError(not_known("part of the benchmark", title, titles))
    kernels.warm_up(report)
    record: dict[str, Any] = {
        "format": FORMAT,
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "quick": quick,
        "machine": machine(),
        "versions": provenance.about(),
        "parts": {},
    }
    report(f"{record['machine']['processor']}, {record['machine']['cores']} cores" + (", quick" if quick else ""))
    chosen = [(title, measure) for title, measure in PARTS if title in wanted]
    for title, measure in chosen:
        started = time.process_time()
        try:
            lines, lack = measure(quick), ""
        except NotHere as need:
            lines, lack = [], str(need)
        seconds = time.process_time() - started
        judged = [asdict(line) | {"met": None if quick else line.met} for line in lines]
        record["parts"][title] = {"cpu_seconds": round(seconds, 2), "lines": judged, "not_measured": lack}
        for text in (*table(title, lines, quick), *([f"  not measured: {lack}"] if lack else [])):
            report(text)
    if results is not None:
        report(f"Written: {_write(record, Path(results))}")
    return record


def main(folder: Path) -> None:
    """``headwater bench``."""
    bench(folder)


def table(title: str, lines: list[Line], quick: bool) -> list[str]:
    """A part's lines for a terminal."""
    wide = max((len(line.name) for line in lines), default=0)
    texts = ["", title]
    for line in lines:
        text = f"  {line.name:<{wide}}  {line.value:>10,.4g} {line.unit}"
        if line.limit is not None:
            text += f"   ({'at least' if line.at_least else 'at most'} {line.limit:g}"
            text += ")" if quick else f": {'yes' if line.met else 'NO'})"
        texts.append(text)
    return texts


def machine() -> dict[str, Any]:
    """What kind of machine this is: no names of hosts or users."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def peak_memory_gb() -> float:
    """The most memory this process has used so far, in GB (10⁹ bytes); nan where the system does not say."""
    try:  # Linux: the other figure begins with what the process had that this one was started from
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e9
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, OSError, ValueError):
        return None


def _write(record: dict[str, Any], folder: Path) -> Path:
    """The record as a file that appears whole or not at all; a name that is taken gets a number."""
    day = record["date"][:10]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path, number = folder / f"bench-{day}.json", 1
        while path.exists():
            number += 1
            path = folder / f"bench-{day}-{number}.json"
        partial = folder / f".partial-{path.name}"
        partial.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        partial.rename(path)
    except OSError as fault:
        raise EnvironmentFault(f"{folder} cannot be written: {fault.strerror}.") from None
    return path
