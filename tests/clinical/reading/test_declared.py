"""What facts.yaml declares about reading is what the code reads, and the other way round."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from app.clinical.reading import with_sources
from app.clinical.reading.declared import READ, STATED, facts_by_query, public_facts
from app.clinical.reading.stated_facts import RULES
from app.errors import AuthorError
from app.fhir.value_sets import ValueSets, load_value_sets
from tests.clinical.reading.reader import PATHWAYS, VALUE_SETS

SCHEMA = Path(__file__).parents[4] / "shared" / "clinical" / "facts_schema.yaml"
HOME = "negative-dvt-ultrasound"


def names_in(schema: dict[str, object], prefix: str = "") -> Iterator[str]:
    """The names of a JSON Schema's leaves, items of lists without their place."""
    members = schema.get("properties")
    for name, each in members.items() if isinstance(members, dict) else ():
        inner = each.get("items", each)
        is_leaf = "properties" not in inner
        yield from [f"{prefix}{name}"] if is_leaf else names_in(inner, f"{prefix}{name}.")


def test_the_public_facts_are_those_of_the_vocabulary() -> None:
    if not SCHEMA.exists():
        pytest.skip("facts_schema.yaml is not beside the project")
    schema = YAML(typ="safe", pure=True).load(SCHEMA.read_text("utf-8"))

    # a bound such as `< 0.27` is ours beside the number (threat model H10)
    assert public_facts() - {"alt.svt", "ddimer.comparator"} == set(names_in(schema))


def test_every_public_fact_is_brought_by_some_query() -> None:
    brings = facts_by_query(PATHWAYS)

    assert frozenset().union(*brings.values()) == public_facts()


def test_every_query_brings_something() -> None:
    assert all(facts_by_query(PATHWAYS).values())


def test_a_query_less_is_a_fact_less_or_a_form_less() -> None:
    """Every query is needed: without it a source of some fact is gone."""
    content = YAML(typ="safe", pure=True).load((PATHWAYS / HOME / "facts.yaml").read_text("utf-8"))
    named = {query for source in content["reading"].values() for query in listed(source["queries"])}

    assert named == set(content["queries"])


