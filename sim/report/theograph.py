"""A theograph: one simulated resident's life as lanes over time, with age along the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim import clock
from sim.errors import UserError
from sim.outcomes import lives
from sim.outcomes.eventlog import Kind
from sim.outcomes.measure import ADULT_AGE
from sim.report import style

if TYPE_CHECKING:
    from sim.outcomes.record import RunRecord
    from sim.outcomes.results import Results

ROW = 0.27  # inches
THINNEST = 0.6  # months: a stay of a few days is still seen
MOST_LISTED = 12
BAR = 0.56
REFUSED = {
    lives.CONTACTS[Kind.GP_WAITS]: "Had to wait", lives.CONTACTS[Kind.GP_GIVEN_UP]: "Given up",
    lives.CONTACTS[Kind.GP_TO_ED]: "To A&E instead",
}  # fmt: skip
"""What becomes of a contact that a practice cannot offer in a month: its kind → the row of the picture."""
THE_REST = "Children and other"  # the specialty of whom no other one treats, as the events have it
OF_ADULTS, OF_CHILDREN = "Other specialties", "Children's and other specialties"
NARROW = {OF_CHILDREN: "Children's and other"}  # beside the name of the lane
HELD, NEW, BACK, RISK = "held", "new", "back", "risk"
BEGAN = ": began"
LANES = ("How they live", "Conditions", "General practice", "Hospital", "Waiting lists")


@dataclass(frozen=True)
class Life:
    """One resident's events with their months. rows: of the table of events, with `start` and `end` (nan: open);
    risks: label of a condition that is a risk only → plain words."""

    rows: pd.DataFrame
    male: bool
    born: int
    first: int
    last: int
    gone: str
    risks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, events: pd.DataFrame, record: RunRecord) -> Life:
        """From the events of one client and scenario, and the record of that scenario's run."""
        until = record.first_month + record.n_months
        risks = {lives.capital(label): words for label, words in lives.risks(record.conditions).items()}
        rows = events.assign(start=_months(events["Start_Date"]), end=_months(events["End_Date"]))
        own = rows[rows["Event_Type"] == lives.LIFE]
        coming = own[own["Event_Subtype"].isin(list(lives.COMES.values()))].iloc[0]
        going = own[own["Event_Subtype"].isin(list(lives.GOES.values()))]
        sex, born, _ = str(coming["Event_Desc"]).split(", ")
        last = int(going["start"].iloc[0]) if len(going) else until
        gone = str(going["Event_Subtype"].iloc[0]) if len(going) else ""
        month = clock.month_of(born.removeprefix("born "))
        return cls(rows, sex == "Male", month, int(coming["start"]), last, gone, risks)

    def of_type(self, *names: str) -> pd.DataFrame:
        """The events of these types."""
        return self.rows[self.rows["Event_Type"].isin(names)]

    def conditions(self) -> pd.DataFrame:
        """Its conditions by date with `how`: held before, new (never there before), back again, or a risk only."""
        rows = self.of_type(lives.CONDITION).sort_values("start", kind="stable")
        began = rows["Event_Desc"].str.contains(BEGAN, regex=False)
        first = ~rows["Event_Subtype"].duplicated()
        of_risk = rows["Event_Subtype"].isin(list(self.risks))
        how = np.select([of_risk, ~began, first], [RISK, HELD, NEW], BACK)
        return rows.assign(how=how)

    def waits(self) -> pd.DataFrame:
        """Its waits with `specialty` in words: nobody grown up waits for a children's doctor."""
        rows = self.of_type(lives.WAIT)
        named = zip(rows["Event_Desc"].str.split(":").str[0], rows["start"], strict=True)
        words = [
            name if name != THE_REST else OF_ADULTS if self.age(int(start)) >= ADULT_AGE else OF_CHILDREN
            for name, start in named
        ]
        return rows.assign(specialty=pd.Series(words, rows.index, dtype="str"))

    def age(self, month: int) -> int:
        """Age in whole years."""
        return (month - self.born) // clock.MONTHS_A_YEAR


@dataclass(frozen=True)
class Line:
    """One row of the picture: its lane, its name, and the events drawn on it."""

    lane: str
    name: str
    rows: pd.DataFrame


