"""How a JSON body is read: one media type family, one size limit, strict JSON, and no word of it in an error.

Framework-free: the routes hand in the headers and the chunks as they arrive.
"""

import re
from collections.abc import AsyncIterable, Mapping
from datetime import date
from typing import Final, TypeVar

import msgspec

from app.errors import CallerError

Shape = TypeVar("Shape")

# GEN-06: CDS Hooks says nothing about media types; fhir+json is what 3.0 clients send.
JSON_TYPES: Final = frozenset({"application/json", "application/fhir+json"})
ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


async def read_body(headers: Mapping[str, str], chunks: AsyncIterable[bytes], limit: int) -> bytes:
    """The whole body, or CallerError 413 / 415. Never holds more than `limit` bytes and one chunk."""
    _check_type(headers)
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:18]) > limit:
        raise _too_long(limit)
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise _too_long(limit)
    return bytes(body)


def decode_body(decoder: msgspec.json.Decoder[Shape], body: bytes) -> Shape:
    """The body as strict JSON of the decoder's shape, or CallerError 400.

    msgspec refuses NaN, lone surrogates and truncated text, also inside members it skips; it raises RecursionError at
    about 1,000 levels. It does not look at the encoding of what it skips, so that comes first (threat model C1).
    """
    try:
        body.decode("utf-8")
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise CallerError(400, "wrong-shape", "The body is not a JSON object.", "Send one JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        text, change = "The body is not JSON in UTF-8 (RFC 8259).", "Send one complete JSON object."
        raise CallerError(400, "not-json", text, change) from None
    except RecursionError:
        raise too_deep() from None


def too_deep() -> CallerError:
    """The refusal of a body with more levels than Python's stack."""
    text, change = "The body is nested too deeply.", "Send fewer levels of objects and arrays."
    return CallerError(400, "too-deep", text, change)


def iso_date(text: str) -> date:
    """A calendar day written YYYY-MM-DD and nothing else; ValueError otherwise."""
    if not ISO_DATE.fullmatch(text):
        raise ValueError("not YYYY-MM-DD")
    return date.fromisoformat(text)


def _check_type(headers: Mapping[str, str]) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type not in JSON_TYPES:
        raise CallerError(
            415,
            "not-json-type",
            "This media type is not read here.",
            "Send Content-Type: application/json.",
            ("Content-Type",),
        )
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise CallerError(
            415,
            "compressed",
            "Compressed bodies are not read here.",
            "Send the body without Content-Encoding.",
            ("Content-Encoding",),
        )


def _too_long(limit: int) -> CallerError:
    text, change = "The body is longer than this service reads.", f"Send at most {limit} bytes."
    return CallerError(413, "too-long", text, change)