def listed(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def test_every_stated_fact_has_one_source() -> None:
    named = [fact for name in STATED for fact in VALUE_SETS.sources[name].facts]
    others = {
        "alt.confirmed", "procedure.surveillance_done", "procedure.stent_date", "procedure.intervention_date",
        "symptoms.status", "symptoms.as_of",
    }  # fmt: skip

    assert len(named) == len(set(named))
    assert set(named) == set(RULES) | others


def test_the_units_of_stated_facts_are_declared() -> None:
    for name in STATED:
        source = VALUE_SETS.sources[name]
        used = {unit for fact in source.facts if fact in RULES for unit in RULES[fact].units}

        assert used == set(source.units)


def test_every_source_says_its_statuses() -> None:
    without = {name for name, source in VALUE_SETS.sources.items() if not source.statuses}

    assert without == {"demographics"}
    for name, source in VALUE_SETS.sources.items():
        assert bool(source.verification) == (source.resource in {"Condition", "AllergyIntolerance"}), name


# ---- wrong declarations --------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(PATHWAYS, tmp_path, dirs_exist_ok=True)
    return tmp_path


def refused(pathways: Path) -> AuthorError:
    with pytest.raises(AuthorError) as error:
        with_sources(load_value_sets(pathways), pathways)
    return error.value


def changed(pathways: Path, old: str, new: str) -> Path:
    file = pathways / HOME / "facts.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return pathways


@pytest.mark.parametrize(
    ("old", "new", "at", "reason"),
    [
        ("  acute_kidney_injury:", "  acute_kidny_injury:", "acute_kidny_injury:",
         r"acute_kidny_injury: is a source that no code reads; did you mean acute_kidney_injury\?"),
        ("facts: aki,", "facts: aky,", "facts: aky", r"aky is no public fact; did you mean aki\?"),
        ("queries: devices,", "queries: devies,", "queries: devies", r"devies is no query; did you mean devices\?"),
        ("queries: devices, facts: mri", "queries: conditions, facts: mri", "queries: conditions",
         "conditions asks for Condition, not Device"),
        ("{resource: Device, queries", "{resource: Devise, queries", "resource: Devise",
         r"Devise is no resource that is read; did you mean Device\?"),
        ("codes: {mri-implant: check}", "codes: {mri-implnt: check}", "mri-implnt", "mri-implnt is no value set"),
        ("ddimer-not-comparable: not-comparable}", "ddimer-ddu-mass2: x}", "ddimer-ddu-mass2", "is no value set"),
        (", ddimer-not-comparable: not-comparable}", "}", "codes: {ddimer-feu-mass",
         "the code reads these value sets here: ddimer-ddu-mass, ddimer-feu-mass, ddimer-not-comparable"),
        ("anticoagulant: possible, heparin-line: none}, statuses: active, intents",
         "anticoagulant: possible, heparin-line: none}, statuses: [active, draft], intents",
         "statuses: [active, draft]",
         "medication_requests asks for status active only"),
        ("same_facts_as: [stated_alarms", "same_facts_as: [stated_alarm", "same_facts_as: [stated_alarm",
         r"stated_alarm is no source; did you mean stated_alarms\?"),
    ],
    ids=["source", "fact", "query", "resource", "type", "value-set", "file", "read-by-name", "filter", "same"],
)  # fmt: skip
def test_a_wrong_declaration_is_refused_with_its_place(copied: Path, old: str, new: str, at: str, reason: str) -> None:
    error = refused(changed(copied, old, new))
    lines = (copied / HOME / "facts.yaml").read_text("utf-8").splitlines()

    assert error.file == f"{HOME}/facts.yaml"
    assert re.search(reason, error.reason)
    assert error.line
    assert at in lines[error.line - 1]


def test_a_missing_source_is_named(copied: Path) -> None:
    file = copied / HOME / "facts.yaml"
    head, _, rest = file.read_text("utf-8").partition("  implants:\n")
    file.write_text(head + rest.partition("\n  implant_diagnoses:")[2].join(["  implant_diagnoses:", ""]), "utf-8")

    assert "implants is missing; the code reads it" in refused(copied).reason


def test_a_fact_that_no_source_brings_is_named(copied: Path) -> None:
    assert "no source brings the fact suspicion" in refused(changed(copied, "facts: [suspicion, ", "facts: [")).reason


def test_a_query_that_no_source_needs_is_named(copied: Path) -> None:
    extra = '  old: {resource: Condition, template: "Condition?patient={{context.patientId}}", why: Nothing}\n'
    error = refused(changed(copied, "  procedures:\n", f"{extra}  procedures:\n"))

    assert error.reason == "old: no source under reading needs this query"
    assert error.line


def test_a_value_set_that_no_source_names_is_named(copied: Path) -> None:
    folder = copied / HOME / "valuesets"
    extra = json.loads((folder / "cancer.json").read_text("utf-8"))
    extra["url"] = "urn:dvt-next-step:valueset:extra"
    (folder / "extra.json").write_text(json.dumps(extra))
    error = refused(copied)

    assert (error.file, error.reason) == ("*/valuesets/extra.json", "no source under reading names this value set")


def test_a_source_has_one_home(copied: Path) -> None:
    text = (copied / HOME / "facts.yaml").read_text("utf-8")
    reading = text[text.index("\nreading:\n") :]
    queries = text[text.index("\nqueries:\n") : text.index("\nreading:\n")]
    other = copied / "dvt-imaging" / "facts.yaml"
    other.write_text(other.read_text("utf-8") + queries + reading)

    assert "one name, one home" in refused(copied).reason


def test_somebody_has_to_declare_how_a_record_is_read(tmp_path: Path) -> None:
    home = tmp_path / "empty"
    home.mkdir()
    (home / "facts.yaml").write_text("facts: {}\n")

    assert "no pathway declares how a record is read" in refused(tmp_path).reason


def test_a_file_with_other_faults_is_left_to_its_loader(tmp_path: Path) -> None:
    home = tmp_path / "wrong"
    home.mkdir()
    (home / "facts.yaml").write_text("fact: {}\n")

    with pytest.raises(AuthorError, match="no pathway declares"):
        with_sources(ValueSets({}), tmp_path)


def test_the_sources_of_the_code_are_all_declared() -> None:
    assert set(VALUE_SETS.sources) == set(READ)
