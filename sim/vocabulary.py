"""What can be typed beside the settings of a run: words about levers, places and who does the work, and options.

Imports nothing: those who read the words (`sim.arguments`, `sim.settings`, `sim.sweeps.command`) take their names from
here, and so do the help and the documentation. X stands for a name.
"""

from __future__ import annotations

from dataclasses import dataclass

SCENARIOS = ("run", "compare", "attribute", "sweep")
PLACES = (*SCENARIOS, "validate", "calibrate")
LEVER, PLACE, ENGINE = "levers.X.", "place.", "engine."
SWEEP_PARTS = ("status", "resume", "export", "row")
"""What may stand after ``headwater sweep``."""
RESUME = ("engine", "shard", "failed", "workers")
"""What ``headwater sweep resume`` takes: the rest is as it was when the sweep began."""
SWEEP_MARK = "-sweep-"
"""In the name of each sweep's folder."""
ENGINES = ("process", "serial", "dask", "submitit")


@dataclass(frozen=True)
class Word:
    """One word as the help has it: key, what stands where nothing is typed, meaning, commands that read it."""

    key: str
    default: str
    help: str
    commands: tuple[str, ...]


WORDS = (
    Word("levers.X.amount", "as the scenario says",
         "money for lever X, per cent of NHS spending on the place, in every scenario that uses it; "
         "new_hospital.levers.X.amount changes or adds it in that scenario alone", SCENARIOS),
    Word("levers.X.from", "as the scenario says",
         "who pays: a budget line, a group of lines such as acute, or new (money from outside)",
         SCENARIOS),
    Word("levers.X.rollout", "as the scenario says",
         "where it goes first: everywhere, by_need, by_risk, where_energy, or a file of configs/rollout", SCENARIOS),
    Word("levers.X.start", "as the scenario says",
         "the month in which it begins: 2028-04 (unless said: policy_start)", SCENARIOS),
    Word("levers.X.stop", "as the scenario says", "the month from which it is gone", SCENARIOS),
    Word("levers.X.years", "as the scenario says", "years over which it grows to its amount", SCENARIOS),
    Word("levers.X.first_share", "as the scenario says",
         "share of its amount that is there in the first of these years", SCENARIOS),
    Word("place.label", "as the place says", "what reports call the place", PLACES),
    Word("place.lads", "as the place says", "local authorities of a part of the shipped data: [Winchester]", PLACES),
    Word("place.lads_in_part", "as the place says",
         "authorities of which only the neighbourhoods nearest to the hospital count", PLACES),
    Word("place.lsoas", "as the place says", "neighbourhoods (LSOA 2021) of a part of the shipped data", PLACES),
    Word("place.folder", "as the place says", "the folder of a place of your own", PLACES),
    Word("engine", "process",
         "who does the runs: process (all cores), serial (one process), dask or submitit (clusters)", ("sweep",)),
    Word("engine.address", "null", "with engine=dask: the address of a scheduler, tcp://127.0.0.1:8786", ("sweep",)),
    Word("engine.jobs", "2", "with engine=submitit: how many jobs share the rows", ("sweep",)),
    Word("engine.cluster", "null", "with engine=submitit: slurm, or local for jobs on this machine", ("sweep",)),
    Word("engine.X", "null", "with engine=submitit: any option of submitit, for example engine.timeout_min=600 "
         "(docs/for-researchers.md)", ("sweep",)),
    Word("shard", "1/1", "the share of the rows that this command runs: 2/8 is the second of eight", ("sweep",)),
    Word("failed", "false", "with sweep resume: whether rows that failed are tried again", ("sweep",)),
    Word("then.n", "as the experiment says", "size of the second stage of an experiment in two", ("sweep",)),
    Word("then.keep", "as the experiment says", "how many subjects the second stage keeps", ("sweep",)),
    Word("attribution", "null",
         "the folder of a finished attribute, whose waterfall goes into the report", ("report",)),
    Word("weakest", "false", "whether the numbers with the weakest evidence are listed", ("explain",)),
)  # fmt: skip

OPTIONS = {
    "--help": "what the command does, and its settings",
    "--config-dir FOLDER": "a folder of your own: scenarios, levers, experiments, evidence (docs/for-researchers.md)",
    "--config-name NAME": "settings from NAME.yaml of that folder, not from its config.yaml",
    "--multirun, -m": "one run for each value of a comma list: years=10,20",
    "--cfg job": "show the configuration and run nothing; --resolve with all ${…} filled in, --package X a part of it",
    "--info": "how the configuration was put together",
    "--shell-completion install=bash": "tab completion (bash, zsh or fish)",
}
"""Options, as they are typed, and what they do."""


def of(command: str) -> list[Word]:
    """The words that a command reads."""
    return [word for word in WORDS if command in word.commands]


def names_after(start: str) -> tuple[str, ...]:
    """What may stand after ``levers.X.``, ``place.`` …"""
    return tuple(word.key.removeprefix(start) for word in WORDS if word.key.startswith(start))
