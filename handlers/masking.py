"""Phone, identity and bank card numbers, shortened so that nobody can use them. Pure.

However they are written: see ``handlers.digits``. A number is known by its digits and by how they
are grouped, so that what is no secret stays: ticket numbers (eight digits at most), lists of them,
dates, times, rooms, amounts. Where two readings overlap, the surer one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from handlers.digits import COMMA, DASH, SPACE, Group, count_digits, groups_of

WIPED = "〔号码已删〕"
_ENOUGH = 11  # digits of the shortest number that is hidden
_MOST = 19  # digits of the longest; a country's prefix comes on top
_PREFIXES = ("0086", "86")
_LONGEST_LANDLINE = 16  # 0086 0731 88886666

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0(?:10|2\d)|0[3-9]\d\d)[2-8]\d{6,7}")
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_REGION = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|7[1-2]|8[1-3])\d{4}"
_IDENTITY = re.compile(rf"{_REGION}(?:19|20)\d\d{_MONTH_DAY}\d{{3}}[\dX]")
_OLD_IDENTITY = re.compile(rf"{_REGION}\d\d{_MONTH_DAY}\d{{3}}")
_DATE = re.compile(rf"(?:19|20)\d\d{_MONTH_DAY}")
_MOMENT = re.compile(rf"20\d\d{_MONTH_DAY}(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_LETTER = re.compile(r"[^\w，,、；;。]{0,3}[XxＸｘ×叉](?![A-Za-z])")
_UNIT = re.compile(r"[号年月日栋楼元块度点]|:\d")

_MOBILE_SIZES = {(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5)}
_HALVES = {(5, 6), (6, 5), (6, 6), (5, 7)}
_IDENTITY_SIZES = {(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (6, 6, 6), (3, 3, 3, 3, 3, 3),
                   (4, 4, 4, 4, 2)}  # fmt: skip
_OLD_SIZES = {(6, 6, 3), (6, 2, 2, 2, 3), (5, 5, 5), (3, 3, 3, 3, 3)}
_LOCAL_SIZES = {(8,), (7,), (4, 4), (3, 4), (4, 3)}

_SURE, _LIKELY, _HARMLESS, _MAYBE = 4, 3, 2, 1


@dataclass(slots=True)
class _Reading:
    """What the groups from one on, ``count`` of them, may be."""

    sure: int
    count: int
    shown: str | None
    """How the number is hidden; None if it is harmless."""
    phone: bool = False
    letter: int = 0
    """Characters after the last group that belong to the number: the X of an identity number."""


@dataclass(slots=True)
class _Span:
    """Some groups in a row, taken as one number."""

    digits: str
    sizes: tuple[int, ...]
    gaps: tuple[str, ...]
    words: bool

    @property
    def even(self) -> bool:
        """Whether all gaps are of one kind, and none a comma, which stands between numbers."""
        return self.uniform and not self.listed

    @property
    def uniform(self) -> bool:
        """Whether all gaps are of one kind."""
        return len(set(self.gaps)) <= 1

    @property
    def joined(self) -> bool:
        """Whether the groups look like parts of one number, even if cut at unusual places: a space
        alone may as well stand between two numbers."""
        return self.even and (len(self.sizes) > 2 or self.gaps != (SPACE,))

    @property
    def listed(self) -> bool:
        """Whether commas separate its digits; said in words, a comma is only a breath."""
        return not self.words and any(COMMA in gap for gap in self.gaps)

    @property
    def alike(self) -> bool:
        """Whether the groups are numbers of one list: as long as each other, rising, and near."""
        size, sizes = self.sizes[0], self.sizes
        same = sizes[:-1] if len(sizes) == 5 else sizes  # on a card the last is often short
        if len(same) < 3 or any(s != size for s in same):
            return False
        values = [int(self.digits[at * size : (at + 1) * size]) for at in range(len(same))]
        return _near(values, size)

    def less(self, length: int) -> _Span:
        """Return the span without its first digits."""
        sizes, gaps, left = list(self.sizes), list(self.gaps), length
        while left and sizes[0] <= left:
            left -= sizes.pop(0)
            gaps = gaps[1:]
        sizes[0] -= left
        return _Span(self.digits[length:], tuple(sizes), tuple(gaps), self.words)


def _near(values: Sequence[int], size: int) -> bool:
    return list(values) == sorted(values) and values[-1] - values[0] <= 10 ** (size - 1)


def mask(text: str) -> str:
    """Return the text with such numbers shortened: ``138****1234``."""
    done: list[str] = []
    end = 0
    for start, stop, reading in _secrets(text):
        done += (text[end:start], reading.shown or "")
        end = stop
    return "".join(done) + text[end:] if done else text


def wiped(text: str, number: str = "") -> str:
    """Return the text without such numbers at all; with a ``number`` (its digits), without that one
    alone, however it is written."""
    wanted = count_digits(number) and "".join(g.digits for g in groups_of(number))
    done: list[str] = []
    end = 0
    for start, stop, _ in _secrets(text):
        digits = "".join(g.digits for g in groups_of(text[start:stop]))
        if not wanted or _ends_alike(digits, wanted):
            done += (text[end:start], WIPED)
            end = stop
    text = "".join(done) + text[end:] if done else text
    return text.replace(number, WIPED) if number else text


def _ends_alike(digits: str, wanted: str) -> bool:
    """Return whether two numbers are the same, one perhaps with a country's prefix."""
    return digits.endswith(wanted) or (len(digits) >= _ENOUGH and wanted.endswith(digits))


