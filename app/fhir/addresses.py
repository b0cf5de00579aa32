"""Which FHIR servers may be asked, and which queries and pages belong to one: decided on the text, before any name is
resolved (threat model B1, B7, B9). What a name leads to is judged in network.py.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Host names as written: any other spelling of a loopback address is not on the list."""

# What an address may be made of. No user info, no escapes, no backslash, no control character, no query, no fragment.
_BASE: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~\-]+)*/?", re.ASCII)
_QUERY: Final = re.compile(
    r"[A-Z][A-Za-z]{1,63}(/(?!\.{1,2}(\?|$))[A-Za-z0-9\-.]{1,64})?(\?[A-Za-z0-9._~\-%!$&'()*+,;=:@/?|]*)?", re.ASCII
)
_LONGEST: Final = 2048  # characters of a base: more is no address


def is_allowed(base: str, allowed_bases: Sequence[str], *, allow_loopback: bool = False) -> bool:
    """Whether a FHIR base may be asked: scheme, host and port as listed, and the listed path or one below it.

    Nothing but https, except to a loopback host when `allow_loopback` is set (development).
    """
    asked = _split(base)
    if asked is None:
        return False
    if allow_loopback and _host(asked) in LOOPBACK:
        return True
    listed = (split for each in allowed_bases if (split := _split(each)) is not None)
    return asked.scheme == "https" and any(_is_below(asked, each) for each in listed)


def is_query(url: str) -> bool:
    """Whether this is a FHIR read or search, relative to a base: `Type/id` or `Type?search`."""
    return _QUERY.fullmatch(url) is not None


def is_page_of(base: str, url: str) -> bool:
    """Whether a page lies below this base, so that it cannot carry the token elsewhere. `base` ends without `/`."""
    rest = url.removeprefix(base)
    is_ours = rest != url and rest[:1] in ("/", "?") and url.isascii() and url.isprintable()
    has_tricks = any(trick in rest.partition("?")[0] for trick in ("..", "//", "\\", "%", "@"))
    return is_ours and not has_tricks and " " not in url


def origin_of(base: str) -> tuple[str, str, int]:
    """Scheme, host and port of a base that is allowed."""
    split = urlsplit(base)
    return split.scheme, split.hostname or "", _port(split)


def _split(base: str) -> SplitResult | None:
    """A base in its parts; None when anything in it could mean something else to another reader."""
    if len(base) > _LONGEST or not _BASE.fullmatch(base) or ".." in base or "/./" in base:
        return None
    try:
        split = urlsplit(base)
        port = split.port
    except ValueError:
        return None
    return split if split.hostname and port != 0 else None


def _host(split: SplitResult) -> str:
    host = split.hostname or ""
    return f"[{host}]" if ":" in host else host


def _is_below(asked: SplitResult, listed: SplitResult) -> bool:
    same_origin = (asked.scheme, asked.hostname, _port(asked)) == (listed.scheme, listed.hostname, _port(listed))
    path, below = listed.path.rstrip("/"), asked.path.rstrip("/")
    return same_origin and (below == path or below.startswith(f"{path}/"))


def _port(split: SplitResult) -> int:
    return split.port or (443 if split.scheme == "https" else 80)
