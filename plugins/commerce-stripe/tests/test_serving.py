"""Stand-ins in general: what is served, what breaks, and how notices are delivered."""

import httpx
import pytest

from commerce.payments import NoticeReply, RawNotice
from commerce.testing.serving import (
    HttpFault,
    HttpRequest,
    StandInServer,
    deliver,
    json_reply,
    over_http,
    serve,
)


class Echo(StandInServer):
    """Says what it was asked, and remembers that it did."""

    def handle(self, request: HttpRequest) -> NoticeReply:
        return json_reply({"path": request.path, "query": request.query, "body": request.body.decode()})


def test_what_arrives_is_what_was_sent() -> None:
    """Path and query percent-encoded as sent, bytes as they were; each vendor on a port of its own."""
    with Echo() as one, Echo() as other:
        assert one.url != other.url
        answer = httpx.post(f"{one.url}/a%2Fb?x=%7E&y=", content="grün".encode()).json()
    assert answer == {"path": "/a%2Fb", "query": "x=%7E&y=", "body": "grün"}
    with pytest.raises(httpx.ConnectError):
        httpx.get(one.url)


def test_faults_come_in_order_and_only_where_they_belong() -> None:
    with Echo() as echo:
        echo.script(HttpFault.BROKEN, method="POST", path="/pay/*")
        echo.script(HttpFault.DOWN, path="/pay/*")
        assert httpx.get(f"{echo.url}/look").status_code == 200
        assert httpx.get(f"{echo.url}/pay/1").status_code == 503
        assert httpx.post(f"{echo.url}/pay/1").status_code == 500
        assert httpx.post(f"{echo.url}/pay/1").status_code == 200
        assert (echo.count("POST"), echo.count("GET", "/pay/*")) == (2, 1)


@pytest.mark.parametrize("fault", [HttpFault.LOST_REQUEST, HttpFault.LOST_ANSWER])
def test_a_broken_connection_says_nothing(fault: HttpFault) -> None:
    """Not a byte of an answer; the next request is served."""
    with Echo() as echo:
        echo.script(fault)
        with httpx.Client(base_url=echo.url) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                client.post("/")
            assert client.post("/").status_code == 200


def test_a_stalled_answer_ends_with_the_callers_patience() -> None:
    with Echo() as echo:
        echo.script(HttpFault.STALLED)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(echo.url, timeout=httpx.Timeout(10, read=0.1))


def test_something_may_happen_before_the_answer() -> None:
    """Even a request to the same vendor."""
    with Echo() as echo:
        seen: list[int] = []
        echo.script(path="/outer", meanwhile=lambda: seen.append(httpx.get(f"{echo.url}/inner").status_code))
        assert httpx.get(f"{echo.url}/outer").status_code == 200
        assert seen == [200]


def test_notices_are_repeated_after_the_others() -> None:
    """What was not taken comes again, later, a few times."""
    seen: list[bytes] = []

    def receive(notice: RawNotice) -> NoticeReply:
        seen.append(notice.body)
        refused = notice.body == b"never" or (notice.body == b"1" and seen.count(b"1") < 2)
        return NoticeReply(status=503 if refused else 204)

    with serve(receive) as url:
        replies = deliver([RawNotice(body=b) for b in (b"1", b"never", b"2")], over_http(f"{url}/notices"))
    assert seen == [b"1", b"never", b"2", b"1", b"never", b"never"]
    assert [reply.status for reply in replies] == [204, 503, 204]


def test_a_notice_may_be_a_get_with_a_query() -> None:
    """As some vendors send them."""

    def receive(notice: RawNotice) -> NoticeReply:
        return NoticeReply(status=200, body=f"{notice.method} {notice.query}".encode())

    with serve(receive) as url:
        reply = over_http(f"{url}/ipn")(RawNotice(method="GET", query="a=1&b=%20"))
    assert reply.body == b"GET a=1&b=%20"
