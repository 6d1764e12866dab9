"""Understanding: text to what it is, which matter, how urgent, where. The one door is Triage.

Linear models say how surely a message is a problem and which line of government it belongs to;
tables of words say the matter, and are signs for the model. What a room must not be disturbed for
is kept out twice: by a threshold that was set on sources no training had seen, and by the doubtful
middle (``ask``). How the models were made is on the card, docs/triage-card.md.
"""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from operator import mul

from bot.models import Understanding, Urgency
from handlers.categories import categories
from handlers.commands import normal, parse
from handlers.triage.lexicon import Topic, lexicon
from handlers.triage.linear import Best, Model, best, pieces, shipped
from handlers.triage.place import find_place
from handlers.triage.signs import NAMES, Signs, length, signs
from handlers.triage.staff import asks_upward
from handlers.triage.weigh import EMERGENCIES, size, urgency

with warnings.catch_warnings():
    # jieba 0.42.1 has invalid escapes in its strings and asks for pkg_resources: not our news
    warnings.simplefilter("ignore")
    import jieba

jieba.setLogLevel(logging.ERROR)

READ = 1000
"""Characters that are read; a plea says what it is sooner."""
_STAFF = frozenset({"leader", "deputy", "officer"})
_CALLED = 1.2
"""What a mention of the bot speaks for a problem, on the scale of the score's logarithm."""
_GRAVE = 1.5
"""The least, on the same scale, that a cry for help comes to, whatever words are around it."""
_PLAIN = -2.0
"""Below this, on the same scale and before the other signs, a message is plain talk. Of 6,000
citizens' titles and sentences eight lie below, and none of those would be asked about."""
_ANY = "党务政务"
_ENOUGH = 3
"""Words of the tables that say why; with fewer, the model's are told too."""
_CHATTER = 0.1
"""What is less probably a problem isn't looked at further."""
UNSURE = "other-service"
"""The category of what is in none, or in nobody knows which: a person says it."""

_MORE = re.compile(
    r"^(?:(?:就)?(?:是|在)[\w\s,，-]{1,20}|还有[\w\s,，]{1,24}|另外[\w\s,，]{1,24}|(?:我)?(?:的)?(?:电话|手机)[:：是]?.{0,20}"
    r"|[\w\s,，-]{0,14}(?:那里|这里|旁边|门口|对面|楼下|那边|这边)|一直没人管.{0,6}|(?:都|已经)[\w]{0,6}好?(?:几|多)?[天年月个]+了.{0,4}"
    r"|没人管.{0,6}|急.{0,6}|太危险了?.{0,6})[。.!！~]*$"
)
_SAME = re.compile(
    r"^(?:是的|对|对啊|对的|就是|确实|嗯|唉|哎)?[，,、\s]*(?:我们?|咱们?)(?:家|这|这边|这栋|那栋|这里|楼|单元|屋里|店)?(?:也|都|同样|跟着)"
    r"(?!想|要去|去|来|觉得|喜欢|爱|看|买|吃|考虑|打算|在想).{0,24}$"
    r"|^\+1.{0,4}$|^[加＋]1$|^同[上问求感].{0,6}$|^(?:是的|对的?|对啊|对头|确实|就是)[，,、\s]*我.{2,24}$|^(?:是的|对的?|对啊|对头|确实|就是)[，,、\s]+.{1,16}$|^[一二三四五六七八九十\d]+[栋楼单元]+也.{1,16}$"
    r"|^也是.{0,8}$"
)
_SUGGESTS = ("建议", "希望能", "强烈建议")
_NOT_FOLLOWING = re.compile(r"首付|看房|房源|户型|万|微信|哈哈|贷款|价格|满[二五]|税")


