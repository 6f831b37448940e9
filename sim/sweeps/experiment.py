"""Experiments: files of a few lines in configs/experiment (or mine/experiment) that say what is varied, how, and what
is looked at; read and checked before anything runs.

    about: Which groups of evidence matter at all?
    design: morris
    n: 8
    seeds: 4
    factors: {evidence: all, group: true, settings: {health_creation.levers.link_workers.amount: [0.5, 2.0]}}
    scenarios: [baseline, health_creation]
    outcomes: [net_benefit, emergency_admissions]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import checks, files, paths, settings
from sim.arguments import Override, Words
from sim.compose import Plan
from sim.errors import UserError
from sim.nearest import not_known
from sim.sweeps.base import DRAW, SETTINGS, Base, Value, is_of_scenarios, scenarios_of, settings_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.sweeps.designs import Design

KEYS = (
    "about", "design", "n", "seeds", "second_order", "stop", "factors", "scenarios", "outcomes", "then", "question",
)  # fmt: skip
NEEDED = ("about", "design", "n", "seeds", "scenarios", "outcomes")
FACTOR_KEYS = ("evidence", "group", "settings")
STOP_KEYS = ("half_width", "outcome")
THEN_KEYS = ("design", "n", "keep", "second_order")
PSA = "psa"
MOST_SEEDS = 1000
SECOND, KEEP = "sobol", 6
"""The design of a second stage, and how many groups it keeps, unless the experiment says."""


@dataclass(frozen=True)
class Draws:
    """The design of a `psa`: row i is evidence draw i + 1, in which everything uncertain is drawn. Grows with n."""

    n: int
    method: str = PSA
    factors: tuple[Any, ...] = ()
    groups: tuple[str, ...] = ()
    note: str = ""

    def __len__(self) -> int:
        return self.n

    def values(self, number: int) -> dict[str, Value]:
        """The number of a row's evidence draw."""
        return {DRAW: number + 1}

    def rows_of(self, start: int, stop: int) -> Iterator[tuple[int, dict[str, Value]]]:
        """Numbers and values of the rows from start up to (not with) stop, as far as there are so many."""
        return ((number, self.values(number)) for number in range(start, min(stop, self.n)))

    def first(self, n: int) -> Draws:
        """The first n draws."""
        return replace(self, n=n)

    def complete(self, finite: NDArray[np.bool_]) -> int:
        """How many draws from the first on are done."""
        return self.n if finite.all() else int(finite.argmin())


