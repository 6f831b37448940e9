"""The dashboard in a browser: from the command to its first content, and from a click on Run to what was found."""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.dashboard import command
from sim.errors import EnvironmentFault
from sim.studies import chromium
from sim.studies.bench import Line, NotHere, part
from sim.studies.stopwatch import waited

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

FIRST_SECONDS, TOY_SECONDS = 5.0, 10.0
TURNS = 3
PATIENCE, LOOK = 180.0, 0.02
FIRST = "h1"
"""What is looked for as first content: the page's headline, with words in it."""
RUN, RESULTS, ANSWER = "Run", "See the results", ".hw-answer"
WHEN_THERE = """
const [what, done] = [arguments[0], arguments[arguments.length - 1]];
const there = () => [...document.querySelectorAll(what)].some((one) => one.innerText.trim());
const look = () => { if (there()) { observer.disconnect(); done(true); } };
const observer = new MutationObserver(look);
observer.observe(document.body, {subtree: true, childList: true, characterData: true});
look();
"""
CLICK = """
const [run, results, answer, done] = arguments, seen = {};
const button = (text) => [...document.querySelectorAll("button")].find((one) => one.innerText.trim() === text);
const old = new Set(document.querySelectorAll(answer));
const look = () => {
  const now = (performance.now() - began) / 1000;
  if (![...document.querySelectorAll("[data-testid=stProgress]")].length && !seen.begun) return;
  seen.begun ??= now;
  if ([...document.querySelectorAll(answer)].some((one) => !old.has(one))) seen.answer ??= now;
  if (seen.answer && button(results)) { observer.disconnect(); done(seen); }
};
const observer = new MutationObserver(look), began = performance.now();
observer.observe(document.body, {subtree: true, childList: true});
button(run).click();
"""
"""The page tells what it shows, by itself: asking it ten times a second would slow it down."""


@part("The dashboard in a browser")
def dashboard(quick: bool) -> list[Line]:
    """Seconds by the clock. First content: from the command, in a browser that is open, on a server of its own each
    time. A toy run: what the page offers first, from the click to the answer, and until all is written."""
    if lack := _missing():
        raise NotHere(lack)
    turns = 1 if quick else TURNS
    answers: list[float] = []
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        page = stack.enter_context(chromium.opened())
        page.set_script_timeout(PATIENCE)
        first = waited([partial(_first, stack, page, root)] * turns)
        page.execute_async_script(WHEN_THERE, "[data-testid=stDownloadButton]")  # the page's end
        toy = waited([partial(_run, page, answers)] * turns)
    return [
        Line("first content after the command, undisturbed", first.undisturbed, "s", FIRST_SECONDS, at_least=False),
        Line("first content after the command, as it ran", first.took, "s"),
        Line("toy town for a quick look, its answer, as it ran", min(answers), "s"),
        Line("toy town for a quick look, all of it, undisturbed", toy.undisturbed, "s", TOY_SECONDS, at_least=False),
        Line("toy town for a quick look, all of it, as it ran", toy.took, "s"),
        Line("the machine was slowed by others", 100 * max(first.slowed, toy.slowed), "%"),
    ]


def _missing() -> str:
    if importlib.util.find_spec("streamlit") is None:
        return command.MISSING
    return chromium.missing()


def _first(stack: ExitStack, page: Chrome, root: Path) -> None:
    """Start a server, which ends with the stack, and open it."""
    with socket.socket() as probe:
        probe.bind((command.ADDRESS, 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "sim.cli", "dashboard", f"port={port}", f"results={root}"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(server.wait)
    stack.callback(server.send_signal, signal.SIGINT)
    end = time.monotonic() + PATIENCE
    while not _answers(port):
        if server.poll() is not None or time.monotonic() > end:
            raise EnvironmentFault("The dashboard could not be started.")
        time.sleep(LOOK)
    page.get(f"http://{command.ADDRESS}:{port}")
    page.execute_async_script(WHEN_THERE, FIRST)


def _run(page: Chrome, answers: list[float]) -> None:
    seen: dict[str, Any] = page.execute_async_script(CLICK, RUN, RESULTS, ANSWER)
    answers.append(float(seen["answer"]))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((command.ADDRESS, port)) == 0
