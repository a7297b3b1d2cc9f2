"""`tradewind submit`: files of trading partners, taken in as if they had come by HTTP; one JSON object a file."""

import sys
from collections.abc import Iterable
from pathlib import Path

from tradewind.channels.edi.work import keep_document, work_on
from tradewind.kernel.tx import Actor, Database, dumps

SUBMITTER = Actor(principal_id=None, name="command line", channel="edi")


def submit_command(database: Database, files: Iterable[Path], *, largest: int) -> int:
    """Take the files in; 0 where everything in them became what it asks for, 1 where something is held or was rejected."""
    clean = True
    for path in files:
        body = path.read_bytes()
        if len(body) > largest:
            print(dumps({"file": str(path), "outcome": "rejected", "reason": f"more than {largest} bytes"}))
            clean = False
            continue
        document_id = keep_document(database, body, actor=SUBMITTER)
        report = work_on(database, document_id, actor=SUBMITTER)
        outcomes = {kind for one in report["interchanges"] for kind, count in one["outcomes"].items() if count}
        clean = clean and report["outcome"] not in ("held", "rejected") and not outcomes & {"held", "rejected"}
        print(dumps({"file": str(path), **report}))
        sys.stdout.flush()
    return 0 if clean else 1
