"""Progress of a report: the plan, a line a job a minute, a table at the end."""

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hwlib import log

TICK_S = 60.0
NOTEBOOK_S = 30.0  # that a notebook takes beside its trainings
MAX_RUNNING = 0.99  # that a job has done at most before it has ended
MIN_LEFT_S = 10.0  # less than this is not worth a word
NO_NEWS = {"run": "", "step": 0, "steps": 0, "left_s": 0.0}


@dataclass
class _Work:
    """How far one job is."""

    expected: Sequence[float] | None  # seconds of each of its trainings; None: not known
    state: str = "waiting"  # or "running", "done", "unchanged", "failed"
    begun: float | None = None
    ended: float | None = None
    trainings: list[str] = field(default_factory=list)  # the runs that it has trained so far
    training_begun: float = 0.0  # the last one
    # What its process said last: `step` of `steps` of the training are done, `left_s` it takes.
    news: dict[str, Any] = field(default_factory=NO_NEWS.copy)
    page: str = ""  # where it lies
    headline: str = ""  # the number that it is about

    def spent(self, now: float) -> float:
        """Return the seconds since it began, until it ended."""
        return 0.0 if self.begun is None else (self.ended or now) - self.begun

    def left(self, now: float, ratio: float = 1.0) -> float | None:
        """Return the seconds that it still takes, as far as they are known.

        Trainings take `ratio` times as long as was expected.
        """
        if self.state not in ("running", "waiting"):
            return 0.0
        if self.expected is None:
            return None
        later = ratio * sum(self.expected[len(self.trainings) :]) + NOTEBOOK_S
        return self.news["left_s"] + later if self.trainings else max(later - self.spent(now), 0.0)


class RunLog:
    """Reports the progress of a report on standard error; its methods may be called from threads.

    Inside the context a line a running job is written every minute.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        at_once: int = 1,
        expected: Mapping[str, Sequence[float]] | None = None,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Begin a log of jobs, in the order in which they begin, `at_once` at a time.

        Where it is known, `expected` are the seconds that each of their trainings takes on this
        machine, measuring included. A `quiet` log writes failures only.
        """
        self.works = {name: _Work((expected or {}).get(name)) for name in names}
        self.at_once, self.quiet, self._clock = max(1, at_once), quiet, clock
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick_on, daemon=True)

    def __enter__(self) -> "RunLog":
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _tick_on(self) -> None:
        while not self._stop.wait(TICK_S):
            self.tick()

    def plan(self) -> None:
        """Write what is to be done, how many at a time, and about how long it takes."""
        count, left = len(self.works), self.left_s()
        minutes = None if left is None else left / 60
        self.say("plan", jobs=count, at_once=min(self.at_once, count), minutes=minutes)
        for name, work in self.works.items():
            if (seconds := work.left(self._clock())) is not None:
                self.say("planned", clock=False, name=name, minutes=seconds / 60)

    def begin(self, name: str, asked: str) -> None:
        """Write that a job begins."""
        self.works[name].state, self.works[name].begun = "running", self._clock()
        self.say("begin", name=name, asked=asked)

    def on_line(self, name: str, line: str) -> None:
        """Take a line of a job's process: progress is kept for the next tick, others written."""
        _, mark, progress = line.partition(log.PROGRESS)
        if not mark:
            self.say("line", name=name, line=line)
            return
        work, news = self.works[name], json.loads(progress)
        if news["run"] not in work.trainings:
            work.training_begun = self._clock()
            work.trainings.append(news["run"])
        work.news = news

    def end(self, name: str, state: str, *, reason: str = "", headline: str = "") -> None:
        """Write that a job has ended: "done", "unchanged", or "failed" for a `reason`."""
        work = self.works[name]
        work.state, work.ended, work.headline = state, self._clock(), headline
        minutes = work.spent(self._clock()) / 60
        self.say(state, name=name, minutes=minutes, headline=headline, reason=reason)

    def tick(self) -> None:
        """Write how far each running job is, and about how long the whole still takes."""
        left = self.left_s()
        minutes = None if left is None or left < MIN_LEFT_S else left / 60
        for name, work in self.works.items():
            if work.state == "running":
                share = self.share(work)
                self.say("progress", name=name, share=share, left=minutes, **work.news)

    def share(self, work: _Work) -> float | None:
        """Return the share of a running job that is done; None where nothing is known of it."""
        now = self._clock()
        left, spent = work.left(now, self._ratio()), work.spent(now)
        return None if left is None else min(spent / max(spent + left, 1e-9), MAX_RUNNING)

    def left_s(self) -> float | None:
        """Return the seconds that all jobs still take side by side; None where one is unknown."""
        now, ratio = self._clock(), self._ratio()
        ends = [0.0] * self.at_once
        for work in self.works.values():
            if (left := work.left(now, ratio)) is None:
                return None
            ends[ends.index(min(ends))] += left  # each begins where a place is free first
        return max(ends)

    def _ratio(self) -> float:
        """Return how many times longer the trainings under way take than was expected."""
        found = []
        for work in self.works.values():
            if work.state == "running" and work.expected and work.trainings:
                place = min(len(work.trainings), len(work.expected)) - 1
                takes = self._clock() - work.training_begun + work.news["left_s"]
                found.append(takes / max(work.expected[place], 1e-9))
        return sum(found) / len(found) if found else 1.0

    def say(self, key: str, *, clock: bool = True, **values: object) -> None:
        """Write the line `log.<key>`, with the time of day before it."""
        if self.quiet and key != "failed":
            return
        time_of_day = datetime.now().strftime("%H:%M:%S") if clock else " " * 8
        log.info(f"{time_of_day}  {log.line(key, **values)}")

    def table(self) -> None:
        """Write the closing table: a row a job."""
        if self.quiet:
            return
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for column in ("job", "state", "minutes", "headline", "page"):
            justify = "right" if column == "minutes" else "left"
            table.add_column(log.line(f"columns.{column}"), justify=justify, overflow="fold")
        for name, work in self.works.items():
            minutes = f"{work.spent(self._clock()) / 60:.1f}" if work.ended is not None else "–"
            state = log.line(f"states.{work.state}")
            table.add_row(name, state, minutes, work.headline, work.page)
        Console(file=sys.stderr, width=None if sys.stderr.isatty() else 120).print(table)
