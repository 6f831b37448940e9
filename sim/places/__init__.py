"""Places: real neighbourhoods, people, practices and hospital sites, and the residents made from them."""

from __future__ import annotations

from sim.places.catalogue import load, names
from sim.places.own import check
from sim.places.place import Place
from sim.places.synthesis import cell_words, settle, synthesise

__all__ = ["Place", "cell_words", "check", "load", "names", "settle", "synthesise"]
