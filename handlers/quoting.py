"""A quoted reply as WeChat writes it into the text. Pure.

「老张：3栋的路灯坏了」
- - - - - - - - - - - - - - -
接单
"""

from __future__ import annotations

import re

_QUOTED = re.compile(
    r"\s*「(?:[^：:」\n]{1,40}[：:])?\s*(.*?)」\s*\n\s*(?:[-—]\s?){3,}\n?(.*)", re.DOTALL
)
_MENTIONS = re.compile(r"(?:@[^@\u2005\n]{1,40}\u2005\s*)+")
_LONGEST = 8000
"""Characters within which a quote is looked for; what is longer is no chat."""
_ENOUGH = 4
"""Characters that a cut quote must have in common with the words it was cut from."""


def split(text: str) -> tuple[str, str] | None:
    """Return the quoted words and the reply to them, or None if a text quotes nothing."""
    if "「" not in text[:40]:
        return None
    found = _QUOTED.fullmatch(text[:_LONGEST])
    return (found[1].strip(), found[2].strip()) if found else None


def same_words(quoted: str, said: str) -> bool:
    """Return whether quoted words, perhaps cut, are those of a message."""
    one, other = _plain(quoted), _plain(said)
    if not one or not other:
        return False
    cut = one.rstrip("….")
    begins = len(cut) >= _ENOUGH and other.startswith(cut)
    # of a message that was sent together with others only a part may be known
    return one == other or begins or (len(other) >= _ENOUGH and other in one)


def _plain(text: str) -> str:
    return "".join(_MENTIONS.sub("", text).split())
