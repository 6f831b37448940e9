"""Write the tables of hospital and general-practice activity from a folder of published series.

``python -m sim.evidence.prepare_care FOLDER`` reads the layout of the project's evidence folder
(``data/hospital``, ``data/primary_care``, ``tables``) and writes the compact tables that ship with the model. Nothing
after March 2024 is used: later hospital figures are kept aside to compare the model with.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from sim.errors import UserError

OUT = Path(__file__).parent / "tables"
TRUST, SYSTEM = "RN5", "QRL"
FIRST, LAST = "2020-07", "2024-03"
SEASON = ("2023-04", "2024-03")
GP_SEASON = ("2019-03", "2020-02")
DATA_FAULT = "2023-02"

RECALLED = {
    "ed": "0.73 0.79 0.78 0.75 0.72 0.71 0.61 0.66 0.81",
    "emergency": "0.90 0.90 0.91 0.92 0.88 0.90 0.84 0.80 0.95",
}
"""England's monthly counts against the year before, July 2020 to March 2021: recalled (the trust's are not there)."""

GROUPS = {
    "trauma and orthopaedics": ("Trauma and Orthopaedic Service",),
    "ophthalmology": ("Ophthalmology Service",),
    "ear, nose, throat and mouth": ("Ear Nose and Throat Service", "Oral Surgery Service"),
    "urology": ("Urology Service",),
    "general surgery": ("General Surgery Service", "Cardiothoracic Surgery Service"),
    "gastroenterology": ("Gastroenterology Service",),
    "gynaecology": ("Gynaecology Service",),
    "heart and lungs": ("Cardiology Service", "Respiratory Medicine Service"),
    "neurology and rheumatology": ("Neurology Service", "Rheumatology Service"),
    "dermatology": ("Dermatology Service",),
    "children and other": (),
}


def main(folder: Path) -> None:
    """Write every table of this group. Raises `UserError` when the folder lacks a file."""
    if not (folder / "data" / "hospital").is_dir():
        raise UserError(f"{folder} has no data/hospital; give the folder that holds 'data' and 'tables'.")
    hospital = folder / "data" / "hospital"
    service_index(hospital, folder / "data" / "primary_care")
    waiting_flow(hospital)
    waiting_shares(hospital)
    specialty_mix(hospital)
    beds_by_month(hospital)
    length_of_stay(folder / "tables")


def write(name: str, frame: pd.DataFrame, digits: int, **about: str) -> None:
    """A table file: header lines, then CSV."""
    head = "".join(f"# {key}: {text}\n" for key, text in about.items())
    body = frame.round({"value": digits}).to_csv(index=False, lineterminator="\n")
    (OUT / f"{name}.csv").write_text(head + body, encoding="utf-8")


def service_index(hospital: Path, primary_care: Path) -> None:
    """Monthly activity relative to a base year, per service, and the seasonal year it is frozen at."""
    counts = pd.read_csv(hospital / "ae_monthly_trusts.csv")
    counts = counts[counts["nhs_trust22_code"] == TRUST]
    counts.index = pd.Index(pd.to_datetime(counts["date"], format="%B %Y").dt.strftime("%Y-%m"))
    series = {"ed": counts["total_attendances"], "emergency": counts["total_emergency_admissions"].copy()}
    around = series["emergency"][["2023-01", "2023-03"]].mean()
    series["emergency"][DATA_FAULT] = around
    rows = []
    for service, observed in series.items():
        base = observed.loc[SEASON[0] : SEASON[1]].mean()
        months = pd.period_range(FIRST, "2021-03", freq="M").astype(str)
        rows += [(service, "observed", m, float(v), "recalled")
                 for m, v in zip(months, RECALLED[service].split(), strict=True)]  # fmt: skip
        rows += [(service, "observed", m, v / base, "read") for m, v in observed.loc[:LAST].items()]
        rows += [(service, "season", m, v / base, "read") for m, v in observed.loc[SEASON[0] : SEASON[1]].items()]
    flow = _flow(hospital)["new"]
    base = flow[SEASON[0] : SEASON[1]].mean()
    rows += [("referral", "observed", m, v / base, "read") for m, v in flow[FIRST:LAST].items()]
    rows += [("referral", "season", m, v / base, "read") for m, v in flow[SEASON[0] : SEASON[1]].items()]
    gp = pd.read_csv(primary_care / "gp_appointments_monthly_hiow_2019_2021.csv")
    gp["month"] = pd.to_datetime(gp["appointment_month"], format="%b%Y").dt.strftime("%Y-%m")
    appointments = gp.groupby("month")["count_of_appointments"].sum().sort_index()
    base = appointments[GP_SEASON[0] : GP_SEASON[1]].mean()
    rows += [("gp_contact", "observed", m, v / base, "read") for m, v in appointments[FIRST:].items()]
    season = appointments[GP_SEASON[0] : GP_SEASON[1]]
    rows += [("gp_contact", "season", m, v / base, "read") for m, v in season.items()]
    write("service_index", pd.DataFrame(rows, columns=["service", "role", "month", "value", "grade"]), 4,
        title="Monthly activity relative to the mean month of a base year",
        unit="ratio to the mean month of 2023/24 (gp_contact: of March 2019 to February 2020)",
        source="NHS England A&E monthly statistics (Hampshire Hospitals NHS FT); RTT clock starts (Hampshire and Isle"
        " of Wight); NHS Digital Appointments in General Practice (Hampshire and Isle of Wight); via healthyr, OGL 3.0",
        grade="read",
        note="emergency February 2023 (3,466 between 4,909 and 5,115) is a data fault, replaced by its neighbours'"
        " mean; ed and emergency before April 2021 are England's, recalled; later months repeat the rows 'season'",
    )  # fmt: skip


def waiting_flow(hospital: Path) -> None:
    """Clock starts, completed pathways and the list at month's end of the system."""
    flow = _flow(hospital)[["new", "completed", "incomplete"]]["2020-06":LAST]
    rows = flow.rename_axis("month").reset_index().melt("month", var_name="series")
    write("waiting_flow", rows, 0,
        title="Referral-to-treatment pathways of Hampshire and Isle of Wight",
        unit="pathways", grade="read",
        source="NHS England RTT by STP (QRL), via healthyr, OGL 3.0",
        note="starts less completed less the list's growth is 1-2 % of completed (6 % in 2021/22)")  # fmt: skip


