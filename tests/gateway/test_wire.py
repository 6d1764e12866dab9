"""The table of messages against the proto files that the gateway itself was made from."""

from __future__ import annotations

import re

from bot.channels.wechaty.wire import FRIEND_REQUEST, MESSAGES, Happening, Said
from tests.gateway.driver import ROOT

FOLDER = ROOT / "gateway" / "node_modules"
PROTO = FOLDER / "wechaty-grpc" / "dist" / "esm" / "proto" / "wechaty"
ON_THE_WIRE = {"enum": "int32", "words": "string"}
WELL_KNOWN = {"Timestamp": {"seconds": ("int64", 1), "nanos": ("int32", 2)}}


def proto() -> str:
    files = [PROTO / "puppet.proto", *(PROTO / "puppet").glob("*.proto")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


def fields_of(name: str, text: str) -> dict[str, tuple[str, int]]:
    if name in WELL_KNOWN:
        return dict(WELL_KNOWN[name])
    body = re.search(rf"message {name}\s*{{(.*?)}}", text, re.DOTALL)
    assert body, name
    found = {}
    for repeated, kind, field, number in re.findall(
        r"(repeated\s+)?(?:optional\s+)?([\w.]+)\s+(\w+)\s*=\s*(\d+)\s*[;\[]", body[1]
    ):
        bare = kind.rpartition(".")[2]
        found[field] = (f"repeated {bare}" if repeated else bare, int(number))
    return found


def test_every_message_is_as_the_gateway_has_it() -> None:
    text = proto()
    enums = set(re.findall(r"enum (\w+)", text))
    for name, fields in MESSAGES.items():
        theirs = fields_of(name, text)
        for field, (kind, number) in fields.items():
            their_kind, their_number = theirs[field]
            their_kind = "int32" if their_kind in enums else their_kind
            assert (ON_THE_WIRE.get(kind, kind), number) == (their_kind, their_number), (
                name,
                field,
            )


def test_every_call_is_there() -> None:
    text = proto()
    calls = {name.removesuffix("Request") for name in MESSAGES if name.endswith("Request")}
    for call in calls:
        assert re.search(rf"rpc {call}\s*\(", text), call
    assert "Stop" not in calls, "it would end the WeChat session"


def test_the_numbers_of_events_and_messages() -> None:
    text = proto()
    for event in Happening:
        assert re.search(rf"EVENT_TYPE_{event.name}\s*=\s*{event.value};", text), event
    assert re.search(rf"FRIENDSHIP_TYPE_RECEIVE\s*=\s*{FRIEND_REQUEST};", text)
    schema = (FOLDER / "wechaty-puppet" / "src" / "schemas" / "message.ts").read_text(
        encoding="utf-8"
    )
    for said in Said:
        assert re.search(rf"\b{said.name.capitalize()}\s*=\s*{said.value},", schema), said
