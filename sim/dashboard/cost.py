"""What a scenario would cost, line by line, before anything runs: the same sums as the checks before a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from sim import clock, paths, places
from sim.clock import MONTHS_A_YEAR, month_of
from sim.evidence import load
from sim.outcomes.rounding import MILLION
from sim.policy import checks, levers
from sim.policy.budget import LINES, NAMES, NEW, PENCE, Budget
from sim.policy.scenario import POLICY_START, Scenario
from sim.report.words import join
from sim.yaml_file import read_yaml

LEAST = 0.0005  # £ million: less is rounding
FILE = re.compile(r"\b\w+\.yaml: ")
MONTH, NAME = re.compile(r"\b\d{4}-\d{2}\b"), re.compile(r"\b[a-z]+(?:_[a-z]+)*\b")


@dataclass(frozen=True)
class LeverCost:
    """£ million a year that one lever asks for, by policy year, and who pays it in the last of them, by line."""

    name: str
    label: str
    amount: float
    unit: str
    by_year: tuple[float, ...]
    paid: dict[str, float]


@dataclass(frozen=True)
class LineCost:
    """One line of the budget in the last year: £ million it has, pays and is given for levers."""

    label: str
    has: float
    pays: float
    gets: float


@dataclass(frozen=True)
class Cost:
    """years: financial years; levers and lines in the order of scenario and budget; wrong: why it cannot be run."""

    years: tuple[int, ...]
    levers: tuple[LeverCost, ...]
    lines: tuple[LineCost, ...]
    new_money: float
    residents: int
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def total(self, k: int) -> float:
        """£ million that all levers ask for in the k-th year."""
        return sum(lever.by_year[k] for lever in self.levers)


@cache
def _place(name: str) -> Any:
    return places.load(name)


@cache
def place_label(name: str) -> str:
    """A shipped place's name for people."""
    file = paths.config_file("place", name)
    return str((read_yaml(file) if file else {}).get("label", name))


def cost(scenario: Scenario, place: str, years: int) -> Cost:
    """What a scenario asks for in a place over so many years from the usual start, at the central evidence.

    It is the most that can be spent: what a lever cannot spend, because nobody else who is eligible would come, is not
    taken from who pays. Measuring a pilot costs something more.
    """
    where = _place(place)
    numbers = load().draw(0)
    people = int(where.counts.sum())
    budget = Budget.from_evidence(numbers, people)
    months = range(POLICY_START, POLICY_START + MONTHS_A_YEAR * years)
    share = float(where.activity_share_simulated)
    before = checks.lines_of(budget, months)
    nhs = before[:, [line.nhs for line in LINES]].sum(axis=1)
    pays, gets, new = np.zeros(len(NAMES)), np.zeros(len(NAMES)), 0.0
    found = []
    for use in scenario.active:
        wanted = checks.wanted_of(use, months, nhs, numbers, share)
        paid = {}
        for line, part in checks.parts_of(use, wanted, before).items():
            last = _yearly(part)[-1]
            paid[line] = last
            if line == NEW:
                new += last
            else:
                pays[NAMES.index(line)] += last
        by_year = _yearly(wanted)
        gets[NAMES.index(use.lever.line)] += by_year[-1]
        found.append(LeverCost(use.name, use.lever.label, use.amount, use.lever.unit, by_year, paid))
    has = [_yearly(before[:, k])[-1] for k in range(len(NAMES))]
    lines = tuple(LineCost(line.label, has[k], float(pays[k]), float(gets[k])) for k, line in enumerate(LINES))
    wrong = checks.of_scenario(scenario, months, [budget], numbers, share) or checks.pilots(scenario, len(where.lsoas))
    notes = checks.too_late(scenario, months) + checks.undecided(scenario, months)
    first = clock.fin_year(POLICY_START)
    return Cost(
        tuple(range(first, first + years)), tuple(found), lines, new, people,
        told(wrong), told(notes),
    )  # fmt: skip


def _yearly(pence: Any) -> tuple[float, ...]:
    """£ million by policy year from pence by month."""
    whole = np.asarray(pence).reshape(-1, MONTHS_A_YEAR).sum(axis=1) / PENCE / MILLION
    return tuple(float(value) for value in whole)


def told(sentences: Sequence[str]) -> tuple[str, ...]:
    """Sentences of the checks as the page speaks: levers and lines by their names, months in words, no keys of a file;
    what holds of several levers is said once."""
    said: dict[str, list[str]] = {}
    for sentence in sentences:
        key, sign, rest = sentence.partition(": ")
        if not sign or not key.startswith("levers"):
            said.setdefault(sentence, [])
            continue
        text = MONTH.sub(lambda found: clock.label(month_of(found[0])), rest)
        text = NAME.sub(lambda found: _names().get(found[0], found[0]), text)
        who = said.setdefault(f"starting in {text}" if key.endswith(".start") else text, [])
        if name := key.removeprefix("levers").strip(".").split(".")[0].split(" ")[0]:
            who.append(_names().get(name, name))
    return tuple(f"{join(who)}: {text}" if who else text[:1].upper() + text[1:] for text, who in said.items())


def fault(text: str) -> tuple[str, ...]:
    """What was wrong with a scenario, as `told`: without the names of files, of which the page has none."""
    return told([sentence.strip() for sentence in FILE.split(text) if sentence.strip()])


@cache
def _names() -> dict[str, str]:
    """How people read the names of lines of the budget, and of levers."""
    return {line.name: f"“{line.label}”" for line in LINES} | {
        name: str(levers.load(name).label) for name in paths.names("levers")
    }
