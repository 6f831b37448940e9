"""Targets as rows of a file: what is right is read, what is wrong is said in one sentence with row and column."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import UserError
from sim.validation import amounts, filters, grammar, measures, periods
from sim.validation.grammar import Target

pytestmark = pytest.mark.unit

GOOD = {
    "name": "smoking", "measure": "smoking", "value": "0.116", "unit": "share", "tolerance": "0.01", "source": "APS",
}  # fmt: skip
PLACES = ["england", "toy"]


@pytest.fixture(scope="module")
def catalogue() -> measures.Catalogue:
    return measures.catalogue()


def read(catalogue: measures.Catalogue, **cells: str) -> tuple[Target | None, list[str]]:
    return grammar.target_of(2, {**GOOD, **cells}, catalogue, PLACES)


def write(path: Path, *rows: dict[str, str]) -> Path:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_short_row_is_enough(catalogue: measures.Catalogue) -> None:
    target, wrong = read(catalogue)
    assert not wrong
    assert target is not None
    assert (target.measure[0].name, target.measure[0].kind) == ("smoker", measures.STATE)
    assert (target.place, target.period, target.role, target.estimand) == ("local", periods.START, "check", "true")


def test_everything_that_a_row_may_say_is_read(catalogue: measures.Catalogue) -> None:
    target, wrong = read(
        catalogue, measure="copd", who="sex=women; age=40-64; fifth=1; has=smoker; without=any", statistic="ratio",
        against="age=65+; decile=9-10", place="england", year="2022/23", against_year="2023-03", unit="%",
        tolerance="-10%/+35%", value="12", confidence="recalled", estimand="registered", role="fit",
        by_construction="yes", trend="-1.5%",
    )  # fmt: skip
    assert not wrong
    assert target is not None
    assert target.who == filters.Who(sex=0, ages=(40, 64), deciles=(1, 2), has=("smoker",), without=("any",))
    assert target.against == filters.Who(ages=(65, filters.OLDEST), deciles=(9, 10))
    assert (target.period.first, target.period.last) == (21, 32)
    assert (target.against_period.first, target.against_period.last) == (32, 32)
    assert (target.tolerance.below, target.tolerance.above) == pytest.approx((1.2, 4.2))
    assert target.trend == pytest.approx(-0.18)
    assert target.unit.factor == 100


BAD = [
    ({"name": ""}, "name: is empty."),
    ({"source": ""}, "source: is empty."),
    ({"measure": "smokng"}, "measure: is 'smokng', which the model does not have. Did you mean smoking?"),
    ({"measure": "a/b/c"}, "measure: is 'a/b/c'; write the name of a measure, or two as a / b."),
    ({"measure": ""}, "measure: is empty; where the model has nothing of the kind write none."),
    ({"measure": "none", "role": "fit"}, "role: is fit, but the measure is none; it can only be a check."),
    ({"measure": "number:mortality.hr_cp"}, "Did you mean mortality.hr_cap?"),
    ({"measure": "area:lonely"}, "measure: asks for 'lonely', which is no column."),
    ({"who": "age"}, "who: says 'age'; write key=value with one of sex, age,"),
    ({"who": "agee=4"}, "who: has no key 'agee'. Did you mean age?"),
    ({"who": "age=4-"}, "who: has age=4-; write 40-44, 65+ or 17."),
    ({"who": "age=50-40"}, "the first age must not be above the last"),
    ({"who": "age=1; age=2"}, "who: gives age twice."),
    ({"who": "decile=1; fifth=1"}, "who: gives both decile and fifth"),
    ({"who": "decile=11"}, "who: has decile=11; it must be from 1 (most deprived) to 10."),
    ({"who": "fifth=0"}, "who: has fifth=0; it must be from 1 (most deprived) to 5."),
    ({"who": "sex=boys"}, "who: has sex=boys; it must be male or female."),
    ({"who": "area="}, "who: gives area no value."),
    ({"who": "has=cpd"}, "who: has has=cpd, which is no state of a resident. Did you mean copd?"),
    ({"statistic": "rato"}, "statistic: is 'rato'. Did you mean ratio?"),
    ({"statistic": "ratio"}, "statistic: is ratio, so against (a group) or against_year must be given."),
    ({"against": "sex=male"}, "statistic: is level, but against is given; it needs ratio or difference."),
    ({"statistic": "rate", "unit": "people"}, "unit: is people; a rate needs a unit such as per 1000."),
    ({"place": "englnd"}, "place: is 'englnd'. Did you mean england?"),
    ({"year": "2019"}, "year: is '2019', before the model begins in July 2020; use start"),
    ({"year": "2022/24"}, "year: is '2022/24'; a financial year is written like 2022/23."),
    ({"year": "2022-13"}, "year: is '2022-13'; months run from 01 to 12."),
    ({"year": "soon"}, "year: is 'soon'; it must be one of start, start+5, 2023, 2022/23 or 2024-03."),
    ({"year": "2060"}, "year: is '2060'; the last year that can be asked for is"),
    ({"against_year": "x"}, "against_year: is 'x'"),
    ({"value": "1,5"}, "value: is '1,5', not a number (write decimals with a point and no thousands mark)."),
    ({"value": "nan"}, "value: is 'nan', not a finite number."),
    ({"unit": "shares"}, "unit: is 'shares', which is no unit. Did you mean share?"),
    ({"tolerance": "-1"}, "tolerance: is '-1'; it must not be negative."),
    ({"tolerance": "5 percent"}, "tolerance: is '5 percent'; write 0.02, 5% or -10%/+35%."),
    ({"tolerance": "+1/-1"}, "of two, the first is how far below (-10%) and the second how far above (+35%)"),
    ({"trend": "down"}, "trend: is 'down'"),
    ({"estimand": "guessed"}, "estimand: is 'guessed'. It must be one of true, registered, coded."),
    ({"estimand": "coded"}, "estimand: is coded, but smoker is on no register; it must be true."),
    ({"role": "fitt"}, "role: is 'fitt'. Did you mean fit?"),
    ({"confidence": "sure"}, "confidence: is 'sure'. It must be one of read, recalled, judgement."),
    ({"by_construction": "maybe"}, "by_construction: is 'maybe'; it must be yes or no."),
    ({"measure": "deaths"}, "year: is start; deaths is counted over time: give a year or a month."),
    ({"measure": "deaths", "year": "2022", "who": "sex=male"}, "who: deaths is recorded by age group"),
    ({"measure": "deaths", "year": "2022/23", "who": "age=40-44"}, "who: deaths is recorded by the ages 0-17, 18-39"),
    ({"measure": "deaths", "year": "2022", "who": "age=18-39"}, "in financial years (2022/23) only, not 2022."),
    ({"measure": "births", "year": "2022/23", "who": "decile=1"}, "who: births is not recorded by neighbourhood."),
    ({"measure": "ed_attendances", "year": "2022/23", "who": "decile=1"}, "Use residents_ed_attendances."),
    ({"measure": "deaths_under_75", "year": "2022"}, "worked out for everybody and a financial year"),
    ({"measure": "life_expectancy", "who": "age=65+"}, "who: life_expectancy is worked out over all ages"),
    ({"measure": "life_expectancy", "statistic": "share of total"}, "statistic: there is no total of life_expectancy"),
    ({"measure": "copd / life_expectancy"}, "measure: only counted things can be divided by one another"),
    ({"measure": "deaths", "year": "2022/23", "statistic": "standardised_ratio", "against": "fifth=5"},
     "statistic: a standardised ratio is of states, means and processes of residents only."),
    ({"measure": "number:mortality.hr_cap", "who": "sex=male"}, "who: a number of the evidence is of nobody"),
    ({"measure": "area:lonely_share", "who": "sex=male"}, "who: a column of the neighbourhoods takes decile, fifth"),
    ({"measure": "unfitted_ed_attendances", "year": "2022/23", "who": "decile=1"}, "is of the whole trust"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "sentence"), BAD)
def test_one_clear_sentence(cells: dict[str, str], sentence: str, catalogue: measures.Catalogue) -> None:
    target, wrong = read(catalogue, **cells)
    assert target is None
    assert len(wrong) == 1, wrong
    assert sentence in wrong[0]


def test_the_file_is_named_with_row_and_column_and_every_fault_is_listed(
    tmp_path: Path, catalogue: measures.Catalogue
) -> None:
    file = write(tmp_path / "mine.csv", GOOD, {**GOOD, "value": "x"}, GOOD, {**GOOD, "name": "b", "unit": "y"})
    with pytest.raises(UserError) as told:
        grammar.read(file, catalogue, PLACES)
    assert str(told.value).splitlines() == [
        "mine.csv row 3, value: is 'x', not a number.",
        "mine.csv row 4, name: 'smoking' stands in row 2 already.",
        "mine.csv row 5, unit: is 'y', which is no unit. It must be one of " + ", ".join(amounts.UNITS) + ".",
    ]


FILES = [
    (b"", "mine.csv is empty; its first row must name the columns name, measure"),
    (b"name,measure,value,unit,tolerance,source\n", "mine.csv has no rows."),
    (b"name,measure,value,unit,source\na,smoking,1,share,x\n", "mine.csv row 1: the column tolerance is missing."),
    (b"name,measure,value,unit,tolerance,source,whom\n,,,,,,\n", "there is no column called 'whom'. Did you mean who?"),
    (b"name,name,measure,value,unit,tolerance,source\n,,,,,,\n", "the column name stands there twice."),
    (b"name,measure,value,unit,tolerance,source\na,smoking,1,share,1,x,y\n", "row 2: it has 7 cells and not 6;"),
    (b'name,measure,value,unit,tolerance,source\n"a,smoking', "mine.csv cannot be read as CSV"),
    (b"name,measure,value,unit,tolerance,source\n\xff\xfe,1,1,1,1,1\n", "mine.csv is not UTF-8 text"),
]


@pytest.mark.parametrize(("content", "sentence"), FILES)
def test_what_is_no_table_is_said(content: bytes, sentence: str, tmp_path: Path, catalogue: measures.Catalogue) -> None:
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"mine\.csv") as told:
        grammar.read(tmp_path / "mine.csv", catalogue, PLACES)
    assert sentence in str(told.value)
    with pytest.raises(UserError, match="There is no file"):
        grammar.read(tmp_path / "none.csv", catalogue, PLACES)


@given(cells=st.dictionaries(st.sampled_from(grammar.COLUMNS), st.text(max_size=12)))
def test_whatever_is_typed_is_read_or_told(cells: dict[str, str], catalogue: measures.Catalogue) -> None:
    target, wrong = read(catalogue, **cells)
    assert (target is None) == bool(wrong)
    assert all(fault.partition(": ")[0] in grammar.COLUMNS for fault in wrong)


@given(
    value=st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-3),
    below=st.floats(0.01, 50),
    above=st.floats(0.01, 50),
)
def test_a_tolerance_holds_between_its_ends_and_nowhere_else(value: float, below: float, above: float) -> None:
    found = amounts.tolerance(f"-{below}%/+{above}%", value)
    low, high = value - below / 100 * abs(value), value + above / 100 * abs(value)
    assert found.holds(low, value)
    assert found.holds(high, value)
    assert not found.holds(low - 1e-3 * abs(value), value)
    assert not found.holds(high + 1e-3 * abs(value), value)
    assert found.distance(high, value) == pytest.approx(1)
    assert found.distance(low, value) == pytest.approx(-1)
    assert not found.holds(float("nan"), value)


@given(
    first=st.integers(0, 100),
    more=st.integers(0, 20),
    decile=st.integers(1, 10),
    sex=st.sampled_from(["male", "female"]),
)
def test_a_group_means_what_it_says(first: int, more: int, decile: int, sex: str) -> None:
    who = filters.read(f" age={first}-{first + more};sex={sex} ; decile={decile}", ())
    assert who == filters.Who(sex=int(sex == "male"), ages=(first, first + more), deciles=(decile, decile))


@given(year=st.integers(2021, 2040), month=st.integers(1, 12))
def test_periods_have_the_months_they_name(year: int, month: int) -> None:
    from sim import clock

    one = periods.read(f"{year}-{month:02d}")
    assert (clock.iso(one.first), one.first) == (f"{year}-{month:02d}", one.last)
    calendar, financial = periods.read(str(year)), periods.read(f"{year}/{(year + 1) % 100:02d}")
    assert (clock.iso(calendar.first), clock.iso(calendar.last)) == (f"{year}-01", f"{year}-12")
    assert (clock.iso(financial.first), clock.iso(financial.last)) == (f"{year}-04", f"{year + 1}-03")
    assert clock.iso(calendar.middle) == f"{year}-07"
    assert periods.read("start+5").middle == 60


def test_the_shipped_table_is_written_in_the_grammar(catalogue: measures.Catalogue) -> None:
    from sim import places

    targets = grammar.read(grammar.SHIPPED, catalogue, places.names())
    assert len(targets) == 114  # 110 published ones and the four observed years without the index fitted to them
    assert {target.role for target in targets} == set(grammar.ROLES)
    assert {target.estimand for target in targets} == set(grammar.ESTIMANDS)
    assert all(target.note for target in targets if not target.measured)
    assert all(target.by_construction for target in targets if target.cells["trend"] and not target.who.area)
    assert all(not target.by_construction for target in targets if target.who.area and target.estimand != "true")


def test_the_shipped_table_is_made_from_published_facts(tmp_path: Path) -> None:
    from sim.validation import prepare

    head = "quantity,population,year,value,unit,tolerance,source,confidence,note\n"
    file = tmp_path / "calibration_targets.csv"
    file.write_text(
        head + "qof_prevalence_diabetes 17+,Winchester,2019/20,0.05,share,12% rel,QOF,read,x\n"
        "mortality_rate_m_age_40-44_imd_decile_1,England,2016-18,3.7641,per 1000,10% relative,ONS,read,\n",
        encoding="utf-8",
    )
    winchester, deaths = prepare.prepare(tmp_path)
    assert (winchester["value"], winchester["who"]) == ("0.045", "age=17+; area=Winchester")
    assert (winchester["role"], winchester["estimand"], winchester["tolerance"]) == ("check", "registered", "12%")
    assert (deaths["who"], deaths["role"]) == ("sex=male; age=40-44; decile=1", "fit")
    file.write_text(head + "moon_phase,England,2020,1,share,1% rel,x,read,\n", encoding="utf-8")
    with pytest.raises(UserError, match="nothing is decided about 'moon_phase'"):
        prepare.prepare(tmp_path)
