"""Sweeps lose nothing and give the same numbers whoever runs them. Real processes and files, a task of microseconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim import compose
from sim.errors import EnvironmentFault, UserError
from sim.outcomes.record import RunRecord
from sim.sweeps import folder as folders
from sim.sweeps import run
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import from_plan
from sim.sweeps.results import SweepResults
from sim.sweeps.store import FAILED, OK
from sim.system import CareSystem
from tests.system.sweeping import GIVEN, SERIAL, TWO, experiment, hold, ran, sweep, wait_until
from tests.system.tiny_sweep import TASK

pytestmark = pytest.mark.system


def test_a_sweep_leaves_its_folder_and_the_same_digest_from_every_engine(tmp_path: Path, control: Path) -> None:
    one = sweep(tmp_path / "serial")
    assert one.values.shape == (16 * 5, 2, 2, 2, 2)
    assert (one.status == OK).all()
    assert one.folder is not None
    names = {file.name for file in one.folder.iterdir()}
    assert {"config.yaml", "metadata.json", "runs.parquet", "indices.csv", "failed.csv", "log.jsonl"} <= names
    about = json.loads((one.folder / "metadata.json").read_text())
    assert about["digest"] == one.digest
    assert (about["runs"], about["failed"]) == (160, 0)
    for workers in (1, 3):
        assert sweep(tmp_path / f"{workers}", Choice("process", workers=workers)).digest == one.digest


def test_published_indices_come_out_of_the_whole_road(tmp_path: Path, control: Path) -> None:
    """Ishigami: S1 .314 .442 0, ST .558 .442 .244 (Saltelli 2008). Tolerance: four bootstrap standard errors."""
    found = sweep(tmp_path, n=512, seeds=1, outcomes=["deaths"]).indices("deaths").table
    truth = {"first": (0.314, 0.442, 0.0), "total": (0.558, 0.442, 0.244)}
    for measure, values in truth.items():
        rows = found[found["measure"] == measure]
        error = (rows["high"] - rows["low"]).to_numpy() / (2 * 1.96)
        assert np.all(np.abs(rows["value"].to_numpy() - values) <= 4 * error), measure
        assert np.all(error < 0.05), "and the intervals say something"


@pytest.mark.slow
def test_a_larger_design_and_more_seeds_run_nothing_again(tmp_path: Path, control: Path) -> None:
    small = sweep(tmp_path)
    assert len(ran(control)) == 80 * 2
    (control / "log").unlink()
    sweep(tmp_path)
    assert ran(control) == [], "the same sweep again"
    large = sweep(tmp_path, n=32)
    assert len(ran(control)) == 80 * 2, "only the second half"
    assert np.array_equal(large.values[:80], small.values)
    (control / "log").unlink()
    more = sweep(tmp_path, n=32, seeds=3)
    assert {line.split()[1] for line in ran(control)} == {"3"}
    assert np.array_equal(more.values[:, :2], large.values)
    (control / "log").unlink()
    sweep(tmp_path, n=32, seeds=3, second_order=True)
    assert len(ran(control)) == 3 * 32 * 3, "second order: the three rows more a sample"
    (control / "log").unlink()
    sweep(tmp_path, outcomes=["births"])
    assert ran(control) == [], "fewer outcomes of the same runs"


def test_a_poison_row_is_named_and_the_others_complete(tmp_path: Path, control: Path) -> None:
    (control / "fail").write_text("7")
    (control / "die").write_text("11")
    found = sweep(tmp_path, TWO, n=4)
    bad = {(r.row, r.status) for r in found.failures}
    assert bad == {(7, "failed"), (11, "crashed")}
    assert [r.seed for r in found.failures] == [1, 2, 1, 2]
    assert (found.status[[7, 11]] == FAILED).all()
    assert (np.delete(found.status, [7, 11], axis=0) == OK).all()
    assert "ZeroDivisionError" in found.failures[0].error
    assert "SIGKILL" in found.failures[2].error
    assert "link_workers" in found.failures[0].given
    with pytest.raises(UserError, match=r"Rows 7, 11 of 20 have no value"):
        found.indices("deaths")
    again = ran(control)
    sweep(tmp_path, TWO, n=4)
    assert ran(control) == again, "what failed is not tried again unasked"
    (control / "fail").unlink()
    (control / "die").unlink()
    cured = run.sweep(experiment(tmp_path, n=4), engine=TWO, task=TASK, retry=True)
    assert cured is not None
    assert (cured.status == OK).all()
    assert cured.digest == sweep(tmp_path / "other", n=4).digest


DRIVER = """
import sys
import threading
from pathlib import Path
from tests.system.sweeping import experiment, run, TASK, Choice
if __name__ == "__main__":
    run.sweep(experiment(Path(sys.argv[1]), n=32), engine=Choice("process", workers=2), task=TASK)
