"""An empty database for each server, on each engine that the run covers."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "")


def engines() -> list[str]:
    return ["sqlite", "postgres"] if POSTGRES_URL else ["sqlite"]


@contextmanager
def empty_database(engine: str) -> Iterator[str | None]:
    """The URL of a database that nobody else uses; None means the file in the data directory."""
    if engine == "sqlite":
        yield None
        return
    name = f"keybearer_e2e_{uuid.uuid4().hex}"
    _as_administrator(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        yield urlunsplit(urlsplit(POSTGRES_URL)._replace(path=f"/{name}"))
    finally:
        _as_administrator(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _as_administrator(statement: sql.Composed) -> None:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(statement)
