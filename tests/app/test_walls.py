"""Buyers are walled in: every operation, for every role, on what is one's own, somebody else's or nobody's."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest

from edge_client import EdgeClient
from invariants import assert_invariants
from tradewind.access import decide
from tradewind.access.api.edge import Edge, not_found
from tradewind.access.model import PUBLIC, ROLES, Kind
from tradewind.app.http import build_app, create_app
from tradewind.app.settings import read_settings
from tradewind.channels.intake import start_combiner
from two_companies import FOREIGN, Names, Person, TwoCompanies, application_url, open_two_companies, someone_else

Maker = Callable[[Names, Names], Any]
NO_TRIAL = "00000000-0000-7000-8000-000000000000"
NO_X12 = b"nothing that is X12"
CSV = b"code,name\nX,Y\n"
ORDERS = b"Item,Qty\nCUP,1\n"


@dataclass(frozen=True)
class Call:
    """One way to call a route. `path`, `query` and `body` are made of the caller's own names and of those asked for.

    `hidden`: what a walled caller is answered for things it may not see; empty where the call names no company's things.
    """

    path: Maker = lambda own, them: {}
    query: Maker = lambda own, them: {}
    body: Maker | None = None
    hidden: tuple[int, ...] = ()
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def nothing(**body: Any) -> tuple[Call, ...]:
    """A call that names no company's things."""
    return (Call(body=(lambda own, them: body) if body else None),)


def of(*names: str, parameter: str, body: Maker | None = None, **fixed: str) -> tuple[Call, ...]:
    """Calls of a thing by each of its names in the path."""
    return tuple(
        Call(path=lambda own, them, name=name: {parameter: getattr(them, name), **fixed}, body=body, hidden=(404,))
        for name in names
    )


def rules(**body: Any) -> tuple[Call, ...]:
    """A call of a rule set, which is nobody's but the house's."""
    return (
        Call(path=lambda own, them: {"rule_set": "R", "version": "1"}, body=(lambda own, them: body) if body else None),
    )


def of_a_letter() -> tuple[Call, ...]:
    """A call of what was written to a company's trading partner."""
    return (Call(path=lambda own, them: {"code": them.partner, "message": them.letter}, hidden=(404,)),)


def of_a_stream(**body: Any) -> tuple[Call, ...]:
    """A call of a value stream, which is no company's."""
    return (
        Call(
            path=lambda own, them: {"stream": "order_to_release", "version": "1"},
            body=(lambda own, them: body) if body else None,
        ),
    )


def a_partner(own: Names, them: Names) -> Any:
    """Another company's trading partner, said anew."""
    return {
        "name": "New",
        "account": them.account,
        "ours": {"qualifier": "ZZ", "id": "US"},
        "theirs": {"qualifier": "ZZ", "id": "THEM"},
    }


def found_by(**queries: str) -> tuple[Call, ...]:
    """A list: as it is, and filtered by each of a company's names; what is not seen is an empty page."""
    return (
        Call(),
        *(
            Call(
                query=lambda own, them, name=name, attribute=attribute: {name: getattr(them, attribute)},
                hidden=() if name == "after" else (200,),  # a place to go on from finds nothing, whosever it is
            )
            for name, attribute in queries.items()
        ),
    )


def order(own: Names, them: Names) -> dict[str, Any]:
    return {"account": them.account, "lines": [{"item": "CUP", "qty": "1"}]}


def returned(own: Names, them: Names) -> dict[str, Any]:
    return {"account": them.account, "reason": "broken", "lines": [{"order": them.order, "line": 1, "qty": "1"}]}


def returned_to_us(own: Names, them: Names) -> dict[str, Any]:
    return {**returned(own, them), "account": own.account}


def changed(own: Names, them: Names) -> dict[str, Any]:
    return {"reason": "no need", "actions": [{"verb": "correct_po", "buyer_po": "ANOTHER"}]}


def reason(own: Names, them: Names) -> dict[str, Any]:
    return {"reason": "because"}


