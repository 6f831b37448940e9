"""Every shell line of the README is run as it stands, or is classed here with the reason why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

CLASSED = {
    "make run": "sets up an environment: dry run below",
    "make test": "this is what is running: dry run below",
    "make lint": "run by .ci/run: dry run below",
    "make test-all": "run by .ci/run: dry run below",
    "make bench": "minutes of measuring: dry run below",
    "make help": "run below",
    '.venv/bin/pip install -c constraints.txt -e ".[dashboard,office]"': "the tests run with both extras already",
    "headwater dashboard": "serves until it is stopped: tests/system/test_dashboard.py",
    ". .venv/bin/activate": "the tests run inside the environment already",
}
SHORTENED = {
    "headwater compare scale=1 runs=32": "headwater compare scale=0.02 runs=2 years=1 scenarios=baseline,new_hospital",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.M | re.S)


LINES = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]


def test_every_block_has_a_known_language() -> None:
    assert set(re.findall(r"^```(\w*)", TEXT, flags=re.M)) == {"sh", "bat", "yaml", "python", ""}


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("make")])
def test_make_lines(line: str) -> None:
    assert line in CLASSED
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    target = line.removeprefix("make ").strip()
    command = [make, "-n", "--no-print-directory", target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if target == "run":
        assert done.stdout.rstrip().endswith("headwater compare")


def test_the_lines_for_windows_say_the_same() -> None:
    (lines,) = blocks("bat")
    made = (ROOT / "Makefile").read_text()
    assert 'pip install -c constraints.txt -e ".[dev]"' in lines
    assert "headwater compare" in lines
    assert 'pytest -q -m "not slow"' in lines
    assert '-m "not slow"' in made


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder with what a reader of the README has made by then."""
    out = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "sim" / "places" / "data" / "toy", out / "sim" / "places" / "data" / "toy")
    for block in blocks("yaml"):
        name = block.splitlines()[0].removeprefix("# ")
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(block)
    return out


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in LINES if line not in CLASSED])
def test_shell_lines(line: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-c", SHORTENED.get(line, line)]
    here = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=folder, env=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_python_of_the_readme(folder: Path) -> None:
    (code,) = blocks("python")
    script = folder / "reader.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert (folder / "summary.csv").is_file()
    assert (folder / "emergency_admissions.png").is_file()
