"""Rebuild what is shown beside the model but not judged: ``python -m sim.validation.prepare_observed FOLDER``.

FOLDER has the layout of the evidence folder (`data/hospital`, `data/mortality`, `tables`). Written are the months of
Hampshire Hospitals from April 2021 to March 2024 (never later: those are kept aside) and the observed points of the
face-validity figures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sim.errors import UserError
from sim.validation.observed import FACES, FAULT, MONTHS

TRUST, SYSTEM = "RN5", "QRL"
FIRST, LAST = "2021-04", "2024-03"
FAULTY = {("emergency_admissions", "2023-02")}
AE = "NHS England A&E monthly statistics, via healthyr, OGL 3.0"
BEDS = "NHS England urgent and emergency care sitrep, via healthyr, OGL 3.0"
RTT = "NHS England RTT by trust and treatment function, via healthyr, OGL 3.0; counts some pathways twice"
FLOW = "NHS England RTT of Hampshire and Isle of Wight, via healthyr, OGL 3.0"
MORTALITY = "ONS deaths and population 2016-18 by decile, in Lewer 2020 Lancet Public Health 5:e33, CC BY 4.0"
OLDEST = 75
Row = tuple[str, str, float, str, str]


def months(folder: Path) -> Iterator[Row]:
    """month, measure, value, source, note."""
    hospital = folder / "data" / "hospital"
    counts = _of(hospital / "ae_monthly_trusts.csv", "nhs_trust22_code", TRUST, "date", "%B %Y")
    yield from _rows("ed_attendances", counts["total_attendances"], AE)
    yield from _rows("emergency_admissions", counts["total_emergency_admissions"], AE)
    yield from _rows("ed_over_4h_share", counts["attendances_over_4hours"] / counts["total_attendances"], AE)
    beds = _of(hospital / "beds_occupancy_monthly_trusts.csv", "nhs_trust22_code", TRUST, "date", "%B %Y")
    yield from _rows("beds_open", beds["general_acute_beds_available"], BEDS)
    yield from _rows("bed_occupancy", beds["general_acute_beds_occupied"] / beds["general_acute_beds_available"], BEDS)
    waits = pd.read_csv(hospital / "rtt_over18_52_by_specialty_monthly_trusts.csv")
    waits = waits[(waits["nhs_trust22_code"] == TRUST) & (waits["treatment"] == "Total")]
    waits = waits.set_index(waits["date"].str[:7]).sort_index()
    yield from _rows("waiting_over_18w", waits["waits_over_18_weeks"], RTT)
    yield from _rows("waiting_over_52w", waits["waits_over_52_weeks"], RTT)
    flow = pd.read_csv(hospital / "rtt_flow_stp_hiow_frimley.csv")
    flow = flow[flow["stp20_nhs_code"] == SYSTEM]
    flow = flow.set_index(flow["date"].str[:7]).sort_index()
    yield from _rows("waiting_list", flow["incomplete"], FLOW)
    yield from _rows("elective_referrals", flow["new"], FLOW)


def faces(folder: Path) -> Iterator[tuple[str, str, float, float, str]]:
    """figure, series, x, value, source."""
    rates = pd.read_csv(folder / "data" / "mortality" / "mortality_rate_england_2016_18_by_imd10_sex_ageband.csv")
    rates["age"] = rates["age_band"].astype(str).str.extract(r"(\d+)")[0].astype(int)
    for sex, decile in sorted(set(zip(rates["sex"], rates["imd10"], strict=True))):
        rows = rates[(rates["sex"] == sex) & (rates["imd10"] == decile)].sort_values("age")
        widths = np.diff([*rows["age"], OLDEST])
        lived = years_lived(rows["rate_per_1000"].to_numpy(float) / 1000, widths)
        yield "life_to_75", "women" if sex == "f" else "men", float(decile), lived, MORTALITY
    use = pd.read_csv(folder / "tables" / "gp_use_by_number_of_conditions.csv")
    for number, ratio in zip(use["n_conditions"], use.iloc[:, 1], strict=True):
        yield "gp_by_number", "GP", float(number), float(ratio), "after Soley-Bori 2021 BJGP; steps recalled"


def years_lived(rate: np.ndarray, widths: np.ndarray) -> float:
    """Years lived before the end of the last band, at death rates that are level within each band."""
    alive = np.exp(-np.concatenate([[0.0], np.cumsum(rate * widths)]))
    gone = -np.diff(alive)
    return float(np.where(rate > 0, gone / np.where(rate > 0, rate, 1.0), alive[:-1] * widths).sum())


def _of(path: Path, column: str, wanted: str, date: str, form: str) -> pd.DataFrame:
    table = pd.read_csv(path)
    table = table[table[column] == wanted]
    return table.set_index(pd.to_datetime(table[date], format=form).dt.strftime("%Y-%m")).sort_index()


def _rows(measure: str, series: pd.Series[float], source: str) -> Iterator[Row]:
    for month, value in series[FIRST:LAST].dropna().items():
        fault = FAULT if (measure, str(month)) in FAULTY else ""
        yield str(month), measure, round(float(value), 4), source, fault


def main(folder: Path) -> None:
    """Write both tables. Raises `UserError` when the folder lacks its files."""
    if not (folder / "data" / "hospital").is_dir():
        raise UserError(f"{folder} has no data/hospital; give the folder that holds 'data' and 'tables'.")
    for path, columns, rows in (
        (MONTHS, ["month", "measure", "value", "source", "note"], list(months(folder))),
        (FACES, ["figure", "series", "x", "value", "source"], list(faces(folder))),
    ):
        pd.DataFrame(rows, columns=columns).round(5).to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sim.validation.prepare_observed FOLDER")
    main(Path(sys.argv[1]))
