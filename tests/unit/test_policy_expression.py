"""Eligibility: what the grammar accepts means what it says, and it accepts nothing else."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import UserError
from sim.policy.expression import parse

pytestmark = pytest.mark.unit

COLUMNS = {
    "age": np.array([5, 17, 18, 40, 90]),
    "decile": np.array([1, 2, 5, 9, 10]),
    "smoker": np.array([False, True, False, True, True]),
    "lonely": np.array([True, True, False, False, True]),
}
COMPARISONS = st.builds(
    lambda name, sign, number: f"{name} {sign} {number}",
    st.sampled_from(["age", "decile"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.integers(-5, 100),
)
TRUTHS = st.recursive(
    st.one_of(st.sampled_from(["smoker", "lonely"]), COMPARISONS),
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=8,
)


@given(TRUTHS)
def test_means_what_python_means_for_each_resident(text: str) -> None:
    found = parse(text).evaluate(COLUMNS.__getitem__)
    each = [eval(text, {}, {name: column[i] for name, column in COLUMNS.items()}) for i in range(5)]
    assert found.tolist() == [bool(one) for one in each]


@given(st.text(max_size=60))
def test_any_other_text_is_refused_or_understood(text: str) -> None:
    try:
        expression = parse(text)
    except UserError:
        return
    assert expression.names or any(character.isdigit() for character in text)


@pytest.mark.parametrize(
    "text",
    [
        "age.real > 3", "__import__('os')", "open('x')", "age[0] > 1", "lambda: 1", "[age for age in (1,)]",
        "age + 1 > 2", "age in (1, 2)", "age is 3", "'a' < 'b'", "f'{age}'", "1", "True", "age > True", "age > -True",
        "age := 3", "",
        "smoker; lonely", "age >", "x" * 600, "(" * 400, "smoker if lonely else smoker", "*age",
        "smoker & lonely", "~smoker",
    ],
)  # fmt: skip
def test_nothing_but_comparisons(text: str) -> None:
    with pytest.raises(UserError):
        parse(text)


def test_chained_comparisons_and_pickling() -> None:
    expression = parse("16 <= age < 41 and not smoker")
    again = pickle.loads(pickle.dumps(expression))
    assert again.evaluate(COLUMNS.__getitem__).tolist() == [False, False, True, False, False]
    assert again.names == {"age", "smoker"}


def test_unknown_names_get_the_nearest_and_numbers_must_be_compared() -> None:
    with pytest.raises(UserError, match="did you mean smoker"):
        parse("smokr").check(["smoker", "lonely"])
    with pytest.raises(UserError, match="age is a number"):
        parse("smoker or age").check(["smoker", "lonely"])
    parse("smoker or age > 3 and male").check(["smoker"])
