"""Everything for people that a finished run leaves behind: the page, the workbook, the pictures, the Word paper."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sim import disk, forked
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
    with disk.refusals(folder), _without_collection():
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

    On all cores where processes can be forked safely: the workbook takes longest, so that it is begun first; the words
    are written here while others draw.
    """
    global _numbers
    for compared in numbers.compared:
        numbers.ledgers(compared)  # worked out once, before it is needed everywhere
    _numbers = numbers
    try:
        with forked.beside(partial(workbook.write, numbers, book)):
            names = _names(numbers)
            numbers.area_names()  # the place: several pictures show it
            if forked.possible():
                return _beside_each_other(numbers, names)
            built = _written(numbers)
            return built, _made({name: _draw(name) for name in names})
    finally:
        _numbers = None


def _beside_each_other(numbers: Numbers, names: Sequence[str]) -> tuple[page.Page, dict[str, Drawn]]:
    """Words and pictures, with forked processes."""
    cores = min(MOST_PROCESSES, os.cpu_count() or 1)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(cores - 1, context, initializer=forked.leave_interrupts) as pool:
        drawings = {name: pool.submit(_draw, name) for name in names}
        built = _written(numbers)
        here = {name: _draw(name) for name in reversed(names) if drawings[name].cancel()}  # what nobody has begun
        pictures = {name: here[name] if name in here else drawings[name].result() for name in names}
    return built, _made(pictures)


def _names(numbers: Numbers) -> list[str]:
    """The pictures to draw: the report's, and those of the three lives."""
    names = [name for name in PICTURES if numbers.compared or name in ALONE]
    return names + [f"{LIFE}{k}" for k in range(1, 1 + len(lives.choose(numbers)[0]))]


def _made(pictures: Mapping[str, Drawn | None]) -> dict[str, Drawn]:
    return {name: picture for name, picture in pictures.items() if picture is not None}


def _written(numbers: Numbers) -> page.Page:
    """The page in words; what is needed at the end only is got ready meanwhile."""
    built = outline.written(numbers)
    for one in lives.choose(numbers)[0]:
        lives.story(numbers, one)
    if not board_paper.missing():
        import docx  # noqa: F401
    return built


@contextmanager
def _without_collection() -> Iterator[None]:
    """No search for cyclic garbage: drawing makes a million objects and lets go of few, and it is over soon."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


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
