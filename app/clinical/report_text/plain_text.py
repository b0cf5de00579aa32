"""A report's body as plain text: text, HTML and RTF. Anything else, PDF included, is not read."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

MOST_BYTES: Final = 1_000_000
MOST_DEPTH: Final = 100
NEW_LINES: Final = frozenset(
    {
        "p",
        "br",
        "div",
        "tr",
        "li",
        "ul",
        "ol",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "section",
        "pre",
        "dt",
        "dd",
    }
)
NOT_SHOWN: Final = frozenset({"script", "style", "head", "template", "title", "noscript"})
RTF_TYPES: Final = frozenset({"application/rtf", "text/rtf"})
HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})


def plain_text(data: bytes, content_type: str, charset: str = "") -> str | None:
    """The text that a person would read; None when the type is not read or the body is too large.

    `content_type` may carry a charset parameter, which `charset` overrules. Without one it is UTF-8, or else cp1252.
    """
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if len(data) > MOST_BYTES:
        return None
    if kind in RTF_TYPES:
        return _rtf(data.decode("latin-1"))
    if kind != "text/plain" and kind not in HTML_TYPES:
        return None
    text = _decoded(data, charset or _charset(parameters))
    return _html(text) if kind in HTML_TYPES else text


def _charset(parameters: str) -> str:
    for each in parameters.split(";"):
        name, _, value = each.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"')
    return ""


CHARSETS: Final = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252", "utf-16"}
)


def _decoded(data: bytes, charset: str) -> str:
    """The text. A charset that is not known or does not fit is as good as none."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        charset = "utf-16"
    for each in (charset.lower(), "utf-8-sig", "cp1252"):
        if each in CHARSETS or each == "utf-8-sig":
            try:
                return data.decode("utf-8-sig" if each in {"utf-8", "utf8"} else each)
            except UnicodeDecodeError:
                continue
    return data.decode("latin-1")


class _Shown(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in NOT_SHOWN:
            self.hidden += 1
        elif tag in {"td", "th"}:
            self.parts.append(" ")
        elif tag in NEW_LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in NOT_SHOWN:
            self.hidden = max(0, self.hidden - 1)
        elif tag in NEW_LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def _html(text: str) -> str:
    parser = _Shown()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)


# RTF 1.9.1: a control word, a byte, a control sign, a brace, or text. No repeat stands in a repeat.
_RTF: Final = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)
_RTF_NOT_SHOWN: Final = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "headerl", "headerr", "headerf",
     "footerl", "footerr", "footerf", "object", "themedata", "datastore", "listtable", "listoverridetable", "rsidtbl",
     "generator", "xmlnstbl", "filetbl", "revtbl", "fldinst", "latentstyles", "colorschememapping", "deleted"}
)  # fmt: skip
_RTF_WORDS: Final = {
    **dict.fromkeys(["par", "line", "row", "sect", "page"], "\n"),
    **dict.fromkeys(["tab", "cell", "bullet", "emspace", "enspace"], " "),
    "emdash": " - ",
    "endash": "-",
    "lquote": "'",
    "rquote": "'",
    "ldblquote": '"',
    "rdblquote": '"',
}
_RTF_SIGNS: Final = {"~": " ", "_": "-", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}
_RAW_BYTES: Final = "bin"


@dataclass(slots=True)
class _Rtf:
    """An RTF body being read. `replaced`: how many signs stand for a Unicode letter where readers do not know it."""

    out: list[str] = field(default_factory=list)
    groups: list[tuple[bool, int]] = field(default_factory=list)
    is_shown: bool = True
    replaced: int = 1
    skip: int = 0

    def put(self, text: str) -> None:
        """Text, less what only stands for a letter that came already."""
        if self.is_shown:
            self.out.append(text[self.skip :])
            self.skip = max(0, self.skip - len(text))

    def brace(self, sign: str) -> None:
        self.skip = 0
        if sign == "{":
            self.groups.append((self.is_shown, self.replaced))
        else:
            self.is_shown, self.replaced = self.groups.pop() if self.groups else (True, 1)

    def word(self, word: str, number: str | None) -> None:
        if word in _RTF_NOT_SHOWN or (word == "v" and number != "0"):
            self.is_shown = False
        elif word == "v":
            self.is_shown = True
        elif word == "uc":
            self.replaced = min(max(int(number or 1), 0), 8)
        elif word == "u" and number:
            self.skip = 0
            self.put(chr(int(number) % 0x10000))
            self.skip = self.replaced
        elif word in _RTF_WORDS:
            self.put(_RTF_WORDS[word])

    def sign(self, sign: str) -> None:
        if sign == "*":  # a group that only some readers know
            self.is_shown = False
        else:
            self.put(_RTF_SIGNS.get(sign, ""))


def _rtf(text: str) -> str | None:
    """The text of an RTF body; None when it is none, or holds raw bytes."""
    if not text.lstrip().startswith("{\\rtf"):
        return None
    rtf = _Rtf()
    for found in _RTF.finditer(text):
        word, number, byte, sign, brace, plain = found.groups()
        if word and word.lower() == _RAW_BYTES:
            return None
        if word:
            rtf.word(word.lower(), number)
        elif byte:
            rtf.put(bytes.fromhex(byte).decode("cp1252", "replace"))
        elif sign:
            rtf.sign(sign)
        elif brace:
            rtf.brace(brace)
        elif plain:
            rtf.put(plain)
    return "".join(rtf.out)
