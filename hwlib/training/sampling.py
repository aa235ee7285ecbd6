"""Images from a finished run, as many as wanted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwlib.conditioning import CODE_SIZE, one_hot
from hwlib.errors import UserError
from hwlib.images import to_image
from hwlib.io import replacing_folder, write_arrays
from hwlib.registry import PROBLEMS
from hwlib.run import Run
from hwlib.training.batches import draw_inputs, generate

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def write_samples(run: Run, out: Path, *, num: int, seed: int, **conditions: Any) -> None:
    """Draw `num` images and write them to `out`, whole or not at all.

    `out` ends in .npz (`images`, uint8 (N, H, W, C)), or is a new folder for PNG files; `seed` and
    `conditions` are those of `sample_images`. That it is neither is a UserError.
    """
    if out.suffix.lower() in IMAGE_SUFFIXES:
        raise UserError("one_image_name", out=out)
    if out.suffix == ".npz":
        write_arrays(out, {"images": sample_images(run, num=num, seed=seed, **conditions)})
        return
    if any(map(str.isalpha, out.suffix)) and not out.is_dir():
        raise UserError("unknown_file_kind", out=out, suffix=out.suffix)
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise UserError("out_not_empty", out=out)
    images = sample_images(run, num=num, seed=seed, **conditions)
    digits = len(str(num - 1))
    with replacing_folder(out) as folder:
        for number, pixels in enumerate(images):
            to_image(pixels).save(folder / f"{number:0{digits}d}.png")


def sample_images(
    run: Run,
    *,
    num: int,
    seed: int,
    labels: Mapping[str, int] | None = None,
    codes: Sequence[int] | None = None,
) -> np.ndarray:
    """Return `num` images of the run's model, uint8 (num, H, W, C), from draws that `seed` names.

    `labels` are 0 or 1 for attributes of an ACGAN, `codes` a value for each of an InfoGAN's codes;
    what is not given is drawn, and the same z goes with all of them.

    Raises:
        UserError: an attribute or code that the run's model does not have.
    """
    config, labels = run.config.model_copy(update={"seed": seed}), labels or {}
    kind = {"problem": config.problem, "recipe": config.recipe}
    takes = PROBLEMS[config.problem].condition
    if labels and takes != "labels":
        raise UserError("only_acgan", **kind)
    if unknown := [name for name in labels if name not in config.attributes]:
        raise UserError("attribute_not_learnt", **kind, name=unknown[0], known=config.attributes)
    if codes is not None:
        if takes != "codes":
            raise UserError("only_infogan", **kind)
        if len(codes) != config.num_codes:
            raise UserError("num_codes", **kind, num_codes=config.num_codes, given=len(codes))
        if not all(0 <= code < CODE_SIZE for code in codes):
            raise UserError("code_range", codes=" ".join(map(str, codes)), most=CODE_SIZE - 1)

    network, *_ = run.load_models().values()  # the VAE or G
    z, c = draw_inputs(network, config, "hwlib sample", num=num)
    for name, value in labels.items():
        c[:, config.attributes.index(name)] = value
    if codes is not None:
        c = one_hot(torch.tensor([codes]).expand(num, -1))
    return generate(network, z, c)
