"""``headwater validate``: read the targets, simulate what they are about, say hit or miss, leave a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sim import disk, own
from sim.compose import Plan
from sim.errors import UserError
from sim.settings import PlaceGiven
from sim.studies import pool
from sim.studies.progress import Progress, duration
from sim.validation import figures, grammar, render, simulate, verdicts
from sim.validation.grammar import ENGLAND, LOCAL, Target
from sim.validation.measures import catalogue
from sim.validation.simulate import Job

A = TypeVar("A")
BESIDE = 10_000
"""Added to the row numbers of a second table, so that answers are told apart."""
BACKCAST = "north_mid_hampshire"
"""The place whose hospital trust's observed months the model holds."""


def act(plan: Plan) -> int:
    """Validate a plan; returns 1 for a miss where `strict` is set. Raises `UserError` for what cannot be read."""
    from sim.studies.store import Store

    began = time.monotonic()
    s = plan.settings
    with own.using(plan.own):
        targets, left_out = chosen(plan)
        places = places_of(plan, targets)
        check_areas(targets, places)
    disk.check_writable(Path(s.results).expanduser())
    pairs = replace(s, seeds=1).layout()
    beside = authorities(plan) if BACKCAST in places else []
    for line in announcement(plan, targets, places, left_out):
        print(line, flush=True)
    shipped = s.targets is None
    backcast = BACKCAST if BACKCAST in places and shipped else ""
    faces = ENGLAND if ENGLAND in places and shipped else ""
    jobs = [Job(draw, seed, (*targets, *beside), places, s.judged, backcast, faces, plan.own) for draw, seed in pairs]
    with Store(plan) as store:
        store.log("started", runs=len(jobs), targets=len(targets))
        answers = answer(simulate.run, jobs, s.workers or cores(), Progress())
        judged = verdicts.judge(targets, answers)
        by_authority = verdicts.judge(beside, answers)
        said = render.render(targets, judged, len(answers), by_authority)

        def write(folder: Path) -> None:
            verdicts.write(judged, folder / "targets.csv")
            if by_authority:
                verdicts.write(by_authority, folder / "authorities.csv")
            (folder / "validation.txt").write_text(said + "\n", encoding="utf-8")
            figures.write(judged, answers, folder, by_authority)

        facts = {"runs": {}, "targets": len(judged), "hits": sum(one.word == verdicts.HIT for one in judged)}
        folder = store.finish(write, facts)
    *table, last = said.splitlines()
    print("\n" + "\n".join(table))
    print(f"Done in {duration(time.monotonic() - began)}. Table and figures: {folder}")
    print(last)
    return 1 if s.strict and any(one.word != verdicts.HIT for one in judged) else 0


def chosen(plan: Plan) -> tuple[list[Target], int]:
    """The targets of a plan, and how many of the shipped ones are of a place that was not chosen."""
    from sim import places

    given = plan.settings.targets
    path = grammar.SHIPPED if given is None else Path(given).expanduser()
    found = grammar.read(path, catalogue(), [name for name in places.names() if name != LOCAL])
    if given is not None:
        return found, 0
    kept = [one for one in found if one.place in (ENGLAND, LOCAL, plan.settings.place)]
    return kept, len(found) - len(kept)


def authorities(plan: Plan) -> list[Target]:
    """The rows by local authority that are shown and not counted; none where targets of one's own are given."""
    if plan.settings.targets is not None:
        return []
    found = grammar.read(grammar.AUTHORITIES, catalogue(), [BACKCAST])
    return [replace(one, row=one.row + BESIDE) for one in found]


def places_of(plan: Plan, targets: Sequence[Target]) -> dict[str, tuple[PlaceGiven, float]]:
    """Each place the targets are about, and the share of residents to simulate: of England in small always all."""
    s = plan.settings
    found: dict[str, tuple[PlaceGiven, float]] = {}
    for name in simulate.places_of(targets):
        place: PlaceGiven = s.place if name == LOCAL else name
        found[name] = place, 1.0 if place == ENGLAND else s.scale
    if not found:
        raise UserError("None of the targets is of anything that the model has; there is nothing to simulate.")
    return found


def check_areas(targets: Sequence[Target], places: Mapping[str, tuple[PlaceGiven, float]]) -> None:
    """Raise `UserError` that lists every area that its place does not have."""
    from sim.places import load
    from sim.validation.people import areas_of

    wrong = []
    for name, (given, _) in places.items():
        place = load(given)
        for target in (one for one in targets if one.place == name and one.measured):
            for column, who in (("who", target.who), ("against", target.against)):
                try:
                    if who.area is not None:
                        areas_of(place.lsoas, who.area)
                except UserError as fault:
                    wrong.append(f"row {target.row}, {column}: {place.label} {fault}")
    if wrong:
        raise UserError("\n".join(wrong))


def announcement(
    plan: Plan, targets: Sequence[Target], places: Mapping[str, tuple[PlaceGiven, float]], left_out: int
) -> list[str]:
    """What will be done, in two or three lines."""
    runs = plan.settings.runs
    what = []
    for given, scale in places.values():
        name = given if isinstance(given, str) else str(given.get("name", "own"))
        what.append(f"{name} ({'every resident' if scale == 1 else f'1 resident in {1 / scale:.3g}'})")
    file = "the shipped table" if plan.settings.targets is None else plan.settings.targets
    lines = [
        f"{len(targets)} targets of {file} · {runs} run{'s' * (runs != 1)}, each with evidence and chance of its own",
        f"Places: {', '.join(what)}",
    ]
    if left_out:
        lines.append(
            f"{left_out} shipped targets are of {BACKCAST} and left out, as place={plan.settings.place} is chosen."
        )
    return lines


class Staged(Protocol):
    """A job that says how many steps it has, and what its stages are called."""

    @property
    def steps(self) -> int:
        """Months to simulate."""

    @property
    def stages(self) -> Sequence[str]:
        """What is being done, stage by stage."""


def answer(task: Callable[[Any, pool.Tick], A], jobs: Sequence[Staged], workers: int, progress: Progress) -> list[A]:
    """The answers of all jobs, in their order."""
    found: dict[int, A] = {}
    gone = 0

    def done(index: int, result: A) -> None:
        nonlocal gone
        found[index] = result
        gone += jobs[index].steps

    def now(moment: pool.Moment) -> None:
        doing = ", ".join(dict.fromkeys(jobs[0].stages[stage] for _, stage in moment.active))
        progress.at(gone + moment.steps, f"{len(found)} of {len(jobs)} runs done; now {doing or 'finishing'}")

    progress.begin(sum(job.steps for job in jobs), 0, f"0 of {len(jobs)} runs done; loading the model")
    try:
        pool.work(task, jobs, workers, name=str, finished=done, moment=now)
    finally:
        progress.end()
    return [found[index] for index in range(len(jobs))]


def cores() -> int:
    """Processor cores this process may use."""
    from sim.studies import compare

    return compare.cores()
