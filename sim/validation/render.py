"""The verdicts as text: what is tested, what was set, and the count that is the last line."""

from __future__ import annotations

from collections.abc import Sequence

from sim.validation.amounts import Tolerance
from sim.validation.grammar import Target
from sim.validation.simulate import LATER
from sim.validation.verdicts import HIT, Verdict, last_line

NAME, MODEL, OBSERVED = 58, 28, 22


def render(
    targets: Sequence[Target], verdicts: Sequence[Verdict], runs: int, by_authority: Sequence[Verdict] = ()
) -> str:
    """Everything that is printed, the last line being the count; by_authority: further rows, shown and not counted."""
    free = [verdict for verdict in verdicts if not verdict.target.by_construction]
    built = [verdict for verdict in verdicts if verdict.target.by_construction]
    lines = [f"Model: mean of {runs} run{'s' * (runs != 1)}, and within brackets 90 % of them."]
    if free:
        lines += ["", f"TESTED: not set from what they are tested with ({_hits(free)})", *_table(free)]
    if built:
        heading = f"BY CONSTRUCTION: set at the start from the same source ({_hits(built)})"
        lines += ["", heading, *_table(built)]
    if by_authority:
        heading = f"BY LOCAL AUTHORITY, beyond the table: shown and not counted ({_hits(by_authority)})"
        lines += ["", heading, *_table(by_authority)]
    absent = [target for target in targets if not target.measured]
    if absent:
        lines += ["", f"NOT IN THE MODEL, and not counted ({len(absent)})"]
        lines += [f"  {target.name}{': ' * bool(target.note)}{target.note}" for target in absent]
    lines += ["", *_sums(verdicts), last_line(verdicts)]
    return "\n".join(lines)


def _hits(verdicts: Sequence[Verdict]) -> str:
    return f"{sum(verdict.word == HIT for verdict in verdicts)} of {len(verdicts)} within tolerance"


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    lines = []
    for group in dict.fromkeys(verdict.target.group for verdict in verdicts):
        head = f"{group[:1].upper()}{group[1:]}"
        lines.append(f"{head:<{NAME + 2}} {'model':<{MODEL}} {'observed':<{OBSERVED}}")
        lines += [line for verdict in verdicts if verdict.target.group == group for line in _line(verdict)]
    return lines


def _line(verdict: Verdict) -> list[str]:
    target = verdict.target
    low, high = (number(end) for end in verdict.ends)
    model = f"{number(verdict.mean)} ({low} to {high})"
    observed = f"{number(target.value)} {_within(target.tolerance)}"
    unit = "" if target.unit.name in ("share", "ratio") else f" · {target.unit.name}"
    role = " · input" if target.role == "input" else ""
    lines = [f"  {target.name:<{NAME}} {model:<{MODEL}} {observed:<{OBSERVED}} {verdict.word}{unit}{role}"]
    if verdict.later:
        mean, expected = number(float(verdict.again.mean())), number(verdict.expected)
        text = f"after {LATER} years"
        lines.append(f"  {text:>{NAME}} {mean:<{MODEL}} {f'{expected} expected':<{OBSERVED}} {verdict.later}")
    if verdict.recording is not None and verdict.word != HIT:
        allowed = "which a difference in recording may be" if verdict.recorded_otherwise else "more than is allowed"
        lines.append(f"  {'':<{NAME}} the register holds {number(verdict.recording)} times the model's, {allowed}")
    return lines


def _sums(verdicts: Sequence[Verdict]) -> list[str]:
    lines = []
    again = [verdict for verdict in verdicts if verdict.later]
    if again:
        kept = sum(verdict.later == HIT for verdict in again)
        lines.append(
            f"{kept} of {len(again)} set by construction are within tolerance of their trend after {LATER} years "
            "(at the ages of the start)."
        )
    roles = (
        (role, [verdict for verdict in verdicts if verdict.target.role == role]) for role in ("fit", "check", "input")
    )
    counted = [f"{role} {sum(v.word == HIT for v in those)} of {len(those)}" for role, those in roles if those]
    if counted:
        lines.append(f"By role: {', '.join(counted)}.")
    recorded = sum(verdict.recorded_otherwise and verdict.word != HIT for verdict in verdicts)
    if recorded:
        lines.append(f"{recorded} of the misses are registers that recording alone may explain; they count as misses.")
    return lines


def _within(tolerance: Tolerance) -> str:
    if abs(tolerance.below - tolerance.above) < 1e-12:
        return f"± {number(tolerance.above)}"
    return f"−{number(tolerance.below)} +{number(tolerance.above)}"


def number(value: float) -> str:
    """About three figures, with thousands marked and a real minus sign."""
    if value != value:
        return "–"
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.1 or size == 0 else 4
    return f"{value:,.{decimals}f}".replace("-", "−")
