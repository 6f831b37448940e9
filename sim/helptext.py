"""Help, from the tables that also feed the checks."""

from __future__ import annotations

from collections.abc import Mapping

from sim import paths, settings, vocabulary
from sim.errors import EnvironmentFault

WIDTH = 11
UNDER_ANOTHER = (
    "rerun",
    "calibrate",
    "bench",
    "attribute",
)  # left out of the overview, to keep it to ten lines; `help NAME` tells of them

EXAMPLES = {
    "compare": (
        "headwater compare",
        "headwater compare place=toy scenarios=[baseline,health_creation] years=10",
        "headwater compare levers.link_workers.amount=2",
        "headwater compare new_hospital.levers.new_hospital.amount=0.5",
    ),
    "run": ("headwater run scenario=health_creation place=toy years=10", "headwater run place=toy -m years=10,20"),
    "attribute": (
        "headwater attribute scenarios=[baseline,health_creation] place=toy years=10",
        "headwater attribute lens=true place=toy years=10",
    ),
    "sweep": (
        "headwater sweep",
        "headwater sweep experiment=screen place=toy scale=0.2 years=5 n=4",
        "headwater sweep experiment=sobol n=128 seeds=4 shard=2/8",
        "headwater sweep experiment=sobol engine.address=tcp://scheduler:8786",
        "headwater sweep status results/latest",
        "headwater sweep resume results/latest",
        "headwater sweep export results/latest runs.csv",
        "headwater sweep row results/latest 17",
    ),
    "validate": (
        "headwater validate",
        "headwater validate targets=mine.csv place=toy scale=1 strict=true",
        "headwater validate books=true place=toy scale=1",
        "headwater validate bounds=true runs=4",
    ),
    "report": (
        "headwater report results/latest",
        "headwater report results/latest attribution=results/2026-11-22-101500-attribute-1a2b3c4d",
    ),
    "calibrate": (
        "headwater calibrate",
        "headwater calibrate points=128 waves=3 workers=2",
        "headwater calibrate targets=mine.csv place=my_town/ scale=1",
        "headwater compare --config-dir results/2026-11-22-120000-calibrate-1a2b3c4d/use",
    ),
    "rerun": ("headwater rerun results/latest", "headwater rerun results/latest workers=1"),
    "explain": ("headwater explain mortality.hr_cap", "headwater explain weakest=true"),
    "place": ("headwater place check my_town/", "headwater place build publishers_files/ place-data/"),
    "bench": ("headwater bench",),
    "dashboard": ("headwater dashboard", "headwater dashboard port=8600 results=our_results"),
}
ABOUT = {
    "compare": "Run scenarios side by side and show the difference each makes, with 90 % of runs around it.",
    "run": "Run one scenario.",
    "attribute": "Say what moved it between two scenarios: each lever and kind of determinant, alone and together.",
    "sweep": "Vary evidence and settings by a design, run every row, and say what the differences are due to. Goes on "
    "after any interruption; engine=process|serial|dask|submitit says who works, shard=2/8 takes a share of the rows.",
    "validate": "Set the model beside what was observed: every target, hit or miss, and what was set by construction. "
    "targets=mine.csv takes your own; books=true prints the accounts that must close; bounds=true runs the two "
    "experiments that bound what to expect of any policy.",
    "calibrate": "Rule out, wave by wave, what a few weakly known numbers cannot be, given the targets of role fit; "
    "what is left is a set of draws, each a run that was made. The same command goes on where it was stopped.",
    "report": "Write the report of a finished run again.",
    "rerun": "Repeat a finished run from its own configuration and say whether every number is identical.",
    "explain": "Say where a number of the model comes from: value, interval, source, grade, who uses it.",
    "place": "check says what is wrong with a place of your own, row by row; build makes the shipped tables anew.",
    "bench": "Measure speed and memory on this machine; writes results/bench-<date>.json.",
    "dashboard": "Compose a scenario, see what it costs, run it, compare it with saved runs and take the files away, "
    "in a browser on this machine (nobody else can reach it). Needs the extra: pip install 'headwater[dashboard]'.",
}


