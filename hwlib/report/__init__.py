"""Run the notebooks and make the report, HTML and PDF, in Chinese and English; light to import."""

from hwlib.registry import CLAIMS
from hwlib.report.book import About
from hwlib.report.embed import FULL, SMALL
from hwlib.report.runner import Job, make_job
from hwlib.report.site import JobResult, ReportResult, make_report

__all__ = [
    "CLAIMS",
    "FULL",
    "SMALL",
    "About",
    "Job",
    "JobResult",
    "ReportResult",
    "make_job",
    "make_report",
]