def phones(text: str) -> tuple[str, ...]:
    """Return the phone numbers of a text, shortened, each once."""
    return tuple(dict.fromkeys(r.shown for _, _, r in _secrets(text) if r.phone and r.shown))


def _secrets(text: str) -> Iterator[tuple[int, int, _Reading]]:
    """Yield start, end and reading of each number to hide."""
    if count_digits(text) < _ENOUGH:
        return
    groups = groups_of(text)
    readings = _Readings(text, groups)
    at = 0
    while at < len(groups):
        reading = _best(readings, at)
        if reading is not None:
            last = groups[at + reading.count - 1]
            if reading.shown is not None:
                yield _begin(text, groups[at]), last.end + reading.letter, reading
            at += reading.count
        elif groups[at].words and _may_follow_a_word(groups[at].digits):
            groups[at] = groups[at].without_first()
            readings.forget(at)
        else:
            at += 1


def _may_follow_a_word(digits: str) -> bool:
    """Return whether the first digit may be of the word before: 万一一三八, 周三一三八零零零零."""
    return len(digits) in {4, 8} and not _DATE.fullmatch(digits)


def _begin(text: str, first: Group) -> int:
    """Return where a number begins, with the + of a country's prefix."""
    plus = first.digits.startswith("86") and text[first.start - 1 : first.start] in {"+", "＋"}
    return first.start - plus


class _Readings:
    """What the groups from each one on may be; asked for many times where groups crowd."""

    def __init__(self, text: str, groups: Sequence[Group]) -> None:
        self.groups = groups
        self._text = text
        self._known: dict[int, list[_Reading]] = {}

    def at(self, place: int) -> list[_Reading]:
        """Return the readings from a group on."""
        if place not in self._known:
            self._known[place] = list(_readings(self._text, self.groups, place))
        return self._known[place]

    def forget(self, place: int) -> None:
        """Read a group that has changed anew."""
        self._known.pop(place, None)


def _best(readings: _Readings, at: int) -> _Reading | None:
    """Return the surest reading from a group on, the longest of equals, unless a surer one begins
    within it."""
    found = sorted(readings.at(at), key=lambda r: (-r.sure, -r.count))
    return next((r for r in found if not _overruled(readings, at, r)), None)


