"""A folder of one's own whose name is mistaken is not passed over: its model would be the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import arguments, compose, own, paths
from sim.errors import UserError

pytestmark = pytest.mark.unit


def put(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    return folder / "mine"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pathway/mental_health.yaml", "pathways"),
        ("Pathways/mental_health.yaml", "pathways"),
        ("lever/walking_groups.yaml", "levers"),
        ("senario/walking.yaml", "scenario"),
        ("scenarios/walking.yaml", "scenario"),
        ("rollouts/learn_more.yml", "rollout"),
        ("condition/gout.yaml", "conditions"),
        ("experiments/ours.yaml", "experiment"),
        ("evidance/parameters/ours.csv", "evidence"),
        ("evidence/parameter/ours.csv", "parameters"),
        ("evidence/table/prevalence.csv", "tables"),
    ],
)
def test_a_folder_that_is_nearly_one_that_is_read_is_refused(name: str, meant: str, tmp_path: Path) -> None:
    mine = put(tmp_path, name)
    (sentence,) = own.misspelt(mine)
    inside, _, wrong = name.rpartition("/")[0].rpartition("/") if name.startswith("evidence/") else ("mine", "", "")
    assert sentence == (
        f"{inside}/{wrong or name.partition('/')[0]}: a folder of this name is not read; did you mean {meant}? "
        "If not, put an underscore before its name."
    )
    with pytest.raises(UserError) as typed:
        arguments.parse("run", ["--config-dir", str(mine)])
    assert str(typed.value) == f"--config-dir: {sentence}"
    with pytest.raises(UserError) as asked:
        compose.plan("compare", ["place=toy"], own=[mine])
    assert str(asked.value) == sentence


@pytest.mark.parametrize(
    "name",
    [
        "pathways/mental_health.yaml",
        "levers/walking_groups.yaml",
        "scenario/walking.yaml",
        "rollout/ours.yaml",
        "conditions/gout.yaml",
        "experiment/ours.yaml",
        "evidence/parameters/ours.csv",
        "evidence/tables/prevalence.csv",
        "evidence/sources/orrow.csv",
        "place/town.yaml",
        "places/town/areas.csv",
        "my_town/areas.csv",
        "targets/ours.csv",
        "README/readme.yaml",
        "data/ours.yaml",
        "notes/ours.yaml",
        "results/2026/config.yaml",
        "reviews/orrow.pdf",  # near "levers", but nothing in it could be one
        "_lever/walking_groups.yaml",
        ".lever/walking_groups.yaml",
        "levers.yaml",
    ],
)
def test_all_other_folders_are_let_be(name: str, tmp_path: Path) -> None:
    mine = put(tmp_path, name)
    assert own.misspelt(mine) == []
    assert arguments.parse("run", ["--config-dir", str(mine)]).own == [mine.resolve()]


def test_what_is_shipped_and_what_is_documented_is_let_be(tmp_path: Path) -> None:
    assert own.misspelt(paths.configs()) == []
    for page in ("for-researchers.md", "own-place.md"):
        text = (
            (Path(__file__).parents[2] / "docs" / page).read_text("utf-8").replace("(`mine/pathway/`) is refused", "")
        )
        told = {word.strip("`.,:;()") for word in text.split() if word.strip("`(").startswith("mine/")}
        files = [name if "." in name.rpartition("/")[2] else f"{name.rstrip('/')}/x.yaml" for name in told]
        assert len(files) > 5 or page == "own-place.md"
        put(tmp_path, *(name.removeprefix("mine/") for name in files))
    assert own.misspelt(tmp_path / "mine") == []


def test_several_are_told_together(tmp_path: Path) -> None:
    mine = put(tmp_path, "lever/a.yaml", "pathway/b.yaml", "levers/c.yaml")
    assert len(own.misspelt(mine)) == 2


def test_a_folder_of_the_wrong_level_and_a_file_of_the_wrong_ending_are_told(tmp_path: Path) -> None:
    mine = put(tmp_path, "pathways/mental_health.yaml", "scenario/walking.yml", "pathways/scenario/old.yaml")
    assert own.misspelt(mine) == ["scenario/walking.yml: is not read; files end in .yaml here."]
    assert own.misspelt(mine / "pathways") == [], "it holds folders that are looked for"
    assert own.misspelt(mine / "scenario") == [
        "scenario: this is one of the folders that are looked for in yours; give the one that holds it."
    ]
    with pytest.raises(UserError, match="give the one that holds it"):
        arguments.parse("run", ["--config-dir", str(mine / "scenario")])
