"""The worked examples of docs/for-researchers.md, run as they stand; and what is said when they are got wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

TEXT = (Path(__file__).parents[2] / "docs" / "for-researchers.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`(mine/[^`]+)`:?\n\n```\w+\n(.*?)^```", TEXT, flags=re.M | re.S))
SMALL = "place=toy scale=0.02 years=1 runs=1"


def write(folder: Path, *names: str, **instead: str) -> None:
    for name in names or FILES:
        text = FILES[name]
        for old, new in instead.items():
            text = text.replace(old, new)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def headwater(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *words], cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )


def section(title: str) -> tuple[list[str], list[str]]:
    """The files of a section, and the commands at its end."""
    text = TEXT.split(f"## {title}\n")[1].split("\n## ")[0]
    files = [name for name in FILES if re.search(rf"`{re.escape(name)}`:?\n\n```", text)]
    commands = [line for line in text.splitlines() if line.startswith("headwater ")]
    return files, commands


def results(folder: Path) -> list[Path]:
    return sorted((file.parent for file in folder.glob("results/*/metadata.json")), key=lambda it: it.name)


def test_a_lever_of_ones_own(tmp_path: Path) -> None:
    from sim import Results

    files, (compare,) = section("A lever of your own")
    assert len(files) == 2
    write(tmp_path, *files)
    done = headwater(*compare.replace("years=5", "years=2").split()[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = results(tmp_path)
    read = Results.load(folder)
    assert read.scenarios == ("baseline", "walking")
    record, base = read.record("walking"), read.record("baseline")
    spent = record.lever_spend["walking_groups"].sum()
    assert spent > 0
    moved = {line: record.spend[line].sum() - base.spend[line].sum() for line in record.spend}
    assert sum(moved.values()) == pytest.approx(0, abs=1), "what the lever spends comes from other lines"
    assert moved["health_creation"] == pytest.approx(spent, rel=1e-6)
    assert moved["acute_emergency"] < 0
    assert "own configuration" in json.loads((folder / "metadata.json").read_text())["hashes"]


@pytest.mark.slow
def test_a_condition_of_ones_own(tmp_path: Path) -> None:
    from sim import Results

    files, (compare,) = section("A condition of your own")
    assert len(files) == 9
    write(tmp_path)
    done = headwater(*compare.split()[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = results(tmp_path)
    record = Results.load(folder).record("baseline")
    assert record.conditions["gout"] == "gout"
    name = next(each for each in record.measures if each.startswith("gout"))
    residents = record.months("residents")[0]
    share = record.months(name)[0] / residents
    four_deviations = 4 * (0.0249 / (residents * 0.1)) ** 0.5  # the town is simulated at a tenth
    assert 0 < share < 0.0249 + four_deviations
    assert four_deviations < 0.03


MISTAKES = [
    ("mine/levers/walking_groups.yaml", "rate: become_active", "rate: become_actve",
     "walking_groups.yaml: acts_on[0].rate: there is no process called 'become_actve'; did you mean become_active?"),
    ("mine/levers/walking_groups.yaml", "and inactive and", "and inactve and",
     "there is no state called 'inactve'; did you mean inactive?"),
    ("mine/levers/walking_groups.yaml", "line: health_creation", "line: helth_creation",
     "walking_groups.yaml: line: there is no budget line called 'helth_creation'; did you mean health_creation?"),
    ("mine/levers/walking_groups.yaml", "rate: become_active\n    add_probability",
     "pathway: mental_helth\n    step: mental_health\n    what: share\n    ratio",
     "acts_on[0].pathway: there is no kind of need called 'mental_helth'; did you mean mental_health?"),
    ("mine/levers/walking_groups.yaml", "ramp_months: levers.physical_activity", "ramp_months: levers.physical_activty",
     "there is no parameter in the evidence called 'levers.physical_activty.ramp_months'; did you mean"),
    ("mine/levers/walking_groups.yaml", "label:", "lable:", "walking_groups.yaml: lable: there is no key"),
    ("mine/levers/walking_groups.yaml", ' "null": 0,', "",
     'extra_active is judged and has no null, the value that means no effect'),
    ("mine/scenario/walking.yaml", "amount: 0.1, from: acute", "amount: 60, from: acute",
     "mine/scenario/walking.yaml, line 4: levers.walking_groups.from: asks acute_emergency for £"),
    ("mine/scenario/walking.yaml", "amount: 0.1", "amount: 120", "levers.walking_groups.amount: 120 % is above 100 %."),
    ("mine/scenario/walking.yaml", "from: acute", "from: {general_practice: 60, community: 50}",
     "levers.walking_groups.from: the shares come to 110 %, not 100 %."),
    ("mine/scenario/walking.yaml", "from: acute", "from: [acute, outpatient]",
     "levers.walking_groups.from: outpatient pays twice: it is part of acute."),
    ("mine/scenario/walking.yaml", "from: acute", "from: [community, community]",
     "levers.walking_groups.from: community pays twice."),
    ("mine/scenario/walking.yaml", "where_energy}", "where_energy}\n  walking_groups: 0.1",
     "mine/scenario/walking.yaml, line 5: walking_groups stands in line 4 already."),
    ("mine/scenario/walking.yaml", "where_energy}", "where_energy}\n  link_workers: {amount: 99.95, from: new}",
     "their amounts come to 100.05 % of the NHS lines' total, above 100 %."),
    ("mine/scenario/walking.yaml", "rollout: where_energy}", "rollout: lern}",
     "mine/scenario/walking.yaml, line 4: levers.walking_groups.rollout: there is no roll-out called 'lern'"),
    ("mine/conditions/gout.yaml", "order: 20", "order: late",
     "conditions/gout.yaml: order: must be a whole number, not 'late'."),
    ("mine/conditions/gout.yaml", "recovers:", "recover:", "there is no key called 'recover'; did you mean recovers?"),
    ("mine/conditions/gout.yaml", "label: Gout", "label: [Gout",
     "conditions/gout.yaml, line 2, column 12: not valid YAML"),
    ("mine/conditions/gout.yaml", "recovers:", "replaces: gout\nrecovers:", "a condition cannot depend on itself."),
    ("mine/evidence/tables/relative_risk_condition.csv", "heart_failure,gout", "gout,gout",
     "relative_risk_condition.csv: gout raises the risk of gout: a condition cannot depend on itself."),
    ("mine/evidence/tables/relative_risk_condition.csv", "heart_failure,gout", "hart_failure,gout",
     "condition_from: there is no condition called 'hart_failure'; did you mean heart_failure?"),
    ("mine/evidence/tables/mortality_hr.csv", "gout,1.1", "goat,1.1",
     "mortality_hr.csv: condition: there is no condition called 'goat'; did you mean gout?"),
    ("mine/evidence/tables/prevalence_gradient.csv", "gout,10,1\n", "",
     "prevalence_gradient.csv: the condition gout has no row for decile 10."),
    ("mine/evidence/tables/prevalence_gradient.csv", "# grade: judgement\n", "",
     "prevalence_gradient.csv: say where its rows come from"),
    ("mine/evidence/tables/incidence_level.csv", "gout,0.00177", "chd,0.00177",
     "incidence_level.csv: the row of condition chd"),
    ("mine/evidence/tables/incidence_level.csv", "condition,value,low,high", "condition,value,high,low",
     "incidence_level.csv: its columns must be condition,value,low,high,source,grade."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "sentence"), MISTAKES, ids=[f"{m[0][5:]} {m[2][:9]}" for m in MISTAKES])
def test_mistakes_name_file_and_key(name: str, old: str, new: str, sentence: str, tmp_path: Path) -> None:
    write(tmp_path)
    assert old in FILES[name], "the example still says so"
    (tmp_path / name).write_text(FILES[name].replace(old, new), encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    words = f"compare --config-dir mine scenarios=[baseline,walking] {SMALL}"
    done = headwater(*words.split(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before, "nothing is written"


def test_a_name_that_is_shipped_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    for group, name, what in (("levers", "link_workers", "shipped lever"), ("conditions", "chd", "this name already")):
        file = next((tmp_path / "mine" / group).glob("*.yaml"))
        other = file.rename(file.with_name(f"{name}.yaml"))
        done = headwater(*f"compare --config-dir mine scenarios=[baseline] {SMALL}".split(), cwd=tmp_path)
        assert done.returncode == 2
        assert what in done.stderr
        other.rename(file)


@pytest.mark.parametrize("words", ["run", "compare", "sweep experiment=screen n=2 factors.evidence=[ties,wellbeing]"])
def test_a_mistake_in_a_pathway_is_answered_before_anything_runs(words: str, tmp_path: Path) -> None:
    from sim import paths

    text = (paths.configs() / "pathways" / "mental_health.yaml").read_text()
    wrong = text.replace("lost: pathways.handoff_lost", "lost: pathways.handof_lost")
    assert wrong != text
    (tmp_path / "mine" / "pathways").mkdir(parents=True)
    (tmp_path / "mine" / "pathways" / "mental_health.yaml").write_text(wrong)
    small = SMALL.replace("runs=1", "seeds=1" if words.startswith("sweep") else "runs=1")
    done = headwater(*f"{words} --config-dir mine {small}".split(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        "pathways/mental_health.yaml: mental_health.lost: there is no parameter called 'pathways.handof_lost'; "
        "did you mean pathways.handoff_lost?\n"
    )
    assert done.stdout == ""
    assert [each.name for each in tmp_path.iterdir()] == ["mine"], "nothing is written"


def test_what_a_lever_of_ones_own_brings_is_explained(tmp_path: Path) -> None:
    write(tmp_path)
    done = headwater("explain", "levers.walking_groups.uptake", "--config-dir", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("levers.walking_groups.uptake = 0.05 share of the eligible a year\n")
    assert re.search(r"^  stands in +mine/levers/walking_groups.yaml$", done.stdout, flags=re.M)


def test_a_circle_of_conditions_is_refused() -> None:
    from sim.life.condition_checks import in_a_circle

    assert in_a_circle({"a": "b", "b": "", "c": "a"}) == []
    (sentence,) = in_a_circle({"a": "b", "b": "c", "c": "a", "d": "a"})
    assert sentence == (
        "conditions/a.yaml: replaces: a replaces b replaces c replaces a: a condition cannot depend on itself."
    )
    (sentence,) = in_a_circle({"a": "a"})
    assert "a replaces a" in sentence


def test_shipped_conditions_have_their_evidence() -> None:
    from sim.evidence import load
    from sim.life import condition_checks, conditions

    every = conditions.shipped()
    tables = {name: table.rows for name, table in load().tables.items()}
    assert condition_checks.of_evidence(every, tables) == []


def test_a_pilot_larger_than_the_place_is_refused(tmp_path: Path) -> None:
    from sim import paths

    write(tmp_path)
    learn = (paths.configs() / "rollout" / "learn.yaml").read_text()
    text = re.sub(r"units: .*", "units: 500", learn)
    assert text != learn
    (tmp_path / "mine" / "rollout").mkdir()
    (tmp_path / "mine" / "rollout" / "big.yaml").write_text(text)
    scenario = tmp_path / "mine" / "scenario" / "walking.yaml"
    scenario.write_text(scenario.read_text().replace("rollout: where_energy", "rollout: big"))
    done = headwater(*f"run --config-dir mine scenario=walking {SMALL}".split(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "(big.yaml, pilot.units): 500 neighbourhoods" in done.stderr
    assert "are more than the" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_rerun_asks_for_the_folder_that_the_run_used(tmp_path: Path) -> None:
    write(tmp_path)
    words = f"run --config-dir mine scenario=walking {SMALL} workers=1".split()
    assert headwater(*words, cwd=tmp_path).returncode == 0
    done = headwater("rerun", "results/latest", "workers=1", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "That run used a folder of configuration of your own; give it again: --config-dir mine/\n"
    done = headwater("rerun", "results/latest", "workers=1", "--config-dir", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Identical: all 1 runs gave the same numbers" in done.stdout


@pytest.mark.slow
def test_the_python_of_sweeps_and_what_it_leaves(tmp_path: Path) -> None:
    from sim import Results
    from sim.errors import UserError

    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.M | re.S)
    shown = {"import sweep": "ties", "SweepResults.load": "<sweep screen: ", "runs.parquet": "ties"}
    for word, said in shown.items():
        code = next(block for block in blocks if word in block)
        (tmp_path / "reader.py").write_text(code, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "reader.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
    (folder,) = tmp_path.glob("results/*-sweep-*/")
    told = (Path(__file__).parents[2] / "results" / "README.md").read_text("utf-8").split("## What a sweep leaves")[1]
    named = re.findall(r"^\| (`[^|]*) \|", told, flags=re.M)
    assert {file.name for file in folder.iterdir()} <= {name.strip("`/") for one in named for name in one.split(", ")}
    for name in ("indices.csv", "convergence.csv", "failed.csv"):
        (line,) = [line for line in told.splitlines() if line.startswith(f"| `{name}`")]
        for column in (folder / name).read_text("utf-8").splitlines()[0].split(","):
            assert f"`{column}`" in line, column
    with pytest.raises(UserError, match=r"is the folder of a sweep, not of a run: SweepResults\.load reads it"):
        Results.load(folder)
    (folder / "runs.parquet").unlink()
    with pytest.raises(UserError, match="a sweep that has not finished"):
        Results.load(folder)
