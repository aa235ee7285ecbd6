"""The homework's figures: arrays in, matplotlib axes out; never trains, saves or shows.

Pictures are uint8 (N, H, W, C) and are drawn as they are: enlarged by whole factors, never
stretched in contrast. Every figure is as wide as a 16 cm column, so its text is readable there.
"""

from hwlib.plots.diagram import Block, Layer, block_diagram, blocks
from hwlib.plots.look import (
    ATTRIBUTES_ZH,
    BLUE,
    CANVAS_PX,
    COLUMN_IN,
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
from hwlib.plots.pictures import compose, enlarge, image_grid, interpolation, pairs, traversal
from hwlib.plots.vae import ACTIVE_VARIANCE, embedding_scatter, latent_activity, learning_curves

__all__ = [
    "ACTIVE_VARIANCE",
    "ATTRIBUTES_ZH",
    "BLUE",
    "CANVAS_PX",
    "COLUMN_IN",
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
    "attribute_name",
    "block_diagram",
    "blocks",
    "compose",
    "embedding_scatter",
    "enlarge",
    "image_grid",
    "interpolation",
    "latent_activity",
    "learning_curves",
    "pairs",
    "rc_params",
    "register_fonts",
    "style",
    "traversal",
]
