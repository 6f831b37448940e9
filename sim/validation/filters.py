"""Whom a target is about: parts joined by semicolons, ``sex=male; age=40-44; decile=1``."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

OLDEST = 120
KEYS = ("sex", "age", "decile", "fifth", "local_fifth", "area", "has", "without")
SEXES = {"male": 1, "men": 1, "female": 0, "women": 0}
ANY = "any"
"""In has and without: any long-term condition."""


@dataclass(frozen=True)
class Who:
    """A group of residents; everything left open is everybody.

    ages: first and last year of age. deciles (national) and local_fifths: first and last, 1 most deprived. area: an
    LSOA's code, or an authority's name or code. has, without: states, by name.
    """

    sex: int | None = None
    ages: tuple[int, int] | None = None
    deciles: tuple[int, int] | None = None
    local_fifths: tuple[int, int] | None = None
    area: str | None = None
    has: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    text: str = field(default="", compare=False)

    @property
    def of_state(self) -> bool:
        """Whether it asks for what only the residents themselves know (sex, states)."""
        return self.sex is not None or bool(self.has or self.without)


EVERYONE = Who()


def read(text: str, states: Collection[str]) -> Who:
    """A group from a cell. states: names that `has` and `without` may take. Raises `ValueError` with a sentence."""
    who = Who(text=text.strip())
    seen: set[str] = set()
    for part in filter(None, (each.strip() for each in text.split(";"))):
        key, sign, value = (each.strip() for each in part.partition("="))
        if not sign:
            raise ValueError(f"says '{part}'; write key=value with one of {', '.join(KEYS)}.")
        if key not in KEYS:
            raise ValueError(f"has no key '{key}'.{_meant(key, KEYS)} It takes {', '.join(KEYS)}.")
        if key in seen and key not in ("has", "without"):
            raise ValueError(f"gives {key} twice.")
        if key in ("decile", "fifth") and seen & {"decile", "fifth"}:
            raise ValueError("gives both decile and fifth; give one of them.")
        if not value:
            raise ValueError(f"gives {key} no value.")
        seen.add(key)
        who = _with(who, key, value, states)
    return who


def _with(who: Who, key: str, value: str, states: Collection[str]) -> Who:
    if key == "sex":
        if value.lower() not in SEXES:
            raise ValueError(f"has sex={value}; it must be male or female.")
        return replace(who, sex=SEXES[value.lower()])
    if key == "age":
        return replace(who, ages=_ages(value))
    if key == "area":
        return replace(who, area=value)
    if key in ("has", "without"):
        if value not in states and value != ANY:
            raise ValueError(f"has {key}={value}, which is no state of a resident.{_meant(value, [*states, ANY])}")
        return replace(who, has=(*who.has, value)) if key == "has" else replace(who, without=(*who.without, value))
    first, last = _range(key, value, 10 if key == "decile" else 5)
    if key == "fifth":
        return replace(who, deciles=(2 * first - 1, 2 * last))
    return replace(who, deciles=(first, last)) if key == "decile" else replace(who, local_fifths=(first, last))


def _ages(value: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,3})(?:\s*[-–]\s*(\d{1,3})|(\+))?", value)
    if not match:
        raise ValueError(f"has age={value}; write 40-44, 65+ or 17.")
    first = int(match[1])
    last = OLDEST if match[3] else int(match[2] or match[1])
    if not first <= last <= OLDEST:
        raise ValueError(f"has age={value}; the first age must not be above the last, nor either above {OLDEST}.")
    return first, last


def _range(key: str, value: str, most: int) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2})(?:\s*[-–]\s*(\d{1,2}))?", value)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= most:
        raise ValueError(f"has {key}={value}; it must be from 1 (most deprived) to {most}.")
    return first, last


def _meant(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f" Did you mean {near[0]}?" if near else ""
