"""The pages people look at. Everything they load comes from this server; nothing is written into them unescaped."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from app import __version__
from app.pathway.load import Pathway

HERE: Final = Path(__file__).resolve().parent

CONTENT_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_HEADERS: Final = {
    "Content-Security-Policy": f"{CONTENT_POLICY}; style-src 'self'; img-src 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Swagger UI draws its icons as data: images and asks only this server; its scripts and styles are files.
SWAGGER_HEADERS: Final = {
    **PAGE_HEADERS,
    "Content-Security-Policy": f"{CONTENT_POLICY}; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'",
}


def add_pages(app: FastAPI, pathways: Sequence[Pathway], address: str) -> None:
    """Serve the landing page, the Swagger UI and their files. `address` is where people reach this server."""
    pages = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    landing = pages.get_template("landing.html").render(version=__version__, pathways=pathways, address=address)
    swagger = pages.get_template("docs.html").render()
    app.include_router(_pages(landing, swagger))
    app.mount("/docs/assets", StaticFiles(directory=swagger_files()), name="swagger-ui")
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")


def swagger_files() -> Path:
    """The folder with Swagger UI's own files, in the package that ships them; the package is not imported."""
    package = find_spec("fastapi_swagger")
    if package is None or package.origin is None:
        raise FileNotFoundError("fastapi-swagger is not installed")
    return Path(package.origin).parent / "resources"


def _pages(landing: str, swagger: str) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    async def home() -> HTMLResponse:
        return HTMLResponse(landing, headers=PAGE_HEADERS)

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(swagger, headers=SWAGGER_HEADERS)

    return router
