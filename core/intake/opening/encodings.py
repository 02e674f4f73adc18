"""The text of a file whose encoding nobody states, found out from its bytes."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE: Final = 4_000
_WIDE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff01-\uff9f\u3000-\u303f]")
_GLUED: Final = re.compile(
    r"[A-Za-z][\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3][a-z]"
)
_WORDS: Final = re.compile(
    "銘柄|数量|株数|口座|評価|現在|残高|ファンド|名称|代码|股票|市值|证券|基金|金额|名稱|代號|股數|市價|證券|종목|수량|현재|평가|금액"
)
_EUROPEAN: Final = (
    ("cp1251", "Windows-1251"), ("koi8-r", "KOI8-R"), ("cp1250", "Windows-1250"), ("iso-8859-2", "ISO 8859-2"),
    ("cp1253", "Windows-1253"), ("iso-8859-7", "ISO 8859-7"), ("cp1254", "Windows-1254"), ("cp866", "CP866"),
    ("cp852", "CP852"), ("cp850", "CP850"), ("cp437", "CP437"),
)  # fmt: skip
_EUROPEAN_WORDS: Final = re.compile(
    "наименование|название|бумаг|количество|кол-во|цена|стоимость|валюта|сумма|итого|всего|счет|эмитент|дата|акци|облигац|"
    "кількість|ціна|вартість|папір|разом|стойност|общо|"
    "ilość|wartość|wartościow|średni|łącznie|udział|należno|środki|"
    "název|počet|množství|měna|tržní|částka|úč(?:et|tu)|cenný|celková|zpráva|množstvo|trhová|názov|"
    "količina|tržišna|"
    "értékpapír|megnevezés|mennyiség|érték|árfolyam|összesen|számla|"
    "preţ|piaţă|acţiuni|achiziţi|"
    "ποσότητα|αξία|τιμή|ονομασία|περιγραφή|σύνολο|νόμισμα|μετοχή|τεμάχια|αποτίμηση|ημερομηνία|"
    "kıymet|değer|alış|satış|döviz|işlem|hesabı|"
    "stück|währung|gültig|übersicht|erträge|libellé|quantité|société|débit|título|"
    "värde|määrä",
    re.IGNORECASE,
)
"""Words of lists of securities that no other encoding spells: with letters beyond those of ASCII."""
_ASIAN: Final = (
    ("cp932", "Shift-JIS"),
    ("euc_jp", "EUC-JP"),
    ("gb18030", "GBK"),
    ("big5", "Big5"),
    ("cp949", "Korean (CP949)"),
)


def proven(data: bytes) -> tuple[str, str] | None:
    """The text of bytes without a mark and what it was read as ("" for UTF-8), where the bytes themselves prove it.

    UTF-16 is proven by its zeros, UTF-8 by its bytes, the encodings of Asia by characters that stand together as words.
    """
    wide = _utf16_without_mark(data)
    if wide is not None:
        return wide
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _european(data) or _asian(data)


def _european(data: bytes) -> tuple[str, str] | None:
    """The text in the encoding in which it holds the most words of lists; None where Windows-1252 has as many."""
    best, most = None, _words(data.decode("cp1252", "replace"))
    for encoding, name in _EUROPEAN:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        count = _words(text)
        if count > most:
            best, most = (text, name), count
    return best


def _words(text: str) -> int:
    """How many different words of lists a text holds that have a letter beyond ASCII."""
    found = {match.casefold() for match in _EUROPEAN_WORDS.findall(text[:20_000])}
    return sum(not word.isascii() for word in found)


def western(data: bytes) -> tuple[str, str]:
    """The text in the encoding of Windows or, where lines end as on an old Macintosh, of that; and its name.

    Raises:
        UnicodeDecodeError: A byte that Windows-1252 does not have.
    """
    if b"\r" in data and b"\n" not in data:
        return data.decode("mac_roman"), "Mac Roman"
    return data.decode("cp1252"), "Windows-1252"


def _utf16_without_mark(data: bytes) -> tuple[str, str] | None:
    sample = data[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half < 4 or len(data) % 2 or max(even, odd) < 0.4 * half or min(even, odd) > 0.05 * half:
        return None
    encoding, name = ("utf-16-le", "UTF-16 (little end first)") if odd > even else ("utf-16-be", "UTF-16")
    try:
        return data.decode(encoding), name
    except UnicodeDecodeError:
        return None


def _asian(data: bytes) -> tuple[str, str] | None:
    best: tuple[float, str, str] | None = None
    for encoding, name in _ASIAN:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        score = _plausible(text)
        if score > 0.75 and (best is None or score > best[0]):
            best = score, text, name
    return None if best is None else (best[1], best[2])


def _plausible(text: str) -> float:
    """How much of the text beyond ASCII is what a table in an Asian language is made of, from 0 to 1.

    Bytes of a Western text decode to single rare characters inside its words; those of another Asian encoding to rare
    characters, or to private ones.
    """
    beyond = [character for character in text[:20_000] if character > "\x7f"]
    if not beyond:
        return 0.0
    glued = len(_GLUED.findall(text[:20_000]))
    good = sum(_weight(character) for character in beyond)
    # A word that lists of securities use says more than how common its characters are.
    return (good - glued) / len(beyond) + bool(_WORDS.search(text[:20_000]))


def _weight(character: str) -> float:
    if "\u3041" <= character <= "\u30fe":
        return 1.2
    if "\uac00" <= character <= "\ud7a3":
        return 1.0
    if "\u4e00" <= character <= "\u9fa5":
        # Characters of everyday stand in the first level of the national standard.
        lead = character.encode("gb2312", "ignore")
        common = bool(lead) and 0xB0 <= lead[0] <= 0xD7
        return 1.0 if common else 0.6
    narrow = "\uff61" <= character <= "\uff9f"
    return 0.9 if not narrow and _WIDE.fullmatch(character) and unicodedata.category(character)[0] in "PSLN" else 0.0
