"""Evidence: the registry of every number the model uses, and draws from it."""

from __future__ import annotations

from sim.evidence.registry import Evidence, Parameter, Registry, load

__all__ = ["Evidence", "Parameter", "Registry", "load"]
