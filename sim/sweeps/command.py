"""``headwater sweep``: what is typed, and what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim import arguments, paths
from sim.arguments import Words
from sim.errors import UserError
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import Experiment
from sim.vocabulary import ENGINE, LEVER, PLACE, RESUME, SWEEP_PARTS, of

OWN_WORDS = tuple(word.key for word in of("sweep") if not word.key.startswith((LEVER, PLACE, ENGINE)))
TOP = 5
PAGE = "sweep.html"


def act(words: Words) -> int:
    """Do what is asked. Raises `UserError` with everything that is wrong in it."""
    if words.places and words.places[0] not in SWEEP_PARTS:
        from sim.nearest import not_known

        known = paths.names("experiment", words.own)
        if words.places[0] in known:
            raise UserError(f"Write headwater sweep experiment={words.places[0]}")
        raise UserError(not_known("word after sweep", words.places[0], SWEEP_PARTS))
    if not words.places and not words.overrides:
        return _list(words)
    words, said = split(words)
    if words.places:
        return _SUB[words.places[0]](words, said)
    wrong = arguments.check(words)
    if wrong:
        raise UserError("\n".join(wrong))
    if words.through_hydra:
        from sim import compose
        from sim.sweeps import experiment

        compose.through_hydra(words, lambda plan: _run(experiment.from_plan(plan), said, words), made=_plan)
        return 0
    from sim.sweeps import experiment

    return _run(experiment.from_words(words), said, words)


def _plan(words: Words) -> Any:
    from sim.sweeps import experiment

    return experiment.from_words(words).plan


def split(words: Words) -> tuple[Words, dict[str, str]]:
    """The words about engine, shard, failed runs and a second stage apart from those that describe what is run."""
    said, rest = {}, []
    for it in words.overrides:
        if it.key in OWN_WORDS or it.key.startswith(ENGINE):
            said[it.key] = it.value.strip()
        else:
            rest.append(it)
    return replace(words, overrides=rest), said


def choice(said: Mapping[str, str], workers: int | None) -> Choice:
    """The engine that was asked for, checked."""
    from sim.studies.compare import cores

    options = {key.removeprefix("engine."): value for key, value in said.items() if key.startswith("engine.")}
    of_dask = any(option.partition(".")[0] == "address" for option in options)
    name = said.get("engine", "dask" if of_dask else "process")
    found = Choice(name, options, workers or cores())
    found.check()
    return found


def shard(said: Mapping[str, str]) -> tuple[int, int]:
    """Which share of the rows: ``2/8`` is the second of eight. Raises `UserError`."""
    text = said.get("shard", "1/1")
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UserError(f"shard={text}: write which of how many, for example shard=2/8.")
    return int(match[1]) - 1, int(match[2])


def resized(experiment: Experiment, said: Mapping[str, str]) -> Experiment:
    """The experiment with the size of its second stage as typed (``then.n``, ``then.keep``). Raises `UserError`."""
    typed = {key.removeprefix("then."): arguments.light(said[key]) for key in said if key.startswith("then.")}
    if not typed:
        return experiment
    if experiment.then is None:
        raise UserError(f"then.{next(iter(typed))}: {experiment.name} has no second stage; screen_then_sobol has.")
    for key, value in typed.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"then.{key} must be a whole number of at least 1, not {said[f'then.{key}']}.")
    found = replace(experiment, then={**experiment.then, **typed})
    return replace(found, plan=replace(found.plan, experiment=found.tree()))


def _list(words: Words) -> int:
    from sim.sweeps.experiment import available

    found = available(words.own)
    wide = max(map(len, found), default=0)
    print("headwater sweep experiment=NAME: many runs, and what their differences are due to\n")
    for name, about in found.items():
        print(f"  {name:<{wide}}  {about}")
    print("\nSize and outcomes: n=128 seeds=4 outcomes=[qalys_gained]; all else as for compare: place=toy years=10 …")
    print("While it runs and after: headwater sweep status | resume | export | row; more: headwater sweep --help")
    return 0


def _run(experiment: Experiment, said: Mapping[str, str], words: Words, retry: bool = False) -> int:
    from sim.commands import _terminate_like_ctrl_c
    from sim.precheck import check
    from sim.studies.progress import Progress
    from sim.sweeps import run

    _terminate_like_ctrl_c()
    experiment = resized(experiment, said)
    engine, part = choice(said, experiment.plan.settings.workers), shard(said)
    for note in check(experiment.plan):
        print(note)
    if engine.name == "submitit":
        from sim.sweeps import engine_submitit

        found = engine_submitit.sweep(experiment, Progress(), engine)
    else:
        found = run.sweep(experiment, Progress(), engine=engine, shard=part, retry=retry)
    if found is None:
        print("This share is done; other shares or drivers have runs to finish. See: headwater sweep status")
        return 0
    print(summary(found))
    return 1 if len(found.failures) == found.status.size else 0


def summary(found: Any) -> str:
    """The end of a sweep in some lines: what matters most, what failed, where everything is."""
    from sim.report import sweep_page

    lines = [""]
    lines += top(found) or [sweep_page.said(found.folder)]
    if found.failures:
        first = found.failures[0]
        lines.append(
            f"{len(found.failures)} of {found.status.size} runs failed (failed.csv); look at one: "
            f"headwater sweep row {found.folder} {first.row}"
        )
    where = f"All numbers: {found.folder}"
    lines.append(f"Open {found.folder / PAGE} in a browser. {where}" if (found.folder / PAGE).is_file() else where)
    return "\n".join(lines)


def top(found: Any) -> list[str]:
    """The largest indices of the first outcome, as far as they are known."""
    try:
        indices = found.provisional()
    except UserError as fault:
        return [str(fault)]
    if indices is None:
        return []
    whole = indices.n >= found.design.n
    if not indices.ranking()["value"].abs().max() > 0:  # nought or not a number
        so_far = "" if whole else f" in the first {indices.n} samples"
        return [f"Nothing that was varied changes {found.outcomes[0]} ({found.scenarios[-1]}){so_far}."]
    lines = [f"What matters most for {found.outcomes[0]} ({found.scenarios[-1]}; {indices.main}, n={indices.n}"
             f"{'' if whole else ', provisional'}):"]  # fmt: skip
    ranked = indices.ranking().head(TOP)
    wide = max((len(name) for name in ranked["factor"]), default=0)
    lines += [
        f"  {line.factor:<{wide}}  {line.value:10.4g}  ({line.low:.3g} to {line.high:.3g})"
        for line in ranked.itertuples()
    ]
    if indices.note:
        lines.append(f"  {indices.note}.")
    return lines


# ---------------------------------------------------------------------------------------------------- sub-words


def _folder(words: Words, at: int = 1) -> Path:
    from sim.sweeps import folder

    root = next((Path(it.value) for it in words.overrides if it.key == "results"), Path("results"))
    return folder.find(words.places[at] if len(words.places) > at else None, root)


def _open(words: Words, path: Path) -> Any:
    """The sweep of a folder, as far as it is."""
    from sim.sweeps import folder
    from sim.sweeps.run import Sweep

    it = Sweep(folder.read(path, tuple(map(str, words.own))))
    it.store.refresh()
    return it


def _only(words: Words, said: Mapping[str, str], *allowed: str) -> None:
    given = [*(it.key for it in words.overrides), *(key.partition(".")[0] for key in said)]
    for key in given:
        if key not in (*allowed, "results"):
            raise UserError(f"headwater sweep {words.places[0]} does not take {key}=…")


def _status(words: Words, said: Mapping[str, str]) -> int:
    from sim.sweeps import cost, results

    _only(words, said)
    path = _folder(words)
    it = _open(words, path)
    ok, failed = it.count()
    left = it.total - ok - failed
    print(f"{path}\n{it.experiment.name}: {ok:,} of {it.total:,} runs done, {failed:,} failed, {left:,} to do")
    each = it.store.seconds_a_run
    if each:
        speed, eta = pace(it, path, left)
        print(f"{each:.2f} s a run on one core; {speed}{eta} · disk {cost.megabytes(it.store.bytes_on_disk)}")
    elif left:
        print(f"To go on: headwater sweep resume {path}")
    if ok:
        for line in top(results.gather(it, path)):
            print(line)
    return 0


def pace(it: Any, path: Path, left: int) -> tuple[str, str]:
    """How many runs a minute are being done, and how long the rest will take at that, from the parts' times."""
    import time

    from sim.studies.progress import duration

    times = sorted((it.store.parts / name).stat().st_mtime for name in it.store._names())
    recent = [t for t in times if t > time.time() - 600]
    if not left:
        return "nothing is left to do", ""
    if len(recent) < 2:
        return "nothing was finished in the last ten minutes", f"; to go on: headwater sweep resume {path}"
    share = len(recent) / len(times) * len(it.store.ok)
    rate = share / max(time.time() - recent[0], 1)
    return f"about {60 * rate:.0f} runs a minute", f", {duration(left / rate)} left"


