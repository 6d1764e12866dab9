"""The gateway's protocol: the messages and calls that we use, and a client for them.

Names and numbers are facts of npm's `wechaty-grpc` 1.5.2 (`proto/wechaty/puppet/*.proto`); a test
compares them with the proto files of the gateway that it runs. Fields left out here are skipped
on the wire, as protobuf does.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it would print each failed handshake
import grpc
import grpc.aio
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "wechaty.Puppet"
_PACKAGE = "wechaty.puppet"
_TYPES = {
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    # Strings that people wrote are read as bytes, the same on the wire: half an emoji, as some
    # phones send it, is no UTF-8, and protobuf would refuse the whole message.
    "words": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    "enum": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,  # the same on the wire
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
}

MESSAGES: dict[str, dict[str, tuple[str, int]]] = {
    "StartRequest": {},
    "StartResponse": {},
    "VersionRequest": {},
    "VersionResponse": {"version": ("string", 1)},
    "EventRequest": {},
    "EventResponse": {"type": ("enum", 1), "payload": ("words", 2)},
    "MessagePayloadRequest": {"id": ("string", 1)},
    "MessagePayloadResponse": {
        "id": ("string", 1), "text": ("words", 3),
        "type": ("enum", 5), "talker_id": ("string", 6), "room_id": ("string", 7),
        "listener_id": ("string", 8), "mention_ids": ("repeated string", 9),
        "receive_time": ("Timestamp", 10),
    },
    "Timestamp": {"seconds": ("int64", 1), "nanos": ("int32", 2)},
    "MessageFileRequest": {"id": ("string", 1)},
    "MessageFileResponse": {"file_box": ("words", 1)},
    "MessageLocationRequest": {"id": ("string", 1)},
    "MessageLocationResponse": {"location": ("LocationPayload", 1)},
    "LocationPayload": {
        "address": ("words", 2), "name": ("words", 5),
    },
    "MessageSendTextRequest": {
        "conversation_id": ("string", 1), "text": ("string", 2),
        "mentional_ids": ("repeated string", 3),
    },
    "MessageSendTextResponse": {"id": ("string", 2)},
    "MessageSendFileRequest": {"conversation_id": ("string", 1), "file_box": ("string", 2)},
    "MessageSendFileResponse": {"id": ("string", 2)},
    "ContactPayloadRequest": {"id": ("string", 1)},
    "ContactPayloadResponse": {"id": ("string", 1), "name": ("words", 4)},
    "ContactListRequest": {},
    "ContactListResponse": {"ids": ("repeated string", 1)},
    "RoomListRequest": {},
    "RoomListResponse": {"ids": ("repeated string", 1)},
    "RoomMemberPayloadRequest": {"id": ("string", 1), "member_id": ("string", 2)},
    "RoomMemberPayloadResponse": {
        "id": ("string", 1), "room_alias": ("words", 2), "name": ("words", 5),
    },
    "RoomInvitationPayloadRequest": {"id": ("string", 1)},
    "RoomInvitationPayloadResponse": {"id": ("string", 1), "inviter_id": ("string", 2)},
    "RoomInvitationAcceptRequest": {"id": ("string", 1)},
    "RoomInvitationAcceptResponse": {},
    "FriendshipPayloadRequest": {"id": ("string", 1)},
    "FriendshipPayloadResponse": {
        "id": ("string", 1), "contact_id": ("string", 2), "hello": ("words", 3),
        "type": ("enum", 4),
    },
    "FriendshipAcceptRequest": {"id": ("string", 1)},
    "FriendshipAcceptResponse": {},
    "UploadRequest": {"chunk": ("bytes", 1)},
    "UploadResponse": {"id": ("string", 1)},
    "DownloadRequest": {"id": ("string", 1)},
    "DownloadResponse": {"chunk": ("bytes", 1)},
}  # fmt: skip


class Happening(IntEnum):
    """Kinds of events (`EventType`) that we heed."""

    HEARTBEAT = 1
    MESSAGE = 2
    ERROR = 16
    FRIENDSHIP = 17
    ROOM_INVITE = 18
    ROOM_JOIN = 19
    ROOM_LEAVE = 20
    ROOM_TOPIC = 21
    SCAN = 22
    READY = 23
    LOGIN = 25
    LOGOUT = 26
    DIRTY = 27


class Said(IntEnum):
    """Kinds of messages as the gateway sends them: `MessageType` of npm's `wechaty-puppet` 1.20,
    which is not the enumeration in the proto, where 7 is a video."""

    ATTACHMENT = 1
    AUDIO = 2
    IMAGE = 6
    TEXT = 7
    LOCATION = 8
    RECALLED = 13
    URL = 14
    VIDEO = 15


FRIEND_REQUEST = 2
"""`FRIENDSHIP_TYPE_RECEIVE`: somebody asks to be a friend."""


def words(data: bytes) -> str:
    """Return what people wrote; what is no UTF-8 in it is replaced."""
    return data.decode("utf-8", "replace")


def _described() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="jiedan/wechaty.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, (kind, number) in fields.items():
            repeated, _, bare = kind.rpartition(" ")
            field = message.field.add(name=field_name, number=number)
            field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            if bare in MESSAGES:
                field.type = field.TYPE_MESSAGE
                field.type_name = f".{_PACKAGE}.{bare}"
            else:
                field.type = _TYPES[bare]
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_described())
_classes = {
    name: message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
    for name in MESSAGES
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a gateway is and how it is spoken to.

    ``address`` is host:port; ``ca`` a PEM file's bytes (empty: the machine's own authorities);
    ``server_name`` the name in the gateway's certificate, if it isn't the host's.
    """

    address: str
    token: str
    tls: bool = False
    ca: bytes = b""
    server_name: str = ""


