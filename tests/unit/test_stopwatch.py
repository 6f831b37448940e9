"""Time on a machine that others slow down."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from sim.studies.stopwatch import Laps, Stopwatch, command, slowed, undisturbed, waited

pytestmark = pytest.mark.unit


def test_what_others_cost_is_taken_off() -> None:
    rng = np.random.default_rng(1)
    work, slow = rng.uniform(0.1, 0.2, (2, 60)), rng.choice([1.0, 1.0, 1.7], (2, 60))
    turns = [Laps(list(own * by), list(0.004 * by)) for own, by in zip(work, slow, strict=True)]
    for found, own in zip(undisturbed(turns), work, strict=True):
        assert found == pytest.approx(own)
    assert slowed(turns) == pytest.approx(slow.mean() - 1)


def test_nothing_is_added_where_the_loop_was_lucky() -> None:
    turns = [Laps([1.0] * 50, [0.003] + [0.004] * 49)]
    assert undisturbed(turns)[0].max() == 1.0


def test_a_lap_is_the_work_and_not_the_loop() -> None:
    watch = Stopwatch()
    for n in (10, 200_000):
        sum(range(n))
        watch.lap()
    laps = watch.laps()
    assert len(laps.took) == len(laps.loop) == 2
    assert 0 <= laps.took[0] < laps.took[1]
    assert min(laps.loop) > 0


def test_a_command_is_timed_as_it_ran_and_as_it_would_have_alone() -> None:
    found = waited([command([sys.executable, "-c", "import time; time.sleep(0.5)"])] * 2)
    assert found.took >= 0.5
    assert found.slowed >= 0
    assert found.undisturbed == pytest.approx(found.took / (1 + found.slowed))


def test_a_command_that_fails_is_not_timed() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        waited([command([sys.executable, "-c", "raise SystemExit(3)"])])
