"""Why a message was understood as it was, in words for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.models import Understanding
from handlers.categories import categories
from handlers.triage import Triage
from handlers.triage.reading import Reading

_DECISIONS = {"ticket": "立单", "ask": "请人看", "ignore": "不管", "command": "命令"}
_RULES = {
    "alarm": "说的是眼前的危险",
    "plain": "一听就是闲话，没有细看",
    "staff": "网格长、干部说给居民听的，没有向上求助",
    "doubt": "只是打听或猜测",
    "trouble": "有出事的词，没有相反的词",
    "score": "看把握",
}
_PARTS = {
    "pieces": "字串", "called": "被@到", "signs": "词表和格式", "taught": "改正里学来的",
    "alarm": "眼前的危险", "bare": "短短一句就是出了事", "form": "通知或答复的格式",
}  # fmt: skip
_MOST = 5


def explain(
    triage: Triage, text: str, *, mentioned: bool, role: str, understood: Understanding
) -> Iterator[str]:
    """Yield lines that tell what decided about a message that ``triage`` understood."""
    reading = triage.read(text, mentioned=mentioned)
    _, rule = triage.decide(reading, role)
    limits = f"{triage.limits['ask']}起请人看，{triage.limits['ticket']}起立单"
    yield f"{_DECISIONS[understood.decision]}：是诉求的把握{reading.score}（{limits}）"
    if understood.command:
        yield f"  听成命令 {understood.command.name}，参数 {understood.command.args or '没有'}"
    yield f"  依据：{_RULES[rule]}"
    parts = [f"{_PARTS[name]}{weight:+.2f}" for name, weight in reading.weights.items() if weight]
    yield f"  份量：{'，'.join(parts)}"
    yield from _words(triage, reading)
    if reading.told is not None:
        yield from _matter(triage, reading, understood)


def _words(triage: Triage, reading: Reading) -> Iterator[str]:
    told = reading.told
    if told is None:
        return
    tables = [word for word, _ in (*told.strong, *told.weak)] + told.cues
    if tables:
        yield f"  词表里的词：{'、'.join(dict.fromkeys(tables))}"
    weights = triage.word_weights(reading)
    speaks_for = [f"{w}{n:+d}" for w, n in weights.items() if n > 0][:_MOST]
    against = [f"{w}{n:+d}" for w, n in reversed(weights.items()) if n < 0][:_MOST]
    for name, words in (("像诉求的词", speaks_for), ("不像的词", against)):
        if words:
            yield f"  {name}：{'、'.join(words)}"


def _matter(triage: Triage, reading: Reading, understood: Understanding) -> Iterator[str]:
    names = categories()
    scores = triage.matters(reading.line)
    likely = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    compared = "，".join(f"{names[code].name}{scores[code]:+.2f}" for code in likely)
    named = names[understood.category].name
    yield f"  类别：{named}（最像的两类：{compared}）；{understood.domain}"
