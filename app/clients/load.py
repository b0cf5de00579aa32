"""Loading the clients, and refusing wrong files with one `file:line: reason` for each fault, all at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from pydantic import ValidationError

from app.clients.code_maps import CodeMap, read_code_map, with_local_codes
from app.clients.content import ClientFile
from app.clients.dialects import HOOKS, SPEECHES, Dialect
from app.clients.faults import faults_of
from app.clients.manner import Manner
from app.clients.order_codes import STANDARD, OrderCodes, read_order_codes
from app.clinical.evaluate import configure, settings_of
from app.clinical.report_text.policy import ReportTextPolicy
from app.errors import AuthorError, CallerError, WrongClients
from app.fhir.answers import QueryState, answer_of
from app.fhir.value_sets import ValueSets
from app.pathway.content import RecordQuery, did_you_mean
from app.pathway.load import Pathway
from app.pathway.yaml_lines import Lines, line_of, read_yaml

DEFAULT: Final = "default"
"""The client that every call belongs to while there is no authentication."""

NOTHING_THERE: Final = msgspec.Raw(b"null")
"""As a prefetch value: asked, and nothing there (conformance row PF-06)."""


@dataclass(frozen=True, slots=True)
class Client:
    """One EHR installation. `pathways` carry its settings and `value_sets` its codes, worked out once at start.

    `aliases`: our prefetch key -> the name under which it comes. `fhir_budget_ms`: milliseconds.
    """

    id: str
    title: str
    pathways: tuple[Pathway, ...]
    value_sets: ValueSets
    zone: ZoneInfo
    fhir_bases: tuple[str, ...] = ()
    fhir_budget_ms: int = 1200
    aliases: Mapping[str, str] = field(default_factory=dict)
    no_such_data: frozenset[str] = frozenset()
    report_text: ReportTextPolicy = ReportTextPolicy.SUGGEST
    settings: Mapping[str, object] = field(default_factory=dict)
    local_codes: int = 0
    dialect: Dialect = Dialect.BASELINE
    hooks: tuple[str, ...] = HOOKS
    order_codes: OrderCodes = STANDARD
    link_hosts: frozenset[str] = frozenset()

    @property
    def manner(self) -> Manner:
        """What a card has to know of this EHR."""
        return Manner(SPEECHES[self.dialect], self.order_codes, self.link_hosts)

    def received(self, sent: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
        """What a call brought, under our keys. What this EHR has no data of and does not send is known to be empty;
        an answer that came, failed or was cut stays what it is.
        """
        renamed = {name: raw for name, raw in sent.items() if name not in self.aliases}
        renamed |= {key: sent[name] for key, name in self.aliases.items() if name in sent}
        return renamed | {key: NOTHING_THERE for key in self.no_such_data if _is_absent(key, renamed)}


@dataclass(frozen=True, slots=True)
class Clients:
    """Every client, by id. `default` is always there."""

    by_id: Mapping[str, Client]

    @property
    def default(self) -> Client:
        """The client of every call that proves no other."""
        return self.by_id[DEFAULT]

    def may_ask_loopback(self, *, on_loopback: bool) -> bool:
        """True in the development default: only this machine calls us, and no client lists a FHIR base."""
        return on_loopback and not any(client.fhir_bases for client in self.by_id.values())


def load_clients(folder: Path, pathways: Sequence[Pathway], value_sets: ValueSets) -> Clients:
    """Every `<id>.yaml` in the folder. Raises WrongClients for everything that is wrong in them and in their maps."""
    reading = _Reading(folder, pathways, value_sets)
    clients = {client.id: client for client in reading.clients()}
    if reading.faults:
        raise WrongClients("clients", list({str(fault): fault for fault in reading.faults}.values()))
    return Clients(MappingProxyType(clients))


class _Reading:
    """The folder being read. A map that several clients name is read once."""

    def __init__(self, folder: Path, pathways: Sequence[Pathway], value_sets: ValueSets) -> None:
        self.folder = folder
        self.pathways = pathways
        self.value_sets = value_sets
        self.queries = {key: query for pathway in pathways for key, query in pathway.queries.items()}
        self.maps: dict[str, CodeMap] = {}
        self.faults: list[AuthorError] = []
        self.all_are_readable = True

    def clients(self) -> Iterator[Client]:
        """The clients that are right; what is wrong with the others is in `faults`."""
        files = sorted(self.folder.glob("[!._]*"))
        if self.folder / f"{DEFAULT}.yaml" not in files:
            self.faults.append(AuthorError(self.folder.name, None, f"{DEFAULT}.yaml is missing"))
        for file in files:
            if file.suffix == ".yaml":
                yield from self._client(file)
        for file in files:
            self._refuse_idle(file)

    def _refuse_idle(self, file: Path) -> None:
        if file.suffix == ".json" and file.name not in self.maps and self.all_are_readable:
            reason = "no client names this map under code_maps or order_codes"
            self.faults.append(AuthorError(self.shown(file), None, reason))
        elif file.suffix == ".yml":
            self.faults.append(
                AuthorError(self.shown(file), None, "a client's file ends in .yaml: nobody reads this one")
            )

    def shown(self, file: Path) -> str:
        """The file from its folder on: no line of ours tells where on a machine it lies."""
        return f"{self.folder.name}/{file.name}"

    def _client(self, file: Path) -> Iterator[Client]:
        checked = self._checked(file)
        if checked is None:
            return
        before, content = len(self.faults), checked.content
        self.faults += checked.faults(file.stem)
        pathways = self._configured(checked)
        mapped = [
            each
            for place, name in enumerate(content.code_maps)
            for each in self._map(name, checked, "code_maps", place).mapped
        ]
        codes = self._order_codes(checked, pathways)
        value_sets = with_local_codes(self.value_sets, mapped, self.faults) if mapped else self.value_sets
        if len(self.faults) == before:
            yield _made(content, pathways, value_sets, len({each.source for each in mapped}), codes)

    def _checked(self, file: Path) -> "_Checked | None":
        shown = self.shown(file)
        try:
            plain, lines = read_yaml(file, shown)
        except AuthorError as error:
            self._give_up([error])
            return None
        try:
            return _Checked(ClientFile.model_validate(plain), lines, shown, self.queries)
        except ValidationError as error:
            self._give_up(faults_of(error, ClientFile, shown, lines))
            return None

    def _give_up(self, faults: Sequence[AuthorError]) -> None:
        """A file that cannot be read may name any map."""
        self.faults += faults
        self.all_are_readable = False

    def _order_codes(self, checked: "_Checked", pathways: Sequence[Pathway]) -> OrderCodes:
        name = checked.content.order_codes
        if name is None:
            return STANDARD
        orders = {order for pathway in pathways for order in pathway.orders}
        systems = SPEECHES[checked.content.dialect].order_systems
        return read_order_codes(self._map(name, checked, "order_codes").mapped, orders, systems, self.faults)

    def _map(self, name: str, checked: "_Checked", *at: str | int) -> CodeMap:
        if name not in self.maps:
            file = self.folder / name
            if file.is_file():
                self.maps[name] = read_code_map(file, self.shown(file))
                self.faults += self.maps[name].faults
            else:
                self.faults.append(checked.fault(f"{name}: there is no such file here", *at))
                self.maps[name] = CodeMap()
        return self.maps[name]

    def _configured(self, checked: "_Checked") -> tuple[Pathway, ...]:
        """The pathways with the client's settings: each by itself first, so that all that is wrong is said."""
        settings = checked.content.settings
        good = {name: value for name, value in settings.items() if self._is_setting(name, value, checked)}
        try:
            return configure(self.pathways, good)
        except CallerError as error:
            self.faults.append(checked.fault(f"settings: {error.text}: {error.change}", "settings"))
            return tuple(self.pathways)

    def _is_setting(self, name: str, value: object, checked: "_Checked") -> bool:
        known = sorted({each for pathway in self.pathways for each in settings_of(pathway)})
        if name not in known:
            hint = f"{did_you_mean(name, known)}; there are {', '.join(known)}"
            reason = f"settings.{name}: no pathway has this setting{hint}"
        else:
            try:
                configure(self.pathways, {name: value})
            except CallerError as error:
                if error.expression == ("config",):
                    return True  # wrong only beside the other settings, which are judged together
                reason = f"settings.{error.text}: {error.change}"
            else:
                return True
        self.faults.append(checked.fault(reason, "settings", name))
        return False