@dataclass(frozen=True)
class Experiment:
    """What is to be run, checked: the plan of one run, and what is varied over it.

    plan: place, years, scenarios as composed; design, n, seeds, second_order: how the factors are varied; varied: the
    key `factors` of the file; outcomes: what is kept of each run, by year; stop: half-width of every index of `outcome`
    that is narrow enough to stop at, or None; then: the second stage of a design in two; question: what `sweep.html`
    asks of a finished sweep (`sim.sweeps.prim`, `sim.sweeps.frontier`).
    """

    name: str
    about: str
    plan: Plan
    design: str
    n: int
    seeds: int
    outcomes: tuple[str, ...]
    varied: dict[str, Any] = field(default_factory=dict)
    second_order: bool = False
    stop: dict[str, Any] | None = None
    then: dict[str, Any] | None = None
    question: dict[str, Any] | None = None

    @property
    def base(self) -> Base:
        """What all runs share."""
        return Base(
            self.plan.settings.for_model(), self.plan.scenarios, self.outcomes, self.plan.own, self._places()
        )  # fmt: skip

    @property
    def first_seed(self) -> int:
        """The first of the seeds that every row is run with."""
        return self.plan.settings.seed

    def seed_list(self) -> list[int]:
        """The seeds that every row is run with: the same for all, so that rows differ by their values only."""
        return [self.first_seed + i for i in range(self.seeds)]

    def make_design(self, n: int | None = None) -> Design | Draws:
        """The design, of another size if said. Raises `UserError` for factors that cannot be varied."""
        size = n or self.n
        if self.design == PSA:
            return Draws(size)
        from sim import own
        from sim.evidence import load
        from sim.sweeps import designs, factors

        with own.using(self.plan.own):
            wanted = self.varied.get("evidence") or []
            found = factors.of_evidence(load(), wanted, bool(self.varied.get("group"))) if wanted else []
        found = factors.together(found, factors.of_settings(self.varied.get("settings") or {}))
        return designs.make(self.design, found, size, second_order=self.second_order)

    def second_size(self) -> str:
        """What the second stage will add, before it is known which groups it keeps; nothing without one."""
        if self.then is None:
            return ""
        from sim.sweeps import designs

        design, n = str(self.then.get("design", SECOND)), int(self.then.get("n", self.n))
        groups = min(int(self.then.get("keep", KEEP)), len(self.make_design().groups))
        rows = designs.runs(design, groups, n, bool(self.then.get("second_order")))
        return (
            f"Then {design}, n={n}, on the {groups} that matter most: up to {rows:,} rows × {self.seeds} seeds = "
            f"{rows * self.seeds:,} runs more (then.n=… changes that)"
        )

    def tree(self) -> dict[str, Any]:
        """What the experiment's file says, with what was typed."""
        found = {
            "name": self.name, "about": self.about, "design": self.design, "n": self.n, "seeds": self.seeds,
            "second_order": self.second_order, "factors": self.varied, "outcomes": list(self.outcomes),
            "scenarios": list(self.plan.scenarios), "stop": self.stop, "then": self.then, "question": self.question,
        }  # fmt: skip
        return {key: value for key, value in found.items() if value not in (None, False)}

    def _places(self) -> dict[str, Any]:
        """Places of the user's own that a factor chooses from, composed."""
        given = (self.varied.get("settings") or {}).get("place")
        if not isinstance(given, Mapping) or not self.plan.own:
            return {}
        from sim import compose

        found = {}
        for name in map(str, given.get("choices") or ()):
            if not (paths.configs() / "place" / f"{name}.yaml").is_file():
                found[name] = compose.plan("run", own=self.plan.own, place=name).settings.place
        return found


# ---------------------------------------------------------------------------------------------------- reading


def available(own: Sequence[Path | str] = ()) -> dict[str, str]:
    """What each experiment is about, by name: shipped and the user's own."""
    found = {}
    for name in paths.names("experiment", own):
        given = read(name, own)
        found[name] = str(given.get("about", ""))
    return found


def read(name: str, own: Sequence[Path | str] = ()) -> dict[str, Any]:
    """What an experiment's file says. Raises `UserError` with file, line and key for everything wrong in it."""
    file = paths.config_file("experiment", name, own)
    if file is None:
        raise UserError(not_known("experiment", name, paths.names("experiment", own)))
    node, wrong = files.read(file)
    shown = files._short(file)
    if node is None and not wrong:
        raise UserError(f"{shown}: the file is empty.")
    if not wrong:
        wrong = [f"{shown}, line {line}: {sentence}" for line, sentence in _problems(node)]
    if wrong:
        raise UserError("\n".join(wrong))
    found: dict[str, Any] = files.plain(node)
    return found


def _problems(node: Any) -> Iterator[tuple[int, str]]:
    entries = list(files.pairs(node))
    if not entries:
        yield 1, "an experiment is a mapping of keys to values: about: …, design: …"
        return
    for key in NEEDED:
        if key not in {name for name, _, _ in entries}:
            yield 1, f"{key} is missing."
    inner = {"factors": FACTOR_KEYS, "stop": STOP_KEYS, "then": THEN_KEYS}
    for key, line, value in entries:
        if key not in KEYS:
            yield line, not_known("key of an experiment", key, KEYS)
            continue
        plain = files.plain(value)
        if key in inner and plain is not None:
            parts = list(files.pairs(value))
            if not parts:
                yield line, f"{key} must be a mapping with {', '.join(inner[key])}."
            for part, at, _ in parts:
                if part not in inner[key]:
                    yield at, not_known(f"key of {key}", part, inner[key])
        elif sentence := _problem(key, plain):
            yield line, sentence


