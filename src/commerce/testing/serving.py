"""Stand-ins for vendors over real HTTP on loopback: serve, fail on demand, deliver notices.

A handler is a function from a request to a reply, so whatever takes notices can be served as it is::

    with serve(lambda raw: shop.payments.receive_notice("stripe", raw)) as url: ...

and a vendor is a `StandInServer`: a handler with a memory, faults to inject, and a queue of notices.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Self

import httpx
from attrs import define, evolve, field, frozen

from commerce.kernel import Misconfigured
from commerce.payments import NoticeReply, RawNotice

__all__ = [
    "Handler",
    "HttpFault",
    "HttpRequest",
    "ServerMissing",
    "StandInServer",
    "deliver",
    "json_reply",
    "over_http",
    "serve",
]

_Message = MutableMapping[str, Any]
_Scope = Mapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]


@define(kw_only=True, slots=False)
class ServerMissing(Misconfigured):
    """Stand-in servers need a package that is not installed."""

    message = "stand-in servers need {package}: install it beside your tests"
    package: str


@frozen(kw_only=True)
class HttpRequest(RawNotice):
    """A request as it came in: a `RawNotice` that knows its path, percent-encoded as it was sent."""

    path: str = "/"

    def json(self) -> Any:
        """The body read as JSON; `ValueError` if it is none."""
        return json.loads(self.body)


class HttpFault(StrEnum):
    """What goes wrong with one request.

    ``lost_request``: the connection breaks before anything is done. ``lost_answer``: it is done, then the
    connection breaks. ``stalled``: it is done, and no answer comes until the caller gives up.
    ``throttled`` (429), ``broken`` (500) and ``down`` (503): nothing is done. ``broken_after``: it is done, and the
    answer is a 500. ``nonsense``: it is done, and the answer is a 200 that is not what was promised.
    """

    LOST_REQUEST = "lost_request"
    LOST_ANSWER = "lost_answer"
    STALLED = "stalled"
    THROTTLED = "throttled"
    BROKEN = "broken"
    BROKEN_AFTER = "broken_after"
    DOWN = "down"
    NONSENSE = "nonsense"


_BEFORE = {HttpFault.THROTTLED: 429, HttpFault.BROKEN: 500, HttpFault.DOWN: 503}

Handler = Callable[[HttpRequest], NoticeReply]


class _Dropped(Exception):
    """Break the connection; with ``patience`` only when the caller gave up."""

    def __init__(self, *, patience: bool = False) -> None:
        self.patience = patience


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> NoticeReply:
    """An answer in JSON."""
    return NoticeReply(
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        body=json.dumps(body, ensure_ascii=False).encode(),
    )


@contextmanager
def serve(handler: Handler) -> Iterator[str]:
    """Answer HTTP on a free port of 127.0.0.1 while the block runs; gives the base URL.

    Each request is handled in a thread, so a handler may call, or be called by, whoever is served here.
    """
    try:
        import uvicorn
        from uvicorn.protocols.http.h11_impl import H11Protocol
    except ImportError as error:
        raise ServerMissing(package="uvicorn") from error

    connections: dict[tuple[str, int], asyncio.Transport] = {}

    class Remembered(H11Protocol):
        """Keeps hold of its connection, so that it can be broken."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            connections[transport.get_extra_info("peername")] = transport
            super().connection_made(transport)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        # asyncio sets this only on sockets that name their protocol; without it answers wait some 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            _application(handler, connections),
            http=Remembered,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while thread.is_alive() and not server.started:
            time.sleep(0.002)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _application(handler: Handler, connections: Mapping[tuple[str, int], asyncio.Transport]) -> _App:
    async def application(scope: _Scope, receive: _Receive, send: _Send) -> None:
        request = HttpRequest(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=await _body(receive),
        )
        try:
            reply = await asyncio.to_thread(handler, request)
        except _Dropped as dropped:
            if not dropped.patience:
                connections[tuple(scope["client"])].abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        headers = {"content-length": str(len(reply.body)), **reply.headers}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        await send({"type": "http.response.body", "body": reply.body})

    return application


