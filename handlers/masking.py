"""Phone, identity and bank card numbers, shortened so that nobody can use them. Pure.

However they are written: see ``handlers.digits``. A number is known by its digits and by how they
are grouped, so that what is no secret stays: ticket numbers (eight digits at most), lists of them,
dates, times, rooms, amounts. Where two readings overlap, the surer one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handlers.digits import COMMA, DASH, Group, count_digits, groups_of

_ENOUGH = 11  # digits of the shortest number that is hidden
_MOST = 19  # digits of the longest; a country's prefix comes on top
_PREFIXES = ("0086", "86")

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0(?:10|2\d)|0[3-9]\d\d)[2-8]\d{6,7}")
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_REGION = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|7[1-2]|8[1-3])\d{4}"
_IDENTITY = re.compile(rf"{_REGION}(?:19|20)\d\d{_MONTH_DAY}\d{{3}}[\dX]")
_OLD_IDENTITY = re.compile(rf"{_REGION}\d\d{_MONTH_DAY}\d{{3}}")
_DATE = re.compile(rf"(?:19|20)\d\d{_MONTH_DAY}")
_MOMENT = re.compile(rf"20\d\d{_MONTH_DAY}(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_LETTER = re.compile(r"[ \-－]?[XxＸｘ×](?![A-Za-z])")

_MOBILE_SIZES = {(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5)}
_IDENTITY_SIZES = {(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (6, 6, 6), (3, 3, 3, 3, 3, 3)}
_OLD_SIZES = {(6, 6, 3), (6, 2, 2, 2, 3), (5, 5, 5), (3, 3, 3, 3, 3), (4, 4, 4, 3)}

_SURE, _LIKELY, _MAYBE = 3, 2, 1


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the groups from one on, ``count`` of them, may be."""

    sure: int
    count: int
    shown: str
    phone: bool = False
    letter: int = 0
    """Characters after the last group that belong to the number: the X of an identity number."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Some groups in a row, taken as one number."""

    digits: str
    sizes: tuple[int, ...]
    gaps: tuple[str, ...]
    words: bool

    @property
    def even(self) -> bool:
        """Whether all gaps are of one kind, and none a comma, which stands between numbers."""
        return len(set(self.gaps)) <= 1 and not self.listed

    @property
    def listed(self) -> bool:
        """Whether commas separate its digits; said in words, a comma is only a breath."""
        return not self.words and any(COMMA in gap for gap in self.gaps)

    @property
    def alike(self) -> bool:
        """Whether the groups are numbers of one list: as long as each other, rising, and near."""
        size = self.sizes[0]
        if len(self.sizes) < 3 or any(s != size for s in self.sizes):
            return False
        values = [int(self.digits[at : at + size]) for at in range(0, len(self.digits), size)]
        return values == sorted(values) and values[-1] - values[0] <= 10 ** (size - 1)

    def less(self, length: int) -> _Span:
        """Return the span without its first digits."""
        sizes, gaps, left = list(self.sizes), list(self.gaps), length
        while left and sizes[0] <= left:
            left -= sizes.pop(0)
            gaps = gaps[1:]
        sizes[0] -= left
        return _Span(self.digits[length:], tuple(sizes), tuple(gaps), self.words)


def mask(text: str) -> str:
    """Return the text with such numbers shortened: ``138****1234``."""
    done: list[str] = []
    end = 0
    for start, stop, reading in _secrets(text):
        done += (text[end:start], reading.shown)
        end = stop
    return "".join(done) + text[end:] if done else text


def phones(text: str) -> tuple[str, ...]:
    """Return the phone numbers of a text, shortened, each once."""
    return tuple(dict.fromkeys(r.shown for _, _, r in _secrets(text) if r.phone))


def _secrets(text: str) -> Iterator[tuple[int, int, _Reading]]:
    """Yield start, end and reading of each number to hide."""
    if count_digits(text) < _ENOUGH:
        return
    groups = groups_of(text)
    at = 0
    while at < len(groups):
        reading = _best(text, groups, at)
        if reading is not None:
            last = groups[at + reading.count - 1]
            yield _begin(text, groups[at]), last.end + reading.letter, reading
            at += reading.count
        elif groups[at].words and 3 < len(groups[at].digits) < _ENOUGH:
            groups[at] = groups[at].without_first()
        else:
            at += 1


def _begin(text: str, first: Group) -> int:
    """Return where a number begins, with the + of a country's prefix."""
    plus = first.digits.startswith("86") and text[first.start - 1 : first.start] in {"+", "＋"}
    return first.start - plus


def _best(text: str, groups: Sequence[Group], at: int) -> _Reading | None:
    """Return the surest reading from a group on, the longest of equals, unless a surer one begins
    within it."""
    found = sorted(_readings(text, groups, at), key=lambda r: (-r.sure, -r.count))
    for reading in found:
        inside = range(at + 1, at + reading.count)
        if reading.sure == _SURE or not any(
            other.sure > reading.sure for k in inside for other in _readings(text, groups, k)
        ):
            return reading
    return None


def _readings(text: str, groups: Sequence[Group], at: int) -> Iterator[_Reading]:
    plus = _begin(text, groups[at]) < groups[at].start
    for count, span in _spans(groups, at):
        letter = _letter(text, groups[at + count - 1].end) if len(span.digits) == 17 else 0
        reading = (
            _identity(span, count, letter)
            or _mobile(span, count, plus)
            or _landline(span, count, plus)
            or _card(span, count)
            or _other(span, count)
        )
        if reading:
            yield reading


