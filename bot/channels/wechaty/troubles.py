"""What a failed call means, in one line for the operator."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
import grpc.aio

from bot.channels.wechaty.wire import Endpoint, Gateway


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an account doesn't work; ``slow`` if trying again soon can't help."""

    text: str
    slow: bool = False


_TEXTS = (
    ("Trying to connect an http1.x", "{at} 不是 Wechaty 网关（像是普通网站），看看 endpoint 对不对"),
    ("Failed parsing HTTP/2", "{at} 不是 Wechaty 网关，看看 endpoint 对不对"),
    ("WRONG_VERSION_NUMBER", "{at} 的网关没有开 TLS，把 tls 改成 false"),
    ("Hostname Verification Check failed", "{at} 的证书是给别的名字的，在 server_name 里写证书上的名字（网关自带的证书写 insecure）"),
    ("CERTIFICATE_VERIFY_FAILED", "{at} 的证书没有可信的机构签发，在 ca 里写签发机构的 PEM 文件"),
    ("Connection refused", "{at} 上没有网关在跑"),
    ("errors resolving", "{at} 这个主机名找不到"),
    ("No route to host", "到不了 {at}，看看网络"),
    ("Network is unreachable", "到不了 {at}，看看网络"),
)  # fmt: skip
_DISCONNECTED = frozenset({
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED,
})  # fmt: skip


def trouble(error: BaseException, endpoint: Endpoint) -> Trouble:
    """Return what keeps an account from its gateway."""
    at = endpoint.address
    if not isinstance(error, grpc.aio.AioRpcError):
        return Trouble(str(error))
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return Trouble(f"网关 {at} 不认这个口令（token）", slow=True)
    if code is grpc.StatusCode.ALREADY_EXISTS:
        return Trouble(f"网关 {at} 已经有一个程序连着，先停掉那一个", slow=True)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return Trouble(f"{at} 不是 Wechaty 网关，看看 endpoint 对不对", slow=True)
    for sign, text in _TEXTS:
        if sign in details:
            return Trouble(text.format(at=at))
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Trouble(f"{at} 没有回音：网关停住了，或者那里不是网关")
    if "Socket closed" in details and "failed to connect" in details and not endpoint.tls:
        return Trouble(f"{at} 一连上就断：网关也许开了 TLS，把 tls 改成 true")
    return Trouble(f"和网关 {at} 的连接断了")


def lost_link(error: grpc.aio.AioRpcError) -> bool:
    """Return whether a call failed for the connection, not for what it asked."""
    return error.code() in _DISCONNECTED


def never_left(error: grpc.aio.AioRpcError) -> bool:
    """Return whether a request surely never reached the gateway."""
    return "failed to connect to all addresses" in (error.details() or "")


def short(error: grpc.aio.AioRpcError) -> str:
    """Return a gateway's reason as one short line."""
    details = (error.details() or "").strip() or error.code().name
    return details.splitlines()[0].removeprefix("Error: ")[:60]


async def probe(endpoint: Endpoint) -> str:
    """Call on a gateway beside whoever is connected; return what is wrong, empty if nothing."""
    gateway = Gateway(endpoint)
    try:
        await gateway.call("Version", 5.0)
    except grpc.aio.AioRpcError as error:
        return trouble(error, endpoint).text
    finally:
        await gateway.close()
    return ""
