"""The run without judged benefits: which pieces it is done in, and that the pieces are the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim import compose
from sim.outcomes.record import RunRecord
from sim.outcomes.summary import FEWEST_RUNS
from sim.studies import compare
from sim.studies.store import Store

pytestmark = pytest.mark.system
NAMES = ["baseline", "health_creation", "empty_the_bath"]


def store(results: Path, **more: object) -> Store:
    asked = {"place": "toy", "scale": 0.05, "years": 1, "runs": FEWEST_RUNS} | more
    words = [f"{key}={value}" for key, value in asked.items()] + [f"results={results}"]
    return Store(compose.plan("compare", words, (), NAMES))


def pieces(it: Store, workers: int) -> list[list[str]]:
    return [list(job.scenarios) for job in compare._without_judged(it, workers)]


def test_there_is_one_piece_a_worker_and_none_for_what_is_on_the_disk(tmp_path: Path) -> None:
    with store(tmp_path) as it:
        assert pieces(it, 1) == [NAMES]
        assert pieces(it, 2) == [[NAMES[0], NAMES[2]], [NAMES[1]]]
        assert pieces(it, 9) == [[name] for name in NAMES]
        file = compare.unjudged_files(it)[2]
        file.parent.mkdir()
        file.write_bytes(b"")
        assert pieces(it, 2) == [[NAMES[0]], [NAMES[1]]]
    with store(tmp_path, runs=FEWEST_RUNS - 1) as it:
        assert compare.unjudged_files(it) == []


def test_a_scenario_is_the_same_in_any_piece_and_has_no_judged_benefits(tmp_path: Path) -> None:
    prints: list[dict[str, str]] = []
    for workers in (1, 3):
        with store(tmp_path / str(workers)) as it:
            jobs = compare._without_judged(it, workers)[-1:]  # all scenarios, or the last alone
            for job in jobs:
                compare.simulate(job, lambda stage, steps: None)
            files = {file.stem: file for file in compare.unjudged_files(it) if file.is_file()}
            prints.append({name: compare.fingerprint(RunRecord.load(file)) for name, file in files.items()})
            if workers == 3:
                whole = replace(jobs[0], folder=str(it.partial / "judged"), settings=it.plan.settings.for_model())
                compare.simulate(whole, lambda stage, steps: None)
                with_judged = RunRecord.load(it.partial / f"judged-{NAMES[-1]}" / f"{NAMES[-1]}.npz")
    assert list(prints[0]) == NAMES
    assert prints[1] == {NAMES[-1]: prints[0][NAMES[-1]]}
    assert compare.fingerprint(with_judged) != prints[1][NAMES[-1]]
