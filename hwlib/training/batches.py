"""Batches of images and of noise, and the images that networks make of them.

Those of training follow from seed and step alone, so there is no loader state to save; those of an
evaluation go through the images in order.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.conditioning import draw_codes, draw_labels, one_hot
from hwlib.config import Config
from hwlib.registry import PROBLEMS
from hwlib.runtime import derive_seed, generator

EVAL_BATCH = 250

Inputs = tuple[Tensor, Tensor | None]  # noise (N, Z); labels or one-hot codes (N, label_dim)


class Batches:
    """The training images in a new order each epoch; a short rest of an epoch is left out."""

    def __init__(
        self,
        images: np.ndarray,
        *,
        batch_size: int,
        seed: int,
        flip: bool,
        device: torch.device,
        labels: np.ndarray | None = None,
    ):
        """Take images (N, H, W, C) uint8, and labels (N, A) 0/1 for problems that learn attributes.

        Images are usually a memory map; an accelerator gets the whole array at once if it fits
        twice. Where N is smaller than the batch size B, images repeat within a batch. The seed
        decides the order and the flips, which mirror each image with probability one half.
        """
        self.images, self.batch_size, self.seed, self.flip = images, batch_size, seed, flip
        self.device, self.labels = device, labels
        self.steps_per_epoch = max(1, len(images) // batch_size)
        self._order = lru_cache(maxsize=2)(self._permute)
        self._resident = None
        if device.type == "cuda" and images.nbytes * 2 <= torch.cuda.mem_get_info(device)[0]:
            self._resident = torch.from_numpy(np.array(images)).to(device)

    def indices(self, step: int) -> np.ndarray:
        """Return the (B,) image numbers of `step`."""
        epoch, place = divmod(step, self.steps_per_epoch)
        start = place * self.batch_size
        chosen = self._order(epoch)[start : start + self.batch_size]
        return np.resize(chosen, self.batch_size)

    def __getitem__(self, step: int) -> Tensor:
        """Return the batch of `step`: (B, C, H, W) uint8, channels-last in memory."""
        indices = self.indices(step)
        if self._resident is not None:
            batch = self._resident[torch.from_numpy(indices).to(self.device)]
        else:
            batch = torch.from_numpy(self.images[indices]).to(self.device)
        batch = batch.permute(0, 3, 1, 2)
        if self.flip:
            coins = torch.rand(len(batch), generator=generator(self.seed, "flip", step)) < 0.5
            batch = torch.where(coins.view(-1, 1, 1, 1).to(self.device), batch.flip(3), batch)
        return batch.contiguous(memory_format=torch.channels_last)

    def extras(self, step: int) -> dict[str, Tensor]:
        """Return what goes with the batch of `step`: `labels` (B, A) float32, where there are."""
        if self.labels is None:
            return {}
        labels = torch.from_numpy(self.labels[self.indices(step)])
        return {"labels": labels.float().to(self.device)}

    def _permute(self, epoch: int) -> np.ndarray:
        order = np.random.default_rng(derive_seed(self.seed, "order", epoch))
        return order.permutation(len(self.images))


def evenly_spaced_rows(num: int, count: int) -> np.ndarray:
    """Return at most `count` evenly spaced rows of `num`: files are often sorted by class."""
    return np.unique(np.linspace(0, num - 1, min(num, count)).round().astype(int))


def image_batches(images: np.ndarray, network: nn.Module | None = None) -> Iterator[Tensor]:
    """Yield uint8 images (..., H, W, C) as (B, C, H, W), on a network's device, in its range."""
    device = "cpu" if network is None else next(network.parameters()).device
    images = images.reshape(-1, *images.shape[-3:])
    for start in range(0, len(images), EVAL_BATCH):
        batch = torch.from_numpy(np.array(images[start : start + EVAL_BATCH]))
        batch = batch.to(device).permute(0, 3, 1, 2)
        yield to_range(batch, network.pixel_range) if hasattr(network, "pixel_range") else batch


@torch.no_grad()
def map_batches(
    function: Callable[[Tensor], Tensor], images: np.ndarray, network: nn.Module | None = None
) -> Tensor:
    """Return what `function` gives for the batches of `image_batches`, (N, ...) on the CPU."""
    return torch.cat([function(batch).cpu() for batch in image_batches(images, network)])


def to_range(images: Tensor, pixel_range: tuple[float, float]) -> Tensor:
    """Map uint8 images (B, C, H, W) to float32 in `pixel_range`, memory order kept."""
    low, high = pixel_range
    return images.float().mul_((high - low) / 255).add_(low)


def to_uint8(x: Tensor, pixel_range: tuple[float, float]) -> Tensor:
    """Map images (B, C, H, W) in `pixel_range` to uint8 (B, H, W, C); no min-max stretching."""
    low, high = pixel_range
    grey = (x.float() - low) * (255 / (high - low))
    return grey.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def draw_z(
    config: Config, *stream: object, num: int, z_dim: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Draw noise (num, z_dim), normal or uniform in [-1, 1], from the stream of that name."""
    draws = generator(config.seed, *stream)  # on the CPU: a GPU gets the same noise as a laptop
    if config.noise == "normal":
        noise = torch.randn((num, z_dim), generator=draws)
    else:
        noise = torch.rand((num, z_dim), generator=draws).mul_(2).sub_(1)
    return noise.to(device, non_blocking=True)


@torch.no_grad()
def generate(network: nn.Module, z: Tensor, c: Tensor | None = None) -> np.ndarray:
    """Generate uint8 images (..., H, W, C) by a G, in whatever mode it is, or a VAE's decoder.

    `z` (..., Z) is noise, or latents; `c` (..., label_dim) are labels or one-hot codes, if any.
    """
    device, run = next(network.parameters()).device, getattr(network, "decode", network)
    inputs = [
        each.to(device).flatten(0, -2).split(EVAL_BATCH) for each in (z, c) if each is not None
    ]
    parts = [
        to_uint8(run(*batch), network.pixel_range).cpu() for batch in zip(*inputs, strict=True)
    ]
    images = torch.cat(parts).numpy()
    return images.reshape(*z.shape[:-1], *images.shape[1:])


def draw_inputs(
    network: nn.Module, config: Config, *stream: object, num: int, labels: np.ndarray | None = None
) -> Inputs:
    """Draw what `generate` is given: noise (num, Z), and labels or codes where the problem has any.

    `stream` names the draws. With `labels` (M, A) of images an ACGAN follows their distribution:
    evenly spaced rows in a random order. Without, each label is on half the time.
    """
    z = draw_z(config, *stream, num=num, z_dim=network.z_dim)
    z = network.from_prior(z) if hasattr(network, "from_prior") else z
    condition, names = PROBLEMS[config.problem].condition, (*stream, "conditions")
    draws = generator(config.seed, *names)
    if not condition:
        return z, None
    if condition == "codes":
        return z, one_hot(draw_codes(num, config.num_codes, draws))
    if labels is None:
        return z, draw_labels(num, network.label_dim, draws)
    rows = np.linspace(0, len(labels) - 1, num).round().astype(int)
    rows = np.random.default_rng(derive_seed(config.seed, *names)).permutation(rows)
    return z, torch.from_numpy(np.asarray(labels)[rows]).float()