@dataclass(frozen=True, slots=True)
class _Checked:
    """One client's file, held against its own name and against what the pathways ask of a record."""

    content: ClientFile
    lines: Lines
    shown: str
    queries: Mapping[str, RecordQuery]

    def fault(self, reason: str, *at: str | int) -> AuthorError:
        """What is wrong at a place of the file."""
        return AuthorError(self.shown, line_of(at, self.lines), reason)

    def faults(self, stem: str) -> Iterator[AuthorError]:
        """Everything that is wrong and can be told without reading another file."""
        if self.content.id != stem:
            yield self.fault(f"id: the id is the file's name, {stem}", "id")
        yield from self._faults_of_hooks()
        yield from self._faults_of_aliases()
        yield from self._faults_of_absent_data()

    def _faults_of_hooks(self) -> Iterator[AuthorError]:
        spoken = SPEECHES[self.content.dialect].hooks
        for place, hook in enumerate(self.content.hooks or ()):
            if hook not in spoken:
                reason = f"hooks: {self.content.dialect} has no {hook}; it has {', '.join(spoken)}"
                yield self.fault(reason, "hooks", place)

    def _faults_of_aliases(self) -> Iterator[AuthorError]:
        aliases = self.content.prefetch_aliases
        taken: dict[str, str] = {}
        for key, name in aliases.items():
            at = ("prefetch_aliases", key)
            if key not in self.queries:
                yield self.fault(f"prefetch_aliases.{key}: {self._no_query(key)}", *at)
            elif name in taken:
                yield self.fault(f"prefetch_aliases.{key}: {name} is the alias of {taken[name]} already", *at)
            elif name in self.queries and name != key and name not in aliases:
                reason = f"prefetch_aliases.{key}: {name} is the key of another query; give that one an alias, too"
                yield self.fault(reason, *at)
            taken.setdefault(name, key)

    def _faults_of_absent_data(self) -> Iterator[AuthorError]:
        listed = self.content.no_such_data
        for place, key in enumerate(listed):
            if wrong := self._why_not_absent(key, listed):
                yield self.fault(f"no_such_data: {wrong}", "no_such_data", place)

    def _why_not_absent(self, key: str, listed: Sequence[str]) -> str:
        query = self.queries.get(key)
        if query is None:
            return self._no_query(key)
        if query.required:
            return f"{key} is required: without it there is no advice"
        if key in self.content.prefetch_aliases:
            return f"{key} has an alias, so this EHR sends it"
        kind = query.resource
        others = sorted(other for other in self.queries.keys() - listed if self.queries[other].resource == kind)
        if others:
            return f"{key}: the EHR has {kind} ({', '.join(others)} not listed); let it send {key} as null instead"
        return ""

    def _no_query(self, key: str) -> str:
        return f"{key} is no prefetch key{did_you_mean(key, self.queries)}; there are {', '.join(sorted(self.queries))}"


def _is_absent(key: str, sent: Mapping[str, msgspec.Raw]) -> bool:
    """Whether a key counts as not sent: `{}` does, too."""
    return answer_of(key, sent.get(key), "").state is QueryState.NOT_SENT


def _made(
    content: ClientFile,
    pathways: tuple[Pathway, ...],
    value_sets: ValueSets,
    local_codes: int,
    order_codes: OrderCodes,
) -> Client:
    return Client(
        id=content.id,
        title=content.title,
        pathways=pathways,
        value_sets=value_sets,
        zone=ZoneInfo(content.time_zone),
        fhir_bases=content.fhir_bases,
        fhir_budget_ms=content.fhir_budget_ms,
        aliases=MappingProxyType(dict(content.prefetch_aliases)),
        no_such_data=frozenset(content.no_such_data),
        report_text=content.report_text,
        settings=MappingProxyType(dict(content.settings)),
        local_codes=local_codes,
        dialect=content.dialect,
        hooks=tuple(content.hooks or SPEECHES[content.dialect].hooks),
        order_codes=order_codes,
        link_hosts=frozenset(content.link_hosts),
    )