def _spans(groups: Sequence[Group], at: int) -> Iterator[tuple[int, _Span]]:
    """Yield how many groups, and those as one, wherever they are long enough and not too long."""
    stop, total = at, 0
    while stop < len(groups) and (stop == at or groups[stop].gap is not None):
        total += len(groups[stop].digits)
        stop += 1
        if total > _MOST and stop > at + 1:
            return
        if total >= _ENOUGH:
            taken = groups[at:stop]
            yield (
                stop - at,
                _Span(
                    "".join(g.digits for g in taken),
                    tuple(len(g.digits) for g in taken),
                    tuple(g.gap or "" for g in taken[1:]),
                    all(g.words for g in taken),
                ),
            )


def _letter(text: str, end: int) -> int:
    found = _LETTER.match(text, end)
    return found.end() - end if found else 0


def _identity(span: _Span, count: int, letter: int) -> _Reading | None:
    digits = f"{span.digits}X" if letter else span.digits
    sizes = (*span.sizes[:-1], span.sizes[-1] + bool(letter))
    if len(digits) == 18:
        known, usual = _IDENTITY.fullmatch(digits), sizes in _IDENTITY_SIZES
    elif len(digits) == 15:
        known, usual = _OLD_IDENTITY.fullmatch(digits), sizes in _OLD_SIZES
    else:
        return None
    whole = len(sizes) == 1
    if (known and (whole or len(digits) == 18)) or (whole and letter):
        sure = _SURE
    elif span.listed or span.alike or not (usual or (known and span.even)):
        return None
    else:
        sure = _LIKELY if known and usual else _MAYBE
    return _Reading(sure, count, _hidden(digits), letter=letter)


def _mobile(span: _Span, count: int, plus: bool) -> _Reading | None:
    span = _national(span, plus)
    if not _MOBILE.fullmatch(span.digits):
        return None
    shown = f"{span.digits[:3]}****{span.digits[-4:]}"
    if span.sizes == (3, 4, 4) or (span.sizes in _MOBILE_SIZES and not span.listed):
        return _Reading(_SURE, count, shown, phone=True)
    dated = span.sizes[0] == 8 and _DATE.match(span.digits)
    if not span.even or span.alike or dated:
        return None
    return _Reading(_MAYBE, count, shown, phone=True)


def _landline(span: _Span, count: int, plus: bool) -> _Reading | None:
    home = _national(span, plus)
    short = home is not span and not home.digits.startswith("0")  # +86 731 …
    digits = f"0{home.digits}" if short else home.digits
    found = _LANDLINE.fullmatch(digits)
    if not found or home.listed:
        return None
    area = len(found[1]) - short
    shown = f"{digits[:4]}****{digits[-3:]}"
    if len(home.sizes) == 1:
        return _Reading(_SURE, count, shown, phone=True)
    if home.sizes[0] == area and len(home.sizes) <= 3:
        return _Reading(_LIKELY, count, shown, phone=True)
    return _Reading(_MAYBE, count, shown, phone=True) if home.even else None


def _national(span: _Span, plus: bool) -> _Span:
    """Return the span without the country's prefix; an 86 by itself and without a + is none."""
    for prefix in _PREFIXES:
        apart = prefix == "86" and span.sizes[0] == 2 and not plus
        if span.digits.startswith(prefix) and not apart:
            return span.less(len(prefix))
    return span


def _card(span: _Span, count: int) -> _Reading | None:
    digits, sizes = span.digits, span.sizes
    if not 16 <= len(digits) <= _MOST or digits[0] not in "34569":
        return None
    shown = _hidden(digits)
    if len(sizes) == 1:
        return _Reading(_SURE, count, shown)
    if span.listed or span.alike:
        return None
    known = digits.startswith("62") or _adds_up(digits)
    usual = sizes[:4] == (4, 4, 4, 4) or (sizes[0] == 6 and len(sizes) == 2)
    if usual:
        return _Reading(_LIKELY if known else _MAYBE, count, shown)
    return _Reading(_MAYBE, count, shown) if known and span.even else None


def _adds_up(digits: str) -> bool:
    """Return whether the last digit checks the others (Luhn), as on a bank card."""
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _other(span: _Span, count: int) -> _Reading | None:
    """Hide what is too long to be harmless, though it is no number we know."""
    digits, sizes = span.digits, span.sizes
    if len(sizes) == 1:
        return None if _MOMENT.fullmatch(digits) else _Reading(_MAYBE, count, _long(digits))
    a_mobile_and_more = (
        sizes[:2] == (3, 4) and len(sizes) == 3 and _MOBILE.match(digits) and not span.listed
    )
    dashed = len(digits) > 12 and min(sizes) > 2 and set(span.gaps) == {DASH}
    if a_mobile_and_more or (dashed and not span.alike and not _DATE.match(digits)):
        return _Reading(_MAYBE, count, _long(digits))
    return None


def _hidden(digits: str) -> str:
    return f"{digits[:4]}{'*' * (len(digits) - 8)}{digits[-4:]}"


def _long(digits: str) -> str:
    return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
