"""A folder of clients is loaded whole, or refused: each fault with file, line, what is wrong, what would be right."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from app.clients.load import Clients, load_clients
from app.clinical.report_text.policy import ReportTextPolicy
from app.errors import WrongClients
from tests.front_door import pathways, value_sets
from tests.test_commands import run

CLIENT = """\
id: default
title: Example Hospital
time_zone: Europe/Vienna
fhir_bases:
  - https://ehr.example/fhir
fhir_budget_ms: 900
code_maps:
  - codes.json
prefetch_aliases:
  reports: dvt-reports
  conditions: problems
no_such_data:
  - devices
# what words may do
report_text: suggest
settings:
  repeat_min_day: 4
  persistent_policy: staged
"""

CODES = """\
{
  "resourceType": "ConceptMap",
  "url": "https://ehr.example/maps/dvt",
  "status": "draft",
  "group": [
    {
      "source": "https://ehr.example/codes",
      "target": "http://loinc.org",
      "element": [
        {
          "code": "DUPLEX",
          "display": "Duplex leg veins left",
          "target": [
            {"code": "39432-0", "equivalence": "equivalent"}
          ]
        }
      ]
    },
    {
      "source": "https://ehr.example/codes", "target": "http://snomed.info/sct", "element": [{"code": "NEG",
        "target": [
          {"code": "373140001", "equivalence": "equivalent"}
        ]},
        {"code": "OLD", "target": [{"equivalence": "unmatched"}, {"code": "373142009", "equivalence": "disjoint"}]},
        {"code": "NOTHING"}
      ]
    },
    {
      "source": "https://ehr.example/codes",
      "target": "urn:dvt-next-step:fact",
      "element": [
        {"code": "PROTOCOL", "target": [
          {"code": "exam.protocol", "equivalence": "equal"}
        ]}
      ]
    }
  ]
}
"""


def written(tmp_path: Path, client: str = CLIENT, codes: str = CODES) -> Path:
    folder = tmp_path / "clients"
    folder.mkdir()
    (folder / "default.yaml").write_text(client, encoding="utf-8")
    (folder / "codes.json").write_text(codes, encoding="utf-8")
    return folder


def load(folder: Path) -> Clients:
    return load_clients(folder, pathways(), value_sets())


def faults_in(folder: Path) -> list[str]:
    with pytest.raises(WrongClients) as wrong:
        load(folder)
    return list(map(str, wrong.value.exceptions))


def test_a_client_is_its_file(tmp_path: Path) -> None:
    client = load(written(tmp_path)).default

    assert (client.id, client.title, client.zone) == ("default", "Example Hospital", ZoneInfo("Europe/Vienna"))
    assert (client.fhir_bases, client.fhir_budget_ms) == (("https://ehr.example/fhir",), 900)
    assert client.aliases == {"reports": "dvt-reports", "conditions": "problems"}
    assert client.no_such_data == {"devices"}
    assert client.local_codes == 3
    assert client.report_text is ReportTextPolicy.SUGGEST
    assert {each.days["repeat_min_day"] for each in client.pathways} == {4}
    assert {each.days["repeat_min_day"] for each in pathways()} == {5}


def test_every_file_is_a_client_and_a_map_may_serve_several(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "other.yaml").write_text(CLIENT.replace("default", "other"))
    (folder / ".hidden.yaml").write_text("x")
    (folder / "_schema").mkdir()
    (folder / "README.md").write_text("x")

    assert sorted(load(folder).by_id) == ["default", "other"]


def test_a_client_that_says_nothing_more_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "clients"
    folder.mkdir()
    (folder / "default.yaml").write_text("id: default\ntitle: Any\ntime_zone: UTC\n")
    client = load(folder).default

    assert client.pathways == pathways()
    assert client.value_sets is value_sets()


@dataclass(frozen=True)
class Wrong:
    """One fault. `also`: how many others follow from it."""

    fault: str
    old: str
    new: str
    at: str
    reason: str
    file: str = "default.yaml"
    also: int = 0


WRONG = [Wrong(**each) for each in YAML(typ="safe", pure=True).load(Path(__file__).parent / "wrong_clients.yaml")]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.fault)
def test_a_wrong_file_is_refused_with_its_line(wrong: Wrong, tmp_path: Path) -> None:
    folder = written(tmp_path)
    file = folder / wrong.file
    before = file.read_text("utf-8")
    assert before.count(wrong.old) >= 1
    text = before.replace(wrong.old, wrong.new, 1)
    file.write_text(text, encoding="utf-8")

    told = faults_in(folder)

    line = text[: text.index(wrong.at)].count("\n") + 1
    assert [each for each in told if each.startswith(f"clients/{wrong.file}:{line}: {wrong.reason}")], told
    assert len(told) == 1 + wrong.also, told


def test_there_are_enough_faults() -> None:
    assert len(WRONG) >= 25


def test_all_faults_are_told_at_once_in_all_files(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        CLIENT.replace("devices", "patient").replace("repeat_min_day: 4", "repeat_min_day: 2\n  stale_day: 1\n  x: 1"),
        CODES.replace("373140001", "373140002").replace('"equal"', '"wider"'),
    )
    (folder / "other.yaml").write_text("id: another\ntitle: T\nhook: x\nsettings: []\n")

    assert places(faults_in(folder)) == [
        "clients/default.yaml:13",
        "clients/default.yaml:17",
        "clients/default.yaml:18",
        "clients/default.yaml:19",
        "clients/codes.json:22",
        "clients/codes.json:33",
        "clients/other.yaml:1",
        "clients/other.yaml:2",
        "clients/other.yaml:3",
        "clients/other.yaml:4",
    ]


def places(told: list[str]) -> list[str]:
    return list(dict.fromkeys(each.partition(": ")[0] for each in told))


def test_a_fault_of_a_shared_map_is_told_once(tmp_path: Path) -> None:
    folder = written(tmp_path, codes=CODES.replace("39432-0", "2160-0").replace('"equal"', '"narrower"'))
    (folder / "other.yaml").write_text(CLIENT.replace("default", "other"))

    assert places(faults_in(folder)) == ["clients/codes.json:33", "clients/codes.json:14"]


def other_files() -> Iterator[tuple[str, str, str]]:
    yield "more.json", CODES, "clients/more.json: no client names this map under code_maps or order_codes"
    yield "more.yml", CLIENT, "clients/more.yml: a client's file ends in .yaml: nobody reads this one"
    yield "more.yaml", "", "clients/more.yaml:1: the file is empty"
    yield "more.yaml", "[1, 2]", "clients/more.yaml:1: the file: must be an object"


@pytest.mark.parametrize(("name", "text", "told"), list(other_files()))
def test_a_file_that_nobody_reads_is_told(name: str, text: str, told: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / name).write_text(text)

    assert faults_in(folder) == [told]


def test_the_default_client_must_be_there(tmp_path: Path) -> None:
    folder = written(tmp_path, CLIENT.replace("default", "other"))
    (folder / "default.yaml").rename(folder / "other.yaml")

    assert faults_in(folder) == ["clients: default.yaml is missing"]
    assert faults_in(tmp_path / "nowhere") == ["nowhere: default.yaml is missing"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe{}", "clients/codes.json:1: the file is not UTF-8"),
        (b"[" * 100_000, "clients/codes.json: the file cannot be read as JSON"),
        (b"[]", "clients/codes.json:1: the file: must be an object"),
        (b" " * (20 * 1024 * 1024 + 1), "clients/codes.json: the file is larger than 20971520 bytes"),
    ],
    ids=["not UTF-8", "deep", "no object", "large"],
)
def test_a_map_that_cannot_be_read_is_told(content: bytes, told: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "codes.json").write_bytes(content)

    assert faults_in(folder) == [told]


def test_a_map_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "codes.json").unlink()
    (folder / "codes.json").mkdir()

    assert faults_in(folder) == ["clients/default.yaml:8: codes.json: there is no such file here"]


def test_a_map_of_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path)

    read = Path.read_bytes

    def refuse(file: Path) -> bytes:
        if file.name == "codes.json":
            raise PermissionError
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert faults_in(folder) == ["clients/codes.json: the file is missing or cannot be read"]


def test_nothing_starts_with_a_wrong_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path, CLIENT.replace("devices", "device").replace("staged", "later"))
    monkeypatch.setenv("DVT_CLIENTS_DIR", str(folder))

    assert run("serve", "--port", "0") == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert [each.partition(": ")[0] for each in said.err.splitlines()] == [
        "clients/default.yaml:13",
        "clients/default.yaml:18",
    ]
