"""The service with one fault planted at each address, for uvicorn: each is one that Schemathesis has to find."""

import json
from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.__main__ import make_app
from app.settings import Settings

JSON: Final = "application/json"
SVG: Final = "image/svg+xml"
REFUSAL: Final = {"resourceType": "OperationOutcome", "issue": []}
NO_FACTS: Final[Mapping[str, object]] = {"recommendations": [], "trace": [], "facts": {}, "pathways": []}
NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
SERVICE: Final = "/cds-services/dvt-next-step-patient-view"

# Method and address -> what is answered to everything: status, headers, body.
ANSWERS: Final[Mapping[tuple[str, str], tuple[int, Mapping[str, str], object]]] = {
    ("POST", "/evaluate"): (500, {"Content-Type": JSON}, REFUSAL),
    ("GET", "/health"): (200, {"Content-Type": JSON}, {"status": "fine"}),
    ("GET", "/pathways"): (200, {"Content-Type": "text/plain"}, {"pathways": []}),
    ("GET", "/pathways/negative-dvt-ultrasound/diagram.svg"): (206, {"Content-Type": SVG}, None),
    ("POST", "/pathways/negative-dvt-ultrasound/evaluate"): (200, {"Content-Type": JSON}, NO_FACTS),
    ("POST", "/pathways/dvt-imaging/evaluate"): (200, {"Content-Type": JSON}, NO_FACTS),
    ("POST", SERVICE): (400, {"Content-Type": JSON}, REFUSAL),
    ("OPTIONS", SERVICE): (405, {"Content-Type": JSON, "Allow": "GET"}, REFUSAL),
}
# Method and address -> the header that its answers lack.
LACKS: Final = {("TRACE", "/cds-services"): b"allow", ("GET", "/pathways/negative-dvt-ultrasound"): b"etag"}


class Faulty:
    """An application in front of the service."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as planted, or let the service answer."""
        asked = (scope.get("method", ""), scope.get("path", ""))
        if asked not in ANSWERS:
            await self.app(scope, receive, lambda message: send(without(LACKS.get(asked), message)))
            return
        status, headers, body = ANSWERS[asked]
        sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": [*sent, NOSNIFF]})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def without(header: bytes | None, message: Message) -> Message:
    """The message less one header."""
    if message["type"] != "http.response.start":
        return message
    return {**message, "headers": [(name, value) for name, value in message["headers"] if name.lower() != header]}


def faulty() -> ASGIApp:
    """What `uvicorn --factory` starts."""
    return Faulty(make_app(Settings()))
