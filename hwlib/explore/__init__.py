"""Looking into trained networks: their layers, their latent space, and panels of sliders."""

from hwlib.explore.decoder import page_decoder
from hwlib.explore.direction import DirectionPanel, direction_panel, directions, read_photo
from hwlib.explore.films import Film, films_of, save_film
from hwlib.explore.frames import (
    attribute_tracks,
    code_tracks,
    latent_tracks,
    noise_tracks,
    way_track,
    weight_track,
)
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
from hwlib.explore.kl import KLPanel, kl_panel
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
from hwlib.explore.play import Playground, finished_runs
from hwlib.explore.reconstruction import central_pair, reconstruction_frechet
from hwlib.explore.samples import closest_pairs, lattice
from hwlib.explore.vae import VAEPanel, vae_panel
from hwlib.training.batches import evenly_spaced_rows

__all__ = [
    "AttributePanel",
    "CodePanel",
    "DirectionPanel",
    "Film",
    "GeneratorPanel",
    "KLPanel",
    "LiveCurve",
    "Playground",
    "VAEPanel",
    "attribute_labels",
    "attribute_panel",
    "attribute_tracks",
    "between",
    "central_pair",
    "closest_pairs",
    "code_panel",
    "code_panels",
    "code_tracks",
    "decode",
    "direction_panel",
    "directions",
    "encode",
    "evenly_spaced_rows",
    "films_of",
    "finished_runs",
    "generator_panel",
    "kl_panel",
    "label_way",
    "latent_tracks",
    "latents",
    "lattice",
    "layers",
    "most_active",
    "network_layers",
    "noise_tracks",
    "numbered",
    "one_hot",
    "page_decoder",
    "paint",
    "read_photo",
    "reconstruction_frechet",
    "save_film",
    "to_png",
    "to_strip",
    "traverse",
    "tsne",
    "vae_panel",
    "way_track",
    "weight_track",
]
