"""Documents as PDF: the first who asks has it printed, everybody after is given the same bytes.

`lang` is `en` or `de`; without it the account's own language, else that of its contacts or of our company. `version` gives an
older version of the same paper. The pages are set outside of any transaction.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, Literal, cast
from zoneinfo import ZoneInfo

from fastapi import Header, Query, Response

from tradewind.access.api.edge import CallerEdge, Edge, api_router, not_found, permission
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader, dumps
from tradewind.papers.commands import issue_papers
from tradewind.papers.errors import (
    not_confirmed,
    nothing_to_ship,
    period_in_future,
    period_too_long,
    period_upside_down,
    too_many_entries,
)
from tradewind.papers.model import Issued, Language, PaperKind, Wanted
from tradewind.papers.printing import print_paper
from tradewind.papers.queries import issued_as_wanted, issued_version, newest_version
from tradewind.views.papers.invoices import invoice_values
from tradewind.views.papers.orders import Said, order_values
from tradewind.views.papers.shipments import shipment_values
from tradewind.views.papers.statements import MOST_ENTRIES, statement_holder, statement_values

router = api_router("papers")
Lang = Annotated[Literal["en", "de"] | None, Query(description="language of the paper")]
Version = Annotated[int | None, Query(ge=1, le=1_000_000, description="an older version of the paper")]
Known = Annotated[str | None, Header(alias="if-none-match")]
Day = Annotated[date | None, Query()]
TRIES = 4
LONGEST_PERIOD = 366
PDF = "application/pdf"


@router.get("/invoices/{name}/document.pdf", openapi_extra=permission("invoices.read"))
def print_invoice(
    name: str, edge: CallerEdge, lang: Lang = None, version: Version = None, known: Known = None
) -> Response:
    """An invoice or a credit note, by id or number."""
    return _paper(edge, lambda reader: _of(invoice_values(reader, name), lang), version, known)


@router.get("/orders/{order}/confirmation.pdf", openapi_extra=permission("orders.read"))
def print_confirmation(
    order: str, edge: CallerEdge, lang: Lang = None, version: Version = None, known: Known = None
) -> Response:
    """The confirmation of an order as it stands now; a changed order has another version of it."""
    return _paper(edge, lambda reader: _of(order_values(reader, order), lang), version, known)


@router.get("/shipments/{name}/packing-slip.pdf", openapi_extra=permission("shipments.read"))
def print_slip(
    name: str, edge: CallerEdge, lang: Lang = None, version: Version = None, known: Known = None
) -> Response:
    """The packing slip of a shipment: as it was handed to the warehouse, then as it was shipped."""
    return _paper(edge, lambda reader: _of(shipment_values(reader, name), lang), version, known)


@router.get("/accounts/{code}/statement.pdf", openapi_extra=permission("invoices.read"))
def print_statement(
    code: str,
    edge: CallerEdge,
    start: Annotated[
        date | None, Query(alias="from", description="first day; the first of the last day's month if not given")
    ] = None,
    until: Annotated[date | None, Query(alias="to", description="last day; today if not given")] = None,
    lang: Lang = None,
    version: Version = None,
    known: Known = None,
) -> Response:
    """The statement of an account over a period of at most 366 days, both days included."""
    return _paper(edge, lambda reader: _statement(reader, code, start, until, lang), version, known)


def _of(said: Said | None, lang: Language | None) -> Wanted:
    """The paper of a document, if one may be printed."""
    if said is None:
        raise not_found()
    kind = cast(PaperKind, said.values["kind"])
    state = ""
    if kind == "order_confirmation":
        state = f"version {said.state}"
    elif kind == "packing_slip":
        state = said.state
    if not said.ready:
        raise Refused(
            [not_confirmed(said.number) if kind == "order_confirmation" else nothing_to_ship(said.number, said.state)]
        )
    return Wanted(
        kind, said.id, said.account_id, said.number, said.values, lang or cast(Language, said.language), state=state
    )


def _statement(reader: Reader, code: str, start: date | None, until: date | None, lang: Language | None) -> Wanted:
    """A statement of days that are over has one state; while its last day lasts, whatever happens makes another version."""
    holder = statement_holder(reader, code)
    if holder is None:
        raise not_found()
    until = until or holder.today
    start = start or until.replace(day=1)
    if problem := _wrong_period(start, until, holder.today):
        raise Refused([problem])
    zone = ZoneInfo(holder.head["time_zone"])
    values = statement_values(
        reader,
        holder,
        start=start,
        until=until,
        begin=_midnight(start, zone),
        end=_midnight(until + timedelta(days=1), zone),
    )
    if values.pop("truncated"):
        raise Refused([too_many_entries(MOST_ENTRIES)])
    state = "" if until < holder.today else sha256(dumps(values).encode()).hexdigest()
    language = lang or cast(Language, holder.language)
    scope = f"{start.isoformat()}/{until.isoformat()}"
    return Wanted("statement", holder.account_id, holder.account_id, values["number"], values, language, scope, state)


def _wrong_period(start: date, until: date, today: date) -> Problem | None:
    if start > until:
        return period_upside_down(start, until)
    if until > today:
        return period_in_future(until, today)
    days = (until - start).days + 1
    return period_too_long(days, LONGEST_PERIOD) if days > LONGEST_PERIOD else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _paper(edge: Edge, want: Callable[[Reader], Wanted], version: int | None, known: str | None) -> Response:
    """The paper as it was issued, printed and issued now where nobody asked before."""
    if version is not None:
        older = edge.read(lambda reader: issued_version(reader, want(reader), version))
        if older is None:
            raise not_found()
        return _response(older, known)
    for _ in range(TRIES):
        wanted, found, newest, now = edge.read(lambda reader: _look(reader, want))
        if found is None:
            edge.allow(wanted.account_id)
            printed = print_paper(wanted, at=now, newest=newest)
            found = edge.write(lambda tx, printed=printed: issue_papers(tx, [printed])[0], account_id=wanted.account_id)  # type: ignore[misc]
        if found is not None:
            return _response(found, known)
    raise AssertionError("a document changed with every try to print it")


def _look(
    reader: Reader, want: Callable[[Reader], Wanted]
) -> tuple[Wanted, Issued | None, dict[str, object] | None, datetime]:
    wanted = want(reader)
    found = issued_as_wanted(reader, wanted)
    return wanted, found, None if found else newest_version(reader, wanted), reader.now


def _response(paper: Issued, known: str | None) -> Response:
    tag = f'"{paper.sha256.hex()}"'
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", paper.number)
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Language": paper.language,
        "Content-Disposition": f'inline; filename="{name}.pdf"',
        "X-Paper-Version": str(paper.version),
    }
    if paper.findings:
        headers["X-Paper-Findings"] = ", ".join(finding["code"] for finding in paper.findings)
    if known is not None and (
        known.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in known.split(","))
    ):
        return Response(status_code=304, headers=headers)
    return Response(paper.body, headers=headers, media_type=PDF)