def theograph(results: Results, client: int | None = None, scenario: str | None = None) -> style.Picture:
    """One resident's life: conditions and behaviours as bars, contacts as marks, waits from referral to their end.

    client: a Client_ID, or n for the n-th followed (from 1); by default the one with the most different kinds of event.
    scenario: by default the first. Raises `UserError` when the runs kept no events or there is no such resident.
    """
    scenario = results.scenarios[0] if scenario is None else scenario
    record = results.record(scenario)
    events = results.events()
    if events.empty:
        raise UserError("These runs kept no events of single residents (outcomes.event_sample is 0, or an older run).")
    of_scenario = events[events["scenario"] == scenario]
    who = _find(events, of_scenario, client, results.label(scenario))
    life = Life.of(of_scenario[of_scenario["Client_ID"] == who], record)
    policy = results.policy_start if results.policy_start < record.first_month + record.n_months else None
    return draw(life, policy, results.label(scenario))


def _find(events: pd.DataFrame, of_scenario: pd.DataFrame, client: int | None, label: str) -> int:
    """The Client_ID meant."""
    if client is None:
        many = of_scenario.groupby("Client_ID").agg(
            kinds=("Event_Subtype", "nunique"), rows=("Event_Subtype", "size")
        )  # fmt: skip
        return int(many.sort_values(["kinds", "rows"], ascending=[False, True], kind="stable").index[0])
    known = lives.clients(events)
    last = len(known)
    who = int(client) if client in known else known[client - 1] if 1 <= client <= last else None
    if who is None:
        raise UserError(f"No resident {client} is in the event log; give a Client_ID or a number from 1 to {last}.")
    if not (of_scenario["Client_ID"] == who).any():
        raise UserError(f"Resident {client} never lives in the place under '{label}'.")
    return who


def draw(life: Life, policy_start: int | None = None, label: str = "") -> style.Picture:
    """The picture of a life; policy_start: month to mark, label: the scenario's name."""
    lines = _lines(life)
    with style.drawing():
        picture = style.Picture(height=1.75 + ROW * len(lines))
        note = (
            f"{label + ': one' if label else 'One'} simulated resident, invented. Bars: from beginning to end, a dot "
            "at the end of a wait for treatment; marks: what happened in a month, larger for more contacts; crosses: "
            "not offered in that month. "
            + ("Dashed: policy starts. " if _within(policy_start, life) else "")
            + ("Thick line: the last month lived here." if life.gone else "")
        )
        top = style.headline(picture, finding(life), note)
        height = picture.get_figheight()
        axes = picture.subplots()
        picture.subplots_adjust(left=0.27, right=0.975, top=top - 0.36 / height, bottom=0.3 / height)
        axes.set_ylim(len(lines) - 0.4, -0.6)
        span = max(life.last - life.first, clock.MONTHS_A_YEAR)
        axes.set_xlim(life.first - 0.01 * span, life.first + 1.015 * span)
        for place, line in enumerate(lines):
            _draw_line(axes, place, line, life)
        _names(axes, lines)
        _times(axes, life, span)
        if _within(policy_start, life):
            begins = float(policy_start or 0)
            axes.axvline(begins, color=style.MUTED, linewidth=0.9, linestyle=style.BASELINE_DASH, zorder=1)
        if life.gone:
            axes.axvline(life.last + 1, color=style.INK, linewidth=1.6, zorder=2)
        picture.alt = describe(life)
    return picture


def _within(month: int | None, life: Life) -> bool:
    return month is not None and life.first < month < life.last


