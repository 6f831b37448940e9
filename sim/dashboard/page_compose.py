"""The first page: pick a scenario, change it, see what it costs, run it, and read the answer above it all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from sim import paths
from sim.dashboard import cost, jobs, parts, saved
from sim.dashboard.idea import (
    AS_IT_IS,
    CAN_PAY,
    DECIMALS,
    NOTHING,
    OWN_SHARES,
    PAYERS,
    ROLLOUTS,
    SIZES,
    USUAL,
    Idea,
    amounts_of,
    given,
    scaled,
    total_of,
)
from sim.errors import UserError
from sim.policy import levers
from sim.policy.levers import PERCENT
from sim.report.style import number
from sim.report.words import first_sentence

FIRST = "health_creation"
PLACES = ("toy", "north_mid_hampshire")  # first in the list; the others follow
STARTS = {AS_IT_IS: "Unchanged", **{f"{y}-04": f"April {y}" for y in range(2026, 2036)}}
BUILD_UP = {0: "Unchanged", **{n: "At once" if n == 1 else f"Over {n} years" for n in range(1, 11)}}
LEAST, MOST = 0.05, 10.0
TEN = 10  # £ million: from there on a tenth of one is fine enough
MONEY = "% of NHS spending on the place, a year, at full size"
KEPT = "idea_"
"""How the keys of the idea begin; all of them are kept with a run that is started."""


def draw() -> None:
    """The page."""
    _restore()
    st.title("What if money moved?")
    top = st.container(key="told" if "run" in st.session_state else None)  # stays in sight: Run is at the page's end
    left, right = st.columns([5, 6], gap="large")
    with left:
        idea = _choose()
        place, years, size, others = _how_much()
    with right:
        ready = _cost(idea, place, years)
        _run(idea, place, years, size, others, ready)
    with top:
        _progress()


# ---------------------------------------------------------------------------------------------------- choosing


def _restore() -> None:
    """After a reload, what was chosen is taken from the run in the address; the first time, from the first scenario."""
    state = st.session_state
    asked = str(st.query_params.get("run", ""))
    if "run" not in state and jobs.known(parts.root(), asked):
        chosen = dict(jobs.request(parts.root(), asked).get("chosen") or {})
        for key, value in {"taken": chosen.get("base"), **chosen}.items():
            state[f"{KEPT}{key}"] = value
        state.run = asked  # last: were this stopped half-way, the next run of the page would do it again
    if "run" in state and state.get("addressed") != state.run:  # once: the browser's way back leads through it
        if asked != state.run:
            st.query_params["run"] = state.run
        state.addressed = state.run
    state.setdefault(f"{KEPT}base", FIRST)
    state.setdefault(f"{KEPT}size", USUAL)
    _take()
    _agree()


def _take() -> None:
    """Take the amounts of the scenario one starts from, whenever it is another.

    Not in a callback, nor is `_agree`: Streamlit stops a callback half-way when the next click comes, and does not call
    it again. Here what is done is marked at its end; what was stopped is done by the next run of the page.
    """
    state = st.session_state
    base = state[f"{KEPT}base"]
    if state.get(f"{KEPT}taken") == base:
        return
    amounts = {} if base == NOTHING else amounts_of(base)
    label = "My idea" if base == NOTHING else f"My {given(base)['label'].lower()}"
    state[f"{KEPT}agreed"] = None
    state[f"{KEPT}levers"] = list(amounts)
    for name, amount in amounts.items():
        state[f"{KEPT}amount_{name}"] = float(amount)
    state[f"{KEPT}label"] = label
    state[f"{KEPT}taken"] = base


def _agree() -> None:
    """The single amounts follow the total when that was changed, otherwise the total follows them."""
    state = st.session_state
    for name in state[f"{KEPT}levers"]:
        state.setdefault(f"{KEPT}amount_{name}", 0.1 if levers.load(name).unit == PERCENT else 1.0)
    amounts, agreed = _amounts(), state.get(f"{KEPT}agreed")
    total = float(state.get(f"{KEPT}total", 0.0))
    if agreed and total != agreed["total"]:
        amounts = scaled({name: agreed["amounts"].get(name, amount) for name, amount in amounts.items()}, total)
        for name, amount in amounts.items():
            state[f"{KEPT}amount_{name}"] = amount
    elif not agreed or amounts != agreed["amounts"]:
        total = float(min(max(total_of(amounts), LEAST), MOST))
        state[f"{KEPT}total"] = total
    state[f"{KEPT}agreed"] = {"total": total, "amounts": amounts}


def _amounts() -> dict[str, float]:
    state = st.session_state
    return {name: float(state.get(f"{KEPT}amount_{name}", 0.0)) for name in state[f"{KEPT}levers"]}


def _choose() -> Idea:
    """The scenario: few controls first, each lever when asked for."""
    state = st.session_state
    st.header("1. Choose")
    bases = [name for name in paths.names("scenario") if name != "baseline"]
    words = {**{name: str(given(name)["label"]) for name in bases}, NOTHING: "Nothing: choose each lever"}
    parts.pick("Start from", words, key=f"{KEPT}base")
    if state[f"{KEPT}base"] != NOTHING:
        parts.muted(first_sentence(" ".join(str(given(state[f"{KEPT}base"])["description"]).split())))
    total = total_of(_amounts())
    if LEAST <= total <= MOST:
        st.slider(f"How much money: {MONEY}", LEAST, MOST, step=LEAST, key=f"{KEPT}total", persist_state=parts.STAYS)
    elif total:
        parts.muted(f"How much money: {total:g} {MONEY}. All levers are moved together between {LEAST:g} and {MOST:g} "
                    "%; now each has to be changed by itself.")  # fmt: skip
    parts.pick("Who pays", PAYERS, key=f"{KEPT}payers")
    shares = _shares() if state[f"{KEPT}payers"] == OWN_SHARES else None
    one, two = st.columns(2)
    with one:
        parts.pick("Where it goes first", ROLLOUTS, key=f"{KEPT}rollout")
    with two:
        parts.pick("Reaches full size", BUILD_UP, key=f"{KEPT}years")
    with st.expander("More: name, start, each lever"):
        st.text_input("Its name", max_chars=60, key=f"{KEPT}label", persist_state=parts.STAYS)
        parts.pick("Starts", STARTS, key=f"{KEPT}start")
        _levers()
    base, payers = state[f"{KEPT}base"], state[f"{KEPT}payers"]
    paying = shares if payers == OWN_SHARES else None if payers == AS_IT_IS else payers
    return Idea(
        "baseline" if base == NOTHING else base, str(state[f"{KEPT}label"]), _amounts(), paying,
        None if state[f"{KEPT}rollout"] == AS_IT_IS else state[f"{KEPT}rollout"],
        int(state[f"{KEPT}years"]) or None,
        None if state[f"{KEPT}start"] == AS_IT_IS else state[f"{KEPT}start"],
    )  # fmt: skip


def _shares() -> dict[str, float]:
    """Per cent from each line that can pay; empty while they do not make a hundred."""
    found = {}
    columns = st.columns(2)
    for k, (line, label) in enumerate(CAN_PAY.items()):
        with columns[k % 2]:
            value = st.number_input(f"{label}, %", 0.0, 100.0, step=5.0, key=f"{KEPT}share_{line}",
                                    persist_state=parts.STAYS)  # fmt: skip
            found[line] = float(value or 0.0)
    total = sum(found.values())
    if abs(total - 100) > 1e-9:
        parts.note(f"The shares come to {total:g} %; they must come to 100 %.")
        return {}
    return {line: share for line, share in found.items() if share > 0}


def _levers() -> None:
    """Which levers, and how much of each."""
    every = {name: levers.load(name) for name in paths.names("levers")}
    st.multiselect(
        "Levers", sorted(every, key=lambda name: every[name].label), format_func=lambda name: every[name].label,
        key=f"{KEPT}levers", persist_state=parts.STAYS, placeholder="Choose levers",
    )  # fmt: skip
    for name in st.session_state[f"{KEPT}levers"]:
        lever = every[name]
        unit = "% of NHS spending" if lever.unit == PERCENT else "1 is the whole plan"
        st.number_input(f"{lever.label}, {unit}", 0.0, 20.0, step=0.05, format="%.4g", key=f"{KEPT}amount_{name}",
                        help=" ".join(lever.description.split()), persist_state=parts.STAYS)  # fmt: skip


def _how_much() -> tuple[str, int, str, list[str]]:
    """Where, how long, at which scale, beside what."""
    st.header("2. Where and how long")
    order = [*PLACES, *(name for name in paths.names("place") if name not in PLACES)]
    place = parts.pick("Place", {name: cost.place_label(name) for name in order}, key=f"{KEPT}place")
    years = st.slider("Years", 1, 30, 5, key=f"{KEPT}run_years", persist_state=parts.STAYS)
    size = parts.pick("Size of the run", {key: words for key, (words, _, _) in SIZES.items()}, key=f"{KEPT}size")
    beside = [name for name in paths.names("scenario") if name != "baseline"]
    with st.expander("Set it beside shipped scenarios too"):
        chosen = st.multiselect("Also run", beside, format_func=lambda name: str(given(name)["label"]),
                                key=f"{KEPT}others", persist_state=parts.STAYS,
                                placeholder="Choose scenarios")  # fmt: skip
    return place, int(years), size, list(chosen)


# ---------------------------------------------------------------------------------------------------- cost and run


def _million(value: float) -> str:
    decimals = 0 if abs(value) >= 99.5 or not value else 1 if abs(value) >= 0.95 else 2 if abs(value) >= 0.005 else 3
    return number(value, decimals)


def _column(values: Sequence[float], total: float) -> list[str]:
    """£ million of a column, all as fine as its total asks: so they add up as they stand."""
    return [number(value, 1 if total >= TEN else 2 if total >= 1 else 3) for value in values]


def _cost(idea: Idea, place: str, years: int) -> bool:
    """The cost line by line. Returns whether it can be run."""
    st.header("3. What it costs")
    if idea.payers == {}:
        parts.note("First let the shares of those who pay come to 100 %.")
        return False
    try:
        scenario = idea.scenario()
        found = cost.cost(scenario, place, years)
    except UserError as fault:
        for sentence in cost.fault(str(fault)):
            parts.note(sentence)
        return False
    if not found.levers:
        parts.note("Nothing is bought yet: choose a lever.")
        return False
    first, last = found.total(0), found.total(-1)
    head = 1e6 * last / found.residents
    said = f"£{_million(first)} million in the first year" + (
        f", £{_million(last)} million in year {years}" if years > 1 else ""
    )
    st.markdown(f"**Up to about {said}**: £{number(head, 0)} a resident a year.")
    k = {0: 1, years - 1: years}
    heads = ["Lever", "% of NHS spending", *(f"£m, year {n}" for n in k.values())]
    shares = [number(one.amount, DECIMALS).rstrip("0").rstrip(".") or "0" for one in found.levers]
    sums = [_column([*(one.by_year[i] for one in found.levers), found.total(i)], found.total(i)) for i in k]
    rows = [
        [one.label, share if one.unit == PERCENT else f"{share} of the plan", *pounds]
        for one, share, *pounds in zip(found.levers, shares, *sums, strict=False)  # sums hold their total besides
    ]
    total = total_of(idea.amounts)
    rows.append(["Together", f"{total:g}" if total else "", *(column[-1] for column in sums)])
    parts.table("What is bought", heads, rows, numbers_from=1, total=True)
    _payers(found, years)
    for sentence in (*found.wrong, *found.notes, *idea.passed_by()):
        parts.note(sentence)
    return not found.wrong


def _payers(found: cost.Cost, years: int) -> None:
    """Who pays in the last year, line by line; nothing where nobody does."""
    paying = [line for line in found.lines if line.pays >= cost.LEAST]
    has = _column([line.has for line in paying], sum(line.has for line in paying))
    gives = _column([*(line.pays for line in paying), found.new_money], found.total(-1))
    rows = [[line.label, whole, f"−{part}", f"−{100 * line.pays / line.has:.1f} %"]
            for line, whole, part in zip(paying, has, gives, strict=False)]  # fmt: skip
    if found.new_money >= cost.LEAST:
        rows.append(["New money", "", f"−{gives[-1]}", ""])
    if rows:
        heads = ["Line of the budget", "It has", "It gives", "Share of it"]
        parts.table(f"Who pays in year {years}, £ million", heads, rows, numbers_from=1)


def _request(idea: Idea, place: str, years: int, size: str, others: list[str]) -> dict[str, Any]:
    """What is asked for, and all that was chosen, for a page that is loaded again."""
    state = st.session_state
    chosen = {str(key).removeprefix(KEPT): state[key] for key in state if str(key).startswith(KEPT)}
    return {**idea.request(place, years, size, others), "chosen": chosen}


def _command(idea: Idea, asked: dict[str, Any]) -> str:
    """What to type for the same numbers."""
    named = ",".join(["baseline", idea.name, *(name for name in asked["others"] if name != idea.name)])
    s = asked["settings"]
    return (
        f"headwater compare --config-dir mine scenarios={named} place={s['place']} years={s['years']} "
        f"scale={s['scale']:g} runs={s['runs']} explorer=false evidence.without_judged=false"
    )


def _run(idea: Idea, place: str, years: int, size: str, others: list[str], ready: bool) -> None:
    """Start it, or take it away as a file."""
    st.header("4. Run it")
    asked = _request(idea, place, years, size, others) if idea.payers != {} else {}
    going = "run" in st.session_state and not jobs.status(parts.root(), st.session_state.run).ended
    one, two = st.columns(2)
    with one:
        if st.button("Run", type="primary", disabled=going or not ready, key="start"):
            state, before = st.session_state, st.session_state.get("run")
            state.run = identity = jobs.new()  # known before it begins: stopped in between, nobody would watch it
            try:
                jobs.start(parts.root(), identity, asked)
            except OSError as fault:
                parts.note(f"The run could not be started: {fault.strerror or fault}.")
                if before is None:
                    del state.run
                else:
                    state.run = before
                return
            st.rerun()
    with two:
        text = idea.yaml(_command(idea, asked)) if ready else ""
        st.download_button("Save as a file (YAML)", text, f"{idea.name}.yaml", "application/yaml", disabled=not ready,
                           on_click="ignore", key="yaml")  # fmt: skip
    if going:
        parts.muted("A run is going on; its progress is at the top. You can look at other pages meanwhile.")
    if ready:
        with st.expander("The same on the command line"):
            st.code(_command(idea, asked), language=None, wrap_lines=True)


def _progress() -> None:
    """How far the run is, or what it found."""
    if "run" not in st.session_state:
        parts.muted(
            "Choose what to pay for and who pays; see the cost; run it against doing nothing new. Each run is compared "
            "under the same chance and the same evidence."
        )
        return
    identity = st.session_state.run
    status = jobs.status(parts.root(), identity)
    if not status.ended:
        _watched(identity)
    elif status.state == jobs.FAILED:
        parts.note(" ".join(cost.fault(status.said)), news=True)
    elif status.state == jobs.STOPPED:
        parts.note("The run was stopped. Nothing was kept of it.", news=True)
    else:
        _found(status)


@st.fragment(run_every="1s")
def _watched(identity: str) -> None:
    """The bar, and the answer as soon as there is one; the page is drawn anew when the run has ended."""
    status = jobs.status(parts.root(), identity)
    if status.ended:
        st.rerun()
    if status.answer:
        parts.answer(status.answer, news=True)
    left = f", {status.left}" if status.left else ""
    st.progress(min(max(status.share, 0.0), 1.0), text=f"{100 * status.share:.0f} %. {status.doing}{left}")
    st.button("Stop", on_click=parts.stop, args=(identity,), key="stop")


def _found(status: jobs.Status) -> None:
    """The answer, and the way to the rest."""
    try:
        saved.folder_of(parts.root(), status.folder)
    except UserError as fault:
        parts.note(str(fault), news=True)
        return
    parts.answer(status.answer, news=True)
    if st.button("See the results", type="primary", key="see"):
        st.switch_page(st.session_state.pages["results"], query_params={"show": status.folder})
