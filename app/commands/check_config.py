"""`check-config`: what is wrong with the environment and the clients' files; when nothing is, what they say."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.clients.load import Client, Clients
from app.errors import AuthorError, WrongClients
from app.settings import Settings, WrongSettings, folders_only, read_settings


@dataclass(frozen=True, slots=True)
class Examined:
    """The settings and clients as a start would find them. `clients` is None when something is wrong with them."""

    settings: Settings
    clients: Clients | None
    faults: tuple[AuthorError, ...]


def examine(load: Callable[[Settings], Clients]) -> Examined:
    """Read everything that a start reads, and collect what is wrong. The clients are looked at in any case."""
    faults: list[AuthorError] = []
    clients = None
    try:
        settings = read_settings()
    except WrongSettings as wrong:
        faults += every(wrong)
        settings = folders_only()
    try:
        clients = load(settings)
    except WrongClients as wrong:
        faults += every(wrong)
    except AuthorError as error:
        faults.append(error)
    return Examined(settings, clients, tuple(faults))


def every(wrong: ExceptionGroup[AuthorError]) -> Iterator[AuthorError]:
    """The faults in a group, which holds no other group."""
    return (each for each in wrong.exceptions if isinstance(each, AuthorError))


def in_words(examined: Examined) -> Iterator[str]:
    """What is in force, one line for the settings and one block for each client."""
    if examined.faults or examined.clients is None:
        return
    settings = ", ".join(f"{name} {_shown(value)}" for name, value in settings_json(examined.settings).items())
    yield f"settings: {settings}"
    for client in examined.clients.by_id.values():
        yield f"client {client.id}: {client.title}"
        for name, value in client_json(client).items():
            if name not in ("id", "title"):
                yield f"  {name}: {_shown(value)}"
    if examined.clients.may_ask_loopback(on_loopback=examined.settings.on_loopback):
        yield "in development: no client lists a FHIR base, so those on this machine may be asked"


def as_json(examined: Examined) -> dict[str, object]:
    """The same for machines."""
    return {
        "ok": not examined.faults,
        "faults": [{"file": each.file, "line": each.line, "reason": each.reason} for each in examined.faults],
        "settings": settings_json(examined.settings) if not examined.faults else {},
        "clients": [client_json(each) for each in (examined.clients.by_id.values() if examined.clients else ())],
    }


def settings_json(settings: Settings) -> dict[str, object]:
    """Each setting by its name in the environment; folders by their last name, which says enough."""
    folders = {"pathways_dir": settings.pathways_dir.name, "clients_dir": settings.clients_dir.name}
    return {f"DVT_{name.upper()}": value for name, value in (settings.model_dump(mode="json") | folders).items()}


def client_json(client: Client) -> dict[str, object]:
    """What is in force for one client."""
    return {
        "id": client.id,
        "title": client.title,
        "time_zone": client.zone.key,
        "fhir_bases": list(client.fhir_bases),
        "fhir_budget_ms": client.fhir_budget_ms,
        "local_codes": client.local_codes,
        "prefetch_aliases": dict(client.aliases),
        "report_text": str(client.report_text),
        "no_such_data": sorted(client.no_such_data),
        "settings": dict(client.settings),
    }


def _shown(value: object) -> str:
    match value:
        case Mapping():
            return ", ".join(f"{name} {inner}" for name, inner in value.items()) or "none"
        case list():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value)
