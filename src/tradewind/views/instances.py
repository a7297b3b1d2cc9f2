"""Instances of value streams as operators see them: where each stands, what it waits for, what happened to it and by whom."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader
from tradewind.orchestration.commands.streams import graph_of
from tradewind.orchestration.decide.state_json import from_json
from tradewind.orchestration.model import ROOT, Graph, Node, State
from tradewind.orchestration.queries.instances import (
    Instance,
    detail_of,
    instances_by_id,
    waiting_since,
)
from tradewind.orchestration.queries.stuck import Stuck
from tradewind.streams.language import read_expression
from tradewind.streams.promises import Risk

HISTORY = 500
_NUMBERS = """
select o.id, o.number, a.code from sales_order o join account a on a.id = o.account_id where o.id = any(%(ids)s::uuid[])
union all
select s.id, s.number, a.code from shipment s join account a on a.id = s.account_id where s.id = any(%(ids)s::uuid[])
union all
select v.id, v.number, a.code from invoice v join account a on a.id = v.account_id where v.id = any(%(ids)s::uuid[])
"""
_NAMED = """
select id from sales_order where number = %(name)s or buyer_po_normal = upper(%(name)s)
union select s.id from shipment s left join sales_order o on o.id = s.order_id where s.number = %(name)s or o.number = %(name)s
union select v.id from invoice v left join sales_order o on o.id = v.order_id where v.number = %(name)s or o.number = %(name)s
limit 500
"""
_HISTORY = """
select h.at, h.type, h.channel, h.actor_id, p.login, h.payload
from (
  select e.at, e.type, e.channel, e.actor_id, e.payload, e.xid, e.seq
  from event_object o join event e on e.xid = o.event_xid and e.seq = o.event_seq where o.object_id = %(id)s
  union all
  select e.at, e.type, e.channel, e.actor_id, e.payload, e.xid, e.seq
  from user_task t join event_object o on o.object_id = t.id
  join event e on e.xid = o.event_xid and e.seq = o.event_seq where t.instance_id = %(id)s
  union all
  select e.at, e.type, e.channel, e.actor_id, e.payload, e.xid, e.seq
  from incident n join event e on e.subject_id = n.id and e.type = 'incident.opened' where n.instance_id = %(id)s
) h left join principal p on p.id = h.actor_id order by h.at, h.xid, h.seq limit %(limit)s
"""


def subjects_named(reader: Reader, name: str) -> list[UUID]:
    """What a number or an id names: an order, its shipments and invoices."""
    try:
        return [UUID(name)]
    except ValueError:
        return [row[0] for row in reader.rows(_NAMED, {"name": name})]


def instances_json(reader: Reader, found: Sequence[Instance]) -> list[dict[str, Any]]:
    """Instances of a page."""
    names = _names(reader, [one.subject_id for one in found])
    since = waiting_since(reader, [one.id for one in found])
    return [_instance(reader, one, names, since) for one in found]


def instance_json(reader: Reader, instance_id: UUID) -> dict[str, Any] | None:
    """One instance whole: its places, what is armed beside them, all variables, and what belongs to it."""
    one = instances_by_id(reader, [instance_id]).get(instance_id)
    if one is None:
        return None
    (seen,) = instances_json(reader, [one])
    detail, state = detail_of(reader, one), _state(one)
    return {
        **seen,
        "variables": state.variables,
        "scopes": [
            {"scope": scope.id, "in": scope.parent, "element": scope.node, "variables": scope.variables}
            for scope in state.scopes
        ],
        "watches": [
            {"watch": watch.id, "element": watch.node, "on_token": watch.host, "mark": watch.mark}
            for watch in state.watches
        ],
        "waits": detail.waits,
        "incidents": detail.incidents,
        "messages": detail.messages,
        "called_by": state.caller.partition(":")[0] or None,
        "called": [row for row in detail.related if row["part"].startswith(f"call:{one.id}:")],
        "related": detail.related,
    }


def history_json(reader: Reader, instance_id: UUID) -> list[dict[str, Any]]:
    """What happened to an instance, oldest first: every turn with the elements it entered and left and the steps it ran, every
    task done, incident and repair; who did it and by which channel."""
    rows = reader.rows(_HISTORY, {"id": instance_id, "limit": HISTORY})
    return [
        {"at": at, "what": what, "by": login or channel, "actor": actor, "channel": channel, **_said(what, payload)}
        for at, what, channel, actor, login, payload in rows
    ]


def stuck_json(reader: Reader, found: Sequence[Stuck]) -> list[dict[str, Any]]:
    """What does not move, with the names of what it is about."""
    names = _names(reader, [one.subject_id for one in found])
    return [
        {
            "instance": one.instance_id, "stream": one.stream, "version": one.version, "why": one.why, "since": one.since,
            "element": one.node, "subject": _subject(one.subject_type, one.subject_id, names),
        }
        for one in found
    ]  # fmt: skip


def risks_json(reader: Reader, found: Sequence[Risk]) -> list[dict[str, Any]]:
    """What will be late, by how many seconds, and what takes longest until then."""
    names = _names(reader, [one.instance.subject_id for one in found])
    return [
        {
            "instance": one.instance.id, "stream": one.instance.stream, "version": one.instance.version,
            "status": one.instance.status,
            "subject": _subject(one.instance.subject_type, one.instance.subject_id, names),
            "promised_at": one.promised_at, "expected_at": one.expected_at,
            "late_by": int(one.late_by.total_seconds()),
            "reasons": [
                {"element": why.element, "name": why.name, "seconds": why.milliseconds // 1000} for why in one.reasons[:10]
            ],
        }
        for one in found
    ]  # fmt: skip


def _names(reader: Reader, subjects: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    wanted = sorted(set(subjects))
    return {row[0]: (row[1], row[2]) for row in reader.rows(_NUMBERS, {"ids": wanted})} if wanted else {}


def _subject(kind: str, subject_id: UUID, names: dict[UUID, tuple[str, str]]) -> dict[str, Any]:
    number, account = names.get(subject_id, (None, None))
    return {"type": kind, "id": subject_id, "number": number, "account": account}


def _instance(
    reader: Reader, one: Instance, names: dict[UUID, tuple[str, str]], since: dict[tuple[UUID, int], Any]
) -> dict[str, Any]:
    state = _state(one)
    graph = graph_of(reader, one.stream, one.version, expressions=read_expression)
    return {
        "id": one.id,
        "stream": one.stream,
        "version": one.version,
        "subject": _subject(one.subject_type, one.subject_id, names),
        "part": one.part,
        "status": one.status,
        "position": state.last,
        "places": [_place(graph, token, one, since) for token in state.tokens],
        "started_at": one.started_at,
        "moved_at": one.moved_at,
        "ended_at": one.ended_at,
        "wake_at": one.wake_at,
        "attempts": one.attempts,
        "incident": None
        if one.incident is None
        else {
            "id": one.incident.id, "code": one.incident.code, "message": one.incident.message, "step": one.incident.step,
            "opened_at": one.incident.opened_at,
        },
    }  # fmt: skip


def _place(graph: Graph, token: Any, one: Instance, since: dict[tuple[UUID, int], Any]) -> dict[str, Any]:
    node: Node | None = graph.nodes.get(token.node)
    waited = since.get((one.id, token.id))
    return {
        "token": token.id,
        "element": token.node,
        "name": "" if node is None else node.name,
        "kind": "" if node is None else node.kind.value,
        "in": "" if node is None else node.parent,
        "scope": None if token.scope == ROOT else token.scope,
        "mark": token.mark,
        "since": one.moved_at if waited is None else waited[1],
        "due_at": None if waited is None else waited[2],
    }


def _state(one: Instance) -> State:
    found = from_json(one.state)
    return State() if isinstance(found, Problem) else found


def _said(what: str, payload: dict[str, Any]) -> dict[str, Any]:
    if what != "stream.advanced":
        return {name: value for name, value in payload.items() if name not in ("instance", "stream", "version")}
    moves = [(text[:1], text[2:]) for text in payload["trail"]]
    return {
        "version": payload["version"],
        "entered": [node for verb, node in moves if verb == "e"],
        "left": [node for verb, node in moves if verb == "l"],
        "cancelled": [node for verb, node in moves if verb == "c"],
        "steps": [{"step": name, "began": began, "ended": ended} for name, began, ended in payload["steps"]],
        "ended": payload["ended"],
    }
