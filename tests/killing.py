"""Small trainings, such as are killed, and whether two runs are the same to the bit."""

import hashlib
import io
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors.torch import load_file
from torch.optim.optimizer import register_optimizer_step_post_hook

import hwlib
from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.models import weights as sealed
from hwlib.run import Run

SPEC, SIZE = "faces:96", 16
CLOCKS = ("train_time_s", "images_per_s", "snapshot_share", "time_s")
LAST_UPDATE = 11  # of a network; odd, so that of a GAN's two it is D's
# Forked from a process that has these loaded, so that they begin at once.
PROCESSES = multiprocessing.get_context("forkserver")
MODULES = ("hwlib.training.loop", "hwlib.training.evaluate_gan", "hwlib.training.evaluate_vae")
PROCESSES.set_forkserver_preload([*MODULES, "torch._dynamo", "torchmetrics", "hwlib.report"])
HANG_S = 1_800  # after which a forked process is ended


def smoke(problem: str = "vae", recipe: str = "dcgan", **settings: object) -> Config:
    """Return the settings of a training of a second."""
    settings = {"data": SPEC, "image_size": SIZE, "device": "cpu"} | settings
    return hwlib.make_config(problem, recipe, profile="smoke", **settings)


def train_and_be_killed(config: Config, runs: Path, *, is_writing: bool) -> None:
    """Begin a run or go on, and be killed in the middle of a step, or of writing a checkpoint."""
    child = PROCESSES.Process(target=_train, args=(config, runs, is_writing))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    assert not list(runs.glob("*/results.json"))


def _train(config: Config, runs: Path, is_writing: bool) -> None:
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (the process ends with it)
    updates = count(1)

    def die_after_update(*_: object) -> None:
        if next(updates) == LAST_UPDATE:
            os.kill(os.getpid(), signal.SIGKILL)

    def die_while_writing(_: object, path: Path, *__: object) -> None:
        path.write_bytes(bytes(1_000))
        os.kill(os.getpid(), signal.SIGKILL)

    if is_writing:
        sealed.save_file = die_while_writing
    else:
        register_optimizer_step_post_hook(die_after_update)
    hwlib.fit(config, runs=runs)


def newest_step(folder: Path) -> int:
    """Return the step of a run's newest checkpoint, -1 where it has none."""
    found = sorted((folder / "checkpoint").glob("step-*"))
    return int(found[-1].name.split("-")[1]) if found else -1


def weights(run: Run) -> dict[str, torch.Tensor]:
    """Return a finished run's weights by name."""
    return load_file(run.path / "weights.safetensors")


def assert_same_run(first: Run, second: Run) -> None:
    """Check that weights, metrics, images, latents and results are the same to the bit."""
    assert contents(first) == contents(second)


def contents(run: Run, *, clocks: bool = False) -> dict[str, str]:
    """Return a hash of all that a finished run yields, by name, without times unless `clocks`."""
    left_out = () if clocks else CLOCKS
    found: dict[str, Any] = {f"results/{n}": v for n, v in without(run.results, left_out).items()}
    for number, record in enumerate(run.metrics.to_dict("records")):
        found[f"metrics/{number}"] = without(record, left_out)
    found |= {f"samples/{name}": images for name, images in run.samples.items()}
    if (run.path / "latents.npz").exists():
        found |= {f"latents/{n}": a for n, a in np.load(run.path / "latents.npz").items()}
    if "studies" not in run.results:
        networks = torch.nn.ModuleDict(run.load_models())  # which refuses damaged weights
        found |= {f"weights/{name}": t.numpy() for name, t in networks.state_dict().items()}
    return {name: digest(value) for name, value in found.items()}


def without(value: Any, names: Any) -> Any:
    """Return a JSON value without the entries of these names, however deep they stand."""
    if isinstance(value, Mapping):
        return {key: without(part, names) for key, part in value.items() if key not in names}
    return [without(part, names) for part in value] if isinstance(value, list | tuple) else value


def digest(value: Any) -> str:
    """Return a hash of an array or of a JSON value."""
    is_array = isinstance(value, np.ndarray)
    head = [str(value.dtype), value.shape] if is_array else value
    hashed = hashlib.sha256(json.dumps(head, sort_keys=True, default=str).encode())
    if is_array:
        hashed.update(np.ascontiguousarray(value).data)
    return hashed.hexdigest()[:16]


