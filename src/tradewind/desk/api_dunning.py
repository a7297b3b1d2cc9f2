"""`/api/v1/dunning-policies`, `/api/v1/dunning-notices` and `/api/v1/accounts/{code}/dunning`: how debts are asked for."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.accounts.queries import account_ids, accounts_by_id
from tradewind.billing import errors
from tradewind.billing.model import DunningLevel, DunningPolicy, Overdue
from tradewind.billing.queries import items_by_number
from tradewind.billing.queries.dunning import (
    Claim,
    Notice,
    NoticeRow,
    Pause,
    claims_of,
    notice_named,
    notices_page,
    overdue_of,
    owner_of_claim,
    pauses_of,
    policies_in_force,
)
from tradewind.desk.dunning import (
    PauseWish,
    end_policy,
    pause_dunning,
    policy_of,
    resume_dunning,
    settle_claim,
    store_policy,
)
from tradewind.kernel.limits import PAGE
from tradewind.kernel.money import is_currency, plain
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Reader

router = api_router("dunning")
Text = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]
Days = Annotated[int, Field(ge=1, le=730)]
Language = Literal["en", "de"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class LevelIn(_Strict):
    """A level: days after the due day at the soonest, its fee, and words of one's own by language."""

    after_days: Days
    fee: Amount = Decimal(0)
    texts: Annotated[dict[Language, Annotated[str, Field(min_length=1, max_length=2_000)]], Field(max_length=2)] = {}


class PolicyIn(_Strict):
    """How debts in a currency are asked for: of an account and those below it, of a segment, or of everybody."""

    name: Text
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    levels: Annotated[list[LevelIn], Field(min_length=1, max_length=9)]
    account: Text | None = None
    segment: Text | None = None
    interest_percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=6, decimal_places=3)] = Decimal(0)
    year_days: Literal[360, 365] = 365
    gap_days: Annotated[int, Field(ge=1, le=365)] = 7
    min_amount: Amount = Decimal(0)
    fee_per: Literal["notice", "instalment"] = "notice"
    calendar: Text | None = None
    language: Language | None = None
    valid_from: AwareDatetime | None = None


class PauseIn(_Strict):
    """Why dunning rests: a dispute, a promise to pay until a day (that day included), or somebody stops it."""

    kind: Literal["dispute", "promise", "stop"]
    reason: Reason
    invoice: Text | None = None
    until: date | None = None
    amount: Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3)] | None = None


class ReasonIn(_Strict):
    """Why."""

    reason: Reason


class ClaimIn(_Strict):
    """How a fee or interest ends."""

    outcome: Literal["paid", "waived"]
    reason: Reason


@router.get("/dunning-policies", openapi_extra=permission("credit.read"))
def list_policies(edge: CallerEdge) -> Response:
    """The policies that hold now."""
    return answer({"policies": edge.read(_policies)})


@router.put("/dunning-policies/{dunning_policy}", openapi_extra=permission("dunning.manage"))
def write_policy(dunning_policy: Text, body: PolicyIn, edge: CallerEdge) -> Response:
    """Store the next version of a policy. Notices that went out keep the version they were made of."""
    if not is_currency(body.currency):
        raise Refused([errors.bad_currency(body.currency, "/currency")])
    account_id = None if body.account is None else _account(edge, body.account)
    levels = tuple(
        DunningLevel(no, one.after_days, one.fee, {str(language): text for language, text in one.texts.items()})
        for no, one in enumerate(body.levels, 1)
    )
    rest = body.model_dump(exclude={"levels", "account", "valid_from"})

    def store(tx: Any) -> DunningPolicy:
        from_ = body.valid_from or tx.now
        return store_policy(
            tx,
            DunningPolicy(
                code=dunning_policy, version=0, levels=levels, account_id=account_id, valid_from=from_, **rest
            ),
        )

    stored = edge.write(store)
    return answer(_policy(stored, body.account))


@router.delete("/dunning-policies/{dunning_policy}", openapi_extra=permission("dunning.manage"))
def drop_policy(dunning_policy: Text, edge: CallerEdge) -> Response:
    """Ask for nothing more by a policy."""
    return answer({"code": edge.write(lambda tx: end_policy(tx, dunning_policy)).code, "ended": True})


@router.get("/accounts/{code}/dunning", openapi_extra=permission("credit.read"))
def read_dunning(code: str, edge: CallerEdge) -> Response:
    """What an account owes past its due day, how far each instalment was asked for, what rests, what is claimed on top."""
    account_id = _account(edge, code)
    return answer(edge.database.read(lambda reader: _state(reader, code, account_id)))


@router.post("/accounts/{code}/dunning/pauses", status_code=201, openapi_extra=permission("dunning.manage"))
def post_pause(code: str, body: PauseIn, edge: CallerEdge) -> Response:
    """Let dunning rest for an account, or for one of its invoices."""
    account_id = _account(edge, code)
    invoice_id: UUID | None = None
    if body.invoice is not None:
        item = edge.read(lambda reader: items_by_number(reader, [str(body.invoice)])).get(body.invoice)
        if item is None or item.account_id != account_id or item.kind != "invoice":
            raise Refused([errors.unknown_invoice(body.invoice, "/invoice")])
        invoice_id = item.id
    wish = PauseWish(account_id, body.kind, body.reason, invoice_id, body.until, body.amount)
    return answer(_pause(edge.write(lambda tx: pause_dunning(tx, wish), account_id=account_id)), 201)


@router.post("/accounts/{code}/dunning/pauses/{pause_id}/end", openapi_extra=permission("dunning.manage"))
def post_resume(code: str, pause_id: UUID, body: ReasonIn, edge: CallerEdge) -> Response:
    """Let dunning go on."""
    account_id = _account(edge, code)
    edge.write(lambda tx: resume_dunning(tx, account_id, pause_id, reason=body.reason), account_id=account_id)
    return answer({"account": code, "pause": pause_id, "ended": True})


