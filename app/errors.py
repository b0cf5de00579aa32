"""Every error of ours, one tree, and the one JSON body each becomes.

DvtNextStepError
|-- AuthorError            a pathway or a setting is wrong: do not start, print "file:line: reason"
|-- CallerError            the request is wrong: 4xx, says what to change, never repeats what was sent
|   |-- SubjectMismatch    400: the data are about another patient than the call
|   `-- PrefetchMissing    412: required data neither came nor could be fetched
`-- WorldError             somebody else's server failed: answer in time and say what could not be read
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

CODE_SYSTEM: Final = "urn:dvt-next-step:error"

# HTTP status -> FHIR R4 IssueType (hl7.org/fhir/R4/valueset-issue-type.html)
ISSUE_TYPES: Final = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    412: "required",
    413: "too-long",
    415: "not-supported",
    429: "throttled",
    500: "exception",
    503: "transient",
}


class DvtNextStepError(Exception):
    """The root: everything we raise on purpose."""


class AuthorError(DvtNextStepError):
    """Content that we, or whoever runs us, wrote is wrong. The program does not start."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        super().__init__(file, line, reason)
        self.file = file
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        """`file:line: reason`, the form that editors and terminals turn into a link."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.reason}"


class WrongClients(ExceptionGroup[AuthorError]):
    """Everything that is wrong with the clients' files (app/clients), said at once, one AuthorError for each fault."""


class CallerError(DvtNextStepError):
    """The request cannot be answered as it is.

    `text` and `change` are our own words: a member name, a limit, the allowed values. They never hold a value that
    was sent, because error bodies end up in the client's logs (threat model C2).
    """

    def __init__(self, status: int, code: str, text: str, change: str, expression: tuple[str, ...] = ()) -> None:
        super().__init__(status, code, text, change, expression)
        self.status = status
        self.code = code
        self.text = text
        self.change = change
        self.expression = expression

    def __str__(self) -> str:
        """What is wrong and what to change, in one sentence each."""
        return f"{self.text} {self.change}"


class SubjectMismatch(CallerError):
    """The record that came is another patient's: refused, never a card (threat model H1)."""

    def __init__(self) -> None:
        super().__init__(
            400,
            "subject-mismatch",
            "The data in this call are about another patient than context.patientId.",
            "Send the data of the patient whose chart is open.",
            ("context.patientId",),
        )


class PrefetchMissing(CallerError):
    """Required prefetch keys have no data and could not be fetched (CDS Hooks 2.0.1, conformance row PF-13)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        named = ", ".join(f"prefetch.{key}" for key in self.keys)
        super().__init__(
            412,
            "prefetch-missing",
            f"Required data neither came in the call nor could be fetched: {named}.",
            "Send each key named here with the answer to its query in /cds-services"
            " (null or an empty Bundle when there is none), or allow the service to fetch it"
            " with fhirServer and fhirAuthorization.",
            tuple(f"prefetch.{key}" for key in self.keys),
        )


class WorldError(DvtNextStepError):
    """A server that we called did not answer as it should. Carries our own words only."""


def operation_outcome(error: DvtNextStepError) -> dict[str, object]:
    """Say an error as a FHIR OperationOutcome. Anything but a CallerError says no details."""
    if not isinstance(error, CallerError):
        error = _unexplained(error)
    issue: dict[str, object] = {
        "severity": "error",
        "code": ISSUE_TYPES.get(error.status, "processing"),
        "details": {"coding": [{"system": CODE_SYSTEM, "code": error.code}], "text": error.text},
        "diagnostics": error.change,
    }
    if error.expression:
        issue["expression"] = list(error.expression)
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _unexplained(error: DvtNextStepError) -> CallerError:
    if isinstance(error, WorldError):
        return CallerError(503, "unavailable", "A server this service depends on did not answer.", "Try again later.")
    return CallerError(
        500, "internal", "The service failed unexpectedly.", "Try again; if it stays, tell its operator."
    )
