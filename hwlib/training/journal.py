"""What a training writes while it runs: metrics.jsonl, a bar or lines, and the stop by Ctrl-C."""

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
from hwlib.io import replacing
from hwlib.run import Run

SECONDS_BETWEEN = 2  # between two lines by which a child says how far it is
MAIN_NUMBERS = ("loss", "test_mse_11", "d_loss", "g_loss", "snapshot_kid")


class Journal:
    """metrics.jsonl: a line a record, written anew from the checkpoint when a run goes on."""

    def __init__(self, run: Run, records: list[dict[str, Any]]):
        """Write the run's journal as it was when there were these records."""
        self.path, self.records = run.path / "metrics.jsonl", records
        self.write()

    def write(self) -> None:
        """Write all records anew, whatever became of the file."""
        with replacing(self.path) as temporary:
            temporary.write_text("".join(map(_line, self.records)), encoding="utf-8")

    def append(self, record: dict[str, Any]) -> None:
        """Add one line; readers see whole lines only."""
        self.records.append(record)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(_line(record))


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, allow_nan=False) + "\n"


@contextmanager
def progress_reporter(run: Run, done: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield what shows a record: a bar where somebody watches, else a line per evaluation.

    A report's process, which sets HWLIB_BATCH, writes lines for `hwlib.report.log`.
    """
    name, total = run.path.name, run.config.num_steps
    began, said_at = time.monotonic(), -SECONDS_BETWEEN
    is_child = bool(os.environ.get("HWLIB_BATCH"))
    has_bar = not is_child and (sys.stderr.isatty() or "ipykernel" in sys.modules)

    def report(record: dict[str, Any]) -> None:
        nonlocal said_at
        now, step = time.monotonic(), record["step"]
        left_s = (now - began) / max(step - done, 1) * (total - step)
        facts = {"run": name, "step": step, "steps": total}
        numbers = {name: record.get(name) for name in MAIN_NUMBERS}
        if is_child:
            if now - said_at >= SECONDS_BETWEEN or step == total:
                said_at = now
                log.info(f"{log.PROGRESS}{json.dumps(facts | {'left_s': round(left_s, 1)})}")
        elif has_bar:
            bar.set_postfix_str(log.line("training.record", **numbers), refresh=False)
            bar.update(step - bar.n)
        elif "test_mse_11" in record or "snapshot_kid" in record:
            facts |= {"epoch": record["epoch"], "left": left_s / 60}
            facts["numbers"] = log.line("training.record", **numbers)
            log.event("training.evaluation", **facts)

    options = {"initial": done, "desc": name[:-9], "unit": "step", "disable": not has_bar}
    with tqdm(total=total, **options) as bar:
        yield report


@contextmanager
def stop_on_ctrl_c() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a request to the loop; a second one interrupts at once."""
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
