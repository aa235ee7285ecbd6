"""Samples are called one face by their edges, beside real images, whatever their colours."""

import numpy as np
import pytest
from adversarial_results import infogan_results

from hwlib.findings import samples

RNG = np.random.default_rng(0)


def noise(*shape):
    """Return images whose edges have nothing in common."""
    return RNG.integers(60, 180, (*shape, 16, 16, 3)).astype(np.uint8)


REAL = noise(80)


def tinted(images):
    """Return images, each with a colour of its own added."""
    tints = RNG.integers(-40, 40, (*images.shape[:-3], 1, 1, 3))
    return np.clip(images.astype(int) + tints, 0, 255).astype(np.uint8)


def layout(sameness):
    """Return ten z by ten values: faces that share `sameness` of their edges, each tinted."""
    one, others = noise(1, 1).astype(float), noise(10, 1).astype(float)
    return tinted(np.repeat(sameness * one + (1 - sameness) * others, 10, axis=1))


def found_of(rows, results=None):
    results = infogan_results() if results is None else results
    return samples.faces(results, rows.swapaxes(0, 1), REAL)


def test_edges_of_one_image_correlate_by_one_however_it_is_tinted():
    images = tinted(np.repeat(noise(1), 8, axis=0))
    assert samples.edge_correlation(images) == pytest.approx(1.0, abs=0.02)


def test_edges_of_unlike_images_do_not_correlate():
    assert samples.edge_correlation(REAL) == pytest.approx(0.0, abs=0.02)


def test_a_lattice_of_single_pixels_does_not_make_images_alike():
    lattice = np.indices((16, 16)).sum(0)[np.newaxis, ..., np.newaxis] % 2 * 60
    images = np.clip(REAL.astype(int) + lattice, 0, 255).astype(np.uint8)
    assert samples.edge_correlation(images) < 0.05


def test_one_face_in_ten_tints_is_said_to_be_one():
    (found,) = found_of(layout(0.95))
    assert found.values["is_one_face"]


def test_faces_that_differ_as_real_ones_do_are_not_called_alike():
    assert found_of(layout(0.0)) == []


def test_real_images_are_never_called_alike():
    assert samples.faces(infogan_results(), [REAL[:10], REAL[10:20]], REAL) == []
