"""Where large changes come from, in tables and sentences made from the account (`sim.report.reckoning`).

Every sentence says no more than its numbers: more or fewer by their sign, a comparison of a flow with its stock only
where both changes are clear and the flow's would make the stock's, and which numbers of the registry are judged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim import clock
from sim.outcomes.change import less
from sim.outcomes.rounding import MILLION, level
from sim.outcomes.summary import Interval, interval
from sim.report.assumptions import GRADE_WORDS
from sim.report.money import line_labels
from sim.report.numbers import Numbers
from sim.report.parts import Head, Table
from sim.report.reckoning import (
    ACCOUNTS,
    CHANCE_TO_ASK,
    CHANCE_TO_END,
    LARGE,
    PRACTICE,
    PRACTICE_LINES,
    REST,
    Account,
    Array,
    large,
    money,
    practice,
    terms,
)  # fmt: skip
from sim.report.sources import number_of
from sim.report.style import DASH, NBSP, number, signed_percent
from sim.report.words import change, join, lower

DONE = {
    "elective_referrals": "were referred", "elective_completed": "were treated",
    "elective_removed": "were removed untreated", "community_referrals": "were referred",
    "mental_health_referrals": "were referred", "social_care_requests": "asked", "vcse_referrals": "were referred",
}  # fmt: skip
SMALL = 0.02
"""A part below this share of the largest is left out of a sentence (it stands in the table)."""
ROWS = {
    "gp_capacity": "Contacts that practices can offer", "gp_appointments": "Contacts made",
    "gp_need": "Contacts asked for", "again": "of these, unmet needs that ask again (expected)",
    "new": "of these, new need", "gp_given_up": "Contacts given up", "gp_to_ed": "Gone to A&E instead",
    "without": "Need that goes without in the end: given up or to A&E, less asked again",
    "unmet_need": "Unmet needs in March", "gp_waiting": "Contacts waiting in March",
}  # fmt: skip


def tables(numbers: Numbers) -> list[Table]:
    """The accounts of all large changes of stocks, with their sentences; empty where no stock changes by so much."""
    return [*_lists(numbers), *_practice(numbers)]


def _lists(numbers: Numbers) -> list[Table]:
    """Lists and queues: a row a scenario and list."""
    rows, said, fewer_referred = [], [], False
    queues: dict[str, list[str]] = {}
    for account in ACCOUNTS:
        for scenario in numbers.compared:
            parts = terms(numbers, account, scenario) if large(numbers, account.stock, scenario) else None
            if parts is None:
                continue
            ended = [parts.get(name) for name in account.go or ("", "")]
            cells = [_figure(one) for one in (parts[account.come], *ended, parts[REST])]
            rows.append([f"{numbers.info(account.stock).label}: {numbers.label(scenario)}",
                         _of_stock(numbers, account.stock, scenario), *cells])  # fmt: skip
            if account.go:
                said.append(_sentence(numbers, account, scenario, parts))
            else:
                queues.setdefault(scenario, []).append(_queue(numbers, account, scenario))
            fewer_referred |= not account.go and parts[account.come].mean() < 0
    said += [f"{numbers.label(name)}, by {_march(numbers)}: {'; '.join(each)}." for name, each in queues.items()]
    heads = ["Stock and scenario", f"Change in {_march(numbers)}", "from referrals", "from treatments",
             "from removals untreated", "from all other ends"]  # fmt: skip
    note = (
        f"Lists that clearly change by {LARGE:.0f}{NBSP}% or more of their level. Sums of the differences since "
        f"{clock.label(numbers.results.policy_start)}; what makes a list longer counts as plus, so fewer treatments "
        "do. A row adds up to its change. Other ends of the hospital list: emergencies, deaths, moves; of the others: "
        "taken on by the team, or dropped out."
    )
    if fewer_referred:
        note += (
            " Most needs reach these teams by way of a practice, and fewer do where practices are short. A queue that "
            "is shorter for want of referrals is no gain."
        )
    caption = "Where large changes come from: waiting lists"
    return (
        [Table(caption, [Head(h, k > 0) for k, h in enumerate(heads)], rows, note, words=tuple(said))] if rows else []
    )


def _practice(numbers: Numbers) -> list[Table]:
    """General practice: a year's contacts, the baseline and every scenario with a large change of what is not met."""
    found = [name for name in numbers.compared if any(large(numbers, stock, name) for stock in PRACTICE)]
    if not found:
        return []
    base = practice(numbers, numbers.base)
    each = {name: practice(numbers, name) for name in found}
    rows = [
        [words, level(float(base[key].mean())), *(_figure(less(one[key], base[key])) for one in each.values())]
        for key, words in ROWS.items()
        if key in base
    ]
    heads = [Head("Contacts"), Head(numbers.label(numbers.base), True), *(Head(numbers.label(n), True) for n in found)]
    year = clock.fin_year_label(numbers.results.horizon)
    said = tuple(_of_practice(numbers, name, base, one) for name, one in each.items())
    note = f"Level in the baseline, and changes from it: mean, and where 90{NBSP}% of runs lie."
    return [Table(f"Where large changes come from: general practice in {year}", heads, rows, note, words=said)]


