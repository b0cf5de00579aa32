"""The JSON Schema of a client's file, for editors: made from the model that loads it and what the pathways offer."""

from collections.abc import Sequence
from typing import Any, Final

from app.clients.content import KEY, ClientFile
from app.pathway.content import Parameter
from app.pathway.load import Pathway

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def client_schema(pathways: Sequence[Pathway]) -> Schema:
    """The schema. Keys of queries and names of settings are listed; what needs other files only the loader knows."""
    schema: Schema = _untitled(ClientFile.model_json_schema())
    keys = sorted({key for pathway in pathways for key in pathway.queries})
    optional = sorted({key for pathway in pathways for key, query in pathway.queries.items() if not query.required})
    members = schema["properties"]
    members["no_such_data"]["items"] = {"enum": optional}
    name = {"type": "string", "pattern": KEY}
    _close(members["prefetch_aliases"], dict.fromkeys(keys, name))
    _close(members["settings"], dict(sorted(_settings(pathways).items())))
    return {"$schema": DIALECT, "title": "deploy/clients/<id>.yaml", **schema}


def _close(mapping: Schema, members: Schema) -> None:
    """Pydantic's schema of a mapping of anything, with the members that there are."""
    for loose in ("patternProperties", "propertyNames"):
        mapping.pop(loose, None)
    mapping |= {"properties": members, "additionalProperties": False}


def _settings(pathways: Sequence[Pathway]) -> Schema:
    settings: Schema = {}
    for pathway in pathways:
        for name, policy in pathway.policies.items():
            settings[name] = {"description": policy.meaning, "enum": list(policy.values)}
        for name, parameter in pathway.parameters.items():
            if parameter.site_may_change:
                settings[name] = _number(parameter)
    return settings


def _number(parameter: Parameter) -> Schema:
    return {
        "description": f"{parameter.meaning} ({parameter.unit}, default {parameter.value})",
        "type": "integer",
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
    }


def _untitled(part: Any) -> Any:  # noqa: ANN401 -- a schema holds any JSON
    if isinstance(part, list):
        return [_untitled(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {name: _untitled(each) for name, each in part.items() if not (name == "title" and isinstance(each, str))}
