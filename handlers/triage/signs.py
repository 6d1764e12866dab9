"""What the project's own words and a message's form tell, as numbers for the model. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from handlers.triage.lexicon import Topic, lexicon

_PETITION = re.compile(
    r"请(?!问|你|您|大家|各位|看|查|联系|回|加)|恳请|请求|强烈|反[映应]|投诉|举报|建议|呼吁|希望(?:能|政府|有关|相关|领导|街道|社区)|求助|咨询.+问题"
    r"|关于.+(?:问题|建议|意见|情况|诉求|行为|咨询|请求|申诉)|坚决|再次|盼|能[不否].+[??]$|.+(?:何时|为何|何去何从|谁来管|怎么没人管)"
)
_TIME = re.compile(r"\d{1,2}[:点]|\d月|[周期][一二三四五六日天]|\d[日号]")
_CONTACT = re.compile(r"https?:|www\.|\d{7,}|【|微信|QQ|qq")
KINDS = ("trouble", "ask", "office", "time", "agent", "chat", "advert", "notice", "past")
_TROUBLE = KINDS.index("trouble")
_AGAINST = [KINDS.index(kind) for kind in ("agent", "chat", "advert", "notice", "past")]
NAMES = (*KINDS, "strong", "weak", "petition", "clock", "contact", "lines", "colon", "length",
         "short", "placed")  # fmt: skip


@dataclass(slots=True)
class Signs:
    """The words of the tables that one message holds, and the numbers they come to."""

    values: list[float]
    strong: list[tuple[str, Topic]]
    weak: list[tuple[str, Topic]]
    cues: list[str]

    @property
    def tips(self) -> bool:
        """Whether there is a word of trouble and none that speaks against a problem.

        It makes a ticket of what would be asked about: on left-out rows, 6 of 100 problems more in
        a household's voice, and less than one of 100 in talk or notices of an unseen source.
        """
        trouble = self.strong or self.values[_TROUBLE]
        return bool(trouble) and not self.against

    @property
    def against(self) -> bool:
        """Whether there is a word that speaks against a problem."""
        return any(self.values[at] for at in _AGAINST)


def length(line: str) -> float:
    """Return the sign that a text's length is."""
    return math.log(len(line) + 1) / 4


def signs(line: str, words: Iterable[str], placed: bool) -> Signs:
    """Return the signs of a text cut into words; the values go with ``NAMES``."""
    known = lexicon()
    strong: list[tuple[str, Topic]] = []
    weak: list[tuple[str, Topic]] = []
    cues: list[str] = []
    counts = dict.fromkeys(KINDS, 0)
    for word in words:
        if topic := known.strong.get(word):
            strong.append((word, topic))
        elif topic := known.weak.get(word):
            weak.append((word, topic))
        if cue := known.cues.get(word):
            counts[cue.kind] += 1
            cues.append(word)
    values = [min(count, 4) / 2 for count in counts.values()]
    values += (
        min(len(strong), 2), min(len(weak), 2) / 2, _PETITION.match(line) is not None,
        _TIME.search(line) is not None, _CONTACT.search(line) is not None,
        min(line.count("\n"), 4) / 4, ":" in line, length(line), len(line) <= 4, placed,
    )  # fmt: skip
    return Signs(values, strong, weak, cues)
