"""The homework's figures: arrays in, matplotlib axes out; never trains, saves or shows.

Images are uint8 (N, H, W, C); they are enlarged smoothly, and their contrast is never stretched.
Every figure is drawn in the size in which it is printed, so its words are readable there.

`lang` is the language of the words. A figure of one panel takes `ax`, the axes to draw on (then the
size is theirs), and returns it; None makes a figure. One of several panels returns its figure.
"""

from hwlib.plots.claims import claim_values, claims_overview
from hwlib.plots.curves import (
    acgan_curves,
    best_snapshot,
    gan_curves,
    infogan_curves,
    learning_curves,
    snapshot_curve,
    weight_elbo_curves,
)
from hwlib.plots.diagram import Layer, block_diagram, gan_diagram, layer_settings
from hwlib.plots.grids import (
    attribute_pairs,
    attribute_pairs_more,
    code_combinations,
    code_grid,
    code_real,
    compose,
    enlarge,
    growth,
    image_grid,
    interpolation,
    nearest,
    pairs,
    report_and_today,
    side_by_side,
    traversal,
    weight_growth,
    weight_interpolations,
    weight_samples,
)
from hwlib.plots.maps import (
    code_attributes,
    code_nats,
    embedding_scatter,
    latent_activity,
    leakage,
    weight_sweep,
)
from hwlib.plots.style import (
    COLUMN_IN,
    attribute_name,
    is_chart,
    labels,
    rc_context,
    to_svg,
    weight_name,
    words,
)
