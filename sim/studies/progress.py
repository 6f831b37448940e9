"""How far it is: a bar with rate and time left on a terminal, a line now and then elsewhere, silence on request."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

LINE_EVERY = 20.0
TOO_EARLY = 0.02  # share of the work below which the rate is mostly loading and compiling


class Progress:
    """Shown on `stream` (stderr). Steps are months of the model; `doing` says what is going on now."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.bar: Any = None
        self.total = self.first = self.done = 0
        self.began = self.spoke = 0.0

    def say(self, text: str) -> None:
        """A line of its own."""
        if self.bar is not None:
            self.bar.clear()
        print(text, file=self.stream, flush=True)

    def begin(self, total: int, done: int, doing: str) -> None:
        """Start counting to `total` steps, of which `done` were there already."""
        self.total, self.first, self.done = total, done, done
        self.began = self.spoke = time.monotonic()
        if self.stream.isatty():
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # its thread would keep this process from being forked to draw (`sim.forked`)
            self.bar = tqdm(
                total=total, initial=done, file=self.stream, desc=doing, unit=" months", dynamic_ncols=True,
                leave=False, smoothing=0.05,
                bar_format="{desc} |{bar}| {percentage:3.0f} % · {rate_noinv_fmt} · {remaining} left",
            )  # fmt: skip
        else:
            self.say(doing)

    def at(self, done: int, doing: str) -> None:
        """`done` steps in all are done; `doing` is what is going on."""
        self.done = max(self.done, done)
        if self.bar is not None:
            self.bar.set_description_str(doing, refresh=False)
            self.bar.update(self.done - self.bar.n)
            self.bar.refresh()
        elif self.total and time.monotonic() - self.spoke >= LINE_EVERY:
            self.spoke = time.monotonic()
            self.say(f"{doing} · {100 * self.done // self.total} % · {self.left()}")

    def left(self) -> str:
        """The time left in words, from the rate so far."""
        gained = self.done - self.first
        if gained < TOO_EARLY * (self.total - self.first):
            return "time left not known yet"
        return f"{duration((time.monotonic() - self.began) * (self.total - self.done) / gained)} left"

    def end(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class Silence(Progress):
    """Says nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def begin(self, total: int, done: int, doing: str) -> None:
        """Nothing."""

    def at(self, done: int, doing: str) -> None:
        """Nothing."""


def duration(seconds: float) -> str:
    """A length of time in words a person would use: ``40 s``, ``6 min``, ``2 h 5 min``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
