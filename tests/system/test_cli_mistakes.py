"""What a person types wrong is answered in one clear sentence, at once, and nothing is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

HEAVY = ("numpy", "mesa", "hydra", "pandas", "matplotlib", "numba", "scipy", "SALib", "yaml")


def headwater(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *words], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


MISTAKES = [
    ("comapre", "There is no command called 'comapre'. Did you mean compare?"),
    ("place=toy", "Say first what to do, for example: headwater run place=toy"),
    ("scenaro=x", "There is no setting called 'scenaro'. Did you mean: headwater run scenario=x"),
    ("scenarioss=[a]", "Did you mean: headwater compare scenarios=[a]"),
    ("books=true", "Say first what to do, for example: headwater validate books=true"),
    ("health_creation", "Did you mean: headwater run scenario=health_creation"),
    ("run scenaro=x", "There is no setting called 'scenaro'. Did you mean scenario?"),
    ("run scenario=health_creatoin", "There is no scenario called 'health_creatoin'. Did you mean health_creation?"),
    ("compare scenarios=[baseline,new_hospitl]", "no scenario called 'new_hospitl'. Did you mean new_hospital?"),
    ("run place=toyy", "There is no place called 'toyy'."),
    ("run place=nowhere/", "place=nowhere/: the folder does not exist."),
    ("run levers.link_wrkers.amount=2", "There is no lever called 'link_wrkers'. Did you mean link_workers?"),
    ("run levers.link_workers.amont=2", "Did you mean amount?"),
    ("compare link_workers.levers.link_workers.amount=2", "There is no scenario called 'link_workers'."),
    ("run years=ten", "years is not a number: 'ten'."),
    ("run years=0", "years must be from 1 to 60 years, not 0."),
    ("run years=", "years is empty."),
    ("run start=2050-01", "start=2050-01 is after the end: the last month of the run is 2046-03."),
    ("run policy_start=april", "'april' is not a month; write it as YYYY-MM"),
    ("compare runs=7 seeds=2", "runs=7 cannot be shared out among seeds=2"),
    ("run -m years=3,99", "years must be from 1 to 60 years, not 99."),
    ("run scenario=baseline,new_hospital", "headwater compare scenarios=[baseline,new_hospital]"),
    ("run scenario baseline", "'scenario' needs a value: write scenario=baseline"),
    ("run --years=3", "settings are written without dashes, years=3"),
    ("run scenarios=[baseline]", "to compare several use headwater compare."),
    ("run --config-dir nowhere", "--config-dir: there is no folder 'nowhere'."),
    ("run --cfg jobs", "--cfg shows job, hydra or all, not 'jobs'."),
    ("explain", "Say what to explain, for example: headwater explain"),
    ("place chek folder", "Did you mean check?"),
    ("place check", "Give the folder"),
    ("place check nowhere", "There is no folder 'nowhere'."),
    ("report nowhere", "There is no finished run at 'nowhere'."),
    ("rerun .", "'.' is not the folder of a finished run"),
    ("report x years=3", "There is no setting called 'years'. Choose from: attribution."),
    ("validate targets=", "targets must be text"),
    ("validate strict=perhaps", "strict must be true or false, not 'perhaps'."),
    ("run years=[1", "years=[1: the bracket [ is not closed."),
    ("run years=1]", "years=1]: there is a ] without its [."),
    ("run scenario='baseline", "scenario='baseline: the quotation mark ' is not closed."),
    ("run seed=${x}", "seed=${x}: ${x} takes its value from 'x', which there is not."),
    ("run seed=${yeers}", "${yeers} takes its value from 'yeers', which there is not. Did you mean years?"),
    ("run years=${years}", "The configuration takes a value from itself"),
    ("run seed=${oc.env:NOT_SET_HERE}", "there is no environment variable called NOT_SET_HERE."),
    ("run seed=${env:X}", "There is no function called 'env'. Did you mean oc.env?"),
    ("run years=range(1,3)", "years=range(1,3) is several values; add -m to run once for each of them."),
    ("run years=3 years=4", "years is given twice: years=3 and years=4."),
    ("compare levers.link_workers.amount=1 levers.link_workers.amount=2", "levers.link_workers.amount is given twice"),
    ("run --info foo", "--info: There is no topic called 'foo'. Choose from: all, config, defaults"),
    ("run --infoo", "There is no option called '--infoo'. Did you mean --info?"),
    ("run -x", "There is no option called '-x'. Choose from: --help"),
    ("run --config-name mine", "--config-name: There is no configuration called 'mine'."),
    ("run hydra.foo=3", "There is no setting called 'hydra.foo'."),
    ("run hydra/launcher=foo", "There is no hydra launcher called 'foo'. Choose from: basic."),
    ("run scenario=foo(bar)", "'scenario=foo(bar)' cannot be read"),
    ("run place={a:1}", "place must be a name or a folder"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[words for words, _ in MISTAKES])
def test_one_clear_sentence(words: str, sentence: str, tmp_path: Path) -> None:
    done = headwater(*words.split(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_several_mistakes_are_listed_together(tmp_path: Path) -> None:
    done = headwater("run", "years=-3", "scale=abc", "scenaro=x", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "- years must be from 1 to 60 years, not -3.",
        "- scale is not a number: 'abc'.",
        "- There is no setting called 'scenaro'. Did you mean scenario?",
    ]


@pytest.mark.parametrize("words", ["", "--help", "compare --help", "run scenaro=x", "run years=-3", "--version"])
def test_help_and_mistakes_import_nothing_heavy(words: str, tmp_path: Path) -> None:
    code = "import sys; from sim.cli import main; main(sys.argv[1:]); print([m for m in %r if m in sys.modules])"
    command = [sys.executable, "-c", code % (HEAVY,), *words.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_bare_command_says_what_it_can_do(tmp_path: Path) -> None:
    done = headwater(cwd=tmp_path)
    assert done.returncode == 0
    assert "headwater compare" in done.stdout
    assert len([line for line in done.stdout.splitlines() if line.strip()]) == 10


def mine(folder: Path, name: str, text: str) -> None:
    file = folder / "mine" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


HEAD = "label: My idea\ndescription: Something else.\n"


@pytest.mark.parametrize(("name", "text", "sentence"), [
    ("scenario/idea.yaml", HEAD + "levers:\n  link_workers: {amount: 2\n",
     "mine/scenario/idea.yaml, line 5: not valid YAML"),
    ("scenario/idea.yaml", HEAD + "lever:\n  link_workers: 2\n",
     "mine/scenario/idea.yaml, line 3: There is no key called 'lever'. Did you mean levers?"),
    ("scenario/idea.yaml", HEAD + "levers:\n  link_wrkers: {amount: 2}\n",
     "mine/scenario/idea.yaml, line 4: There is no lever called 'link_wrkers'. Did you mean link_workers?"),
    ("scenario/idea.yaml", HEAD + "levers:\n  link_workers:\n    amuont: 2\n",
     "mine/scenario/idea.yaml, line 5: levers.link_workers: There is no key called 'amuont'. Did you mean amount?"),
    ("scenario/idea.yaml", HEAD + "levers:\n  link_workers:\n    amount: lots\n",
     "mine/scenario/idea.yaml, line 5: levers.link_workers.amount: is not a number"),
    ("scenario/idea.yaml", HEAD + "levers:\n  link_workers: {amount: 2, rollout: by_ned}\n", "did you mean by_need?"),
    ("scenario/idea.yaml", "", "mine/scenario/idea.yaml: the file is empty."),
    ("scenario/idea.yaml", "- a\n- b\n", "a scenario is a mapping of keys to values"),
    ("config.yaml", "yeers: 10\n", "mine/config.yaml, line 1: There is no setting called 'yeers'. Did you mean years?"),
    ("config.yaml", "\nyears: many\n", "mine/config.yaml, line 2: years is not a number: 'many'."),
    ("config.yaml", "years: 2\nevidence:\n  judge: false\n",
     "mine/config.yaml, line 3: There is no setting called 'evidence.judge'. Did you mean evidence.judged?"),
    ("config.yaml", "defaults: [nonsense]\n", "mine/config.yaml, line 1: defaults: There is no configuration called"),
    ("config.yaml", "seed: ${x}\n", "mine/config.yaml, line 1: seed=${x}: ${x} takes its value from 'x'"),
    ("scenario/idea.yaml", HEAD + "defaults: [health_craetion]\n",
     "mine/scenario/idea.yaml, line 3: defaults: There is no scenario called 'health_craetion'. Did you mean"),
    ("scenario/idea.yaml", HEAD + "levers:\n  link_workers: 1\n  link_workers: 2\n",
     "mine/scenario/idea.yaml, line 5: link_workers stands in line 4 already."),
    ("scenario/idea.yaml", HEAD + "levers:\n  link_workers: {amount: '${x}'}\n", "takes its value from 'x'"),
])  # fmt: skip
def test_mistakes_in_files_name_file_line_and_key(name: str, text: str, sentence: str, tmp_path: Path) -> None:
    mine(tmp_path, name, text)
    if name == "config.yaml":
        mine(tmp_path, "scenario/idea.yaml", HEAD + "levers: {}\n")
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "mine" / "town").mkdir()
    done = headwater("run", "scenario=idea", "--config-dir", "mine", "place=mine/town", cwd=tmp_path)
    (tmp_path / "mine" / "town").rmdir()
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before, "nothing is written"


def test_a_name_that_is_shipped_is_not_silently_ignored(tmp_path: Path) -> None:
    mine(tmp_path, "scenario/baseline.yaml", HEAD + "levers: {}\n")
    done = headwater("run", "--config-dir", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert "mine/scenario/baseline.yaml: a shipped scenario has this name too" in done.stderr


@pytest.mark.parametrize(("words", "shown"), [
    ("run --cfg job", "label: North and mid Hampshire"),
    ("run --cfg job years=7 scenario=new_hospital", "years: 7"),
    ("run --cfg job -p scenario scenario=idea --config-dir mine levers.link_workers.amount=9", "amount: 9"),
    ("run --info defaults", "| scenario/baseline"),
    ("run --hydra-help", "Hydra"),
])  # fmt: skip
def test_hydra_answers(words: str, shown: str, tmp_path: Path) -> None:
    mine(tmp_path, "scenario/idea.yaml", HEAD + "levers:\n  link_workers: {amount: 2}\n")
    done = headwater(*words.split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]


def test_a_configuration_of_ones_own_is_obeyed_and_what_is_typed_comes_first(tmp_path: Path) -> None:
    text = "defaults: [config]\nyears: 3\nseed: 7\nplace: toy\nstart: '2025-07'\nevidence: {judged: false}\n"
    mine(tmp_path, "config.yaml", text)
    mine(tmp_path, "other.yaml", text.replace("3", "9"))
    for name, years in (("config", 3), ("other", 9)):
        done = headwater(*f"run --cfg job --config-dir mine --config-name {name} seed=8".split(), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert {f"years: {years}", "seed: 8", "  label: Toy town (invented)", "  judged: false"} <= set(lines)


@pytest.mark.parametrize(("line", "offered"), [
    ("headwater com", ["compare"]),
    ("headwater run scenario=new", ["scenario=new_hospital"]),
    ("headwater compare scenarios=[baseline,empty", ["scenarios=[baseline,empty_the_bath"]),
    ("headwater run evidence", ["evidence.judged="]),
    ("headwater run evidence.judged=t", ["evidence.judged=true"]),
    ("headwater run levers.link", ["levers.link_workers.amount="]),
    ("headwater run levers.link_workers.f", ["levers.link_workers.from=", "levers.link_workers.first_share="]),
    ("headwater run levers.link_workers.from=acu", ["levers.link_workers.from=acute"] + [
        f"levers.link_workers.from=acute_{kind}" for kind in ("emergency", "elective")]),
    ("headwater run levers.link_workers.rollout=by_n", ["levers.link_workers.rollout=by_need"]),
    ("headwater compare new_hospital.levers.link", ["new_hospital.levers.link_workers.amount="]),
    ("headwater compare new_h", ["new_hospital.levers."]),
    ("headwater compare scenarios=[baseline,base", []),
    ("headwater run --cf", ["--cfg"]),
    ("headwater run --cfg j", ["job"]),
    ("headwater run --info defaults", ["defaults", "defaults-tree"]),
    ("headwater run place=to", ["place=toy"]),
    ("headwater place ch", ["check"]),
    ("headwater explain mortality.hr", ["mortality.hr_cap"]),
    ("headwater validate b", ["books=", "bounds="]),
    ("headwater validate books=", ["books=true", "books=false"]),
    ("headwater validate s", ["scale=", "seed=", "start=", "strict="]),
    ("headwater validate targets=", ["targets=mine/", "targets=results/"]),
    ("headwater rerun results/l", ["results/latest"]),
    ("headwater report results/2", [
        "results/2026-01-02-000000-attribute-0", "results/2026-01-01-000000-run-0"]),
    ("headwater report results/latest a", ["attribution="]),
    ("headwater report results/latest attribution=", ["attribution=results/2026-01-02-000000-attribute-0"]),
    ("headwater sweep st", ["status", "start="]),
    ("headwater sweep sha", ["shard="]),
    ("headwater sweep experiment=scr", ["experiment=screen", "experiment=screen_then_sobol"]),
    ("headwater sweep engine=s", ["engine=serial", "engine=submitit"]),
    ("headwater sweep engine.c", ["engine.cluster="]),
    ("headwater sweep resume r", ["results/latest", "results/2026-01-03-000000-sweep-screen-0"]),
    ("headwater sweep resume results/latest failed=", ["failed=true", "failed=false"]),
    ("headwater sweep status results/latest ", []),
    ("headwater place check m", ["mine/"]),
    ("headwater run --config-dir m", ["mine/"]),
    ("headwater run --config-dir mine scenario=id", ["scenario=idea"]),
])  # fmt: skip
def test_tab_completion(line: str, offered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.completion import candidates

    mine(tmp_path, "scenario/idea.yaml", HEAD)
    for name, holds in (("01-000000-run-0", "metadata.json"), ("02-000000-attribute-0", "metadata.json"),
                        ("03-000000-sweep-screen-0", "config.yaml")):  # fmt: skip
        run = tmp_path / "results" / f"2026-01-{name}"
        run.mkdir(parents=True)
        (run / holds).write_text("{}")
    (run.parent / "latest").write_text(run.name)
    monkeypatch.chdir(tmp_path)
    assert candidates(line) == offered


def test_python_m_sim_means_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sim", "scenario=health_creatoin"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean health_creation?" in done.stderr


@pytest.mark.parametrize("words", ["run", "compare", "sweep experiment=screen", "explain mortality.hr_cap"])
def test_a_misspelt_folder_of_ones_own_is_refused(words: str, tmp_path: Path) -> None:
    mine(tmp_path, "pathway/mental_health.yaml", "label: Mental health need\n")
    done = headwater(*words.split(), "--config-dir", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "--config-dir: mine/pathway: a folder of this name is not read; did you mean pathways? "
        "If not, put an underscore before its name.\n"
    )
    assert done.stdout == ""
    assert [each.name for each in tmp_path.iterdir()] == ["mine"], "nothing is written"
