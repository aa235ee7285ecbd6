"""Pictures from a finished run, as many as wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from hwlib.conditioning import CODE_SIZE, one_hot
from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.io import replacing_folder, write_arrays
from hwlib.run import Run
from hwlib.training.adversarial import conditions, generate
from hwlib.training.evaluate import vae_samples
from hwlib.training.steps import draw_z

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def write_samples(run: Run, out: Path, *, num: int, seed: int, **wishes: Any) -> None:
    """Draw `num` pictures and write them to `out`, whole or not at all.

    Args:
        run: a finished run.
        out: a file ending in .npz (`images`, uint8 (N, H, W, C)), or a folder for PNG files.
        num: how many.
        seed: names the draws; the run's own seed plays no part.
        wishes: `labels` and `codes`, as `sample_images` takes them.

    Raises:
        UserError: the run is not finished, the folder has something in it, `out` is neither, or
            the model cannot do what is asked of it.
    """
    if out.suffix.lower() in PICTURE_SUFFIXES:
        raise UserError("one_image_name", out=out)
    if out.suffix != ".npz" and out.exists() and (out.is_file() or any(out.iterdir())):
        raise UserError("out_not_empty", out=out)
    images = sample_images(run, num=num, seed=seed, **wishes)
    if out.suffix == ".npz":
        write_arrays(out, {"images": images})
        return
    digits = len(str(num - 1))
    with replacing_folder(out, is_flushed=False) as folder:
        for number, image in enumerate(images):
            picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
            picture.save(folder / f"{number:0{digits}d}.png")


def sample_images(
    run: Run,
    *,
    num: int,
    seed: int,
    labels: Mapping[str, int] | None = None,
    codes: Sequence[int] | None = None,
) -> np.ndarray:
    """Return `num` pictures of the run's model, uint8 (num, H, W, C).

    Args:
        run: a finished run.
        num: how many.
        seed: names the draws; the same z whatever `labels` and `codes` say.
        labels: 0 or 1 for attributes of an ACGAN; the others are drawn.
        codes: a value for each of an InfoGAN's codes; drawn where it is None.

    Raises:
        UserError: an attribute or code that the run's model does not have.
    """
    config = run.config.model_copy(update={"seed": seed})
    check_wishes(config, labels or {}, codes)
    models = run.load_models()
    if "vae" in models:
        return vae_samples(models["vae"], config, num, "hwlib sample")
    G = models["G"]
    z = draw_z(config, "hwlib sample", num=num, z_dim=G.z_dim)
    c = conditions(G, config, "hwlib sample", num=num)
    for name, value in (labels or {}).items():
        c[:, config.attributes.index(name)] = value
    if codes is not None:
        c = one_hot(torch.tensor([codes]).expand(num, -1))
    return generate(G, z, c)


def check_wishes(config: Config, labels: Mapping[str, int], codes: Sequence[int] | None) -> None:
    """Raise UserError where the model cannot do what is asked of it."""
    kind = {"problem": config.problem, "recipe": config.recipe}
    if labels and config.problem != "acgan":
        raise UserError("only_acgan", **kind)
    for name in labels:
        if name not in config.attributes:
            known = config.attributes
            raise UserError("attribute_not_learnt", **kind, name=name, known=known)
    if codes is not None and config.problem != "infogan":
        raise UserError("only_infogan", **kind)
    if codes is not None and len(codes) != config.num_codes:
        raise UserError("num_codes", **kind, num_codes=config.num_codes, given=len(codes))
    if codes is not None and not all(0 <= code < CODE_SIZE for code in codes):
        raise UserError("code_range", codes=" ".join(map(str, codes)), most=CODE_SIZE - 1)
