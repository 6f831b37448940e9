"""The two ways a command can end badly: the user's mistake, and the machine's."""

from __future__ import annotations


class UserError(Exception):
    """A mistake in what was asked for: one clear sentence, exit code 2, nothing written."""


class EnvironmentFault(Exception):
    """A fault of the machine (disk full, folder not writable): one clear sentence, exit code 1."""
