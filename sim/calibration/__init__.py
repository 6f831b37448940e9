"""Calibration: which values of a few weakly known numbers are not contradicted by what was observed."""