def _sentence(numbers: Numbers, account: Account, scenario: str, parts: dict[str, Array]) -> str:
    """The account of one list in words."""
    name = lower(numbers.info(account.stock).label)
    said = [f"{numbers.label(scenario)}, {name}: {_of_stock(numbers, account.stock, scenario)} by {_march(numbers)}."]
    most = max(abs(values.mean()) for values in parts.values())
    told = []
    for key, values in sorted(parts.items(), key=lambda one: -abs(one[1].mean())):
        amount = float(values.mean())
        if abs(amount) < SMALL * most:
            continue
        more = (amount > 0) == (key == account.come)  # of what flows: an outflow that falls makes the list longer
        unclear = "" if interval(values).clear else " (not clear)"
        did = account.rest if key == REST else DONE[key]
        told.append(f"{level(abs(amount))} {'more' if more else 'fewer'} {did}{unclear}")
    said.append(f"Since {clock.label(numbers.results.policy_start)}, {join(told)}.")
    said += _flow(numbers, account, scenario)
    said += _paid(numbers, scenario, account.lines, account.judged)
    return " ".join(said)


def _queue(numbers: Numbers, account: Account, scenario: str) -> str:
    """A team's queue in a clause: how it changes, and the year's referrals beside it where they could be why."""
    name = lower(numbers.info(account.stock).label)
    one = _reason(numbers, account, scenario)
    year = clock.fin_year_label(numbers.results.horizon)
    why = f", in {year} {_percent(abs(one[1]))} {_more(one[1])} {DONE[one[0]]}" if one else ""
    return f"{name} {_of_stock(numbers, account.stock, scenario)}{why}"


def _reason(numbers: Numbers, account: Account, scenario: str) -> tuple[str, float] | None:
    """The flow whose clear change in a year would make the list's, if smaller in per cent: its name and per cent."""
    stock = numbers.results.change(account.stock, scenario)
    for flow in (*account.go[:1], account.come):
        one = numbers.results.change(flow, scenario)
        sign = 1 if flow == account.come else -1
        would = one.verdict not in ("same", "unclear") and sign * one.difference.mean * stock.difference.mean > 0
        if would and abs(one.percent.mean) < abs(stock.percent.mean):
            return flow, one.percent.mean
    return None


def _flow(numbers: Numbers, account: Account, scenario: str) -> list[str]:
    """A year's flow beside the list."""
    found = _reason(numbers, account, scenario)
    if found is None:
        return []
    flow, percent = found
    stock = numbers.results.change(account.stock, scenario).percent.mean
    return [
        f"A list gathers what every year leaves over: in {clock.fin_year_label(numbers.results.horizon)} "
        f"{_percent(abs(percent))} {_more(percent)} {DONE[flow]}, and the list is {_percent(abs(stock))} "
        f"{'longer' if stock > 0 else 'shorter'}."
    ]


