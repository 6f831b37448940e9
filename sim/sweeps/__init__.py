"""Sweeps: many runs of a design over the evidence and the settings, and what they say about which of them matter."""
