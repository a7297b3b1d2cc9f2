"""Reads of order files and remembered columns."""

from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader

_MAPPINGS = """
select signature, header, mapping, version, updated_at from order_file_mapping where account_id = %(account)s
order by updated_at desc, signature limit 500
"""
_PLACED = """
select answer from order_file where account_id = %(account)s and sha256 = sha256(%(data)s) and outcome = 'placed'
"""
_ONE = """
select f.document_id, a.code, f.name, f.mode, f.outcome, f.rows, f.accepted, f.at, f.answer
from order_file f join account a on a.id = f.account_id where f.document_id = %(document)s
"""
_PAGE = """
select f.document_id, a.code, f.name, f.mode, f.outcome, f.rows, f.accepted, f.at
from order_file f join account a on a.id = f.account_id
where (%(account)s::text is null or a.code = %(account)s) and (%(after)s::uuid is null or f.document_id < %(after)s)
order by f.document_id desc limit %(limit)s
"""
_NAMES = ("document", "account", "name", "mode", "outcome", "rows", "accepted", "at")


def mappings_of(reader: Reader, account_id: UUID) -> list[dict[str, Any]]:
    """What is remembered of an account's files, the latest first."""
    names = ("signature", "header", "mapping", "version", "updated_at")
    return [dict(zip(names, row, strict=True)) for row in reader.rows(_MAPPINGS, {"account": account_id})]


def answer_of_same(reader: Reader, account_id: UUID, data: bytes) -> dict[str, Any] | None:
    """What was answered when the same bytes were placed for the account before."""
    found: dict[str, Any] | None = reader.value(_PLACED, {"account": account_id, "data": data})
    return found


def order_file(reader: Reader, document_id: UUID) -> dict[str, Any] | None:
    """A file with the outcome of every row, as far as the reader may see it."""
    row = reader.row(_ONE, {"document": document_id})
    return None if row is None else {**dict(zip(_NAMES, row[:8], strict=True)), "answer": row[8]}


def order_files(reader: Reader, *, account: str | None, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of files, newest first."""
    rows = reader.rows(_PAGE, {"account": account, "after": after, "limit": limit})
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]
