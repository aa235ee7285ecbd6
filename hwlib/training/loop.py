"""The one loop: it runs any problem's step, keeps the run folder, and stops at any step."""

import copy
import math
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from hwlib.config import Config
from hwlib.data import Data
from hwlib.errors import Worded
from hwlib.io import replacing, sha256_of, write_arrays, write_json
from hwlib.models.weights import model_tensors
from hwlib.recipes import build_networks
from hwlib.registry import PROBLEMS, resolve
from hwlib.run import Run, default_runs_dir
from hwlib.runtime import derive_seed
from hwlib.training.batches import Batches
from hwlib.training.checkpoint import load_checkpoint, save_checkpoint
from hwlib.training.identity import load_run_data, open_run
from hwlib.training.journal import Journal, progress_reporter, stop_on_ctrl_c
from hwlib.training.study import is_complete, train_study
from hwlib.training.updates import State, set_learning_rates

NUM_RECORDS = 100  # points of the training curve, at most one per epoch
CHECKPOINT_SECONDS = 60  # slow networks checkpoint by the clock, before checkpoint_every is reached
WATCH_SECONDS = 2  # least time between two calls of `watch`
# Each update moves log sigma by about this much, so that it follows the falling error; at a
# network's own rate it would still be on its way when a short training ends.
SIGMA_LEARNING_RATE = 1e-2
DIVERGED_LOSS = 1e4  # nats of a cross-entropy above which we call the run diverged
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

    `runs` is the folder of the run folders, by default `hwlib.run.default_runs_dir()`; `skip_bad`
    leaves out images that cannot be read; `watch` is called with all records so far, at most every
    two seconds.

    Raises:
        UserError: the data or a setting does not fit.
        TrainingDiverged: a loss or weight is not finite; the last good checkpoint is kept.
        Stopped: Ctrl-C; the same call goes on from the same step.
    """
    data = load_run_data(config, skip_bad=skip_bad)
    runs = Path(runs) if runs else default_runs_dir()
    run, precision, device = open_run(config, data, runs)
    if is_complete(run):
        return run
    with run.lock():
        if is_complete(run):  # another process may have finished it while this one waited
            return run
        if PROBLEMS[config.problem].study_of:
            train_study(run, partial(fit, runs=runs, skip_bad=skip_bad, watch=watch))
        else:
            train(run, data, precision=precision, device=device, watch=watch)
    return run


def train(
    run: Run, data: Data, *, precision: str, device: torch.device, watch: Watch | None = None
) -> None:
    """Run all steps that are still to do, then measure and write the results."""
    config = run.config
    problem = PROBLEMS[config.problem]
    step_function = resolve(problem.step)
    state = make_state(config, channels=data.channels, device=device)
    checkpoint = run.path / "checkpoint"
    journal = Journal(run, load_checkpoint(checkpoint, state))
    monitor = resolve(problem.monitor)(data, config, device)
    batches = Batches(
        data.train.images,
        batch_size=config.batch_size * config.d_updates,
        seed=config.seed,
        flip=config.flip,
        device=device,
        labels=monitor.labels,
    )
    record_steps, evaluation_steps = schedule(config, batches.steps_per_epoch)

    # --- train ------------------------------------------------------------------------------
    saved_at, watched_at, started = time.monotonic(), 0.0, time.monotonic() - state.time_s
    with stop_on_ctrl_c() as wants_stop, progress_reporter(run, state.step) as report:
        while state.step < config.num_steps:
            images, extras = batches[state.step], batches.extras(state.step)
            set_learning_rates(state, config)
            numbers = step_function(state, images, config, precision=precision, **extras)
            names = list(numbers)
            state.rows.append(torch.stack(list(numbers.values())))
            state.step += 1
            monitor.after_step(state)

            # --- one record, and the only wait for the device -------------------------------
            if state.step in record_steps:
                rows = torch.stack(state.rows).double().cpu()
                check_rows(rows, names, state.step, checkpoint)
                state.rows, state.time_s = [], time.monotonic() - started
                record = {
                    "step": state.step,
                    "epoch": state.step / batches.steps_per_epoch,
                    "images": state.step * batches.batch_size,
                    **dict(zip(names, rows.mean(0).tolist(), strict=True)),
                    "time_s": state.time_s,
                }
                if state.step in evaluation_steps:
                    record |= monitor.evaluate(state)
                    started = time.monotonic() - state.time_s  # evaluation is no training time
                journal.append(record)
                report(record)
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
                if state.rows:
                    check_rows(torch.stack(state.rows).cpu(), names, state.step, checkpoint)
                weights = (w for model in state.models.values() for w in model.parameters())
                if not all(bool(weight.isfinite().all()) for weight in weights):
                    kept = checkpoint if checkpoint.exists() else None
                    raise TrainingDiverged("diverged_weight", step=state.step, path=kept)
                save_checkpoint(checkpoint, state, journal.records)
                saved_at = time.monotonic()
            if wants_stop.is_set():
                steps = {"step": state.step, "steps": config.num_steps}
                raise Stopped("stopped_at", **steps, path=run.path)
    if watch:
        watch(journal.records)

    # --- measure; results.json comes last -------------------------------------------------------
    models, results, images, latents = monitor.finish(state, journal.records)
    journal.write()
    write_arrays(run.path / "samples.npz", images)
    if latents:
        write_arrays(run.path / "latents.npz", latents)
    weights = run.path / "weights.safetensors"
    with replacing(weights) as temporary:
        save_file(model_tensors(models), temporary)
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
        "weights_sha256": sha256_of(weights),
    }
    write_json(run.path / "results.json", about | results)
    shutil.rmtree(checkpoint)  # the finished weights stand beside it


def make_state(config: Config, *, channels: int, device: torch.device) -> State:
    """Return fresh networks and optimisers, whose first weights follow from the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(derive_seed(config.seed, "weights"))
        models = build_networks(config, channels=channels)
    for model in models.values():
        model.to(device, memory_format=torch.channels_last).train()
    if config.optimizer == "rmsprop":
        make = partial(torch.optim.RMSprop, lr=config.learning_rate, alpha=0.9, foreach=True)
    else:
        betas = config.adam_betas
        make = partial(torch.optim.Adam, lr=config.learning_rate, betas=betas, fused=True)
    optimizers = {}
    for name, model in models.items():
        # a learnt sigma has a step of its own
        own = [weight for key, weight in model.named_parameters() if key == "log_sigma"]
        rest = [weight for key, weight in model.named_parameters() if key != "log_sigma"]
        groups = [{"params": rest}, *({"params": [w], "lr": SIGMA_LEARNING_RATE} for w in own)]
        optimizers[name] = make(groups)
    if config.ema:
        models["G_ema"] = copy.deepcopy(models["G"]).requires_grad_(False)
    return State(models, optimizers)


def schedule(config: Config, steps_per_epoch: int) -> tuple[frozenset[int], frozenset[int]]:
    """Return the steps after which a record is written, and after which networks are measured.

    Both are spread evenly over the run and include the last step.
    """
    total = config.num_steps
    every = config.curve_every or max(1, min(steps_per_epoch, -(-total // NUM_RECORDS)))
    num = min(config.num_evals, total)
    evaluations = frozenset(round(total * k / num) for k in range(1, num + 1))
    return frozenset(range(every, total, every)) | evaluations, evaluations


def check_rows(rows: torch.Tensor, names: list[str], step: int, checkpoint: Path) -> None:
    """Raise `TrainingDiverged` at the first number that is not finite, or loss beyond use."""
    limits = [DIVERGED_LOSS if name in LOSSES_IN_NATS else torch.inf for name in names]
    bad = (~(rows.abs() < torch.tensor(limits))).nonzero()
    if len(bad):
        row, column = bad[0].tolist()
        value = rows[row, column].item()
        found = f"{value:.3g}" if math.isfinite(value) else None
        at = step - len(rows) + row + 1
        facts = {"step": at, "path": checkpoint if checkpoint.exists() else None}
        raise TrainingDiverged("diverged_loss", name=names[column], value=found, **facts)
