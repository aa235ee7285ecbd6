"""Run the notebooks and make the report, HTML and PDF, in Chinese and English.

Light to import: each notebook's process does, and needs nothing of what sets pages.
"""

from importlib import import_module
from typing import Any

_PLACES = {
    "CLAIMS": "hwlib.registry",
    "FULL": "hwlib.report.embed",
    "SMALL": "hwlib.report.embed",
    "About": "hwlib.report.book",
    "Job": "hwlib.report.runner",
    "JobResult": "hwlib.report.site",
    "ReportResult": "hwlib.report.site",
    "make_job": "hwlib.report.runner",
    "make_report": "hwlib.report.site",
}
__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