"""


def driver(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", DRIVER, str(root)], cwd=Path(__file__).parents[2])


def workers(pid: int) -> list[int]:
    """The processes that a driver started to run rows, not the one that keeps count of semaphores."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            line = (process / "cmdline").read_text()
        except OSError:
            continue
        if parent == pid and "resource_tracker" not in line:
            found.append(int(process.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_kill_of_driver_and_worker_and_two_drivers_change_nothing(tmp_path: Path, control: Path) -> None:
    """320 runs, held after 150 and again 40 later, so that each kill falls in the middle however fast the machine."""
    hold(control, 150)
    first = driver(tmp_path)
    wait_until(lambda: len(ran(control)) >= 150)
    wait_until(lambda: list(tmp_path.glob("results/.sweep-cache-*/parts/*.parquet")))
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = len(ran(control))
    hold(control, kept + 40)
    both = [driver(tmp_path), driver(tmp_path)]
    wait_until(lambda: len(ran(control)) >= kept + 40)
    wait_until(lambda: workers(both[0].pid))
    os.kill(workers(both[0].pid)[-1], signal.SIGKILL)
    (control / "hold").unlink()
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    found = sweep(tmp_path, n=32)
    assert len(list(tmp_path.glob("results/*-sweep-*"))) == 1, "all used one folder"
    assert found.digest == sweep(tmp_path / "calm", n=32).digest


def test_shards_share_one_folder(tmp_path: Path, control: Path) -> None:
    given = experiment(tmp_path)
    assert run.sweep(given, engine=SERIAL, shard=(0, 2), task=TASK) is None
    assert {int(line.split()[0]) % 2 for line in ran(control)} == {0}
    whole = run.sweep(given, engine=SERIAL, shard=(1, 2), task=TASK)
    assert whole is not None
    assert whole.digest == sweep(tmp_path / "other").digest
    assert len(ran(control)) == 2 * 160


def test_a_full_disk_is_said_and_what_is_there_is_kept(
    tmp_path: Path, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.sweeps import store

    written: list[int] = []

    def full(*_: object, **__: object) -> None:
        if written:
            raise OSError(28, "No space left on device")
        written.append(1)

    given = experiment(tmp_path)
    monkeypatch.setattr(store, "MOST_RECORDS", 50)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match=r"is full\. Finished parts are kept"):
        run.sweep(given, engine=SERIAL, task=TASK)
    monkeypatch.undo()
    os.environ["TINY_SWEEP"] = str(control)
    first = len(ran(control))
    found = run.sweep(given, engine=SERIAL, task=TASK)
    assert found is not None
    assert (found.status == OK).all()
    assert len(ran(control)) < 2 * 160
    assert first >= 50


def test_a_damaged_part_is_run_again(tmp_path: Path, control: Path) -> None:
    one = sweep(tmp_path, n=4)
    (part,) = tmp_path.glob("results/.sweep-cache-*/parts/*.parquet")
    part.write_bytes(part.read_bytes()[:200])
    assert sweep(tmp_path, n=4).digest == one.digest


def test_an_early_stop_keeps_what_it_has(tmp_path: Path, control: Path) -> None:
    found = sweep(tmp_path, n=1024, seeds=1, stop={"half_width": 0.3, "outcome": "deaths"}, outcomes=["deaths"])
    assert found.design.n < 1024
    assert len(ran(control)) == found.design.n * 5


def test_status_export_and_row(tmp_path: Path, control: Path) -> None:
    import pandas as pd

    found = sweep(tmp_path, n=4)
    file = tmp_path / "runs.csv"
    found.export(file)
    table = pd.read_csv(file)
    assert len(table) == 20 * 2 * 2 * 2
    paired = table[table["scenario"] == "health_creation"]["deaths"].to_numpy()
    assert np.allclose(paired.reshape(20, 2, 2) - 1, found.difference("deaths"))
    found.export(tmp_path / "runs.parquet")
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == len(table)
    with pytest.raises(UserError, match=r"\.csv or a \.parquet"):
        found.export(tmp_path / "runs.xls")
    assert found.folder is not None
    assert folders.find(None, found.folder.parent) == found.folder
    assert folders.read(found.folder).tree() == found.experiment.tree()


def headwater(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )


MISTAKES = [
    ("sweep experiment=sobl", "There is no experiment called 'sobl'. Did you mean sobol?"),
    ("sweep sobol", "Write headwater sweep experiment=sobol"),
    ("sweep statsu", "There is no word after sweep called 'statsu'. Did you mean status?"),
    ("sweep experiment=sobol n=0", "n must be from 1 to 1,048,576, not 0."),
    ("sweep experiment=sobol seeds=0", "seeds must be from 1 to 1,000, not 0."),
    ("sweep experiment=sobol shard=9/8", "shard=9/8: write which of how many, for example shard=2/8."),
    ("sweep experiment=sobol engine=spark", "There is no engine called 'spark'."),
    ("sweep experiment=sobol engine=process engine.address=x", "engine=process has no option engine.address."),
    ("sweep experiment=sobol engine.address={a:1}", "engine.address must be the address of a scheduler, for example"),
    ("sweep experiment=sobol place=toy outcomes=[deths]", "There is no measure called 'deths'. Did you mean deaths?"),
    ("sweep experiment=sobol place=toy outcomes=deths", "There is no measure called 'deths'. Did you mean deaths?"),
    ("sweep experiment=alone place=toy --config-dir mine",
     "net_benefit: to be had only as a difference to the first scenario, and baseline is the only one."),
    ("sweep experiment=screen place=toy scenarios=baseline outcomes=qalys_gained,deaths,cost",
     "qalys_gained, cost: to be had only as a difference to the first scenario, and baseline is the only one."),
    ("sweep experiment=sobol place=toy factors.evidence=[tie]", "The evidence has nothing uncertain called 'tie'"),
    ("sweep experiment=sobol place=toy years=0", "years must be from 1 to 60 years, not 0."),
    ("sweep status", "There is no sweep in results; begin one: headwater sweep experiment=screen"),
    ("sweep resume nowhere", "There is no sweep at 'nowhere'."),
    ("sweep experiment=sobol place=toy then.n=4", "then.n: sobol has no second stage; screen_then_sobol has."),
    ("sweep experiment=screen_then_sobol place=toy then.n=x", "then.n must be a whole number of at least 1, not x."),
    ("sweep row", "Give the folder and the number of a row"),
    ("sweep experiment=bad --config-dir mine", "bad.yaml, line 5: There is no key of an experiment called 'outcome'."),
    ("sweep experiment=reversed place=toy --config-dir mine", "the bounds 2 and 1 are reversed."),
    ("sweep experiment=twice place=toy --config-dir mine", "The group a names ties.near_share twice."),
]  # fmt: skip
FILES = {
    "alone": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcomes: [net_benefit]\nscenarios: [baseline]\n"
    "factors: {evidence: [ties]}\n",
    "bad": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcome: [deaths]\noutcomes: [deaths]\nscenarios: [baseline]\n",
    "reversed": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcomes: [deaths]\nscenarios: [baseline]\n"
    "factors: {settings: {years: [2, 1]}}\n",
    "twice": "about: x\ndesign: sobol\nn: 8\nseeds: 2\noutcomes: [deaths]\nscenarios: [baseline]\n"
    "factors: {evidence: {a: [ties.near_share, ties.near_share]}}\n",
}


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[words for words, _ in MISTAKES])
def test_one_clear_sentence(words: str, sentence: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / "mine" / "experiment").mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / "experiment" / f"{name}.yaml").write_text(text)
    done = headwater(*words.split(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"], "nothing is written"


def test_nothing_that_matters_is_said_so(tmp_path: Path, control: Path) -> None:
    from sim.sweeps import command

    found = sweep(tmp_path, design="morris", n=2)
    assert command.top(found)[0].startswith("What matters most for deaths")
    for values in found.by_outcome.values():
        values[...] = 0.0
    assert command.top(found) == ["Nothing that was varied changes deaths (health_creation)."]


def test_the_model_itself_gives_one_digest_and_shares_histories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.sweeps import simulate

    monkeypatch.setattr(simulate, "_histories", deque())  # others may have left some here
    plan = compose.plan(
        "sweep", ["place=toy"], scenarios=["baseline", "health_creation"], years=1, scale=0.02,
        results=str(tmp_path / "one"),
    )  # fmt: skip
    given = {**GIVEN, "design": "lhs", "n": 2, "seeds": 1, "outcomes": ["deaths", "qalys_gained"]}
    given["factors"] = {"settings": {"health_creation.levers.link_workers.amount": [0.1, 0.4], "years": [1, 2]}}
    one = run.sweep(from_plan(plan, given), engine=SERIAL)
    other = replace(plan, settings=replace(plan.settings, results=str(tmp_path / "two")))
    two = run.sweep(from_plan(other, given), engine=TWO)
    assert one is not None
    assert two is not None
    assert one.digest == two.digest
    assert one.values.shape == (2, 1, 2, 2, 2)
    lengths = sorted(int(np.isfinite(row).sum()) for row in one.difference("deaths")[:, 0])
    assert lengths == [1, 2], "each row has the years of its own horizon"
    assert len(simulate._histories) == 1, "one history for both"


def test_evidence_that_is_called_late_is_not_read_before_policy() -> None:
    """Rows are put together by these names; what they share is decided by what was read."""
    from sim.evidence import load
    from sim.evidence.reads import Noted
    from sim.policy.scenario import NO_POLICY
    from sim.settings import RunSettings
    from sim.sweeps.base import LATE
    from sim.system import run_history, run_scenario

    noted = Noted(load().draw(0))
    settings = RunSettings(place="toy", scale=0.05, years=1)
    run_scenario(run_history(settings, 0, 1, evidence=noted, detail=False), NO_POLICY, 1)
    known = {"levers.most_reduction", "levers.adoption_spread"}
    read = {name for name in noted.numbers if name.startswith(LATE)} - known
    assert not read


def test_rows_share_what_reads_none_of_what_they_differ_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim import system
    from sim.sweeps import simulate
    from sim.sweeps.base import Job

    plan = compose.plan(
        "sweep", ["place=toy", "policy_start=2024-04", "start=2024-04"], scenarios=["baseline", "health_creation"],
        years=2, scale=0.05,
    )  # fmt: skip
    base = from_plan(plan, {**GIVEN, "outcomes": ["qalys", "net_benefit"]}).base
    rows: list[dict[str, Any]] = [
        {}, {"outcomes.nice_threshold": 35_000.0}, {"levers.link_workers.cost_per_person": 60.0},
        {"levers.link_workers.cost_per_person": 60.0, "ties.near_share": 0.9},
    ]  # fmt: skip
    jobs = [Job(b"", row, 1, values) for row, values in enumerate(rows)]
    # what the first seed left in other caches must not hide what the second reads
    jobs += [Job(b"", 0, 2, {}), Job(b"", 4, 2, {"relative_risk:smoking:chd:cvd": 0.9})]
    alone = []
    for job in jobs:
        simulate._histories.clear()
        alone.append(simulate.run_row(base, job))
    simulate._histories.clear()
    run_months: list[int] = []
    stepped = system._run

    def counting(model: CareSystem, until: int, *args: Any) -> None:
        run_months.append(until - model.month)
        stepped(model, until, *args)

    monkeypatch.setattr(system, "_run", counting)
    for k, job in enumerate(jobs):
        np.testing.assert_array_equal(simulate.run_row(base, job), alone[k], err_msg=str(job))
    # all of the first row; nothing of the second, which is only valued otherwise; of the third the scenario with levers
    assert run_months == [45, 24, 24, 24, *[45, 24, 24] * 3]


def test_a_row_of_evidence_is_recorded_with_its_own_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes are worked out from the row's evidence, not from central values: the record says what was replaced."""
    from sim.outcomes.ledgers import Values
    from sim.sweeps import simulate
    from sim.sweeps.base import Job

    plan = compose.plan(
        "sweep", ["place=toy", "policy_start=2024-04", "start=2024-04"], scenarios=["baseline"], years=1, scale=0.02
    )  # fmt: skip
    base = from_plan(plan, {**GIVEN, "outcomes": ["months_gp_over"]}).base
    seen: list[RunRecord] = []
    original = simulate.outcomes

    def listening(records: list[RunRecord], *others: Any) -> NDArray[np.float64]:
        seen.extend(records)
        return original(records, *others)

    monkeypatch.setattr(simulate, "outcomes", listening)
    simulate.run_row(base, Job(b"", 0, 1, {"care.gp_unmet_share": 0.3}))
    assert Values.of_run(seen[0]).unmet_share == 0.3


NUMBERS = """name,value,unit,low,high,distribution,null,direction,source,grade,transfer,note
walks.uptake,0.05,share a year,0.01,0.12,beta,,higher = more,my own guess,judgement,,
"""


def test_a_sweep_with_a_folder_of_ones_own_goes_on_without_naming_it_again(
    tmp_path: Path, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SweepResults, "_page", lambda *_: None)  # tried elsewhere
    mine = tmp_path / "mine"
    (mine / "evidence" / "parameters").mkdir(parents=True)
    (mine / "evidence" / "parameters" / "walks.csv").write_text(NUMBERS)
    plan = compose.plan(
        "sweep", ["place=toy"], [mine], ["baseline", "health_creation"], years=1, results=str(tmp_path / "results")
    )
    given = {**GIVEN, "n": 2, "factors": {"evidence": ["walks.uptake", "ties.lost_a_year", "ties.near_share"]}}
    found = run.sweep(from_plan(plan, given), engine=SERIAL, task=TASK)
    assert found is not None
    assert found.folder is not None
    assert str(mine) not in (found.folder / "config.yaml").read_text(), "what is sent on names no folders"
    again, before = folders.read(found.folder), found.experiment.base.hash
    assert again.plan.own == (str(mine.resolve()),)
    assert again.base.hash == before
    (mine / "evidence" / "parameters" / "walks.csv").write_text(NUMBERS.replace("0.12", "0.13"))
    assert folders.read(found.folder).base.hash != before


def test_a_second_stage_keeps_what_mattered_settings_too(
    tmp_path: Path, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ishigami's third factor alone does nothing, but with the first; the screening keeps the two largest effects."""
    monkeypatch.setattr(SweepResults, "_page", lambda *_: None)  # tried elsewhere
    found = sweep(tmp_path, design="morris", n=16, then={"design": "sobol", "n": 4, "keep": 2})
    assert found.experiment.name == "tiny_2"
    assert (found.design.method, found.design.n) == ("sobol", 4)
    first = folders.read(next(tmp_path.glob("results/*-sweep-tiny-*")))
    screened = run.sweep(replace(first, then=None), engine=SERIAL, task=TASK)
    assert screened is not None
    leaders = list(screened.indices("deaths").ranking()["factor"].head(2))
    assert set(found.design.groups) == set(leaders)
    assert first.second_size().endswith("up to 16 rows × 2 seeds = 32 runs more (then.n=… changes that)")
    for wrong in ({"n": 0}, {"keep": 0}, {"design": "fast"}):
        with pytest.raises(UserError, match=r"then\."):
            run.sweep(experiment(tmp_path, design="morris", then=wrong), engine=SERIAL)
