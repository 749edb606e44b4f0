"""From any Unicode text to plain lower-case letters: one spelling for what looks or means the same."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_READ_FIRST: Final = 700  # characters; more than four SMS is read at its two ends
_READ_LAST: Final = 300

_SMALL_CAPITALS: Final = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqqrstuvwyz", strict=True))
_STROKED: Final = dict(zip("łøđħıŧɨȼⱡⱥɇƀ", "lodhiticlaeb", strict=True))
# One letter of Arabic script for the several that keyboards give: Urdu, Persian and Arabic.
_ARABIC: Final = dict(zip("یىئےکہھۃةۂؤٱ", "ييييكهههههوا", strict=True)) | {"ـ": ""}
_CHINESE: Final = dict(
    zip(
        "別發訊給傳請從話號碼錯個這們聯繫絡絕單擾應資電刪簡認識閱訂無寄關閉誰説說會沒為",
        "别发讯给传请从话号码错个这们联系络绝单扰应资电删简认识阅订无寄关闭谁说说会没为",
        strict=True,
    )
)
_QUOTES: Final = dict.fromkeys("‘’‚‛ʼʹ´`′＇", "'") | dict.fromkeys("“”„‟«»″＂", '"')
_CONTROLS: Final = {chr(code): " " for code in (*range(32), 127) if chr(code) != "\n"}
_BLANK_LETTERS: Final = dict.fromkeys("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800", "")


def _boxed_letters() -> dict[str, str]:
    """Return the negative circled, negative squared and regional letters, which NFKC leaves alone."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    starts = (0x1F150, 0x1F170, 0x1F1E6)
    return {chr(start + i): letter for start in starts for i, letter in enumerate(alphabet)}


_BEFORE: Final = str.maketrans(_QUOTES | _CONTROLS | _BLANK_LETTERS | _boxed_letters())
_AFTER: Final = str.maketrans(_SMALL_CAPITALS | _STROKED | _ARABIC | _CHINESE)
_FLAG: Final = re.compile("(?<![🇦-🇿])[🇦-🇿]{2}(?![🇦-🇿])")
# Accents of Latin, Greek and Cyrillic letters; Arabic vowel signs. The vowel signs of Indic scripts stay.
_ACCENT: Final = re.compile("[\u0300-\u036f\u0483-\u0489\u064b-\u065f\u0670\u20d0-\u20ff\ufe00-\ufe0f]")


def _ends_of(text: str) -> str:
    if len(text) <= _READ_FIRST + _READ_LAST:
        return text
    return f"{text[:_READ_FIRST]}\n{text[-_READ_LAST:]}"


def tidy(text: str) -> str:
    """Return `text` in NFKC without invisible characters, with plain quotes and spaces; case is kept.

    Of a very long one only the beginning and the end are kept.
    """
    text = _ends_of(text)
    if text.isascii():
        return text.translate(_BEFORE)
    text = unicodedata.normalize("NFKC", _FLAG.sub(" ", text).translate(_BEFORE)).translate(_BEFORE)
    return "".join(map(_visible, _ends_of(text)))  # NFKC makes eighteen characters of some


def _visible(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category == "Cf":  # zero-width, bidi, soft hyphen, joiners, tags
        return ""
    if category in ("Zs", "Cc"):
        return " "
    return "\n" if category in ("Zl", "Zp") else char


def plain(text: str) -> str:
    """Return tidied `text` in one case, without accents, with one letter for its national variants."""
    if text.isascii():
        return text.casefold()
    bare = _ACCENT.sub("", unicodedata.normalize("NFD", text.casefold())).translate(_AFTER)
    return unicodedata.normalize("NFC", bare)
