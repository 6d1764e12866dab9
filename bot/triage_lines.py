"""`jiedan triage`: a line in, a line out; the border is the triage contract."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from bot.models import Understanding
from handlers.masking import phones
from handlers.triage import READ, Triage

ROLES = frozenset({"leader", "deputy", "member", "officer", "reporter", "neighbour"})


def understand_lines(lines: Iterable[str], triage: Triage) -> Iterator[str]:
    """Yield one JSON line for each input line, in order; a bad one gives its error in its place."""
    for line in lines:
        answer = json.dumps(_understand(line, triage), ensure_ascii=False)
        yield answer.encode("utf-8", "replace").decode("utf-8")  # lone surrogates can't be written


def _understand(line: str, triage: Triage) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return {"error": "这一行不是合格的 JSON"}
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        return {"error": "这一行应当是带 text 文字的 JSON 对象"}
    role = data.get("role") or "neighbour"
    if role not in ROLES:
        return {"error": f"没有“{role}”这种身份，可以写 {'、'.join(sorted(ROLES))}"}
    understood = triage.understand(
        data["text"], mentioned=bool(data.get("mentioned")), role=role,
        quoted=bool(data.get("quoted")),
    )  # fmt: skip
    shown = _shown(understood, data["text"])
    return {"id": data["id"], **shown} if "id" in data else shown


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
