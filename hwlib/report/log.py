"""What a report run tells while it works: the plan, a line a job a minute, a table at the end."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hwlib.errors import DEFAULT_LANGUAGE
from hwlib.log import PROGRESS
from hwlib.text import word

TICK_S = 60
NOTEBOOK_S = 30.0  # that a notebook takes beside its trainings
MAX_RUNNING = 0.99  # that a job has done at most before it has ended
MIN_LEFT_S = 10.0  # less than this is not worth a word


@dataclass
class _Work:
    """How far one job is.

    Attributes:
        expected: seconds that each of its trainings takes by calibration, measuring included; None
            where that is not known.
        begun: when it began, None before.
        ended: when it ended, None before.
        state: "waiting", "running", "done", "unchanged" or "failed".
        trainings: the runs that it has trained so far; `step` of the last one's `steps` are done.
        training_begun: when the last one began.
        left_s: seconds that this training still takes, as its own process reckons.
        page: where its page lies.
        headline: the number that it is about.
    """

    expected: Sequence[float] | None
    begun: float | None = None
    ended: float | None = None
    state: str = "waiting"
    trainings: list[str] = field(default_factory=list)
    training_begun: float = 0.0
    step: int = 0
    steps: int = 0
    left_s: float = 0.0
    page: str = ""
    headline: str = ""


class RunLog:
    """Tells how a report comes along, on standard error.

    Inside the context a line a running job is written every minute. All methods may be called from
    several threads.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        at_once: int = 1,
        expected: Mapping[str, Sequence[float]] | None = None,
        quiet: bool = False,
        language: str = DEFAULT_LANGUAGE,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        tick_s: float = TICK_S,
    ):
        """Begin a log.

        Args:
            names: of the jobs, in the order in which they begin.
            at_once: how many run at a time.
            expected: about how many seconds each of their trainings takes on this machine, where
                that is known.
            quiet: tell failures alone.
            language: of the lines.
            stream: standard error where it is None.
            clock: gives seconds.
            tick_s: seconds between two lines of a running job.
        """
        known = expected or {}
        self.works = {name: _Work(known.get(name)) for name in names}
        self.at_once, self.quiet, self.language = max(1, at_once), quiet, language
        self._stream, self._clock, self._tick_s = stream, clock, tick_s
        self._lock, self._stop = threading.RLock(), threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> RunLog:
        self._ticker = threading.Thread(target=self._run, daemon=True)
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._tick_s):
            self.tick()

    # ---- what happens ----------------------------------------------------------------------------

    def plan(self) -> None:
        """Tell what is to be done, how many at a time, and about how long it takes."""
        count, left = len(self.works), self.left_s()
        minutes = None if left is None else left / 60
        self.say("plan", jobs=count, at_once=min(self.at_once, count), minutes=minutes)
        for name, work in self.works.items():
            if (seconds := self._left(work, ratio=1.0)) is not None:
                self.say("planned", clock=False, name=name, minutes=seconds / 60)

    def begin(self, name: str, asked: str) -> None:
        """Tell that a job begins."""
        with self._lock:
            work = self.works[name]
            work.state, work.begun = "running", self._clock()
        self.say("begin", name=name, asked=asked)

    def on_line(self, name: str, line: str) -> None:
        """Take a line of a job's process: progress is kept for the next tick, others are told."""
        _, mark, told = line.partition(PROGRESS)
        if not mark:
            self.say("line", name=name, line=line.removeprefix(f"[{name}] "))
            return
        news = json.loads(told)
        with self._lock:
            work = self.works[name]
            if news["run"] not in work.trainings:
                work.trainings.append(news["run"])
                work.training_begun = self._clock()
            work.step, work.steps, work.left_s = news["step"], news["steps"], news["left_s"]

    def end(self, name: str, state: str, *, reason: str = "", page: str = "", headline: str = ""):
        """Tell that a job has ended.

        Args:
            name: the job's.
            state: "done", "unchanged" or "failed".
            reason: why it failed.
            page: where its page lies.
            headline: the number that it is about.
        """
        with self._lock:
            work = self.works[name]
            work.state, work.ended = state, self._clock()
            work.page, work.headline = page, headline
            minutes = (work.ended - (work.begun or work.ended)) / 60
        values = {"name": name, "minutes": minutes, "headline": headline, "reason": reason}
        if state == "failed":
            self._write(f"{self._now()}  {word('log.failed', self.language, **values)}")
        else:
            self.say(state, **values)

    def made(self, name: str, path: str) -> None:
        """Tell that a job's page can be read."""
        with self._lock:
            self.works[name].page = path
        self.say("page", name=name, path=path)

    def tick(self) -> None:
        """Tell how far each running job is, and about how long the whole still takes."""
        with self._lock:
            running = [(n, w) for n, w in self.works.items() if w.state == "running"]
            left = self.left_s()
        for name, work in running:
            self.say(
                "progress",
                name=name,
                share=self.share(work),
                training=work.trainings[-1] if work.trainings else "",
                step=work.step,
                steps=work.steps,
                left=None if left is None or left < MIN_LEFT_S else left / 60,
            )

    # ---- how far, how long -----------------------------------------------------------------------

    def share(self, work: _Work) -> float | None:
        """Return the share of a job that is done; None where nothing is known of it."""
        if work.state not in ("running", "waiting"):
            return 1.0
        left = self._left(work, self._ratio())
        spent = 0.0 if work.begun is None else self._clock() - work.begun
        if left is None:
            return None
        return min(spent / max(spent + left, 1e-9), MAX_RUNNING)

    def left_s(self) -> float | None:
        """Return the seconds that all jobs still take; None where one of them is unknown."""
        ratio = self._ratio()
        left = [self._left(work, ratio) for work in self.works.values()]
        return None if None in left else self._whole(left)

    def _left(self, work: _Work, ratio: float) -> float | None:
        """Return the seconds that a job still takes, as far as they are known.

        Args:
            work: the job.
            ratio: how many times longer trainings take than was expected.
        """
        if work.state not in ("running", "waiting"):
            return 0.0
        if work.expected is None:
            return None
        later = ratio * sum(work.expected[len(work.trainings) :]) + NOTEBOOK_S
        if work.trainings:
            return work.left_s + later
        spent = 0.0 if work.begun is None else self._clock() - work.begun
        return max(later - spent, 0.0)

    def _ratio(self) -> float:
        """Return how many times longer the trainings under way take than was expected."""
        found = []
        for work in self.works.values():
            if work.state == "running" and work.expected and work.trainings:
                place = min(len(work.trainings), len(work.expected)) - 1
                takes = self._clock() - work.training_begun + work.left_s
                found.append(takes / max(work.expected[place], 1e-9))
        return sum(found) / len(found) if found else 1.0

    def _whole(self, seconds: Sequence[float]) -> float:
        """Return how long jobs of these lengths take side by side, as they begin in their order."""
        places = [0.0] * self.at_once
        for one in seconds:
            first = min(range(len(places)), key=places.__getitem__)
            places[first] += one
        return max(places)

    # ---- lines -----------------------------------------------------------------------------------

    def say(self, key: str, *, clock: bool = True, **values: object) -> None:
        """Write the line `log.<key>`, with the time of day before it."""
        if not self.quiet:
            line = word(f"log.{key}", self.language, **values)
            self._write(f"{self._now()}  {line}" if clock else f"{'':8}  {line}")

    def _now(self) -> str:
        return datetime.now().strftime("%H:%M:%S")

    def _write(self, line: str) -> None:
        with self._lock:
            stream = self._stream or sys.stderr
            stream.write(f"{line}\n")
            stream.flush()

    def table(self) -> None:
        """Write the closing table: a row a job."""
        if self.quiet:
            return
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for column in ("job", "state", "minutes", "headline", "page"):
            head = word(f"log.columns.{column}", self.language)
            table.add_column(
                head, justify="right" if column == "minutes" else "left", overflow="fold"
            )
        for name, work in self.works.items():
            minutes = "–"
            if work.begun is not None and work.ended is not None:
                minutes = f"{(work.ended - work.begun) / 60:.1f}"
            state = word(f"log.states.{work.state}", self.language)
            table.add_row(name, state, minutes, work.headline, work.page)
        with self._lock:
            stream = self._stream or sys.stderr
            Console(file=stream, width=None if stream.isatty() else 120).print(table)
