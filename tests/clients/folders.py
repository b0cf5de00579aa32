"""Folders of clients as an integrator writes them, and records in the local codes of a made-up EHR."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.clients.load import Client, load_clients
from tests.front_door import pathways, value_sets

Json = dict[str, Any]

LOCAL = "https://ehr.example/codes"
DEFAULT = 'id: default\ntitle: "Example Hospital"\ntime_zone: Europe/Vienna\n'
WIRED = frozenset({"http://loinc.org", "http://snomed.info/sct"})
OURS = ("urn:dvt-next-step:fact", "urn:dvt-next-step:value")

Row = tuple[str, str, str, str]
"""A local code, the system and code it is mapped to, and the equivalence."""


def folder_of(tmp_path: Path, client: str = DEFAULT, **maps: Json | str) -> Path:
    """A folder with one client and its maps."""
    folder = tmp_path / "clients"
    folder.mkdir(exist_ok=True)
    (folder / "default.yaml").write_text(client, encoding="utf-8")
    for name, content in maps.items():
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder


def client_of(tmp_path: Path, client: str = DEFAULT, **maps: Json | str) -> Client:
    """The one client of such a folder."""
    return load_clients(folder_of(tmp_path, client, **maps), pathways(), value_sets()).default


def mapping(*rows: Row, source: str = LOCAL) -> Json:
    """A ConceptMap: one group for each target system."""
    targets = dict.fromkeys(system for _, system, _, _ in rows)
    return {
        "resourceType": "ConceptMap",
        "status": "active",
        "group": [
            {
                "source": source,
                "target": target,
                "element": [
                    {"code": local, "target": [{"code": code, "equivalence": equivalence}]}
                    for local, system, code, equivalence in rows
                    if system == target
                ],
            }
            for target in targets
        ],
    }


class Dialect:
    """Standard codes and ours, each replaced by a local code; the same one always by the same."""

    def __init__(self) -> None:
        self.local: dict[tuple[str, str], str] = {}

    def spoken(self, record: Json) -> Json:
        """The record with every coding that could be recognised in local codes."""
        changed: Json = copy.deepcopy(record)
        self._replace(changed)
        return changed

    def map(self) -> Json:
        """The ConceptMap that says what they mean."""
        return mapping(*((local, *pair, "equivalent") for pair, local in self.local.items()))

    def _replace(self, value: object) -> None:
        if isinstance(value, Mapping):
            if {"system", "code"} <= value.keys() and self._is_translated(value):
                pair = (value["system"], value["code"])
                local = self.local.setdefault(pair, f"LOCAL-{len(self.local) + 1}")
                assert isinstance(value, dict)
                value.update(system=LOCAL, code=local, display="Anything at all")
                return
            for each in value.values():
                self._replace(each)
        elif isinstance(value, list):
            for each in value:
                self._replace(each)

    @staticmethod
    def _is_translated(coding: Mapping[str, Any]) -> bool:
        is_ours = coding["system"] in OURS
        return "value" not in coding and (is_ours or bool(value_sets().roles_of(coding["system"], coding["code"])))