async def _body(receive: _Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


@frozen
class _Script:
    fault: HttpFault | None
    method: str
    path: str
    meanwhile: Callable[[], object] | None

    def about(self, request: HttpRequest) -> bool:
        return self.method in ("", request.method) and fnmatchcase(request.path, self.path)


@define(eq=False)
class StandInServer:
    """A vendor on loopback. Subclasses answer requests in `handle` and put notices on the queue.

    One request at a time is handled, and none while a control that takes `lock` changes the vendor's state.
    ``requests`` are those that came to the door, oldest first.
    """

    url: str = field(default="", init=False)
    requests: list[HttpRequest] = field(factory=list, init=False, repr=False)
    lock: threading.RLock = field(factory=threading.RLock, init=False, repr=False)
    _scripts: list[_Script] = field(factory=list, init=False, repr=False)
    _notices: list[RawNotice] = field(factory=list, init=False, repr=False)
    _running: ExitStack = field(factory=ExitStack, init=False, repr=False)

    def __enter__(self) -> Self:
        self.url = self._running.enter_context(serve(self._answer))
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    # for subclasses

    def handle(self, request: HttpRequest) -> NoticeReply:
        """Answer one request, alone."""
        raise NotImplementedError

    def problem(self, status: int) -> NoticeReply:
        """An answer in the vendor's shape that says 429, 500 or 503."""
        return json_reply({"error": status}, status)

    def queue(self, notice: RawNotice) -> None:
        """Have a notice ready."""
        self._notices.append(notice)

    # controls

    def script(
        self,
        fault: HttpFault | None = None,
        *,
        method: str = "",
        path: str = "*",
        times: int = 1,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        """Let the next requests of a method to a path (a shell pattern) fail.

        ``meanwhile`` runs when such a request is done and before it is answered: the place for a race.
        """
        with self.lock:
            self._scripts.extend([_Script(fault, method, path, meanwhile)] * times)

    def notices(self) -> list[RawNotice]:
        """The signed notices since the last call, oldest first: deliver, repeat, shuffle or drop them."""
        with self.lock:
            taken, self._notices = self._notices, []
            return taken

    def reset(self) -> None:
        """Forget scripts, notices and requests; what was sold stays sold."""
        with self.lock:
            self._scripts.clear()
            self._notices.clear()
            self.requests.clear()

    def count(self, method: str, path: str = "*") -> int:
        """How many requests of a method came to a path (a shell pattern)."""
        with self.lock:
            return sum(r.method == method and fnmatchcase(r.path, path) for r in self.requests)

    def _answer(self, request: HttpRequest) -> NoticeReply:
        with self.lock:
            self.requests.append(request)
            script = next((s for s in self._scripts if s.about(request)), _Script(None, "", "", None))
            if script in self._scripts:
                self._scripts.remove(script)
            if script.fault is HttpFault.LOST_REQUEST:
                raise _Dropped
            if script.fault in _BEFORE:
                return self.problem(_BEFORE[script.fault])
            reply = self.handle(request)
        if script.meanwhile is not None:
            script.meanwhile()
        match script.fault:
            case HttpFault.LOST_ANSWER:
                raise _Dropped
            case HttpFault.STALLED:
                raise _Dropped(patience=True)
            case HttpFault.BROKEN_AFTER:
                return self.problem(500)
            case HttpFault.NONSENSE:
                return evolve(reply, status=200, body=b"<html>maintenance</html>", headers={})
        return reply


def over_http(url: str, timeout: float = 10) -> Callable[[RawNotice], NoticeReply]:
    """A way to hand a notice over: send it to an address, as a vendor does."""

    def send(notice: RawNotice) -> NoticeReply:
        address = f"{url}?{notice.query}" if notice.query else url
        answer = httpx.request(
            notice.method, address, headers=dict(notice.headers), content=notice.body or None, timeout=timeout
        )
        return NoticeReply(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    return send


def deliver(
    notices: Iterable[RawNotice], to: Callable[[RawNotice], NoticeReply], *, tries: int = 3
) -> Sequence[NoticeReply]:
    """Hand notices over, and those not answered with 2xx again after the others; gives every last reply."""
    waiting = dict(enumerate(notices))
    replies: dict[int, NoticeReply] = {}
    for _ in range(tries):
        for n, notice in tuple(waiting.items()):
            replies[n] = to(notice)
            if httpx.codes.is_success(replies[n].status):
                del waiting[n]
    return [replies[n] for n in sorted(replies)]
