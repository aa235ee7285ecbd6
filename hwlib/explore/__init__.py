"""Looking into trained networks: their layers, their latent space, and panels of sliders."""

from hwlib.explore.gan import (
    AttributePanel,
    CodePanel,
    GeneratorPanel,
    attribute_panel,
    code_panel,
    code_panels,
    generator_panel,
    numbered,
    one_hot,
    paint,
)
from hwlib.explore.kl import KLPanel, kl_panel, ways_between
from hwlib.explore.latents import (
    attribute_labels,
    between,
    decode,
    encode,
    latents,
    most_active,
    traverse,
    tsne,
)
from hwlib.explore.live import LiveCurve
from hwlib.explore.networks import label_way, layers, network_layers
from hwlib.explore.parts import to_png, to_strip
from hwlib.explore.vae import VAEPanel, vae_panel
from hwlib.explore.words import WORDS
from hwlib.training.batches import spread

__all__ = [
    "WORDS",
    "AttributePanel",
    "CodePanel",
    "GeneratorPanel",
    "KLPanel",
    "LiveCurve",
    "VAEPanel",
    "attribute_labels",
    "attribute_panel",
    "between",
    "code_panel",
    "code_panels",
    "decode",
    "encode",
    "generator_panel",
    "kl_panel",
    "label_way",
    "latents",
    "layers",
    "most_active",
    "network_layers",
    "numbered",
    "one_hot",
    "paint",
    "spread",
    "to_png",
    "to_strip",
    "traverse",
    "tsne",
    "vae_panel",
    "ways_between",
]
