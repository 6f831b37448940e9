"""The wheel, installed into an environment and an empty folder of its own, does what the checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.compat]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; what it depends on is borrowed from this one (the wheel comes first)."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = ["install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    there = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", there], check=True, capture_output=True, text=True).stdout.strip()
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site, "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    return python.parent


def ask(environment: Path, empty: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run([environment / "headwater", *words], cwd=empty, env=clean, capture_output=True, text=True)


def test_the_wheel_installs_one_name_and_carries_its_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"sim", "headwater"}
    for part in ("sim/configs/config.yaml", "sim/configs/scenario/baseline.yaml", "sim/evidence/parameters/",
                 "sim/evidence/tables/", "sim/places/data/", "sim/report/templates/", "sim/py.typed"):  # fmt: skip
        assert any(name.startswith(part) for name in names), part
    assert not [name for name in names if "__pycache__" in name or name.endswith((".nbi", ".nbc"))]
    in_repo = {p.relative_to(ROOT).as_posix() for p in (ROOT / "sim").rglob("*") if p.is_file()}
    left_out = {p for p in in_repo if "__pycache__" not in p} - set(names)
    assert not left_out, "files of the package that the wheel lacks"


def test_it_is_the_wheel_that_runs(environment: Path, tmp_path: Path) -> None:
    code = "import sim, sim.paths; print(sim.__file__, sim.paths.configs())"
    command = [environment / "python", "-c", code]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(ROOT) not in said.stdout


def test_help_and_configuration_in_an_empty_folder(environment: Path, tmp_path: Path) -> None:
    assert "headwater compare" in ask(environment, tmp_path).stdout
    shown = ask(environment, tmp_path, "run", "--cfg", "job", "scenario=health_creation")
    assert shown.returncode == 0, shown.stderr
    assert "label: North and mid Hampshire" in shown.stdout
    wrong = ask(environment, tmp_path, "run", "scenario=health_creatoin")
    assert wrong.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_comparison_in_an_empty_folder(environment: Path, tmp_path: Path) -> None:
    done = ask(
        environment, tmp_path, "compare", "place=toy", "years=1", "runs=2", "scenarios=[baseline,health_creation]"
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / (tmp_path / "results" / "latest").read_text().strip()
    assert {"report.html", "results.xlsx", "summary.csv", "config.yaml", "metadata.json"} <= {
        entry.name for entry in folder.iterdir()
    }
    again = ask(environment, tmp_path, "rerun", "results/latest")
    assert again.returncode == 0, again.stderr
    assert "Identical: all 4 runs" in again.stdout
