"""The version, said once: the distribution, the records of a run and the report read it here."""

__version__ = "0.1.0"
