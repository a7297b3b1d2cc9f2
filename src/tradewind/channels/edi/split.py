"""A file of several interchanges, each with its own bytes: the same interchange is known again in whatever file it comes."""

import re
from hashlib import sha256

BEGIN = re.compile(rb"ISA([^A-Za-z0-9\s])\d\d\1[^\r\n]{0,10}\1\d\d\1", re.DOTALL)
AROUND = b"\xef\xbb\xbf \t\r\n\x1a\x00"


def interchanges_in(body: bytes) -> list[bytes]:
    """The pieces of a file, one an interchange as far as that can be seen; a file without any is one piece."""
    starts = [found.start() for found in BEGIN.finditer(body)]
    if len(starts) < 2:
        return [body]
    starts[0] = 0
    return [body[start:end] for start, end in zip(starts, [*starts[1:], len(body)], strict=True)]


def digest_of(piece: bytes, ordinal: int = 0) -> bytes:
    """What tells one interchange from another under the same number; white space around it says nothing."""
    digest = sha256(piece.strip(AROUND))
    if ordinal:
        digest.update(b"#%d" % ordinal)
    return digest.digest()
