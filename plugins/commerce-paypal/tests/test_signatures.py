"""Only PayPal's own notices get in, by its certificate or by its word."""

import base64
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from attrs import evolve
from commerce_paypal import PayPalGateway, PayPalUnavailable
from commerce_paypal.certificates import Certificates

from commerce.kernel import utc_now
from commerce.payments import NoticeRejected, RawNotice
from commerce.testing.gateways.paypal import PayPalServer, SigningCertificate
from commerce.testing.serving import HttpFault

Make = Callable[..., PayPalGateway]

BODY = json.dumps(
    {
        "id": "WH-1",
        "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "resource": {
            "id": "CAP-1",
            "custom_id": "p-1",
            "note": "Zürich, 東京",
            "supplementary_data": {"related_ids": {"order_id": "ORDER-1"}},
        },
    },
    ensure_ascii=False,
    indent=1,
).encode()


@pytest.fixture(params=["api", "certificate"])
def verifying(request: pytest.FixtureRequest, make: Make) -> PayPalGateway:
    """By either way."""
    return make(verify=request.param)


@pytest.fixture
def certified(make: Make) -> Iterator[PayPalGateway]:
    """One that has fetched no certificate yet."""
    with closing(PayPalGateway(make(verify="certificate")._settings)) as gateway:
        yield gateway


def with_headers(notice: RawNotice, **headers: str) -> RawNotice:
    return evolve(notice, headers={**notice.headers, **{n.replace("_", "-"): v for n, v in headers.items()}})


def forged(paypal: PayPalServer, name: str) -> RawNotice:
    """PayPal's signature, on other bytes, with a certificate said to be somewhere at PayPal's."""
    notice = paypal.sign(BODY, paypal_cert_url=f"{paypal.url}/v1/notifications/certs/{name}")
    return evolve(notice, body=b"{}")


def test_reads_what_paypal_signed(paypal: PayPalServer, verifying: PayPalGateway) -> None:
    """Whatever the spacing and the letters: the bytes are what is signed."""
    notice = verifying.parse_notice(paypal.sign(BODY))
    assert notice is not None
    assert (notice.id, notice.payment_id, notice.reference) == ("WH-1", "p-1", "ORDER-1")


@pytest.mark.parametrize("position", [5, len(BODY) // 2, len(BODY) - 3])
def test_one_changed_byte(paypal: PayPalServer, verifying: PayPalGateway, position: int) -> None:
    notice = paypal.sign(BODY)
    body = bytearray(notice.body)
    body[position] ^= 1
    with pytest.raises(NoticeRejected):
        verifying.parse_notice(evolve(notice, body=bytes(body)))


def test_what_is_signed(paypal: PayPalServer, certified: PayPalGateway) -> None:
    """``id|time|webhook id|crc32`` with the checksum as an unsigned decimal, put together by hand."""
    time = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = paypal.certificate.sign(f"T-1|{time}|WH-STANDIN|{zlib.crc32(BODY)}".encode())
    notice = with_headers(
        paypal.sign(BODY),
        paypal_transmission_id="T-1",
        paypal_transmission_time=time,
        paypal_transmission_sig=signature,
    )
    assert certified.parse_notice(notice) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paypal_transmission_id", "T-other"),
        ("paypal_transmission_time", utc_now().strftime("%Y-%m-%dT00:00:00Z")),
        ("paypal_transmission_sig", base64.b64encode(b"x" * 256).decode()),
        ("paypal_transmission_sig", "not base64!"),
        ("paypal_auth_algo", "SHA1withRSA"),
        ("paypal_auth_algo", ""),
        ("paypal_cert_url", ""),
        ("paypal_transmission_time", "yesterday"),
    ],
)
def test_headers_that_are_not_as_signed(paypal: PayPalServer, verifying: PayPalGateway, name: str, value: str) -> None:
    with pytest.raises(NoticeRejected):
        verifying.parse_notice(with_headers(paypal.sign(BODY), **{name: value}))


def test_a_notice_to_another_webhook(paypal: PayPalServer, make: Make) -> None:
    """Signed by PayPal, but for somebody else's endpoint."""
    for verify in ("api", "certificate"):
        with pytest.raises(NoticeRejected):
            make(verify=verify, webhook_id="WH-OTHER").parse_notice(paypal.sign(BODY))


@pytest.mark.parametrize("days", [-5, 5])
def test_too_old_or_from_the_future(paypal: PayPalServer, verifying: PayPalGateway, days: int) -> None:
    with pytest.raises(NoticeRejected, match="too old"):
        verifying.parse_notice(paypal.sign(BODY, at=utc_now() + timedelta(days=days)))


