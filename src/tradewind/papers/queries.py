"""Reads of issued papers."""

from typing import Any

from tradewind.kernel.tx import Reader, Row
from tradewind.papers.model import Issued, Wanted

_COLUMNS = "id, kind, account_id, number, scope, language, version, issued_at, sha256, body, findings"
_OF = f"""
select {_COLUMNS} from issued_paper
where kind = %(kind)s and subject_id = %(subject)s and scope = %(scope)s and language = %(language)s
"""  # noqa: S608 - columns are ours
_OF_STATE = f"{_OF} and state = %(state)s"
_OF_VERSION = f"{_OF} and version = %(version)s"
_NEWEST = """
select id, version, to_char(issued_at, 'YYYY-MM-DD') from issued_paper
where kind = %(kind)s and subject_id = %(subject)s and scope = %(scope)s and language = %(language)s
order by version desc limit 1
"""


def _asked(wanted: Wanted, **more: Any) -> dict[str, Any]:
    return {
        "kind": wanted.kind,
        "subject": wanted.subject_id,
        "scope": wanted.scope,
        "language": wanted.language,
        **more,
    }


def _issued(row: Row | None) -> Issued | None:
    if row is None:
        return None
    id_, kind, account, number, scope, language, version, at, digest, body, findings = row
    return Issued(id_, kind, account, number, scope, language, version, at, bytes(digest), bytes(body), tuple(findings))


def issued_as_wanted(reader: Reader, wanted: Wanted) -> Issued | None:
    """The paper that was issued of just this state of the subject."""
    return _issued(reader.row(_OF_STATE, _asked(wanted, state=wanted.state)))


def issued_version(reader: Reader, wanted: Wanted, version: int) -> Issued | None:
    """A version of a paper, whatever has become of its subject since."""
    return _issued(reader.row(_OF_VERSION, _asked(wanted, version=version)))


def newest_version(reader: Reader, wanted: Wanted) -> dict[str, Any] | None:
    """`id`, `version` and `date` of the last paper issued of the same document and language."""
    row = reader.row(_NEWEST, _asked(wanted))
    return None if row is None else dict(zip(("id", "version", "date"), row, strict=True))
