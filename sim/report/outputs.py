"""Everything for people that a finished run leaves behind: the page, the workbook, the pictures, the Word paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim import disk
from sim.report import board_paper, page, svg, workbook
from sim.report.facts import Facts
from sim.report.figures import draw_all
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results


def write(results: Results, folder: str | Path) -> list[Path]:
    """Write report.html, results.xlsx, figures/*.svg and figures/*.png, and board-paper.docx where the office extra is
    installed (`board_paper.missing`); returns the files written.

    Raises `EnvironmentFault` when the disk refuses.
    """
    folder = Path(folder)
    numbers = Numbers(results, Facts.of_folder(folder))
    pictures = draw_all(numbers)
    files = [folder / "report.html", folder / "results.xlsx"]
    with disk.refusals(folder):
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        built = page.build(numbers, pictures)
        files[0].write_text(page.render(built), encoding="utf-8")
        workbook.write(numbers, files[1])
        for name, picture in pictures.items():
            vector, raster = folder / "figures" / f"{name}.svg", folder / "figures" / f"{name}.png"
            vector.write_text(svg.standalone(page.inlined(picture, name)), encoding="utf-8")
            raster.write_bytes(picture.png())
            files += [vector, raster]
        if not board_paper.missing():
            files.append(board_paper.write(numbers, built, pictures, folder / board_paper.NAME, folder / "figures"))
    return files
