"""The one loop: it runs any family's step, keeps the run folder, and can be stopped at any step."""

from __future__ import annotations

import copy
import json
import math
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm.auto import tqdm

from hwlib import log
from hwlib.config import Config
from hwlib.data import Data, load_data
from hwlib.errors import UserError, Worded, nearest_name
from hwlib.fingerprint import run_identity
from hwlib.io import flush, write_arrays, write_json
from hwlib.log import PROGRESS
from hwlib.run import Run, default_runs_dir
from hwlib.runtime import (
    derive_seed,
    environment,
    resolve_device,
    resolve_precision,
)
from hwlib.training.adversarial import (
    attribute_columns,
    finish_acgan,
    finish_gan,
    finish_infogan,
)
from hwlib.training.batches import Batches, spread
from hwlib.training.checkpoint import (
    build_run_models,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from hwlib.training.evaluate import (
    CURVE_IMAGES,
    finish_vae,
    growth,
    growth_frame,
    growth_steps,
    test_numbers,
)
from hwlib.training.quality import check_tools, make_tools
from hwlib.training.snapshots import Snapshots, kept_models, summary
from hwlib.training.steps import STEPS, State
from hwlib.training.study import has_members, train_study

NUM_RECORDS = 100  # points of the training curve, at most one per epoch
CHECKPOINT_SECONDS = 60  # slow networks checkpoint by the clock, before checkpoint_every is reached
# Each update moves log sigma by about this much, so that it follows the falling error; at a
# network's own rate it would still be on its way when a short training ends.
SIGMA_LEARNING_RATE = 1e-2
# Nats of a cross-entropy; a D or G past it only multiplies its error from there on.
LOST = 1e4
WATCH_SECONDS = 2  # least time between two calls of `watch`

FINISH = {
    "vae": finish_vae,
    "gan": finish_gan,
    "acgan": finish_acgan,
    "infogan": finish_infogan,
}

LOSSES_IN_NATS = frozenset({"d_loss", "g_loss", "d_class_loss", "g_class_loss", "q_loss"})

Watch = Callable[[list[dict[str, Any]]], None]


class TrainingDiverged(Worded, RuntimeError):
    """A loss or a weight is no longer finite."""


class Stopped(Worded, KeyboardInterrupt):
    """Ctrl-C, after the checkpoint was written."""


def fit(
    config: Config,
    *,
    runs: str | Path | None = None,
    skip_bad: bool = False,
    watch: Watch | None = None,
) -> Run:
    """Train what `config` asks for; go on where it stopped; return at once when it is finished.

    Args:
        config: settings, from `hwlib.make_config`.
        runs: folder of the run folders; `hwlib.run.default_runs_dir()` where it is empty.
        skip_bad: leave out pictures that cannot be read, instead of refusing the data.
        watch: called with all records so far, at most every two seconds.

    Returns:
        The finished run.

    Raises:
        UserError: the data or a setting does not fit.
        TrainingDiverged: a loss or weight is not finite; the last good checkpoint is kept.
        Stopped: Ctrl-C; the same call goes on from the same step.
    """
    data = load_data(
        config.data,
        config.image_size,
        crop=config.crop,
        skip_bad=skip_bad,
        check=partial(check_attributes, config),
    )
    runs = Path(runs) if runs else default_runs_dir()
    run, precision, device = open_run(config, data, runs)
    if is_complete(run):
        return run
    with run.lock():
        if is_complete(run):  # another process may have finished it while this one waited
            return run
        if config.problem == "kl":
            train_study(run, partial(fit, runs=runs, skip_bad=skip_bad, watch=watch))
        else:
            _train(run, data, precision, device, watch)
    return run


def is_complete(run: Run) -> bool:
    """Whether a run is finished, and the KL study's own runs are all there still."""
    return run.is_finished and (run.config.problem != "kl" or has_members(run))


def open_run(config: Config, data: Data, runs: Path) -> tuple[Run, str, torch.device]:
    """Return the run that these settings and data name, with its precision and device."""
    config, facts, name = identify(config, data)
    device = resolve_device(config.device)
    about = {
        "identity": facts,
        "data": {
            "layout": data.layout,
            "fingerprint": data.fingerprint,
            "crop": data.crop,
            "image_size": data.image_size,
            "channels": data.channels,
            "num_train": len(data.train.images),
            "num_test": len(data.test.images),
            "attributes": list(data.attributes),
            "num_left_out": len(data.left_out),
        },
        "environment": environment(device),
    }
    return Run.create(runs, config, name=name, facts=about), facts["precision"], device


def identify(
    config: Config, data: Data, *, device: str = "", precision: str = ""
) -> tuple[Config, dict[str, str], str]:
    """Return the resolved settings, what else can change the result, and the run's name.

    Args:
        config: settings.
        data: its images.
        device: type of the device that trains it, "cuda" for one; this machine's own where empty.
        precision: in which it trains; that of this machine's device where empty.
    """
    config = resolve_attribute(config, data)
    if not (device and precision):
        here = resolve_device(config.device)
        device, precision = (
            device or here.type,
            precision or resolve_precision(config.precision, here),
        )
    facts = run_identity(
        config.recipe, config.problem, data=data.fingerprint, device=device, precision=precision
    )
    return config, facts, f"{config.problem}-{config.recipe}-{config.hash8(**facts)}"


def is_done(config: Config, data: Data, runs: Path) -> bool:
    """Whether the run that these settings and data name is finished; no folder is made."""
    path = runs / identify(config, data)[2]
    return (path / "config.json").exists() and is_complete(Run(path))


def resolve_attribute(config: Config, data: Data) -> Config:
    """Settle the attributes: an ACGAN's are checked, and the VAE's figures colour one.

    That is the first one asked for, else Male, else the data's first.

    Raises:
        UserError: the data does not have an attribute asked for, or the ACGAN can learn nothing
            from it.
    """
    check_attributes(config, data.attributes)
    if config.problem == "acgan":
        labels = attribute_columns(data.train.labels, data, config)
        for name, rate in zip(config.attributes, labels.mean(0), strict=True):
            if rate in (0, 1):
                raise UserError("attribute_constant", name=name, value=int(rate), data=data.spec)
        return config
    if config.problem not in ("vae", "kl"):
        return config.model_copy(update={"attribute": None})  # it plays no part there
    choices = [*config.attributes, *(["Male"] if "Male" in data.attributes else data.attributes)]
    return config.model_copy(update={"attribute": choices[0] if choices else None})


def check_attributes(config: Config, having: tuple[str, ...]) -> None:
    """Refuse settings that ask for attributes beyond `having`, the names of those of the data.

    Raises:
        UserError: one of them is not there, or an ACGAN is asked for none.
    """
    if config.problem == "acgan" and not having:
        raise UserError("acgan_needs_attributes", data=config.data)
    if unknown := [name for name in config.attributes if name not in having]:
        raise UserError(
            "attribute_not_in_data",
            name=unknown[0],
            near=nearest_name(unknown[0], having),
            data=config.data,
            known=list(having),
        )
    if config.problem == "acgan" and not config.attributes:
        raise UserError("attribute_empty", known=list(having))


def _train(run: Run, data: Data, precision: str, device: torch.device, watch: Watch | None) -> None:
    """Run all steps that are still to do, then measure and write the results."""
    config = run.config
    state = make_state(run, device)
    journal = Journal(run, load_checkpoint(run.path / "checkpoint", state))
    batches = Batches(
        data.train.images,
        batch_size=config.batch_size * config.d_updates,
        seed=config.seed,
        flip=config.flip,
        device=device,
        labels=attribute_columns(data.train.labels, data, config),
    )
    step_function = STEPS[config.problem]
    schedule = Schedule.of(config, batches.steps_per_epoch)
    is_adversarial = "G" in state.models
    grows_at = () if is_adversarial else growth_steps(config.num_steps)
    # A VAE is judged at its end alone, and until then another process may train the oracle.
    tools = make_tools(config, data, device) if is_adversarial else None
    snapshots = Snapshots(data, config, tools) if is_adversarial else None
    if not tools:
        check_tools(config, data, device)

    # --- train ------------------------------------------------------------------------------
    saved_at, watched_at, started = time.monotonic(), 0.0, time.monotonic() - state.time_s
    with stop_on_ctrl_c() as wants_stop, progress_reporter(run, state.step) as report:
        while state.step < config.num_steps:
            images, extras = batches[state.step], batches.extras(state.step)
            numbers = step_function(state, images, config, precision=precision, **extras)
            state.rows.append(torch.stack(list(numbers.values())))
            state.step += 1

            # --- a VAE's reconstructions on the way, as checkpoints must know them ----------
            if state.step in grows_at:
                state.frames.append(growth_frame(state.models["vae"], data))

            # --- one record, and the only wait for the device -------------------------------
            if state.step in schedule.records:
                record = make_record(state, list(numbers), batches, config)
                record["time_s"] = state.time_s = time.monotonic() - started
                if state.step in schedule.evaluations:
                    record |= (
                        snapshots.take(state) if snapshots else test_record(state, data, config)
                    )
                    started = time.monotonic() - state.time_s  # evaluation is no training time
                journal.append(record)
                report(record, state.step)
                if watch and time.monotonic() - watched_at > WATCH_SECONDS:
                    watch(journal.records)
                    watched_at = time.monotonic()

            # --- checkpoint -----------------------------------------------------------------
            is_due = (
                state.step % config.checkpoint_every == 0
                or time.monotonic() - saved_at > CHECKPOINT_SECONDS
            )
            if is_due or wants_stop.is_set() or state.step == config.num_steps:
                state.time_s = time.monotonic() - started
                check_finite(state, list(numbers), run)
                journal.flush()
                save_checkpoint(run.path / "checkpoint", state, metrics_bytes=journal.length)
                saved_at = time.monotonic()
            if wants_stop.is_set():
                steps = {"step": state.step, "steps": config.num_steps}
                raise Stopped("stopped_at", **steps, path=run.path)
    if watch:
        watch(journal.records)

    # --- measure; results.json comes last -------------------------------------------------------
    models = kept_models(state, config) if is_adversarial else state.models
    for model in models.values():
        model.eval()
    tools = tools or make_tools(config, data, device)
    results, pictures, latents = FINISH[config.problem](models, data, config, tools)
    if is_adversarial:
        told, grown = summary(state, journal.records, config)
        results, pictures = told | results, pictures | grown
    else:
        pictures |= growth(state.frames, config.num_steps)
    write_arrays(run.path / "samples.npz", pictures)
    if latents:
        write_arrays(run.path / "latents.npz", latents)
    digest = save_weights(run.path / "weights.safetensors", models)
    num_images = config.num_steps * batches.batch_size
    about = {
        "num_steps": config.num_steps,
        "num_images": num_images,
        "num_epochs": config.num_steps / batches.steps_per_epoch,
        "train_time_s": state.time_s,
        "images_per_s": num_images / state.time_s,
        "num_parameters": sum(p.numel() for m in models.values() for p in m.parameters()),
        "num_test_images": len(data.test.images),
        "precision_used": precision,
        "weights_sha256": digest,
    }
    write_json(run.path / "results.json", about | results)
    shutil.rmtree(run.path / "checkpoint")  # the finished weights stand beside it


def make_state(run: Run, device: torch.device) -> State:
    """Return fresh networks and optimisers, whose first weights follow from the seed."""
    config = run.config
    with torch.random.fork_rng():
        torch.manual_seed(derive_seed(config.seed, "weights"))
        models = build_run_models(run)
    for model in models.values():
        model.to(device, memory_format=torch.channels_last).train()
    optimizers = {name: make_optimizer(model, config) for name, model in models.items()}
    if config.ema:
        models["G_ema"] = copy.deepcopy(models["G"]).requires_grad_(False)
    return State(models, optimizers)


def make_optimizer(model: nn.Module, config: Config) -> torch.optim.Optimizer:
    """Return the recipe's update rule for one network; a learnt sigma has a step of its own."""
    own = [weight for name, weight in model.named_parameters() if name == "log_sigma"]
    rest = [weight for name, weight in model.named_parameters() if name != "log_sigma"]
    groups = [{"params": rest}, *({"params": [w], "lr": SIGMA_LEARNING_RATE} for w in own)]
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(groups, lr=config.learning_rate, alpha=0.9, foreach=True)
    return torch.optim.Adam(groups, lr=config.learning_rate, betas=config.adam_betas, fused=True)


@dataclass(frozen=True)
class Schedule:
    """The steps after which a record is written, and those after which the test set is seen."""

    records: frozenset[int]
    evaluations: frozenset[int]

    @classmethod
    def of(cls, config: Config, steps_per_epoch: int) -> Schedule:
        """Spread records and evaluations evenly over the run; both include the last step."""
        total = config.num_steps
        every = config.curve_every or max(1, min(steps_per_epoch, -(-total // NUM_RECORDS)))
        num = min(config.num_evals, total)
        evaluations = frozenset(round(total * k / num) for k in range(1, num + 1))
        return cls(frozenset(range(every, total, every)) | evaluations, evaluations)


def make_record(state: State, names: list[str], batches: Batches, config: Config) -> dict[str, Any]:
    """Average the rows since the last record into one line of metrics.jsonl."""
    rows = torch.stack(state.rows).double().cpu()
    check_rows(rows, names, state.step)
    state.rows = []
    means = dict(zip(names, rows.mean(0).tolist(), strict=True))
    return {
        "step": state.step,
        "epoch": state.step / batches.steps_per_epoch,
        "images": state.step * batches.batch_size,
        **means,
    }


def test_record(state: State, data: Data, config: Config) -> dict[str, float]:
    """Return the test curve's point: 512 test pictures, evenly spaced, in eval mode."""
    vae = state.models["vae"].eval()
    images = data.test.images
    numbers = test_numbers(vae, images[spread(len(images), CURVE_IMAGES)], config)
    vae.train()
    return {f"test_{name}": value for name, value in numbers.items()}


def check_rows(rows: torch.Tensor, names: list[str], step: int) -> None:
    """Raise `TrainingDiverged` with the step and the number that is not finite, or past all use."""
    limits = [LOST if name in LOSSES_IN_NATS else torch.inf for name in names]
    bad = (~(rows.abs() < torch.tensor(limits))).nonzero()
    if len(bad):
        row, column = bad[0].tolist()
        value = rows[row, column].item()
        found = f"{value:.3g}" if math.isfinite(value) else None
        at = step - len(rows) + row + 1
        raise TrainingDiverged("diverged_loss", name=names[column], value=found, step=at)


def check_finite(state: State, names: list[str], run: Run) -> None:
    """Raise `TrainingDiverged` rather than checkpoint what is not finite."""
    if state.rows:
        check_rows(torch.stack(state.rows).cpu(), names, state.step)
    weights = (w for model in state.models.values() for w in model.parameters())
    if not all(bool(weight.isfinite().all()) for weight in weights):
        raise TrainingDiverged("diverged_weight", step=state.step, path=run.path)


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


def is_evaluation(record: dict[str, Any]) -> bool:
    """Whether a record has a point of the test curve or a snapshot's score."""
    return "test_mse_11" in record or "snapshot_kid" in record


def told(record: dict[str, Any]) -> str:
    """Return a record's main numbers in a few words."""
    if "loss" in record:
        test = record.get("test_mse_11")
        after = "" if test is None else f"  test MSE [-1, 1] {test:.4f}"
        return f"loss {record['loss']:.5g}{after}"
    kid = record.get("snapshot_kid")
    after = "" if kid is None else f"  KID {kid:.4f}"
    return f"D {record['d_loss']:.3f}  G {record['g_loss']:.3f}{after}"


def _progress_lines(run: Run, done: int) -> Callable[[dict[str, Any], int], None]:
    """Return what tells a report's process how far the training is; see `hwlib.report.log`."""
    total, began, told_at = run.config.num_steps, time.monotonic(), -WATCH_SECONDS

    def line(_record: dict[str, Any], step: int) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at >= WATCH_SECONDS or step == total:
            told_at, left = now, (now - began) / max(step - done, 1) * (total - step)
            news = {"run": run.path.name, "step": step, "steps": total, "left_s": round(left, 1)}
            log.info(f"{PROGRESS}{json.dumps(news)}")

    return line


@contextmanager
def progress_reporter(run: Run, done: int) -> Iterator[Callable[[dict[str, Any], int], None]]:
    """Yield what shows a record: a bar where somebody watches, else a line per evaluation."""
    total = run.config.num_steps
    is_watched = sys.stderr.isatty() or "ipykernel" in sys.modules
    if os.environ.get("HWLIB_BATCH"):
        yield _progress_lines(run, done)
        return
    if not is_watched:
        began = time.monotonic()

        def line(record: dict[str, Any], step: int) -> None:
            if is_evaluation(record):
                left = (time.monotonic() - began) / max(step - done, 1) * (total - step)
                log.info(
                    f"{run.path.name}  epoch {record['epoch']:.1f}  step {step:,}/{total:,}"
                    f"  {told(record)}  {left:.0f} s left"
                )

        yield line
        return
    with tqdm(total=total, initial=done, desc=run.path.name[:-9], unit="step") as bar:

        def advance(record: dict[str, Any], step: int) -> None:
            bar.set_postfix_str(told(record), refresh=False)
            bar.update(step - bar.n)

        yield advance
