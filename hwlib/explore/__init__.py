"""Looking into trained networks: their layers, their latent space, and panels of sliders."""

from hwlib.explore.base import Panel, to_strip
from hwlib.explore.gan import AttributePanel, CodePanel, GeneratorPanel, code_panels
from hwlib.explore.latents import (
    attribute_labels,
    attribute_tracks,
    central_pair,
    code_tracks,
    decode,
    encode,
    generate,
    interpolate,
    interpolation_track,
    latent_by_index,
    latent_tracks,
    latents,
    most_active,
    noise_tracks,
    tsne,
)
from hwlib.explore.live import LiveCurve
from hwlib.explore.networks import conditioning_method, layers, network_layers, page_decoder
from hwlib.explore.play import Playground, export, finished_runs
from hwlib.explore.samples import closest_pairs, lattice
from hwlib.explore.vae import (
    DirectionPanel,
    KLPanel,
    VAEPanel,
    direction_panel,
    read_photo,
    weight_track,
)
from hwlib.training.batches import evenly_spaced_rows
