"""A Slurm of one node on this machine, for tests: its three programs with files of their own, started and ended here.

Tests ask for the fixture ``slurm`` (tests/conftest.py) and carry the mark ``needs_slurm``: where the Debian packages
``slurmctld slurmd slurm-client munge`` are not installed they are skipped. No service of the machine is touched: keys,
sockets, ports and state are of one temporary folder. It keeps no accounts, as many small clusters do not.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "srun")
PLACES = (*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/sbin")
PARTITION = "short"
READY_SECONDS = 20
CONFIG = """ClusterName=headwater
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName={partition} Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def found(program: str) -> str | None:
    """Where a program is, also in the folders of those for administrators."""
    return shutil.which(program, path=os.pathsep.join(PLACES))


def missing() -> str:
    """What keeps Slurm from being started here; empty when nothing does."""
    lack = [program for program in PROGRAMS if found(program) is None]
    return f"no {', '.join(lack)} on this machine" if lack else ""


@contextmanager
def opened() -> Iterator[Path]:
    """Slurm at work: the file that SLURM_CONF must name. Ended, with all its jobs, when left."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))  # sockets' paths must be short
    folder.chmod(0o755)
    host, started, before = socket.gethostname().split(".")[0], [], os.environ.get("SLURM_CONF")

    def start(program: str, *words: str) -> None:
        with open(folder / f"{program}.log", "ab") as log:
            line = [found(program) or program, *words]
            started.append(subprocess.Popen(line, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    try:
        _start_munge(folder, start)
        text = CONFIG.format(
            host=host, user=getpass.getuser(), folder=folder, ports=_ports(2), cores=os.cpu_count() or 1,
            partition=PARTITION,
        )  # fmt: skip
        (folder / "state").mkdir()
        (folder / "spool").mkdir()
        (folder / "slurm.conf").write_text(text)
        # Slurm 22 asks for a plug-in although no cgroups are used; later ones can be told so
        plugin = "disabled" if _version() >= (23, 2) else "cgroup/v1"
        (folder / "cgroup.conf").write_text(f"CgroupPlugin={plugin}\n")
        os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
        start("slurmctld", "-D", "-c", "-L", str(folder / "ctld.log"))
        start("slurmd", "-D", "-c", "-L", str(folder / "d.log"))
        _wait(lambda: "idle" in _said("sinfo", "--noheader", "--format=%T"), folder)
        yield folder / "slurm.conf"
    finally:
        if "SLURM_CONF" in os.environ and (folder / "slurm.conf").exists():
            _said("scancel", "--user", getpass.getuser())
            with contextlib.suppress(TimeoutError):
                _wait(lambda: not _said("squeue", "--noheader"), folder, seconds=15)
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if before is None:
            os.environ.pop("SLURM_CONF", None)
        else:
            os.environ["SLURM_CONF"] = before
        shutil.rmtree(folder, ignore_errors=True)


def _start_munge(folder: Path, start: Callable[..., None]) -> None:
    """The program that says who asks, with a key of its own."""
    own = folder / "munge"
    own.mkdir(mode=0o711)
    (own / "key").write_bytes(os.urandom(1024))
    (own / "key").chmod(0o600)
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    start("munged", "--foreground", "--force", *(f"--{word}={own / name}" for word, name in files.items()))
    _wait((own / "socket").exists, folder)


def _version() -> tuple[int, ...]:
    said = re.search(r"(\d+)\.(\d+)", _said("slurmctld", "-V"))
    return (int(said[1]), int(said[2])) if said else (0, 0)


def _ports(many: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(many)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _said(program: str, *words: str) -> str:
    line = [found(program) or program, *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=30, check=False).stdout.strip()


def _wait(true: Callable[[], bool], folder: Path, seconds: float = READY_SECONDS) -> None:
    """Raises `TimeoutError` with the end of what the programs wrote."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            said = "\n".join(file.read_text(errors="replace")[-800:] for file in sorted(folder.glob("*.log")))
            raise TimeoutError(f"Slurm is not ready after {seconds:.0f} s:\n{said}")
        time.sleep(0.2)
