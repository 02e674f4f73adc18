"""Tokens counted offline, exactly as the provider's own tokenizer counts them."""

from __future__ import annotations

import gzip
import hashlib
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import BadSetting

if TYPE_CHECKING:
    import tiktoken

MESSAGE_TOKENS: Final = 4
"""What a chat message costs beyond its text: its two delimiters, its line break and the one token of its role."""

REPLY_TOKENS: Final = 3
"""What opens the answer, once a request. Source: the provider's cookbook on counting tokens."""

_VOCABULARY = Path(__file__).with_name("vocabulary")

# Each encoding is its list of tokens, the pattern that cuts text into words first, and its special tokens. Hashes,
# patterns and numbers are the provider's (published with tiktoken, MIT); a test compares them with the installed one.
_SHA256 = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
_PATTERN = {
    "o200k_base": (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|"
        r"\s+(?!\S)|\s"
    ),
}
_SPECIAL = {
    "o200k_base": {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    "cl100k_base": {
        "<|endoftext|>": 100257,
        "<|fim_prefix|>": 100258,
        "<|fim_middle|>": 100259,
        "<|fim_suffix|>": 100260,
        "<|endofprompt|>": 100276,
    },
}


class Counter:
    """Counts tokens in one encoding. Safe to share between threads."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        self.name = encoding.name
        self._encode = encoding.encode_ordinary

    def count(self, text: str) -> int:
        """Tokens of a text. What looks like a special token ("<|endoftext|>") is counted as the text it is."""
        return len(self._encode(text))


def framing(messages: int) -> int:
    """Tokens that a chat request of so many messages costs beyond their texts."""
    return messages * MESSAGE_TOKENS + REPLY_TOKENS


@cache
def counter(encoding: str) -> Counter:
    """The counter of an encoding ("o200k_base" or "cl100k_base"), built once a process, without any download.

    Raises:
        BadSetting: The installed vocabulary file is damaged.
        KeyError: No such encoding; the registry names only those that are shipped.
    """
    import tiktoken

    return Counter(
        tiktoken.Encoding(
            encoding,
            pat_str=_PATTERN[encoding],
            mergeable_ranks=_ranks(encoding, _SHA256[encoding], _VOCABULARY),
            special_tokens=_SPECIAL[encoding],
        )
    )


def _ranks(encoding: str, sha256: str, folder: Path) -> dict[bytes, int]:
    """The vocabulary: token bytes and their rank, one "base64 rank" a line."""
    path = folder / f"{encoding}.tiktoken.gz"
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise BadSetting(f"The vocabulary {path.name} cannot be read ({error}). Install the program again.") from None
    # A vocabulary with one wrong line would still count, only a little wrong, and so would every estimate.
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadSetting(f"The vocabulary {path.name} is not the published one. Install the program again.")
    ranks: dict[bytes, int] = {}
    for line in data.splitlines():
        token, _, rank = line.partition(b" ")
        ranks[b64decode(token)] = int(rank)
    return ranks
