"""Validation: the model beside what was observed, each target written in one grammar (docs/validation.md)."""
