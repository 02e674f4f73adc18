"""What libraries read from the environment by themselves is checked as our own settings are."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from core import sdk_environment
from core.app import build
from core.errors import BadSetting
from core.market_sources.sources import Sources
from core.settings import KEYS, load

GONE = "/nowhere/certificates.pem"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks4://127.0.0.1:1080"),
        ("all_proxy", "ftp://127.0.0.1:21"),
        ("HTTPS_PROXY", "http://"),
        ("HTTPS_PROXY", "http://[::1"),
        ("https_proxy", "http://host:port"),
        ("HTTP_PROXY", "http://ho st:80"),
        ("HTTP_PROXY", "host:99999"),
        ("NO_PROXY", "a\x00b"),
        ("SSL_CERT_FILE", GONE),
        ("SSL_CERT_FILE", __file__),
        ("SSL_CERT_DIR", "/nowhere"),
        ("REQUESTS_CA_BUNDLE", GONE),
        ("CURL_CA_BUNDLE", __file__),
        ("SSLKEYLOGFILE", "/nowhere/keys.log"),
        ("OPENAI_ORG_ID", "org-ä"),
        ("OPENAI_PROJECT_ID", "proj_ü"),
        ("OPENAI_PROJECT_ID", "proj\n1"),
        ("OPENAI_CUSTOM_HEADERS", "no colon"),
        ("OPENAI_CUSTOM_HEADERS", "X-A: ä"),
        ("OPENAI_CUSTOM_HEADERS", "X A: b"),
        ("OPENAI_CUSTOM_HEADERS", "X-A:"),
        ("OPENAI_CUSTOM_HEADERS", "authorization: Bearer other"),
        ("OPENAI_LOG", "loud"),
        ("OPENAI_ADMIN_KEY", "sk ädmin"),
        ("OPENAI_WEBHOOK_SECRET", "whsec ü"),
        ("LOGLEVEL", "LOUD"),
        ("DBOS__CLOUD", "true"),
    ],
)
def test_a_variable_that_no_library_can_use_is_a_bad_setting_with_its_name_and_remedy(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"{name} is .*unset {name}") as said:
        load({name: value})
    if name in KEYS:
        assert value not in str(said.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks://127.0.0.1:1080/"),
        ("ALL_PROXY", "socks5h://user:word@127.0.0.1:1080"),
        ("HTTPS_PROXY", "proxy.example:8080"),
        ("HTTP_PROXY", "http://user:p%40ss@proxy.example"),
        ("no_proxy", "localhost,127.0.0.1,::1,.example.com"),
        ("SSL_CERT_DIR", "/etc"),
        ("OPENAI_ORG_ID", "org-123"),
        ("OPENAI_CUSTOM_HEADERS", "X-Team: desk a\nX-Other: 1\n"),
        ("OPENAI_LOG", "debug"),
        ("LOGLEVEL", "info"),
        ("ALL_PROXY", ""),
        ("SSL_CERT_FILE", ""),
    ],
)
def test_what_the_libraries_take_is_taken(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by the libraries themselves: a provider and a source with a key can be opened."""
    given = {
        name: value,
        "MOSYCHLOS_HOME": str(tmp_path),
        "OPENAI_API_KEY": "sk-any",
        "MOSYCHLOS_FMP_API_KEY": "any-key",
    }
    for set_name, set_value in (given | sdk_environment.settled(given)).items():
        monkeypatch.setenv(set_name, set_value)
    settings = load(given)
    app = build(settings)
    try:
        app.provider().close()
        Sources(settings.market).open("fmp").close()
    finally:
        app.close()


def test_a_file_of_certificates_is_taken(tmp_path: Path) -> None:
    bundle = ssl.get_default_verify_paths().cafile
    if bundle is None:
        pytest.skip("this machine has no file of certificates")
    load({"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle})


def test_desktops_word_for_a_proxy_is_read_as_version_5() -> None:
    assert sdk_environment.settled({"ALL_PROXY": "socks://h:1", "https_proxy": "SOCKS://h:2", "HTTP_PROXY": "h:3"}) == {
        "ALL_PROXY": "socks5://h:1",
        "https_proxy": "socks5://h:2",
    }


def test_what_a_library_still_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that changed after the check, or one that a later version of a library reads otherwise."""
    app = build(load({"MOSYCHLOS_HOME": str(tmp_path), "OPENAI_API_KEY": "sk-any", "MOSYCHLOS_FMP_API_KEY": "any-key"}))
    try:
        for name, value in (("ALL_PROXY", "socks4://user:CANARY1@h:1"), ("SSL_CERT_FILE", GONE)):
            with monkeypatch.context() as around:
                around.setenv(name, value)
                for opened in (app.provider, lambda: Sources(app.settings.market).open("fmp")):
                    with pytest.raises(BadSetting, match=name) as said:
                        opened()
                    assert "CANARY1" not in str(said.value)
    finally:
        app.close()


def test_the_dashboard_holds_none_of_their_secrets() -> None:
    assert {"OPENAI_ADMIN_KEY", "OPENAI_CUSTOM_HEADERS", "OPENAI_WEBHOOK_SECRET"} <= KEYS
