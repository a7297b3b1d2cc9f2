"""The facts of papers."""

from tradewind.kernel.tx import Event
from tradewind.papers.model import Issued, Wanted

SUBJECTS = {
    "order_confirmation": "sales_order",
    "packing_slip": "shipment",
    "invoice": "invoice",
    "credit_note": "invoice",
    "statement": "account",
}


def paper_issued(paper: Issued, wanted: Wanted) -> Event:
    """`paper.issued`: these bytes are the document from now on."""
    payload = {
        "kind": paper.kind,
        "number": paper.number,
        "language": paper.language,
        "version": paper.version,
        "scope": paper.scope,
        "sha256": paper.sha256.hex(),
        "findings": [finding["code"] for finding in paper.findings],
    }
    objects = ((SUBJECTS[paper.kind], wanted.subject_id, "prints"),)
    return Event("paper.issued", "paper", paper.id, payload, paper.account_id, objects)
