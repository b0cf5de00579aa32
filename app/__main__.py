"""The commands. `dvt-next-step` and `python -m app` are the same program.

Imports that cost time are inside the functions that need them, so that help and errors come at once.
"""
# ruff: noqa: PLC0415 -- the reason is the sentence above

import asyncio
import json
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from app.errors import AuthorError, WrongClients
from app.settings import Settings, WrongSettings, read_settings

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

    from app.clients.load import Clients
    from app.clinical.report_text.words import ReportWords
    from app.fhir.value_sets import ValueSets
    from app.pathway.load import Pathway

WRONG_CONTENT: Final = 1
WRONG_SETTINGS: Final = 2
DIFFERENT: Final = 1  # of `diff`, as with diff(1): 0 the same, 1 different, 2 trouble
TROUBLE: Final = 2
SECONDS_TO_FINISH: Final = 20
KEEP_ALIVE_SECONDS: Final = 75  # longer than the 60 s of common proxies, so that they close first

cli = typer.Typer(
    name="dvt-next-step",
    help="What to do after a negative leg-vein ultrasound, said to an EHR as one card.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a pretty traceback shows local values
)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; otherwise DVT_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; otherwise DVT_PORT.")] = None,
) -> None:
    """Serve until told to stop."""
    settings = read_settings(host=host, port=port)
    _serve(make_app(settings), settings)