def overview(commands: Mapping[str, str]) -> str:
    """What the program can do, in ten lines."""
    lines = ["headwater: what happens to health, waits and cost when money moves into health creation", ""]
    shown = [name for name in commands if name not in UNDER_ANOTHER]
    lines += [f"  headwater {name:<{WIDTH}}{commands[name]}" for name in shown]
    lines += ["", "Settings follow as name=value: headwater compare years=10. More: headwater compare --help"]
    return "\n".join(lines)


def command(name: str) -> str:
    """What a command does, its settings with their defaults, and what can be chosen."""
    lines = [ABOUT[name], "", "For example"]
    lines += [f"  {example}" for example in EXAMPLES[name]]
    rows = settings.rows(name)
    if rows:
        width = max(len(f"{row.key}={default(row, name)}") for row in rows if row.kind != "names")
        lines += ["", "Settings and their defaults"]
        for row in rows:
            given = f"{row.key}={default(row, name)}"
            about = row.help + (f" ({row.range_text})" if row.range_text else "")
            if len(given) > width:
                lines += [f"  {given}", f"  {'':<{width}}  {about}"]
            else:
                lines.append(f"  {given:<{width}}  {about}")
    if further := vocabulary.of(name):
        typed = [f"{word.key}={'…' if ' ' in word.default else word.default}" for word in further]
        wide = max(map(len, typed))
        lines += ["", "Further words"]
        lines += [f"  {one:<{wide}}  {word.help}" for one, word in zip(typed, further, strict=True)]
    if rows and name in settings.WORKING:
        lines += ["", *choices()]
        lines += [
            "",
            "From Hydra: -m runs once for each value of a comma list, --cfg job shows the configuration, --info says",
            "how it was put together, --config-dir mine/ adds scenarios of your own (mine/scenario/my_idea.yaml).",
        ]
    return "\n".join(lines)


def default(row: settings.Row, command: str = "") -> str:
    """A default as it would be typed after a command; an ellipsis where it is not the table's."""
    if row.key == "scenarios" and command in ("attribute", "sweep"):
        return "…" if command == "sweep" else f"[{','.join(row.default[:2])}]"
    if row.default is None:
        return "null"
    if isinstance(row.default, tuple):
        return f"[{','.join(row.default)}]"
    return str(row.default).lower() if isinstance(row.default, bool) else str(row.default)


def choices() -> list[str]:
    """What can be chosen by name."""
    try:
        found = {"Scenarios": paths.names("scenario"), "Levers": paths.names("levers"), "Places": paths.names("place")}
    except EnvironmentFault:
        return []
    return [f"{what}: {', '.join(names)}" for what, names in found.items() if names]


def markdown() -> str:
    """The tables of settings, of other words and of options, for the documentation."""
    lines = [
        "Settings, written as `name=value`:",
        "",
        "| setting | default | range | meaning | for | source |",
        "|---|---|---|---|---|---|",
    ]
    for row in settings.rows():
        shown = row.range_text or row.kind
        used = ", ".join(row.commands)
        lines.append(f"| `{row.key}` | `{default(row)}` | {shown} | {row.help} | {used} | {row.source} |")
    lines += ["", "Words about levers, places and who does the work, written likewise (X stands for a name):", ""]
    lines += ["| word | unless it is typed | meaning | for |", "|---|---|---|---|"]
    lines += [
        f"| `{word.key}` | {word.default} | {word.help} | {', '.join(word.commands)} |" for word in vocabulary.WORDS
    ]
    lines += ["", "Options, written with dashes:", "", "| option | meaning |", "|---|---|"]
    lines += [f"| `{option}` | {meaning} |" for option, meaning in vocabulary.OPTIONS.items()]
    return "\n".join(lines)
