"""The homework's figures: arrays in, matplotlib axes out; never trains, saves or shows.

Pictures are uint8 (N, H, W, C) and are drawn as they are: enlarged by whole factors, never
stretched in contrast. Every figure is as wide as a 16 cm column, so its text is readable there.
"""

from hwlib.plots.adversarial import (
    acgan_curves,
    best_snapshot,
    gan_curves,
    infogan_curves,
    snapshot_curve,
)
from hwlib.plots.claims import claim_values, claims_overview, deciding_part, is_effect_alone
from hwlib.plots.diagram import Block, Layer, block_diagram, blocks, gan_diagram
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
    rate_distortion,
    weight_elbo_curves,
    weight_growth,
    weight_interpolations,
    weight_name,
    weight_numbers,
    weight_reconstructions,
    weight_samples,
    weight_scores,
)
from hwlib.plots.look import (
    ATTRIBUTES_ZH,
    BLUE,
    CANVAS_PX,
    COLUMN_IN,
    FACTORS_ZH,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALETTE,
    PINK,
    SKY,
    WORDS,
    YELLOW,
    attribute_name,
    rc_params,
    register_fonts,
    style,
)
from hwlib.plots.maps import code_attributes, code_nats, leakage
from hwlib.plots.pictures import compose, enlarge, image_grid, interpolation, pairs, traversal
from hwlib.plots.vae import ACTIVE_VARIANCE, embedding_scatter, latent_activity, learning_curves

# The learning curves that belong to each problem; all take the records so far and the language.
CURVES = {
    "vae": learning_curves,
    "kl": learning_curves,
    "gan": gan_curves,
    "acgan": acgan_curves,
    "infogan": infogan_curves,
}

__all__ = [
    "ACTIVE_VARIANCE",
    "ATTRIBUTES_ZH",
    "BLUE",
    "CANVAS_PX",
    "COLUMN_IN",
    "CURVES",
    "FACTORS_ZH",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "PALETTE",
    "PINK",
    "SKY",
    "WORDS",
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
    "deciding_part",
    "embedding_scatter",
    "enlarge",
    "gan_curves",
    "gan_diagram",
    "growth",
    "image_grid",
    "infogan_curves",
    "interpolation",
    "is_effect_alone",
    "latent_activity",
    "leakage",
    "learning_curves",
    "nearest",
    "pairs",
    "rate_distortion",
    "rc_params",
    "register_fonts",
    "side_by_side",
    "snapshot_curve",
    "style",
    "traversal",
    "weight_elbo_curves",
    "weight_growth",
    "weight_interpolations",
    "weight_name",
    "weight_numbers",
    "weight_reconstructions",
    "weight_samples",
    "weight_scores",
]
