"""The product served with sockets, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..conftest import make_database
from ..running import Running, running
from .listening import Listener


@pytest.fixture(scope="module")
def server(
    database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Running]:
    """Two workers; with PostgreSQL there is Redis too, as in the big shape."""
    folder: Path = tmp_path_factory.mktemp("served")
    env = {}
    if database == "postgresql":
        env["DATABASE_URL"] = make_database(request.getfixturevalue("postgres_url"), "sockets")
        env["REDIS_URL"] = request.getfixturevalue("redis_url")
    with running(folder, "-w", "2", env=env) as served:
        yield served


@pytest.fixture(scope="module")
def admin(server: Running) -> str:
    return server.sign_in()


@pytest.fixture
def connect(server: Running) -> Iterator[Callable[[str], Listener]]:
    """Connects clients and disconnects them afterwards."""
    made: list[Listener] = []

    def one(token: str) -> Listener:
        made.append(Listener(server.url, token))
        return made[-1]

    yield one
    for listener in made:
        listener.client.disconnect()
