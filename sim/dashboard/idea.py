"""The scenario being composed: which levers, how much, who pays, how it spreads, how fast; and its YAML file.

What is not chosen stays as it is in the shipped scenario one starts from, so that an idea of which nothing was changed
is that scenario, number for number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from sim import paths
from sim.policy import levers
from sim.policy.budget import FELT, LINES, NEW
from sim.policy.levers import PERCENT
from sim.policy.rollout import BY_NEED, BY_RISK, EVERYWHERE, WHERE_ENERGY
from sim.policy.scenario import Scenario, scenario_from_mapping
from sim.report.words import join
from sim.yaml_file import read_yaml

AS_IT_IS = "as in the scenario"
NOTHING = "nothing"
LONGEST_NAME = 40
NO_NAMES = ("null", "true", "false", "inf", "nan", "con", "prn", "aux", "nul")
"""What means something else on the command line, or as the name of a file."""
DECIMALS = 4
OWN_SHARES = "shares"
PAYERS = {
    AS_IT_IS: "Unchanged",
    "acute": "The hospital lines, in proportion to their size",
    "out_of_hospital": "General practice, community and mental health",
    NEW: "New money",
    OWN_SHARES: "Shares that I choose",
}
ROLLOUTS = {
    AS_IT_IS: "Unchanged",
    BY_NEED: "More where deprivation is greater",
    EVERYWHERE: "The same pounds for every resident",
    WHERE_ENERGY: "Where there is energy",
    BY_RISK: "To people at high risk, wherever they live",
    "learn": "Pilot first, measure, then scale or stop",
}
SIZES: dict[str, tuple[str, float, int]] = {
    "glance": ("A glance: 1 resident in 20, one run; no direction is claimed", 0.05, 1),
    "quick": ("A quick look: 1 resident in 10, 6 runs", 0.1, 6),
    "whole": ("Everybody, 6 runs: minutes in toy town, elsewhere hours", 1.0, 6),
}
USUAL = "quick"
NOT_BESIDE = {"without_judged": False, "explorer": False}
"""What a comparison also runs for its report: here amounts are chosen one by one, and somebody waits."""
CAN_PAY = {**{line.name: line.label for line in LINES if line.name in FELT}, NEW: "New money"}


@dataclass(frozen=True)
class Idea:
    """What was chosen. base: the scenario one starts from; amounts: by lever (a lever of the base that is missing was
    taken out); payers, rollout, years, start: for all levers, None where they stay as they are."""

    base: str
    label: str = "My idea"
    amounts: Mapping[str, float] = field(default_factory=dict)
    payers: str | Mapping[str, float] | None = None
    rollout: str | None = None
    years: int | None = None
    start: str | None = None

    @property
    def name(self) -> str:
        """Its name as a file: letters, digits and underscores, never that of a shipped scenario."""
        text = re.sub(r"[^a-z0-9]+", "_", self.label.lower()).strip("_")[:LONGEST_NAME].strip("_") or "my_idea"
        text = text if text[0].isalpha() and text not in NO_NAMES else f"idea_{text}"
        return f"my_{text}" if text in paths.names("scenario") else text

    @property
    def title(self) -> str:
        """Its name for people, never that of a shipped scenario: the two may stand in one picture."""
        text = self.label.strip() or "My idea"
        taken = {str(given(name)["label"]).casefold() for name in paths.names("scenario")}
        return f"{text} (mine)" if text.casefold() in taken else text

    def mapping(self) -> dict[str, Any]:
        """The scenario as its file says it."""
        uses = {name: self._use(name, amount) for name, amount in self.amounts.items() if amount > 0}
        return {"label": self.title, "description": self.described(), "levers": uses}

    def _use(self, name: str, amount: float) -> dict[str, Any]:
        """What is said of one lever: what the base says, and what was chosen for all."""
        use: dict[str, Any] = {**uses_of(self.base).get(name, {"from": "acute"}), "amount": amount}
        lever = levers.load(name)
        if self.payers is not None:
            use["from"] = dict(self.payers) if isinstance(self.payers, Mapping) else self.payers
        if self.rollout is not None and lever.unit == PERCENT:
            use.pop("rollout", None)
            if lever.looks_around:  # only what is bought for people or neighbourhoods can be spread
                use["rollout"] = self.rollout
        if self.years is not None and lever.unit == PERCENT:
            use.pop("years", None), use.pop("first_share", None)
            if self.years > 1:
                use |= {"years": self.years, "first_share": round(1 / self.years, 3)}
        if self.start is not None and lever.unit == PERCENT:
            use["start"] = self.start
        return use

    def passed_by(self) -> list[str]:
        """What was chosen for all and does not reach some levers, in sentences."""
        chosen = [name for name, amount in self.amounts.items() if amount > 0]
        plans = [levers.load(name).label for name in chosen if levers.load(name).unit != PERCENT]
        other = [levers.load(name) for name in chosen if levers.load(name).unit == PERCENT]
        nowhere = [lever.label for lever in other if not lever.looks_around]
        said = []
        if plans and (self.rollout, self.years, self.start) != (None, None, None):
            said.append(f"{join(plans)}: a plan with a date of its own, which the scenario gives. Where it goes first, "
                        "how fast it reaches full size and when it starts do not move it.")  # fmt: skip
        if nowhere and self.rollout is not None:
            said.append(
                f"{join(nowhere)}: not bought for single people or neighbourhoods, so it goes to the whole place."
            )
        return said

    def described(self) -> str:
        """What it is, in words."""
        if dict(self.amounts) == {name: float(use["amount"]) for name, use in uses_of(self.base).items()} and (
            self.payers is None and self.rollout is None and self.years is None and self.start is None
        ):
            return " ".join(str(given(self.base)["description"]).split())
        said = [f"Composed on the dashboard, starting from {given(self.base)['label']}."]
        total = total_of(self.amounts)
        if total:
            said.append(f"{total:g} % of the NHS lines' total a year at full size.")
        return " ".join(said)

    def scenario(self) -> Scenario:
        """The scenario, checked. Raises `UserError`."""
        return scenario_from_mapping(self.mapping(), f"{self.name}.yaml")

    def request(self, place: str, years: int, size: str, others: Sequence[str] = ()) -> dict[str, Any]:
        """What is asked of a run (`jobs.start`): the scenario against the baseline, and shipped ones beside it."""
        _, scale, runs = SIZES[size]
        settings = {"place": place, "years": years, "scale": scale, "runs": runs, **NOT_BESIDE}
        return {"name": self.name, "scenario": self.mapping(), "others": list(others), "settings": settings}

    def yaml(self, command: str) -> str:
        """The file that the command line runs; command: what to type, as a comment."""
        head = f"# Save as mine/scenario/{self.name}.yaml, then type:\n#   {command}\n"
        return head + yaml.safe_dump(self.mapping(), sort_keys=False, allow_unicode=True, width=100)


def given(base: str) -> dict[str, Any]:
    """A shipped scenario as its file has it."""
    file = paths.config_file("scenario", base)
    return dict(read_yaml(file)) if file else {"label": base, "description": "", "levers": {}}


def uses_of(base: str) -> dict[str, dict[str, Any]]:
    """What a shipped scenario says of each of its levers."""
    return {name: dict(use) for name, use in (given(base).get("levers") or {}).items()}


def amounts_of(base: str) -> dict[str, float]:
    """How much of each lever a shipped scenario has."""
    return {name: float(use["amount"]) for name, use in uses_of(base).items()}


def total_of(amounts: Mapping[str, float]) -> float:
    """Per cent of the NHS lines' total that all levers together ask for; plans (a new hospital) are apart."""
    return round(sum(x for name, x in amounts.items() if levers.load(name).unit == PERCENT), DECIMALS)


def scaled(amounts: Mapping[str, float], total: float) -> dict[str, float]:
    """The same mix with another total; plans stay as they are."""
    before = total_of(amounts)
    if before <= 0:
        return dict(amounts)
    return {
        name: round(x * total / before, DECIMALS) if levers.load(name).unit == PERCENT else x
        for name, x in amounts.items()
    }
