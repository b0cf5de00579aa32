"""The commands. `dvt-next-step` and `python -m app` are the same program.

Imports that cost time are inside the functions that need them, so that help and errors come at once.
"""
# ruff: noqa: PLC0415 -- the reason is the sentence above

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.errors import AuthorError
from app.settings import Settings, WrongSettings, read_settings

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

    from app.fhir.value_sets import ValueSets
    from app.pathway.load import Pathway

WRONG_CONTENT: Final = 1
WRONG_SETTINGS: Final = 2
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
def check() -> None:
    """Load every pathway and value set; one line each, or what is wrong as file:line: reason."""
    settings = read_settings()
    load_codes(settings)
    for pathway in load(settings):
        typer.echo(_in_one_line(pathway))


@cli.command()
def export(
    folder: Annotated[Path, typer.Argument(help="The folder that holds openapi.json and examples/.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is stale.")] = False,
) -> None:
    """Record the answers of the examples anew and write openapi.json."""
    stale = _renew(asyncio.run(_examples(folder)), write=not check)
    stale += _renew({folder / "openapi.json": _description(folder)}, write=not check)
    for file in stale:
        typer.echo(f"{'stale' if check else 'written'}: {file}")
    if check and stale:
        typer.echo("Write them anew with: make openapi", err=True)
        raise typer.Exit(WRONG_CONTENT)


def main() -> None:
    """The program: what an author or operator got wrong is said in one line each, without a traceback."""
    try:
        cli()
    except WrongSettings as wrong:
        for error in wrong.exceptions:
            typer.echo(str(error), err=True)
        raise SystemExit(WRONG_SETTINGS) from None
    except AuthorError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(WRONG_CONTENT) from None


def load(settings: Settings) -> "tuple[Pathway, ...]":
    """The pathways the settings point to. Raises AuthorError for the first thing that is wrong."""
    from app.clinical.evaluate import check_numbers
    from app.clinical.situation import DATES, DOMAINS
    from app.clinical.what_if import QUESTIONS
    from app.pathway.load import load_pathways

    pathways = load_pathways(settings.pathways_dir, DOMAINS, DATES, QUESTIONS)
    check_numbers(pathways)
    return pathways


def load_codes(settings: Settings) -> "ValueSets":
    """The value sets of the pathways. Raises AuthorError for a wrong file or one that is missing."""
    from app.clinical.reading import ROLES
    from app.fhir.value_sets import load_value_sets

    value_sets = load_value_sets(settings.pathways_dir)
    value_sets.require(ROLES, "*/valuesets")
    return value_sets


def make_app(settings: Settings, examples: Path | None = None) -> "FastAPI":
    """The service with the world it lives in: files, clock and network."""
    import httpx

    from app.main import clock_of, create_app
    from app.openapi import EXAMPLES

    return create_app(
        settings,
        pathways=load(settings),
        value_sets=load_codes(settings),
        http=httpx.AsyncClient(trust_env=False, follow_redirects=False),
        clock=clock_of(settings),
        examples=examples or EXAMPLES,
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
    Server(config).run()


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
        file.write_text(fresh[file], encoding="utf-8")
    return stale


def _default_settings() -> Settings:
    """Generated files do not depend on who generates them: the environment plays no part."""
    return Settings(**{name: field.default for name, field in Settings.model_fields.items()})


if __name__ == "__main__":
    main()