def _overruled(readings: _Readings, at: int, reading: _Reading) -> bool:
    if reading.sure == _SURE:
        return False
    end = at + reading.count
    for k in range(at + 1, end):
        if readings.groups[k].gap == "" and reading.sure > _MAYBE:
            continue  # in the middle of digits that stand together
        for other in readings.at(k):
            beyond = other.shown is None and reading.shown is not None and k + other.count > end
            if other.sure > reading.sure or beyond:
                return True
    return False


def _readings(text: str, groups: Sequence[Group], at: int) -> Iterator[_Reading]:
    kept = _harmless(groups, at)
    if kept:
        yield _Reading(_HARMLESS, kept, None)
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
        if reading and not _goes_on(text, groups, at + count, reading):
            tied = _tied(groups[at], span, reading)
            yield replace(reading, sure=_MAYBE) if tied else reading


def _tied(first: Group, span: _Span, reading: _Reading) -> bool:
    """Return whether a phone number's first group rather belongs to the group before it, as in
    3-2-158 20261124, or in 6222 0212 3456 7890."""
    gap = span.gaps[0] if span.gaps else ""
    as_card = reading.sure == _LIKELY and bool(first.gap) and COMMA not in (first.gap or "")
    return reading.phone and bool(gap) and (as_card or (first.gap == DASH and gap == SPACE))


def _goes_on(text: str, groups: Sequence[Group], stop: int, reading: _Reading) -> bool:
    """Return whether the last group rather belongs to what follows, where a reading is unsure:
    1001号, 2026年, 09:00."""
    last = groups[stop - 1]
    unsure = reading.sure == _MAYBE or (reading.sure == _LIKELY and reading.phone)
    if not unsure or reading.count == 1 or last.gap != SPACE:
        return False
    return _UNIT.match(text, last.end) is not None


def _harmless(groups: Sequence[Group], at: int) -> int:
    """Return how many groups from one on are a date (2026-11-24), a room (3-2-501) or a list of
    ticket numbers."""
    three = groups[at : at + 3]
    if len(three) < 3 or not three[1].gap or three[1].gap != three[2].gap:
        return 0
    year, month, day = (group.digits for group in three)
    if _DATE.fullmatch(f"{year}{month:0>2}{day:0>2}") and len(year) == 4:
        return 3
    tied = any(g.gap == DASH for g in (groups[at], *groups[at + 3 : at + 4]))
    rooms = len(year) <= 2 and len(month) <= 2 and len(day) in {3, 4}
    if rooms and three[1].gap == DASH and not tied:
        return 3
    return _listed(groups, at)


def _listed(groups: Sequence[Group], at: int) -> int:
    """Return how many groups from one on are a list; numbers of less than three digits are none."""
    size, gap = len(groups[at].digits), groups[at + 1].gap
    if not 3 <= size <= 8:
        return 0
    stop, least, last = at + 1, int(groups[at].digits), int(groups[at].digits)
    end = min(len(groups), at + _MOST)  # a longer list is several
    while stop < end and groups[stop].gap == gap and len(groups[stop].digits) == size:
        value = int(groups[stop].digits)
        if not _near((least, last, value), size):
            break
        last, stop = value, stop + 1
    return stop - at if stop - at > 2 else 0


def _spans(groups: Sequence[Group], at: int) -> Iterator[tuple[int, _Span]]:
    """Yield how many groups, and those as one, wherever they are long enough and not too long.

    Where only the script changes, the digits stand together all the same: 13八0000幺幺幺幺.
    """
    stop, digits, words = at, "", True
    sizes: list[int] = []
    gaps: list[str] = []
    while stop < len(groups) and (stop == at or groups[stop].gap is not None):
        group = groups[stop]
        digits += group.digits
        words = words and group.words
        stop += 1
        if len(digits) > _MOST and stop > at + 1:
            return
        if group.gap or stop == at + 1:
            sizes.append(len(group.digits))
            gaps += [group.gap or ""] if stop > at + 1 else []
        else:
            sizes[-1] += len(group.digits)
        if len(digits) >= _ENOUGH:
            yield stop - at, _Span(digits, tuple(sizes), tuple(gaps), words)


