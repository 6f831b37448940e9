"""The tables of docs/odd.md, made from code and configuration. ``python -m sim.odd`` writes them into the document.

A table stands between ``<!-- made: name -->`` and ``<!-- end -->``; what is between is replaced, the rest is written by
hand. A test fails while the document differs from what this makes.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sim import paths, schedule

DOCUMENT = Path(__file__).parents[1] / "docs" / "odd.md"
_BLOCK = re.compile(r"<!-- made: (?P<name>[a-z_]+) -->\n.*?<!-- end -->", re.DOTALL)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def month() -> str:
    """The schedule of a month."""
    rows = [
        (k, f"**{part.title}.** {part.what}", ", ".join(f"`{call.removeprefix('self.')}`" for call in part.calls),
         f"`{part.where}`", part.sees)
        for k, part in enumerate(schedule.MONTH, 1)
    ]  # fmt: skip
    return table(("#", "what", "calls", "where", "sees"), rows)


def entities() -> str:
    """Every columnar agent with its columns, and the commissioner."""
    import importlib
    import pkgutil

    import sim.agents
    from sim.columns import ColumnarAgent

    rows = []
    for module in sorted(entry.name for entry in pkgutil.iter_modules(sim.agents.__path__)):
        loaded = importlib.import_module(f"sim.agents.{module}")
        for name, kind in sorted(vars(loaded).items()):
            if isinstance(kind, type) and issubclass(kind, ColumnarAgent) and kind.__module__ == loaded.__name__:
                columns = ", ".join(f"{column.name} ({column.dtype})" for column in kind.columns.values())
                rows.append((f"`{name}`", _first_sentence(kind.__doc__), columns))
    rows.append(("`Commissioner`", "One.", "the budget by line, what policy moved, the capacity that follows"))
    return table(("entity", "is", "state"), rows)


def states() -> str:
    """The bits and levels of a resident's `state`."""
    from sim.life import states as module
    from sim.life.conditions import shipped

    found = module.States(tuple(condition.name for condition in shipped()))
    rows: list[tuple[str, str, str]] = [(f"`{name}`", "yes or no", f"bit {bit}") for name, bit in found.bits.items()]
    for name in module.LEVELS:
        first = module.level_shift(name)
        rows.append((f"`{name}`", "level 0–3", f"bits {first}–{first + module.LEVEL_BITS - 1}"))
    return table(("state", "kind", "where"), sorted(rows, key=lambda row: int(re.findall(r"\d+", row[2])[0])))


