"""The description of the model says what the code and the configuration say."""

from __future__ import annotations

import pytest

from sim import odd, schedule

pytestmark = pytest.mark.unit


def test_the_tables_of_the_description_are_those_of_the_code() -> None:
    text = odd.DOCUMENT.read_text(encoding="utf-8")
    made = odd.filled(text)
    differing = [new for old, new in zip(text.splitlines(), made.splitlines(), strict=False) if old != new][:3]
    assert text == made, f"docs/odd.md has drifted; run python -m sim.odd. First lines that differ: {differing}"
    for name in odd.TABLES:
        assert f"<!-- made: {name} -->" in text


def test_the_written_month_is_the_month_of_the_code() -> None:
    assert schedule.drift() == []


def test_calls_are_found_in_the_order_in_which_they_are_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
    def step(self):
        rows = demography.arrive(self)
        self.recorder.begin(self.month)
        emergency.admit(self, np.concatenate([rows, self.care.waiting.deteriorate()]))
        found = rows.copy()
    """
    assert schedule.calls_in(source) == ("demography.arrive", "self.care.waiting.deteriorate", "emergency.admit")


def test_a_call_that_is_not_written_down_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = schedule.calls_of_step()
    monkeypatch.setattr(schedule, "calls_of_step", lambda: (*real, "unmet.invented"))
    assert any("unmet.invented" in sentence for sentence in schedule.drift())
    monkeypatch.setattr(schedule, "calls_of_step", lambda: real[1:])
    assert any(real[0] in sentence for sentence in schedule.drift())
    monkeypatch.setattr(schedule, "calls_of_step", lambda: real[::-1])
    assert any("another order" in sentence for sentence in schedule.drift())