def test_a_repetition_of_three_days_ago_is_still_good(paypal: PayPalServer, verifying: PayPalGateway) -> None:
    assert verifying.parse_notice(paypal.sign(BODY, at=utc_now() - timedelta(days=3))) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/cert",
        "https://paypal.com.evil.example/cert",
        "https://evilpaypal.com/cert",
        "https://evil.example/paypal.com",
        "https://api.paypal.com@evil.example/cert",
        "https://api.paypal.com:8443/cert",
        "https://[::1/cert",
        "file:///etc/passwd",
        "http://127.0.0.1:1/cert",
    ],
)
def test_certificates_from_elsewhere_are_not_even_fetched(
    paypal: PayPalServer, verifying: PayPalGateway, url: str
) -> None:
    with pytest.raises(NoticeRejected, match="not at PayPal's"):
        verifying.parse_notice(paypal.sign(BODY, paypal_cert_url=url))
    assert paypal.count("GET") == 0


def test_somebody_elses_certificate(paypal: PayPalServer, certified: PayPalGateway) -> None:
    """A key that nobody we trust vouches for."""
    with pytest.raises(NoticeRejected, match="signature does not match"):
        certified.parse_notice(paypal.sign(BODY, certificate=SigningCertificate.make()))


def served(paypal: PayPalServer, gateway: PayPalGateway, certificate: SigningCertificate) -> None:
    """Have a notice read that is signed with a certificate which PayPal's own address serves."""
    genuine, paypal.certificate = paypal.certificate, certificate
    try:
        url = f"{paypal.url}/v1/notifications/certs/CERT-{id(certificate)}"
        gateway.parse_notice(paypal.sign(BODY, paypal_cert_url=url))
    finally:
        paypal.certificate = genuine


def test_a_certificate_of_another_root(paypal: PayPalServer, certified: PayPalGateway) -> None:
    with pytest.raises(NoticeRejected, match="not one to trust"):
        served(paypal, certified, SigningCertificate.make())


def test_by_default_the_roots_of_the_web_are_trusted(paypal: PayPalServer, make: Make) -> None:
    """And so not the stand-in's."""
    with pytest.raises(NoticeRejected, match="not one to trust"):
        make(verify="certificate", trusted_roots="").parse_notice(paypal.sign(BODY))


@pytest.mark.parametrize(
    "make_certificate",
    [lambda: SigningCertificate.make("evil.example"), lambda: SigningCertificate.make(at=utc_now() - timedelta(90))],
    ids=["another name", "expired"],
)
def test_a_certificate_of_a_trusted_root_that_is_not_paypals(
    paypal: PayPalServer, make: Make, make_certificate: Callable[[], SigningCertificate]
) -> None:
    certificate = make_certificate()
    gateway = make(verify="certificate", trusted_roots=certificate.root_pem)
    with pytest.raises(NoticeRejected, match="not one to trust"):
        served(paypal, gateway, certificate)
    other = SigningCertificate.make()
    served(paypal, make(verify="certificate", trusted_roots=other.root_pem), other)


def test_the_certificate_is_fetched_once(paypal: PayPalServer, certified: PayPalGateway) -> None:
    """Whether what it came with is genuine or not."""
    for _ in range(3):
        with pytest.raises(NoticeRejected, match="signature"):
            certified.parse_notice(forged(paypal, "CERT-once"))
    url = f"{paypal.url}/v1/notifications/certs/CERT-once"
    for _ in range(3):
        assert certified.parse_notice(paypal.sign(BODY, paypal_cert_url=url)) is not None
    assert paypal.count("GET", "*/CERT-once") == 1


def test_no_certificate_to_be_had(paypal: PayPalServer, certified: PayPalGateway) -> None:
    """Trouble at PayPal is not a forgery: the notice has to come again."""
    url = f"{paypal.url}/v1/notifications/certs/CERT-down"
    paypal.script(HttpFault.DOWN, path="*/certs/*")
    with pytest.raises(PayPalUnavailable):
        certified.parse_notice(paypal.sign(BODY, paypal_cert_url=url))
    with pytest.raises(NoticeRejected, match="not there"):
        certified.parse_notice(paypal.sign(BODY, paypal_cert_url=f"{paypal.url}/nowhere"))
    paypal.script(HttpFault.NONSENSE, path="*/certs/*")
    with pytest.raises(NoticeRejected, match="cannot be read"):
        certified.parse_notice(paypal.sign(BODY, paypal_cert_url=url))


def test_without_a_webhook_id_nothing_gets_in(paypal: PayPalServer, make: Make) -> None:
    with pytest.raises(NoticeRejected, match="webhook_id"):
        make(webhook_id="").parse_notice(paypal.sign(BODY))


