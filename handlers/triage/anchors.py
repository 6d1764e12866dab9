"""Many patterns over a short text, quickly: only those whose plain words occur are tried. Pure.

Of each alternative of a pattern the words are taken that every match of it must hold; a text
without them can't match it. Patterns here are of Chinese words, groups, classes and gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECE = re.compile(
    r"(?P<gap>\.(?:\{[\d,]+\}|[*+?]?)|\\.|[\^$])|(?P<class>\[[^\]]*\])|(?P<text>[^()\[\]|.^$\\?*+{}])"
)
_REPEAT = re.compile(r"[?*]|\{0?,?\d*\}|\{0,\d+\}|\{\d+(?:,\d*)?\}|\+")


def alternatives(pattern: str) -> list[str]:
    """Return the alternatives of a pattern's outermost level."""
    found, depth, start, inside = [], 0, 0, False
    for at, char in enumerate(pattern):
        inside = (char == "[" or inside) and char != "]"
        depth += 0 if inside else (char == "(") - (char == ")")
        if char == "|" and not depth and not inside:
            found.append(pattern[start:at])
            start = at + 1
    return [*found, pattern[start:]]


def anchors(alternative: str) -> frozenset[str]:
    """Return words one of which each match must hold; none if that can't be told."""
    options = list(_options(alternative))
    return max(options, key=_telling, default=frozenset())


def _telling(words: frozenset[str]) -> tuple[int, int]:
    return min(map(len, words)), -len(words)


def _options(text: str) -> Iterator[frozenset[str]]:
    run, at = "", 0
    while at < len(text):
        if text[at] == "(":
            end = _closing(text, at)
            group, at, optional = text[at + 1 : end], *_repeat(text, end + 1)
            if run:
                yield frozenset({run})
            run = ""
            if not optional and (group.startswith("?:") or not group.startswith("?")):
                inner = [anchors(part) for part in alternatives(group.removeprefix("?:"))]
                if all(inner):
                    yield frozenset().union(*inner)
            continue
        piece = _PIECE.match(text, at)
        assert piece, text[at:]  # noqa: S101  # a pattern of ours, not a text
        at, optional = _repeat(text, piece.end())
        if piece["text"] and not optional:
            run += piece["text"]
            continue
        if run:
            yield frozenset({run})
        run = ""
        chars = piece["class"] or ""
        if chars and not optional and chars[1] != "^" and "\\" not in chars and "-" not in chars:
            yield frozenset(chars[1:-1])
    if run:
        yield frozenset({run})


def _closing(text: str, at: int) -> int:
    depth, inside = 0, False
    for end in range(at, len(text)):
        char = text[end]
        inside = (char == "[" or inside) and char != "]"
        depth += 0 if inside else (char == "(") - (char == ")")
        if not depth:
            return end
    raise ValueError(text)


def _repeat(text: str, at: int) -> tuple[int, bool]:
    """Return where a repeat ends, and whether what it repeats may be missing."""
    found = _REPEAT.match(text, at)
    if not found:
        return at, False
    return found.end(), found[0][0] in "?*" or found[0].startswith(("{0", "{,"))


class Patterns:
    """Named patterns; ``find`` yields the names and matches in a text, in the order given."""

    def __init__(self, named: tuple[tuple[str, str], ...]) -> None:
        self._by_char: dict[str, list[tuple[str, int]]] = {}
        self._compiled: list[tuple[str, re.Pattern[str]]] = []
        self._always: list[int] = []
        for name, pattern in named:
            for alternative in alternatives(pattern):
                number = len(self._compiled)
                self._compiled.append((name, re.compile(alternative)))
                words = anchors(alternative)
                for word in words:
                    self._by_char.setdefault(word[0], []).append((word, number))
                if not words:
                    self._always.append(number)

    def find(self, text: str) -> Iterator[tuple[str, re.Match[str]]]:
        """Yield the name and the match of each alternative that occurs."""
        wanted = set(self._always)
        known = self._by_char
        for char in set(text):
            for word, number in known.get(char, ()):
                if word in text:
                    wanted.add(number)
        for number in sorted(wanted):
            name, pattern = self._compiled[number]
            for found in pattern.finditer(text):
                yield name, found