def _resume(words: Words, said: Mapping[str, str]) -> int:
    from sim.sweeps import folder

    path = _folder(words)
    _only(words, said, *RESUME)
    experiment = folder.read(path, tuple(map(str, words.own)))
    _unchanged(experiment, path)
    settings = experiment.plan.settings
    for it in words.overrides:
        if it.key == "workers":
            value = arguments.light(it.value)
            if not isinstance(value, int) or value < 1:
                raise UserError(f"workers must be from 1 to 1,024, not {it.value}.")
            settings = replace(settings, workers=value)
    experiment = replace(experiment, plan=replace(experiment.plan, settings=settings))
    return _run(experiment, said, words, retry=said.get("failed", "false") == "true")


def _unchanged(experiment: Experiment, path: Path) -> None:
    """Raise `UserError` when the model is not what it was when the sweep began: old and new runs cannot be mixed."""
    from sim.sweeps import folder
    from sim.sweeps.store import RunStore

    if not folder.note(experiment, RunStore(path.parent, experiment.base)).is_file():
        raise UserError(
            f"The model, its evidence or the place has changed since {path} began, and its runs cannot be mixed with "
            f"new ones; begin anew: headwater sweep experiment={experiment.name} …"
        )


def _export(words: Words, said: Mapping[str, str]) -> int:
    from sim.sweeps import results

    _only(words, said)
    if len(words.places) > 1 and Path(words.places[-1]).suffix in (".csv", ".parquet"):
        file = Path(words.places[-1]).expanduser()
        words = replace(words, places=words.places[:-1])
        path = _folder(words)
    else:
        path = _folder(words)
        file = path / "export.csv"
    found = results.gather(_open(words, path), path)
    found.export(file)
    print(f"Written: {file}")
    return 0


def _row(words: Words, said: Mapping[str, str]) -> int:
    from sim.sweeps.simulate import run_one

    _only(words, said)
    if len(words.places) < 3 or not words.places[2].isdigit():
        raise UserError("Give the folder and the number of a row: headwater sweep row results/latest 17")
    path = _folder(words)
    it = _open(words, path)
    number = int(words.places[2])
    if number >= len(it.design):
        raise UserError(f"There is no row {number}: rows are numbered from 0 to {len(it.design) - 1}.")
    bad = 0
    for name, value in it.design.values(number).items():
        print(f"{name} = {value}")
    for seed in it.seeds:
        job = it.job(number, seed)
        print(f"Row {number}, seed {seed} …", flush=True)
        record = run_one(it.base, job)
        it.store.add(record)
        it.store.flush()
        if record.status == "ok":
            print(f"  done in {record.seconds:.1f} s")
        else:
            bad += 1
            print(record.error.rstrip())
    return 1 if bad else 0


_SUB = {"status": _status, "resume": _resume, "export": _export, "row": _row}
