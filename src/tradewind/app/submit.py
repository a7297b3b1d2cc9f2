"""`tradewind submit`: files of trading partners and order files, taken in as if they had come by HTTP; one JSON object a file.

What a file is, is told by its content: an X12 interchange says whose it is, an order file (CSV, XLSX) is for the account named.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from tradewind.accounts.queries import account_ids
from tradewind.channels.decide.formats import HEAD_BYTES, is_x12
from tradewind.channels.decide.sheets import Mapping
from tradewind.channels.edi.work import keep_document, work_on
from tradewind.channels.order_files.submit import keep_unreadable, preview_file, read_request, remembered, submit_file
from tradewind.channels.order_files.taken import FileRequest, Mode
from tradewind.desk.resolve import unknown_account
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor, Database, Reader, dumps

SUBMITTER = Actor(principal_id=None, name="command line", channel="edi")


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """Whose order files they are, and how they are taken in."""

    account: str | None = None
    mode: Mode = "accept-valid"
    is_dry: bool = False


def submit_command(database: Database, files: Iterable[Path], *, largest: int, sheets: SheetOptions) -> int:
    """Take the files in; 0 where everything in them became what it asks for, 1 where something is held or was rejected."""
    clean = True
    for path in files:
        try:
            body = path.read_bytes()
        except OSError as reason:
            print(dumps({"file": str(path), "outcome": "rejected", "reason": f"cannot be read: {reason.strerror}"}))
            clean = False
            continue
        if len(body) > largest:
            print(dumps({"file": str(path), "outcome": "rejected", "reason": f"more than {largest} bytes"}))
            clean = False
            continue
        if not is_x12(body[:HEAD_BYTES], path.name):
            found = _submit_sheet(database, path, body, sheets)
            clean = clean and found["outcome"] != "rejected" and not found.get("counts", {}).get("refused")
            print(dumps({"file": str(path), **found}))
            continue
        document_id = keep_document(database, body, actor=SUBMITTER)
        report = work_on(database, document_id, actor=SUBMITTER)
        outcomes = {kind for one in report["interchanges"] for kind, count in one["outcomes"].items() if count}
        clean = clean and report["outcome"] not in ("held", "rejected") and not outcomes & {"held", "rejected"}
        print(dumps({"file": str(path), **report}))
        sys.stdout.flush()
    return 0 if clean else 1


def _submit_sheet(database: Database, path: Path, body: bytes, sheets: SheetOptions) -> dict[str, Any]:
    """An order file; a refusal of the whole file is an answer, too."""
    if sheets.account is None:
        problem = Problem("channels.no_account", "An order file needs --account.", str(path))
        return {"outcome": "rejected", "problems": [problem.as_json()]}
    account_id, known = database.read(lambda reader: _account(reader, sheets.account or ""))
    if account_id is None:
        raise Refused([unknown_account(sheets.account)])
    request = FileRequest(
        caller=None, actor=replace(SUBMITTER, channel="csv", on_behalf_of=account_id), account_id=account_id,
        account=sheets.account, data=body, content_type="application/octet-stream", mode=sheets.mode, name=path.name,
    )  # fmt: skip
    try:
        file = read_request(request, known)
        if file.unsure and not sheets.is_dry:
            raise Refused(file.unsure)
    except Refused as refused:
        document_id = None if sheets.is_dry else keep_unreadable(database, request, refused.problems)
        shown = [problem.as_json() for problem in refused.problems]
        return {"outcome": "rejected", "document": document_id and str(document_id), "problems": shown}
    if sheets.is_dry:
        return preview_file(database, request, file)
    return submit_file(lambda work: database.write(work, actor=request.actor), request, file)


def _account(reader: Reader, code: str) -> tuple[UUID | None, dict[str, Mapping]]:
    account_id = account_ids(reader, [code]).get(code)
    return account_id, {} if account_id is None else remembered(reader, account_id)
