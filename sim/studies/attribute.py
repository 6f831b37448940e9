"""What moved it? Between two scenarios: each lever and each kind of determinant, alone, left out, and together.

The runs are those of a comparison whose scenarios hold parts of the second one's levers, so everything holds that holds
of a comparison: paired evidence and chance, progress, parts on the disk, going on after an interruption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.compose import Plan
from sim.errors import UserError
from sim.outcomes.shares import EXACT_UP_TO, Players, sets_needed
from sim.settings import Settings
from sim.studies.determinants import OTHER, Determinants, shipped

if TYPE_CHECKING:
    from sim.outcomes.results import Results
    from sim.studies.progress import Progress

LEVER, KIND = "lever", "kind"


@dataclass(frozen=True)
class Design:
    """Which scenarios are run to attribute a difference.

    base, target   names of the two; levers: those that differ; kind_of: lever → kind of determinant
    scenarios      whole configurations by name, the base first; name_of: the set of levers in force → its name
    """

    base: str
    target: str
    levers: tuple[str, ...]
    kind_of: dict[str, str]
    scenarios: dict[str, dict[str, Any]]
    name_of: dict[Players, str]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of determinant that the levers belong to, in order of the configuration."""
        order = [*shipped().kinds, OTHER]
        return tuple(sorted(set(self.kind_of.values()), key=order.index))

    def sets(self, by: str) -> dict[Players, Players]:
        """For players of one sort (levers, or kinds): each set of them that is run → its levers."""
        players = self.levers if by == LEVER else self.kinds
        return {chosen: self.levers_of(chosen, by) for chosen in sets_needed(players)}

    def levers_of(self, chosen: Players, by: str) -> Players:
        """The levers of a set of levers, or of kinds."""
        return chosen if by == LEVER else frozenset(x for x in self.levers if self.kind_of[x] in chosen)


def design(base: str, target: str, scenarios: Mapping[str, Mapping[str, Any]], domains: Mapping[str, str]) -> Design:
    """The scenarios to run between two. domains: of each lever that either uses.

    A lever that both use alike is no part of the difference. Raises `UserError` when no lever differs.
    """
    determinants: Determinants = shipped()
    before, after = (dict(scenarios[name].get("levers") or {}) for name in (base, target))
    levers = tuple(sorted(x for x in {*before, *after} if before.get(x) != after.get(x)))
    if not levers:
        raise UserError(f"{target} has the same levers as {base}; there is nothing to attribute.")
    kind_of = {lever: determinants.of_lever(lever, domains.get(lever, "")) for lever in levers}
    start = Design(base, target, levers, kind_of, {}, {})
    needed = dict.fromkeys([*start.sets(LEVER).values(), *start.sets(KIND).values()])
    composed: dict[str, dict[str, Any]] = {}
    names: dict[Players, str] = {}
    for chosen in sorted(needed, key=lambda s: (len(s), sorted(s))):
        name = _name(chosen, start)
        names[chosen] = name
        mixed = {
            x: after[x] if x in chosen else before[x]
            for x in {*before, *after}
            if x in (after, before)[x not in chosen]
        }
        composed[name] = {**scenarios[target if chosen else base], "levers": dict(sorted(mixed.items()))}
        if chosen and chosen != frozenset(levers):
            composed[name]["label"] = _label(chosen, start)
    return replace(start, scenarios=composed, name_of=names)


def _name(chosen: Players, start: Design) -> str:
    everyone = frozenset(start.levers)
    if not chosen:
        return start.base
    if chosen == everyone:
        return start.target
    if len(chosen) == 1:
        return f"only_{next(iter(chosen))}"
    if len(chosen) == len(everyone) - 1:
        return f"without_{next(iter(everyone - chosen))}"
    kinds = [kind for kind in start.kinds if start.levers_of(frozenset({kind}), KIND) & chosen]
    if start.levers_of(frozenset(kinds), KIND) == chosen:
        return "kinds_" + "_and_".join(kinds)
    return "only_" + "_and_".join(sorted(chosen))


def _label(chosen: Players, start: Design) -> str:
    left = frozenset(start.levers) - chosen
    words = {name: name.replace("_", " ") for name in start.levers}
    if len(left) == 1 and len(chosen) > 1:
        return f"All but {words[next(iter(left))]}"
    return "Only " + ", ".join(words[name] for name in sorted(chosen))


def plan(given: Plan) -> tuple[Plan, Design]:
    """The plan of all runs, from that of a comparison of exactly two scenarios."""
    from sim.policy.levers import load

    names = list(given.scenarios)
    if given.settings.scenarios == Settings().scenarios:
        names = names[:2]  # none were chosen
    if len(names) != 2:
        raise UserError("attribute takes two scenarios, for example scenarios=[baseline,health_creation].")
    own = tuple(Path(folder) for folder in given.own)
    used = {lever for name in names for lever in (given.scenarios[name].get("levers") or {})}
    made = design(names[0], names[1], given.scenarios, {lever: load(lever, own).domain for lever in used})
    settings = replace(given.settings, scenarios=tuple(made.scenarios))
    return replace(given, settings=settings, scenarios=made.scenarios), made


# ---------------------------------------------------------------------------------------------------- the command


def run(planned: Plan, made: Design, progress: Progress | None = None) -> tuple[Results, Path]:
    """Run what `plan` gave and leave a folder. Returns the results and the folder.

    The folder holds what a comparison's does but for the report, and attribution.csv, waterfall.csv and figures.
    Raises `UserError`, `EnvironmentFault`, or `Interrupted` (finished parts are kept; the same command goes on).
    """
    from sim.studies import attribution, compare
    from sim.studies.progress import Silence
    from sim.studies.store import Store

    progress = progress or Silence()
    with Store(planned) as store:
        compare.run_parts(store, progress)
        results = compare.gather(store)
        progress.say("Writing …")
        folder = store.finish(lambda whole: attribution.write(results, made, whole), compare.facts(store))
    return results, folder


def announcement(made: Design, runs: int) -> str:
    """What will be run, before it is."""
    how = "every set of them" if len(made.levers) <= EXACT_UP_TO else "each alone, all but one, and together"
    return (
        f"{len(made.scenarios)} scenarios × {runs} run{'s' * (runs != 1)} = {len(made.scenarios) * runs} runs: "
        f"{len(made.levers)} lever{'s' * (len(made.levers) != 1)} ({how}) and {len(made.kinds)} "
        f"kind{'s' * (len(made.kinds) != 1)} of determinant."
    )
