"""People's names as they may be shown. Pure."""

from __future__ import annotations

import unicodedata

from handlers.masking import mask

LONGEST = 32


def plain_name(name: str) -> str:
    """Return a name as one short line; control and direction characters, which could turn a line
    of the bot's around or break it, are left out."""
    shown = "".join(" " if c.isspace() else c for c in name if _shows(c))
    line = " ".join(shown.split())
    # masked before the cut, lest half a phone number be none that the mask knows
    return line if len(line) <= LONGEST else mask(line)[:LONGEST]


def _shows(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] != "C"
