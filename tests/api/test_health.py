"""GET /health."""

from app import __version__
from tests.front_door import ask, pathways


async def test_health_names_the_program_and_its_pathways() -> None:
    response = await ask("GET", "/health")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": __version__,
        "pathways": [
            {"id": each.id, "version": each.version, "content_hash": each.content_hash, "status": "draft"}
            for each in pathways()
        ],
    }
