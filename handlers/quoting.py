"""A quoted reply as WeChat writes it into the text. Pure.

「老张：3栋的路灯坏了」
- - - - - - - - - - - - - - -
接单
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_QUOTED = re.compile(
    r"\s*「(?:([^：:」\n]{1,40})[：:])?\s*(.*?)」\s*\n\s*(?:[-—]\s?){3,}\n?(.*)", re.DOTALL
)
_MENTIONS = re.compile(r"(?:@[^@\u2005\n]{1,40}\u2005\s*)+")
_LONGEST = 8000
"""Characters within which a quote is looked for; what is longer is no chat."""
_ENOUGH = 4
"""Characters that a cut quote must have in common with the words it was cut from."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Who is quoted (empty if not said), their words, and the reply to them."""

    name: str
    words: str
    reply: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message that may be the quoted one; ``name`` is empty for the bot's own."""

    id: str
    name: str
    text: str


def split(text: str) -> Quote | None:
    """Return the parts of a quoted reply, or None if a text quotes nothing."""
    if "「" not in text[:40]:
        return None
    found = _QUOTED.fullmatch(text[:_LONGEST])
    return Quote((found[1] or "").strip(), found[2].strip(), found[3].strip()) if found else None


def find(quote: Quote, lately: Sequence[Spoken]) -> str | None:
    """Return the id of the quoted message among the latest, newest first; None if there is none,
    or if several fit equally and the speaker doesn't tell them apart."""
    ranked = [(_rank(quote, said), said) for said in lately]
    best = min((rank for rank, _ in ranked), default=_NOT_AT_ALL)
    fitting = [said for rank, said in ranked if rank == best]
    if best == _NOT_AT_ALL or (best > _SAME_SPEAKER and len(fitting) > 1):
        return None
    return fitting[0].id


_SAME_SPEAKER, _NOT_AT_ALL = 0, 9


def _rank(quote: Quote, said: Spoken) -> int:
    """Return how well a message fits: 0 the same words of the same speaker, 1 the same words, 2
    the beginning of a cut quote, 3 words that were sent together with others."""
    one, other = _plain(quote.words), _plain(said.text)
    if not one or not other:
        return _NOT_AT_ALL
    if one == other:
        return _SAME_SPEAKER if quote.name and quote.name == said.name else 1
    cut = one.rstrip("….")
    if len(cut) >= _ENOUGH and cut != one and other.startswith(cut):
        return 2
    # only the bot's own words leave several in one message
    return 3 if not said.name and len(other) >= _ENOUGH and other in one else _NOT_AT_ALL


def _plain(text: str) -> str:
    return "".join(_MENTIONS.sub("", text).split())
