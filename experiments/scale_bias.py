"""How much do results at a small scale differ from those of everyone?

    python experiments/scale_bias.py place=toy years=2 small=0.5 runs=4

Runs the baseline with every resident and with a share of them, under the central evidence, and prints for each
headline the mean difference (bias) and the spread between seeds (chance), both in per cent. The defaults take about ten
minutes on two cores; what they gave is in docs/decisions/scale.md.
"""

from __future__ import annotations

import sys

import sim

MEASURES = (
    "gp_need", "gp_appointments", "unmet_need", "ed_attendances", "ed_over_4h_share", "emergency_admissions",
    "bed_occupancy", "waiting_list", "waiting_over_18w", "deaths", "multimorbid", "lonely",
)  # fmt: skip


def study(
    place: str = "north_mid_hampshire", years: int = 4, small: float = 0.1, runs: int = 4
) -> dict[str, list[float]]:
    """Mean of every complete reported year by measure: [value of everyone, bias in %, spread between seeds in %]."""
    everyone = sim.run("baseline", overrides=[f"place={place}"], years=years, scale=1, runs=1, seed=1)
    some = sim.run("baseline", overrides=[f"place={place}"], years=years, scale=small, runs=runs, seeds=runs, seed=1)
    found = {}
    for name in MEASURES:
        whole = float(everyone.values(name, "baseline").mean())
        by_seed = some.values(name, "baseline").mean(axis=1)
        found[name] = [whole, 100 * (by_seed.mean() / whole - 1), 100 * by_seed.std(ddof=1) / whole]
    return found


def main(words: list[str]) -> None:
    """Read key=value words, run, print."""
    given = dict(word.split("=", 1) for word in words)
    found = study(
        given.get("place", "north_mid_hampshire"),
        int(given.get("years", 4)),
        float(given.get("small", 0.1)),
        int(given.get("runs", 4)),
    )
    print(f"{'measure':<24}{'everyone':>14}{'bias %':>10}{'spread %':>10}")
    for name, (whole, bias, spread) in found.items():
        print(f"{name:<24}{whole:>14,.1f}{bias:>+10.2f}{spread:>10.2f}")
    worst = max(found, key=lambda name: abs(found[name][1]))
    print(f"Largest bias: {worst}, {found[worst][1]:+.1f} %; chance of the mean is about spread ÷ √runs.")


if __name__ == "__main__":
    main(sys.argv[1:])
