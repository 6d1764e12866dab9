"""Understanding: text to what it is, which matter, how urgent, where. The one door is Triage.

A first triage by rules and a dictionary. What a room must not be disturbed for is kept out twice:
by the words that speak against a problem, and by the doubtful middle (``ask``).
"""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from bot.models import Command, Understanding, Urgency
from handlers.categories import categories
from handlers.commands import normal, parse
from handlers.triage.danger import danger
from handlers.triage.follows import follows
from handlers.triage.lexicon import Topic, lexicon
from handlers.triage.place import find_place
from handlers.triage.weigh import EMERGENCIES, size, urgency

with warnings.catch_warnings():
    # jieba 0.42.1 has invalid escapes in its strings and asks for pkg_resources: not our news
    warnings.simplefilter("ignore")
    import jieba

jieba.setLogLevel(logging.ERROR)

READ = 1000
"""Characters that are read; a plea says what it is sooner."""
TICKET = 0.6
ASK = 0.4
_STAFF = frozenset({"leader", "deputy", "officer"})
_BASE = -2.2
_STRONG, _WEAK, _PLACE, _CALLED = 2.9, 1.0, 0.7, 1.2
_FORMAL = 1.6
_GRAVE = -0.2
_PETITION = re.compile(
    r"请(?!问|你|您|大家|各位|看|查|联系|回|加)|恳请|请求|强烈|反[映应]|投诉|举报|建议|呼吁|希望(?:能|政府|有关|相关|领导|街道|社区)|求助|咨询.+问题"
    r"|关于.+(?:问题|建议|意见|情况|诉求|行为|咨询|请求|申诉)|坚决|再次|盼|能[不否].+[??]$|.+(?:何时|为何|何去何从|谁来管|怎么没人管)"
)
_MOST = {"trouble": 3.2, "ask": 2.4, "office": 1.2, "time": 1.0, "agent": -4.5, "chat": -3.4,
         "advert": -5.0, "notice": -5.0, "past": -1.6}  # fmt: skip


@dataclass(slots=True)
class _Sums:
    """What the words of one message add up to."""

    score: float
    topic: Topic | None
    suggests: bool
    why: tuple[str, ...]


class Triage:
    """Understands messages. Loads its dictionary once; local words are names kept whole."""

    def __init__(self, local_words: Iterable[str] = ()) -> None:
        self._lexicon = lexicon()
        self._local = tuple(local_words)
        self._cutter = _cutter(self._local)

    def understand(
        self, text: str, *, mentioned: bool = False, role: str = "neighbour", quoted: bool = False
    ) -> Understanding:
        """Return what a message is; the fields are the triage contract's. Takes any text."""
        command = parse(text, mentioned=mentioned, role=role, quoted=quoted)
        understood = self.judge(text, mentioned=mentioned, role=role)
        if command is None or _cries(command, understood):
            return understood
        return Understanding(
            "command", understood.score, understood.kind, understood.category, understood.domain,
            understood.urgency, understood.size, understood.place, command,
            understood.why, understood.topic, understood.follows,
        )  # fmt: skip

    def judge(
        self, text: str, *, mentioned: bool = False, role: str = "neighbour"
    ) -> Understanding:
        """Return what a message is, its commands apart."""
        line = normal(text[:READ])[:READ]
        sums = self._weigh(line)
        place = find_place(line, self._local)
        score = sums.score + (_PLACE if any((place.building, place.unit, place.group)) else 0)
        probability = 1 / (1 + math.exp(-(score + _CALLED * mentioned)))
        topic = self._lexicon.topics.get(danger(line)) or sums.topic
        category = topic.category if topic else "other-service"
        if sums.suggests:
            category = "suggestion"
        known = categories()[category]
        level = urgency(topic.name if topic else "", line)
        decision = _decision(probability, role, level)
        return Understanding(
            decision, round(probability, 4), known.kind, category,
            (topic.domain if topic else "") or known.domain or "党务政务", level,
            size(known.kind, category, level, line), place, None, sums.why,
            topic.name if topic else "", follows(line, place != _NOWHERE),
        )  # fmt: skip

    def _weigh(self, line: str) -> _Sums:
        parts: dict[str, float] = {}
        why: list[tuple[float, str]] = []
        strong: list[tuple[str, Topic]] = []
        weak: list[tuple[str, Topic]] = []
        for word in self._cutter.lcut(line, HMM=False):
            if word in self._lexicon.strong:
                strong.append((word, self._lexicon.strong[word]))
            elif word in self._lexicon.weak:
                weak.append((word, self._lexicon.weak[word]))
            cue = self._lexicon.cues.get(word)
            if cue:
                parts[cue.kind] = parts.get(cue.kind, 0.0) + cue.weight
                why.append((abs(cue.weight), word))
        told = [m for m in strong if m[1].name in EMERGENCIES]
        grave = told if told and urgency(told[0][1].name, line) is Urgency.EMERGENCY else []
        if grave:  # a cry for help may come with any words around it
            parts = {kind: max(value, _GRAVE) for kind, value in parts.items()}
        told_trouble = bool(strong) or parts.keys() & {"trouble", "ask"}
        if not told_trouble:
            parts.pop("office", None)  # naming a school or an estate tells no problem
        score = _BASE + sum(_bounded(kind, value) for kind, value in parts.items())
        score += _STRONG * min(len(strong), 1) + 0.6 * min(len(strong[1:]), 2)
        score += _WEAK * min(len(weak), 2 if told_trouble else 1)
        score += _FORMAL * bool(_PETITION.match(line))
        matters = grave or strong or weak
        topic = matters[0][1] if matters else None
        words = [w for w, _ in strong] + [w for w, _ in weak]
        words += [w for _, w in sorted(why, reverse=True)]
        return _Sums(score, topic, line.startswith(("建议", "希望能", "强烈建议")),
                     tuple(dict.fromkeys(words))[:6])  # fmt: skip


@cache
def _cutter(local_words: tuple[str, ...]) -> jieba.Tokenizer:
    """Load jieba's dictionary with ours; half a second and a hundred megabytes, so once."""
    cutter = jieba.Tokenizer()
    cutter.initialize()
    for word in (*sorted(lexicon().words()), *local_words):
        cutter.add_word(word)
    return cutter


_NOWHERE = find_place("")


def _cries(command: Command, understood: Understanding) -> bool:
    """Return whether what sounds like urging or complaint is a cry for help."""
    complains = not command.explicit and command.name in {"nudge", "reopen", "query"}
    return complains and understood.urgency is Urgency.EMERGENCY


def _bounded(kind: str, value: float) -> float:
    most = _MOST[kind]
    return min(value, most) if most > 0 else max(value, most)


def _decision(probability: float, role: str, level: Urgency) -> str:
    if level is Urgency.EMERGENCY:
        return "ticket"  # when a leader cries fire, it burns
    if probability < ASK:
        return "ignore"
    if role in _STAFF:
        return "ignore"  # staff speak to residents
    return "ticket" if probability >= TICKET else "ask"