@pytest.mark.parametrize(
    "body",
    [
        *(b"{}", b"[]"),
        b'{"id":"WH-1","event_type":"CUSTOMER.DISPUTE.CREATED","resource":{"dispute_id":"PP-D-1"}}',
        b'{"id":"WH-1","event_type":"CHECKOUT.ORDER.APPROVED","resource":{"id":"O","purchase_units":[]}}',
    ],
)
def test_what_is_not_about_a_payment_is_nothing(paypal: PayPalServer, verifying: PayPalGateway, body: bytes) -> None:
    """Genuine, but of no interest."""
    assert verifying.parse_notice(paypal.sign(body)) is None


@pytest.mark.parametrize("related", ["", ',"supplementary_data":null', ',"supplementary_data":{"related_ids":null}'])
def test_a_refund_names_no_order(paypal: PayPalServer, verifying: PayPalGateway, related: str) -> None:
    """PayPal sends none with refunds: what we wrote on it says whose it is."""
    resource = f'{{"id":"R","custom_id":"p-1"{related}}}'
    body = f'{{"id":"WH-1","event_type":"PAYMENT.REFUND.COMPLETED","resource":{resource}}}'.encode()
    notice = verifying.parse_notice(paypal.sign(body))
    assert notice is not None
    assert (notice.payment_id, notice.reference) == ("p-1", "")


def test_an_address_with_a_query_is_not_even_fetched(paypal: PayPalServer, certified: PayPalGateway) -> None:
    with pytest.raises(NoticeRejected, match="not at PayPal's"):
        certified.parse_notice(forged(paypal, "C?n=1"))
    assert paypal.count("GET") == 0


def test_forgers_make_few_downloads_and_keep_nobody_out(paypal: PayPalServer, certified: PayPalGateway) -> None:
    """Ten a minute, whatever addresses they name; what PayPal signed with a known certificate gets in meanwhile."""
    now = utc_now()
    with closing(PayPalGateway(certified._settings, clock=lambda: now)) as gateway:
        assert gateway.parse_notice(paypal.sign(BODY)) is not None
        for n in range(9):
            with pytest.raises(NoticeRejected):
                gateway.parse_notice(forged(paypal, f"C-{n}"))
        for n in range(50):
            with pytest.raises(PayPalUnavailable, match="too many"):
                gateway.parse_notice(forged(paypal, f"D-{n}"))
        assert paypal.count("GET", "*/certs/*") == 10
        elsewhere = paypal.sign(BODY, paypal_cert_url=f"{paypal.url}/v1/notifications/certs/E")
        assert gateway.parse_notice(elsewhere) is not None
        with pytest.raises(NoticeRejected, match="signature"):
            gateway.parse_notice(evolve(paypal.sign(BODY), body=b"{}"))
        now += timedelta(minutes=1)
        with pytest.raises(NoticeRejected):
            gateway.parse_notice(forged(paypal, "F"))
    assert paypal.count("GET", "*/certs/*") == 11


def test_a_new_certificate_of_paypals_is_believed(paypal: PayPalServer, make: Make) -> None:
    """Though another is known: each year or so there is one."""
    first, second = paypal.certificate, SigningCertificate.make()
    gateway = make(verify="certificate", trusted_roots=first.root_pem + second.root_pem)
    gateway.parse_notice(paypal.sign(BODY))
    served(paypal, gateway, second)
    assert gateway.parse_notice(paypal.sign(BODY)) is not None


def test_few_certificates_are_kept() -> None:
    """The last sixteen, and each once, under whatever addresses it was found."""
    asked: list[str] = []

    def download(address: str) -> bytes:
        asked.append(address)
        return address.encode()

    certificates = Certificates(download, utc_now)
    for n in range(20):
        certificates.keep(f"at {n}", b"%d" % n)
        certificates.keep(f"also at {n}", b"%d" % n)
    assert certificates.kept == tuple(b"%d" % n for n in range(4, 20))
    assert [certificates.at(address) for address in ("at 4", "at 3", "also at 4")] == [b"4", b"at 3", b"also at 4"]
    assert asked == ["at 3", "also at 4"]


def test_a_certificate_has_to_be_valid_when_the_notice_comes(paypal: PayPalServer, certified: PayPalGateway) -> None:
    """By the gateway's clock: the same certificate is not good any more two months later."""
    later = utc_now() + timedelta(days=60)
    gateway = PayPalGateway(certified._settings, clock=lambda: later)
    with pytest.raises(NoticeRejected, match="not one to trust"):
        gateway.parse_notice(paypal.sign(BODY, at=later))
    gateway.close()
