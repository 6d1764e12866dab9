"""`jiedan triage`: a line in, a line out; the border is the triage contract."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from bot.models import Understanding
from handlers.masking import mask, phones
from handlers.triage import READ, Triage
from handlers.triage.explain import explain

ROLES = frozenset({"leader", "deputy", "member", "officer", "reporter", "neighbour"})


class BadLineError(ValueError):
    """A line that holds no message; the text says why."""


def understand_lines(
    lines: Iterable[str], triage: Triage, *, explained: bool = False
) -> Iterator[str]:
    """Yield one JSON line for each input line, in order; a bad one gives its error in its place.
    ``explained`` gives words for a person instead."""
    for line in lines:
        try:
            data = _read(line)
            answer = _explained(data, triage) if explained else _json(_fields(data, triage))
        except BadLineError as error:
            answer = str(error) if explained else _json({"error": str(error)})
        yield answer.encode("utf-8", "replace").decode("utf-8")  # lone surrogates can't be written


def _json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _explained(data: dict[str, Any], triage: Triage) -> str:
    told = explain(
        triage, data["text"], mentioned=bool(data.get("mentioned")),
        role=data.get("role") or "neighbour", understood=_understand(data, triage),
    )  # fmt: skip
    return "\n".join([mask(data["text"][:READ]), *told])


def _fields(data: dict[str, Any], triage: Triage) -> dict[str, Any]:
    shown = _shown(_understand(data, triage), data["text"])
    return {"id": data["id"], **shown} if "id" in data else shown


def _read(line: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLineError("这一行不是合格的 JSON") from error
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise BadLineError("这一行应当是带 text 文字的 JSON 对象")
    role = data.get("role") or "neighbour"
    if role not in ROLES:
        raise BadLineError(f"没有“{role}”这种身份，可以写 {'、'.join(sorted(ROLES))}")
    return data


def _understand(data: dict[str, Any], triage: Triage) -> Understanding:
    return triage.understand(
        data["text"], mentioned=bool(data.get("mentioned")), role=data.get("role") or "neighbour",
        quoted=bool(data.get("quoted")),
    )  # fmt: skip


def _shown(understood: Understanding, text: str) -> dict[str, Any]:
    command = understood.command
    return {
        "decision": understood.decision, "score": understood.score, "kind": understood.kind,
        "category": understood.category, "domain": understood.domain,
        "urgency": understood.urgency, "size": understood.size,
        "place": asdict(understood.place), "phones": list(phones(text[:READ])),
        "command": {"name": command.name, "args": command.args} if command else None,
        "why": list(understood.why),
    }  # fmt: skip
