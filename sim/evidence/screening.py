"""How much judged numbers move the headline outcomes, subject by subject: a table that a small screening left.

``screening.csv`` is made by ``python -m sim.studies.screening`` (a Morris screening in which the judged numbers of a
subject move together). Lines ``# key: value`` at its top say from what. It only orders lists; no run reads it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import UserError
from sim.evidence.registry import Registry

FILE = Path(__file__).parent / "screening.csv"
SUBJECT, MEAN = "subject", "mean"
NEVER = ("checks", "validation")
"""Subjects that no run reads: what the model is compared with."""


@dataclass(frozen=True)
class Screening:
    """What a screening found.

    about: what the file says of itself; score: by subject, the mean over outcomes of its mean absolute effect (Morris's
    μ*) as a share of the largest subject's; by_outcome: these shares, subject → outcome.
    """

    about: Mapping[str, str]
    score: Mapping[str, float]
    by_outcome: Mapping[str, Mapping[str, float]]

    @property
    def largest(self) -> list[tuple[str, str]]:
        """Each outcome with the subject that moves it most."""
        outcomes = list(next(iter(self.by_outcome.values()), {}))
        return [(each, max(self.by_outcome, key=lambda one: self.by_outcome[one][each])) for each in outcomes]


def judged(registry: Registry) -> list[str]:
    """Parameters and tables that rest on judgement, have an interval and may be read in a run."""
    from sim.sweeps.factors import uncertain

    names = [each.name for each in registry.values() if each.grade == "judgement" and uncertain(each)]
    names += [name for name, it in registry.tables.items() if it.about.get("grade") == "judgement" and it.uncertain]
    return [name for name in names if name.partition(".")[0] not in NEVER]


def read(path: Path | None = None) -> Screening | None:
    """The shipped table or another, None where there is none. Raises `UserError` for a file that is no such table."""
    path = path or FILE
    if not path.is_file():
        return None
    about: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    while lines and lines[0].startswith("#"):
        key, _, text = lines.pop(0).lstrip("# ").partition(":")
        about[key.strip()] = text.strip()
    try:
        rows = list(csv.DictReader(lines))
        score = {row[SUBJECT]: float(row[MEAN]) for row in rows}
        by_outcome = {row[SUBJECT]: {k: float(v) for k, v in row.items() if k not in (SUBJECT, MEAN)} for row in rows}
    except (KeyError, ValueError, TypeError):
        raise UserError(f"{path} is no table of a screening.") from None
    return Screening(about, score, by_outcome)


def write(path: Path, about: Mapping[str, str], effects: Mapping[str, Mapping[str, float]]) -> None:
    """Write a table that `read` reads, the subject that moves most first.

    effects: outcome → subject → μ*, in the outcome's own unit.
    """
    outcomes = list(effects)
    largest = {name: max(effects[name].values(), default=0.0) or 1.0 for name in outcomes}
    subjects: Sequence[str] = list(effects[outcomes[0]])
    shares = {each: [effects[name][each] / largest[name] for name in outcomes] for each in subjects}
    mean = {each: sum(found) / len(outcomes) for each, found in shares.items()}
    with path.open("w", encoding="utf-8", newline="") as text:
        text.writelines(f"# {key}: {words}\n" for key, words in about.items())
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([SUBJECT, MEAN, *outcomes])
        for each in sorted(subjects, key=lambda one: (-mean[one], one)):
            writer.writerow([each, f"{mean[each]:.3f}", *(f"{share:.3f}" for share in shares[each])])
