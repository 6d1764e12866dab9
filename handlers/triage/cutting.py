"""Text cut into words by jieba, with our own words and a city's; loads the dictionary once."""

from __future__ import annotations

import contextlib
import logging
import marshal
import math
import tempfile
import warnings
from functools import cache
from pathlib import Path

from handlers.triage.lexicon import lexicon

with warnings.catch_warnings():
    # jieba 0.42.1 has invalid escapes in its strings and asks for pkg_resources: not our news
    warnings.simplefilter("ignore")
    import jieba

jieba.setLogLevel(logging.ERROR)


class Cutter(jieba.Tokenizer):  # type: ignore[misc]
    """jieba's own way through its dictionary (without its guesses of unknown words), but with each
    entry looked up once instead of three times: cutting is what understanding costs the most.

    jieba lists a text's words first (``get_DAG``), then weighs them (``calc``); here both is one.
    """

    initialized: bool

    def initialize(self, dictionary: str | None = None) -> None:
        """Load the dictionary; from jieba's own cache, if there is one, in a single read. jieba
        reads it in small pieces, which takes half a second longer."""
        if not self.initialized:
            with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
                cache = Path(tempfile.gettempdir(), "jieba.cache").read_bytes()
                self.FREQ, self.total = marshal.loads(cache)  # noqa: S302 - as jieba does
                self.initialized = True
        super().initialize(dictionary)

    def words(self, text: str) -> list[str]:
        """Return a text's words, in their order, as ``lcut(text, HMM=False)`` of jieba does."""
        return self.lcut(text, HMM=False)  # type: ignore[no-any-return]

    def get_DAG(self, sentence: str) -> None:  # noqa: N802  # jieba's name
        """Return nothing: ``calc`` looks words up by itself."""

    def calc(self, sentence: str, dag: None, route: dict[int, tuple[float, int]]) -> None:
        """Note in ``route``, for each place in a text, the likeliest way from it to the end: the
        logarithm of how likely it is, and where its first word ends."""
        counts, log, whole = self.FREQ, math.log, math.log(self.total)
        end = len(sentence)
        route[end] = (0, 0)
        for start in range(end - 1, -1, -1):
            ways = []
            at = start + 1
            while (count := counts.get(sentence[start:at])) is not None:
                if count:
                    ways.append((log(count) - whole + route[at][0], at - 1))
                if at == end:
                    break
                at += 1
            route[start] = max(ways) if ways else (route[start + 1][0] - whole, start)


@cache
def cutter(local_words: tuple[str, ...]) -> Cutter:
    """Load jieba's dictionary with ours; half a second and a hundred megabytes, so once."""
    cutter = Cutter()
    cutter.initialize()
    for word in (*sorted(lexicon().words()), *local_words):
        cutter.add_word(word)
    return cutter