# ---- processes that are forked, and that die where they are told ---------------------------------


@dataclass(frozen=True)
class Ended:
    """How a forked process ended: "done", "told" (a UserError), "traceback", "exit" or "killed"."""

    how: str
    value: Any  # what came back, the error's line, the exit code or the signal
    said: str  # on standard output and standard error
    cpu_s: float = 0.0


def attempt(work: Callable[..., Any], *args: Any) -> tuple[str, Any]:
    """Return how `work` ends, and with what, as in `Ended`."""
    try:
        return "done", work(*args)
    except UserError as error:
        return "told", str(error)
    except SystemExit as end:
        return "exit", end.code or 0
    except BaseException as error:  # noqa: BLE001 (whatever it is, it is told)
        traceback.print_exc()
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "/hwlib/" in frame.filename] or frames
        place = f"{own[-1].filename.rpartition('/hwlib/')[2]}:{own[-1].lineno}"
        return "traceback", f"{place} {type(error).__name__}: {error}"[:300]


def fork(work: Callable[..., Any], *args: Any) -> Callable[[], Ended]:
    """Begin `work`, which returns a JSON value, in a forked process; return what waits for it.

    This process must have no other thread, and torch one: others' locks would stay locked.
    """
    said, answer = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")  # noqa: SIM115
    sys.stdout.flush()
    sys.stderr.flush()
    if (pid := os.fork()) == 0:
        signal.alarm(HANG_S)
        for number in (1, 2):
            os.dup2(said.fileno(), number)
        json.dump(attempt(work, *args), answer)
        for file in (answer, sys.stdout, sys.stderr):
            file.flush()
        os._exit(0)

    def wait() -> Ended:
        _, status, used = os.wait4(pid, 0)
        said.seek(0)
        answer.seek(0)
        with said, answer:
            was_killed = os.WIFSIGNALED(status)
            how, value = ("killed", os.WTERMSIG(status)) if was_killed else json.load(answer)
            return Ended(how, value, said.read(), used.ru_utime + used.ru_stime)

    return wait


def die_after(seconds: float) -> None:
    """End this process after so much processor time, in whatever it is doing.

    As SIGKILL does: the system ends it, and nothing of it can clean up.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def watch_files(folder: Path, on_operation: Callable[[str, str], bool]) -> None:
    """Call `on_operation` with kind and path before each change of a file below `folder`.

    Where it returns True this process dies, in the middle of what is written; locks do not count.
    """

    def note(kind: str, path: Any) -> bool:
        is_ours = str(path).startswith(str(folder)) and not str(path).endswith(".lock")
        return is_ours and on_operation(kind, str(path))

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hear(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            kind = "open" if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else ""
        else:
            kind = event.removeprefix("os.")
            kind = kind if kind in ("rename", "remove", "mkdir", "rmdir", "truncate") else ""
        if kind:
            path, descriptor = args[0], args[-1]
            if kind in ("remove", "rmdir") and descriptor >= 0:  # shutil.rmtree's
                path = f"{os.readlink(f'/proc/self/fd/{descriptor}')}/{path}"
            if note(kind, args[1] if kind == "rename" else path):
                die()

    class Torn(io.FileIO):
        def write(self, data: Any) -> int:
            if note("write", self.name):
                super().write(memoryview(data).cast("B")[: memoryview(data).nbytes // 2])
                die()
            return super().write(data)

    of_system, sync = io.open, os.fsync

    def open_torn(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return of_system(file, mode, buffering, *rest, **named)
        raw = Torn(file, mode.replace("b", "").replace("t", ""))
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *rest, **named)

    def sync_noted(descriptor: int) -> None:
        if note("fsync", os.readlink(f"/proc/self/fd/{descriptor}")):
            die()
        sync(descriptor)

    def save_file(tensors: Any, path: Any, metadata: Any = None) -> None:  # as safetensors' in Rust
        Path(path).write_bytes(safetensors.torch.save(tensors, metadata))

    for module in list(sys.modules.values()):
        if getattr(module, "save_file", None) is safetensors.torch.save_file:
            module.save_file = save_file
    io.open = open_torn
    sys.modules["builtins"].open = open_torn
    os.fsync = sync_noted
    sys.addaudithook(hear)


def limit_files(num_bytes: int) -> None:
    """Let no file of this process become larger: a full disk, for who may not mount one."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, num_bytes))