@router.get("/dunning-notices", openapi_extra=permission("invoices.read"))
def list_notices(
    edge: CallerEdge,
    account: Annotated[str | None, Query(max_length=200)] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
) -> Response:
    """Notices, newest first; buyers see theirs."""

    def read(reader: Reader) -> list[Notice]:
        owner = None if account is None else account_ids(reader, [account]).get(account)
        if account is not None and owner is None:
            return []
        return notices_page(reader, account_id=owner, after=after, limit=limit)

    return answer({"notices": [_notice(one) for one in edge.read(read)]})


@router.get("/dunning-notices/{name}", openapi_extra=permission("invoices.read"))
def read_notice(name: str, edge: CallerEdge) -> Response:
    """A notice by its number or id, with what it asks for."""
    found = edge.read(lambda reader: notice_named(reader, name))
    if found is None:
        raise not_found()
    edge.allow(found.account_id)
    return answer({**_notice(found), "lines": [_line(one) for one in found.lines]})


@router.post("/dunning-claims/{claim_id}/end", openapi_extra=permission("dunning.manage"))
def end_one_claim(claim_id: UUID, body: ClaimIn, edge: CallerEdge) -> Response:
    """A fee or interest was paid, or is waived."""
    found = edge.read(lambda reader: owner_of_claim(reader, claim_id))
    if found is None:
        raise not_found()
    edge.allow(found[0])
    paid = body.outcome == "paid"
    problem = edge.write(
        lambda tx: settle_claim(tx, claim_id, account_id=found[0], paid=paid, reason=body.reason), account_id=found[0]
    )
    if problem is not None:
        raise Refused([problem])
    return answer({"claim": claim_id, "status": body.outcome})


def _account(edge: Edge, code: str) -> UUID:
    account_id = edge.read(lambda reader: account_ids(reader, [code])).get(code)
    if account_id is None:
        raise not_found()
    edge.allow(account_id)
    return account_id


def _policies(reader: Reader) -> list[dict[str, Any]]:
    held = [one for one in policies_in_force(reader).values() if not one.ended]
    accounts = accounts_by_id(reader, {one.account_id for one in held if one.account_id is not None})
    return [_policy(one, accounts[one.account_id].code if one.account_id in accounts else None) for one in held]


def _policy(policy: DunningPolicy, account: str | None) -> dict[str, Any]:
    return {
        "code": policy.code,
        "version": policy.version,
        "name": policy.name,
        "currency": policy.currency,
        "account": account,
        "segment": policy.segment,
        "interest_percent": plain(policy.interest_percent),
        "year_days": policy.year_days,
        "gap_days": policy.gap_days,
        "min_amount": plain(policy.min_amount),
        "fee_per": policy.fee_per,
        "calendar": policy.calendar,
        "language": policy.language,
        "valid_from": policy.valid_from,
        "levels": [
            {"level": one.level, "after_days": one.after_days, "fee": plain(one.fee), "texts": dict(one.texts)}
            for one in policy.levels
        ],
    }


def _state(reader: Reader, code: str, account_id: UUID) -> dict[str, Any]:
    account = accounts_by_id(reader, [account_id])[account_id]
    items = [one for one in overdue_of(reader, [account_id]).get(account_id, ()) if one.open > 0]
    policies = {one: policy_of(reader, account, one) for one in sorted({item.currency for item in items})}
    return {
        "account": code,
        "policies": {currency: policy.code for currency, policy in policies.items() if policy is not None},
        "items": [_item(one) for one in items],
        "pauses": [_pause(one) for one in pauses_of(reader, [account_id]).get(account_id, ())],
        "claims": [_claim(one) for one in claims_of(reader, [account_id], ended=True, limit=PAGE)],
    }


def _item(item: Overdue) -> dict[str, Any]:
    return {
        "invoice": item.number,
        "part": item.part_no,
        "currency": item.currency,
        "due": item.due_day.isoformat(),
        "amount": plain(item.amount),
        "open": plain(item.open),
        "level": item.level,
        "noticed": None if item.noticed_day is None else item.noticed_day.isoformat(),
    }


def _pause(pause: Pause) -> dict[str, Any]:
    return {
        "id": pause.id,
        "kind": pause.kind,
        "invoice_id": pause.invoice_id,
        "until": None if pause.until_day is None else pause.until_day.isoformat(),
        "amount": None if pause.amount is None else plain(pause.amount),
        "reason": pause.reason,
        "opened_at": pause.opened_at,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "kind": claim.kind,
        "notice": claim.notice,
        "invoice": claim.invoice,
        "part": claim.part_no,
        "currency": claim.currency,
        "amount": plain(claim.amount),
        "interest_percent": None if claim.interest_percent is None else plain(claim.interest_percent),
        "to": None if claim.to_day is None else claim.to_day.isoformat(),
        "status": claim.status,
        "reason": claim.end_reason,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "number": notice.number,
        "account": notice.account,
        "currency": notice.currency,
        "policy": notice.policy,
        "policy_version": notice.policy_version,
        "level": notice.level,
        "language": notice.language,
        "day": notice.day.isoformat(),
        "open": plain(notice.open_total),
        "fee": plain(notice.fee),
        "interest": plain(notice.interest),
        "total": plain(notice.total),
    }


def _line(line: NoticeRow) -> dict[str, Any]:
    return {
        "invoice": line.invoice,
        "part": line.part_no,
        "level": line.level,
        "due": line.due_day.isoformat(),
        "days_overdue": line.days_overdue,
        "open": plain(line.open),
        "interest": plain(line.interest),
    }
