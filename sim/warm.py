"""The first compilation on a machine, shared out among processes.

Numba compiles a loop when it is first called, which for all loops of the model takes half a minute; without more ado
each of the processes that simulate would compile them all. ``loops.txt`` says which loops the model calls with which
types, so that they can be compiled before: each process takes the next one from the list, and what it has compiled the
others read from Numba's cache. The list is only a help. A loop that is not on it is compiled when it is called; one
that is there and not valid any more is passed over.

    python -m sim.warm          makes the list anew, from a short run of the toy place
    python -m sim.warm check    says what that would change; 1 when it is anything
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.studies.progress import Progress

LIST = Path(__file__).with_name("loops.txt")
MODEL_RUN = ["place=toy", "scale=0.2", "runs=1", "years=3"]
FEWER_AT_ONCE = 10
"""So few loops are compiled sooner by whoever calls them than by processes that have to be started for it."""
MOST_WORKERS = 8
"""With more of them the slowest loop decides."""


@dataclass(frozen=True)
class Loop:
    """A compiled function and the types it is called with."""

    module: str
    name: str
    types: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


# ---------------------------------------------------------------------------------------------------- compiling


def share(workers: int, progress: Progress) -> None:
    """Compile what is not in Numba's cache yet, with so many processes. Does nothing where that is too little.

    Raises what `sim.studies.pool.work` does.
    """
    from sim.studies import pool

    left = missing()
    if workers < 2 or len(left) <= FEWER_AT_ONCE:
        return
    progress.say(f"First use on this machine: compiling {len(left)} inner loops (about half a minute, once) …")
    pool.work(build, left, min(workers, MOST_WORKERS))


def missing() -> list[Loop]:
    """The loops of the list that Numba's cache lacks, by its files' names and times (to ask Numba takes a second).

    None where Numba does not keep them beside the program, or does not compile.
    """
    if os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return []
    kept: dict[str, dict[str, float]] = {}
    found = []
    for loop in listed():
        source = _source(loop.module)
        if loop.module not in kept:
            folder = source.with_name("__pycache__")
            if not os.access(folder if folder.is_dir() else source.parent, os.W_OK):
                return []
            version = f".py{sys.version_info.major}{sys.version_info.minor}"
            files = [file for file in folder.glob(f"{source.stem}.*.nbi") if version in file.name]
            when = sorted((file.stat().st_mtime, file.name.split("-")[0]) for file in files)
            kept[loop.module] = {name: time for time, name in when}
        if kept[loop.module].get(f"{source.stem}.{loop.name}", 0) < source.stat().st_mtime:
            found.append(loop)
    return found


def build(loop: Loop, tick: object = None) -> None:
    """Compile one loop, or read it from the cache."""
    from numba.core.errors import NumbaError

    try:
        function = getattr(importlib.import_module(loop.module), loop.name)
        function.compile(types_of(loop.types))
    except (NumbaError, AttributeError, ImportError, NameError, SyntaxError, TypeError):
        return  # the list is older than the loop


def listed() -> list[Loop]:
    """The list, those that take long first."""
    lines = LIST.read_text(encoding="utf-8").splitlines() if LIST.is_file() else []
    loops = [Loop(*line.split(" ", 2)) for line in lines if line and not line.startswith("#")]
    return [loop for loop in loops if _source(loop.module).is_file()]


def _source(module: str) -> Path:
    return Path(__file__).parent.joinpath(*module.split(".")[1:]).with_suffix(".py")


# ---------------------------------------------------------------------------------------------------- types as text


def types_of(text: str) -> tuple[Any, ...]:
    """Numba's types from what `text_of` wrote of a tuple of them. Raises NameError for an unknown one."""
    from numba import types

    def made(one: Any) -> Any:
        whole: Any = types.Tuple
        return whole([made(part) for part in one]) if isinstance(one, tuple) else one

    known = {**vars(types), "bool": types.boolean, "__builtins__": {}}
    return tuple(made(one) for one in eval(text, known))


def text_of(given: Any) -> str:
    """A Numba type, or a tuple of them, as Python: ``(uint64[::1], int64, (float32[:, ::1],))``."""
    from numba import types

    if isinstance(given, (tuple, types.BaseTuple)):
        parts = [text_of(one) for one in list(given)]  # type: ignore[arg-type,unused-ignore]
        return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
    if isinstance(given, types.Array) and given.aligned and given.mutable and given.layout in "AC":
        steps = [":"] * (given.ndim - 1) + [":" if given.layout == "A" else "::1"]
        return f"{given.dtype}[{', '.join(steps)}]"
    return repr(given)


# ---------------------------------------------------------------------------------------------------- making the list


def made() -> str:
    """The list made anew: every loop that the scenarios that ship call. In a process that has called none of them."""
    from unittest.mock import patch

    from numba.core.dispatcher import Dispatcher

    called: set[Loop] = set()
    size: dict[str, int] = {}
    plain: Any = Dispatcher.compile
    depth = 0

    def noted(self: Any, signature: Any) -> Any:
        nonlocal depth
        depth += 1
        try:
            return plain(self, signature)
        finally:
            depth -= 1
            module, name = self.py_func.__module__, self.py_func.__name__
            if depth == 0 and module.startswith("sim."):
                called.add(Loop(module, name, text_of(signature)))
                size[f"{module}.{name}"] = len(inspect.getsource(self.py_func))

    with patch.object(Dispatcher, "compile", noted):
        _run()
    ordered = sorted(called, key=lambda loop: (-size[str(loop)], str(loop), loop.types))
    head = "# Which loops the model calls with which types, long ones first. Made by `python -m sim.warm`.\n"
    return head + "".join(f"{loop.module} {loop.name} {loop.types}\n" for loop in ordered)


def _run() -> None:
    from sim.compose import plan
    from sim.studies.compare import Job, simulate

    planned = plan("compare", MODEL_RUN)
    with tempfile.TemporaryDirectory() as folder:
        job = Job(1, 1, str(Path(folder) / "parts" / "d001-s0001"), planned.settings.for_model(), planned.scenarios)
        Path(job.folder).parent.mkdir()
        simulate(job, lambda stage, steps: None)


def main(words: list[str]) -> int:
    """See the top of this file."""
    before, after = set(LIST.read_text(encoding="utf-8").splitlines()) if LIST.is_file() else set(), made()
    if "check" not in words:
        LIST.write_text(after, encoding="utf-8")
        return 0
    now = set(after.splitlines())
    print("".join(f"{sign} {line}\n" for sign, some in (("-", before - now), ("+", now - before)) for line in some))
    return int(before != now)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
