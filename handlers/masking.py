"""Phone, identity and bank card numbers, shortened so that nobody can use them. Pure.

Ticket numbers (eight digits at most) stay. Digits may be full-width, and split by spaces, dashes
or brackets; a +86 before a mobile number goes with it.
"""

from __future__ import annotations

import re

_WIDE = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789XX")
_D = "[0-9０-９]"
_RUN = re.compile(rf"[+＋]?{_D}(?:[ \t\u00a0\u2005\u3000)）\-－—]{{0,2}}{_D}){{6,40}}[XxＸｘ]?")
_GAPS = re.compile(r"([ \t\u00a0\u2005\u3000]+)")
_MOBILE = re.compile(r"(?:(?:00)?86)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"0\d{2,3}[2-8]\d{6,7}")
_IDENTITY = re.compile(r"\d{17}[\dX]|\d{15}")
_CARD = re.compile(r"\d{16,19}")
_ENOUGH = 7  # digits below which a text has nothing to hide
_LONG = 11  # digits from which a run that is no known number is still hidden


def mask(text: str) -> str:
    """Return the text with such numbers shortened: ``138****1234``."""
    if sum(c.isdecimal() for c in text) < _ENOUGH:
        return text
    return _RUN.sub(lambda found: _shortened(found[0]), text)


def phones(text: str) -> tuple[str, ...]:
    """Return the phone numbers of a text, shortened, each once."""
    runs = (part for m in _RUN.finditer(text) for part in _numbers(m[0]))
    return tuple(dict.fromkeys(_shortened(run) for run in runs if _is_phone(run)))


def _numbers(run: str) -> list[str]:
    return [run] if _known(_digits(run)) else _GAPS.split(run)


def _digits(run: str) -> str:
    plain = run.translate(_WIDE)
    return "".join(c for c in plain if c.isdigit() or c in "Xx").upper()


def _is_phone(run: str) -> bool:
    digits = _digits(run)
    return bool(_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits))


def _known(digits: str) -> bool:
    kinds = (_MOBILE, _LANDLINE, _IDENTITY, _CARD)
    return any(kind.fullmatch(digits) for kind in kinds)


def _shortened(run: str) -> str:
    digits = _digits(run)
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        return f"{mobile[1][:3]}****{mobile[1][-4:]}"
    if _LANDLINE.fullmatch(digits):
        return f"{digits[:4]}****{digits[-3:]}"
    if _known(digits):
        return f"{digits[:4]}{'*' * (len(digits) - 8)}{digits[-4:]}"
    return _several(run, digits) if len(digits) >= _LONG else run


def _several(run: str, digits: str) -> str:
    """Shorten a run that is no one number: several side by side, or one too long to be any."""
    parts = _GAPS.split(run)
    if len(parts) > 1:
        return "".join(_shortened(part) for part in parts)
    return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
