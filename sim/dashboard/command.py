"""``headwater dashboard``: starts the page on this machine alone, and opens it."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path

from sim import disk
from sim.dashboard import jobs
from sim.errors import EnvironmentFault, UserError

ADDRESS = "127.0.0.1"
PORT = 8501
ROOT = "HEADWATER_RESULTS"  # the environment variable by which the page learns the folder of results
PATIENCE = 60.0
MISSING = "The dashboard needs its extra; install it with: pip install 'headwater[dashboard]'"
OPTIONS = {
    "server.address": ADDRESS,
    "server.headless": "true",  # neither asks for an e-mail address nor opens anything by itself
    "server.fileWatcherType": "none",
    "server.enableStaticServing": "false",
    "server.maxUploadSize": "1",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "logger.level": "error",
    "theme.base": "light",
    "theme.primaryColor": "#005EB8",
    "theme.textColor": "#212B32",
    "theme.backgroundColor": "#FFFFFF",
    "theme.secondaryBackgroundColor": "#F0F4F5",
    "theme.borderColor": "#76838C",
    "theme.linkColor": "#005EB8",
    "theme.font": "Arial, 'Liberation Sans', sans-serif",
    "theme.showWidgetBorder": "true",
}


def command_line(port: int) -> list[str]:
    """What starts the server."""
    app = Path(__file__).with_name("app.py")
    options = {**OPTIONS, "server.port": str(port), "browser.serverAddress": ADDRESS}
    return [sys.executable, "-m", "streamlit", "run", str(app), *(f"--{key}={value}" for key, value in options.items())]


def environment(root: Path) -> dict[str, str]:
    """What the server is told besides; OpenBLAS and its like keep to one thread, as in every run."""
    return {**os.environ, ROOT: str(root.resolve()), "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}


def serve(root: Path, port: int = PORT) -> int:
    """Serve until Ctrl-C. Raises `UserError` without the extra or when the port is taken."""
    if importlib.util.find_spec("streamlit") is None:
        raise UserError(MISSING)
    if not _free(port):
        raise UserError(f"Something answers on port {port} already; give another, for example port={port + 1}.")
    disk.check_writable(root)
    root.mkdir(parents=True, exist_ok=True)
    jobs.tidy(root)
    address = f"http://{ADDRESS}:{port}"
    print(f"The dashboard: {address}  (Ctrl-C ends it; results are kept in {root})", flush=True)
    server = subprocess.Popen(
        command_line(port), env=environment(root), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        if sys.stdout.isatty():
            threading.Thread(target=_open_when_ready, args=(port, address, server), daemon=True).start()
        code = server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        print("\nThe dashboard is closed. Runs that were going on go on; their results are kept.")
        return 0
    if code:
        raise EnvironmentFault(f"The dashboard could not be served (Streamlit ended with {code}).")
    return 0


def _free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def _open_when_ready(port: int, address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((ADDRESS, port)) == 0:
                webbrowser.open(address)
                return
        time.sleep(0.2)
