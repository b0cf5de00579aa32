"""Where published FHIR R4 records come from. `.ci/fetch-published` brings those that do not lie beside the project."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FETCHED: Final = ROOT / ".published"
FIXTURES: Final = ROOT.parent / "shared" / "cds-hooks" / "fixtures"


@dataclass(frozen=True)
class Source:
    """A package with records in it, or a generator of synthetic patients with the command that made them."""

    name: str
    version: str
    licence: str
    what: str
    folder: Path

    @property
    def files(self) -> list[Path]:
        """Its JSON and NDJSON files, in order; none when it was not fetched."""
        return sorted(each for each in self.folder.rglob("*") if each.suffix in (".json", ".ndjson"))


BESIDE: Final = Source(
    "CDS Hooks examples", "../shared", "per file, see its README", "calls and messages of HL7 and of vendors", FIXTURES
)

SOURCES: Final = (
    BESIDE,
    Source(
        "hl7.fhir.r4.examples (npm)", "4.0.1", "CC0-1.0", "every example of the R4 specification", FETCHED / "examples"
    ),
    Source(
        "fhir-test-cases (Maven)",
        "1.6.0",
        "Apache-2.0",
        "records of HL7's test suite for R4 and for its validator, broken ones among them",
        FETCHED / "test-cases",
    ),
    Source("cql-exec-fhir (npm)", "2.2.0", "Apache-2.0", "patients of Synthea", FETCHED / "cql-exec-fhir"),
    Source(
        "carebundle (PyPI)",
        "0.5.0",
        "Apache-2.0",
        "60 patients: generate --profile mixed --count 60 --sex mixed --age-range 20-89 --seed 1",
        FETCHED / "carebundle",
    ),
    Source(
        "clinosim (PyPI)",
        "0.6.5",
        "MIT",
        "a hospital: simulate --population 200 --seed 1 --country US --end 2026-03-01",
        FETCHED / "clinosim",
    ),
    Source(
        "tietai-synthea (PyPI)",
        "1.5.0",
        "Apache-2.0",
        "10 patients with their whole lives: generate -p 10 -s 1 -r 20260301 --profile us-core",
        FETCHED / "tietai-synthea",
    ),
)