class Triage:
    """Understands messages. Loads its dictionary once; local words are names kept whole."""

    def __init__(
        self, local_words: Iterable[str] = (), *, models: Mapping[str, Model] | None = None
    ) -> None:
        """Load dictionary and models; ``models`` are others than the shipped, for measuring."""
        self._cutter = cutter(tuple(local_words))
        models = models or {}
        self._problem = models.get("problem") or shipped("problem")
        self._domain = models.get("domain") or shipped("domain")
        self._category = models.get("category") or shipped("category")
        self._by_length: float = self._problem.more["signs"][NAMES.index("length")]
        self._ticket: float = self._problem.more["ticket"]
        self._ask: float = self._problem.more["ask"]

    def understand(
        self, text: str, *, mentioned: bool = False, role: str = "neighbour", quoted: bool = False
    ) -> Understanding:
        """Return what a message is; the fields are the triage contract's. Takes any text."""
        command = parse(text, mentioned=mentioned, role=role, quoted=quoted)
        understood = self.judge(text, mentioned=mentioned, role=role)
        if command is None:
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
        place = find_place(line)
        logit = self._problem.scores(line)[0] + _CALLED * mentioned
        if self._is_plain_talk(line, logit):
            return Understanding(
                "ignore", _odds(logit), domain=_ANY, place=place,
                follows=_follows(line, place != _NOWHERE),
            )  # fmt: skip
        words = self._cutter.lcut(line, HMM=False)
        told = signs(line, words, any((place.building, place.unit, place.group)))
        topic, level = _topic(told, line)
        logit += sum(map(mul, told.values, self._problem.more["signs"]))
        if level is Urgency.EMERGENCY:
            logit = max(logit, _GRAVE)
        probability = _odds(logit)
        decision = self._decide(probability, told.tips, role, level, line)
        category, domain = topic.category if topic else UNSURE, topic.domain if topic else ""
        why: tuple[str, ...] = ()
        if probability > _CHATTER:
            matter = best(self._category.scores(line), self._category.labels)
            if level is not Urgency.EMERGENCY:
                category = matter.label if matter.margin >= self._category.more["sure"] else UNSURE
            domain = self._line_of_government(line, matter)
            why = self._why(words, told)
        if line.startswith(_SUGGESTS):
            category = "suggestion"
        known = categories()[category]
        return Understanding(
            decision, probability, known.kind, category,
            domain or known.domain or _ANY, level,
            size(known.kind, category, level, line), place, None, why,
            topic.name if topic else "", _follows(line, place != _NOWHERE),
        )  # fmt: skip

    def _is_plain_talk(self, line: str, logit: float) -> bool:
        """Return whether no sign could make a problem of it: it needs no cutting into words.

        Most of what a group says is such talk.
        """
        with_length = logit + self._by_length * length(line)
        return with_length < _PLAIN and not (
            _ALARM.search(line) or urgency("", line) is Urgency.EMERGENCY
        )

    def _decide(self, probability: float, tips: bool, role: str, level: Urgency, line: str) -> str:
        if probability < self._ask:
            return "ignore"
        if role in _STAFF and level is not Urgency.EMERGENCY and not asks_upward(line):
            return "ignore"  # staff speak to residents; but when a leader cries fire, it burns
        return "ticket" if tips or probability >= self._ticket else "ask"

    def _line_of_government(self, line: str, matter: Best) -> str:
        """Return the model's label, or that of a surer category where it is none of the model's.

        The model knows seven of the fifteen labels; the others come by the category alone.
        """
        told = self.domain_of(line)
        other = categories()[matter.label].domain
        beyond = other and other not in self._domain.labels
        if beyond and matter.margin - told.margin >= self._domain.more["yield"]:
            return other
        return told.label

    def domain_of(self, line: str) -> Best:
        """Return the domain model's label of a text as ``normal`` returns it, and how surely."""
        return best(self._domain.scores(line), self._domain.labels)

    def _why(self, words: Iterable[str], told: Signs) -> tuple[str, ...]:
        """Return the words that spoke for a problem: those of the tables, then the model's own."""
        found = [w for w, _ in told.strong] + [w for w, _ in told.weak] + told.cues
        if len(found) < _ENOUGH:
            weights = {
                word: sum(self._problem.weight(piece, 0) for piece in pieces(word, 3)[1:])
                for word in words
                if len(word) > 1
            }
            own = (word for word in weights if weights[word] > 0)
            found += sorted(own, key=weights.__getitem__, reverse=True)
        return tuple(dict.fromkeys(found))[:6]


def _topic(told: Signs, line: str) -> tuple[Topic | None, Urgency]:
    """Return the matter and how urgent it is; a cry for help goes before any other matter."""
    for _, topic in told.strong:
        if topic.name in EMERGENCIES and urgency(topic.name, line) is Urgency.EMERGENCY:
            return topic, Urgency.EMERGENCY
    first = next((topic for _, topic in told.strong or told.weak), None)
    return first, urgency(first.name if first else "", line)


@cache
def cutter(local_words: tuple[str, ...]) -> jieba.Tokenizer:
    """Load jieba's dictionary with ours; half a second and a hundred megabytes, so once."""
    cutter = jieba.Tokenizer()
    cutter.initialize()
    for word in (*sorted(lexicon().words()), *local_words):
        cutter.add_word(word)
    return cutter


_NOWHERE = find_place("")
_ALARM = re.compile(
    "|".join(word for word, topic in lexicon().strong.items() if topic.name in EMERGENCIES)
)


def _odds(logit: float) -> float:
    return round(1 / (1 + math.exp(-min(max(logit, -30), 30))), 4)


def _follows(line: str, placed: bool) -> str:
    if not line or len(line) > 40 or _NOT_FOLLOWING.search(line):
        return ""
    if _SAME.match(line):
        return "same"
    short_place = placed and len(line) <= 14
    return "more" if short_place or _MORE.match(line) else ""
