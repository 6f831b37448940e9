"""What a finished run looks like: pictures, the single-file report, the workbook. Nothing here changes a number."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.outcomes.results import Results


def read(folder: str | Path) -> Results:
    """The results of a finished run's folder, read while what draws them is imported: neither waits for the other.

    Raises `UserError` where the folder is not that of a finished run.
    """
    from concurrent.futures import ThreadPoolExecutor

    from sim.outcomes.results import Results

    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(Results.load, folder)
        from sim.report import outputs  # noqa: F401

        return reading.result()


def get_ready() -> Thread:
    """Begin to import what draws a report, for whoever waits for something else meanwhile; join it before drawing."""
    thread = Thread(target=import_module, args=("sim.report.outputs",), daemon=True)
    thread.start()
    return thread


def write(results: Results, folder: str | Path) -> list[Path]:
    """Write report.html, results.xlsx, figures/*.svg, *.png and board-paper.docx into a folder; returns the files.

    Raises `EnvironmentFault` when the disk refuses.
    """
    from sim.report.outputs import write as write_all

    return write_all(results, folder)
