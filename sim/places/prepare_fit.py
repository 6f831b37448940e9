"""Preparation: how well the two fitted distances do against facts that were not used to fit them.

Registration: the modelled deprivation, mean age and share of men of each practice's patients against the recorded ones
(Fingertips, NHS Patients Registered), for several distances. Catchment: one border for the whole county, fitted to the
authorities' capture shares, and again leaving each authority out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.places import catchment
from sim.places.place import BANDS
from sim.places.registration import ISLAND, patients

Floats = NDArray[np.float64]
TRIED_KM = (0.5, 1.0, 2.0, 4.0)
MIDDLE = 2.5
"""Years from the start of a five-year band to its middle."""
MOSTLY_HERE = 0.5


def registration(areas: pd.DataFrame, counts: NDArray[np.int64], practices: pd.DataFrame) -> list[dict[str, float]]:
    """One row a tried distance: fit of lists, and agreement of practices' patients with what is recorded of them."""
    people = counts.sum(axis=(1, 2)).astype(np.float64)
    ages = np.arange(BANDS) * 5 + MIDDLE
    known = {
        "imd_score": areas["imd_score"].to_numpy(float),
        "mean_age": np.asarray(counts.sum(axis=1) @ ages / people),
        "male_share": np.asarray(counts[:, 1].sum(axis=1) / people),
    }
    out = []
    for km in TRIED_KM:
        fitted = patients(areas, people, practices, km)
        here = (practices["outside_share"] < MOSTLY_HERE).to_numpy()
        row = {"distance_km": km, "lists_mean_error": round(fitted.fit["lists_mean_error"], 4)}
        for what, of_area in known.items():
            recorded = practices[what].to_numpy(float)
            use = here & np.isfinite(recorded)
            modelled = (fitted.persons.T @ of_area) / np.maximum(fitted.persons.sum(axis=0), 1e-9)
            row[f"{what}_correlation"] = round(float(np.corrcoef(modelled[use], recorded[use])[0, 1]), 3)
            row[f"{what}_mean_error"] = round(float(np.abs(modelled[use] - recorded[use]).mean()), 4)
        out.append(row)
    return out


def border(
    areas: pd.DataFrame, counts: NDArray[np.int64], sites: pd.DataFrame, capture: pd.Series[float]
) -> dict[str, Any]:
    """Log odds per km of extra distance that fit the capture shares best, with all authorities and leaving each out."""
    from scipy.optimize import minimize

    main = (areas["lad_code"] != ISLAND).to_numpy()
    gap = (catchment.other_distance(areas, sites) - catchment.own_distance(areas, sites))[main]
    people = counts.sum(axis=(1, 2))[main].astype(np.float64)
    codes, of = np.unique(areas["lad_code"].to_numpy(str)[main], return_inverse=True)
    size = np.bincount(of, people).astype(np.float64)
    seen = capture.reindex(codes).to_numpy(float)

    def off(level_and_slope: Floats, weight: Floats) -> float:
        tilt = np.clip(level_and_slope[0] + level_and_slope[1] * gap, -50, 50)
        share = np.bincount(of, people / (1 + np.exp(-tilt))) / size
        return float(weight @ (share - seen) ** 2 / weight.sum())

    def best(weight: Floats) -> Floats:
        return np.asarray(minimize(off, [0.0, 0.3], args=(weight,), method="Nelder-Mead").x, np.float64)

    whole = best(size)
    without = [best(np.where(np.arange(codes.size) == k, 0.0, size))[1] for k in range(codes.size)]
    return {
        "log_odds_per_km": round(float(whole[1]), 1),
        "leaving_one_authority_out_quartiles": [round(float(q), 1) for q in np.quantile(without, (0.25, 0.5, 0.75))],
        "leaving_one_authority_out_least": round(float(min(without)), 1),
        "root_mean_square_error": round(off(whole, size) ** 0.5, 3),
    }
