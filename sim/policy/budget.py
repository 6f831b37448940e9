"""The budget: what a place spends a year, by line, in pence of 2024/25; and how money is moved without losing any.

Lines are pounds a head (definitions and sums: docs/decisions/budget.md) times the residents of the place, and grow
with the volume of care that the system can afford, in constant prices. The NHS lines together are what an integrated
care board was allocated in 2024/25; "specialised and other" is what remains of it after the named lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.clock import MONTHS_A_YEAR, month_of
from sim.errors import UserError

NEW = "new"
PENCE = 100
PRICES_OF = "2024-04"
_FIRST_GROWTH = month_of(PRICES_OF)


@dataclass(frozen=True)
class Line:
    """A line of the budget.

    per_head: its parameter, £ a head a year (empty: what remains of the NHS total; nothing for new buildings);
    growth: its parameter, volume per year.
    """

    name: str
    label: str
    per_head: str
    growth: str
    nhs: bool = True


LINES = (
    Line("acute_emergency", "Hospital: emergency", "money.acute_emergency", "money.growth_hospital"),
    Line("acute_elective", "Hospital: planned", "money.acute_elective", "money.growth_hospital"),
    Line("outpatient", "Hospital: outpatients", "money.outpatient", "money.growth_hospital"),
    Line("general_practice", "General practice", "money.general_practice", "money.growth_general_practice"),
    Line("community", "Community health services", "money.community", "money.growth_other"),
    Line("mental_health", "Mental health", "money.mental_health", "money.growth_other"),
    Line("prescribing", "Prescribing", "money.prescribing", "money.growth_other"),
    Line("digital", "Digital", "money.digital", "money.growth_other"),
    Line("education_change", "Education and change", "money.education_change", "money.growth_other"),
    Line("specialised_other", "Specialised and other", "", "money.growth_other"),
    Line("public_health", "Council public health", "money.public_health", "money.growth_other", nhs=False),
    Line("adult_social_care", "Adult social care", "money.adult_social_care", "money.growth_other", nhs=False),
    Line("health_creation", "Community sector and health creation", "money.health_creation", "money.growth_other",
         nhs=False),
    Line("buildings", "New buildings and running them", "", "money.growth_other", nhs=False),
)  # fmt: skip
NAMES = tuple(line.name for line in LINES)
ACUTE = ("acute_emergency", "acute_elective", "outpatient")
OUT_OF_HOSPITAL = ("general_practice", "community", "mental_health")
REST, BUILDINGS = "specialised_other", "buildings"
INERT = ("prescribing", "digital", "education_change", "public_health", REST, BUILDINGS)
"""Lines with no capacity in the model: taking from them would look free, so they cannot pay."""
FELT = tuple(name for name in NAMES if name not in INERT)
"""Lines whose money makes a capacity in the model (`Commissioner.level`)."""
GROUPS: dict[str, tuple[str, ...]] = {"acute": ACUTE, "out_of_hospital": OUT_OF_HOSPITAL}
_BY_NAME = {line.name: line for line in LINES}


@dataclass(frozen=True)
class Budget:
    """One place's budget: pence a year by line (volume and prices of 2024/25), yearly growth by line, residents."""

    pence: Mapping[str, int]
    growth_rate: Mapping[str, float]
    residents: int

    @classmethod
    def from_evidence(cls, evidence: Mapping[str, float], residents: int) -> Budget:
        """The budget of a place of so many residents under one evidence draw.

        Raises `UserError` for no residents, or when the named NHS lines exceed the NHS total.
        """
        if residents <= 0:
            raise UserError("A budget needs residents: the place has none.")
        pence = {
            line.name: round(evidence[line.per_head] * residents * PENCE) for line in LINES if line.per_head
        }  # fmt: skip
        total = round(evidence["money.nhs_total"] * residents * PENCE)
        named = sum(pence[line.name] for line in LINES if line.nhs and line.per_head)
        rest = total - named
        if rest < 0:
            raise UserError(
                f"The named NHS lines come to £{named / PENCE / residents:,.0f} a head, more than the NHS total of "
                f"£{evidence['money.nhs_total']:,.0f}: correct the rows money.* of the evidence."
            )
        pence |= {REST: rest, BUILDINGS: 0}
        growth = {line.name: evidence[line.growth] for line in LINES}
        return cls({name: pence[name] for name in NAMES}, growth, residents)

    def growth(self, line: str, month: int) -> float:
        """Volume of a line in a month relative to 2024/25; exactly 1 before April 2024, whose activity is observed."""
        return grown(self.growth_rate[line], month)

    def month_pence(self, month: int) -> dict[str, int]:
        """What each line has in one month before any policy, in pence."""
        rates = self.growth_rate
        volume = {rate: grown(rate, month) for rate in set(rates.values())}  # lines share a few rates
        return {name: round(self.pence[name] * volume[rates[name]] / MONTHS_A_YEAR) for name in NAMES}


def grown(rate: float, month: int) -> float:
    """Volume in a month relative to 2024/25 of what grows by so much a year."""
    return float((1.0 + rate) ** (max(0, month - _FIRST_GROWTH) / MONTHS_A_YEAR))


def nhs_total(pence: Mapping[str, int]) -> int:
    """The NHS lines' total: what "per cent" always means here."""
    return sum(pence[line.name] for line in LINES if line.nhs)


def share(amount: int, payers: Sequence[tuple[str, float | None]], pence: Mapping[str, int]) -> dict[str, int]:
    """Who pays how much of an amount (pence), exactly. Payers without a share pay in proportion to their line.

    payers: (line or "new", share or None), all with a share or all without. Raises `UserError` when a line would be
    asked for more than it has.
    """
    names = [name for name, _ in payers]
    if len(names) == 1:
        paid = {names[0]: amount}
    elif payers[0][1] is not None:
        paid = dict(zip(names, divide(amount, [round((part or 0.0) * 1_000_000) for _, part in payers]), strict=True))
    else:
        paid = dict(zip(names, divide(amount, [pence.get(name, 1) for name in names]), strict=True))
    for name, part in paid.items():
        if name != NEW and part > pence[name]:
            raise UserError(
                f"The line {name} is asked to pay £{part / PENCE:,.0f} in a month and has £{pence[name] / PENCE:,.0f}."
            )
    return paid


def divide(total: int, keys: list[int]) -> list[int]:
    """A whole amount divided in proportion to whole keys: floors, and the rest to the largest remainders.

    Ties go to the earlier entry. The parts sum to `total` exactly; with all keys 0 the first gets everything.
    """
    whole = sum(keys)
    if whole == 0:
        keys, whole = [1, *keys[1:]], 1
    parts = [total * key // whole for key in keys]
    largest = sorted(range(len(keys)), key=lambda k: -(total * keys[k] % whole))
    for k in largest[: total - sum(parts)]:
        parts[k] += 1
    return parts


def is_nhs(line: str) -> bool:
    """Whether a line belongs to the NHS total."""
    return _BY_NAME[line].nhs
