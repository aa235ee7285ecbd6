"""The homework's figures: arrays in, matplotlib axes out; never trains, saves or shows.

Images are uint8 (N, H, W, C); they are enlarged smoothly, and their contrast is never stretched.
Every figure is drawn in the size in which it is printed, so its words are readable there.
"""

from hwlib.plots.adversarial import (
    acgan_curves,
    best_snapshot,
    gan_curves,
    infogan_curves,
    snapshot_curve,
)
from hwlib.plots.claims import claim_values, claims_overview
from hwlib.plots.diagram import Block, Layer, block_diagram, blocks, gan_diagram, layer_settings
from hwlib.plots.grids import (
    attribute_pairs,
    attribute_pairs_more,
    code_combinations,
    code_grid,
    code_real,
    growth,
    nearest,
    side_by_side,
)
from hwlib.plots.kl import (
    weight_elbo_curves,
    weight_growth,
    weight_interpolations,
    weight_name,
    weight_samples,
    weight_sweep,
)
from hwlib.plots.look import (
    BLUE,
    CANVAS_PX,
    COLUMN_IN,
    GREEN,
    GREY,
    HIGHEST_IN,
    INK,
    ORANGE,
    PALETTE,
    PINK,
    SKY,
    YELLOW,
    attribute_name,
    labels,
    rc_params,
    register_fonts,
    short_name,
    style,
    words,
)
from hwlib.plots.maps import code_attributes, code_nats, leakage
from hwlib.plots.pictures import compose, enlarge, image_grid, interpolation, pairs, traversal
from hwlib.plots.svg import is_chart, to_svg
from hwlib.plots.vae import embedding_scatter, latent_activity, learning_curves

# The learning curves that belong to each problem; all take the records so far and the language.
CURVES = {
    "vae": learning_curves,
    "kl": learning_curves,
    "gan": gan_curves,
    "acgan": acgan_curves,
    "infogan": infogan_curves,
}

__all__ = [
    "BLUE",
    "CANVAS_PX",
    "COLUMN_IN",
    "CURVES",
    "GREEN",
    "GREY",
    "HIGHEST_IN",
    "INK",
    "ORANGE",
    "PALETTE",
    "PINK",
    "SKY",
    "YELLOW",
    "Block",
    "Layer",
    "acgan_curves",
    "attribute_name",
    "attribute_pairs",
    "attribute_pairs_more",
    "best_snapshot",
    "block_diagram",
    "blocks",
    "claim_values",
    "claims_overview",
    "code_attributes",
    "code_combinations",
    "code_grid",
    "code_nats",
    "code_real",
    "compose",
    "embedding_scatter",
    "enlarge",
    "gan_curves",
    "gan_diagram",
    "growth",
    "image_grid",
    "infogan_curves",
    "interpolation",
    "is_chart",
    "labels",
    "latent_activity",
    "layer_settings",
    "leakage",
    "learning_curves",
    "nearest",
    "pairs",
    "rc_params",
    "register_fonts",
    "short_name",
    "side_by_side",
    "snapshot_curve",
    "style",
    "to_svg",
    "traversal",
    "weight_elbo_curves",
    "weight_growth",
    "weight_interpolations",
    "weight_name",
    "weight_samples",
    "weight_sweep",
    "words",
]
