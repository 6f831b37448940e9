"""What each ``engine.…`` option of ``engine=submitit`` takes, read from what was typed before anything is written.

Names and meanings are submitit's (`submitit.AutoExecutor`, and `submitit.SlurmExecutor` with ``slurm_`` before); it
judges the names. Kinds are judged here, as submitit says what is wrong with a value in words of its own, or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.arguments import UNSURE, light
from sim.errors import UserError

COUNT, WHOLE, NUMBER, YES_NO, PLACE, LIST, MAPPING, SINGLE = (
    "a whole number of at least 1", "a whole number of at least 0", "a number above 0", "true or false",
    "slurm or local", "a list, for example [a,b]", "a mapping, for example {a: b}", "a single value",
)  # fmt: skip
KINDS = {
    COUNT: ("jobs", "timeout_min", "time", "nodes", "cpus_per_task", "tasks_per_node", "ntasks_per_node",
            "array_parallelism"),
    WHOLE: ("gpus_per_node", "gpus_per_task", "cpus_per_gpu", "num_gpus", "signal_delay_s"),
    NUMBER: ("mem_gb",),
    YES_NO: ("stderr_to_stdout", "use_srun"),
    PLACE: ("cluster",),
    LIST: ("setup", "teardown", "srun_args"),
    MAPPING: ("additional_parameters",),
}  # fmt: skip
"""All others take a single value: a name, a text, or a number that is handed on as one."""
TEXTS = ("name", "cluster")
KIND = {name: kind for kind, names in KINDS.items() for name in names}
PREFIXES = ("slurm_", "local_")


def kind_of(option: str) -> str:
    """What an option takes, in words."""
    for prefix in PREFIXES:
        option = option.removeprefix(prefix)
    return KIND.get(option, SINGLE)


def read(typed: Mapping[str, str]) -> dict[str, Any]:
    """Options by name, without those that are null. Raises `UserError` for a value of another kind than is taken."""
    found = {option: _read(option, text) for option, text in typed.items()}
    return {option: value for option, value in found.items() if value is not None}


def single(option: str, text: str, what: str = SINGLE) -> None:
    """Raise `UserError` where a list or a mapping is typed for an option that takes one value: `what`, in words."""
    name, _, part = option.partition(".")
    if part:
        raise UserError(f"engine.{name} must be {what}; it has no parts such as engine.{option}={text}.")
    if text[:1] + text[-1:] in ("{}", "[]"):
        raise UserError(f"engine.{name} must be {what}, not {text}.")


def _read(option: str, text: str) -> Any:
    kind = kind_of(option.partition(".")[0])
    if kind not in (LIST, MAPPING) or "." in option:
        single(option, text, kind)
    value = _whole(text) if kind in (LIST, MAPPING) else light(text)
    if value is None:
        return None
    if value is UNSURE:
        value = text
    right = {
        COUNT: _is(value, int) and value >= 1,
        WHOLE: _is(value, int) and value >= 0,
        NUMBER: _is(value, int, float) and 0 < value < math.inf,
        YES_NO: isinstance(value, bool),
        LIST: isinstance(value, list) and all(isinstance(one, str) for one in value),
        MAPPING: isinstance(value, dict) and all(not isinstance(one, list | dict) for one in value.values()),
        PLACE: True,  # submitit may know others
        SINGLE: True,
    }[kind]
    if not right:
        raise UserError(f"engine.{option} must be {kind}, not {text}.")
    return text.strip("'\"") if option in TEXTS else value


def _is(value: Any, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _whole(text: str) -> Any:
    """A list or a mapping as Hydra reads it; the text itself where it is neither."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if light(text) is None:
        return None
    try:
        value = OverridesParser.create().parse_override(f"value={text}").value()
    except HydraException:
        return text
    return [str(one) if _is(one, int, float) else one for one in value] if isinstance(value, list) else value
