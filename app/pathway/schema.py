"""JSON Schemas of the pathway files, for editors: the keys, the allowed values, and what each word means.

Made from the models that load the files (`content.py`), so an editor and the loader say the same. What needs several
files at once (does this reference exist?) only `check` knows.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from app.pathway import content
from app.pathway.content import (
    SO_FAR,
    Content,
    FactsFile,
    PathwayFile,
    RecommendationsFile,
    Reference,
    ReportWordsFile,
    Review,
    Stage,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CONDITIONS: Final = {"$ref": "#/$defs/Conditions"}
NAME: Final = {"type": "string", "pattern": content.NAME}
TIMING: Final = {"$comment": "one timing"}  # pydantic follows every reference itself, so ours waits until it is done
WORDS: Final = {
    "fired": "any of these rows fired",
    "not_fired": "none of these rows fired",
    "recommended": "any of these is recommended",
    "not_recommended": "none of these is recommended",
    "pending": "any of these is recommended and has not lapsed",
}

Schema = dict[str, Any]


def schemas(facts: Mapping[str, Sequence[str]]) -> dict[str, Schema]:
    """File name -> schema. `facts`: the values code can give each fact; conditions are held against them."""
    return {
        "pathway.schema.json": _schema("pathway.yaml", PathwayFile, facts),
        "facts.schema.json": _schema("facts.yaml", FactsFile, facts),
        "stage.schema.json": _schema("rules/*.yaml", Stage, facts),
        "recommendations.schema.json": _schema("recommendations.yaml", RecommendationsFile, facts),
        "references.schema.json": _references(),
        "report_words.schema.json": _schema("report_words.yaml", ReportWordsFile, facts),
        "reviews.schema.json": _reviews(),
    }


def schema_for(file: str) -> str:
    """The schema of a pathway's file, by its place in the folder: `rules/repeat.yaml` -> `stage.schema.json`."""
    folder, _, name = file.rpartition("/")
    return "stage.schema.json" if folder == "rules" else f"{name.removesuffix('.yaml')}.schema.json"


class _AsWritten(GenerateJsonSchema):
    """Pydantic's schema of what is left after our short forms were opened; here they are allowed again."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """A lone word for a list of one, a lone timing or indicator for the list of cases."""
        opened = super().function_before_schema(schema)
        match schema["function"]["function"]:
            case content._one_or_many:  # noqa: SLF001 -- the short form belongs to content.py alone
                return {"anyOf": [opened["items"], opened]}
            case content._indicator_cases:  # noqa: SLF001 -- as above
                return {"anyOf": [{"enum": [each.value for each in content.Indicator]}, opened]}
            case content._timing_cases:  # noqa: SLF001 -- as above
                return {"anyOf": [dict(TIMING), opened]}
            case _:
                return opened


def _schema(file: str, model: type[Content], facts: Mapping[str, Sequence[str]]) -> Schema:
    schema: Schema = _tidy(model.model_json_schema(schema_generator=_AsWritten))
    if _mentions(schema, CONDITIONS):
        schema["$defs"]["Conditions"] = _conditions(facts)
    return _titled(file, schema)


def _conditions(facts: Mapping[str, Sequence[str]]) -> Schema:
    return {
        "type": "object",
        "description": "Fact, policy or finding -> the values that match; all lines must hold.",
        "properties": {
            **{name: _one_or_many({"enum": list(values)}) for name, values in facts.items()},
            **{word: {"description": WORDS[word], **_one_or_many(NAME)} for word in SO_FAR},
        },
        "patternProperties": {content.NAME: _one_or_many(NAME)},
        "additionalProperties": False,
    }


def _references() -> Schema:
    return _titled("references.yaml", _tidy(TypeAdapter(Mapping[content.Name, Reference]).json_schema()))


def _reviews() -> Schema:
    reviews = _tidy(TypeAdapter(list[Review]).json_schema())
    defined = reviews.pop("$defs")
    members = {"type": "object", "properties": {"reviews": reviews}, "required": ["reviews"]}
    return _titled("reviews.yaml", {"$defs": defined, **members, "additionalProperties": False})


def _titled(file: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "title": file, **{name: part for name, part in schema.items() if name != "title"}}


def _one_or_many(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _tidy(part: Any) -> Any:  # noqa: ANN401 -- a schema holds any JSON
    """Pydantic's schema with the parts put right that do not say what the loader does."""
    if isinstance(part, list):
        return [_tidy(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part == TIMING:
        return {"$ref": "#/$defs/TimingSpec"}
    tidy = {name: _tidy(each) for name, each in part.items() if not (name == "title" and isinstance(each, str))}
    if "minLength" in tidy and tidy.get("type") != "string":  # pydantic takes a list's least length for a text's
        least = tidy.pop("minLength")
        for each in tidy.get("anyOf", [tidy]):
            if each.get("type") == "array":
                each["minItems"] = least
    if tidy.get("patternProperties") == {content.NAME: _one_or_many(NAME)}:
        kept = {name: tidy[name] for name in ("default", "description") if name in tidy}
        return {**CONDITIONS, **kept}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy


def _mentions(part: Any, wanted: Schema) -> bool:  # noqa: ANN401 -- a schema holds any JSON
    if isinstance(part, dict):
        return wanted.items() <= part.items() or any(_mentions(each, wanted) for each in part.values())
    return isinstance(part, list) and any(_mentions(each, wanted) for each in part)
