"""``headwater calibrate``: what is typed, what is said before it starts, and the folder that is left."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sim import disk, own
from sim.calibration import aims as targets_
from sim.calibration import figures, render, simulate, tables
from sim.calibration import free as frees
from sim.calibration.aims import Aim
from sim.calibration.free import Free
from sim.calibration.run import Runs
from sim.calibration.waves import Found, search
from sim.compose import Plan
from sim.evidence import load
from sim.settings import PlaceGiven
from sim.studies import provenance as about
from sim.studies.compare import cores
from sim.studies.progress import Progress, duration
from sim.sweeps import cost
from sim.sweeps.base import Base, model_hashes
from sim.sweeps.engines import Choice
from sim.sweeps.store import RunStore
from sim.validation import command as validation
from sim.validation.grammar import ENGLAND, SHIPPED, Target
from sim.version import __version__

Places = Mapping[str, tuple[PlaceGiven, float]]
USE = "use"
DRAWS = f"{USE}/evidence/calibration/draws.csv"
"""Where the draws stand in the folder: below a folder that can be given as one's own configuration."""


def act(plan: Plan) -> int:
    """Calibrate; returns 1 when nothing is left. Raises `UserError` for what cannot be read."""
    from sim.studies.store import Store

    began = time.monotonic()
    s, free = plan.settings, frees.read()
    with own.using(plan.own):
        read, _ = validation.chosen(plan)
        fit = targets_.chosen(read)
        aims = targets_.of(fit)
        given = validation.places_of(plan, fit)
        places = {name: (place, s.england if name == ENGLAND else scale) for name, (place, scale) in given.items()}
        validation.check_areas(fit, places)
    disk.check_writable(Path(s.results).expanduser())
    base = simulate.base(fit, places, frees.held(free), s.place, s.scale, plan.own)
    runs = RunStore(Path(s.results).expanduser(), base)
    runs.refresh()
    engine = Choice(workers=s.workers or cores())
    progress = Progress()
    for line in announcement(plan, read, aims, places, runs, engine.workers):
        print(line, flush=True)
    with Store(plan) as store:
        store.log("started", aims=len(aims), there=len(runs.ok))
        maker = Runs(base, free, s.seed, runs, engine, progress, most_runs(plan))
        with own.using(plan.own):
            share = chance_share(places)
        found = search(maker, aims, len(free), s.points, s.waves, s.seed, share, s.first, progress.say)
        told = tables.accounts(found, free)
        said, draws = render.render(found, told, free), tables.draws(found, free)

        def write(folder: Path) -> None:
            tables.write_draws(draws, provenance(plan, base, free, found), folder / DRAWS)
            tables.write_runs(found, free, folder / "runs.csv")
            tables.write_waves(found, folder / "waves.csv")
            tables.write_aims(told, folder / "aims.csv")
            (folder / "calibration.txt").write_text(said + "\n", encoding="utf-8")
            figures.write(found, told, free, folder)

        facts: dict[str, Any] = {
            "runs": {}, "made": len(found.x), "draws": int(found.kept.sum()),
            "digest": hashlib.sha256(draws.encode()).hexdigest(),
        }  # fmt: skip
        folder = store.finish(write, facts)
    *table, last = said.splitlines()
    print("\n" + "\n".join(table))
    print(f"Done in {duration(time.monotonic() - began)}. Draws, tables and figures: {folder}")
    if found.kept.any():
        print(f"To use these draws: headwater compare --config-dir {folder / USE}")
    print(last)
    return 0 if found.kept.any() else 1


def announcement(
    plan: Plan, read: Sequence[Target], aims: Sequence[Aim], places: Places, store: RunStore, workers: int
) -> list[str]:
    """What will be done and what it costs: runs, minutes and disk."""
    s = plan.settings
    file = "the shipped table" if s.targets is None else s.targets
    later = sum(aim.later for aim in aims)
    where = ", ".join(f"{_name(given)} ({people(given, scale):,.0f} residents)" for given, scale in places.values())
    lines = [
        f"{len(aims)} aims: {len(aims) - later} rows of role fit of {file}, {later} of them again some years later",
        f"Places: {where}",
    ]
    if late := targets_.too_late(read):
        lines.append(f"{len(late)} rows are dated after March 2024 and left out: they are for others to compare.")
    most = most_runs(plan)
    known = store.seconds_a_run
    each = known or expected_seconds(targets_.chosen(read), places)
    how = "as runs took so far" if known else "better known once some are finished"
    left = max(most - len(store.ok), 0)
    opening = "" if s.first is None else f", the first of {s.first},"
    there = f" ({len(store.ok)} are there already)" if store.ok else ""
    lines.append(
        f"At most {s.waves} waves of {s.points} runs{opening} = {most} runs{there} · about "
        f"{duration(each * left / workers + cost.LOADING)} with {workers} worker{'s' * (workers != 1)}, {how} · "
        f"disk about {cost.megabytes(cost.disk_bytes(store.base, most))}"
    )
    return lines


def most_runs(plan: Plan) -> int:
    """Runs of all waves."""
    s = plan.settings
    return (s.first or s.points) + s.points * (s.waves - 1)


def expected_seconds(targets: Sequence[Target], places: Places) -> float:
    """Seconds of a core that a run is expected to take here, before any has been made."""
    month = cost.MONTH + cost.RESIDENT * max(people(given, scale) for given, scale in places.values())
    return cost.machine() * (len(places) * cost.BUILDING + simulate.months(targets, places) * month)


def people(given: PlaceGiven, scale: float) -> float:
    """Residents that are simulated at the start."""
    from sim.places import load as load_place

    return float(load_place(given).counts.sum()) * scale


def chance_share(places: Places) -> float:
    """Chance of what was observed, as a share of the chance of a run: the share of its people that a run simulates."""
    from sim.places import assemble

    england = float(assemble.england(load().draw(0)).sum())
    return max(people(given, scale) / england if given == ENGLAND else scale for given, scale in places.values())


def provenance(plan: Plan, base: Base, free: Sequence[Free], found: Found) -> dict[str, str]:
    """What the table of draws says of itself."""
    s = plan.settings
    targets = SHIPPED if s.targets is None else Path(s.targets).expanduser()
    last, shared = found.waves[-1], base.scenarios[simulate.WHAT]
    return {
        "title": "Draws of the calibrated parameters together, not implausible against the targets",
        "version": __version__,
        "date": date.today().isoformat(),
        "commit": about.commit() or "none",
        "model": model_hashes(s.place, plan.own)["code"],
        "targets": f"{targets.name}, sha256 {hashlib.sha256(targets.read_bytes()).hexdigest()}",
        "places": ", ".join(f"{name} scale={scale:g}" for name, (_, scale) in shared["places"].items()),
        "seed": str(s.seed),
        "runs": f"{len(found.x)} in {len(found.waves)} waves; {100 * last.left:.3g} % of the box left; emulators' "
        f"variance {last.unsure:.2f} of the tolerance's at the least sure aim",
        "held": " ".join(frees.held(free)),
    }  # fmt: skip


def _name(given: PlaceGiven) -> str:
    return given if isinstance(given, str) else str(given.get("name", "own"))
