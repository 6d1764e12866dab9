"""Phone, identity and bank card numbers, shortened so that nobody can use them. Pure.

Ticket numbers (eight digits at most) stay. Digits may be full-width, and split by spaces or
dashes; a +86 before a mobile number goes with it.
"""

from __future__ import annotations

import re

_WIDE = str.maketrans("０１２３４５６７８９＋－（）Ｘｘ", "0123456789+-()Xx")
_RUN = re.compile(r"\+?[0-9](?:[ \t\u00a0\u3000()-]{0,2}[0-9]){6,40}[Xx]?")
_MOBILE = re.compile(r"(?:(?:00)?86)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"0\d{2,3}[2-8]\d{6,7}")
_IDENTITY = re.compile(r"\d{17}[\dX]|\d{15}")
_CARD = re.compile(r"\d{16,19}")


def mask(text: str) -> str:
    """Return the text with such numbers shortened: ``138****1234``."""
    return _RUN.sub(lambda found: _shortened(found[0]), text.translate(_WIDE)) if _any(text) else text


def phones(text: str) -> tuple[str, ...]:
    """Return the phone numbers of a text, shortened, each once."""
    found = (_shortened(m[0]) for m in _RUN.finditer(text.translate(_WIDE)) if _is_phone(m[0]))
    return tuple(dict.fromkeys(found))


def _any(text: str) -> bool:
    return sum(c.isdecimal() for c in text) >= 7


def _digits(run: str) -> str:
    return "".join(c for c in run if c.isdigit() or c in "Xx").upper()


def _is_phone(run: str) -> bool:
    digits = _digits(run)
    return bool(_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits))


def _shortened(run: str) -> str:
    digits = _digits(run)
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        return f"{mobile[1][:3]}****{mobile[1][-4:]}"
    if _LANDLINE.fullmatch(digits):
        return f"{digits[:4]}****{digits[-3:]}"
    if _IDENTITY.fullmatch(digits) or _CARD.fullmatch(digits):
        return f"{digits[:4]}{'*' * (len(digits) - 8)}{digits[-4:]}"
    return _several(run) if len(digits) >= 11 else run


def _several(run: str) -> str:
    """Shorten a run that is no one number: several side by side, or one too long to be any."""
    parts = re.split(r"([ \t\u00a0\u3000]+)", run)
    if len(parts) > 1:
        return "".join(_shortened(p) if len(p) >= 7 else p for p in parts)
    digits = _digits(run)
    return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
