"""What the words of a report may do, as each client's file says."""

from enum import StrEnum


class ReportTextPolicy(StrEnum):
    """Under none of them may advice that ends imaging rest on words alone."""

    OFF = "off"
    SUGGEST = "suggest"
    TRUST_FOR_SCHEDULING = "trust-for-scheduling"
