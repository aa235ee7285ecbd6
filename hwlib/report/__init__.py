"""Run the notebooks and make the report, HTML and PDF, in Chinese and English.

Light to import: each notebook's process does, and needs nothing of what sets pages.
"""

from importlib import import_module
from typing import Any

_PLACES = {
    "FULL": "embed",
    "SMALL": "embed",
    "About": "book",
    "Job": "runner",
    "make_job": "runner",
    "ReportResult": "site",
    "make_report": "site",
}
__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
