"""Which scenario is robust? Regret, minimax and satisficing across worlds.

Regret in a world is how much better the best scenario does there (Savage 1951). Minimax regret picks the scenario whose
worst regret is least; satisficing counts the worlds in which a scenario is good enough (Lempert, Popper & Bankes 2003).
Give means over seeds: chance in single runs makes every regret too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.sweeps import resample

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]
RESAMPLES = 200
HIGH_SHARE = 0.9
MOSTLY = 0.9


@dataclass(frozen=True)
class Regrets:
    """A row a scenario: `table` has scenario, mean, worst (outcome in its worst world), mean_regret, high_regret (90 %
    of worlds are below), max_regret, best (share of worlds in which it is best), enough (share in which it is good
    enough; nan without a threshold). Ties in a world are shared.

    minimax      the scenario whose largest regret is least;  sure: share of resampled sets of worlds that agree
    satisficing  the one that is good enough in most worlds; None without a threshold
    same         whether all scenarios do equally well in every world
    """

    table: pd.DataFrame
    minimax: str
    sure: float
    satisficing: str | None
    same: bool

    @property
    def clear(self) -> bool:
        """Whether at least 90 % of resamples name the same scenario."""
        return not self.same and self.sure >= MOSTLY


def table(outcome: Array, scenarios: Sequence[str], good: int = 1, enough: float | None = None) -> Regrets:
    """Regret of each scenario.

    outcome   float64[worlds, scenarios]: means over seeds
    good      +1: more is better; −1: less is better
    enough    the level that is good enough
    Raises `UserError` for fewer than two scenarios, no worlds, or a value missing.
    """
    import pandas as pd

    values = np.asarray(outcome, np.float64)
    if values.ndim != 2 or values.shape[1] != len(scenarios) or values.shape[1] < 2 or not len(values):
        raise UserError("Regret needs worlds × scenarios, with at least two scenarios.")
    if not np.isfinite(values).all():
        raise UserError("Some worlds have no value; run them again or drop them.")
    signed = good * values
    regret = signed.max(axis=1, keepdims=True) - signed
    first = regret == 0
    rows = pd.DataFrame(
        {
            "scenario": list(scenarios),
            "mean": values.mean(axis=0),
            "worst": good * signed.min(axis=0),
            "mean_regret": regret.mean(axis=0),
            "high_regret": np.quantile(regret, HIGH_SHARE, axis=0),
            "max_regret": regret.max(axis=0),
            "best": (first / first.sum(axis=1, keepdims=True)).mean(axis=0),
            "enough": (signed >= good * enough).mean(axis=0) if enough is not None else np.nan,
        }
    )
    chosen = int(regret.max(axis=0).argmin())
    picks = [int(regret[r].max(axis=0).argmin()) for r in resample.bootstrap(4, len(values), RESAMPLES)]
    return Regrets(
        table=rows,
        minimax=scenarios[chosen],
        sure=float(np.mean([pick == chosen for pick in picks])),
        satisficing=scenarios[int(rows["enough"].to_numpy().argmax())] if enough is not None else None,
        same=bool((regret == 0).all()),
    )
