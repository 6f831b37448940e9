"""A user's three files: what is wrong is said by file and row, and nothing else ever happens."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import UserError
from sim.places import check, load
from sim.places.own import LAYOUT
from sim.places.shipped import DATA

pytestmark = pytest.mark.unit

TOY = DATA.parent / "toy"
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A copy of the toy town's folder."""
    folder = tmp_path / "town"
    shutil.copytree(TOY, folder)
    return folder


def rewrite(folder: Path, file: str, change: Change) -> None:
    """Change a table of the folder."""
    table = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
    change(table).to_csv(folder / file, index=False)


def put(row: int, column: str, value: str) -> Change:
    """Set one cell."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[row, column] = value
        return table

    return change


def test_the_example_is_in_order_and_loads(town: Path) -> None:
    assert check(town) == []
    place = load(town)
    assert (place.name, place.residents) == ("town", 5000)


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("areas.csv", put(1, "imd_decile", "11"), "areas.csv row 3: imd_decile is 11; it must be from 1 to 10."),
        ("areas.csv", put(0, "f_0-4", "12.5"), "areas.csv row 2: f_0-4 is 12.5; it must be a whole number."),
        ("areas.csv", put(0, "lat", "here"), "areas.csv row 2: lat is 'here', not a number."),
        ("areas.csv", put(4, "m_90+", ""), "areas.csv row 6: m_90+ is empty."),
        ("areas.csv", put(2, "code", "T1"), "areas.csv row 4: the code T1 stands in row 2 already."),
        ("areas.csv", put(2, "income_deprived", "nan"), "areas.csv row 4: income_deprived is nan"),
        ("areas.csv", lambda t: t.drop(columns=["imd_rank"]), "areas.csv lacks the column imd_rank."),
        ("areas.csv", lambda t: t.iloc[:0], "areas.csv has no rows."),
        ("practices.csv", put(0, "list_size", "0"), "practices.csv row 2: list_size is 0; it must be from 1"),
        ("practices.csv", put(0, "list_size", "90000"), "must be within a factor of two"),
        ("hospitals.csv", put(0, "has_ed", "0"), "no hospital has an emergency department"),
        ("hospitals.csv", put(0, "bed_share", "0.4"), "bed_share sums to 0.4"),
        ("hospitals.csv", put(0, "activity_here", "0"), "activity_here is 0"),
    ],
)
def test_each_mistake_is_named_with_its_row(town: Path, file: str, change: Change, says: str) -> None:
    rewrite(town, file, change)
    found = check(town)
    assert any(says in line for line in found), found
    with pytest.raises(UserError, match="cannot be used"):
        load(town)


def test_a_missing_file_and_an_unreadable_one_are_named(town: Path) -> None:
    (town / "practices.csv").unlink()
    (town / "hospitals.csv").write_bytes(b"\xff\xfe\x00garbage")
    found = check(town)
    assert found[0] == "practices.csv is missing."
    assert found[1] == "hospitals.csv is not UTF-8 text; save it as CSV UTF-8."


def test_a_column_twice_and_a_hospital_without_beds_are_named(town: Path) -> None:
    rewrite(town, "hospitals.csv", put(0, "beds", "0"))
    text = (town / "practices.csv").read_text(encoding="utf-8").splitlines()
    doubled = [f"{line},{'pcn' if k == 0 else 'x'}" for k, line in enumerate(text)]
    (town / "practices.csv").write_text("\n".join(doubled), encoding="utf-8")
    found = " ".join(check(town))
    assert "practices.csv has the column pcn twice." in found
    assert "hospitals.csv row 2: beds" in found


def test_several_mistakes_are_all_said(town: Path) -> None:
    rewrite(town, "areas.csv", put(0, "lon", "200"))
    rewrite(town, "practices.csv", put(1, "lat", ""))
    assert len(check(town)) == 2


def test_columns_that_may_be_left_out_are_filled_from_the_same_decile(town: Path) -> None:
    optional = [name for name, column in LAYOUT["areas.csv"].items() if column.optional]
    rewrite(town, "areas.csv", lambda t: t.drop(columns=[c for c in optional if c in t]))
    rewrite(town, "hospitals.csv", lambda t: t.drop(columns=["bed_share", "beds", "activity_here"]))
    rewrite(town, "practices.csv", lambda t: t.drop(columns=["pcn", "imd_score"]))
    place = load(town)
    assert place.lsoas["income_deprived"].between(0.01, 0.6).all()
    assert (place.lsoas["hhft_share"] == 1).all()
    assert place.activity_share_simulated == 1


def test_a_stated_share_of_the_hospital_and_of_residents_is_used(town: Path) -> None:
    rewrite(town, "hospitals.csv", put(0, "activity_here", "0.5"))
    rewrite(town, "areas.csv", lambda t: t.assign(hospital_share="0.8"))
    place = load(town)
    assert place.users == pytest.approx(4000)
    assert place.catchment == pytest.approx(8000)


CELL = st.one_of(
    st.sampled_from(["", " ", "-1", "1e9", "inf", "nan", "None", "½", "0x10", "1;2", '"', "T1", "=1+1", "\t"]),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\x00"), max_size=8),
    st.floats(allow_nan=True).map(str),
    st.integers(-(10**6), 10**6).map(str),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cells_give_sentences_or_a_place_never_a_fault(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "random"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TOY, folder)
    file = data.draw(st.sampled_from(sorted(LAYOUT)))
    table = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.integers(0, len(table) - 1))
        table.loc[row, data.draw(st.sampled_from(list(table.columns)))] = data.draw(CELL)
    table.to_csv(folder / file, index=False)
    found = check(folder)
    assert all(isinstance(line, str) and line.startswith(tuple(LAYOUT)) for line in found)
    if not found:
        load(folder)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(sorted(LAYOUT)), content=st.binary(max_size=200))
def test_any_bytes_as_a_file_give_sentences(tmp_path: Path, file: str, content: bytes) -> None:
    folder = tmp_path / "bytes"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TOY, folder)
    (folder / file).write_bytes(content)
    assert check(folder)


@pytest.mark.parametrize(("text", "sentence"), [
    ('code,name\n1,"a\n', "areas.csv cannot be read as CSV: the quotation mark opened in row 2 is not closed."),
    ("code,name\n1,2\n3,4,5\n", "areas.csv cannot be read as CSV: row 3 has 3 cells and not 2."),
    ("", "areas.csv cannot be read as CSV: it is empty."),
])  # fmt: skip
def test_files_that_are_no_tables_are_told_in_words(text: str, sentence: str, tmp_path: Path) -> None:
    from sim.places import check

    (tmp_path / "areas.csv").write_text(text)
    assert sentence in check(tmp_path)


def test_the_python_of_the_document_works() -> None:
    text = (Path(__file__).parents[2] / "docs" / "own-place.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, flags=re.M | re.S)
    (names,) = re.findall(r'"lsoas": (\[.*?\])', code)
    found: dict[str, Any] = {}
    exec(re.sub(r"^load\(", "popley = load(", code, flags=re.M), found)
    assert sorted(found["popley"].lsoas["code"]) == sorted(re.findall(r"E\d+", names))