def agreed(own: Names, them: Names) -> dict[str, Any]:
    line = {"item": "CUP", "quantity": "open", "prices": [{"price": "3"}]}
    days = {"valid_from": "2026-01-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}
    return {"account": them.account, "name": "x", "lines": [line], **days}


def standing(own: Names, them: Names) -> dict[str, Any]:
    return {"name": "x", "rule": "FREQ=DAILY", "starts_on": "2199-01-01", "lines": [{"item": "CUP", "qty": "1"}]}


def override(own: Names, them: Names) -> dict[str, Any]:
    return {"amount": "1", "reason": "season", "valid_to": "2030-01-01T00:00:00Z", "requested_by": "sales"}


CALLS: dict[tuple[str, str], tuple[Call, ...]] = {
    ("POST", "/api/v1/orders"): (
        Call(body=order, hidden=(404,)),
        Call(body=lambda own, them: {"orders": [order(own, them)]}, hidden=(200,)),
    ),
    ("POST", "/api/v1/orders/preview"): (Call(body=order, hidden=(404,)),),
    ("GET", "/api/v1/orders"): found_by(account="account", buyer_po="po", after="order_id"),
    ("GET", "/api/v1/orders/{order}"): of("order", "order_id", parameter="order"),
    ("GET", "/api/v1/orders/{order}/history"): of("order", "order_id", parameter="order"),
    ("GET", "/api/v1/orders/{order}/lines/{line_no}/price"): of("order", "order_id", parameter="order", line_no="1"),
    ("POST", "/api/v1/edi"): (Call(content=NO_X12, headers={"content-type": "application/edi-x12"}),),
    ("POST", "/api/v1/edi/{door}"): (
        Call(path=lambda own, them: {"door": "guessed"}, content=NO_X12, headers={"content-type": "application/edi-x12"}),
    ),
    ("GET", "/api/v1/inbound"): found_by(partner="partner"),
    ("GET", "/api/v1/inbound/{document}"): of("came", parameter="document"),
    ("GET", "/api/v1/inbound/{document}/content"): of("came", parameter="document"),
    ("POST", "/api/v1/inbound/{document}/reprocess"): of("came", parameter="document"),
    ("POST", "/api/v1/order-files"): tuple(
        Call(query=lambda own, them, dry=dry: {"account": them.account, "dry_run": dry}, content=ORDERS, hidden=(404,),
             headers={"content-type": "text/csv"})
        for dry in ("true", "false")
    ),
    ("GET", "/api/v1/order-files"): found_by(account="account", after="order_file"),
    ("GET", "/api/v1/order-files/{document}"): of("order_file", parameter="document"),
    ("GET", "/api/v1/accounts/{code}/order-file-mappings"): of("account", parameter="code"),
    ("PUT", "/api/v1/accounts/{code}/order-file-mappings/{signature}"): of(
        "account", parameter="code", body=lambda own, them: {"columns": {"item": "Item", "qty": "Qty"}}, signature="fedcba9876543210"
    ),
    ("GET", "/api/v1/partners"): found_by(after="partner"),
    ("GET", "/api/v1/partners/{code}"): of("partner", parameter="code"),
    ("PUT", "/api/v1/partners/{code}"): of("partner", parameter="code", body=a_partner),
    ("POST", "/api/v1/partners/{code}/door"): of("partner", parameter="code"),
    ("GET", "/api/v1/partners/{code}/messages"): of("partner", parameter="code"),
    ("GET", "/api/v1/partners/{code}/messages/{message}"): of_a_letter(),
    ("GET", "/api/v1/partners/{code}/messages/{message}/sets"): of_a_letter(),
    ("POST", "/api/v1/partners/{code}/messages/{message}/collected"): of_a_letter(),
    ("GET", "/api/v1/accounts"): found_by(find="account"),
    ("GET", "/api/v1/accounts/{code}"): of("account", parameter="code"),
    ("GET", "/api/v1/products"): (Call(), Call(query=lambda own, them: {"find": "CUP"})),
    ("GET", "/api/v1/products/{sku}"): (Call(path=lambda own, them: {"sku": "CUP"}),),
    ("GET", "/api/v1/sites"): nothing(),
    ("GET", "/api/v1/price-lists"): nothing(),
    ("GET", "/api/v1/price-lists/{code}/prices"): of("price_list", parameter="code"),
    ("GET", "/api/v1/events"): nothing(),
    ("GET", "/api/v1/rules/{kind}"): (Call(path=lambda own, them: {"kind": "licences"}),),
    ("PUT", "/api/v1/rules/{kind}"): (
        Call(path=lambda own, them: {"kind": "restrictions"}, body=lambda own, them: {"rows": [{"code": "X", "name": "x"}]}),
    ),
    ("GET", "/api/v1/imports"): nothing(),
    ("POST", "/api/v1/imports/{kind}"): (
        Call(path=lambda own, them: {"kind": "payment_terms"}, query=lambda own, them: {"dry_run": "true"}, content=CSV,
             headers={"content-type": "text/csv"}),
    ),
    ("POST", "/api/v1/login"): nothing(login="nobody", password="not the right one"),
    ("POST", "/api/v1/logout"): nothing(),
    ("GET", "/api/v1/me"): nothing(),
    ("PUT", "/api/v1/me/password"): nothing(old="not the right one", new="long enough to be one"),
    ("GET", "/api/v1/keys"): nothing(),
    ("POST", "/api/v1/keys"): nothing(label="one more"),
    ("DELETE", "/api/v1/keys/{key_id}"): of("key", parameter="key_id"),
    ("GET", "/api/v1/principals"): nothing(),
    ("POST", "/api/v1/principals"): nothing(kind="buyer", login="x", name="", roles=["buyer"]),
    ("PATCH", "/api/v1/principals/{principal_id}"): of("principal", parameter="principal_id", body=lambda own, them: {"active": True}),
    ("POST", "/api/v1/principals/{principal_id}/keys"): of("principal", parameter="principal_id", body=lambda own, them: {"label": "x"}),
    ("DELETE", "/api/v1/principals/{principal_id}/keys/{key_id}"): (
        Call(path=lambda own, them: {"principal_id": them.principal, "key_id": them.key}, hidden=(404,)),
    ),
    ("GET", "/api/v1/roles"): nothing(),
    ("GET", "/api/v1/mandates"): found_by(after="mandate"),
    ("POST", "/api/v1/mandates"): (
        Call(body=lambda own, them: {"agent": "agent", "account_id": them.account_id, "actions": ["orders.read"]}, hidden=(404,)),
    ),
    ("DELETE", "/api/v1/mandates/{mandate_id}"): of("mandate", parameter="mandate_id"),
    ("GET", "/healthz"): nothing(),
    ("GET", "/readyz"): nothing(),
    ("GET", "/metrics"): nothing(),
    ("GET", "/api/v1/openapi.json"): nothing(),
    ("GET", "/api/v1/shipments"): found_by(order="order", after="shipment_id"),
    ("GET", "/api/v1/shipments/{name}"): of("shipment", "shipment_id", parameter="name"),
    ("POST", "/api/v1/shipments/{name}/answer"): of("shipment", "open_shipment", parameter="name", body=lambda own, them: {"outcome": "shipped"}),
    ("POST", "/api/v1/shipment-answers"): (
        Call(body=lambda own, them: {"answers": [{"shipment": them.open_shipment, "outcome": "shipped"}]}, hidden=(200,)),
    ),
    ("GET", "/api/v1/invoices"): found_by(order="order", account="account", after="invoice_id"),
    ("GET", "/api/v1/invoices/{name}"): of("invoice", "invoice_id", parameter="name"),
    ("POST", "/api/v1/invoices/{number}/credits"): of(
        "invoice", parameter="number", body=lambda own, them: {"lines": [{"line": 1, "amount": "0.01"}]}
    ),
    ("GET", "/api/v1/payments"): found_by(account="account"),
    ("GET", "/api/v1/payments/{number}"): of("payment", parameter="number"),
    ("POST", "/api/v1/payments"): (
        Call(body=lambda own, them: {"account": them.account, "amount": "1", "currency": "EUR"}, hidden=(404, 422)),
    ),
    ("POST", "/api/v1/payments/{number}/bounce"): of("payment", parameter="number", body=lambda own, them: {"reason": "no cover"}),
    ("POST", "/api/v1/payments/{number}/apply"): of("payment", parameter="number", body=lambda own, them: {}),
    ("GET", "/api/v1/returns"): found_by(account="account", after="return_id"),
    ("GET", "/api/v1/returns/{name}"): of("returned", "return_id", parameter="name"),
    ("POST", "/api/v1/returns"): (Call(body=returned, hidden=(404,)), Call(body=returned_to_us, hidden=(404, 422))),
    ("POST", "/api/v1/returns/{name}/receive"): of(
        "returned", "return_id", parameter="name", body=lambda own, them: {"lines": [{"line": 1, "qty": "1"}]}
    ),
    ("POST", "/api/v1/returns/{name}/credit"): of("returned", "return_id", parameter="name", body=lambda own, them: {}),
    ("GET", "/api/v1/orders/{name}/changes"): of("order", "order_id", parameter="name"),
    ("POST", "/api/v1/orders/{name}/changes"): of("order", "order_id", parameter="name", body=changed),
    ("POST", "/api/v1/orders/{name}/changes/{change_id}/revert"): (
        Call(path=lambda own, them: {"name": them.changed, "change_id": them.change}, body=reason, hidden=(404,)),
        Call(path=lambda own, them: {"name": own.changed, "change_id": them.change}, body=reason, hidden=(404,)),
    ),
    ("POST", "/api/v1/orders/{name}/cancel"): of("order", "order_id", parameter="name", body=lambda own, them: {"reason": "no need"}),
    ("POST", "/api/v1/orders/{name}/holds"): of(
        "order", "order_id", parameter="name", body=lambda own, them: {"kind": "customer", "reason": "wait"}
    ),
    ("POST", "/api/v1/orders/{name}/holds/{hold_id}/release"): (
        Call(path=lambda own, them: {"name": them.waiting, "hold_id": them.hold}, body=reason, hidden=(404,)),
        Call(path=lambda own, them: {"name": own.waiting, "hold_id": them.hold}, body=reason, hidden=(404, 403)),
    ),
    ("GET", "/api/v1/orders/{name}/warnings"): of("order", "order_id", parameter="name"),
    ("POST", "/api/v1/orders/{name}/warnings/acknowledge"): of("order", "order_id", parameter="name", body=reason),
    ("POST", "/api/v1/orders/{name}/lines/{line_no}/item"): of(
        "order", "order_id", parameter="name", body=lambda own, them: {"sku": "CUP"}, line_no="1"
    ),
    ("POST", "/api/v1/orders/{name}/lines/{line_no}/substitute"): of(
        "order", "order_id", parameter="name", body=lambda own, them: {"decision": "accept", "reason": "fine"}, line_no="1"
    ),
    ("POST", "/api/v1/orders/{name}/lines/{line_no}/price"): of(
        "order", "order_id", parameter="name", body=lambda own, them: {"decision": "bill_ours", "reason": "fine"}, line_no="1"
    ),
    ("POST", "/api/v1/orders/{name}/approve"): of("waiting", parameter="name", body=lambda own, them: {}),
    ("POST", "/api/v1/orders/{name}/reject"): of("waiting", parameter="name", body=reason),
    ("GET", "/api/v1/orders/{name}/approvals"): of("order", "order_id", "waiting", parameter="name"),
    ("POST", "/api/v1/orders/{name}/approvals/ask"): of("waiting", parameter="name", body=reason),
    ("POST", "/api/v1/orders/{name}/approvals/answer"): of("waiting", parameter="name", body=reason),
    ("POST", "/api/v1/orders/{name}/approvals/restart"): of("waiting", parameter="name", body=reason),
    ("GET", "/api/v1/approvals"): nothing(),
    ("POST", "/api/v1/approvals/decisions"): (
        Call(body=lambda own, them: {"decisions": [{"order": them.waiting, "decision": "approve"}]}, hidden=(200,)),
    ),
    ("POST", "/api/v1/approvals/simulate"): (
        Call(body=lambda own, them: {"orders": [them.order, them.order_id]}, hidden=(200,)),
        Call(body=lambda own, them: {"orders": [own.order], "policies": [them.policy]}, hidden=(404,)),
    ),
    ("GET", "/api/v1/approval-inputs"): nothing(),
    ("GET", "/api/v1/approval-policies"): nothing(),
    ("POST", "/api/v1/approval-policies"): (
        Call(body=lambda own, them: {"code": f"X-{them.account}", "name": "x", "account": them.account, "condition": "false",
                                     "tiers": [{"name": "x", "any_of": [{"role": "buyer_approver"}]}]}, hidden=(404,)),
        Call(body=lambda own, them: {"code": "Y", "name": "y", "account": own.account, "condition": "false",
                                     "tiers": [{"name": "y", "any_of": [{"login": f"spare-{them.account.lower()}"}]}]}, hidden=(404,)),
    ),
    ("GET", "/api/v1/approval-policies/{policy_id}"): of("policy", parameter="policy_id"),
    ("POST", "/api/v1/approval-policies/{policy_id}/publish"): of("policy", parameter="policy_id", body=lambda own, them: {}),
    ("POST", "/api/v1/approval-policies/{policy_id}/end"): of("policy", parameter="policy_id", body=lambda own, them: {}),
    ("GET", "/api/v1/approval-delegations"): nothing(),
    ("POST", "/api/v1/approval-delegations"): (
        Call(body=lambda own, them: {"delegate": f"spare-{them.account.lower()}", "valid_to": "2030-01-01T00:00:00Z", "reason": "away"},
             hidden=(404,)),
        Call(body=lambda own, them: {"delegate": f"spare-{own.account.lower()}", "valid_to": "2030-01-01T00:00:00Z", "reason": "away",
                                     "order": them.order}, hidden=(404,)),
    ),
    ("DELETE", "/api/v1/approval-delegations/{delegation_id}"): of("delegation", parameter="delegation_id"),
    ("POST", "/api/v1/stock/receipts"): nothing(receipts=[{"site": "N", "sku": "CUP", "qty": "1"}]),
    ("POST", "/api/v1/stock/observations"): nothing(
        observations=[{"site": "N", "sku": "CUP", "qty": "1", "as_of": "2026-01-01T00:00:00Z"}]
    ),
    ("POST", "/api/v1/stock/adjustments"): nothing(adjustments=[{"site": "N", "sku": "CUP", "qty": "1", "reason": "found"}]),
    ("POST", "/api/v1/supplies"): nothing(
        supplies=[{"reference": "R", "site": "N", "sku": "CUP", "qty": "1", "expected_at": "2027-01-01T00:00:00Z"}]
    ),
    ("GET", "/api/v1/availability"): (Call(query=lambda own, them: {"sku": "CUP"}),),
    ("GET", "/api/v1/tasks"): nothing(),
    ("GET", "/api/v1/tasks/{task_id}"): of("task", parameter="task_id"),
    ("POST", "/api/v1/tasks/assign"): nothing(tasks=[str(UUID(int=9))], reason="busy"),
    ("POST", "/api/v1/tasks/{task_id}/claim"): of("task", parameter="task_id"),
    ("POST", "/api/v1/tasks/{task_id}/release"): of("task", parameter="task_id", body=reason),
    ("POST", "/api/v1/tasks/{task_id}/links"): of("task", parameter="task_id", body=lambda own, them: {"login": "x"}),
    ("DELETE", "/api/v1/tasks/{task_id}/links"): of("task", parameter="task_id"),
    ("GET", "/api/v1/task-links/{token}"): (Call(path=lambda own, them: {"token": "x" * 43}),),
    ("POST", "/api/v1/task-links/{token}"): (
        Call(path=lambda own, them: {"token": "x" * 43}, body=lambda own, them: {"seen": "0" * 64}),
    ),
    ("GET", "/api/v1/streams/{stream}/versions/{version}/text"): (
        Call(path=lambda own, them: {"stream": "order_to_release", "version": 1}),
    ),
    ("GET", "/api/v1/streams/{stream}/versions/{version}/diff"): (
        Call(path=lambda own, them: {"stream": "order_to_release", "version": 1}, query=lambda own, them: {"since": 1}),
    ),
    ("POST", "/api/v1/streams/{stream}/versions/{version}/edits"): (
        Call(
            path=lambda own, them: {"stream": "order_to_release", "version": 1},
            body=lambda own, them: {"operations": [{"do": "rename", "id": "confirm", "name": "Say yes"}]},
        ),
    ),
    ("GET", "/api/v1/templates"): nothing(),
    ("POST", "/api/v1/templates"): (Call(content=b"no template", headers={"Content-Type": "application/zip"}),),
    ("GET", "/api/v1/templates/{template}"): (Call(path=lambda own, them: {"template": "order_to_release"}),),
    ("POST", "/api/v1/templates/{template}/install"): (
        Call(path=lambda own, them: {"template": "order_to_release"}, body=lambda own, them: {}),
    ),
    ("GET", "/api/v1/templates/{template}/upgrade"): (Call(path=lambda own, them: {"template": "order_to_release"}),),
    ("POST", "/api/v1/templates/{template}/upgrade"): (
        Call(path=lambda own, them: {"template": "order_to_release"}, body=lambda own, them: {}),
    ),
    ("GET", "/api/v1/templates/{template}/file"): (Call(path=lambda own, them: {"template": "order_to_release"}),),
    ("GET", "/api/v1/templates/{template}/results"): (Call(path=lambda own, them: {"template": "order_to_release"}),),
    ("GET", "/api/v1/task-rules"): nothing(),
    ("PUT", "/api/v1/task-rules/{task_role}"): (Call(path=lambda own, them: {"task_role": "sales"}, body=lambda own, them: {"due_minutes": 60}),),
    ("DELETE", "/api/v1/task-rules/{task_role}"): (Call(path=lambda own, them: {"task_role": "nobody"}),),
    ("GET", "/api/v1/task-forms"): nothing(),
    ("PUT", "/api/v1/task-forms/{form}"): (
        Call(path=lambda own, them: {"form": "x"}, body=lambda own, them: {"title": "x", "fields": []}),
    ),
    ("GET", "/api/v1/task-absences"): nothing(),
    ("POST", "/api/v1/task-absences"): nothing(begins="2026-03-01T00:00:00Z", ends="2030-03-02T00:00:00Z", reason="x"),
    ("DELETE", "/api/v1/task-absences/{absence_id}"): (Call(path=lambda own, them: {"absence_id": UUID(int=9)}),),
    ("POST", "/api/v1/tasks/{task_id}/complete"): of("task", parameter="task_id", body=lambda own, them: {"approved": True}),
    ("GET", "/api/v1/inbox"): nothing(),
    ("GET", "/api/v1/incidents"): nothing(),
    ("GET", "/api/v1/incidents/{incident_id}"): of("incident", parameter="incident_id"),
    ("POST", "/api/v1/incidents/{incident_id}/retry"): of("incident", parameter="incident_id", body=reason),
    ("POST", "/api/v1/incidents/{incident_id}/cancel"): of("incident", parameter="incident_id", body=reason),
    ("POST", "/api/v1/steps/{step}/resume"): (Call(path=lambda own, them: {"step": "orders.take"}, body=reason),),
    ("PUT", "/api/v1/accounts/{code}/credit-limit"): of(
        "account", parameter="code", body=lambda own, them: {"limit": "100000", "reason": "as it was"}
    ),
    ("POST", "/api/v1/accounts/{code}/credit-overrides"): of("account", parameter="code", body=override),
    ("GET", "/api/v1/accounts/{code}/credit"): of("account", parameter="code"),
    ("GET", "/api/v1/credit-queue"): nothing(),
    ("GET", "/api/v1/credit-requests"): nothing(),
    ("GET", "/api/v1/credit-authority"): nothing(),
    ("PUT", "/api/v1/credit-authority/{action}"): (
        Call(path=lambda own, them: {"action": "limit"}, body=lambda own, them: {"alone_up_to": "50000", "reason": "as it was"}),
    ),
    ("POST", "/api/v1/accounts/{code}/credit-requests"): of(
        "account",
        parameter="code",
        body=lambda own, them: {"kind": "temporary", "amount": "1", "valid_to": "2030-01-01T00:00:00Z", "reason": "fair"},
    ),
    ("POST", "/api/v1/credit-requests/{request_id}/confirm"): of("credit_request", parameter="request_id", body=reason),
    ("POST", "/api/v1/credit-requests/{request_id}/decline"): of("credit_request", parameter="request_id", body=reason),
    ("POST", "/api/v1/orders/{name}/credit-release"): of("order", "order_id", parameter="name", body=reason),
    ("PUT", "/api/v1/accounts/{code}/credit-policy"): of("account", parameter="code", body=reason),
    ("PUT", "/api/v1/accounts/{code}/credit-receivables"): of(
        "account", parameter="code", body=lambda own, them: {"balance": None}
    ),
    ("POST", "/api/v1/accounts/{code}/payment-promises"): of(
        "account", parameter="code", body=lambda own, them: {"amount": "1", "due_at": "2030-01-01T00:00:00Z"}
    ),
    ("GET", "/api/v1/streams"): nothing(),
    ("GET", "/api/v1/stream-steps"): nothing(),
    ("GET", "/api/v1/streams/{stream}/versions/{version}"): of_a_stream(),
    ("GET", "/api/v1/streams/{stream}/versions/{version}/monitor"): of_a_stream(),
    ("GET", "/api/v1/streams/{stream}/versions/{version}/changes"): of_a_stream(),
    ("POST", "/api/v1/streams/{stream}/versions"): of_a_stream(name="x", bpmn="<no/>"),
    ("PUT", "/api/v1/streams/{stream}/versions/{version}"): of_a_stream(name="x", bpmn="<no/>"),
    ("POST", "/api/v1/streams/{stream}/versions/{version}/acts"): of_a_stream(act="submit"),
    ("POST", "/api/v1/streams/{stream}/rollback"): of_a_stream(reason="because"),
    ("POST", "/api/v1/streams/{stream}/versions/{version}/migrations"): (
        Call(path=lambda own, them: {"stream": "order_to_release", "version": "1"},
             body=lambda own, them: {"target": 1, "instances": [them.instance]}, hidden=(200,)),
    ),
    ("GET", "/api/v1/instances"): found_by(find="order", after="instance"),
    ("GET", "/api/v1/instances/{instance_id}"): of("instance", parameter="instance_id"),
    ("GET", "/api/v1/instances/{instance_id}/history"): of("instance", parameter="instance_id"),
    ("POST", "/api/v1/instances/{instance_id}/repair"): of(
        "instance", parameter="instance_id", body=lambda own, them: {"act": "put", "variables": {"x": 1}, "reason": "because"}
    ),
    ("POST", "/api/v1/instance-repairs"): (
        Call(body=lambda own, them: {"reason": "because", "acts": [{"instance": them.instance, "act": "retry"}]}, hidden=(200,)),
    ),
    ("GET", "/api/v1/stuck-instances"): nothing(),
    ("GET", "/api/v1/streams/{stream}/promises-at-risk"): of_a_stream(),
    ("PUT", "/api/v1/streams/{stream}/escalation-policy"): of_a_stream(ahead_minutes=60),
    ("GET", "/api/v1/escalation-policies"): nothing(),
    ("POST", "/api/v1/quotes"): (
        Call(body=lambda own, them: {"account": them.account, "lines": [{"item": "CUP", "qty": "1"}]}, hidden=(404,)),
    ),
    ("GET", "/api/v1/quotes"): found_by(account="account", after="quote_id"),
    ("GET", "/api/v1/quotes/{name}"): of("quote", "quote_id", parameter="name"),
    ("GET", "/api/v1/quotes/{name}/versions/{version_no}"): of("quote", "quote_id", parameter="name", version_no="1"),
    ("GET", "/api/v1/quotes/{name}/versions/{version_no}/changes"): of("quote", parameter="name", version_no="1"),
    ("GET", "/api/v1/quotes/{name}/offer"): of("quote", "quote_id", parameter="name"),
    ("PUT", "/api/v1/quotes/{name}/offer"): of(
        "quote", parameter="name", body=lambda own, them: {"lines": [{"item": "CUP", "qty": "1"}], "valid_until": "2030-01-01", "zone": "UTC"}
    ),
    ("POST", "/api/v1/quotes/{name}/offer"): of("quote", "quote_id", parameter="name"),
    ("POST", "/api/v1/quotes/{name}/offer/decision"): of(
        "quote", parameter="name", body=lambda own, them: {"approve": True, "reason": "fine"}
    ),
    ("POST", "/api/v1/quotes/{name}/renegotiate"): of(
        "quote", "quote_id", parameter="name", body=lambda own, them: {"version": 1, "reason": "price"}
    ),
    ("POST", "/api/v1/quotes/{name}/accept"): of("quote", "quote_id", parameter="name", body=lambda own, them: {"version": 1}),
    ("POST", "/api/v1/quotes/{name}/late"): of("quote", parameter="name", body=lambda own, them: {"agree": True}),
    ("POST", "/api/v1/quotes/{name}/decline"): of("quote", parameter="name", body=lambda own, them: {"reason": "price"}),
    ("POST", "/api/v1/quotes/{name}/withdraw"): of("quote", parameter="name", body=lambda own, them: {"reason": "other"}),
    ("GET", "/api/v1/blankets"): (*found_by(account="account"), Call(query=lambda own, them: {"after": them.blanket})),
    ("POST", "/api/v1/blankets"): (Call(body=agreed, hidden=(404,)),),
    ("GET", "/api/v1/blankets/{name}"): of("blanket", "blanket_id", parameter="name"),
    ("POST", "/api/v1/blankets/{name}/change"): of("blanket", "blanket_id", parameter="name", body=reason),
    ("POST", "/api/v1/blankets/{name}/close"): of(
        "blanket", "blanket_id", parameter="name", body=lambda own, them: {"decision": "shortfall", "reason": "because"}
    ),
    ("GET", "/api/v1/blankets/{name}/call-offs"): of("blanket", "blanket_id", parameter="name"),
    ("GET", "/api/v1/blankets/{name}/consumption"): of("blanket", "blanket_id", parameter="name"),
    ("POST", "/api/v1/blankets/{name}/call-offs"): of(
        "blanket", "blanket_id", parameter="name", body=lambda own, them: {"lines": [{"item": "CUP", "qty": "1"}]}
    ),
    ("GET", "/api/v1/recurring-orders"): (*found_by(account="account"), Call(query=lambda own, them: {"after": them.standing})),
    ("GET", "/api/v1/recurring-failures"): nothing(),
    ("POST", "/api/v1/recurring-orders"): (
        Call(body=lambda own, them: {**standing(own, them), "account": them.account}, hidden=(404,)),
    ),
    ("GET", "/api/v1/recurring-orders/{name}"): of("standing", "standing_id", parameter="name"),
    ("PUT", "/api/v1/recurring-orders/{name}"): of("standing", "standing_id", parameter="name", body=standing),
    ("POST", "/api/v1/recurring-orders/{name}/change-next"): of(
        "standing", "standing_id", parameter="name", body=lambda own, them: {"lines": [{"item": "CUP", "qty": "1"}]}
    ),
    ("POST", "/api/v1/recurring-orders/{name}/skip"): of(
        "standing", "standing_id", parameter="name", body=lambda own, them: {"count": 0}
    ),
    ("POST", "/api/v1/recurring-orders/{name}/pause"): of("standing", "standing_id", parameter="name", body=reason),
    ("POST", "/api/v1/recurring-orders/{name}/resume"): of("standing", "standing_id", parameter="name"),
    ("POST", "/api/v1/recurring-orders/{name}/end"): of("standing", "standing_id", parameter="name", body=reason),
    ("POST", "/api/v1/recurring-orders/{name}/retry"): of(
        "standing", "standing_id", parameter="name", body=lambda own, them: {"day": "2026-03-02"}
    ),
    ("GET", "/api/v1/shipments/{name}/clearance"): of("shipment", "shipment_id", parameter="name"),
    ("GET", "/api/v1/payment-terms"): nothing(),
    ("GET", "/api/v1/payment-terms/{terms}"): (Call(path=lambda own, them: {"terms": "NET30"}),),
    ("PUT", "/api/v1/payment-terms/{terms}"): (
        Call(path=lambda own, them: {"terms": "WALL"}, body=lambda own, them: {"name": "ten days", "net_days": 10}),
    ),
    ("GET", "/api/v1/return-policies"): nothing(),
    ("PUT", "/api/v1/return-policies/{return_policy}"): (
        Call(path=lambda own, them: {"return_policy": "W"}, body=lambda own, them: {"name": "w", "account": them.account}, hidden=(404,)),
    ),
    ("GET", "/api/v1/promise-moves"): found_by(account="account"),
    ("GET", "/api/v1/dunning-policies"): nothing(),
    ("PUT", "/api/v1/dunning-policies/{dunning_policy}"): (
        Call(path=lambda own, them: {"dunning_policy": "W"},
             body=lambda own, them: {"name": "w", "currency": "EUR", "account": them.account, "levels": [{"after_days": 5}]}, hidden=(404,)),
    ),
    ("DELETE", "/api/v1/dunning-policies/{dunning_policy}"): (Call(path=lambda own, them: {"dunning_policy": "NONE"}),),
    ("GET", "/api/v1/accounts/{code}/dunning"): of("account", parameter="code"),
    ("POST", "/api/v1/accounts/{code}/dunning/pauses"): of(
        "account", parameter="code", body=lambda own, them: {"kind": "stop", "reason": "because"}
    ),
    ("POST", "/api/v1/accounts/{code}/dunning/pauses/{pause_id}/end"): (
        Call(path=lambda own, them: {"code": them.account, "pause_id": them.rest}, body=reason, hidden=(404,)),
        Call(path=lambda own, them: {"code": own.account, "pause_id": them.rest}, body=reason, hidden=(404, 409)),
    ),
    ("GET", "/api/v1/dunning-notices"): found_by(account="account", after="reminder_id"),
    ("GET", "/api/v1/dunning-notices/{name}"): of("reminder", "reminder_id", parameter="name"),
    ("POST", "/api/v1/dunning-claims/{claim_id}/end"): of(
        "claim", parameter="claim_id", body=lambda own, them: {"outcome": "waived", "reason": "because"}
    ),
    ("GET", "/api/v1/vendors"): nothing(),
    ("PUT", "/api/v1/vendors/{vendor}"): (Call(path=lambda own, them: {"vendor": "V"}, body=lambda own, them: {"name": "v"}),),
    ("GET", "/api/v1/vendors/{vendor}/products"): (Call(path=lambda own, them: {"vendor": "V"}),),
    ("PUT", "/api/v1/vendors/{vendor}/products/{sku}"): (
        Call(path=lambda own, them: {"vendor": "V", "sku": "CUP"}, hidden=(404,),
             body=lambda own, them: {"vendor_sku": "7", "cost": "2", "currency": "EUR", "account": them.account}),
    ),
    ("DELETE", "/api/v1/vendors/{vendor}/products/{sku}"): (
        Call(path=lambda own, them: {"vendor": "V", "sku": "CUP"}, query=lambda own, them: {"account": them.account}, hidden=(404,)),
    ),
    ("GET", "/api/v1/supplier-orders"): found_by(after="supplier_order"),
    ("GET", "/api/v1/supplier-orders/{name}"): of("supplier_order", "supplier_order_id", parameter="name"),
    ("POST", "/api/v1/supplier-orders/{name}/answer"): of(
        "supplier_order", parameter="name", body=lambda own, them: {"reference": "1", "outcome": "acknowledged"}
    ),
    ("GET", "/api/v1/orders/{name}/margins"): of("order", "order_id", parameter="name"),
    ("POST", "/api/v1/payments/{number}/refund"): of("payment", parameter="number", body=reason),
    ("GET", "/api/v1/invoices/{name}/document.pdf"): of("invoice", "invoice_id", parameter="name"),
    ("GET", "/api/v1/orders/{order}/confirmation.pdf"): of("order", "order_id", parameter="order"),
    ("GET", "/api/v1/shipments/{name}/packing-slip.pdf"): of("shipment", "shipment_id", parameter="name"),
    ("GET", "/api/v1/accounts/{code}/statement.pdf"): of("account", parameter="code"),
    ("POST", "/api/v1/trials"): (
        Call(body=lambda own, them: {"name": "x", "change": {"credit": [{"account": them.account, "limit": "1"}]}}, hidden=(422,)),
    ),
    ("GET", "/api/v1/trials"): nothing(),
    ("GET", "/api/v1/trials/{trial_id}"): (Call(path=lambda own, them: {"trial_id": NO_TRIAL}),),
    ("GET", "/api/v1/trials/{trial_id}/findings"): (Call(path=lambda own, them: {"trial_id": NO_TRIAL}),),
    ("POST", "/api/v1/trials/{trial_id}/cancel"): (Call(path=lambda own, them: {"trial_id": NO_TRIAL}),),
    ("POST", "/api/v1/trials/walk"): (Call(body=lambda own, them: {"order": them.order}, hidden=(404,)),),
    ("GET", "/api/v1/decision-points"): nothing(),
    ("GET", "/api/v1/rule-sets"): nothing(),
    ("POST", "/api/v1/rule-sets"): nothing(code="W", name="walls"),
    ("GET", "/api/v1/rule-sets/{rule_set}"): rules(),
    ("PATCH", "/api/v1/rule-sets/{rule_set}"): rules(name="walls"),
    ("GET", "/api/v1/rule-sets/{rule_set}/history"): rules(),
    ("POST", "/api/v1/rule-sets/{rule_set}/versions"): rules(comment="one more"),
    ("POST", "/api/v1/rule-sets/{rule_set}/dmn"): (Call(path=lambda own, them: {"rule_set": "R"}, content=b"<definitions/>"),),
    ("POST", "/api/v1/rule-sets/{rule_set}/rollback"): rules(reason="because"),
    ("POST", "/api/v1/rule-sets/{rule_set}/end"): rules(reason="because"),
    ("GET", "/api/v1/rule-sets/{rule_set}/compare"): (
        Call(path=lambda own, them: {"rule_set": "R"}, query=lambda own, them: {"old": "1", "new": "1"}),
    ),
    ("GET", "/api/v1/rule-sets/{rule_set}/versions/{version}"): rules(),
    ("PUT", "/api/v1/rule-sets/{rule_set}/versions/{version}"): rules(comment="better"),
    ("GET", "/api/v1/rule-sets/{rule_set}/versions/{version}/dmn"): rules(),
    ("PUT", "/api/v1/rule-sets/{rule_set}/versions/{version}/dmn"): (
        Call(path=lambda own, them: {"rule_set": "R", "version": "1"}, content=b"<definitions/>"),
    ),
    ("GET", "/api/v1/rule-sets/{rule_set}/versions/{version}/rows"): rules(),
    ("GET", "/api/v1/rule-sets/{rule_set}/versions/{version}/check"): rules(),
    ("POST", "/api/v1/rule-sets/{rule_set}/versions/{version}/ask"): rules(inputs={}),
    ("POST", "/api/v1/rule-sets/{rule_set}/versions/{version}/submit"): rules(),
    ("POST", "/api/v1/rule-sets/{rule_set}/versions/{version}/review"): rules(),
    ("POST", "/api/v1/rule-sets/{rule_set}/versions/{version}/send-back"): rules(reason="because"),
    ("POST", "/api/v1/rule-sets/{rule_set}/versions/{version}/withdraw"): rules(reason="because"),
    ("POST", "/api/v1/rule-sets/{rule_set}/versions/{version}/publish"): rules(valid_from="2030-01-01T00:00:00Z"),
    ("GET", "/api/v1/rule-decisions"): (Call(query=lambda own, them: {"order": them.order}),),
    ("GET", "/api/v1/rule-decisions/{decision_id}"): of("order_id", parameter="decision_id"),
}  # fmt: skip
"""How every route is called. A route that is new belongs in here, with every name of a company's thing it takes."""

PEOPLE = ("buyer", "buyer_approver", "agent", "agent_without_mandate", "agent_for_prices", "nobody", "integration", "sales", "credit_desk",
          "warehouse", "accounting", "analyst", "system_admin", "admin")  # fmt: skip
WALLED = PEOPLE[:6]
# what is kept of a request whatever became of it: its bytes, its key, and that it was refused
_KEPT = ("inbound_document", "idempotency", "event", "event_object")
_TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
_EVENTS = "select count(*) filter (where type = 'access.refused'), count(*) filter (where type <> 'access.refused') from event"


@pytest.fixture(scope="module")
def world(server: Any, _clones: Any) -> Iterator[TwoCompanies]:
    name = _clones.take()
    made = open_two_companies(server.url(name), application_url(server, name))
    yield made
    made.close()
    assert_invariants(made.url)
    _clones.given_back.append(name)


@pytest.fixture(scope="module")
def client(world: TwoCompanies) -> Iterator[EdgeClient]:
    combiner = start_combiner(world.database)
    with EdgeClient(create_app(world.database, read_settings({}), combiner)) as made:
        yield made
    combiner.close()


@pytest.fixture(scope="module")
def nowhere(world: TwoCompanies) -> Names:
    return someone_else(world.database.ids.many(50))


@pytest.fixture(scope="module")
def secrets(world: TwoCompanies) -> set[str]:
    return world.secrets()


def routes() -> dict[tuple[str, str], str]:
    """Every method and path that is served, with its permission."""
    served = build_app(read_settings({})).router.routes
    return {(method, one.path): one.permission for one in served for method in one.methods - {"HEAD"}}


ROUTES = routes()
NAMING = [(route, call) for route in ROUTES for call in CALLS.get(route, ()) if call.hidden]


def request(
    client: EdgeClient, person: Person, route: tuple[str, str], call: Call, own: Names, them: Names
) -> httpx.Response:
    method, template = route
    path = template.format(**call.path(own, them))
    headers = {**call.headers, **({"Authorization": f"Bearer {person.key}"} if person.key else {})}
    options: dict[str, Any] = {"params": call.query(own, them), "headers": headers}
    if call.body is not None:
        options["json"] = call.body(own, them)
    if call.content is not None:
        options["content"] = call.content
    return client.request(method, path, **options)


def named(world: TwoCompanies, person: Person) -> Names:
    """The caller's own names; its own key is its own."""
    if not person.walled or not person.spare_key:
        return world.own
    return Names(**{**vars(world.own), "key": person.spare_key})


def shape(response: httpx.Response, *names: Names) -> tuple[int, str, str]:
    """Status, kind and bytes of an answer, with what the caller named itself taken out."""
    text = response.text
    for one in names:
        for value in one.values():
            text = text.replace(value, "?")
    return response.status_code, response.headers.get("content-type", ""), text


def counts(world: TwoCompanies) -> dict[str, Any]:
    """How many rows every table has and which transaction wrote last, without what is kept of every request."""
    tables = [row[0] for row in world.ask(_TABLES) if row[0] not in _KEPT]
    union = " union all ".join(f"select '{name}', count(*), max(xmin::text::bigint) from {name}" for name in tables)  # noqa: S608
    return {row[0]: row[1:] for row in world.ask(union)}


def leaked(response: httpx.Response, secrets: set[str]) -> set[str]:
    """What the answer holds of somebody else's that the caller had not said itself in this very request."""
    text = (response.text + str(response.headers)).lower()
    said = unquote(str(response.request.url)).lower() + response.request.content.decode().lower()
    return {secret for secret in secrets if secret in text and secret not in said}


# ---- the table is whole ------------------------------------------------------------------------------------------


def test_every_route_has_its_calls() -> None:
    missing = [
        f'    ("{method}", "{path}"): ...  # needs {ROUTES[method, path]}'
        for method, path in ROUTES
        if (method, path) not in CALLS
    ]

    assert not missing, "add to CALLS in tests/app/test_walls.py how these are called:\n" + "\n".join(missing)


def test_every_name_in_a_path_is_a_company_s_or_known_to_be_everybody_s() -> None:
    shared = {
        "sku",
        "kind",
        "line_no",
        "stream",
        "version",
        "version_no",
        "name_of_stream",
        "step",
        "rule_set",
        "site",
        "action",
        "terms",
        "trial_id",
        "door",
        "token",
        "task_role",
        "form",
        "absence_id",
        "dunning_policy",
        "vendor",
        "return_policy",
        "template",
    }
    bare = [
        f"{method} {path}"
        for method, path in ROUTES
        if set(re.findall(r"{(\w+)", path)) - shared and not any(call.hidden for call in CALLS.get((method, path), ()))
    ]

    assert not bare, f"these take a name in their path, but no call of them asks for a stranger's: {bare}"


def test_both_companies_have_rows_in_every_table_with_accounts(world: TwoCompanies) -> None:
    empty = [
        (table, names.account)
        for table in world.account_tables()
        for names in (world.own, world.foreign)
        if not world.ask(f"select 1 from {table} where account_id = %s limit 1", [names.account_id])  # noqa: S608
    ]

    assert not empty, f"give them rows in tests/two_companies.py: {empty}"


def test_every_role_calls(world: TwoCompanies) -> None:
    assert {one.role for one in world.people.values()} - {""} == set(ROLES)
    assert set(world.people) == set(PEOPLE)


# ---- the walls ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", PEOPLE)
def test_strangers_things_are_not_there(
    world: TwoCompanies, client: EdgeClient, nowhere: Names, secrets: set[str], who: str
) -> None:
    person = world.people[who]
    own = named(world, person)
    granted = ROLES.get(person.role, frozenset())
    wrong: list[str] = []

    for route, permission in ROUTES.items():
        for number, call in enumerate(CALLS.get(route, ())):
            may = permission == PUBLIC or permission in granted
            before = counts(world) if person.walled and call.hidden else {}
            events = world.ask(_EVENTS)[0]
            theirs = request(client, person, route, call, own, world.foreign) if person.walled else None
            nobodys = request(client, person, route, call, own, nowhere)
            after = counts(world) if person.walled and call.hidden else {}
            events_after = world.ask(_EVENTS)[0]
            ours = request(client, person, route, call, own, own)
            place = f"{who} {' '.join(route)} #{number}"
            answers = [one for one in (theirs, nobodys, ours) if one is not None]

            def check(good: object, what: str, place: str = place, answers: Any = answers) -> None:
                if not good:
                    wrong.append(f"{place}: {what}: {[(one.status_code, one.text[:160]) for one in answers]}")

            check(all(one.status_code < 500 for one in answers), "failed")
            if person.name == "nobody":
                check(permission == PUBLIC or all(one.status_code == 401 for one in answers), "is not 401")
            elif not may:
                check(all(one.status_code == 403 for one in answers), "is not 403")
                check(len({shape(one, own, world.foreign, nowhere) for one in answers}) == 1, "tells them apart")
            elif call.hidden:
                check(
                    nobodys.status_code in (*call.hidden, *_no_mandate(person)) or not person.walled,
                    "finds what is not there",
                )
            if theirs is not None:
                alike = shape(theirs, world.foreign, own) == shape(nobodys, nowhere, own)
                check(alike or not call.hidden, "tells a stranger's from nobody's")
                check(all(not leaked(one, secrets) for one in answers), "shows a stranger's")
                check(before == after, f"writes {[name for name in after if after[name] != before[name]]}")
                if call.hidden:
                    check(events[1] == events_after[1], "says an event")
                    noted = sum(
                        _code(one).startswith("access.") and one.status_code in (403, 404) for one in (theirs, nobodys)
                    )
                    check(events_after[0] - events[0] == (noted if person.key else 0), "is not noted once")
                    if may and person.name in ("buyer", "buyer_approver", "agent") and person.key:
                        check(ours.status_code != 404, "hides the caller's own")

    assert not wrong, "\n".join(wrong)


def _no_mandate(person: Person) -> tuple[int, ...]:
    """An agent whose mandates do not name the action is told so, even of its own account."""
    return (403,) if person.role == "agent" and person.name != "agent" else ()


def _code(response: httpx.Response) -> str:
    if "json" not in response.headers.get("content-type", ""):
        return ""
    body = response.json()
    return str(body.get("code", "")) if isinstance(body, dict) else ""


@pytest.mark.parametrize("who", ["buyer", "buyer_approver", "agent"])
def test_lists_hold_ones_own_and_nothing_else(
    world: TwoCompanies, client: EdgeClient, nowhere: Names, secrets: set[str], who: str
) -> None:
    person = world.people[who]
    lists = [route for route, permission in ROUTES.items() if route[0] == "GET" and "{" not in route[1]
             and permission in ROLES[person.role]]  # fmt: skip

    for route in lists:
        for call in CALLS[route]:
            found = request(client, person, route, call, world.own, world.own)
            assert found.status_code == 200, (route, found.text)
            assert leaked(found, secrets) == set(), route
    seen = request(client, person, ("GET", "/api/v1/orders"), Call(), world.own, world.own)
    assert world.own.order in seen.text


def test_the_scan_finds_what_it_looks_for(world: TwoCompanies, client: EdgeClient, secrets: set[str]) -> None:
    everything = ("shipments", "invoices", "payments", "returns", "orders", "accounts")

    for name in everything:
        found = request(client, world.people["sales"], ("GET", f"/api/v1/{name}"), Call(), world.own, world.own)
        assert found.status_code == 200
        assert leaked(found, secrets), name


def test_an_agent_reads_only_what_its_mandate_names(world: TwoCompanies, client: EdgeClient) -> None:
    person = world.people["agent_for_prices"]
    calls = [(route, call) for route, call in NAMING if route[0] == "GET" and ROUTES[route] in ROLES["agent"]]

    for route, call in [*calls, *((route, Call()) for route, _ in calls if "{" not in route[1])]:
        found = request(client, person, route, call, world.own, world.own)
        assert found.status_code in (200, 403, 404), (route, found.text)
        mine = {world.own.account_id, world.own.order_id, world.own.order, world.own.invoice, world.own.payment}
        assert not leaked(found, {one.lower() for one in mine}), route


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch, world: TwoCompanies) -> None:
    """Switches the application's own checks off: everybody may do everything to everything that it can name."""
    genuine = decide.authorize
    for module in [one for name, one in sys.modules.items() if name.startswith("tradewind.")]:
        for name in ("authorize", "within_mandate"):
            if getattr(module, name, None) is getattr(decide, name):
                monkeypatch.setattr(module, name, lambda *_, **__: None)
    assert decide.authorize is not genuine

    def allow(self: Edge, *account_ids: Any, **_: Any) -> None:
        if account_ids and None in account_ids:  # not a check: what was not found cannot be worked on
            raise not_found()

    monkeypatch.setattr(Edge, "allow", allow)
    monkeypatch.setattr(Edge, "_check_again", lambda self, tx: None)


@pytest.mark.parametrize("who", WALLED[:5])
@pytest.mark.usefixtures("unguarded")
def test_without_our_own_checks_the_database_still_shows_and_finds_nothing_foreign(
    world: TwoCompanies, client: EdgeClient, nowhere: Names, secrets: set[str], who: str
) -> None:
    person = world.people[who]
    before = world.of_foreign()
    wrong: list[str] = []

    for route in ROUTES:
        for number, call in enumerate(CALLS[route]):
            if route[0] != "GET" and not call.hidden:
                continue
            client.app.state.guard.forget()
            answered = request(client, person, route, call, world.own, world.foreign)
            if found := leaked(answered, secrets):
                wrong.append(f"{who} {' '.join(route)} #{number} shows {sorted(found)[:5]}")

    after = world.of_foreign()
    wrong += [f"{who} changed {table} of {FOREIGN}" for table in after if after[table] != before[table]]
    assert not wrong, "\n".join(wrong)


def test_a_buyer_and_an_agent_are_the_only_kinds_behind_walls() -> None:
    assert {one.value for one in Kind} == {"staff", "buyer", "agent", "system"}