def _letter(text: str, end: int) -> int:
    found = _LETTER.match(text, end)
    return found.end() - end if found else 0


def _identity(span: _Span, count: int, letter: int) -> _Reading | None:
    if len(span.digits) not in {15, 17, 18}:
        return None
    digits = f"{span.digits}X" if letter else span.digits
    sizes = (*span.sizes[:-1], span.sizes[-1] + bool(letter))
    if len(digits) == 18:
        known, usual = _IDENTITY.fullmatch(digits), sizes in _IDENTITY_SIZES
    elif len(digits) == 15:
        known, usual = _OLD_IDENTITY.fullmatch(digits), sizes in _OLD_SIZES
    else:
        return None
    whole, checked = len(sizes) == 1, len(digits) == 18
    if whole and (known or letter):
        sure = _SURE
    elif not (usual or (known and span.even)) or span.listed or (span.alike and not known):
        return None
    elif known and span.even and checked:
        sure = _SURE
    else:
        sure = _LIKELY if known and usual else _MAYBE
    return _Reading(sure, count, _hidden(digits), letter=letter)


def _mobile(span: _Span, count: int, plus: bool) -> _Reading | None:
    home = _national(span, plus)
    if len(home.digits) != 11 or not _MOBILE.fullmatch(home.digits):
        return None
    shown = f"{home.digits[:3]}****{home.digits[-4:]}"
    abroad = home is not span
    usual = home.sizes in _MOBILE_SIZES and not home.listed
    if usual or (home.sizes == (3, 4, 4) and home.uniform):
        # 1380000 1111 may also be a parcel's code and a year, 86138 00001111 a meter and a ticket
        open_ = home.sizes == (7, 4) or (abroad and not plus and len(span.sizes) == 2)
        return _Reading(_LIKELY if open_ else _SURE, count, shown, phone=True)
    if span.alike or not (home.joined or (home.even and (abroad or home.sizes in _HALVES))):
        return None
    return _Reading(_MAYBE, count, shown, phone=True)


def _landline(span: _Span, count: int, plus: bool) -> _Reading | None:
    if span.digits[0] not in "08" or len(span.digits) > _LONGEST_LANDLINE:
        return None
    abroad = plus or span.digits.startswith("00")
    home = _national(span, plus) if abroad else span
    short = home is not span and not home.digits.startswith("0")  # +86 731 …
    digits = f"0{home.digits}" if short else home.digits
    found = _LANDLINE.fullmatch(digits)
    if not found or home.listed:
        return None
    area = len(found[1]) - short
    shown = f"{digits[:4]}****{digits[-3:]}"
    if len(home.sizes) == 1:
        return _Reading(_SURE, count, shown, phone=True)
    if home.sizes[0] == area and home.sizes[1:] in _LOCAL_SIZES:
        return _Reading(_LIKELY, count, shown, phone=True)
    loose = home.joined or (home.even and home.sizes in _HALVES)
    return _Reading(_MAYBE, count, shown, phone=True) if loose and not home.alike else None


def _national(span: _Span, plus: bool) -> _Span:
    """Return the span without the country's prefix; an 86 by itself and without a + is none."""
    if span.digits[0] not in "08":
        return span
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
    fours = sizes[:3] == (4, 4, 4) and len(sizes) == 4 + (sizes[3] == 4 and len(digits) > 16)
    six = sizes[0] == 6 and len(sizes) == 2
    if not (fours or six or span.joined) or span.listed or span.alike:
        return None
    known = digits.startswith("62") or _adds_up(digits)
    if six and digits.startswith("62") and _adds_up(digits):
        return _Reading(_SURE, count, shown)
    if fours or six:
        return _Reading(_LIKELY if digits.startswith("62") else _MAYBE, count, shown)
    return _Reading(_MAYBE, count, shown) if known and span.joined else None


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
