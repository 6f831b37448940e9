"""Whether a typed value can be read at all, and Hydra's own complaints in words of ours.

`fault` looks before anything is loaded: brackets and quotation marks, ``${…}``, several values without ``-m``.
`in_a_sentence` is for what only Hydra finds out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sim import settings
from sim.errors import UserError
from sim.nearest import nearest, not_known

PAIRS = {"]": "[", "}": "{", ")": "("}
SEVERAL = re.compile(r"\s*(range|choice|interval|glob|shuffle|sort|tag)\s*\(")
TAKEN = re.compile(r"\$\{([^{}]*)\}")
RESOLVERS = ("oc.env", "oc.select", "oc.decode", "oc.create", "oc.dict.keys", "oc.dict.values", "hydra")
CIRCLE = "The configuration takes a value from itself: look for ${…} that lead in a circle."
FOREIGN = ("hydra", "omegaconf", "yaml", "antlr4")


def fault(
    written: str, value: str, known: Collection[str], multirun: bool = False, verbatim: bool = False
) -> str | None:
    """What keeps a value from being read, as a sentence, or None.

    written: the whole word (``years=[1``); known: keys that ``${…}`` may take a value from; verbatim: a text or path,
    in which brackets and quotation marks are letters like others.
    """
    verbatim = verbatim and not multirun and value.lstrip()[:1] not in ("'", '"')
    sentence = None if verbatim else _unclosed(value)
    if sentence:
        return f"{written}: {sentence}"
    for inside in TAKEN.findall(value):
        resolver, colon, _ = inside.partition(":")
        if colon:
            if resolver.strip() not in RESOLVERS:
                return f"{written}: {not_known('function', resolver.strip(), RESOLVERS)}"
        elif not _reachable(inside.strip(), known):
            return f"{written}: {taken_from_nothing(inside.strip(), known)}"
    if not (multirun or verbatim) and SEVERAL.match(value):
        return f"{written} is several values; add -m to run once for each of them."
    return None


def taken_from_nothing(key: str, known: Collection[str]) -> str:
    """The sentence about ``${key}`` where there is no such key."""
    near = nearest(key, sorted(known))
    return f"${{{key}}} takes its value from '{key}', which there is not." + (f" Did you mean {near}?" if near else "")


def _reachable(key: str, known: Collection[str]) -> bool:
    head = key.split(".")[0]
    return key in known or key.startswith(".") or head in ("hydra", "scenario", "place", "levers", "only")


def _unclosed(value: str) -> str | None:
    """What is wrong with brackets and quotation marks."""
    if value.lstrip()[:1] in ("'", '"') or any(mark in value for mark in "[{("):
        opened: list[str] = []
        quote, skip = "", False
        for sign in value:
            if skip:
                skip = False
            elif sign == "\\":
                skip = True
            elif quote:
                quote = "" if sign == quote else quote
            elif sign in "'\"":
                quote = sign
            elif sign in PAIRS.values():
                opened.append(sign)
            elif sign in PAIRS and (not opened or opened.pop() != PAIRS[sign]):
                return f"there is a {sign} without its {PAIRS[sign]}."
        if quote:
            return f"the quotation mark {quote} is not closed."
        if opened:
            return f"the bracket {opened[-1]} is not closed."
    elif value[-1:] in PAIRS:
        return f"there is a {value[-1]} without its {PAIRS[value[-1]]}."
    return None


# ---------------------------------------------------------------------------------------------- what Hydra finds out


def _option(match: re.Match[str], known: Sequence[str]) -> str:
    group, _, name = match["path"].rpartition("/")
    where = f"{match['file']}.yaml: " if match.groupdict().get("file") else ""
    return where + not_known(group.replace("/", " ") or "configuration", name, known)


def _key(match: re.Match[str], _: Sequence[str]) -> str:
    return not_known("setting", match["key"], [row.key for row in settings.rows()], choose=False)


SAYINGS: tuple[tuple[str, Callable[[re.Match[str], Sequence[str]], str]], ...] = (
    (r"In '(?P<file>[^']+)': Could not (?:load|find) '(?P<path>[^']+)'", _option),
    (r"Could not (?:load|find) '(?P<path>[^']+)'", _option),
    (r"Cannot find primary config '(?P<name>[^']+)'",
     lambda match, _: f"There is no configuration called '{match['name']}'."),
    (r"Interpolation key '(?P<key>[^']*)' not found",
     lambda match, _: taken_from_nothing(match["key"], [row.key for row in settings.rows()])),
    (r"Unsupported interpolation type (?P<name>\S+)",
     lambda match, _: not_known("function", match["name"], RESOLVERS)),
    (r"(?:Could not (?:override|append|delete|remove)[^']*|config group )'(?P<key>[^'@=]+)[^']*'", _key),
    (r"[Ss]weep parameters '(?P<what>[^']+)' requires? --multirun",
     lambda match, _: f"{match['what']} is several values; add -m to run once for each of them."),
    (r"Ambiguous value for argument '(?P<what>[^']+)'",
     lambda match, _: f"{match['what']} is several values; add -m to run once for each of them."),
    (r"Multiple values for (?P<key>[\w/.@]+)", lambda match, _: f"{match['key']} is given more than once."),
    (r"Recursive interpolation", lambda match, _: CIRCLE),
    (r"Environment variable '(?P<name>[^']+)' not found",
     lambda match, _: f"${{oc.env:{match['name']}}}: there is no environment variable called {match['name']}."),
    (r"Key '(?P<key>[^']+)' (?:is not in struct|not in)", _key),
)  # fmt: skip


def in_a_sentence(fault: BaseException) -> BaseException:
    """A fault of Hydra, OmegaConf or YAML as a user's mistake in one sentence; anything else comes back as it is."""
    if isinstance(fault, RecursionError):
        return UserError(CIRCLE)
    if type(fault).__module__.split(".")[0] not in FOREIGN:
        return fault
    override = getattr(fault, "override", None)
    if override and type(fault).__name__ == "OverrideParseException":
        return UserError(
            f"'{override}' cannot be read; put a value with special characters in quotation marks of its own."
        )
    texts = [str(one) for one in (fault, fault.__cause__) if one is not None]
    options = [str(name) for name in getattr(fault, "options", None) or ()]
    for pattern, say in SAYINGS:
        for text in texts:
            if match := re.search(pattern, text):
                return UserError(say(match, options))
    lines = [line.strip() for text in texts for line in text.splitlines()]
    kept = [line for line in lines if line and "full_key" not in line and "object_type" not in line]
    return UserError("The configuration cannot be put together: " + " ".join(dict.fromkeys(kept[:2])).rstrip(".") + ".")


def duplicates(pairs: Sequence[tuple[str, Any]]) -> list[str]:
    """A sentence for each key of a command line that is given more than once."""
    seen: dict[str, list[str]] = {}
    for key, value in pairs:
        seen.setdefault(key, []).append(str(value))
    return [
        f"{key} is given {'twice' if len(values) == 2 else f'{len(values)} times'}: {' and '.join(values)}."
        for key, values in seen.items()
        if len(values) > 1
    ]
