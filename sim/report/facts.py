"""What a run says of itself, read from its folder: the program that made it, and each scenario as composed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import clock
from sim.errors import UserError
from sim.policy.rollout import SPREADS
from sim.yaml_file import read_yaml

PAYERS = {
    "new": "new money",
    "acute": "the hospital lines",
    "out_of_hospital": "general practice, community and mental health services",
}


@dataclass(frozen=True)
class Facts:
    """about: version, commit, python, packages, hash; scenarios: whole configuration by name (may be empty)."""

    about: dict[str, Any]
    scenarios: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def here(cls) -> Facts:
        """Of results that were not read from a folder: this program, nothing known of the scenarios."""
        from sim.studies.provenance import about

        return cls(about())

    @classmethod
    def of_folder(cls, folder: Path) -> Facts:
        """What metadata.json and config.yaml of a run's folder say; of this program where they are not there."""
        facts = cls.here()
        try:
            about = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            about = facts.about
        try:
            import yaml

            tree = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")) or {}
            composed = tree.get("composed") or {}
        except (OSError, ValueError, AttributeError, yaml.YAMLError):
            composed = {}
        return cls(about if isinstance(about, dict) else facts.about, composed if isinstance(composed, dict) else {})

    def scenario(self, name: str) -> dict[str, Any]:
        """A scenario's configuration: as it was composed, else as the shipped file has it, else empty."""
        if name in self.scenarios:
            return dict(self.scenarios[name] or {})
        if self.scenarios:
            return {}
        from sim import paths

        try:
            file = paths.config_file("scenario", name)
            return dict(read_yaml(file)) if file else {}
        except (UserError, OSError):
            return {}

    def description(self, name: str) -> str:
        """A scenario's description, in one line."""
        return " ".join(str(self.scenario(name).get("description") or "").split())

    def asked(self, scenario: str, lever: str, percent: bool = True) -> str:
        """What was asked of a lever, in words: ``4.5 % of the NHS lines' total, reached in year 5, …``.

        percent: its amount is a share of the budget; else it is a plan's, 1 being the whole plan.
        """
        use = (self.scenario(scenario).get("levers") or {}).get(lever)
        if isinstance(use, int | float):
            use = {"amount": use}
        if not isinstance(use, dict):
            return ""
        said = [_amount(use["amount"], percent)] if "amount" in use else []
        if int(use.get("years", 1)) > 1:
            said.append(f"reached in year {use['years']}")
        if "from" in use:
            paid = use["from"]
            said.append(f"paid by {_words(', '.join(paid) if isinstance(paid, dict | list) else paid)}")
        if "rollout" in use:
            known = use["rollout"] in SPREADS
            said.append(f"{'spread' if known else 'rolled out as'} {_words(use['rollout'])}")
        if use.get("start"):
            said.append(f"from {_month(use['start'])}")
        return ", ".join(said)


def _amount(value: Any, percent: bool) -> str:
    if percent:
        return f"{value} % of the NHS lines' total"
    return "the whole plan" if value == 1 else f"{value} of the plan"


def _words(text: Any) -> str:
    return PAYERS.get(str(text), str(text).replace("_", " "))


def _month(text: Any) -> str:
    try:
        return clock.label(clock.month_of(str(text)))
    except UserError:
        return str(text)
