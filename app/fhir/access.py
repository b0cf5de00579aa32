"""The right to ask the client's FHIR server, as a call grants it: until when, and for what (threat model B6)."""

import re
from dataclasses import dataclass, field
from typing import Final

SPARE_SECONDS: Final = 2.0
"""No request starts this shortly before the token expires: it could arrive too late (threat model B6)."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*", re.ASCII)

# SMART App Launch: `patient/Observation.read` (version 1), `user/*.rs?category=...` (version 2).
_SCOPE: Final = re.compile(r"(patient|user|system)/(?P<kind>\*|[A-Za-z]+)\.(?P<may>read|write|\*|[cruds]+)(\?\S*)?")


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """Where and with what a call may ask for more. The token lives as long as the call and shows in no text.

    `expires_in`: seconds from the call's arrival; None when the call does not say. `scope`: as granted, or None.
    """

    base: str
    token: str = field(repr=False)
    expires_in: float | None = None
    scope: str | None = None

    @property
    def has_usable_token(self) -> bool:
        """Whether a header can carry the token (RFC 6750, section 2.1)."""
        return _TOKEN.fullmatch(self.token) is not None

    def usable_until(self, arrived: float) -> float | None:
        """The last moment at which a request may start, on the clock of `arrived`; None: no end is known."""
        return None if self.expires_in is None else arrived + self.expires_in - SPARE_SECONDS

    def covers(self, url: str) -> bool:
        """Whether the scope can cover this query. What is not said in SMART's form is left to the server."""
        kind = re.split("[/?]", url, maxsplit=1)[0]
        letter = "r" if "/" in url.partition("?")[0] else "s"
        granted = [each for word in (self.scope or "").split() if (each := _SCOPE.fullmatch(word))]
        return not granted or any(each["kind"] in ("*", kind) and _lets(each["may"], letter) for each in granted)


def _lets(may: str, letter: str) -> bool:
    """Whether a permission of version 1 (a word) or 2 (letters) lets one read (`r`) or search (`s`)."""
    return may in ("read", "*") or (may != "write" and letter in may)