def _problem(key: str, value: Any) -> str | None:
    """What is wrong with one plain value of an experiment."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if key == "n" and not (whole and value >= 1):
        return f"n must be a whole number of at least 1, not {value}."
    if key == "seeds" and not (whole and 1 <= value <= MOST_SEEDS):
        return f"seeds must be a whole number from 1 to {MOST_SEEDS}, not {value}."
    if key in ("about", "design") and not (isinstance(value, str) and value.strip()):
        return f"{key} must be text, not {value}."
    if key == "design":
        return _no_design(value)
    if key in ("scenarios", "outcomes"):
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            return f"{key} must be a list of names."
        if twice := sorted({name for name in value if value.count(name) > 1}):
            return f"{key} names {' and '.join(twice)} twice."
    if key == "second_order" and not isinstance(value, bool):
        return f"second_order must be true or false, not {value}."
    return None


def _no_design(name: str) -> str | None:
    from sim.sweeps.designs import METHODS

    known = (*METHODS, PSA)
    return None if name in known else not_known("design", name, known)


# ---------------------------------------------------------------------------------------------------- from words


def from_words(words: Words) -> Experiment:
    """The experiment that a command line asks for. Raises `UserError` with everything that is wrong."""
    from sim import compose

    words = files.with_main_file(words)
    chosen = next((it.value.strip() for it in words.overrides if it.key == "experiment"), None)
    if not chosen or chosen == "null":
        raise UserError("Say which experiment: headwater sweep experiment=screen (headwater sweep lists them).")
    given = read(chosen, words.own)
    if not any(it.key == "scenarios" for it in words.overrides):
        listed = ",".join(given["scenarios"])
        words = replace(words, overrides=[Override("", "scenarios", f"[{listed}]"), *words.overrides])
    return from_plan(compose.from_words(words), given)


def from_plan(plan: Plan, given: Mapping[str, Any] | None = None) -> Experiment:
    """An experiment from a plan of the command `sweep`: what its file says, what was typed before it.

    given: the file's content; None where the plan was read from a sweep's folder and holds it. Raises `UserError`.
    """
    said = dict(plan.experiment if given is None else given)
    s = plan.settings
    varied = dict(said.get("factors") or {})
    if s.varied is not None:
        varied["evidence"] = "all" if s.varied == ("all",) else list(s.varied)
    found = Experiment(
        str(said.get("name") or s.experiment),
        str(said["about"]),
        plan,
        str(said["design"]),
        s.n if s.n is not None else int(said["n"]),
        s.seeds if s.seeds is not None else int(said["seeds"]),
        tuple(s.outcomes if s.outcomes is not None else said["outcomes"]),
        varied,
        bool(said.get("second_order")),
        said.get("stop"),
        said.get("then"),
        said.get("question"),
    )
    return replace(found, plan=replace(plan, experiment=found.tree()))


# ---------------------------------------------------------------------------------------------------- checking


def check(experiment: Experiment) -> None:
    """Raise `UserError` for outcomes that nobody records, factors that are not there, and ends of factors that cannot
    be run: everything that can be known before the first run."""
    wrong = [*_outcomes(experiment)]
    if experiment.design == PSA and experiment.varied:
        wrong.append("psa draws everything that is uncertain: it takes no factors.")
    if wrong:
        raise UserError("\n".join(wrong))
    if experiment.then is not None:
        _check_then(experiment)
    design = experiment.make_design()
    _check_settings(experiment, design.factors)
    if experiment.stop is not None:
        _check_stop(experiment)


def _outcomes(experiment: Experiment) -> Iterator[str]:
    from sim import own
    from sim.life import conditions
    from sim.outcomes.measures import Measures
    from sim.sweeps import worth

    with own.using(experiment.plan.own):
        known = [*Measures({one.name: one.label for one in conditions.shipped()}), *worth.MEASURES]
    for name in experiment.outcomes:
        if name not in known:
            yield not_known("measure", name, known, choose=False)
    of_two = [name for name in experiment.outcomes if name in worth.MEASURES]
    if of_two and len(experiment.plan.scenarios) == 1:
        (only,) = experiment.plan.scenarios
        yield (
            f"{', '.join(of_two)}: to be had only as a difference to the first scenario, and {only} is the only one. "
            f"Name a second (scenarios=[{only},…]) or choose other outcomes, for example outcomes=[deaths]."
        )


def _check_stop(experiment: Experiment) -> None:
    from sim.sweeps.designs import NESTED

    stop = experiment.stop or {}
    width, outcome = stop.get("half_width"), stop.get("outcome", experiment.outcomes[0])
    if isinstance(width, bool) or not isinstance(width, int | float) or not 0 < width < 1:
        raise UserError(f"stop.half_width must be above 0 and below 1, not {width}.")
    if outcome not in experiment.outcomes:
        raise UserError(f"stop.outcome: {outcome} is not among the outcomes ({', '.join(experiment.outcomes)}).")
    if experiment.design not in NESTED:
        raise UserError(f"stop: {experiment.design} cannot be stopped early; only {', '.join(NESTED)} can.")


def _check_then(experiment: Experiment) -> None:
    """The second stage can be made of what the first will find: a design that takes groups, a size, some to keep."""
    from sim.sweeps.designs import GROUPED

    then = experiment.then or {}
    design = str(then.get("design", SECOND))
    if design not in GROUPED:
        raise UserError(f"then.design: {design} cannot let factors move in groups; only {' and '.join(GROUPED)} can.")
    for key in ("n", "keep"):
        value = then.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"then.{key} must be a whole number of at least 1, not {value}.")
    if experiment.design == PSA:
        raise UserError("then: a psa screens nothing; begin with morris.")


def _check_settings(experiment: Experiment, factors: Sequence[Any]) -> None:
    """Settings that vary are ones that can, and each of their ends and choices can be run."""
    rows = {row.key: row for row in settings.rows("sweep")}
    varied = [factor for factor in factors if factor.kind == "setting"]
    wrong = []
    for factor in varied:
        if not is_of_scenarios(factor.name) and factor.name not in SETTINGS:
            wrong.append(
                f"factors.settings.{factor.name}: "
                + not_known("setting that can vary", factor.name, [*SETTINGS, "rollout", "levers.X.amount"])
            )
            continue
        for u in _tries(factor):
            value = factor.at(u)
            try:
                if factor.name in rows and (sentence := checks.problem(rows[factor.name], value)):
                    raise UserError(sentence)
                _try(experiment, {factor.name: value})
            except UserError as fault:
                wrong.append(f"factors.settings.{factor.name} at {value}: {fault}")
    if wrong:
        raise UserError("\n".join(dict.fromkeys(wrong)))


def _tries(factor: Any) -> list[float]:
    levels = factor.levels
    if levels and levels <= 32:
        return [(i + 0.5) / levels for i in range(levels)]
    return [0.0, 1.0]


def _try(experiment: Experiment, values: dict[str, Value]) -> None:
    from sim import own, places
    from sim.policy.scenario import scenario_from_mapping

    base = experiment.base
    with own.using(base.own):
        run = settings_of(base, values)
        if "place" in values:
            places.load(run.place)
        for name, given in scenarios_of(base, values).items():
            scenario_from_mapping(given, f"{name}.yaml", [Path(folder) for folder in base.own])
