"""What somebody most likely meant who typed a name that is not known."""

from __future__ import annotations

from collections.abc import Sequence


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known name that a mistyped one most likely meant."""
    from difflib import get_close_matches

    close = get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=0.6)
    return next((name for name in known if name.lower() == close[0]), None) if close else None


def not_known(what: str, word: str, known: Sequence[str], choose: bool = True) -> str:
    """The sentence that says a name is not known, with the nearest right one."""
    meant = nearest(word, known)
    parts = [f"There is no {what} called '{word}'."]
    if meant:
        parts.append(f"Did you mean {meant}?")
    if choose and known:
        parts.append(f"Choose from: {', '.join(known)}.")
    return " ".join(parts)
