"""`make report-text-table`: writes the tables of docs/report-text.md, or with --check says that they are stale."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.report_text.confusion import markdown
from tests.report_text.our_reader import read_labelled
from tests.report_text.reports import read_corpus

PAGE: Final = Path(__file__).parents[2] / "docs" / "report-text.md"
START: Final = "<!-- tables: make report-text-table -->\n"
END: Final = "<!-- end of tables -->\n"


def renewed(page: str) -> str:
    """The page with the tables of today; ValueError when it has no place for them."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"docs/report-text.md needs the lines {START.strip()} and {END.strip()}")
    tables = markdown((*read_corpus("dev"), *read_corpus("held out")), read_labelled)
    return f"{before}{START}\n{tables}\n\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.report_text", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when the tables are stale")
    wanted = parser.parse_args(arguments)
    page = PAGE.read_text(encoding="utf-8")
    new = renewed(page)
    if wanted.check:
        if new != page:
            sys.stderr.write("docs/report-text.md is stale; run: make report-text-table\n")
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
