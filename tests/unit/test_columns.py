"""One set of expectations, held against Mesa's own agents and sets and against columns.

Each test runs twice: on a model whose residents are ordinary Mesa agents and on one whose residents are rows. What
Mesa's AgentSet promises is taken from Mesa's documentation and its own tests of AgentSet.
"""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import pytest

from sim.columns import ColumnarAgent, ColumnarModel, columnar
from sim.columns.compat import AgentSet

pytestmark = [pytest.mark.unit, pytest.mark.compat]

N = 200
AGES = [(37 * i) % 91 for i in range(N)]
PRACTICES = [i % 3 for i in range(N)]
ABOUT_HALF = 0.5


class Behaviour:
    """What residents of both kinds can do."""

    age: Any
    social: Any
    model: Any
    unique_id: int

    def have_birthday(self) -> None:
        self.age += 1

    def years_older(self, years: int, plus: int = 0) -> int:
        return int(self.age) + years + plus

    def visit(self) -> None:
        self.model.visits += 1
        self.social = 1.0

    def kill_next(self) -> None:
        """Remove somebody else, who then must not act in the same round."""
        self.model.acted.append(self.unique_id)
        for other in self.model.agents_by_type[type(self)][:]:
            if other.unique_id == self.unique_id + 1:
                other.remove()

    def multiply(self) -> None:
        type(self)(self.model, age=0)


class PlainResident(Behaviour, mesa.Agent):
    """One Python object a resident."""

    def __init__(self, model: Any, age: int = 0, practice: int = 0, social: float = 0.5) -> None:
        super().__init__(model)
        self.age, self.practice, self.social = age, practice, social


class Resident(Behaviour, ColumnarAgent):
    """One row a resident."""

    age: np.int16
    practice: np.uint8
    social: np.float32 = 0.5  # type: ignore[assignment]

    have_birthday = columnar(Behaviour.have_birthday)


class OwnInit(Behaviour, ColumnarAgent):
    """One row a resident, with a constructor written the Mesa way."""

    age: np.int16
    practice: np.uint8
    social: np.float32

    def __init__(self, model: Any, age: int = 0, practice: int = 0, social: float = 0.5) -> None:
        super().__init__(model)
        self.age, self.practice, self.social = age, practice, social


class Practice(mesa.Agent):
    """An ordinary agent beside the residents."""

    def __init__(self, model: Any, capacity: int) -> None:
        super().__init__(model)
        self.capacity = capacity
        self.age = 30

    def step(self) -> None:
        self.capacity += 1


class TownMixin:
    """Three practices and `n` residents; a month is a birthday for all."""

    kind: type

    def __init__(self, n: int = N, rng: int = 1) -> None:
        super().__init__(rng=rng)  # type: ignore[call-arg]
        self.visits = 0
        self.acted: list[int] = []
        Practice.create_agents(self, 3, [10, 20, 30])
        self.kind.create_agents(self, n, age=np.array(AGES[:n]), practice=PRACTICES[:n])  # type: ignore[attr-defined]
        self.datacollector = mesa.DataCollector(
            model_reporters={"old": old, "mean_age": mean_age},
            agenttype_reporters={self.kind: {"age": "age"}, Practice: {"capacity": "capacity"}},
        )

    def step(self) -> None:
        self.agents_by_type[Practice].do("step")  # type: ignore[attr-defined]
        self.agents_by_type[self.kind].do("have_birthday")  # type: ignore[attr-defined]
        self.datacollector.collect(self)


def old(model: Any) -> int:
    return len(model.agents_by_type[model.kind].select(lambda r: r.age > 65))


def mean_age(model: Any) -> float:
    return float(model.agents_by_type[model.kind].agg("age", np.mean))


class PlainTown(TownMixin, mesa.Model):
    kind = PlainResident


class ColumnTown(TownMixin, ColumnarModel):
    kind = Resident


class OwnInitTown(TownMixin, ColumnarModel):
    kind = OwnInit


