"""Write a scenario in a few lines and compare it with the baseline, from a script or a notebook.

    python experiments/own_scenario.py

Moves two per cent of the NHS lines' total from the hospital to general practice in a toy town, and asks what happens
to unmet need and to the hospital's waiting list. Copy it and change it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import sim

SCENARIO = """
label: More general practice
description: Two per cent of the NHS lines' total moves from the hospital to general practice.
levers:
  more_gps:
    amount: 2
    from: acute
"""


def main(years: int = 5, runs: int = 4) -> sim.Results:
    """Compare, print the changes, and return the results."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scenario").mkdir()
        (Path(folder) / "scenario" / "more_gp.yaml").write_text(SCENARIO, encoding="utf-8")
        results = sim.compare(
            ["baseline", "more_gp"], overrides=["place=toy"], own=[folder], years=years, scale=1, runs=runs
        )
    for name in ("gp_appointments", "unmet_need", "waiting_list"):
        change = results.change(name, "more_gp")
        print(f"{change.measure.label}: {change.percent.mean:+.1f} % ({change.verdict})")
    return results


if __name__ == "__main__":
    main()
