"""A report's body as plain text: what a person would read of it, and nothing else."""

import pytest

from app.clinical.report_text import plain_text


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png", "", "text/markdown", "TEXT"])
def test_another_type_is_not_read(content_type: str) -> None:
    assert plain_text(b"No DVT.", content_type) is None


def test_a_body_that_is_too_large_is_not_read() -> None:
    assert plain_text(b"a" * 1_000_000, "text/plain") is not None
    assert plain_text(b"a" * 1_000_001, "text/plain") is None


@pytest.mark.parametrize(
    ("data", "content_type", "charset"),
    [
        ("café".encode(), "text/plain", ""),
        ("\ufeffcafé".encode(), "text/plain; charset=UTF-8", ""),
        ("café".encode("latin-1"), "text/plain;format=flowed; charset=iso-8859-1", ""),
        ("café".encode("latin-1"), "Text/Plain", ""),
        ("café".encode("latin-1"), "text/plain; charset=utf-8", ""),
        ("café".encode("latin-1"), "text/plain; charset=rot13", ""),
        ("café".encode("utf-16"), "text/plain", ""),
        ("café".encode("latin-1"), "text/plain; charset=utf-16", "ISO-8859-1"),
        ("café".encode(), 'text/plain; charset="utf-8"', "base64"),
    ],
)
def test_the_charset_is_the_one_that_fits(data: bytes, content_type: str, charset: str) -> None:
    assert plain_text(data, content_type, charset) == "café"


def test_bytes_that_fit_no_charset_are_read_all_the_same() -> None:
    assert plain_text(b"no DVT \x81\x8d\xff", "text/plain") == "no DVT \x81\x8d\xff"
    assert plain_text(b"\xff\xfea", "text/plain") == "ÿþa"


# -- HTML -------------------------------------------------------------------------------------------------------------


def html(text: str) -> str:
    read = plain_text(text.encode(), "text/html")
    assert read is not None
    return read


def test_html_is_read_as_it_is_shown() -> None:
    assert html("<p>No <b>non</b>compressible&nbsp;vein &amp; no DVT</p><p>Left</p>").split("\n") == [
        "", "No noncompressible\xa0vein & no DVT", "", "Left", "",
    ]  # fmt: skip
    assert html("<table><tr><th>POP<td>normal<tr><td>FV<br>PV</table>").split() == ["POP", "normal", "FV", "PV"]


def test_what_a_browser_does_not_show_is_not_read() -> None:
    assert html("<head><title>DVT</title><style>b{}</style></head>a<script>DVT</script><!-- DVT -->b</script>") == "ab"


def test_broken_and_deep_html_is_read() -> None:
    assert html("<div>" * 50_000 + "No DVT").strip() == "No DVT"
    assert "No DVT" in html("No DVT <p <b <!-- ")
    assert html("&#xD800;&#0;&bogus;&#99999999999;") is not None


# -- RTF --------------------------------------------------------------------------------------------------------------


def rtf(body: str) -> str | None:
    return plain_text(body.encode("latin-1"), "application/rtf")


def test_rtf_is_read_as_it_is_shown() -> None:
    head = r"{\rtf1\ansi\deff0{\fonttbl{\f0 DVT;}}{\colortbl;\red1;}{\*\generator DVT;}{\info{\title DVT}}"
    shown = {
        "\\pard\\b No\\b0  DVT\\par\r\nLeft\\tab leg": "No DVT\nLeft leg",
        r"\{a\\b\} caf\'e9": "{a\\b} caf\u00e9",
        r"\u8211?x\uc0\u945 b \uc2\u945xyc\u-3?!z": "\u2013x\u03b1b \u03b1c\ufffdz",
        r"non\_compress\~ible a\-b\:c": "non-compress ible abc",
        r"{\v DVT}{\v0 shown}\emdash end": "shown - end",
    }
    for body, text in shown.items():
        assert rtf(f"{head}{body}}}") == text


def test_rtf_with_braces_that_do_not_match_is_read() -> None:
    assert rtf(r"{\rtf1 No}} DVT}") == "No DVT"
    assert rtf("{\\rtf1 " + "{" * 100_000 + "No DVT") == "No DVT"


def test_what_is_no_rtf_or_holds_raw_bytes_is_not_read() -> None:
    assert rtf("No DVT") is None
    assert rtf(r"{\rtf1 No DVT \bin4 abcd}") is None


def test_rtf_has_a_second_name() -> None:
    assert plain_text(rb"{\rtf1 No DVT}", "text/rtf; charset=us-ascii") == "No DVT"
