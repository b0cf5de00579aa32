"""`make published`: ask about all published records, write docs/published-bundles.md; leaves with 1 if one is wrong."""

import asyncio
import sys

from tests.published.page import page
from tests.published.sources import ROOT, SOURCES
from tests.published.survey import Survey, survey

PAGE = ROOT / "docs" / "published-bundles.md"


def told(found: Survey) -> str:
    counts = f"{found.bundles} Bundles, {found.patients} patients, {found.resources.total()} resources"
    return f"{found.source.name} {found.source.version}: {counts}, {len(found.wrong)} wrong"


def main() -> int:
    absent = [source.name for source in SOURCES if not source.files]
    if absent:
        print(f"not there: {', '.join(absent)} (.ci/fetch-published)", file=sys.stderr)  # noqa: T201
        return 1
    surveys = []
    for source in SOURCES:
        found = asyncio.run(survey(source))
        print(told(found), flush=True)  # noqa: T201
        for line in sorted(set(found.wrong)):
            print(f"  {found.wrong.count(line)} x {line}")  # noqa: T201
        surveys.append(found)
    if any(found.wrong for found in surveys):
        return 1
    PAGE.write_text(page(surveys), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
