"""Tokens: a frozen table of texts, and nothing fetched from anywhere."""

from __future__ import annotations

import gzip
import inspect
import socket
from pathlib import Path

import pytest

from core.errors import BadSetting
from core.llm import tokens
from core.llm.models import all_models
from core.llm.tokens import counter, framing

# Counted with tiktoken 0.14: text, tokens in o200k_base, tokens in cl100k_base.
FROZEN: list[tuple[str, str, int, int]] = [
    ("empty", "", 0, 0),
    ("ascii", "The quick brown fox jumps over the lazy dog.", 10, 10),
    (
        "json",
        '{"metric_id":"weight.VOO","value":12.40,"unit":"pct","currency":null,"period":"as of 2026-10-30"}',
        34,
        35,
    ),
    (
        "table",
        "<HOLDINGS>\nholding_id|name|sector|country|weight_pct\nVOO|Vanguard S&P 500||US|46.00\n</HOLDINGS>",
        37,
        37,
    ),
    (
        "german",
        "Die Verlustobergrenze der Fondsgesellschaft wurde überschritten; Währungsabsicherung empfehlenswert.",
        21,
        29,
    ),
    (
        "french",
        "La perte maximale s\u2019\xe9l\xe8ve \xe0 12,40\xa0%, soit 1\u202f234\u202f567\xa0\u20ac : \xab un avis \xbb.",
        27,
        32,
    ),
    ("japanese", "東京証券取引所に上場する投資信託のリスクを分析します。", 22, 29),
    ("arabic", "تحليل مخاطر المحفظة الاستثمارية", 9, 21),
    ("emoji", "📈📉👩\u200d💻 gains 🇨🇭🇫🇷 ✅", 19, 28),
    ("digits", "31415926535897932384626433832795028841971693993751", 17, 17),
    ("spaces", "a" + " " * 200 + "b\t\t\tc\r\n\r\n\n", 8, 8),
    ("specials", "<|endoftext|><|im_start|>system<|endofprompt|>", 20, 20),
    ("separators", "one\u2028two\u2029three\x85four\x00five", 11, 12),
    ("surrogate", "half \ud83d of a pair", 5, 5),
    ("repeated", "ab" * 500, 250, 500),
]


@pytest.mark.parametrize(("name", "text", "o200k", "cl100k"), FROZEN, ids=[row[0] for row in FROZEN])
def test_counts_are_frozen(name: str, text: str, o200k: int, cl100k: int) -> None:
    assert (counter("o200k_base").count(text), counter("cl100k_base").count(text)) == (o200k, cl100k)


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_special_tokens_in_data_are_ordinary_text(encoding: str) -> None:
    assert counter(encoding).count("<|endoftext|>") > 1


def test_pattern_numbers_and_hash_are_those_of_the_installed_tokenizer() -> None:
    from tiktoken_ext import openai_public

    for encoding in ("o200k_base", "cl100k_base"):
        theirs = getattr(openai_public, encoding)
        asked: dict[str, str] = {}

        def keep_the_hash(url: str, expected_hash: str, asked: dict[str, str] = asked) -> dict[bytes, int]:
            asked["hash"] = expected_hash
            return {}

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(openai_public, "load_tiktoken_bpe", keep_the_hash)
            definition = theirs()
        assert definition["pat_str"] == tokens._PATTERN[encoding]
        assert definition["special_tokens"] == tokens._SPECIAL[encoding]
        assert asked["hash"] == tokens._SHA256[encoding]


def test_counting_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the tokenizer reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert inspect.unwrap(counter)("o200k_base").count("hello world") == 2


def test_a_vocabulary_with_one_wrong_byte_is_refused(tmp_path: Path) -> None:
    good = gzip.decompress((tokens._VOCABULARY / "cl100k_base.tiktoken.gz").read_bytes())
    path = tmp_path / "cl100k_base.tiktoken.gz"
    path.write_bytes(gzip.compress(good[:-3] + b"9" + good[-2:], compresslevel=1))
    with pytest.raises(BadSetting, match="not the published one"):
        tokens._ranks("cl100k_base", tokens._SHA256["cl100k_base"], tmp_path)
    path.write_bytes(b"not gzip")
    with pytest.raises(BadSetting, match="cannot be read"):
        tokens._ranks("cl100k_base", tokens._SHA256["cl100k_base"], tmp_path)


def test_every_model_has_a_counter_built_once() -> None:
    for model in all_models():
        assert counter(model.encoding) is counter(model.encoding)
        assert counter(model.encoding).name == model.encoding


def test_a_chat_request_costs_its_frame() -> None:
    assert framing(1) == 7
    assert framing(2) == 11
