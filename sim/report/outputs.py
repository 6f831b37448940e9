"""Everything for people that a finished run leaves behind: the page, the workbook, the pictures, the Word paper."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sim import disk
from sim.report import board_paper, by_lever, lives, outline, page, svg, workbook
from sim.report.facts import Facts
from sim.report.figures import ALONE, PICTURES
from sim.report.numbers import Numbers
from sim.report.style import Drawn

if TYPE_CHECKING:
    from sim.outcomes.results import Results

LIFE = "life_"
MOST_PROCESSES = 4
_numbers: Numbers | None = None  # what a forked process draws from


def write(results: Results, folder: str | Path) -> list[Path]:
    """Write report.html, results.xlsx, figures/*.svg and figures/*.png, and board-paper.docx where the office extra is
    installed (`board_paper.missing`); returns the files written.

    Raises `EnvironmentFault` when the disk refuses.
    """
    folder = Path(folder)
    numbers = Numbers(results, Facts.of_folder(folder))
    files = [folder / "report.html", folder / "results.xlsx"]
    with disk.refusals(folder):
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        built, pictures = prepare(numbers, files[1])
        for name, picture in by_lever.pictures(numbers, folder).items():
            pictures[name] = Drawn(picture.finding, picture.alt, page.inlined(picture, name), picture.png())
        outline.illustrate(built, numbers, pictures)
        files[0].write_text(page.render(built), encoding="utf-8")
        for name, drawn in pictures.items():
            vector, raster = folder / "figures" / f"{name}.svg", folder / "figures" / f"{name}.png"
            vector.write_text(svg.standalone(drawn.inlined), encoding="utf-8")
            raster.write_bytes(drawn.raster)
            files += [vector, raster]
        if not board_paper.missing():
            files.append(board_paper.write(numbers, built, pictures, folder / board_paper.NAME, folder / "figures"))
    return files


def prepare(numbers: Numbers, book: Path) -> tuple[page.Page, dict[str, Drawn]]:
    """The page in words, and every picture of the report and of the three lives; writes the workbook.

    On all cores where processes can be forked safely: the words are written here while others draw.
    """
    global _numbers
    names = [name for name in PICTURES if numbers.compared or name in ALONE]
    names += [f"{LIFE}{k}" for k in range(1, 1 + len(lives.choose(numbers)[0]))]
    _numbers = numbers
    try:
        # Only a process without other threads may be forked: a lock that one of them holds would never be let go.
        forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
        cores = min(MOST_PROCESSES, os.cpu_count() or 1)
        if forks and cores > 1:
            for compared in numbers.compared:
                numbers.ledgers(compared)  # worked out once, before it is needed everywhere
            with ProcessPoolExecutor(cores, multiprocessing.get_context("fork")) as pool:
                written = pool.submit(_write_book, book)  # it takes longest, so it comes first
                drawings = [pool.submit(_draw, name) for name in names]
                built = outline.written(numbers)
                drawn = [one.result() for one in drawings]
                written.result()
        else:
            built = outline.written(numbers)
            drawn = [_draw(name) for name in names]
            workbook.write(numbers, book)
    finally:
        _numbers = None
    return built, {name: picture for name, picture in zip(names, drawn, strict=True) if picture is not None}


def _write_book(book: Path) -> None:
    assert _numbers is not None
    workbook.write(_numbers, book)


def _draw(name: str) -> Drawn | None:
    assert _numbers is not None
    if name.startswith(LIFE):
        picture = lives.picture(_numbers, lives.choose(_numbers)[0][int(name.removeprefix(LIFE)) - 1])
    else:
        made = PICTURES[name](_numbers)
        if made is None:
            return None
        picture = made
    return Drawn(picture.finding, picture.alt, page.inlined(picture, name), picture.png())
