"""What a training writes while it runs: metrics.jsonl, a bar or lines, and the stop by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm.auto import tqdm

from hwlib import log
from hwlib.io import flush
from hwlib.run import Run

SECONDS_BETWEEN = 2  # between two lines by which a child says how far it is

Report = Callable[[dict[str, Any], int], None]


class Journal:
    """metrics.jsonl: a line a record, cut back to the checkpoint when a run goes on."""

    def __init__(self, run: Run, length: int):
        """Open the run's journal and drop what was written after the checkpoint."""
        self.path = run.path / "metrics.jsonl"
        self.path.touch()
        os.truncate(self.path, length)
        self.records = [json.loads(line) for line in self.path.read_text().splitlines()]

    @property
    def length(self) -> int:
        """Bytes written so far."""
        return self.path.stat().st_size

    def append(self, record: dict[str, Any]) -> None:
        """Add one line; readers see whole lines only."""
        self.records.append(record)
        with open(self.path, "a") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")

    def flush(self) -> None:
        """Bring the file to the disk."""
        flush(self.path)


def format_record(record: dict[str, Any]) -> str:
    """Return a record's main numbers as a few words."""
    names = ("loss", "test_mse_11", "d_loss", "g_loss", "snapshot_kid")
    return log.line("training.record", **{name: record.get(name) for name in names})


@contextmanager
def progress_reporter(run: Run, done: int) -> Iterator[Report]:
    """Yield what shows a record: a bar where somebody watches, else a line per evaluation.

    A report's process, which sets HWLIB_BATCH, writes lines for `hwlib.report.log`.
    """
    name, total, began = run.path.name, run.config.num_steps, time.monotonic()
    said_at = -SECONDS_BETWEEN

    def seconds_left(step: int) -> float:
        return (time.monotonic() - began) / max(step - done, 1) * (total - step)

    def report_to_parent(_record: dict[str, Any], step: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SECONDS_BETWEEN or step == total:
            said_at = time.monotonic()
            left = round(seconds_left(step), 1)
            news = {"run": name, "step": step, "steps": total, "left_s": left}
            log.info(f"{log.PROGRESS}{json.dumps(news)}")

    def write_line(record: dict[str, Any], step: int) -> None:
        if "test_mse_11" in record or "snapshot_kid" in record:
            facts = {"run": name, "epoch": record["epoch"], "step": step, "steps": total}
            numbers = format_record(record)
            log.event("training.evaluation", **facts, numbers=numbers, left=seconds_left(step) / 60)

    if os.environ.get("HWLIB_BATCH"):
        yield report_to_parent
    elif not (sys.stderr.isatty() or "ipykernel" in sys.modules):
        yield write_line
    else:
        with tqdm(total=total, initial=done, desc=name[:-9], unit="step") as bar:

            def advance(record: dict[str, Any], step: int) -> None:
                bar.set_postfix_str(format_record(record), refresh=False)
                bar.update(step - bar.n)

            yield advance


@contextmanager
def stop_on_ctrl_c() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a request that the loop honours between two steps.

    A second one interrupts at once; nothing but the steps since the last checkpoint is lost.
    """
    wants_stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield wants_stop  # signals reach the main thread only
        return

    def request(*_: object) -> None:
        wants_stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, request)
    try:
        yield wants_stop
    finally:
        signal.signal(signal.SIGINT, before)
