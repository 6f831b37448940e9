"""General practices: where residents ask first."""

import numpy as np

from sim.columns import ColumnarAgent


class GPPractice(ColumnarAgent):
    """One practice; the row is the practice's position in the place's table. Counts are of simulated contacts a month.

    list_size: registered patients, list_simulated: those of them who live in the place. pool: the group that shares
    appointments (the practice itself, or its network where few of its patients are simulated). real_size: contacts of
    the real practice per simulated one. base_capacity: appointments usable in a mean month before the budget changes
    them; per_weight: those a unit of weighted list had in the last observed month; capacity: usable this month;
    offered: including those that lapse; induced: used by demand that new supply makes. need, served, waiting,
    given_up, to_ed: contacts; pressure: share not offered.
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
