"""The client of the site whose codes `local.py` uses: its file and its map, loaded as at the start of the service."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from app.clients.load import Client, load_clients
from tests.front_door import pathways, value_sets
from tests.records.local import concept_map

CLIENT = "id: default\ntitle: A site with codes of its own\ntime_zone: UTC\ncode_maps: [site.json]\n"


@cache
def site() -> Client:
    """The client."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "default.yaml").write_text(CLIENT, "utf-8")
        (Path(folder) / "site.json").write_text(json.dumps(concept_map()), "utf-8")
        return load_clients(Path(folder), pathways(), value_sets()).default
