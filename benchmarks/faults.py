"""The fault bench: what becomes of runs, caches and commands under force.

    python benchmarks/faults.py [KIND...] [--quick | --full] [--seed N] [--case N] [--keep DIR]

Prints a table, a row a kind, and below it every case that is silent, lost, a traceback or untidy,
with the command that repeats it; the exit code is 1 where there is any. A case follows from kind,
seed and number, but for the moments of kills, which go by processor time.

survived    the same bits as without force, without a word
repaired    the same bits, after a line that says so
noticed     one line that names the file or folder, and the exit code that belongs to it
silent      other bits, without a word
lost        other bits, no end at all, or a refusal that names no file
traceback   ... or a process that crashed
untidy      hidden files or processes left behind, a wrong exit code, a line missing

It forks from a process in which all is loaded, so that a case takes less than a second; terminals
and notebooks are real processes. --quick takes about 3 minutes of one processor, --full 40.
"""

import argparse
import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

if __name__ == "__main__":  # before torch is there: a process with threads must not be forked
    os.environ.update({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import killing as force
import torch
import tqdm
from killing import SIZE, SPEC, Ended, contents, digest, fork

import hwlib
from hwlib.cli import main as command_line
from hwlib.config import Config
from hwlib.data import find_source, load_data
from hwlib.report.runner import Job
from hwlib.report.runs import read_facts
from hwlib.run import Run
from hwlib.training.attribute_classifier import get_classifier
from hwlib.training.sampling import sample_images

OUTCOMES = ("survived", "repaired", "noticed", "untidy", "lost", "silent", "traceback")
BAD = OUTCOMES[3:]  # the worst comes last
# Every state that a checkpoint can carry.
HARD = {"ema": 0.9, "spectral_norm": True, "flip": True, "augment": True, "noise": "uniform"}
FAMILIES = (
    *(("vae", "dcgan", {"flip": True}), ("gan", "modern", {}), ("acgan", "upsample", HARD)),
    *(("kl", "elbo", {"kl_weights": (1, 100)}), ("vae", "modern", {}), ("infogan", "dcgan", HARD)),
    *(("infogan", "modern", {}), ("acgan", "modern", {}), ("vae", "wide", {})),
    ("gan", "plain", HARD),
)
MOST_KILLS = 12  # of one training, which may then end
ENDINGS = {"closed": signal.SIGHUP, "Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM}
ORPHANS_S = 5  # for which a process may outlive its command, where each has a core
ROOM_KB = 1 << 20
FEW = "faces:40"


@dataclass(frozen=True)
class Case:
    """What came of one case, and how often force was used in it."""

    outcome: str
    what: str
    count: int = 1


class Bench:
    """The bench's folder and seed, and what its cases begin from and are compared with."""

    def __init__(self, folder: Path, seed: int, *, keeps: bool = False):
        """Train twice, so that all is loaded and the cache of the small set is there."""
        self.folder, self.seed, self.keeps = folder, seed, keeps
        self.case, self._known = folder / "case", {}
        torch.set_num_threads(1)
        tqdm.tqdm.monitor_interval = 0  # it would be a thread
        os.environ.update({"HWLIB_CACHE": str(folder / "cache"), "HWLIB_RUNS": str(folder)})
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            for problem in ("vae", "gan"):
                hwlib.fit(small(problem, "dcgan"), runs=folder / "warm")

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, called the first time."""
        if name not in self._known:
            self._known[name] = make()
        return self._known[name]

    def base(self, place: "Place") -> Path:
        """Return the folder that a place's cases begin from, made the first time."""
        folder = self.folder / f"base {place.name}"
        if not folder.exists():
            folder.mkdir()
            ended = fork(place.make, folder)()
            assert ended.how in ("done", "killed"), ended
        return folder

    def sound(self, name: str, work: Callable[[Path], Any], place: "Place | None" = None) -> Ended:
        """Return how `work` ends without force, which is well, in a new folder or a place."""

        def run() -> Ended:
            if place:
                shutil.copytree(self.base(place), self.case)
            ended = fork(work, self.case)()
            assert ended.how == "done", f"{name}: {ended}"
            shutil.rmtree(self.case)
            return ended

        return self.once(f"sound {name}", run)


def small(problem: str, recipe: str, **settings: Any) -> Config:
    """Return the settings of a training of half a second."""
    own = {"attribute": "Male,Smiling"} if problem == "acgan" else {}
    return force.smoke(problem, recipe, **{"oracle_steps": 2} | own | settings)


def train(config: Config, folder: Path, *, seconds: float = 0, cache: str = "") -> dict[str, str]:
    """Return what a run below `folder` yields, by name; be killed after so many `seconds`."""
    if cache:
        os.environ["HWLIB_CACHE"] = str(folder / cache)
    if seconds:
        force.die_after(seconds)
    return contents(hwlib.fit(config, runs=folder / "runs"))


def rate_same(sound: Ended, ended: Ended, folder: Path) -> tuple[str, str]:
    """Rate a command that went on after force and should yield what it does without."""
    if ended.how != "done":
        is_told = ended.how in ("told", "exit")
        return "lost" if is_told else "traceback", f"{ended.how}: {ended.value}"
    if ended.value != sound.value:
        return "lost", f"other {differences(sound.value, ended.value)}"
    left = hidden(folder)
    return ("untidy", f"left behind: {left}") if left else ("survived", "")


def differences(one: Any, other: Any) -> str:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return ""
    return ", ".join(sorted(n for n in one | other if one.get(n) != other.get(n)))[:200]


def hidden(folder: Path) -> str:
    found = [p for p in folder.rglob(".*") if p.suffix != ".lock" and p.name != ".lock"]
    return ", ".join(str(p.relative_to(folder)) for p in found if p.name != ".report.json")


def worst(rated: Iterable[tuple[str, str]]) -> tuple[str, str]:
    return max(rated, key=lambda one: OUTCOMES.index(one[0]))


# ---- kills -----------------------------------------------------------------------------------


def kills(bench: Bench, number: int, rng: Random) -> Case:
    """Kill a training at random moments, again and again until it ends by itself."""
    problem, recipe, options = FAMILIES[number % len(FAMILIES)]
    config, name = small(problem, recipe, **options, checkpoint_every=2), f"{problem} {recipe}"
    sound = bench.sound(name, partial(train, config))
    for num_kills in range(MOST_KILLS + 1):
        most = (1.1 if num_kills else 0.8) * sound.cpu_s  # the first comes before its end
        limit = rng.uniform(0.02, most) if num_kills < MOST_KILLS else 0
        ended = fork(partial(train, config, seconds=limit), bench.case)()
        if ended.value != signal.SIGPROF:
            break
    outcome, why = rate_same(sound, ended, bench.case)
    what = f"{name} of {sound.cpu_s:.1f} s, {num_kills} kills: {why}"
    return Case(outcome, what, max(num_kills, 1))


def cold(bench: Bench, number: int, rng: Random) -> Case:
    """Start four processes at once on nothing, kill one, and compare what the others made."""
    problem, recipe, _ = FAMILIES[number % 3]
    work = partial(train, small(problem, recipe, data=FEW), cache="cache")
    sound = bench.sound(f"cold {problem}", work)
    killed, limit = rng.randrange(4), rng.uniform(0.02, sound.cpu_s)
    waits = [fork(partial(work, seconds=limit * (i == killed)), bench.case) for i in range(4)]
    every = [wait() for wait in waits] + [fork(work, bench.case)()]  # and once more
    every = [ended for ended in every if ended.value != signal.SIGPROF]
    outcome, why = worst(rate_same(sound, ended, bench.case) for ended in every)
    return Case(outcome, f"{problem}, one killed after {limit:.2f} s: {why}")


@dataclass(frozen=True)
class Place:
    """A folder that force is used on: how it is made, and what goes on from there."""

    name: str
    make: Callable[[Path], Any]
    go_on: Callable[[Path], Any]  # the command that ends what was begun
    read: Callable[[Path], dict[str, Any]] = lambda _: {}  # what all its readers say, by name
    files: str = ""  # the pattern of those that are damaged


def train_until(step: int, config: Config, folder: Path) -> None:
    """Train, and be killed when the checkpoint of this step is there."""
    seen: list[bool] = [False]

    def is_next(kind: str, path: str) -> bool:
        seen.append(seen[-1] or (kind == "rename" and f"{step:09d}" in path))
        return seen[-2]

    force.watch_files(folder, is_next)
    hwlib.fit(config, runs=folder / "runs")


def unfinished_study(config: Config, folder: Path) -> None:
    study = hwlib.fit(config, runs=folder / "runs")
    for name in ("results.json", "samples.npz"):
        (study.path / name).unlink()


def build(folder: Path) -> dict[str, str]:
    os.environ["HWLIB_CACHE"] = str(folder / "cache")
    data = load_data(FEW, SIZE, progress=False)
    about = ("layout", "attributes", "fingerprint", "channels", "left_out")
    found = {name: digest(getattr(data, name)) for name in about}
    for name, part in (("train", data.train), ("test", data.test)):
        found |= {f"{name} images": digest(part.images), f"{name} labels": digest(part.labels)}
        found |= {f"{name} names": digest(list(part.names))}
        found |= {f"{name} factors": digest(part.factors.to_csv())}
    return found


def read_data(folder: Path) -> dict[str, Any]:
    """Return what is read of the set in the cache in `folder`, its manifest first."""
    os.environ["HWLIB_CACHE"] = str(folder / "cache")
    facts = force.attempt(lambda: digest(find_source(FEW, SIZE, "hw4").facts()))
    return {"facts": facts, "data": force.attempt(build, folder)}


def classify(folder: Path) -> dict[str, str]:
    os.environ["HWLIB_CACHE"] = str(folder / "cache")
    classifier = get_classifier(load_data(FEW, SIZE, progress=False), steps=2)
    found = {name: digest(tensor.numpy()) for name, tensor in classifier.state_dict().items()}
    return found | {"about": digest(classifier.about)}


# Everything that reads a run's folder.
READERS: dict[str, Callable[[Run], Any]] = {
    "settings": lambda run: digest([run.record, run.config.to_json()]),
    "metrics": lambda run: digest(run.metrics.to_dict("records")),
    "results": lambda run: digest(run.results),
    "everything": partial(contents, clocks=True),
    "sample": lambda run: digest(sample_images(run, num=2, seed=0)),
    "report": lambda run: digest(str(read_facts(Job("vae", "", run.path, {}), run.path, {}))),
}


def read_run(folder: Path) -> dict[str, Any]:
    """Return what everything that reads runs says of the one in `folder`."""
    (path,) = (p for p in (folder / "runs").iterdir() if p.suffix != ".lock")
    names = list(READERS)[: None if (path / "results.json").exists() else 2]
    return {name: force.attempt(lambda name=name: READERS[name](Run(path))) for name in names}


def run_at(problem: str, recipe: str, *, is_finished: bool) -> Place:
    """Return the place of a finished run, or of one at its last step but one, saved at each."""
    config = small(problem, recipe, checkpoint_every=1)
    go_on = partial(train, config)
    make = go_on if is_finished else partial(train_until, config.num_steps - 1, config)
    name = f"{'finished' if is_finished else 'unfinished'} {problem}"
    return Place(name, make, go_on, read_run, "runs/*/**/*")


STUDY = small(*FAMILIES[3][:2], **FAMILIES[3][2])
SAVES = (
    *(run_at(*pair, is_finished=False) for pair in (("vae", "dcgan"), ("gan", "modern"))),
    *(Place("new data", lambda _: None, build), Place("new classifier", build, classify)),
    Place("study", partial(unfinished_study, STUDY), partial(train, STUDY)),
)
DAMAGED = (
    *(run_at(*pair, is_finished=True) for pair in (("vae", "modern"), ("infogan", "dcgan"))),
    *SAVES[:2],
    Place("data", build, build, read_data, "cache/data/*/*"),
    Place("classifier", classify, classify, files="cache/oracles/*"),
)


# ---- saves -----------------------------------------------------------------------------------


def go_on_until(place: Place, last: int, folder: Path) -> int:
    """Go on until file operation `last` and die in it; return how many there were."""
    seen: list[str] = []

    def is_last(kind: str, path: str) -> bool:
        seen.append(kind)
        return len(seen) == last

    force.watch_files(folder, is_last)
    place.go_on(folder)
    return len(seen)


def list_stages(bench: Bench) -> list[tuple[Place, int]]:
    """Return every file operation of every save, in the seed's order."""
    found = []
    for place in SAVES:
        ended = fork(go_on_until, place, 0, shutil.copytree(bench.base(place), bench.case))()
        found += [(place, number) for number in range(1, ended.value + 1)]
        shutil.rmtree(bench.case)
    Random(bench.seed).shuffle(found)
    return found


def saves(bench: Bench, number: int, rng: Random) -> Case | None:
    """Kill a save, a build or a store in one of its file operations."""
    every = bench.once("stages", partial(list_stages, bench))
    if number >= len(every):
        return None
    place, stage = every[number]
    sound = bench.sound(f"end of {place.name}", place.go_on, place)
    killed = fork(go_on_until, place, stage, shutil.copytree(bench.base(place), bench.case))()
    outcome, why = rate_same(sound, fork(place.go_on, bench.case)(), bench.case)
    if killed.value != signal.SIGKILL:
        outcome, why = "lost", f"not reached: {killed}"
    return Case(outcome, f"{place.name}, operation {stage}: {why}")


# ---- corruptions -----------------------------------------------------------------------------


def spoil(path: Path, rng: Random) -> str:
    """Damage a file; return how."""
    how = rng.choice(("flipped", "flipped", "cut", "zeros", "emptied", "deleted"))
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data) or 1)
    if how == "flipped" and data:
        data[at] ^= 1 << rng.randrange(8)
    elif how == "zeros":
        data[at : at + 64] = bytes(len(data[at : at + 64]))
    elif how in ("cut", "emptied"):
        del data[at if how == "cut" else 0 :]
    path.unlink() if how == "deleted" else path.write_bytes(data)
    return f"{path.parent.name}/{path.name} {how}"


def read_twice(place: Place, folder: Path) -> dict[str, Any]:
    """Read all, go on by the same command, and read all again."""
    found = {"before": place.read(folder), "again": {"": force.attempt(place.go_on, folder)}}
    return found | {"after": place.read(folder)}


def corruptions(bench: Bench, number: int, rng: Random) -> Case:
    """Damage a file, or two, and let everything read that reads it."""
    place = DAMAGED[number % len(DAMAGED)]
    work = partial(read_twice, place)
    sound = bench.sound(f"read {place.name}", work, place)
    shutil.copytree(bench.base(place), bench.case)
    found = sorted(p for p in bench.case.glob(place.files) if p.is_file())
    files = [p for p in found if p.suffix != ".lock" and p.name != ".lock"]
    spoilt = rng.sample(files, min(len(files), 1 + (rng.random() < 0.2)))
    assert spoilt, f"nothing to damage: {place}"
    told = [spoil(path, rng) for path in spoilt]
    outcome, why = rate_read(sound, fork(work, bench.case)(), spoilt)
    return Case(outcome, f"{place.name}: {' and '.join(told)}: {why}")


def rate_read(sound: Ended, ended: Ended, spoilt: Sequence[Path]) -> tuple[str, str]:
    """Rate what readers say of damaged files by the worst of them."""
    if ended.how != "done":
        return "traceback", f"{ended.how}: {ended.value}"
    is_told = bool(spoken(ended.said) - spoken(sound.said))
    is_again = ended.value["again"][""][0] == "done"
    names = {part for path in spoilt for part in (path.name, str(path.parent))}
    found = [("repaired" if is_told else "survived", "")]
    for phase, readers in ended.value.items():
        for reader, (how, value) in readers.items():
            about, (_, wanted) = f"{reader} {phase}", sound.value[phase].get(reader, ("", value))
            if how == "told":
                is_named = any(name in value for name in names)
                found.append(("noticed" if is_named else "lost", f"{about}: {value}"))
            elif how != "done":
                found.append(("traceback", f"{about}: {value}"))
            elif value != wanted and not (phase == "after" and is_again):
                # "again" has compared what it trained anew, but for times
                which = f"{about}: other {differences(wanted, value)}"
                found.append(("lost" if is_told else "silent", which))
    return worst(found)


def spoken(text: str) -> set[str]:
    return {re.sub(r"\d[\d.:e-]*", "#", line) for line in text.splitlines()}


# ---- full disks ------------------------------------------------------------------------------


def call(words: Sequence[str], cache: Path | None = None, limit_kb: int = 0) -> None:
    """Be the command `hwlib ...`."""
    if cache:
        os.environ["HWLIB_CACHE"] = str(cache)
    if limit_kb:
        force.limit_files(limit_kb * 1024)
    sys.argv = ["hwlib", *words]
    command_line()


@contextlib.contextmanager
def disk_at(place: Path) -> Iterator[Callable[[int], int]]:
    """Have a disk at `place`: a tmpfs where root may mount one, else a limit on each file.

    Yields a function that leaves so many kB of room; it returns the limit, 0 for a tmpfs.
    """

    def mount(options: str) -> bool:
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def leave(room_kb: int) -> int:
        used = shutil.disk_usage(place).used // 1024
        return 0 if is_real and mount(f"remount,size={used + room_kb}k") else room_kb

    place.mkdir()
    is_real = mount(f"size={ROOM_KB}k")
    try:
        yield leave
    finally:
        if is_real:
            subprocess.run(["umount", str(place)], check=True)
        shutil.rmtree(place)


def disk(bench: Bench, number: int, rng: Random) -> Case:
    """Let the disk be full while a command writes, then give it room."""
    place, (finished,) = bench.folder / "disk", (bench.folder / "warm").glob("gan-*")
    settings = ["--data", SPEC, "--profile", "smoke", "--set", "oracle_steps=2"]
    settings += ["--set", f"image_size={SIZE}", "--runs"]
    pages = [f"{bench.folder}/pages", "--out", f"{place}/out", "--lang", "en", "--quiet"]
    words = (
        ["train", "gan", "--recipe", "modern", *settings, f"{place}/runs"],
        ["data", "info", "faces:200", "--image-size", str(SIZE)],
        ["sample", str(finished), f"{place}/out"],
        ["train", "vae", *settings, f"{place}/runs"],
        ["sample", str(finished), f"{place}/out.npz"],
        ["report", "vae", *settings, *pages],
    )[number % 6]
    cache, kept = place / "cache" if words[0] == "data" else None, bench.folder / "notebooks"

    def result() -> dict[str, str]:
        if words[0] == "train":
            return contents(Run(next((place / "runs").iterdir())))
        files = (p for p in place.rglob("*") if p.is_file() and p.parent.name != "notebooks")
        return {str(p): digest(p.read_bytes().hex()) for p in files if not p.name.startswith(".")}

    def go(room_kb: int) -> tuple[Ended, Ended, dict[str, str], int, str]:
        with disk_at(place) as leave:
            notebooks = place / "out" / "notebooks"
            if words[0] == "report" and kept.exists():  # they take ten times as long as the pages
                shutil.copytree(kept, notebooks)
            begun = shutil.disk_usage(place).used
            full = fork(call, words, cache, leave(room_kb))()
            again = fork(call, words, cache, leave(ROOM_KB))()
            assert room_kb < ROOM_KB or full.value == again.value == 0, full
            if notebooks.exists() and not kept.exists():
                shutil.copytree(notebooks, kept)
            found = {} if again.value else result()
            used = (shutil.disk_usage(place).used - begun) // 1024
            return full, again, found, used, hidden(place)

    *_, sound, size, _ = bench.once(f"disk {words}", lambda: go(ROOM_KB))
    room = rng.randrange(1, max(2, size))
    full, again, found, _, left = go(room)
    rated = [("survived", "") if full.value == 0 else rate_ended(full, 1)]
    rated += [("untidy", f"left behind: {left}")] if left else []
    if again.value:
        rated.append(("lost", f"with room again {again.value}: {say_last(again.said)}"))
    elif found != sound:
        rated.append(("lost", f"other {differences(sound, found)}"))
    outcome, why = worst(rated)
    return Case(outcome, f"{' '.join(words[:2])} with {room} kB of {size}: {why}")


def say_last(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:200]


def rate_ended(ended: Ended, code: int) -> tuple[str, str]:
    """Rate a command that should end in one line and with this exit code."""
    if ended.how in ("traceback", "killed") or "Traceback" in ended.said:
        return "traceback", f"{ended.value}: {say_last(ended.said)}"
    lines = [n for n in ended.said.splitlines() if re.match(r".{0,20}hwlib: |\S+ failed: ", n)]
    if ended.value != code or len(lines) != 1:
        why = f"exit code {ended.value}, not {code}; {len(lines)} lines"
        return "untidy", f"{why}: {say_last(ended.said)}"
    return "noticed", lines[0]


# ---- terminals -------------------------------------------------------------------------------


def terminals(bench: Bench, number: int, rng: Random) -> Case:
    """Close the terminal of a command, press Ctrl-C in it, or end it by SIGTERM."""
    how, mark = list(ENDINGS)[number % 3], f"{os.getpid()}-{number}-{time.monotonic_ns()}"
    command = ("train", "train", "train", "report", "train", "claims", "report")[number % 7]
    is_early = command == "train" and number % 2 == 0
    settings = ["--data", SPEC, "--profile", "smoke", "--runs", str(bench.case / "runs")]
    long = [f"--set={one}" for one in ("num_steps=100000", "checkpoint_every=100000")]
    words = {
        "train": ["train", "vae", *settings, *long],
        "report": ["report", "vae", "gan", *settings, *long, f"--out={bench.case}", "--jobs=2"],
        "claims": ["claims", "C18", *settings, "--jobs=2"],
    }[command]
    soon, num_trained = rng.uniform(0.05, 1), 2 if command == "report" else 1
    pid, terminal = pty.fork()
    if pid == 0:
        for (
            ending
        ) in ENDINGS.values():  # a shell's background ignores some, and children inherit it
            signal.signal(ending, signal.SIG_DFL)
        program = "from hwlib.cli import main; main()"
        os.chdir(Path(__file__).parents[1])
        words = [sys.executable, "-P", "-c", program, *words]
        os.execve(sys.executable, words, {**os.environ, "HWLIB_FAULTS": mark})
    os.set_blocking(terminal, False)
    text, code, is_sent, began = [], None, False, time.monotonic()

    def drain() -> None:
        with contextlib.suppress(OSError):  # nothing is there, or it is closed
            while not (is_sent and how == "closed") and (more := os.read(terminal, 4096)):
                text.append(more)

    while code is None:
        drain()
        trained = [p for p in bench.case.glob("runs/*/metrics.jsonl") if p.stat().st_size]
        if not is_sent and (processor_s(pid) > soon if is_early else len(trained) >= num_trained):
            is_sent = True
            if how == "closed":
                os.close(terminal)
            elif how == "Ctrl-C":
                os.write(terminal, b"\x03")
            else:
                os.kill(pid, ENDINGS[how])
        if time.monotonic() - began > force.HANG_S:
            os.kill(pid, signal.SIGKILL)
        done, status = os.waitpid(pid, os.WNOHANG)
        code = os.waitstatus_to_exitcode(status) if done else None
        time.sleep(0.05)
    drain()
    patience = ORPHANS_S * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
    deadline = time.monotonic() + patience
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for orphan in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
    if how != "closed":
        os.close(terminal)
    said = b"".join(text).decode(errors="replace").replace("\r", "\n")
    by_system = code == -ENDINGS[how] and (is_early or how == "closed")  # a shell says 128 + n
    wanted = 128 + ENDINGS[how]
    if by_system or (how == "closed" and code == wanted):
        rated = [("noticed", "ended by the system" if by_system else "")]
    else:
        rated = [rate_ended(Ended("exit", code, said), wanted)]
    if left:
        rated.append(("untidy", f"{len(left)} processes were left after {patience:.0f} s"))
    if not is_early:
        saved = {p.parts[-3] for p in bench.case.glob("runs/*/checkpoint/step-*")}
        saved |= {p.parts[-2] for p in bench.case.glob("runs/*/results.json")}
        lost = {p.parent.name for p in trained} - saved
        rated += [("lost", f"exit code {code}, no checkpoint of {lost}")] if lost else []
    outcome, why = worst(rated)
    return Case(outcome, f"{command}, {how} {f'at {soon:.2f} s' if is_early else 'later'}: {why}")


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def marked(mark: str) -> list[int]:
    """Return the processes that have this mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if mark.encode() in place.read_bytes():
                found.append(int(place.parent.name))
    return found


def names(bench: Bench, number: int, rng: Random) -> Case | None:
    """Call the bench of hostile names, where it is there."""
    script = Path(__file__).with_name("hostile_names.py")
    if number or not script.exists():
        return None
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    outcome = "lost" if ended.returncode else "survived"
    return Case(outcome, f"hostile_names.py: {say_last(ended.stdout + ended.stderr)}")


# How often force is used: quick, full. Saves end where every operation was met.
KINDS: dict[str, tuple[Callable[[Bench, int, Random], Case | None], int, int]] = {
    "kills": (kills, 30, 300),
    "saves": (saves, 20, 10_000),
    "corruptions": (corruptions, 60, 1_000),
    "disk": (disk, 6, 30),
    "cold": (cold, 1, 20),
    "terminals": (terminals, 6, 42),
    "names": (names, 1, 1),
}


def run_kind(bench: Bench, kind: str, size: int, first: int = 0) -> Iterator[tuple[int, Case]]:
    """Yield number and outcome of a kind's cases until force was used `size` times."""
    tried = 0
    for number in count(first):
        case = KINDS[kind][0](bench, number, Random(f"{bench.seed} {kind} {number}"))
        if case is None:
            return
        tried += case.count
        if case.outcome in BAD and bench.keeps and bench.case.exists():
            shutil.copytree(bench.case, bench.folder / f"{kind} {number}")
        shutil.rmtree(bench.case, ignore_errors=True)
        yield number, case
        if tried >= size:
            return


def main() -> None:
    """Run the kinds that are asked for; print the table and what is bad."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="the default")
    sizes.add_argument("--full", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="only the case of this number")
    parser.add_argument("--keep", type=Path, help="keep the folders of what is bad below this one")
    given = parser.parse_args()
    if unknown := set(given.kinds) - KINDS.keys():
        parser.error(f"unknown kind {', '.join(unknown)}; known: {', '.join(KINDS)}")
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    folder, counts = Path(tempfile.mkdtemp(prefix="hwlib-faults-", dir=given.keep)), {}
    bad: list[str] = []
    try:
        bench = Bench(folder, given.seed, keeps=given.keep is not None)
        for kind in given.kinds or KINDS:
            counts[kind], (_, quick, full) = Counter(), KINDS[kind]
            size = 1 if given.case is not None else full if given.full else quick
            for number, case in run_kind(bench, kind, size, given.case or 0):
                counts[kind][case.outcome] += case.count
                print(f"{kind} {number}: {case.outcome}: {case.what}", file=sys.stderr, flush=True)
                if case.outcome in BAD:
                    again = f"benchmarks/faults.py {kind} --seed {given.seed} --case {number}"
                    bad.append(f"{case.outcome}: {case.what}\n    {again}")
    finally:
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print("".join(f"{name:>12}" for name in ("kind", "tried", *OUTCOMES)))
    for kind, counted in counts.items():
        numbers = [counted.total(), *(counted[name] for name in OUTCOMES)]
        print(f"{kind:>12}{''.join(f'{number:>12,}' for number in numbers)}")
    print(f"{sum(os.times()[:4]):.0f} s of processor time; seed {given.seed}", *bad, sep="\n")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