class Gateway:
    """One connection to a gateway. Made anew for each try: a gRPC channel that failed waits up to
    two minutes by itself."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._metadata = (("authorization", f"Wechaty {endpoint.token}"),)
        options = [
            ("grpc.max_receive_message_length", 64 << 20),
            # else a new channel waits out the failures of those before it
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 100),
        ]
        if endpoint.server_name:
            options.append(("grpc.ssl_target_name_override", endpoint.server_name))  # type: ignore[arg-type]
        if endpoint.tls:
            credentials = grpc.ssl_channel_credentials(endpoint.ca or None)
            self._channel = grpc.aio.secure_channel(endpoint.address, credentials, options)
        else:
            self._channel = grpc.aio.insecure_channel(endpoint.address, options)
        self._calls: dict[str, Any] = {}

    async def call(self, name: str, timeout: float, **fields: object) -> Any:  # noqa: ANN401
        """Make a call and return its answer. Raises grpc.aio.AioRpcError."""
        call = self._calls.get(name)
        if call is None:
            call = self._calls[name] = self._channel.unary_unary(
                f"/{SERVICE}/{name}",
                request_serializer=_classes[f"{name}Request"].SerializeToString,
                response_deserializer=_classes[f"{name}Response"].FromString,
            )
        request = _classes[f"{name}Request"](**fields)
        return await call(request, timeout=timeout, metadata=self._metadata)

    async def events(self) -> AsyncIterator[tuple[int, str]]:
        """Yield the kind and the JSON payload of each event until the stream ends."""
        stream = self._channel.unary_stream(
            f"/{SERVICE}/Event",
            request_serializer=_classes["EventRequest"].SerializeToString,
            response_deserializer=_classes["EventResponse"].FromString,
        )(_classes["EventRequest"](), metadata=self._metadata)
        async for event in stream:
            yield event.type, words(event.payload)

    async def upload(self, data: bytes, timeout: float) -> str:
        """Hand a file over; return the id by which a file box names it."""
        call = self._channel.stream_unary(
            f"/{SERVICE}/Upload",
            request_serializer=_classes["UploadRequest"].SerializeToString,
            response_deserializer=_classes["UploadResponse"].FromString,
        )
        answer = await call(_chunks(data), timeout=timeout, metadata=self._metadata)
        return str(answer.id)

    async def download(self, file_id: str, largest: int, timeout: float) -> bytes | None:
        """Return a file by the id of its file box; None if it is larger than ``largest`` bytes."""
        call = self._channel.unary_stream(
            f"/{SERVICE}/Download",
            request_serializer=_classes["DownloadRequest"].SerializeToString,
            response_deserializer=_classes["DownloadResponse"].FromString,
        )(_classes["DownloadRequest"](id=file_id), timeout=timeout, metadata=self._metadata)
        data = bytearray()
        async for answer in call:
            data += answer.chunk
            if len(data) > largest:
                call.cancel()
                return None
        return bytes(data)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._channel.close()


def _chunks(data: bytes) -> Iterable[Any]:
    size = 256 << 10
    for start in range(0, max(len(data), 1), size):
        yield _classes["UploadRequest"](chunk=data[start : start + size])