def waiting_shares(hospital: Path) -> None:
    """How long people in England had waited, month by month."""
    england = pd.read_csv(hospital / "rtt_england_overview_monthly.csv")
    england["month"] = england["month"].str[:7]
    wide = england.pivot(index="month", columns="type_of_wait", values="count")["2020-06":LAST]
    total = wide["Total waiting"]
    shares = pd.DataFrame({"over_18w": wide["No. > 18 weeks"] / total, "over_52w": wide["No. > 52 weeks"] / total})
    rows = shares.rename_axis("month").reset_index().melt("month", var_name="measure")
    write("waiting_shares", rows, 4,
        title="Share of England's waiting list over 18 and over 52 weeks",
        unit="share of incomplete pathways", grade="read",
        source="NHS England RTT overview time series, via healthyr, OGL 3.0")  # fmt: skip


def specialty_mix(hospital: Path) -> None:
    """Which specialties the trust's list is made of."""
    waits = pd.read_csv(hospital / "rtt_over18_52_by_specialty_monthly_trusts.csv")
    year = waits["date"].between(f"{SEASON[0]}-01", f"{SEASON[1]}-31")
    mix = waits[(waits["nhs_trust22_code"] == TRUST) & year & (waits["treatment"] != "Total")]
    counts = mix.groupby("treatment")["waits_over_18_weeks"].sum()
    named = {group: float(counts.reindex(parts).sum()) for group, parts in GROUPS.items() if parts}
    named["children and other"] = float(counts.sum()) - sum(named.values())
    rows = pd.DataFrame({"specialty": named.keys(), "value": [v / sum(named.values()) for v in named.values()]})
    write("specialty_mix", rows, 4,
        title="Specialties of the waiting list of Hampshire Hospitals NHS FT",
        unit="share of the list", grade="read",
        source="NHS England RTT by trust and treatment function, mean of 2023/24, via healthyr, OGL 3.0",
        note="mix of those waiting over 18 weeks: the only part of the list given by specialty")  # fmt: skip


def beds_by_month(hospital: Path) -> None:
    """General and acute beds open and occupied at the trust."""
    beds = pd.read_csv(hospital / "beds_occupancy_monthly_trusts.csv")
    beds = beds[beds["nhs_trust22_code"] == TRUST]
    month = pd.to_datetime(beds["date"], format="%B %Y").dt.strftime("%Y-%m")
    rows = pd.DataFrame({"month": month, "open": beds["general_acute_beds_available"],
                         "occupied": beds["general_acute_beds_occupied"]})  # fmt: skip
    rows = rows[rows["month"] <= LAST].melt("month", var_name="measure")
    write("beds_by_month", rows, 0,
        title="General and acute beds of Hampshire Hospitals NHS FT, mean of the month",
        unit="beds", grade="read",
        source="NHS England Urgent and Emergency Care sitrep, via healthyr, OGL 3.0")  # fmt: skip


def length_of_stay(tables: Path) -> None:
    """Mean emergency overnight stay by age."""
    stay = pd.read_csv(tables / "length_of_stay_by_age.csv")
    first = stay["age_band"].str.extract(r"(\d+)")[0].astype(int)
    value = stay["mean_los_days_emergency_overnight_2019"]
    rows = pd.DataFrame({"age_from": first, "value": value, "low": stay["low"], "high": stay["high"]})
    write("length_of_stay", rows, 1,
        title="Mean length of an emergency stay over night, by age, 2019",
        unit="days", grade="recalled", distribution="lognormal",
        source="Health Foundation 2023 long read (all ages 7.9, 85+ 10.8: read); age split recalled",
        note="the shape; the model rescales its mean over those admitted to care.los_overnight")  # fmt: skip


def _flow(hospital: Path) -> pd.DataFrame:
    flow = pd.read_csv(hospital / "rtt_flow_stp_hiow_frimley.csv")
    flow = flow[flow["stp20_nhs_code"] == SYSTEM].copy()
    flow.index = pd.Index(flow["date"].str[:7])
    return flow.sort_index()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sim.evidence.prepare_care FOLDER")
    main(Path(sys.argv[1]))
