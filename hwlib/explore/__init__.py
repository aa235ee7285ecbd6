"""Looking into trained networks: their layers, their latent space, and panels of sliders."""

from hwlib.explore.animations import export, save_animation
from hwlib.explore.base import Animation, Panel, to_png, to_strip
from hwlib.explore.decoder import page_decoder
from hwlib.explore.direction import DirectionPanel, direction_panel, directions, read_photo
from hwlib.explore.frames import (
    attribute_tracks,
    code_tracks,
    interpolation_track,
    latent_tracks,
    noise_tracks,
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
)
from hwlib.explore.kl import KLPanel, kl_panel
from hwlib.explore.latents import (
    attribute_labels,
    central_pair,
    decode,
    encode,
    generate,
    interpolate,
    latent_by_index,
    latents,
    most_active,
    traverse,
    tsne,
)
from hwlib.explore.live import LiveCurve
from hwlib.explore.networks import conditioning_method, layers, network_layers
from hwlib.explore.play import Playground, finished_runs
from hwlib.explore.samples import closest_pairs, lattice, reconstruction_frechet
from hwlib.explore.vae import VAEPanel, vae_panel
from hwlib.training.batches import evenly_spaced_rows
