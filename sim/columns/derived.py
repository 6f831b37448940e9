"""Attributes worked out from columns, for one agent or for all of a set at once."""

from __future__ import annotations


class derived(property):
    """A property whose body works for one agent and, on arrays, for a set of them: ``residents.age``."""
