import random
from itertools import combinations
from pathlib import Path

import pytest

from gateway.store import KeyFileError, create_key_file, escrow


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_key_file(tmp_path / "keys")
    return tmp_path / "keys"


def test_what_is_typed_from_the_sheet_is_the_key_file(keys: Path, tmp_path: Path) -> None:
    escrow.write(escrow.lines(keys), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == keys.read_bytes()
    assert (tmp_path / "again").stat().st_mode & 0o077 == 0


def test_spaces_case_and_lookalikes_do_not_matter(keys: Path, tmp_path: Path) -> None:
    typed = [line.lower().replace(" ", "").replace("o", "0").replace("i", "1") for line in escrow.lines(keys)]
    escrow.write(typed, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == keys.read_bytes()


@pytest.mark.parametrize("seed", range(20))
def test_one_wrong_character_is_found_in_its_line(keys: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    lines = escrow.lines(keys)
    number = chance.randrange(len(lines))
    body, check = lines[number].split(" / ")
    at = chance.choice([i for i in range(3, len(body)) if body[i] != " "])
    other = chance.choice([c for c in "ABCDEFGHJKLMNPQRSTUVWXYZ2345679" if c != body[at]])
    lines[number] = f"{body[:at]}{other}{body[at + 1 :]} / {check}"
    with pytest.raises(escrow.SheetError, match=rf"^line {number + 1} "):
        escrow.write(lines, tmp_path / "again")


def test_two_swapped_characters_are_found_in_their_line(keys: Path, tmp_path: Path) -> None:
    first, *others = escrow.lines(keys)
    said, _, rest = first.partition(": ")
    body, check = rest.split(" / ")
    plain = body.replace(" ", "")
    for one, two in combinations(range(len(plain)), 2):
        swapped = list(plain)
        swapped[one], swapped[two] = swapped[two], swapped[one]
        if swapped[one] != swapped[two]:
            with pytest.raises(escrow.SheetError, match=r"^line 1 "):
                escrow.write([f"{said}: {''.join(swapped)} / {check}", *others], tmp_path / "again")


@pytest.mark.parametrize(
    "change", [lambda lines: lines[:-1], lambda lines: [*lines[:2], *lines[3:]], lambda _: []]
)
def test_a_missing_line_is_told(keys: Path, tmp_path: Path, change: object) -> None:
    with pytest.raises(escrow.SheetError):
        escrow.write(change(escrow.lines(keys)), tmp_path / "again")  # type: ignore[operator]
    assert not (tmp_path / "again").exists()


def test_keys_are_never_overwritten(keys: Path) -> None:
    with pytest.raises(KeyFileError, match="never overwritten"):
        escrow.write(escrow.lines(keys), keys)
