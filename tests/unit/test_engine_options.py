"""What is typed for ``engine.…`` options: read as what each takes, or refused in a sentence that names the key."""

from __future__ import annotations

import re

import pytest

from sim.errors import UserError
from sim.sweeps import engine_options
from sim.sweeps.engines import Choice

pytestmark = pytest.mark.unit
WRONG = [
    ("jobs", "{a:1}", "engine.jobs must be a whole number of at least 1, not {a:1}."),
    ("jobs", "[2]", "engine.jobs must be a whole number of at least 1, not [2]."),
    ("jobs", "true", "engine.jobs must be a whole number of at least 1, not true."),
    ("jobs.a", "1", "engine.jobs must be a whole number of at least 1; it has no parts such as engine.jobs.a=1."),
    ("timeout_min", "long", "engine.timeout_min must be a whole number of at least 1, not long."),
    ("slurm_timeout_min", "{a:1}", "engine.slurm_timeout_min must be a whole number of at least 1, not {a:1}."),
    ("gpus_per_node", "-1", "engine.gpus_per_node must be a whole number of at least 0, not -1."),
    ("mem_gb", "inf", "engine.mem_gb must be a number above 0, not inf."),
    ("slurm_use_srun", "{}", "engine.slurm_use_srun must be true or false, not {}."),
    ("slurm_partition", "[a,b]", "engine.slurm_partition must be a single value, not [a,b]."),
    ("name", "{a:1}", "engine.name must be a single value, not {a:1}."),
    ("cluster", "[local]", "engine.cluster must be slurm or local, not [local]."),
    ("slurm_setup", "{a:1}", "engine.slurm_setup must be a list, for example [a,b], not {a:1}."),
    ("slurm_setup", "[{a:1}]", "engine.slurm_setup must be a list, for example [a,b], not [{a:1}]."),
    ("slurm_additional_parameters", "[a]", "engine.slurm_additional_parameters must be a mapping, for example {a: b}"),
]


@pytest.mark.parametrize(("option", "text", "sentence"), WRONG)
def test_a_value_of_the_wrong_kind_is_refused_in_a_sentence(option: str, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        engine_options.read({option: text})


@pytest.mark.parametrize("option", ["address", "address.a"])
def test_an_address_is_one_address(option: str) -> None:
    with pytest.raises(UserError, match=r"^engine\.address must be the address of a scheduler, for example tcp://"):
        Choice("dask", {option: "{a:1}"}).check()


def test_values_are_handed_on_as_what_they_are() -> None:
    typed = {
        "jobs": "3", "mem_gb": "1.5", "name": "7", "slurm_partition": "short", "slurm_nodelist": "node[1-3]",
        "slurm_exclusive": "true", "slurm_account": "null", "slurm_setup": '["module load a, b",c]',
        "slurm_srun_args": "[-n,1]", "slurm_additional_parameters": "{nice: 5,mail-type: END}",
    }  # fmt: skip
    assert engine_options.read(typed) == {
        "jobs": 3, "mem_gb": 1.5, "name": "7", "slurm_partition": "short", "slurm_nodelist": "node[1-3]",
        "slurm_exclusive": True, "slurm_setup": ["module load a, b", "c"], "slurm_srun_args": ["-n", "1"],
        "slurm_additional_parameters": {"nice": 5, "mail-type": "END"},
    }  # fmt: skip


def test_the_options_are_those_of_submitit() -> None:
    submitit = pytest.importorskip("submitit")
    numbers = {name for name, kind in submitit.AutoExecutor._typed_parameters().items() if kind is not str}
    known = set(submitit.AutoExecutor._typed_parameters()) | submitit.SlurmExecutor._valid_parameters()
    assert numbers <= set(engine_options.KIND)
    assert set(engine_options.KIND) - {"jobs", "cluster"} <= known
