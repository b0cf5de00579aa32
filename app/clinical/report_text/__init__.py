"""What a report's prose says of each leg: a pure reader with its word lists as data."""

from app.clinical.report_text.plain_text import plain_text
from app.clinical.report_text.read import Read, ReportReading, read_report
from app.clinical.report_text.words import ReportWords, load_words

__all__ = ["Read", "ReportReading", "ReportWords", "load_words", "plain_text", "read_report"]
