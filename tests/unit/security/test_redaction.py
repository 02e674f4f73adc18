"""No secret is shown: in addresses, in messages, in logs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from core import redaction
from core.redaction import masked_url, redacted
from core.settings import SETTINGS

CANARY = "CANARY9zQ"


@pytest.fixture
def known() -> Iterator[str]:
    """A secret that looks like nothing in particular."""
    secret = f"plain/{CANARY}@word"
    before = set(redaction._known)
    redaction.know(secret)
    yield secret
    redaction._known.clear()
    redaction._known.update(before)


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: sk-proj-{CANARY}. You can find yours at https://host",
        f"Authorization: Bearer {CANARY}abc",
        f"{{'authorization': 'Bearer {CANARY}abc'}}",
        f'"Authorization": "Basic {CANARY}bGU="',
        f"bearer {CANARY}.abc",
        f"Proxy-Authorization: {CANARY}",
        f"x-api-key: {CANARY}",
        f"Cookie: session={CANARY}",
        f"AKIA{CANARY.upper()}ABCDEF",
        f"postgresql+psycopg://mosychlos:{CANARY}@db:5432/mosychlos",
        f"could not connect to postgresql://u:p@{CANARY}@db/x now",
        f"host=db user=u password={CANARY} dbname=x",
        f"host=db password='a {CANARY}' user=u",
        f"https://host/x?api_key={CANARY}&b=1",
        f"https://host/x?key={CANARY}",
        f"https://host/x?a=1&access_token={CANARY}#f",
        f'{{"client_secret": "{CANARY}"}}',
        f"ghp_{CANARY}abcdefghijkl",
        f"AIza{CANARY}abcdefghijklmnopqrstuv",
        f"xoxb-1-{CANARY}",
        f"eyJhbGciOiJIUzI1NiJ9.{CANARY}aaaa.sig",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\\n{CANARY}",
    ],
)
def test_foreign_text_loses_whatever_looks_like_a_secret(text: str) -> None:
    clean = redacted(text)
    assert CANARY.lower() not in clean.lower()
    assert redacted(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "max_output_tokens=1500 is not supported with this model",
        "Tokens: 4,869 in (counted), about 1,500 out",
        "risk-2026, task-force, desk-a, SK-1234 and the secret of success",
        "{'error': {'message': 'bad', 'code': 'invalid_api_key', 'param': 'key'}}",
        "key=value and https://example.com/a?b=1&c=2#top",
        "The batch file batch_abc123 has no line 7: 'token' expected",
        "mail ada@acme.example about 10:30 http://host:8080/path",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_a_secret_of_this_process_is_cut_out_whatever_it_looks_like(known: str) -> None:
    for text in (f"it was {known}!", "it was plain%2FCANARY9zQ%40word!"):
        assert redacted(text) == redaction.without_known(text) == "it was (key)!"
    assert redaction.without_known_bytes(f"it was {known}!".encode()) == b"it was (key)!"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://m:SuperSecretPw123@db/m", "postgresql+psycopg://m:(hidden)@db/m"),
        ("postgresql://m:pa/ss@w@h:5432/d?sslmode=require&password=zz",
         "postgresql://m:(hidden)@h:5432/d?sslmode=require&password=(hidden)"),
        ("socks5://u:p@proxy:1080", "socks5://u:(hidden)@proxy:1080"),
        ("http://user@proxy:80", "http://user@proxy:80"),
        ("https://h/eurofxref.zip?token=x&b=1#access_token=1", "https://h/eurofxref.zip?token=(hidden)&b=1#access_token=(hidden)"),
        ("https://hooks.slack.com/services/T0/B0/abcdefgh1234567890abcd", "https://hooks.slack.com/services/T0/B0/(hidden)"),
        ("https://h/?abcdef0123456789abcdef01", "https://h/?(hidden)"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("host=db password=zz", "host=db password=(hidden)"),
        ("", ""),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_what_is_secret_in_it(url: str, shown: str) -> None:
    assert masked_url(url) == shown
    assert masked_url(shown) == shown


def test_every_setting_that_is_an_address_may_carry_a_secret() -> None:
    addresses = [one for one in SETTINGS if one.name.endswith(("_URL", "_RATES"))]
    assert len(addresses) >= 8
    assert [one.name for one in addresses if not one.may_carry_secret] == []


def test_logs_and_tracebacks_pass_the_redactor(known: str) -> None:
    before = logging.getLogRecordFactory()
    written: list[str] = []

    class Writer(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    logger = logging.getLogger("foreign.library")
    logger.propagate = False
    handler = Writer()
    logger.addHandler(handler)
    try:
        redaction.guard_logs()
        redaction.guard_logs()
        logger.warning("request to %s with %d items, %s", f"https://u:{CANARY}@h", 3, ValueError(f"Bearer {CANARY}"))
        logger.warning("%(url)s", {"url": f"https://h?token={CANARY}"})
        logger.warning("plain %s", known)
        try:
            raise RuntimeError(f"sk-proj-{CANARY}") from KeyError(f"postgresql://u:{CANARY}@h/d")  # noqa: TRY301
        except RuntimeError:
            logger.exception("it failed")
    finally:
        logger.removeHandler(handler)
        logging.setLogRecordFactory(before)
    text = "\n".join(written)
    assert CANARY not in text
    assert "with 3 items" in text
    assert "Traceback" in text
    assert "RuntimeError: (key)" in text


@pytest.mark.parametrize(
    "piece",
    ["sk-", "a", "Bearer ", "://", "password=", 'token="', "eyJ", "a:", "http://", "x-", "a_", "api-", " ", "token ",
     "authorization:a ", "-----BEGIN PRIVATE KEY-----", "http://a:b", "@", "key-", "secret_"],
)  # fmt: skip
def test_the_time_grows_no_faster_than_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = min(_timed(text) for _ in range(3))
        return max(best, 1e-4)

    assert seconds(80_000) < 4 * 4 * seconds(20_000)


def _timed(text: str) -> float:
    started = time.process_time()
    redacted(text)
    return time.process_time() - started
