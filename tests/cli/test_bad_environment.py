"""A bad environment is a sentence that names the variable, in every command, and shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

COMMANDS = (
    ("config", "check"),
    ("health",),
    ("portfolio", "analyze", "risk", "--all"),
    ("portfolio", "analyze", "risk", "--all", "--batch"),
    ("worker",),
    ("market", "fetch", "fmp", "AAPL"),
    ("serve", "--port", "18533"),
)


VALUES = (
    ("ALL_PROXY", "socks4://user:CANARY1@127.0.0.1:1"),
    ("HTTPS_PROXY", "http://user:CANARY1@host:port"),
    ("SSL_CERT_FILE", "/nowhere/CERTIFICATES.pem"),
    ("SSL_CERT_DIR", "/nowhere"),
    ("OPENAI_PROJECT_ID", "projekt-ä"),
    ("OPENAI_CUSTOM_HEADERS", "Authorization CANARY1"),
    ("LOGLEVEL", "LOUD"),
    ("MOSYCHLOS_DATABASE_URL", "postgresql+psycopg://m:CANARY1@db:port/m"),
    ("MOSYCHLOS_DATABASE_URL", "no address"),
    ("OPENAI_BASE_URL", "https://host/v1?key=CANARY1"),
    ("OPENAI_BASE_URL", "http://[::1/v1"),
    ("MOSYCHLOS_ECB_RATES", "ftp://u:CANARY1@host/x"),
)
EACH = [(*value, command) for value in VALUES for command in COMMANDS]
SAMPLE = {(number, number % len(COMMANDS)) for number in range(len(VALUES))}
"""Each value once, each command at least once: what runs in `make test`."""


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        pytest.param(*case, marks=() if divmod(number, len(COMMANDS)) in SAMPLE else pytest.mark.full)
        for number, case in enumerate(EACH)
    ],
)
def test_every_command_names_the_variable_and_ends_with_2(
    cli: Cli, positions: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any-key-of-mine")
    monkeypatch.setenv(name, value)
    code, out, err = cli(*command)
    assert (code, "Traceback" in err) == (2, False), (out, err)
    assert name in err
    assert "CANARY1" not in out + err


def test_config_check_shows_addresses_without_their_passwords(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "MOSYCHLOS_DATABASE_URL", "postgresql+psycopg://mosychlos:SuperSecretPw123@127.0.0.1:9/mosychlos"
    )
    monkeypatch.setenv("MOSYCHLOS_ECB_RATES", "https://rates.example/x.zip?token=SuperSecretPw123")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:SuperSecretPw123@proxy.example:8080")
    code, out, err = cli("config", "check")
    said = out + err
    assert code == 2
    assert "SuperSecretPw123" not in said
    assert "postgresql+psycopg://mosychlos:(hidden)@127.0.0.1:9/mosychlos" in said
    assert "x.zip?token=(hidden)" in said
    found = cli.json("config", "check", code=2)
    assert "SuperSecretPw123" not in str(found)
    assert found["environment"]["HTTPS_PROXY"] == "http://me:(hidden)@proxy.example:8080"
    assert "cannot be reached" in str(found["problems"])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://127.0.0.1:9/x?no_such_option=1",
        "postgresql://127.0.0.1:9/x?connect_timeout=soon",
        "mysql://host/x",
        "sqlite:////proc/none/x.db",
    ],
)
def test_a_database_address_that_leads_nowhere_is_no_traceback(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MOSYCHLOS_DATABASE_URL", url)
    code, out, err = cli("portfolio", "list")
    assert code in {2, 3}, out + err
    assert "Traceback" not in err
