"""How columns are stored: rows used again, columns added later, snapshots, and random histories of all of these."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sim.columns import ColumnarAgent, ColumnarModel, Table

pytestmark = [pytest.mark.unit, pytest.mark.compat]


class Person(ColumnarAgent):
    age: np.int16
    weight: np.float32 = 70  # type: ignore[assignment]
    key: np.uint64


class Standing(Person):
    together = ("age", 3)


def people(n: int = 10, kind: type[Person] = Person) -> Table:
    model = ColumnarModel(rng=1)
    kind.create_agents(model, n, age=np.arange(n))
    return model.table_of(kind)


def test_defaults_and_types() -> None:
    table = people()
    assert table.columns["weight"].dtype == np.float32
    assert set(table.get("weight")) == {70.0}
    assert table.columns["unique_id"].dtype == np.int64
    assert len(table.columns["age"]) >= table.size == 10
    table.key = np.uint64(2**64 - 1)
    assert table[0].key == 2**64 - 1


def test_rows_are_used_again_but_not_adopted() -> None:
    table = people()
    leaver = table[3]
    table.release(table.rows[[3, 3]])
    assert table.columns["unique_id"][3] == 0
    with pytest.raises(ReferenceError):
        leaver.age  # noqa: B018
    leaver.remove()
    newcomer = Person(table.model, age=1)
    assert newcomer.row == 3
    assert newcomer.unique_id == 11
    assert newcomer.weight == 70
    assert leaver != newcomer
    table.release(np.empty(0, np.int64))
    assert len(table.append(0)) == 0
    assert table.size == 10


def test_free_rows_go_to_those_who_stand_together() -> None:
    table = people(12, Standing)
    table.release([1, 2, 6, 7])  # remainders 1, 2, 0, 1
    rows = table.append(5, age=np.array([4, 3, 6, 9, 7])).rows  # 1, 0, 0, 0, 1
    assert rows.tolist() == [1, 6, 12, 13, 7]
    assert table._free.tolist() == [2]
    assert table.append(2, age=5).rows.tolist() == [2, 14], "one value for all"


def test_given_identities() -> None:
    table = people()
    added = table.append(2, unique_id=np.array([2**62, 77]), age=5)
    assert added.get("unique_id") == [2**62, 77]
    assert table[10].unique_id == 2**62
    with pytest.raises(ValueError, match="positive"):
        table.append(1, unique_id=[0])


def test_mistakes_are_named() -> None:
    table = people()
    with pytest.raises(TypeError, match="shoe"):
        table.append(1, shoe=3)
    with pytest.raises(AttributeError, match="shoe"):
        Person(table.model, shoe=3)
    with pytest.raises(AttributeError, match="shoe"):
        table[0].shoe = 3
    with pytest.raises(AttributeError, match="pos"):
        table[0].pos = (1, 2)
    with pytest.raises(TypeError, match="by name"):
        Person.create_agents(table.model, 2, [1, 2])
    with pytest.raises(ValueError, match="inplace"):
        table.shuffle(inplace=True)
    with pytest.raises(ValueError, match="inplace"):
        table.model.agents.shuffle(inplace=True)
    with pytest.raises(TypeError, match="follows the model"):
        table.model.agents.add(table[0])
    with pytest.raises(TypeError, match="cannot be called"):
        type("Clash", (ColumnarAgent,), {"__annotations__": {"rows": np.int8}})
    assert len(table) == 10, "who is refused is not added"


def test_columns_are_inherited() -> None:
    class Child(Person):
        school: np.uint8

    model = ColumnarModel(rng=1)
    child = Child(model, age=7, school=2)
    assert (child.age, child.weight, child.school) == (7, 70.0, 2)
    assert set(model.table_of(Child).columns) == {"unique_id", "age", "weight", "key", "school"}
    assert "school" not in Person.columns


def test_wide_columns_added_to_a_running_model() -> None:
    table = people()
    chance = table.extend("chance", np.uint32, width=4, default=[1, 2, 3, 4])
    assert chance.shape == (len(table.columns["unique_id"]), 4)
    table.extend("frail", np.bool_)
    assert table[2].chance.tolist() == [1, 2, 3, 4]
    table[2].chance[1] = 9
    assert table.columns["chance"][2].tolist() == [1, 9, 3, 4]
    table.release([2])
    table.append(50, age=1)
    assert table.columns["chance"].shape[1] == 4
    assert (table.columns["chance"][table.rows] == [1, 2, 3, 4]).all(), "newcomers start from the default"
    assert table.chance.shape == (59, 4)
    assert len(table.select(lambda r: r.chance[:, 0] == 1)) == 59
    given = table.append(2, chance=np.arange(8).reshape(2, 4))
    assert given.chance.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    with pytest.raises(ValueError, match="age"):
        table.extend("age", np.int8)
    with pytest.raises(ValueError, match="select"):
        table.extend("select", np.int8)


def test_branches_from_a_snapshot_do_not_touch_each_other() -> None:
    table = people()
    table.extend("lagged", np.float32, width=2)
    table.release([1, 4])
    snapshot = table.copy_columns()
    ends = []
    for _ in range(2):
        table.restore(snapshot)
        table.append(40, unique_id=np.arange(1000, 1040), age=3, lagged=1)
        table.release([0])
        table.extend("late", np.int8)
        table.age = table.age + 1
        ends.append({name: column[table.rows].tolist() for name, column in table.columns.items()})
    assert ends[0] == ends[1]
    table.restore(snapshot)
    assert len(table) == 8
    assert table.get("age") == [0, 2, 3, 5, 6, 7, 8, 9]
    assert "late" not in table.columns
    table.append(2)
    assert table.rows.tolist() == list(range(10)), "free rows are part of the snapshot"


def test_two_models_share_nothing() -> None:
    one, other = people(), people()
    one.age = 5
    assert other.get("age") == list(range(10))
    assert one[0] != other[0]
    assert one[0] not in other
    assert one != other


def test_ordinary_agents_keep_their_own_numbers() -> None:
    class Clerk(mesa.Agent):
        pass

    model = ColumnarModel(rng=1)
    clerk = Clerk(model)
    Person.create_agents(model, 3)
    assert clerk.unique_id == 1
    assert Clerk(model).unique_id == 5
    assert Clerk(mesa.Model()).unique_id == 1


class Histories(RuleBasedStateMachine):
    """Any order of arrivals, departures, growth and returns, against a dictionary of what should be there."""

    kind = Person

    def __init__(self) -> None:
        super().__init__()
        self.table = people(0, self.kind)
        self.expected: dict[int, tuple[int, float]] = {}
        self.held: list[tuple[Any, set[int]]] = []
        self.saved: tuple[Any, dict[int, tuple[int, float]]] | None = None
        self.next_id = 1000

    @rule(n=st.integers(0, 20), age=st.integers(0, 110))
    def arrive(self, n: int, age: int) -> None:
        identities = np.arange(self.next_id, self.next_id + n)
        self.next_id += n
        added = self.table.append(n, unique_id=identities, age=age + np.arange(n), weight=age)
        assert added.get("unique_id") == identities.tolist()
        self.expected |= {int(one): (age + i, float(age)) for i, one in enumerate(identities)}

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        rows = data.draw(st.lists(st.integers(0, max(self.table.size - 1, 0)), max_size=8)) if self.table.size else []
        gone = set(self.table.columns["unique_id"][np.array(rows, np.int64)].tolist())
        self.table.release(rows)
        self.expected = {one: values for one, values in self.expected.items() if one not in gone}

    @rule(limit=st.integers(0, 120))
    def hold(self, limit: int) -> None:
        chosen = self.table.select(lambda r: r.age >= limit)
        wanted = {one for one, (age, _) in self.expected.items() if age >= limit}
        assert set(chosen.get("unique_id")) == wanted
        self.held = [*self.held[-3:], (chosen, wanted)]

    @rule()
    def save(self) -> None:
        self.saved = self.table.copy_columns(), dict(self.expected)

    @precondition(lambda self: self.saved is not None)
    @rule()
    def return_to_saved(self) -> None:
        assert self.saved is not None
        self.table.restore(self.saved[0])
        self.expected = dict(self.saved[1])
        self.held = []

    @invariant()
    def holds_what_it_should(self) -> None:
        table = self.table
        found = dict(zip(table.get("unique_id"), zip(table.get("age"), table.get("weight"), strict=True), strict=True))
        assert found == self.expected
        assert len(table) == len(self.expected)
        live = table.columns["unique_id"][: table.size] != 0
        assert live.sum() + len(table._free) == table.size, "every row is in use or free, once"
        assert len(set(table._free.tolist())) == len(table._free)
        for chosen, wanted in self.held:
            assert set(chosen.get("unique_id")) == wanted & set(self.expected)


class StandingHistories(Histories):
    kind = Standing


TestHistories, TestStandingHistories = Histories.TestCase, StandingHistories.TestCase
TestHistories.settings = TestStandingHistories.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
