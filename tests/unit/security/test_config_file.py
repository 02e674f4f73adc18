"""Settings are read from a place that is the user's, or that the user named, and say nothing to strangers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core import config_file
from core.errors import BadSetting
from core.settings import GOES_TO, SETTINGS, load

FILE = "MOSYCHLOS_POLL_SECONDS = 5\n"
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own" / "mosychlos.toml"
    path.parent.mkdir()
    path.write_text(FILE, "utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own file would stand."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "mosychlos" / "mosychlos.toml"
    path.parent.mkdir(parents=True)
    return path


def test_the_current_folder_is_no_place_where_a_file_is_looked_for(
    tmp_path: Path, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mosychlos.toml").write_text(FILE, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert config_file.find({}) != tmp_path / "mosychlos.toml"
    for folder in (".", "config", ""):
        monkeypatch.setenv("XDG_CONFIG_HOME", folder)
        assert all(place.is_absolute() and tmp_path not in place.parents for place in config_file.places())


def test_the_users_own_file_is_read_and_one_named_goes_before_it(users: Path, file: Path) -> None:
    assert config_file.places()[0] == users
    assert config_file.places()[1] == Path("/etc/mosychlos/mosychlos.toml")
    users.write_text(FILE, "utf-8")
    assert config_file.find({}) == users
    assert config_file.find({"MOSYCHLOS_CONFIG": str(file)}) == file
    assert config_file.find({"MOSYCHLOS_CONFIG": os.devnull}) is None


def test_a_named_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"MOSYCHLOS_CONFIG names .*nowhere\.toml"):
        config_file.find({"MOSYCHLOS_CONFIG": str(tmp_path / "nowhere.toml")})


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused_with_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(BadSetting, match=r"Others may write.*chmod go-w"):
        load({}, file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(file, 65534, 65534)
    with pytest.raises(BadSetting, match="belongs to another user"):
        load({}, file)
    link = file.with_name("link.toml")
    link.symlink_to(file)
    with pytest.raises(BadSetting, match="belongs to another user"):
        load({}, link)


def test_what_is_no_file_is_no_settings_file(tmp_path: Path) -> None:
    pipe = tmp_path / "mosychlos.toml"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, tmp_path):
        with pytest.raises(BadSetting, match="is no settings file"):
            config_file.values(path)


@pytest.mark.parametrize(
    "text", ["A = = 5", "A = [1]", "[A]\nb = 1", 'MOSYCHLOS_PROMPTS = "/a\\u0000b"', 'MOSYCHLOS_CONFIG = "/other"']
)
def test_what_no_setting_can_be_is_said_with_the_files_name(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(BadSetting, match=r"mosychlos\.toml"):
        load({}, file)


ELSEWHERE = "https://attacker.example/v1"


@pytest.mark.parametrize(
    ("key", "address"), [(key, address) for key, addresses in GOES_TO.items() for address in addresses]
)
def test_a_key_of_the_environment_goes_to_no_address_that_only_a_file_names(file: Path, key: str, address: str) -> None:
    usual = {"MOSYCHLOS_SEC_CONTACT": "ada@acme.example", "OPENAI_CUSTOM_HEADERS": "X-Key: sk-CANARY"}
    given = {key: usual.get(key, "sk-CANARY")}
    file.write_text(f'{address} = "{ELSEWHERE}"\n', "utf-8")
    with pytest.raises(
        BadSetting, match=f"{key} stands in the environment and {address} only in the settings file"
    ) as no:
        load(given, file)
    assert "CANARY" not in str(no.value)
    # Both in the environment, both in the file, or the built-in address: then nobody else can have chosen it.
    load({**given, address: ELSEWHERE}, file)
    load(given, None)
    file.write_text(f'{address} = "{DEFAULTS[address]}/"\n', "utf-8")
    load(given, file)
    file.write_text(f'{address} = "{ELSEWHERE}"\n{key} = "{given[key]}"\n', "utf-8")
    load({}, file)


def test_every_key_has_the_addresses_that_it_is_sent_to() -> None:
    addresses = {name for name, default in DEFAULTS.items() if (default or "").startswith("http")}
    assert addresses == {address for several in GOES_TO.values() for address in several}


def test_a_folder_of_prompts_is_never_one_of_the_current_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MOSYCHLOS_PROMPTS", "MOSYCHLOS_ECB_RATES"):
        with pytest.raises(BadSetting, match=f"{name} is 'prompts': it must be a whole path"):
            load({name: "prompts"})
    file.write_text('MOSYCHLOS_PROMPTS = "prompts"', "utf-8")
    assert load({}, file).prompts == file.parent / "prompts"
    assert load({"MOSYCHLOS_PROMPTS": "/srv/prompts"}, file).prompts == Path("/srv/prompts")
    assert (
        load({"MOSYCHLOS_ECB_RATES": "https://rates.example/a.zip"}).market.ecb_rates == "https://rates.example/a.zip"
    )


def test_a_home_folder_that_nobody_knows_is_a_bad_setting() -> None:
    with pytest.raises(BadSetting, match="MOSYCHLOS_HOME is '~nobody-of-that-name/x'"):
        load({"MOSYCHLOS_HOME": "~nobody-of-that-name/x"})