def _lines(life: Life) -> list[Line]:
    """The rows of the picture, top to bottom; a kind of event that never happens has none, general practice always."""
    lines = []
    for lane, kind in zip(LANES, (lives.BEHAVIOUR, lives.CONDITION), strict=False):
        rows = life.of_type(kind)
        names = dict.fromkeys(rows["Event_Subtype"])
        lines += [Line(lane, _row_name(name, life.risks), rows[rows["Event_Subtype"] == name]) for name in names]
    contacts = life.of_type(lives.GP)
    served = contacts["Event_Subtype"] == lives.CONTACTS[Kind.GP_SERVED]
    refused = contacts["Event_Subtype"].isin(list(REFUSED))
    marks = [
        Line(LANES[2], "Contacts", contacts.loc[served]),
        *(Line(LANES[2], name, contacts[contacts["Event_Subtype"] == kind]) for kind, name in REFUSED.items()),
        Line(LANES[2], "Asks again", contacts.loc[~served & ~refused]),
        Line(LANES[2], "Other teams", life.of_type(lives.TEAM)),
        Line(LANES[3], "A&E", life.of_type(lives.ED)),
        Line(LANES[3], "Emergency stays", life.of_type(lives.STAY)),
    ]
    lines += [line for line in marks if len(line.rows) or line.name == "Contacts"]
    waits = life.waits()
    named = waits.groupby("specialty", sort=False)
    return lines + [Line(LANES[4], NARROW.get(str(name), str(name)), rows) for name, rows in named]


def _row_name(label: str, risks: Mapping[str, str]) -> str:
    return f"{lives.capital(risks[label])} (a risk)" if label in risks else label


def _draw_line(axes: Axes, place: int, line: Line, life: Life) -> None:
    """The events of one row."""
    blue, orange, green, violet = style.SERIES_COLOURS
    colour = dict(zip(LANES, (violet, blue, style.INK, orange, green), strict=True))[line.lane]
    start = line.rows["start"].to_numpy(float)
    if line.lane in (LANES[0], LANES[1], LANES[4]) or line.name == "Emergency stays":
        end = np.where(line.rows["end"].isna(), life.last, line.rows["end"].to_numpy(float))
        begin = np.maximum(start, life.first)
        width = np.maximum(end - begin, THINNEST)
        axes.barh(np.full(len(begin), place), width, BAR, left=begin, color=colour, linewidth=0, zorder=3)
        treated = lives.WAITS[Kind.TREATED]
        for x, how in zip(end, line.rows["Event_Subtype"], strict=True):
            if how == treated:
                axes.plot([x], [place], marker="o", color=style.INK, markersize=4, zorder=4, clip_on=False)
        return
    counts = line.rows["Event_Desc"].str.extract(r"^(\d+)", expand=False).fillna("1").astype(int).to_numpy()
    crossed = line.name in REFUSED.values()
    marker = "x" if crossed else "s" if line.name == "A&E" else "o"
    colour = orange if crossed else colour
    edge = 1.3 if marker == "x" else 0
    for count in np.unique(counts):  # one mark a size, drawn wherever it is needed: a long life has hundreds
        at = start[counts == count] + 0.5
        axes.plot(at, np.full(len(at), place), marker, color=colour, markersize=float(np.sqrt(7 + 9 * count)),
                  markeredgewidth=edge, zorder=3)  # fmt: skip


def _names(axes: Axes, lines: Sequence[Line]) -> None:
    """Names of rows at the left, lanes in bold where they begin, and a rule between lanes."""
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    axes.set_yticks(range(len(lines)), [line.name for line in lines])
    axes.tick_params(axis="y", labelcolor=style.INK, pad=4)
    for place, line in enumerate(lines):
        if place == 0 or lines[place - 1].lane != line.lane:
            across = axes.get_yaxis_transform()
            axes.text(-0.365, place, line.lane, transform=across, fontweight="bold", fontsize=8.5, va="center")
            axes.axhline(place - 0.5, color=style.RULE, linewidth=0.8, zorder=0)


