"""The drawn faces: an embedded data set of portraits, each drawn by code from known factors.

`sample_factors` makes a table of factors (`FACTORS` names them and says what each means),
`attributes_of` reads the homework's thirteen attributes off the table, and `draw_faces` turns each
row into an image.
"""

from hwlib.faces.drawing import draw_faces
from hwlib.faces.factors import ATTRIBUTES, FACTORS, LEVELS, attributes_of, sample_factors

__all__ = ["ATTRIBUTES", "FACTORS", "LEVELS", "attributes_of", "draw_faces", "sample_factors"]
