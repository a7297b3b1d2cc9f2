"""Which characters our fonts have, read from the fonts themselves (the `cmap` table of OpenType)."""

import struct
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"


@cache
def covered_characters() -> frozenset[int]:
    """The code points that every weight of our typeface has a glyph for."""
    return frozenset.intersection(*(frozenset(_code_points(path.read_bytes())) for path in sorted(FONTS.glob("*.ttf"))))


def _code_points(font: bytes) -> set[int]:
    table = _table(font, b"cmap")
    count = struct.unpack_from(">H", table, 2)[0]
    found: set[int] = set()
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * number)
        if (platform, encoding) in ((0, 3), (0, 4), (3, 1), (3, 10)):
            found |= _of_subtable(table[offset:])
    return found


def _table(font: bytes, name: bytes) -> bytes:
    count = struct.unpack_from(">H", font, 4)[0]
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        if tag == name:
            return font[offset : offset + length]
    raise ValueError(f"the font has no table {name.decode()}")


def _of_subtable(table: bytes) -> set[int]:
    kind = struct.unpack_from(">H", table)[0]
    if kind == 4:
        return _segments(table)
    if kind == 12:
        return _groups(table)
    return set()


def _segments(table: bytes) -> set[int]:
    """Format 4: ranges of the first plane; a code point counts where its glyph is not 0."""
    count = struct.unpack_from(">H", table, 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    starts = struct.unpack_from(f">{count}H", table, 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", table, 16 + 4 * count)
    place = 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", table, place)
    found = set()
    for number, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(start, end + 1):
            if code == 0xFFFF:
                continue
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", table, place + 2 * number + offset + 2 * (code - start))[0]
            if glyph and (glyph + delta) & 0xFFFF:
                found.add(code)
    return found


def _groups(table: bytes) -> set[int]:
    """Format 12: ranges of all planes."""
    count = struct.unpack_from(">I", table, 12)[0]
    found: set[int] = set()
    for number in range(count):
        start, end, glyph = struct.unpack_from(">III", table, 16 + 12 * number)
        found.update(code for code in range(start, end + 1) if glyph + code - start)
    return found