def _times(axes: Axes, life: Life, span: int) -> None:
    """Calendar years along the bottom, age along the top; each where it begins."""
    every = next(step for step in (1, 2, 5, 10, 20) if span / clock.MONTHS_A_YEAR / step <= 9 or step == 20)
    low, high = life.first, life.first + span
    januaries = [m for m in range(low, high + 1) if clock.calendar_month(m) == 1]
    januaries = [m for m in januaries if clock.year_and_month(m)[0] % every == 0]
    axes.set_xticks(januaries, [str(clock.year_and_month(m)[0]) for m in januaries])
    axes.grid(True, axis="x")
    ages = [age for age in range(max(life.age(low), 0), life.age(high) + 1) if age % every == 0]
    ages = [age for age in ages if low <= life.born + age * clock.MONTHS_A_YEAR <= high]
    above = axes.secondary_xaxis("top")
    above.set_xticks([life.born + age * clock.MONTHS_A_YEAR for age in ages], [str(age) for age in ages])
    axes.annotate(
        "Age", (0, 1), xycoords="axes fraction", xytext=(-8, 5), textcoords="offset points", ha="right", va="bottom",
        fontsize=8.5, color=style.MUTED,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------- words


def finding(life: Life) -> str:
    """The life in one sentence."""
    age = life.age(life.first)
    noun = ("boy" if life.male else "girl") if age < 18 else "man" if life.male else "woman"
    here = life.rows.loc[life.rows["Event_Type"] == lives.LIFE, "Event_Subtype"].iloc[0]
    came = f"born in {clock.label(life.first)}" if here == "Born" else f"aged {age} in {clock.label(life.first)}"
    begun = (life.conditions()["how"] == NEW).sum()
    counts = [
        _count(int(begun), "new long-term condition"), _count(len(life.of_type(lives.ED)), "A&E attendance"),
        _count(len(life.of_type(lives.STAY)), "emergency admission"),
        _count(len(life.of_type(lives.REFERRAL)), "hospital referral"),
    ]  # fmt: skip
    until = f"{clock.label(life.last - 1)}" if not life.gone else ""
    what = _join([text for text in counts if text]) or "nothing that needs a hospital"
    if life.gone:
        then = f"{life.gone.lower()} in {clock.label(life.last)}, aged {life.age(life.last)}"
        return f"A {noun} {came}: {what}, then {then}"
    return f"A {noun} {came}: {what} by {until}"


def describe(life: Life) -> str:
    """The life in words for those who cannot see the picture, from what is drawn."""
    ill, waits = life.conditions(), life.waits()
    ill["Event_Desc"] = ill["Event_Desc"].mask(
        ill["how"] == BACK, ill["Event_Desc"].str.replace(BEGAN, ": came back", regex=False)
    )
    waits["Event_Desc"] = waits["specialty"] + ":" + waits["Event_Desc"].str.split(":", n=1).str[1]
    spells = {
        "Behaviours": life.of_type(lives.BEHAVIOUR), "Conditions": ill[ill["how"] != RISK],
        "Risks": ill[ill["how"] == RISK], "Waiting lists": waits,
    }  # fmt: skip
    said = [f"{finding(life)}."]
    for title, rows in spells.items():
        of = zip(rows["Event_Desc"], rows["start"].tolist(), rows["end"].tolist(), strict=True)
        texts = [f"{what}, {when(a)}{'' if np.isnan(b) else f' to {when(b)}'}" for what, a, b in of]
        said += _listed(title, texts)
    contacts = life.of_type(lives.GP)
    for how in dict.fromkeys(contacts["Event_Subtype"]):
        counts = contacts.loc[contacts["Event_Subtype"] == how, "Event_Desc"].str.split().str[0].astype(int)
        words = REFUSED.get(how, how)
        said.append(f"General practice, {words[0].lower()}{words[1:]}: {int(counts.sum())}.")
    for title, kind in (("A&E attendances", lives.ED), ("Emergency stays", lives.STAY)):
        said += _listed(title, [when(month) for month in life.of_type(kind)["start"]])
    return " ".join(said)


def _listed(title: str, texts: list[str]) -> list[str]:
    more = len(texts) - MOST_LISTED
    shown = "; ".join(texts[:MOST_LISTED]) + (f"; and {more} more" if more > 0 else "")
    return [f"{title}: {shown}."] if texts else []


def _count(n: int, noun: str) -> str:
    return f"{style.number(n)} {noun}{'' if n == 1 else 's'}" if n else ""


def _join(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def when(month: float) -> str:
    """A month of the model, with a fraction or not, in words."""
    return clock.label(int(np.floor(month)))


def _months(dates: pd.Series[Any]) -> pd.Series[Any]:
    """Dates as months of the model with their fraction."""
    years = (dates.dt.year - clock.FIRST_YEAR) * clock.MONTHS_A_YEAR + dates.dt.month - clock.FIRST_MONTH
    months: pd.Series[Any] = years + (dates.dt.day - 1) / dates.dt.days_in_month
    return months
