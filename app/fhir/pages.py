"""A searchset that comes in pages, as one. A `next` that was not followed stays and says that pages are missing."""

from collections.abc import Sequence

import msgspec

from app.fhir.resources import Bundle, read


def page_of(text: bytes) -> Bundle | None:
    """A page that can be joined with others; one with a meaning of its own cannot."""
    bundle = read(text, Bundle)
    return None if bundle is None or bundle.is_modified else bundle


def next_of(page: Bundle) -> str | None:
    """The address of the page behind this one; empty when a link has none."""
    return next((link.url or "" for link in page.link if link.relation == "next"), None)


def joined(pages: Sequence[Bundle]) -> bytes:
    """All pages as one searchset."""
    total = max((page.total for page in pages if page.total is not None), default=None)
    left = next_of(pages[-1])
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        **({} if total is None else {"total": total}),
        "link": [] if left is None else [{"relation": "next", "url": left}],
        "entry": [entry for page in pages for entry in page.entry],
    }
    return msgspec.json.encode(bundle)
