"""Where a run is kept: parts as they finish, and in the end one folder that is whole or not there at all.

    results/.partial-<command>-<hash>/      while it runs: d001-s0001/<scenario>.npz …, lock, log.jsonl
    results/<date-time>-<command>-<hash>/   when it is whole
    results/latest                          a text file that names the newest

The hash is that of everything that can change a number: settings, scenarios, program, evidence, place, and the
versions of Python, of this program and of the packages that compute. Parts are written beside, flushed to disk and
renamed; the same command therefore goes on where it was stopped.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sim import own
from sim.compose import Plan
from sim.disk import full, is_full, refusals
from sim.errors import EnvironmentFault, UserError
from sim.studies import provenance

FORMAT = 1


class Store:
    """The folder of one run, from its first part to the end. Use as ``with Store(plan) as store:``."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.root = Path(plan.settings.results).expanduser()
        self.hashes = provenance.hashes(plan.settings.place, plan.own)
        decisive = {"plan": plan.decisive(), "hashes": self.hashes, "versions": provenance.versions()}
        text = json.dumps(decisive, sort_keys=True, default=str)
        self.hash = hashlib.sha256(text.encode()).hexdigest()
        self.name = f"{plan.command}-{self.hash[:8]}"
        self.partial = self.root / f".partial-{self.name}"
        self.began = time.monotonic()
        self._lock: Any = None
        self._own = contextlib.ExitStack()  # puts the user's own folders in force until the end

    # ------------------------------------------------------------------------------------------------ open, close

    def __enter__(self) -> Store:
        try:
            self.partial.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.partial / "lock", "a+b")  # held until the run ends
        except OSError as fault:
            if is_full(fault):
                raise full(self.root) from None
            raise EnvironmentFault(f"{self.root} cannot be written to: {fault.strerror}.") from None
        if not locked(self._lock):
            self._lock.close()
            self._lock = None
            raise UserError("The same command is running already; wait for it, or stop it first.")
        self._sweep()
        self._own.enter_context(own.using(self.plan.own))
        return self

    def _sweep(self) -> None:
        """Take away what was being written when a worker or the whole run was stopped."""
        for half in self.partial.glob("*.tmp"):
            shutil.rmtree(half, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self._own.close()
        if self._lock is not None:
            self._lock.close()
        self._sweep()
        if self.partial.is_dir() and not any(self.partial.glob("d*-s*")):
            shutil.rmtree(self.partial, ignore_errors=True)
            with contextlib.suppress(OSError):
                self.root.rmdir()  # only if it is empty: nothing is left of a run that did not begin

    # ------------------------------------------------------------------------------------------------ parts

    def part(self, draw: int, seed: int) -> Path:
        """The folder of the part of one evidence draw and one seed."""
        return self.partial / f"d{draw:03d}-s{seed:04d}"

    def has(self, draw: int, seed: int) -> bool:
        """Whether that part is finished."""
        return all((self.part(draw, seed) / f"{name}.npz").is_file() for name in self.plan.scenarios)

    def files(self) -> list[Path]:
        """The record files of all finished parts: by draw, seed and, as given, scenario."""
        pairs = self.plan.settings.layout()
        return [self.part(d, s) / f"{name}.npz" for d, s in pairs for name in self.plan.scenarios]

    def log(self, event: str, **facts: Any) -> None:
        """Add a line to the log of the run."""
        line = {"time": datetime.now().astimezone().isoformat(timespec="seconds"), "event": event, **facts}
        with refusals(self.root, kept=True), open(self.partial / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    # ------------------------------------------------------------------------------------------------ the end

    def finish(self, write: Callable[[Path], None], facts: dict[str, Any]) -> Path:
        """Make the folder of the run: `write` fills it, then come config.yaml, log.jsonl and metadata.json.

        Returns the folder. Raises `EnvironmentFault` when the disk refuses; the parts are kept then.
        """
        whole = self.partial / "whole.tmp"
        shutil.rmtree(whole, ignore_errors=True)
        with refusals(self.root, kept=True):
            whole.mkdir()
            write_config(self.plan, whole / "config.yaml")
            seconds = round(time.monotonic() - self.began, 1)
            self.log("finished", seconds=seconds)
            shutil.copyfile(self.partial / "log.jsonl", whole / "log.jsonl")
            about = {
                "format": FORMAT, **provenance.about(), "hash": self.hash, "hashes": self.hashes,
                "command": self.plan.command, "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
                "seconds": seconds, **facts,
            }  # fmt: skip
            write_metadata(whole, about)  # the report reads it
            write(whole)
            write_metadata(whole, about)
            for file in whole.rglob("*"):
                _flush(file)
            folder = _free_name(self.root, f"{datetime.now():%Y-%m-%d-%H%M%S}-{self.name}")
            os.replace(whole, folder)
            _flush(self.root)
            write_text(self.root / "latest", folder.name + "\n")
        self.discard()
        return folder

    def discard(self) -> None:
        """Take away the parts: they are not needed any more."""
        shutil.rmtree(self.partial, ignore_errors=True)


@contextlib.contextmanager
def part(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes its name only when it is whole and on the disk."""
    half = folder.with_name(f"{folder.name}-{os.getpid()}.tmp")
    with refusals(folder.parent.parent, kept=True):
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        try:
            yield half
            for file in half.iterdir():
                _flush(file)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(half, folder)
            _flush(folder.parent)
        finally:
            shutil.rmtree(half, ignore_errors=True)


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """A folder in which files of a finished run can be written anew: they take their places only when all are whole.

    It holds the run's config.yaml and metadata.json, and waterfall.csv where there is one, for whoever writes to read.
    """
    half = folder / f".again-{os.getpid()}.tmp"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    try:
        given = [name for name in ("config.yaml", "metadata.json", "waterfall.csv") if (folder / name).is_file()]
        for name in given:
            shutil.copyfile(folder / name, half / name)
        yield half
        made = [file for file in half.rglob("*") if file.is_file() and file.name not in given]
        for file in made:
            _flush(file)
        for file in made:
            home = folder / file.relative_to(half)
            home.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, home)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def find(folder: str) -> Path:
    """A finished run's folder from what was typed: a folder, ``results/latest``, or ``latest``.

    Raises `UserError` when there is none.
    """
    path = Path(folder).expanduser()
    if not path.exists() and path.name == folder:
        path = Path("results") / folder
    if path.is_file():
        path = path.parent / path.read_text(encoding="utf-8").strip()
    if not path.is_dir():
        raise UserError(f"There is no finished run at '{folder}'.")
    if not (path / "metadata.json").is_file():
        raise UserError(f"'{folder}' is not the folder of a finished run: it has no metadata.json.")
    return path


def metadata(folder: Path) -> dict[str, Any]:
    """What a finished run says of itself. Raises `UserError` when it is damaged or newer than this program."""
    try:
        about = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        version = int(about["format"])
    except (ValueError, KeyError, TypeError, OSError):
        raise UserError(f"{folder / 'metadata.json'} is damaged.") from None
    if version > FORMAT:
        raise UserError(f"{folder} was written by a newer version of headwater; update this one.")
    return dict(about)


def check_unchanged(folder: Path, about: dict[str, Any]) -> None:
    """Raise `UserError` when the configuration of a finished run was edited: to repeat it would be another run."""
    file = folder / "config.yaml"
    kept = dict(about.get("files") or {}).get(file.name)
    if kept is None or not file.is_file() or provenance.digests(folder, [file])[file.name] == kept:
        return
    command = about.get("command", "compare")
    raise UserError(
        f"{file} was edited after the run, so that this would be another run and not the same again: put it back, or "
        f"give what you changed to headwater {command}, for example headwater {command} years=10."
    )


def write_metadata(folder: Path, about: dict[str, Any], anew: Iterable[Path] | None = None) -> None:
    """What a run says of itself, with the sha256 of each of its other files.

    anew: the files that were written since; of the others what `about` says of them stays, so that a change of theirs
    that nobody meant can still be seen. None: all of them.
    """
    files = {name: digest for name, digest in provenance.digests(folder, anew).items() if name != "metadata.json"}
    if anew is not None:
        files = dict(sorted({**about.get("files", {}), **files}.items()))
    text = json.dumps({**about, "files": files}, indent=1, ensure_ascii=False)
    write_text(folder / "metadata.json", text + "\n")


def write_config(plan: Plan, file: Path) -> None:
    """The whole resolved configuration of a plan."""
    import yaml

    head = "# The whole configuration of this run. `headwater rerun` with this folder repeats it.\n"
    write_text(file, head + yaml.safe_dump(plan.tree(), sort_keys=False, allow_unicode=True))


def read_config(folder: Path) -> Any:
    """The configuration of a finished run."""
    import yaml

    try:
        return yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        raise UserError(f"{folder / 'config.yaml'} is missing or damaged.") from None


def write_text(file: Path, text: str) -> None:
    """Write a small file so that it is either the old one or the new one."""
    half = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        half.write_text(text, encoding="utf-8")
        _flush(half)
        os.replace(half, file)
    finally:
        half.unlink(missing_ok=True)


def newest(root: Path) -> Sequence[Path]:
    """Finished runs under a results folder, newest first."""
    return sorted((file.parent for file in root.glob("*/metadata.json")), reverse=True)


def _free_name(root: Path, name: str) -> Path:
    """A folder name not taken yet."""
    folder, n = root / name, 1
    while folder.exists():
        n += 1
        folder = root / f"{name}-{n}"
    return folder


def _flush(path: Path) -> None:
    """Put a file, or the entries of a folder, on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot flush folders and need not
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def locked(file: Any) -> bool:
    """Take the lock on an open file for as long as it is open; False when another process has it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
