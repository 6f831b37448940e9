"""The accounts of teams outside practice and hospital: every referral is somewhere; flows beside published ones."""

from __future__ import annotations

from sim.care.identity import EXACT, Identity, Year, within

WORDS = {
    "community": "community referrals", "mental_health": "mental health referrals",
    "social_care": "requests for social care", "vcse": "referrals to link workers",
}  # fmt: skip
ARRIVED = (("referred", 1), ("lost", -1))
LEFT_QUEUE = ("begun", "withdrawn", "worsened", "left_waiting")
LEFT_CARE = ("ended", "left_care")


def teams(year: Year) -> list[Identity]:
    """Needs with other teams: waiting and in care, month by month; referrals a head beside the published ones."""
    m, whole = year.m, year.m.scale
    waiting = _carried(year, "waiting", ARRIVED, LEFT_QUEUE)
    care = _carried(year, "in_care", (("begun", 1),), LEFT_CARE)
    found = [
        Identity("other teams", "waiting = before + arrived − begun − withdrawn − left", waiting[0] / whole,
                 waiting[1] / whole, "needs, every month", allowed=EXACT, gap=waiting[2] / whole),
        Identity("other teams", "in care = before + begun − ended − left", care[0] / whole, care[1] / whole,
                 "needs, every month", allowed=EXACT, gap=care[2] / whole),
    ]  # fmt: skip
    residents = year.mean("residents")
    for team, words in WORDS.items():
        count = year.total(f"needs_referred_{team}")
        published = m.evidence[f"teams.referrals_{team}"]
        found.append(
            Identity("other teams", words, 1000 * count / max(residents, 1.0), published, "per 1,000 a year",
                     must=False, allowed=within(count), note="right: England")
        )  # fmt: skip
    return found


def _carried(
    year: Year, stock: str, came: tuple[tuple[str, int], ...], went: tuple[str, ...]
) -> tuple[float, float, float]:
    """A stock's closing and what it must be, summed over the months, and the largest gap of any month."""
    of = year.m.care.ledger.of
    months = range(max(year.first, year.m.care.ledger.months[0] + 1), year.last + 1)
    closing = [of(f"needs_{stock}", month) for month in months]
    must_be = [
        of(f"needs_{stock}", month - 1)
        + sum(sign * of(f"needs_{name}", month) for name, sign in came)
        - sum(of(f"needs_{name}", month) for name in went)
        for month in months
    ]
    gap = max((abs(a - b) for a, b in zip(closing, must_be, strict=True)), default=0.0)
    return sum(closing), sum(must_be), gap
