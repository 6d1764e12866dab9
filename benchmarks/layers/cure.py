"""Makes wechaty 0.10.7 importable on today's Python, pyee and urllib3.

Each line has its reason. A cure that a newer release makes needless raises `NeedlessError`, which
names it, so that none outlives its illness. `standard-telnetlib` (requirements.in) is the one cure
that is a package: wechaty and wechaty-puppet-service import telnetlib, which Python 3.13 dropped.
"""

# ruff: noqa: PLC0415 (each import must wait for the cure before it)
from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any

CURED = "0.10.7"


class NeedlessError(Exception):
    """A line of this module has nothing left to cure."""


def _ill(ill: bool, line: str) -> None:
    if not ill:
        raise NeedlessError(f"benchmarks/layers/cure.py: this line is needless now: {line}")


def cure() -> None:
    """Set right what the import of wechaty stumbles over. Call it once, before that import."""
    # the cures below were found for this release; another one must be looked at anew
    _ill(version("wechaty") == CURED, f'CURED = "{CURED}" (wechaty is {version("wechaty")})')

    # a level that its logger takes as ERROR: at its default, INFO, it prints each message
    os.environ["WECHATY_LOG"] = "error"
    # set, this would be a log file for every logger of the package
    os.environ.pop("WECHATY_LOG_FILE", None)

    # wechaty says `from pyee import AsyncIOEventEmitter`; pyee 12 moved it to pyee.asyncio
    import pyee
    import pyee.asyncio

    _ill(not hasattr(pyee, "AsyncIOEventEmitter"), "pyee.AsyncIOEventEmitter = ...")
    pyee.AsyncIOEventEmitter = pyee.asyncio.AsyncIOEventEmitter

    # wechaty/user/url_link.py says `from urllib3 import get_host`; urllib3 2 has no such function
    import urllib3

    _ill(not hasattr(urllib3, "get_host"), "urllib3.get_host = ...")
    urllib3.get_host = _get_host

    # wechaty/wechaty.py has `puppet_options: PuppetOptions = PuppetOptions()` in a dataclass; since
    # 3.11 Python refuses a default that can't be hashed, and a dataclass with __eq__ can't.
    # It lives in wechaty_puppet, which needs the first cure and comes before wechaty.
    from wechaty_puppet.schemas.puppet import PuppetOptions

    _ill(PuppetOptions.__hash__ is None, "PuppetOptions.__hash__ = object.__hash__")
    PuppetOptions.__hash__ = object.__hash__


def _get_host(url: str) -> tuple[str, str | None, int | None]:
    """What urllib3 1 had: scheme, host and port."""
    from urllib3.util import parse_url

    found = parse_url(url)
    return found.scheme or "http", found.hostname, found.port


def quiet_options(address: str, token: str) -> Any:  # noqa: ANN401
    """Return WechatyOptions under which nothing is opened or kept."""
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from wechaty import WechatyOptions

    return WechatyOptions(
        endpoint=address,
        token=token,
        scheduler=AsyncIOScheduler(),  # its own would keep jobs in .wechaty/job.db
        host="127.0.0.1",  # its own is 0.0.0.0
        port=0,  # it only looks whether somebody listens there: without plugins it opens none
    )
