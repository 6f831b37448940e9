"""What results saved from Python say of themselves: the same files beside the numbers as a run of the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies import provenance, store
from sim.studies.compare import fingerprint

if TYPE_CHECKING:
    from sim.outcomes.results import Results


def write(results: Results, folder: Path) -> None:
    """Write metadata.json and, where the results know the plan that they came from, config.yaml.

    With config.yaml, ``headwater rerun`` repeats the run; ``headwater report`` needs metadata.json only.
    """
    about: dict[str, Any] = {"format": store.FORMAT, **provenance.about()}
    if results.plan is not None:
        store.write_config(results.plan, folder / "config.yaml")
        about["hashes"] = provenance.hashes(results.plan.settings.place, results.plan.own)
    about |= {
        "command": results.plan.command if results.plan is not None else "save",
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
        "evidence_draws": sorted({draw for draw, _ in results.pairs}),
        "seeds": sorted(seed for _, seed in results.pairs),
        "runs": {f"d{r.draw:03d}-s{r.seed:04d}/{r.scenario}": fingerprint(r) for r in results.records},
    }
    store.write_metadata(folder, about)
