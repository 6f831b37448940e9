"""General practices: where residents ask first."""

import numpy as np

from sim.columns import ColumnarAgent

MIDDLE_DECILE = 5.5


class GPPractice(ColumnarAgent):
    """One practice; the row is the practice's position in the place's table. Counts are of simulated contacts a month.

    list_size: registered patients, list_simulated: those of them who live in the place. pool: the group that shares
    appointments (the practice itself, or its network where few of its patients are simulated). real_size: contacts of
    the real practice per simulated one. base_capacity: appointments usable in a mean month before the budget changes
    them; per_weight: those a unit of weighted list had in the last observed month; capacity: usable this month;
    offered: including those that lapse; induced: used by demand that new supply makes. need, served, waiting,
    given_up, to_ed: contacts; pressure: share not offered.
    decile: mean deprivation decile of its patients at the opening. gps, nurses, others, staff: full-time equivalents
    for the residents simulated; …_in_post: relative to the base year's. leavers: full-time equivalents this month;
    turnover: share of its doctors who leave in a year. felt_pressure: share not offered over the last year,
    usual_pressure: in the last observed one. continuity: mean share of contacts with the usual clinician, of the
    patients reviewed this month.
    """

    list_size: np.float32 = np.float32(0)
    list_simulated: np.float32 = np.float32(0)
    pool: np.int16 = np.int16(0)
    real_size: np.float64 = np.float64(1)
    base_capacity: np.float64 = np.float64(0)
    per_weight: np.float64 = np.float64(0)
    capacity: np.float64 = np.float64(0)
    offered: np.float64 = np.float64(0)
    induced: np.float64 = np.float64(0)
    need: np.int32 = np.int32(0)
    served: np.int32 = np.int32(0)
    waiting: np.int32 = np.int32(0)
    given_up: np.int32 = np.int32(0)
    to_ed: np.int32 = np.int32(0)
    pressure: np.float64 = np.float64(0)
    decile: np.float64 = np.float64(MIDDLE_DECILE)
    gps: np.float64 = np.float64(0)
    nurses: np.float64 = np.float64(0)
    others: np.float64 = np.float64(0)
    staff: np.float64 = np.float64(0)
    gps_in_post: np.float64 = np.float64(1)
    nurses_in_post: np.float64 = np.float64(1)
    others_in_post: np.float64 = np.float64(1)
    leavers: np.float64 = np.float64(0)
    turnover: np.float64 = np.float64(0)
    felt_pressure: np.float64 = np.float64(0)
    usual_pressure: np.float64 = np.float64(0)
    continuity: np.float64 = np.float64(0)