def processes() -> str:
    """Every row of the rate tables, in order, and what multiplies its base rate."""
    import numpy as np

    from sim.evidence import load
    from sim.life import epidemiology
    from sim.life import processes as life
    from sim.life.grid import AGES, BAND

    epi = epidemiology.of(load().draw(0))
    rates = life.rate_tables(epi, np.full((2, AGES // BAND), 0.001, np.float32), {})
    named = {bit: name for name, bit in epi.states.bits.items()}
    exposures = [f"{name} ({lag})" for name, lag in epi.exposures.names]
    rows = []
    for k, name in enumerate(rates.names):
        bits = {
            int(shift) + bit: rates.factors[b, 1 << bit, k] / rates.factors[b, 0, k] if rates.factors[b, 0, k] else 0.0
            for b, shift in enumerate(rates.shifts)
            for bit in range(8)
        }
        states_ = [named[bit] for bit, ratio in bits.items() if bit in named and ratio != 1]
        lagged = [exposures[e] for e in np.flatnonzero(rates.excess[:, k])]
        rows.append((k, f"`{name}`", ", ".join(states_) or "–", ", ".join(lagged) or "–"))
    return table(("#", "process", "states that multiply it", "lagged exposures"), rows)


def conditions() -> str:
    """The configured conditions."""
    from sim.life.conditions import shipped

    rows = [(f"`{c.name}`", c.label, c.order, c.age_from, "yes" if c.recovers else "no") for c in shipped()]
    return table(("condition", "label", "order", "from age", "people recover"), rows)


def levers() -> str:
    """The library of levers."""
    from sim.policy.levers import load
    from sim.studies.determinants import shipped

    rows = []
    for name in paths.names("levers"):
        lever = load(name)
        acts = "; ".join(dict.fromkeys(f"{act.kind} of {act.target}" for act in lever.acts_on))
        kind = shipped().label(shipped().of_lever(name, lever.domain)).lower()
        rows.append((f"`{name}`", lever.label, kind, lever.line, acts))
    return table(("lever", "label", "kind of determinant", "budget line", "acts on"), rows)


def scenarios() -> str:
    """The scenarios that ship."""
    from sim.yaml_file import read_yaml

    rows = []
    for name in paths.names("scenario"):
        given = read_yaml(paths.configs() / "scenario" / f"{name}.yaml")
        rows.append((f"`{name}`", given["label"], ", ".join(sorted(given.get("levers") or {})) or "none"))
    return table(("scenario", "label", "levers"), rows)


def pathways() -> str:
    """The pathways of care."""
    import yaml

    rows = []
    for file in sorted((paths.configs() / "pathways").glob("*.yaml")):
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        rows.append(
            (f"`{file.stem}`", given["label"], f"`{given['asks']}`", given["begins_at"], _chain(given["steps"]))
        )
    return table(("kind of need", "label", "begins with", "at", "then"), rows)


def _chain(steps: Sequence[dict[str, Any]]) -> str:
    out = []
    for step in steps:
        after = f" → ({_chain(step['then'])})" if step.get("then") else ""
        out.append(f"{step['team']}{after}".replace("_", " "))
    return "; ".join(out) or "–"


def measures() -> str:
    """The measures, but for those that each condition brings (people with it, new cases, prevalence)."""
    from sim.outcomes.measures import Measures

    rows = [
        (
            m.topic,
            f"`{m.name}`",
            m.label,
            m.unit,
            m.kind,
            m.scope,
            "yes" if m.by_area else "",
            "yes" if m.optional else "",
        )
        for m in Measures().values()
    ]
    heads = ("topic", "measure", "label", "unit", "kind", "whose", "by LSOA", "only if recorded")
    return table(heads, sorted(rows, key=lambda row: row[0]))


def team_measures() -> str:
    """What is kept for each practice and team."""
    from sim.outcomes.teams import MEASURES

    return table(("column", "label", "unit", "year"), [(f"`{m.name}`", m.label, m.unit, m.yearly) for m in MEASURES])


def parameters() -> str:
    """How many parameters there are, by group and grade."""
    from sim.evidence import load
    from sim.evidence.stratified import GRADES

    registry = load()
    count = Counter((p.group, p.grade) for p in registry.values())
    nulls = Counter(p.group for p in registry.values() if p.null is not None)
    groups = sorted({group for group, _ in count})
    rows = [(g, *(count[g, grade] for grade in GRADES), sum(count[g, x] for x in GRADES), nulls[g]) for g in groups]
    rows.append(("**all**", *(sum(count[g, x] for g in groups) for x in GRADES), len(registry), sum(nulls.values())))
    return table(("group", *GRADES, "all", "judged benefits that can be switched off"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "month": month, "entities": entities, "states": states, "processes": processes, "conditions": conditions,
    "levers": levers, "scenarios": scenarios, "pathways": pathways, "measures": measures,
    "team_measures": team_measures, "parameters": parameters,
}  # fmt: skip


def _first_sentence(text: str | None) -> str:
    words = " ".join((text or "").split())
    return words.split(". ")[0].rstrip(".") + "."


def filled(text: str) -> str:
    """The document with every table made anew. Raises KeyError for a table that nothing makes."""
    return _BLOCK.sub(lambda found: f"<!-- made: {found['name']} -->\n{TABLES[found['name']]()}\n<!-- end -->", text)


def main() -> int:
    """Write the tables into docs/odd.md; 1 when the schedule and the code differ."""
    wrong = schedule.drift()
    for line in wrong:
        print(line, file=sys.stderr)
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