@pytest.fixture(params=[PlainTown, ColumnTown, OwnInitTown], ids=["mesa", "columns", "columns with __init__"])
def town(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.fixture(params=["all of the type", "a subset"])
def residents(town: Any, request: pytest.FixtureRequest) -> Any:
    """The set under test: the model's own, or one made from it."""
    whole = town.agents_by_type[town.kind]
    return whole if request.param == "all of the type" else whole.select(lambda r: r.unique_id > 0)


def ids(agents: Any) -> list[int]:
    return [int(agent.unique_id) for agent in agents]


def test_a_model_knows_its_agents(town: Any) -> None:
    assert town.agent_types == [Practice, town.kind]
    assert len(town.agents) == N + 3
    assert len(town.agents_by_type[town.kind]) == N
    assert sorted(ids(town.agents)) == list(range(1, N + 4))
    with pytest.raises(AttributeError):
        town.agents = 1


def test_agents_are_agents(town: Any, residents: Any) -> None:
    agent = residents[5]
    assert isinstance(agent, mesa.Agent)
    assert agent in residents
    assert agent in town.agents
    assert agent == residents[5]
    assert len({agent, residents[5]}) == 1
    assert agent.model is town
    assert agent.random is town.random
    assert agent.rng is town.rng
    assert agent.pos is None
    assert agent not in town.agents_by_type[Practice]
    assert "a resident" not in residents
    assert agent != residents[6]


def test_indexing_and_order(residents: Any) -> None:
    agents = list(residents)
    assert ids(agents) == sorted(ids(agents))
    assert residents[0] == agents[0]
    assert residents[-1] == agents[-1]
    assert residents[5:9] == agents[5:9]
    assert residents[::-1] == agents[::-1]
    assert list(reversed(residents)) == agents[::-1]
    assert list(residents.sort("unique_id", ascending=True)) == agents
    with pytest.raises(IndexError):
        residents[N]


def test_an_attribute_reads_and_writes(residents: Any) -> None:
    agent = residents[5]
    assert agent.age == AGES[5]
    agent.age = 77
    agent.age += 1
    assert residents[5].age == 78
    assert agent.age * 1000 == 78_000, "arithmetic on one agent's number does not overflow"
    with pytest.raises(AttributeError):
        agent.shoe_size  # noqa: B018


def test_get(residents: Any) -> None:
    assert residents.get("age") == AGES
    assert residents.get(["age", "practice"]) == [list(pair) for pair in zip(AGES, PRACTICES, strict=True)]
    assert residents.get("shoe", handle_missing="default", default_value=7) == [7] * N
    pairs = residents.get(["age", "shoe"], handle_missing="default", default_value=-1)
    assert pairs == [[age, -1] for age in AGES]
    with pytest.raises(AttributeError):
        residents.get("shoe")
    with pytest.raises(ValueError):
        residents.get("shoe", handle_missing="some nonsense value")
    assert residents.get("unique_id") == ids(residents)


def test_set(residents: Any) -> None:
    assert residents.set("social", 0.25).set("practice", 2) is residents
    assert {agent.social for agent in residents} == {0.25}
    assert set(residents.get("practice")) == {2}


def test_agg(residents: Any) -> None:
    assert residents.agg("age", sum) == sum(AGES)
    assert residents.agg("age", np.mean) == np.mean(AGES)
    assert residents.agg("age", [min, max]) == [min(AGES), max(AGES)]
    assert residents.agg("age", (min, max, sum)) == [min(AGES), max(AGES), sum(AGES)]
    assert residents.agg("age", lambda values: sum(values) / len(values) if values else 0) == np.mean(AGES)
    residents.set("age", 30_000)
    assert residents.agg("age", sum) == 30_000 * N, "a sum of small integers does not overflow"
    assert residents.agg("age", lambda values: sum(v * v for v in values)) == 30_000**2 * N


@pytest.mark.parametrize(
    "test",
    [
        lambda r: r.age > 65,
        lambda r: r.age > 65 and r.practice == 1,
        lambda r: (r.age > 65) & (r.practice == 1),
        lambda r: r.age in (3, 4, 5),
        lambda r: not r.practice,
        lambda r: r.age * 1000 > 60_000,
        lambda r: r.years_older(3) > 50,
        lambda r: True,
        lambda r: False,
        lambda r: r.unique_id % 2 == 0,
    ],
)
def test_select(residents: Any, test: Callable[[Any], Any]) -> None:
    wanted = [agent for agent in residents if test(agent)]
    chosen = residents.select(test)
    assert isinstance(chosen, AgentSet)
    assert list(chosen) == wanted
    assert len(chosen) == len(wanted)
    assert len(residents) == N, "the set itself stays as it was"
    assert list(residents.select(test, at_most=3)) == wanted[:3]


def test_select_at_most(residents: Any) -> None:
    sizes = [len(residents.select(at_most=share)) for share in (0.2, 0.549, 0.004, 1.0)]
    assert sizes == [N // 5, int(N * 0.549), 0, N]
    assert len(residents.select(at_most=1)) == 1
    assert len(residents.select(at_most=0)) == 0
    assert len(residents.select(at_most=10 * N)) == N
    assert list(residents.select(at_most=5)) == residents[:5]
    assert list(residents.select()) == list(residents)
    assert len(residents.shuffle().select(at_most=5)) == 5


def test_select_by_type(town: Any, residents: Any) -> None:
    assert len(residents.select(agent_type=Practice)) == 0
    assert len(residents.select(agent_type=town.kind)) == N
    assert len(residents.select(agent_type=mesa.Agent)) == N
    assert len(town.agents.select(agent_type=town.kind)) == N
    assert len(town.agents.select(agent_type=Practice)) == 3
    assert len(town.agents.select(lambda a: a.age == 30)) == AGES.count(30) + 3


def test_select_with_chance_asks_everybody_once(town: Any, residents: Any) -> None:
    for draw in (town.random.random, town.rng.random):
        chosen = residents.select(lambda r, draw=draw: draw() < ABOUT_HALF * (r.age >= 0))
        assert 0.3 * N < len(chosen) < 0.7 * N, "one draw each, not one for all"


def test_select_reports_mistakes(residents: Any) -> None:
    with pytest.raises(AttributeError):
        residents.select(lambda r: r.shoe_size > 3)
    with pytest.raises(ZeroDivisionError):
        residents.select(lambda r: 1 / r.practice > 0)


def test_inplace_on_a_set_of_ones_own(residents: Any) -> None:
    own = residents.select(lambda r: r.age < 40)
    count = len(own)
    assert own.select(lambda r: r.age < 20, inplace=True) is own
    assert 0 < len(own) < count
    assert own.sort("age", inplace=True) is own
    assert own[0].age == max(own.get("age"))
    before = ids(own)
    assert own.shuffle(inplace=True) is own
    assert sorted(ids(own)) == sorted(before)
    assert ids(own) != before


def test_do_and_map(town: Any, residents: Any) -> None:
    assert residents.do("have_birthday") is residents
    assert residents.get("age") == [age + 1 for age in AGES]
    residents.do(lambda agent: agent.have_birthday())
    assert residents.map("years_older", 3, plus=1) == [age + 6 for age in AGES]
    assert residents.map(lambda agent, years: agent.age + years, 1) == [age + 3 for age in AGES]
    residents[3].have_birthday()
    assert residents[3].age == AGES[3] + 3
    with pytest.raises(AttributeError):
        residents.do("non_existing_method")
    with pytest.raises(AttributeError):
        residents.map(lambda agent: agent.non_existing_method())
    town.agents_by_type[Practice].do("step")
    assert town.agents_by_type[Practice].get("capacity") == [11, 21, 31]


def test_shuffle_do(town: Any, residents: Any) -> None:
    seen: list[int] = []
    assert residents.shuffle_do(lambda agent: seen.append(agent.unique_id)) is residents
    assert sorted(seen) == ids(residents)
    assert seen != ids(residents)
    residents.shuffle_do("visit")
    assert town.visits == N
    assert set(residents.get("social")) == {1.0}
    order = ids(residents.shuffle())
    assert sorted(order) == ids(residents)
    assert order != ids(residents)


def test_shuffling_follows_the_seed(town: Any) -> None:
    again = type(town)()
    assert ids(town.agents_by_type[town.kind].shuffle()) == ids(again.agents_by_type[again.kind].shuffle())


def test_sort_keeps_ties_in_order(residents: Any) -> None:
    for key in ("practice", lambda agent: agent.practice):
        for ascending in (True, False):
            wanted = sorted(residents, key=lambda agent: agent.practice, reverse=not ascending)
            assert list(residents.sort(key, ascending=ascending)) == wanted
    assert residents.sort("age").get("age") == sorted(AGES, reverse=True)


def test_groupby(residents: Any) -> None:
    groups = residents.groupby("practice")
    assert list(groups.groups) == [0, 1, 2], "groups come in the order in which they are met"
    assert groups.count() == {p: PRACTICES.count(p) for p in range(3)}
    assert groups.map(len) == groups.count()
    assert groups.agg("age", sum) == {p: sum(AGES[p::3]) for p in range(3)}
    assert groups.map("get", "practice")[1] == [1] * PRACTICES.count(1)
    assert groups.do("do", "have_birthday") is groups
    assert groups.agg("age", max)[0] == max(AGES[0::3]) + 1
    as_lists = residents.groupby(lambda agent: agent.unique_id % 2 == 0, result_type="list")
    assert set(dict(iter(as_lists))) == {True, False}
    assert len(as_lists) == 2
    assert isinstance(as_lists.groups[True], list)
    assert as_lists.agg("age", min)[True] >= 0
    assert len(residents.select(lambda r: r.age > 1000).groupby("practice")) == 0


def test_sets_of_agents(town: Any) -> None:
    whole = town.agents_by_type[town.kind]
    young, low = whole.select(lambda r: r.age < 40), whole.select(lambda r: r.unique_id < 100)
    assert set(ids(young & low)) == set(ids(young)) & set(ids(low))
    assert set(ids(young | low)) == set(ids(young)) | set(ids(low))
    assert set(ids(young - low)) == set(ids(young)) - set(ids(low))
    assert set(ids(young ^ low)) == set(ids(young)) ^ set(ids(low))
    assert young == whole.select(lambda r: r.age < 40)
    assert young != low
    agent = low[0]
    low.discard(agent)
    low.discard(agent)
    assert agent not in low
    assert agent in whole
    with pytest.raises(KeyError):
        low.remove(agent)
    low.add(agent)
    assert agent in low
    low.remove(agent)
    assert agent not in low
    assert len(copy.copy(young)) == len(young)


def test_one_arrives_and_one_leaves(town: Any) -> None:
    residents = town.agents_by_type[town.kind]
    baby = town.kind(town, age=0, practice=2)
    assert len(residents) == N + 1
    assert baby.practice == 2
    assert baby.social == 0.5
    assert baby.unique_id == N + 4
    assert baby in residents
    assert list(residents)[-1] == baby
    baby.remove()
    baby.remove()
    assert baby not in residents
    assert baby not in town.agents
    assert len(residents) == N
    assert town.kind(town).unique_id == N + 5, "identities are not used again"


def test_a_held_set_forgets_the_dead_and_adopts_nobody(town: Any) -> None:
    held = town.agents_by_type[town.kind].select(lambda r: r.age > 80)
    count = len(held)
    held[0].remove()
    gc.collect()
    assert len(held) == count - 1
    town.kind(town, age=1)
    assert len(held) == count - 1
    assert min(held.get("age")) > 80


def test_removing_while_iterating(town: Any) -> None:
    residents = town.agents_by_type[town.kind]
    for agent in residents.select(lambda r: r.age > 60):
        agent.remove()
    assert max(residents.get("age")) <= 60
    residents.select(lambda r: r.age > 30).do("remove")
    assert max(residents.get("age")) <= 30
    left = len(residents)
    residents.do("multiply")
    assert len(residents) == 2 * left, "those who join during the round do not act in it"


def test_the_dead_do_not_act(town: Any) -> None:
    town.agents_by_type[town.kind].do("kill_next")
    gc.collect()
    assert len(town.acted) == len(town.agents_by_type[town.kind]) == N // 2


def test_all_agents_together(town: Any) -> None:
    everyone = town.agents
    assert everyone.get("age") == [30, 30, 30, *AGES]
    assert everyone.agg("age", sum) == sum(AGES) + 90
    assert [type(a).__name__ for a in everyone[2:4]] == ["Practice", town.kind.__name__]
    assert everyone[3] == town.agents_by_type[town.kind][0]
    assert everyone[-1] == town.agents_by_type[town.kind][-1]
    assert everyone.groupby(type).count() == {Practice: 3, town.kind: N}
    assert ids(everyone.sort("unique_id", ascending=True)) == list(range(1, N + 4))
    seen: list[Any] = []
    everyone.shuffle_do(lambda agent: seen.append(type(agent)))
    assert len(seen) == N + 3
    assert {i for i, kind in enumerate(seen) if kind is Practice} != {0, 1, 2}, "types are mixed"
    everyone.set("age", 4)
    assert set(everyone.get("age")) == {4}
    assert sum(everyone.map(lambda agent: agent.age)) == 4 * (N + 3)
    assert town.random.choice(everyone) in everyone


def test_everybody_leaves(town: Any) -> None:
    town.remove_all_agents()
    assert len(town.agents) == 0
    assert len(town.agents_by_type[town.kind]) == 0
    assert len(town.agents_by_type[Practice]) == 0
    assert list(town.agents) == []


def test_data_collector(town: Any) -> None:
    for _ in range(3):
        town.step()
    series = town.datacollector.get_model_vars_dataframe()
    assert list(series["mean_age"]) == [np.mean(AGES) + i for i in (1, 2, 3)]
    assert list(series["old"]) == [sum(age + i > 65 for age in AGES) for i in (1, 2, 3)]
    table = town.datacollector.get_agenttype_vars_dataframe(town.kind)
    assert len(table) == 3 * N
    assert list(table.loc[2]["age"]) == [age + 2 for age in AGES]
    capacities = town.datacollector.get_agenttype_vars_dataframe(Practice)
    assert list(capacities.loc[3]["capacity"]) == [13, 23, 33]


@pytest.mark.parametrize("make", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_is_another_model(town: Any, make: Callable[[Any], Any]) -> None:
    town.favourite = town.agents_by_type[town.kind][7]
    town.datacollector = mesa.DataCollector(model_reporters={"old": old})  # Mesa cannot pickle reporters of agents
    other = make(town)
    assert ids(other.agents) == ids(town.agents)
    assert other.favourite == other.agents_by_type[other.kind][7]
    assert other.favourite.model is other
    other.agents_by_type[other.kind].do("have_birthday")
    assert other.agents_by_type[other.kind].get("age") == [age + 1 for age in AGES]
    assert town.agents_by_type[town.kind].get("age") == AGES
    other.step()
    assert len(other.agents) == N + 3


def test_pickled_agents_and_sets(town: Any, residents: Any) -> None:
    town.datacollector = None
    agents, again = pickle.loads(pickle.dumps((list(residents), residents)))
    assert ids(agents) == ids(again) == ids(residents)


def test_a_model_is_forgotten(town: Any) -> None:
    again = type(town)()
    if isinstance(town, PlainTown):
        del again  # Mesa's own sets may hold on to a model; nothing is promised for them here
        return
    again.agents_by_type[again.kind].do("visit")
    gone = weakref.ref(again)
    del again
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason="this Mesa has no batch_run")
def test_batch_run(town: Any) -> None:
    seeds = {"rng": [1, 2]} if "rng" in mesa.batch_run.__code__.co_varnames else {"iterations": 2}
    rows = mesa.batch_run(type(town), {"n": [100, 200]}, max_steps=3, display_progress=False, **seeds)
    assert {row["n"] for row in rows} == {100, 200}
    assert len({row["RunId"] for row in rows}) == 4
    lived = {row["mean_age"] - np.mean(AGES[: row["n"]]) for row in rows}
    assert lived in ({3.0}, {4.0}), "Mesa 3.3 takes one step more than max_steps"
