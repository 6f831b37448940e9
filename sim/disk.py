"""What a disk's refusal means, said in one sentence: `refusals` goes round everything that writes."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

from sim.errors import EnvironmentFault

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DiskFull(EnvironmentFault):
    """No room is left."""


def is_full(fault: BaseException) -> bool:
    """Whether an exception, or any that it was raised from, says that no room is left.

    Libraries that write (Arrow, zip, spreadsheets) raise exceptions of their own about it, some without the number.
    """
    seen: set[int] = set()
    one: BaseException | None = fault
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if isinstance(one, OSError) and one.errno in FULL:
            return True
        found = re.search(r"\[?[Ee]rrno (\d+)\]?", str(one))
        if (found and int(found[1]) in FULL) or "No space left" in str(one):
            return True
        one = one.__cause__ or one.__context__
    return False


def full(root: Path, kept: bool = False) -> DiskFull:
    """The sentence about a full disk; kept: finished parts of a run stay there."""
    then = "Finished parts are kept; make room and give the command again." if kept else "Make room and try again."
    return DiskFull(f"The disk that holds {root} is full. {then}")


@contextlib.contextmanager
def refusals(root: Path, kept: bool = False) -> Iterator[None]:
    """Turns a disk's refusal into one sentence (`EnvironmentFault`) that names `root`, or the file if it is known."""
    try:
        yield
    except DiskFull:
        raise full(root, kept) from None
    except EnvironmentFault:
        raise
    except Exception as fault:
        if is_full(fault):
            raise full(root, kept) from None
        if isinstance(fault, OSError):
            what = fault.filename or root
            raise EnvironmentFault(f"{what} cannot be written: {fault.strerror or fault}.") from None
        raise


def check_writable(root: Path) -> None:
    """Raise `EnvironmentFault` when nothing could be written below a folder. Leaves nothing behind.

    The folder need not exist: then the nearest one above it that does must let it be made.
    """
    above = root
    while not above.exists() and above != above.parent:
        above = above.parent
    probe = above / f".probe-{uuid.uuid4().hex}"
    try:
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(above))
        probe.write_bytes(b"x")
    except OSError as fault:
        if fault.errno in FULL:
            raise full(root) from None
        raise EnvironmentFault(f"{root} cannot be written to: {fault.strerror}.") from None
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
