"""What a finished run looks like: pictures, the single-file report, the workbook. Nothing here changes a number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.outcomes.results import Results


def write(results: Results, folder: str | Path) -> list[Path]:
    """Write report.html, results.xlsx, figures/*.svg, *.png and board-paper.docx into a folder; returns the files.

    Raises `EnvironmentFault` when the disk refuses.
    """
    from sim.report.outputs import write as write_all

    return write_all(results, folder)
