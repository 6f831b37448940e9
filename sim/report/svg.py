"""SVG as it goes into the page: small, self-contained, described, and with ids that cannot clash.

matplotlib writes a whole document with ids of its own, six decimals and addresses of name spaces. Inside HTML none of
that is needed. What is drawn does not change by more than a twentieth of a point.
"""

from __future__ import annotations

import re
from html import escape

from sim.report.style import CSS_FONT, Picture

_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_STEP = re.compile(r"([MLQCzZ])([^MLQCzZ]*)")
_PATH = re.compile(r'( d|points)="([^"]*)"')
_TRANSFORM = re.compile(r'(transform|x|y|width|height)="([^"]*)"')
_STYLE = re.compile(r'style="[^"]*"')
_SPACE = re.compile(r"([:;]) ")
_GROUP = re.compile(r"<g(?: [^>]*)?/?>|</g>")
_IDS = re.compile(r'(\bid="|url\(#|href="#)')


def _short(decimals: int) -> re.Pattern[str] | object:
    def write(match: re.Match[str]) -> str:
        text = f"{float(match[0]):.{decimals}f}".rstrip("0").rstrip(".")
        return "0" if text in ("-0", "") else text

    return write


def _rounded(text: str, decimals: int) -> str:
    return _NUMBER.sub(_short(decimals), text)  # type: ignore[call-overload,no-any-return]


def _path(match: re.Match[str]) -> str:
    if match[1] == " d":
        return f' d="{relative(match[2])}"'
    return f'{match[1]}="{" ".join(_rounded(match[2], 1).split())}"'


def relative(data: str) -> str:
    """Path data of M, L, Q, C and z with each step counted in tenths from the last point: half as long.

    Steps are differences of rounded points, so that no error adds up along a path.
    """
    said: list[str] = []
    here = start = (0, 0)
    last = ""
    for letter, numbers in _STEP.findall(data):
        if letter in "zZ":
            said.append("z")
            here, last = start, "z"
            continue
        tenths = [round(10 * float(one)) for one in numbers.split()]
        points = list(zip(tenths[::2], tenths[1::2], strict=True))
        steps = [value - here[i] for point in points for i, value in enumerate(point)]
        here = points[-1]
        if letter == "M":
            start = here
        written = "".join(_tenths(step) for step in steps)
        implied = letter != "M" and (letter == last or (letter, last) == ("L", "M"))
        said.append(written if implied else letter.lower() + written.removeprefix(" "))
        last = letter
    return "".join(said)


def _tenths(step: int) -> str:
    """A step in tenths as the shortest number, with a space before it where no sign parts it from the last one."""
    whole, tenth = divmod(abs(step), 10)
    size = f"{whole or ''}.{tenth}" if tenth else str(whole)
    return f"-{size}" if step < 0 else f" {size}"


def tidy(text: str) -> str:
    """The <svg> element alone: no prolog, comments or metadata, coordinates to a tenth of a point, plain font list."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", text, flags=re.S)
    text = _PATH.sub(_path, text)
    text = _TRANSFORM.sub(lambda m: f'{m[1]}="{_rounded(m[2], 2)}"', text)
    text = text.replace("xlink:href", "href")
    text = re.sub(r'\s+xmlns(:xlink)?="[^"]*"', "", text)
    # the typeface is named once, by the whole picture
    text = re.sub(r"font: (\d[\d.]*px) [^;\"]*", r"font-size: \1", text)
    text = re.sub(r"font: ([a-z0-9]+) (\d[\d.]*px) [^;\"]*", r"font-weight: \1; font-size: \2", text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = _STYLE.sub(lambda m: _SPACE.sub(r"\1", m[0]), text)
    text = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", text)
    text = re.sub(r">\s+<(?!/?tspan)", "><", text)
    asked = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in asked else "", text)
    return _ungrouped(text).strip()


def _ungrouped(text: str) -> str:
    """Without the groups that say nothing of what is in them."""
    plain: list[bool] = []

    def group(match: re.Match[str]) -> str:
        tag = match[0]
        if tag == "</g>":
            return "" if plain.pop() else tag
        if tag == "<g/>":
            return ""
        plain.append(tag == "<g>")
        return "" if plain[-1] else tag

    return _GROUP.sub(group, text)


def inline(picture: Picture, name: str) -> str:
    """A picture for the page: `name` prefixes every id; role, title and description for who cannot see it."""
    body = tidy(picture.svg())
    body = _IDS.sub(lambda m: m[1] + name + "-", body)
    opening, rest = body.split(">", 1)
    box = re.search(r'viewBox="([^"]*)"', opening)
    view = box[1] if box else "0 0 100 100"
    head = (
        f'<svg class="picture" viewBox="{view}" role="img" aria-labelledby="{name}-title"'
        f' aria-describedby="{name}-desc"'
        f' style="stroke-linejoin:round;stroke-linecap:butt;font-family:{CSS_FONT}">'
        f'<title id="{name}-title">{escape(picture.finding)}</title>'
        f'<desc id="{name}-desc">{escape(picture.alt)}</desc>'
    )
    return head + rest


def standalone(inlined: str) -> str:
    """A picture that was made for the page, as a file of its own."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', inlined)
    size = f'width="{box[1]}pt" height="{box[2]}pt" ' if box else ""
    opening = '<svg class="picture" '
    return f'<?xml version="1.0" encoding="utf-8"?>\n{inlined}'.replace(
        opening, f'<svg xmlns="http://www.w3.org/2000/svg" {size}', 1
    )
