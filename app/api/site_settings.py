"""What a site may set: the `config` of a question, as JSON Schema."""

from collections.abc import Collection, Mapping, Sequence

from app.clinical.evaluate import settings_of
from app.pathway.load import Pathway


def any_settings(pathways: Sequence[Pathway]) -> Mapping[str, object]:
    """A body whose `config` holds settings of any of these pathways."""
    return _config(pathways, {name for pathway in pathways for name in settings_of(pathway)})


def shared_settings(pathways: Sequence[Pathway]) -> Mapping[str, object]:
    """A body whose `config` holds settings that each of these pathways has: what any of them takes when asked alone."""
    named = [set(settings_of(pathway)) for pathway in pathways]
    return _config(pathways, set.intersection(*named) if named else set())


def _config(pathways: Sequence[Pathway], names: Collection[str]) -> Mapping[str, object]:
    described = {name: _setting(pathway, name) for pathway in pathways for name in settings_of(pathway)}
    members = {name: described[name] for name in sorted(names)}
    return {"properties": {"config": {"properties": members, "additionalProperties": False}}}


def _setting(pathway: Pathway, name: str) -> Mapping[str, object]:
    if name in pathway.policies:
        policy = pathway.policies[name]
        return {"description": policy.meaning, "enum": list(policy.values)}
    number = pathway.parameters[name]
    return {
        "description": f"{number.meaning} ({number.unit})",
        "type": "integer",
        "minimum": number.minimum,
        "maximum": number.maximum,
    }