@cli.command()
def check(
    *,
    proof: Annotated[bool, typer.Option(help="Prove the pathways for every patient; needs the extra `proof`.")] = True,
    strict_scenarios: Annotated[
        bool, typer.Option(help="Fail for a rule without a scenario that fires and one that only just misses.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Load every pathway and value set, prove what must hold for every patient, and run the scenarios. What is wrong
    is said in one line each, and ends with 1.
    """
    settings = read_settings()
    load_codes(settings)
    load_report_words(settings)
    pathways = load(settings)
    if proof and find_spec("z3") is None:
        raise AuthorError("check", None, "the proof needs z3-solver (the extra `proof`); without it: --no-proof")
    from app.proof.report import as_json as verdict_as_json
    from app.proof.report import in_words, judge

    verdict = judge(settings.pathways_dir, pathways, proof=proof)
    told = [json.dumps(verdict_as_json(verdict))] if as_json else [*map(_in_one_line, pathways), *in_words(verdict)]
    for line in told:
        typer.echo(line)
    faults = verdict.faults(strict_scenarios=strict_scenarios)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(WRONG_CONTENT)


@cli.command()
def check_config(*, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Read the environment's settings and every client's file as a start would: what is wrong, in one line each with
    file and line, which ends with 1; otherwise what is in force.
    """
    from app.commands import check_config as config

    examined = config.examine(load_all)
    for line in [json.dumps(config.as_json(examined))] if as_json else config.in_words(examined):
        typer.echo(line)
    for fault in examined.faults:
        typer.echo(str(fault), err=True)
    if examined.faults:
        raise typer.Exit(WRONG_CONTENT)


@cli.command()
def client_sheet(
    *,
    client: Annotated[str, typer.Option(help="Which client.")] = "default",
    url: Annotated[str, typer.Option(help="The public address of the service.")] = "https://dvt.example.org",
) -> None:
    """Print what to hand to whoever sets up the EHR: addresses, prefetch, scopes, order codes, links and override
    codes.
    """
    from app.commands import client_sheet as sheets

    clients = load_all(read_settings()).by_id
    if client not in clients:
        raise AuthorError("--client", None, f"there is no such client; there are {', '.join(clients)}")
    for line in sheets.client_sheet(clients[client], url.rstrip("/")):
        typer.echo(line)


@cli.command()
def unrecognised(
    source: Annotated[Path, typer.Argument(help="A Bundle in JSON, an NDJSON export, or a folder of them.")],
    *,
    client: Annotated[str, typer.Option(help="Whose codes are known.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the codes of a record or an export that nothing recognises, most frequent first. Prints no patient data:
    counts, systems and codes only.
    """
    from app.commands import unrecognised as codes

    clients = load_all(read_settings()).by_id
    if client not in clients:
        raise AuthorError("--client", None, f"there is no such client; there are {', '.join(clients)}")
    counts = codes.count_unrecognised(source, clients[client])
    for line in [codes.as_json(counts, clients[client])] if as_json else codes.in_words(counts, clients[client]):
        typer.echo(line)


@cli.command()
def export(
    folder: Annotated[Path, typer.Argument(help="The folder that holds openapi.json and examples/.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is stale.")] = False,
) -> None:
    """Record the answers of the examples anew and write openapi.json."""
    stale = _renew(asyncio.run(_examples(folder)), write=not check)
    stale += _renew({folder / "openapi.json": _description(folder)}, write=not check)
    _report_stale(stale, "make openapi", check=check)


@cli.command()
def export_pathways(
    docs: Annotated[Path, typer.Argument(help="The folder for a page and a drawing of each pathway.")],
    schemas: Annotated[Path, typer.Argument(help="The folder for the JSON Schemas of the pathway files.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is stale.")] = False,
) -> None:
    """Write what is made from the pathways: pages, drawings, and schemas for editors."""
    from app.commands.pages import pages, schema_files

    settings = _default_settings()
    fresh = {**pages(load(settings), settings.pathways_dir, docs), **schema_files(schemas)}
    _report_stale(_renew(fresh, write=not check), "make pages", check=check)


@cli.command()
def export_clients(
    schemas: Annotated[Path, typer.Argument(help="The folder for the JSON Schema of the clients' files.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is stale.")] = False,
) -> None:
    """Write the schema of the clients' files for editors."""
    from app.commands.pages import client_schema_files

    fresh = client_schema_files(load(_default_settings()), schemas)
    _report_stale(_renew(fresh, write=not check), "make pages", check=check)


@cli.command()
def explain(
    source: Annotated[
        str,
        typer.Argument(
            help="A JSON or YAML file with facts, a FHIR Bundle or a body of POST /evaluate; - reads standard input."
        ),
    ],
    *,
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to decide for.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Explain one patient's advice: the facts, the rows that fired, what is unknown and whether it matters."""
    from app.api.evaluate import Desk
    from app.commands.explain import explain as explained
    from app.main import clock_of

    settings = read_settings()
    client = load_all(settings).default
    desk = Desk(
        client.pathways,
        client.value_sets,
        client.zone,
        clock_of(settings, client.zone),
        client.report_text,
        load_report_words(settings),
    )
    for line in explained(source, desk, today.date() if today else None, as_json=as_json):
        typer.echo(line)


@cli.command()
def draw(
    pathway: Annotated[str, typer.Argument(help="The id of a pathway.")],
    *,
    out: Annotated[Path | None, typer.Option(help="The file to write; otherwise standard output.")] = None,
) -> None:
    """Draw a pathway as SVG."""
    from app.commands.pages import drawing

    picture = drawing(load(read_settings()), pathway)
    if out is None:
        typer.echo(picture, nl=False)
    else:
        out.write_text(picture, encoding="utf-8")


@cli.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A pathway folder, or a folder of pathways.")],
    new: Annotated[Path, typer.Argument(help="The same, changed.")],
    *,
    samples: Annotated[int, typer.Option(min=1, help="How many made-up patients both versions decide.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same patients.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Compare two versions: what they say, and whom they decide differently. Ends with 1 if anything differs, 2 if a
    version cannot be loaded.
    """
    from app.commands import compare

    try:
        old_version, new_version = (compare.chosen(folder, load_from(compare.parent(folder))) for folder in (old, new))
    except AuthorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(TROUBLE) from None
    found = compare.report((old_version, new_version), samples=samples, seed=seed)
    for line in [compare.as_json(found)] if as_json else compare.in_words(found):
        typer.echo(line)
    if not found.is_empty:
        raise typer.Exit(DIFFERENT)


@cli.command()
def new_pathway(
    pathway: Annotated[str, typer.Argument(help="The id, which is the folder's name: small letters and hyphens.")],
    *,
    title: Annotated[str | None, typer.Option(help="How people call it.")] = None,
    uses: Annotated[str | None, typer.Option(help="The pathway whose facts and words it uses.")] = None,
) -> None:
    """Write a small pathway that works, beside the others, with comments that teach the form."""
    from app.commands.new_pathway import files_of, write

    settings = read_settings()
    home = settings.pathways_dir / pathway
    write(files_of(pathway, title, uses, load(settings)), home)
    typer.echo(f"written: {home} (change it, then run: dvt-next-step check)")


def main() -> None:
    """The program: what an author or operator got wrong is said in one line each, without a traceback."""
    try:
        cli()
    except WrongSettings as wrong:
        for error in wrong.exceptions:
            typer.echo(str(error), err=True)
        raise SystemExit(WRONG_SETTINGS) from None
    except WrongClients as wrong:
        for error in wrong.exceptions:
            typer.echo(str(error), err=True)
        raise SystemExit(WRONG_CONTENT) from None
    except AuthorError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(WRONG_CONTENT) from None


def load(settings: Settings) -> "tuple[Pathway, ...]":
    """The pathways the settings point to. Raises AuthorError for the first thing that is wrong."""
    return load_from(settings.pathways_dir)


def load_from(folder: Path) -> "tuple[Pathway, ...]":
    """The pathways in a folder. Raises AuthorError for the first thing that is wrong."""
    from app.clinical.evaluate import check_numbers
    from app.clinical.ordering import ORDER_DOMAINS, check_order_pathways
    from app.clinical.situation import DATES, DOMAINS
    from app.clinical.what_if import QUESTIONS
    from app.pathway.load import load_pathways

    pathways = load_pathways(folder, DOMAINS, DATES, QUESTIONS, ORDER_DOMAINS)
    check_numbers(pathways)
    check_order_pathways(pathways)
    return pathways


def load_codes(settings: Settings) -> "ValueSets":
    """The value sets of the pathways and where facts are found. Raises AuthorError for the first fault."""
    from app.clinical.reading import with_sources
    from app.fhir.value_sets import load_value_sets

    return with_sources(load_value_sets(settings.pathways_dir), settings.pathways_dir)


def load_report_words(settings: Settings) -> "ReportWords | None":
    """The word list of the pathways, or None when no pathway has one: then no prose is read. Raises AuthorError."""
    from app.clinical.report_text.words import load_words

    file = next(iter(sorted(settings.pathways_dir.glob("*/report_words.yaml"))), None)
    return load_words(file) if file else None


def load_all(settings: Settings) -> "Clients":
    """The clients the settings point to, each with its pathways and codes. Raises WrongClients for all that is wrong in
    their files, AuthorError for the first thing that is wrong in the pathways.
    """
    from app.clients.load import load_clients

    return load_clients(settings.clients_dir, load(settings), load_codes(settings))


def make_app(settings: Settings, examples: Path | None = None) -> "FastAPI":
    """The service with the world it lives in: files, clock and network."""
    from app.fhir.network import Reach, outbound_client
    from app.main import clock_of, create_app
    from app.openapi import EXAMPLES

    clients = load_all(settings)
    ask_loopback = clients.may_ask_loopback(on_loopback=settings.on_loopback)
    return create_app(
        settings,
        pathways=load(settings),
        clients=clients,
        http=outbound_client(Reach(settings.fhir_networks, allow_loopback=ask_loopback)),
        clock=clock_of(settings, clients.default.zone),
        examples=examples or EXAMPLES,
        report_words=load_report_words(settings),
    )


def _serve(app: "FastAPI", settings: Settings) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
            await super().startup(sockets)  # ends the program when it cannot start
            typer.echo(_greeting(settings, self.servers[0].sockets[0].getsockname()[1]))

    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,  # costs 33-61 us a request, and a path may name a patient one day
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it once more when all is closed: that is no failure
    Server(config).run()


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


def _greeting(settings: Settings, port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    reach = "only this machine can call it" if settings.on_loopback else "OTHER MACHINES CAN CALL IT"
    return f"dvt-next-step serves on http://{host}:{port} (authentication is off, {reach}). Stop with Ctrl+C."


def _in_one_line(pathway: "Pathway") -> str:
    status = "clinically approved" if pathway.approved else "draft, not clinically approved"
    return f"{pathway.id} {pathway.version} {pathway.content_hash[:12]} {len(pathway.rows)} rows, {status}: ok"


async def _examples(folder: Path) -> dict[Path, str]:
    """Example file -> its text with the answer this program gives now."""
    from app.openapi import recorded

    examples = folder / "examples"
    return await recorded(make_app(_default_settings(), examples), examples)


def _description(folder: Path) -> str:
    from app.openapi import written

    return written(make_app(_default_settings(), folder / "examples").openapi())


def _renew(fresh: Mapping[Path, str], *, write: bool) -> list[Path]:
    """The files that are not as they should be; with `write` they are made so."""
    stale = [file for file, text in fresh.items() if not file.exists() or file.read_text("utf-8") != text]
    for file in stale if write else ():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(fresh[file], encoding="utf-8")
    return stale


def _report_stale(stale: Sequence[Path], anew: str, *, check: bool) -> None:
    for file in stale:
        typer.echo(f"{'stale' if check else 'written'}: {file}")
    if check and stale:
        typer.echo(f"Write them anew with: {anew}", err=True)
        raise typer.Exit(WRONG_CONTENT)


def _default_settings() -> Settings:
    """Generated files do not depend on who generates them: the environment plays no part."""
    return Settings(**{name: field.default for name, field in Settings.model_fields.items()})


if __name__ == "__main__":
    main()
