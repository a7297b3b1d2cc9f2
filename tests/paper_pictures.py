"""Pages of a PDF as PNG files, to be looked at: `python tests/paper_pictures.py FILE.pdf FOLDER [SCALE]`."""

import struct
import sys
import zlib
from pathlib import Path

import pypdfium2


def png(width: int, height: int, rows: list[bytes], *, channels: int) -> bytes:
    """A PNG of 8-bit rows, grey (1 channel) or colour (3)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def page_png(pdf: bytes, page: int, *, scale: float = 1.25) -> bytes:
    """One page, counted from 0, in shades of grey."""
    document = pypdfium2.PdfDocument(pdf)
    bitmap = document[page].render(scale=scale, grayscale=True)
    pixels = bytes(bitmap.buffer)
    rows = [pixels[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height)]
    made = png(bitmap.width, bitmap.height, rows, channels=1)
    document.close()
    return made


if __name__ == "__main__":
    pdf, folder = Path(sys.argv[1]), Path(sys.argv[2])
    scale = float(sys.argv[3]) if len(sys.argv) > 3 else 1.25
    body = pdf.read_bytes()
    for number in range(len(pypdfium2.PdfDocument(body))):
        (folder / f"{pdf.stem}-{number + 1}.png").write_bytes(page_png(body, number, scale=scale))
