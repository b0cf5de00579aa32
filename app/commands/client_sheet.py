"""What to hand to whoever sets up the EHR: addresses, queries, scopes, links and codes of one client, as Markdown.

Some EHRs never read discovery, and an analyst types this in (../shared/cds-hooks/vendors.md, section 2).
"""

from collections.abc import Iterator, Mapping, Sequence

from app.cards.render import OVERRIDE_REASONS
from app.cds_hooks.contexts import TRIGGERS
from app.cds_hooks.discovery import SPECIFICATION_VERSION, Service, offered, record_queries
from app.clients.dialects import SPEECHES, Dialect
from app.clients.load import Client

STEPS: Mapping[str, str] = {
    "patient-view": "the chart of a patient with a leg-vein ultrasound of the last weeks is opened",
    "order-select": "an imaging study, a laboratory test or a drug is selected",
    "order-sign": "orders are signed",
    "appointment-book": "an imaging appointment is booked",
    "encounter-discharge": "a patient is discharged",
    "order-dispatch": "an order is sent to the one who carries it out",
}
"""Hook -> when to call it."""


def client_sheet(client: Client, url: str) -> Iterator[str]:
    """The sheet, line by line. `url`: the public address of the service, without a slash at the end."""
    services = offered(client.hooks)
    base = f"{url}/cds-services"
    yield f"# {client.title}: setting up dvt-next-step"
    yield ""
    yield f"CDS Hooks {SPECIFICATION_VERSION}, FHIR R4. Client `{client.id}`, dialect `{client.dialect}`."
    yield f"Discovery: `GET {base}`. Every address is called with `POST` and `Content-Type: application/json`."
    yield from _section("Addresses and workflow steps", ("hook", "address", "call it when"), _addresses(services, base))
    if client.dialect is Dialect.EPIC:
        yield ""
        meant = ", ".join(f"{trigger} as {hook}" for trigger, hook in TRIGGERS.items())
        yield f"Calls of patient-view that name a trigger action are answered by it: {meant}."
    yield from _section("Prefetch", ("key", "query", "needed"), list(_prefetch(client)))
    yield ""
    yield "An absent key is unknown, `null` or an empty Bundle is none. Where the key cannot be sent, grant access:"
    scopes = sorted({query.resource for query in record_queries(client.pathways).values()})
    yield from _section("Scopes", ("FHIR resource", "SMART v1", "SMART v2"), [_scope(each) for each in scopes])
    yield from _section("Orders that a card may offer", ("order", "codes here"), list(_orders(client)))
    yield from _section("Link domains", ("host",), [(host,) for host in sorted(client.link_hosts)])
    yield from _section(
        "Override reasons", ("system", "code", "display"), [tuple(_reason(each)) for each in OVERRIDE_REASONS]
    )


def _section(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _addresses(services: Sequence[Service], base: str) -> list[tuple[str, str, str]]:
    return [(f"`{each.hook}`", f"`{base}/{each.id}`", STEPS[each.hook]) for each in services]


def _prefetch(client: Client) -> Iterator[tuple[str, str, str]]:
    for key, query in record_queries(client.pathways).items():
        if key not in client.no_such_data:
            name = client.aliases.get(key, key)
            yield f"`{name}`", f"`{query.template}`", "required" if query.required else query.why


def _scope(resource: str) -> tuple[str, str, str]:
    return resource, f"`patient/{resource}.read`", f"`patient/{resource}.rs`"


def _orders(client: Client) -> Iterator[tuple[str, str]]:
    systems = SPEECHES[client.dialect].order_systems
    orders = {name: order for pathway in client.pathways for name, order in pathway.orders.items()}
    for name, order in orders.items():
        codes = client.order_codes.of(name, order, systems)
        said = ", ".join(f"`{each['system']}\\|{each['code']}`" for each in codes)
        yield f"`{name}` ({order.title})", said or "none: in words only"


def _reason(reason: Mapping[str, str]) -> tuple[str, str, str]:
    return f"`{reason['system']}`", f"`{reason['code']}`", reason["display"]
