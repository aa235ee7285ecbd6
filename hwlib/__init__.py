"""hwlib: a course lab for generative models of faces.

>>> import hwlib
>>> config = hwlib.make_config("vae", recipe="dcgan", profile="quick")
>>> run = hwlib.fit(config)
>>> run.results["test_mse_11"]

The public names load when they are first used, so that what needs no torch does not wait for it.
"""

from importlib import import_module

_HOME = {
    "Run": "hwlib.run",
    "UserError": "hwlib.errors",
    "build_models": "hwlib.recipes",
    "fit": "hwlib.training.loop",
    "load_data": "hwlib.data",
    "make_config": "hwlib.recipes",
}

__all__ = ["Run", "UserError", "build_models", "fit", "load_data", "make_config"]


def __getattr__(name: str):
    """Import a public name from its home."""
    if name not in _HOME:
        raise AttributeError(f"module 'hwlib' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
