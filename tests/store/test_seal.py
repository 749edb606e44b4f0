import json
import stat
from pathlib import Path

import pytest

from gateway.store import KeyFileError, Keyring, SealBrokenError, create_key_file, load_key_file


def test_4_2_what_is_sealed_opens_in_its_place_only(keyring: Keyring) -> None:
    sealed = keyring.seal("message", "body", "msg_1", "Trip on Friday")
    assert b"Trip" not in sealed
    assert keyring.open("message", "body", "msg_1", sealed) == "Trip on Friday"
    for place in (("inbox", "body", "msg_1"), ("message", "number", "msg_1"), ("message", "body", "msg_2")):
        with pytest.raises(SealBrokenError):
            keyring.open(*place, sealed)


def test_any_changed_byte_breaks_the_seal(keyring: Keyring) -> None:
    sealed = keyring.seal("t", "c", "r", "text")
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(SealBrokenError):
            keyring.open("t", "c", "r", bytes(broken))
    for length in range(len(sealed)):
        with pytest.raises(SealBrokenError):
            keyring.open("t", "c", "r", sealed[:length])


def test_the_index_finds_equal_numbers_and_tells_nothing(keyring: Keyring) -> None:
    assert keyring.index("+447700900123") == keyring.index("+447700900123")
    assert keyring.index("+447700900123") != keyring.index("+447700900124")
    assert b"7700900123" not in keyring.index("+447700900123")


def test_keys_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyFileError, match="never overwritten"):
        create_key_file(path)


def test_a_key_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    create_key_file(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_key_file(path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"seal": {"1": "?"}}', '{"seal": {"1": "AAAA"}}'])
def test_a_damaged_key_file_is_refused_without_a_traceback(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys"
    path.touch(0o600)
    path.write_text(content)
    with pytest.raises(KeyFileError, match="damaged"):
        load_key_file(path)


def test_an_older_key_still_opens_what_it_sealed(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    create_key_file(path)
    sealed = load_key_file(path).seal("t", "c", "r", "text")
    content = json.loads(path.read_text())
    content["seal"]["2"] = content["index"]
    content["current"] = 2
    path.write_text(json.dumps(content))
    rotated = load_key_file(path)
    assert rotated.open("t", "c", "r", sealed) == "text"
    assert rotated.seal("t", "c", "r", "text")[0] == 2
