"""Hospital teams: emergency departments, wards and waiting lists of the modelled trust."""

import numpy as np

from sim.columns import ColumnarAgent

EMERGENCY_DEPARTMENT, ACUTE, CARDIOLOGY, RESPIRATORY, DIABETES, SURGERY, PAEDIATRICS, OTHER, LIST = range(9)
KINDS = (
    "emergency department", "acute medicine and frailty", "cardiology", "respiratory medicine",
    "diabetes and endocrinology", "surgery and orthopaedics", "paediatrics", "other wards", "waiting list",
)  # fmt: skip
WARDS = ("acute", "cardiology", "respiratory", "diabetes", "surgery", "paediatrics", "other")
"""Names of the wards in tables of the evidence; ward w is the kind of team ``ACUTE + w``."""
WHOLE_TRUST = -1


class HospitalTeam(ColumnarAgent):
    """One team. kind: position in `KINDS`; site: position in the place's table of sites (−1: the whole trust);
    specialty: of a waiting list, position in the specialties (−1: none).

    beds: open this month; occupied: mean of the month; expected_load: beds that those expected would fill; slots:
    pathways the list can finish this month, cancelled: those lost to full beds; activity: attendances, admissions or
    finished pathways of the month, of which clinics ended with a clinic and theatre with an operation; waiting: entries
    on the list. Simulated amounts (whole trust × share simulated).
    """

    kind: np.int8 = np.int8(0)
    site: np.int8 = np.int8(-1)
    specialty: np.int8 = np.int8(-1)
    beds: np.float64 = np.float64(0)
    occupied: np.float64 = np.float64(0)
    expected_load: np.float64 = np.float64(0)
    slots: np.float64 = np.float64(0)
    cancelled: np.float64 = np.float64(0)
    activity: np.float64 = np.float64(0)
    clinics: np.float64 = np.float64(0)
    theatre: np.float64 = np.float64(0)
    waiting: np.int32 = np.int32(0)