def _of_practice(numbers: Numbers, scenario: str, base: dict[str, Array], one: dict[str, Array]) -> str:
    """The account of unmet need in words."""
    moved = {key: interval(less(one[key], base[key])) for key in base}
    share = {key: 100 * moved[key].mean / base[key].mean() if base[key].mean() > 0 else np.nan for key in base}
    names = [name for name in PRACTICE if large(numbers, name, scenario)]
    year = clock.fin_year_label(numbers.results.horizon)
    stocks = [f"{lower(numbers.info(name).label)} {_of_stock(numbers, name, scenario)}" for name in names]
    said = [f"{numbers.label(scenario)}: {join(stocks)} by {_march(numbers)}."]
    offer = "gp_capacity" if "gp_capacity" in moved else "gp_appointments"
    verb = "can offer" if offer == "gp_capacity" else "make"
    said.append(f"In {year} practices {verb} {_counted(moved[offer], share[offer])}, and are asked for "
                f"{_counted(moved['gp_need'], share['gp_need'])}.")  # fmt: skip
    if moved["gp_need"].clear:
        said.append(
            f"Of that change of {_signed(moved['gp_need'])}, unmet needs that ask again are expected to make "
            f"{_signed(moved['again'])}, new need {_signed(moved['new'])}."
        )
    gap = moved["without"]
    if gap.clear:
        was, now = float(base["without"].mean()), float(one["without"].mean())
        said.append(f"Unmet need follows the need that goes without in the end: {level(now)} contacts a year instead "
                    f"of {level(was)} ({signed_percent(share['without'] / 100, 0)}).")  # fmt: skip
        if moved[offer].clear and moved[offer].mean * gap.mean < 0 and abs(share["without"]) > abs(share[offer]):
            said.append(f"That is a small part of all contacts, so that {_percent(abs(share[offer]))} "
                        f"{_more(moved[offer].mean)} contacts change it by so much.")  # fmt: skip
    said += _paid(numbers, scenario, PRACTICE_LINES, (CHANCE_TO_ASK, CHANCE_TO_END))
    return " ".join(said)


def _paid(numbers: Numbers, scenario: str, lines: Sequence[str], judged: tuple[str, ...]) -> list[str]:
    """What money the lines behind a stock gain or lose, and on which numbers of the registry its size hangs."""
    amount, percent = money(numbers, scenario, lines)
    labels = line_labels()
    whose = join([labels[line] for line in lines])
    year = clock.fin_year_label(numbers.results.horizon)
    millions = abs(amount.mean) / MILLION
    if millions < 0.05:
        said = [f"{whose}: as much money in {year} as in {numbers.label(numbers.base)}."]
    else:
        shown = number(millions, 0 if millions >= 9.95 else 1)
        said = [f"{whose}: £{shown}m a year {'more' if amount.mean > 0 else 'less'} in {year} "
                f"({signed_percent(percent / 100)})."]  # fmt: skip
        judged = ("money.elasticity_up" if amount.mean > 0 else "money.elasticity_down", *judged)
    hangs = [text for name in judged if (text := _parameter(name))]
    return [*said, f"How large it is hangs on {join(hangs)}."] if hangs else said


def _parameter(name: str) -> str:
    """A number of the registry, with its value and grade: ``care.unmet_return (0.25 chance a month …, judged)``."""
    from sim.evidence import load

    registry = load()
    if name not in registry:
        return ""
    one = registry[name]
    return f"{name} ({number_of(one.value)} {one.unit}, {GRADE_WORDS.get(one.grade, one.grade)})"


def _of_stock(numbers: Numbers, measure: str, scenario: str) -> str:
    """``+45,800 (+61 %)``."""
    one = numbers.results.change(measure, scenario)
    return f"{_signed(one.difference)} ({signed_percent(one.percent.mean / 100, 0)})"


def _figure(values: Array | None) -> str:
    if values is None:
        return DASH
    found = interval(values)
    return change(found.mean, found.low, found.high, 1.0)


def _signed(one: Interval) -> str:
    sign = "+" if one.mean > 0 else "−" if one.mean < 0 else ""
    return f"{sign}{level(abs(one.mean))}"


def _counted(one: Interval, percent: float) -> str:
    """``677,000 fewer contacts (−17 %)``; ``as many contacts`` where no run differs."""
    if one.mean == one.low == one.high == 0:
        return "as many contacts"
    unclear = "" if one.clear else ", not clear"
    return f"{level(abs(one.mean))} {_more(one.mean)} contacts ({signed_percent(percent / 100)}{unclear})"


def _more(value: float) -> str:
    return "more" if value > 0 else "fewer"


def _percent(value: float) -> str:
    return f"{number(value, 0 if value >= 9.95 else 1)}{NBSP}%"


def _march(numbers: Numbers) -> str:
    return f"March {numbers.results.horizon + 1}"
