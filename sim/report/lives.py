"""Three lives, chosen by a stated rule, with their story in words made from their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sim.outcomes import lives
from sim.report import style, theograph
from sim.report.numbers import Numbers
from sim.report.words import join, lower

if TYPE_CHECKING:
    from sim.outcomes.results import Results

RULE = (
    "Of the residents whose lives were followed: the one with the fewest, and the one with the most, A&E attendances, "
    "emergency stays and contacts that a practice could not offer (they had to wait, were given up or went to A&E "
    "instead) under {scenario} beside the same life under {base}; and the one in the middle by number of events among "
    "those who live there from beginning to end. {none}Ties go to the lowest number. A contact that has to wait for "
    "two months counts twice. One course of chance shows how the model works; it is no finding."
)
NONE = "{scenario} {way} no life that was followed. "
ALIKE = "No life that was followed is different under any other scenario, so these"
ORDINARY = (
    "{which} were chosen by number of events under {base} among those who live there from beginning to end: at a "
    "quarter, in the middle and at three quarters."
)
COUNTED = {
    "A&E attendances": (lives.ED, ""), "emergency stays": (lives.STAY, ""),
    **{name: (lives.GP, kind) for kind, name in theograph.REFUSED.items()},
}  # fmt: skip
FATES = {"Had to wait": "had to wait", "Given up": "{were} given up", "To A&E instead": "went to A&E instead"}
COUNTS = {1: "One", 2: "Two", 3: "Three"}
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Chosen:
    """A life to be told. title: why it was chosen; scenario: under which its picture is drawn."""

    client: int
    scenario: str
    title: str


def burdens(events: pd.DataFrame) -> pd.DataFrame:
    """Of each client (index): counts of what `COUNTED` names, from the events of one scenario."""
    found = {}
    for name, (kind, beginning) in COUNTED.items():
        rows = events[(events["Event_Type"] == kind) & events["Event_Subtype"].str.startswith(beginning)]
        if kind == lives.GP:
            counts = rows["Event_Desc"].str.extract(r"^(\d+)", expand=False).astype(int)
            found[name] = counts.groupby(rows["Client_ID"]).sum()
        else:
            found[name] = rows.groupby("Client_ID").size()
    return pd.DataFrame(found, index=sorted(set(events["Client_ID"]))).fillna(0).astype(int)


def choose(numbers: Numbers) -> tuple[list[Chosen], str]:
    """Three lives and the rule by which they were chosen; none where no events were kept. Chosen once."""
    if numbers.lives is None:
        numbers.lives = _choose(numbers)
    return numbers.lives


def _choose(numbers: Numbers) -> tuple[list[Chosen], str]:
    events = numbers.results.events()
    if events.empty:
        return [], ""
    by_scenario = dict(list(events.groupby("scenario", sort=False)))
    base = by_scenario[numbers.base]
    before = burdens(base).sum(axis=1)
    stayed = _throughout(base, numbers)
    sizes = base[base["Client_ID"].isin(stayed)].groupby("Client_ID").size().sort_values(kind="stable")
    labels = {name: numbers.label(name) for name in numbers.scenarios}
    for scenario in numbers.compared:
        if scenario not in by_scenario:
            continue
        after = burdens(by_scenario[scenario]).sum(axis=1)
        both = before.index.intersection(after.index)
        change = (after[both] - before[both]).sort_index()
        if not change.any():
            continue
        named = labels[scenario]
        fewest, most = (int(change.index[int(k)]) for k in (change.argmin(), change.argmax()))
        chosen = []
        if change[fewest] < 0:
            chosen.append(Chosen(fewest, scenario, f"The life that {named} spares most"))
        if change[most] > 0:
            chosen.append(Chosen(most, scenario, f"The life that {named} burdens most"))
        ways = {"spares": change[fewest] < 0, "burdens": change[most] > 0}
        none = "".join(NONE.format(scenario=named, way=way) for way, some in ways.items() if not some)
        rest = sizes[~sizes.index.isin([one.client for one in chosen])]
        if len(rest):
            chosen.append(Chosen(int(rest.index[len(rest) // 2]), numbers.base, "A life in the middle"))
        return chosen, RULE.format(scenario=named, base=labels[numbers.base], none=none)
    places = dict.fromkeys(min(int(q * len(sizes)), len(sizes) - 1) for q in QUARTERS) if len(sizes) else {}
    words = ("A quieter life than most", "A life in the middle", "A busier life than most")
    chosen = [Chosen(int(sizes.index[k]), numbers.base, word) for k, word in zip(places, words, strict=False)]
    which = "Of the residents whose lives were followed, these" if numbers.alone else ALIKE
    return chosen, ORDINARY.format(which=which, base=labels[numbers.base])


def heading(numbers: Numbers) -> str:
    """``Three lives``, by how many were found."""
    found = len(choose(numbers)[0])
    return f"{COUNTS.get(found, str(found))} {'life' if found == 1 else 'lives'}"


def _throughout(events: pd.DataFrame, numbers: Numbers) -> set[int]:
    """Clients who were there at the start and neither leave nor die."""
    own = events[events["Event_Type"] == lives.LIFE]
    gone = set(own.loc[own["Event_Subtype"].isin(list(lives.GOES.values())), "Client_ID"])
    came = own.loc[own["Event_Subtype"] == next(iter(lives.COMES.values())), "Client_ID"]
    return set(came) - gone


def picture(results: Results | Numbers, chosen: Chosen) -> style.Picture:
    """The theograph of a chosen life."""
    return theograph.theograph(Numbers.of(results).results, chosen.client, chosen.scenario)


def story(numbers: Numbers, chosen: Chosen) -> str:
    """The life in a few sentences: who it is, what comes when, and how it goes under the other scenarios. Told once."""
    if chosen not in numbers.told:
        numbers.told[chosen] = _story(numbers, chosen)
    return numbers.told[chosen]


def _story(numbers: Numbers, chosen: Chosen) -> str:
    events = numbers.results.events()
    mine = events[events["Client_ID"] == chosen.client]
    life = theograph.Life.of(mine[mine["scenario"] == chosen.scenario], numbers.results.record(chosen.scenario))
    finding = theograph.finding(life)
    said = [f"Under {numbers.label(chosen.scenario)}, {finding[:1].lower()}{finding[1:]}."]
    said += course(life)
    counts = {name: burdens(mine[mine["scenario"] == name]) for name in numbers.scenarios}
    counts = {name: table for name, table in counts.items() if len(table)}
    said.append(_otherwise(numbers, counts, chosen))
    return " ".join(text for text in said if text)


def course(life: theograph.Life) -> list[str]:
    """Conditions that began, in order, what came back, risks that began, and the longest wait."""
    ill = life.conditions()
    texts = [f"{lower(name)} in {join(months)}" for name, months in _beginnings(ill[ill["how"] == theograph.NEW])]
    said = [f"What began: {join(texts)}."] if texts else []
    back = _beginnings(ill[ill["how"] == theograph.BACK])
    said += [f"{name} came back in {join(months)}." for name, months in back]
    of_risk = ill[(ill["how"] == theograph.RISK) & ill["Event_Desc"].str.contains(theograph.BEGAN, regex=False)]
    texts = [f"{_risk(name, life)} in {join(months)}" for name, months in _beginnings(of_risk)]
    said += [f"What was a risk, not yet an illness: {join(texts)}."] if texts else []
    waits = life.waits()
    if len(waits):
        length = (waits["end"].fillna(life.last) - waits["start"]).to_numpy(float)
        longest = waits.iloc[int(length.argmax())]
        months = round(float(length.max()))
        if months:
            specialty = str(longest["specialty"]).lower()
            how = str(longest["Event_Subtype"]).lower()
            said.append(
                f"The longest wait was {months} month{'s' * (months != 1)} for {specialty} (from "
                f"{theograph.when(longest['start'])}; {how})."
            )
    return said


def _beginnings(rows: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Each condition of some rows with the months in which it began."""
    found: dict[str, list[str]] = {}
    for name, start in zip(rows["Event_Subtype"], rows["start"], strict=True):
        found.setdefault(str(name), []).append(theograph.when(start))
    return list(found.items())


