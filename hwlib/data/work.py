"""The work on pixels, shared out among helper processes.

A helper is `python -c ...` that answers one JSON line with another. Multiprocessing would either
fork beside torch's threads or import the user's script again, which a script without a `__main__`
guard does not survive; and its workers outlive a killed parent, while a helper ends when its pipe
closes.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from hwlib.data.decode import Unreadable, decode, resize_grey

CHUNK = 64  # pictures a request
MIN_PICTURES_PER_HELPER = 300  # a helper takes about 0.3 s to start

Request = dict[str, Any]
Reply = dict[str, Any]


@dataclass
class Outcome:
    """What the replies say together."""

    bad: list[tuple[str, int, str]] = field(default_factory=list)  # part, row, reason
    seen: Counter[str] = field(default_factory=Counter)  # "89x109 RGB" -> pictures

    def add(self, request: Request, reply: Reply) -> None:
        """Take up what a helper says of the pictures in its request."""
        self.bad += [(request.get("part", ""), row, reason) for row, reason in reply["bad"]]
        self.seen.update(reply["seen"])


# ---- the tasks: a request is JSON, pixels go straight to disk -----------------------------------


def perform(request: Request) -> Reply:
    """Carry out one request; `request["do"]` names the task."""
    return TASKS[request["do"]](request)


def _decode(request: Request) -> Reply:
    """Decode `paths` into the rows from `start` of the array file `into`; a bad row stays zero."""
    size = request["image_size"]
    pixels = np.zeros((len(request["paths"]), size, size, 3), np.uint8)
    bad, seen = [], Counter()
    for i, path in enumerate(request["paths"]):
        try:
            picture = decode(path, size, crop=request["crop"])
        except Unreadable as error:
            bad.append((request["start"] + i, str(error)))
            continue
        pixels[i] = picture.pixels
        seen[f"{picture.size[0]}x{picture.size[1]} {picture.mode}"] += 1
    write_rows(request["into"], request["start"], pixels)
    return {"bad": bad, "seen": seen}


def _idx(request: Request) -> Reply:
    images = _read_idx(request["path"])[request["start"] : request["start"] + request["count"]]
    write_rows(request["into"], request["start"], resize_grey(images, request["image_size"]))
    height, width = images.shape[1:]
    return {"bad": [], "seen": {f"{width}x{height} L": len(images)}}


def _draw(request: Request) -> Reply:
    """Draw the rows `start`, `count` of a table of factors into an array file."""
    write_rows(request["into"], request["start"], _draw_rows(request))
    return {"bad": [], "seen": {}}


def _draw_png(request: Request) -> Reply:
    from PIL import Image

    for path, pixels in zip(request["pngs"], _draw_rows(request), strict=True):
        Image.fromarray(pixels).save(path)
    return {"bad": [], "seen": {}}


def _decode_png(request: Request) -> Reply:
    """Decode each of `paths` and save it as the PNG of the same place in `pngs`."""
    from PIL import Image

    bad, seen = [], Counter()
    for i, (path, png) in enumerate(zip(request["paths"], request["pngs"], strict=True)):
        try:
            picture = decode(path, request["image_size"], crop=request["crop"])
        except Unreadable as error:
            bad.append((request["start"] + i, str(error)))
            continue
        Image.fromarray(picture.pixels).save(png)
        seen[f"{picture.size[0]}x{picture.size[1]} {picture.mode}"] += 1
    return {"bad": bad, "seen": seen}


def _draw_rows(request: Request) -> np.ndarray:
    from hwlib.faces import draw_faces

    start = request["start"]
    rows = _load_factors(request["factors"]).iloc[start : start + request["count"]]
    return draw_faces(rows.reset_index(drop=True), request["image_size"])


TASKS = {
    "decode": _decode,
    "idx": _idx,
    "draw": _draw,
    "draw_png": _draw_png,
    "decode_png": _decode_png,
}


@functools.lru_cache(maxsize=1)
def _read_idx(path: str) -> np.ndarray:
    from hwlib.data.layouts import read_idx

    return read_idx(Path(path), 3)


@functools.lru_cache(maxsize=1)
def _load_factors(path: str):
    from hwlib.data.tables import load_table

    return load_table(Path(path))


def write_rows(path: str, start: int, pixels: np.ndarray) -> None:
    """Write `pixels` (n, ...) over the rows from `start` of the .npy file at `path`.

    A plain write: through a memory map, a full disk would kill the process (SIGBUS).
    """
    with open(path, "r+b") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        file.seek(start * pixels[0].nbytes, os.SEEK_CUR)
        file.write(np.ascontiguousarray(pixels).data)


# ---- sharing the tasks out ----------------------------------------------------------------------


def perform_all(
    requests: Iterator[Request], num_pictures: int, *, label: str, progress: bool
) -> Outcome:
    """Carry out `requests`, with helper processes where there are enough pictures.

    Args:
        requests: each with `count`, its number of pictures; taken one at a time, so memory stays
            flat.
        num_pictures: the sum of their counts.
        label: what the progress bar on standard error says.
        progress: whether to show the bar.

    Raises:
        OSError: a result could not be written.
    """
    outcome = Outcome()
    num_helpers = min(_num_cpus(), num_pictures // MIN_PICTURES_PER_HELPER)
    bar = tqdm(
        total=num_pictures, desc=label, unit=" pictures", mininterval=0.5, disable=not progress
    )
    with bar:
        if num_helpers < 2:
            for request in requests:
                outcome.add(request, perform(request))
                bar.update(request["count"])
            _read_idx.cache_clear()  # the file may be another one next time
            _load_factors.cache_clear()
            return outcome
        helpers = [_Helper() for _ in range(num_helpers)]
        try:
            _share_out(iter(requests), helpers, outcome, bar)
        finally:
            for helper in helpers:
                helper.close()
    return outcome


def _share_out(
    requests: Iterator[Request], helpers: list[_Helper], outcome: Outcome, bar: tqdm
) -> None:
    lock, stop = threading.Lock(), threading.Event()

    def keep_busy(helper: _Helper) -> None:
        while not stop.is_set():
            with lock:
                request = next(requests, None)
            if request is None:
                return
            reply = helper.ask(request)
            with lock:
                outcome.add(request, reply)
                bar.update(request["count"])

    with ThreadPoolExecutor(len(helpers)) as threads:
        try:
            for future in as_completed([threads.submit(keep_busy, h) for h in helpers]):
                future.result()
        finally:  # an error or Ctrl-C: the other threads must not go on to the end
            stop.set()


class _Helper:
    """A process that performs requests, one after the other."""

    def __init__(self):
        root = str(Path(__file__).resolve().parents[2])
        code = (
            f"import sys; sys.path.insert(0, {root!r}); from hwlib.data.work import serve; serve()"
        )
        # One thread each: the helpers share the cores already.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | threads,
            text=True,
            encoding="ascii",
        )

    def ask(self, request: Request) -> Reply:
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except (BrokenPipeError, ValueError):  # ValueError: closed by `close`
            line = ""
        if not line:
            raise RuntimeError(f"a helper process ended (exit code {self.process.poll()})")
        reply = json.loads(line)
        if "os_error" in reply:
            raise OSError(*reply["os_error"])
        return reply

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:  # a request that was never read
                continue


def serve() -> None:
    """Be a helper: answer the requests on standard input until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    answers, sys.stdout = sys.stdout, sys.stderr  # nothing else may write among the answers
    for line in sys.stdin:
        try:
            reply = perform(json.loads(line))
        except OSError as error:
            reply = {"os_error": [error.errno, error.strerror, error.filename]}
        try:
            print(json.dumps(reply), file=answers, flush=True)
        except BrokenPipeError:  # the parent was killed
            os._exit(1)


def _num_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
