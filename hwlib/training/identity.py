"""Which run settings name: attributes, what can change the result, and the run's name."""

from pathlib import Path

import numpy as np
import torch

from hwlib.config import Config
from hwlib.data import Data, find_source, open_source
from hwlib.errors import UserError, nearest_name
from hwlib.fingerprint import pair_code
from hwlib.registry import PROBLEMS
from hwlib.run import Run
from hwlib.runtime import environment, resolve_device, resolve_precision
from hwlib.training.study import is_complete


def load_run_data(config: Config, *, skip_bad: bool = False) -> Data:
    """Load the images of `config`; attributes they lack are an error before any is decoded.

    So are images of which one is like the other: there is nothing to learn, nor to measure by.
    """
    source = find_source(config.data, config.image_size, config.crop)
    check_attributes(config, source.attributes())
    data = open_source(source, skip_bad=skip_bad)
    for name in ("train", "test"):
        images = getattr(data, name).images
        if len(images) > 1 and all(np.array_equal(images[0], image) for image in images[1:]):
            raise UserError("images_alike", data=config.data, part=name, num=len(images))
    return data


def check_attributes(config: Config, known: tuple[str, ...]) -> None:
    """Raise UserError where `known`, those of the data, lack an attribute, or an ACGAN has none."""
    needs_labels = PROBLEMS[config.problem].condition == "labels"
    if needs_labels and not known:
        raise UserError("acgan_needs_attributes", data=config.data)
    if unknown := [name for name in config.attributes if name not in known]:
        near = nearest_name(unknown[0], known)
        facts = {"near": near, "data": config.data, "known": list(known)}
        raise UserError("attribute_not_in_data", name=unknown[0], **facts)
    if needs_labels and not config.attributes:
        raise UserError("attribute_empty", known=list(known))


def attribute_columns(labels: np.ndarray, data: Data, config: Config) -> np.ndarray:
    """Return the (N, A) labels that an ACGAN learns, of all labels of the data."""
    columns = [data.attributes.index(name) for name in config.attributes]
    return np.ascontiguousarray(labels[:, columns])


def resolve_attribute(config: Config, data: Data) -> Config:
    """Settle what a VAE's figures colour: the first attribute asked for, else Male, else any."""
    problem = PROBLEMS[config.problem]
    if problem.condition == "labels":
        rates = attribute_columns(data.train.labels, data, config).mean(0)
        for name, rate in zip(config.attributes, rates, strict=True):
            if rate in (0, 1):
                raise UserError("attribute_constant", name=name, value=int(rate), data=data.spec)
        return config
    choices = [*config.attributes, *(["Male"] if "Male" in data.attributes else data.attributes)]
    own = None if problem.is_adversarial or not choices else choices[0]
    return config.model_copy(update={"attribute": own})


def identify(
    config: Config, data: Data, *, device: str = "", precision: str = ""
) -> tuple[Config, dict[str, str], str]:
    """Return the resolved settings, what else can change the result, and the run's name.

    `device` and `precision` are those of the machine that trains it; this one's where empty.
    """
    config = resolve_attribute(config, data)
    if not (device and precision):
        here = resolve_device(config.device)
        device, precision = here.type, resolve_precision(config.precision, here)
    facts = {
        "data": data.fingerprint,
        "device": device,
        "precision": precision,
        "code": pair_code(config.recipe, config.problem),
        "torch": torch.__version__.split("+")[0],
    }
    return config, facts, f"{config.problem}-{config.recipe}-{config.hash8(**facts)}"


def open_run(config: Config, data: Data, runs: Path) -> tuple[Run, str, torch.device]:
    """Return the run that these settings and data name, with its precision and device."""
    config, facts, name = identify(config, data)
    device = resolve_device(config.device)
    names = ("layout", "fingerprint", "crop", "image_size", "channels")
    about = {
        "identity": facts,
        "data": {
            **{name: getattr(data, name) for name in names},
            "num_train": len(data.train.images),
            "num_test": len(data.test.images),
            "attributes": list(data.attributes),
            "num_left_out": len(data.left_out),
        },
        "environment": environment(device),
    }
    return Run.create(runs, config, name=name, facts=about), facts["precision"], device


def is_done(config: Config, data: Data, runs: Path) -> bool:
    """Whether the run that these settings and data name is finished; no folder is made."""
    path = runs / identify(config, data)[2]
    return (path / "config.json").exists() and is_complete(Run(path))