def _risk(label: str, life: theograph.Life) -> str:
    """``high blood sugar (non-diabetic hyperglycaemia)``."""
    words = lower(life.risks[label])
    return words if words == lower(label) else f"{words} ({lower(label)})"


def _otherwise(numbers: Numbers, counts: dict[str, pd.DataFrame], chosen: Chosen) -> str:
    """The counts under each scenario, those alike together."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for name, table in counts.items():
        alike.setdefault(tuple(int(v) for v in table.iloc[0]), []).append(numbers.label(name))
    if len(alike) == 1 and len(counts) > 1:
        return "No other scenario changes how often this life meets A&E, an emergency bed or a practice that is full."
    return " ".join(f"Under {join(names)} {counted(values)}." for values, names in alike.items())


def counted(values: Sequence[int]) -> str:
    """A life's counts, in the order of `COUNTED`, in words; of contacts, what waited apart from what was given up."""
    of_each = dict(zip(COUNTED, values, strict=True))
    hospital = [f"{of_each[name]} {name if of_each[name] != 1 else word}" for name, word in SINGULAR.items()]
    refused = [
        f"{of_each[name]} {how.format(were='was' if of_each[name] == 1 else 'were')}"
        for name, how in FATES.items()
        if of_each[name]
    ]
    said = (
        f"of contacts with the practice {join(refused)}"
        if refused
        else "no contact with the practice had to wait or was given up"
    )
    return f"{join(hospital)}; {said}"


SINGULAR = {"A&E attendances": "A&E attendance", "emergency stays": "emergency stay"}
