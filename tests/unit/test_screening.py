"""The table that says which judged numbers matter is read back as written, and orders what `explain` lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import UserError
from sim.evidence import load, screening
from sim.evidence.explain import explain
from sim.sweeps.factors import subject

pytestmark = pytest.mark.unit

EFFECTS = {
    "deaths": {"ties": 4.0, "care": 8.0, "wellbeing": 0.0},
    "gp_need": {"ties": 90.0, "care": 30.0, "wellbeing": 0.0},
}
ABOUT = {
    "made": "headwater x, python -m sim.studies.screening 2",
    "from": "a test: of nothing",
    "moved": "three numbers",
}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "screening.csv"
    screening.write(file, ABOUT, EFFECTS)
    monkeypatch.setattr(screening, "FILE", file)
    return file


def test_shares_of_the_largest_are_kept_with_where_they_come_from(made: Path) -> None:
    found = screening.read(made)
    assert found is not None
    assert found.about == ABOUT
    assert list(found.score) == ["ties", "care", "wellbeing"], (
        "the mean of 0.5 and 1 is more than that of 1 and a third"
    )
    assert found.score == pytest.approx({"ties": 0.75, "care": 2 / 3, "wellbeing": 0}, abs=5e-4)
    assert found.largest == [("deaths", "care"), ("gp_need", "ties")]


def test_the_weakest_are_listed_by_what_they_move(made: Path) -> None:
    lines = explain(weakest=True).splitlines()
    at = {
        word: next(i for i, line in enumerate(lines) if line.startswith(word))
        for word in ("ties (0.75)", "care (0.67)")
    }
    assert at["ties (0.75)"] < at["care (0.67)"] < lines.index("wellbeing (0.00)")
    assert lines.index("wellbeing (0.00)") < lines.index("managed (not in the screening)")
    text = " ".join(lines)
    assert "a test: of nothing" in text
    assert "python -m sim.studies.screening 2" in text
    judged = {each.name for each in load().values() if each.grade == "judgement"}
    listed = {line.split()[0] for line in lines if line.startswith("  ") and " = " in line}
    assert listed == judged, "each once, and nothing else"


def test_within_a_subject_the_widest_comes_first(made: Path) -> None:
    lines = explain(weakest=True).splitlines()
    start = lines.index("wellbeing (0.00)") + 1
    names = [line.split()[0] for line in lines[start : start + 3]]
    wide = [(one.high - one.low) / abs(one.value) for one in map(load().__getitem__, names)]  # type: ignore[operator]
    assert wide == sorted(wide, reverse=True)


def test_without_a_screening_the_widest_comes_first(made: Path) -> None:
    made.unlink()
    assert screening.read() is None
    assert "nobody has screened" in explain(weakest=True)


def test_a_file_that_is_no_screening_is_refused(made: Path) -> None:
    made.write_text("subject,mean\nties,much\n")
    with pytest.raises(UserError, match="no table of a screening"):
        screening.read()


def test_what_is_screened_rests_on_judgement_is_uncertain_and_is_read_in_runs() -> None:
    registry = load()
    names = screening.judged(registry)
    assert "wellbeing.waiting_effect" in names
    assert "mortality.hr_cap" not in names, "it is fixed"
    assert not any(name.startswith(("checks.", "validation.")) for name in names)
    assert all(registry[name].grade == "judgement" for name in names if name in registry)


def test_the_shipped_screening_is_of_subjects_that_there_are() -> None:
    shipped = screening.read()
    assert shipped is not None
    assert set(shipped.score) <= {subject(name) for name in screening.judged(load())}
    assert shipped.about["from"].startswith("Morris screening")
    assert max(shipped.score.values()) > 0
