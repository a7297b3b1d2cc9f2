"""What a trial was asked for, read: the change with its drafts, and the orders. The same text is read when it is asked and when it runs."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from tradewind.accounts.queries import account_ids
from tradewind.approvals.queries.policies import policies_by_id, versions_of
from tradewind.catalog.queries import products_by_id
from tradewind.credit.queries import nodes_of
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader
from tradewind.orchestration.commands.streams import compiled
from tradewind.orchestration.model import Graph
from tradewind.rules.decide.govern import compiled as compile_table
from tradewind.rules.queries.sets import content_of, sets_by_code
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS
from tradewind.trials import errors
from tradewind.trials.model import STREAM, Change, CreditDraft, LaneDraft, PriceDraft, Selection, TableDraft
from tradewind.trials.queries import drafted_stream, list_ids, product_ids, site_codes

LARGEST_SELECTION = 10_000
LARGEST_DIAGRAM = 2 << 20
LARGEST_DRAFT = 5_000
"""Rows of prices, lanes or limits."""


def read_change(reader: Reader, asked: Mapping[str, Any]) -> Change:
    """The change with everything it names found and compiled. Raises `Refused` with everything that is wrong with it."""
    problems: list[Problem] = []
    graph, parameters = _drafted(reader, asked.get("stream"), problems)
    change = Change(
        graph=graph,
        parameters=parameters,
        stream=_stream_name(asked.get("stream")),
        policies=_policies(reader, asked.get("approval_policies") or (), problems),
        ended=_ended(reader, asked.get("ended_policies") or (), problems),
        lanes=_lanes(reader, asked.get("lanes") or (), problems),
        prices=_prices(reader, asked.get("prices") or (), problems),
        credit=_credit(reader, asked.get("credit") or (), problems),
        tables=_tables(reader, asked.get("tables") or (), problems),
    )
    if problems:
        raise Refused(problems)
    return change


def read_selection(asked: Mapping[str, Any]) -> Selection:
    """Which orders; what is not said does not narrow them."""
    return Selection(
        last=min(int(asked.get("last") or LARGEST_SELECTION), LARGEST_SELECTION),
        since=_moment(asked.get("since")),
        until=_moment(asked.get("until")),
        accounts=tuple(asked.get("accounts") or ()),
        segment=asked.get("segment"),
        region=asked.get("region"),
        channel=asked.get("channel"),
        numbers=tuple(asked.get("numbers") or ()),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _stream_name(asked: Mapping[str, Any] | None) -> str:
    if asked is None:
        return ""
    version = asked.get("version")
    return f"{asked['stream']} v{version}" if version is not None else f"{asked['stream']} as drafted"


def _drafted(
    reader: Reader, asked: Mapping[str, Any] | None, problems: list[Problem]
) -> tuple[Graph | None, Mapping[str, Any] | None]:
    """The drafted stream, compiled, with its parameters (None: those in force); every step must be one that orders have."""
    if asked is None:
        return None, None
    if asked["stream"] != STREAM:
        problems.append(errors.other_stream(asked["stream"], STREAM))
        return None, None
    bpmn, parameters = asked.get("bpmn"), asked.get("parameters")
    if bpmn is None:
        found = drafted_stream(reader, STREAM, asked["version"])
        if found is None:
            problems.append(errors.unknown("version", [f"{asked['version']} of {STREAM}"], "/change/stream/version"))
            return None, None
        bpmn, parameters = found[0], found[1] if parameters is None else parameters
    try:
        graph = compiled(bpmn.encode(), read_expression)
    except Refused as refused:
        problems += [one.at("/change/stream/bpmn") for one in refused.problems]
        return None, None
    stream = STREAMS[STREAM]
    strange = {node.step for node in graph.nodes.values() if node.step and node.step not in stream.steps}
    if stream.decisions is None:
        strange |= {node.decision for node in graph.nodes.values() if node.decision}
    problems += [errors.unknown_step(name) for name in sorted(strange)]
    return graph, parameters


def _policies(reader: Reader, asked: Any, problems: list[Problem]) -> tuple[Any, ...]:
    ids = [UUID(str(one)) for one in asked]
    found = policies_by_id(reader, ids)
    missing = [str(one) for one in ids if one not in found]
    if missing:
        problems.append(errors.unknown("approval policy", missing, "/change/approval_policies"))
    return tuple(found[one].policy for one in ids if one in found)


def _ended(reader: Reader, asked: Any, problems: list[Problem]) -> frozenset[str]:
    missing = set(asked) - versions_of(reader, list(asked)).keys() if asked else set()
    if missing:
        problems.append(errors.unknown("approval policy", missing, "/change/ended_policies"))
    return frozenset(asked)


def _lanes(reader: Reader, asked: Any, problems: list[Problem]) -> tuple[LaneDraft, ...]:
    missing = {one["site"] for one in asked} - site_codes(reader, [one["site"] for one in asked]) if asked else set()
    if missing:
        problems.append(errors.unknown("site", missing, "/change/lanes"))
    return tuple(
        LaneDraft(
            one["site"], one["country"], one.get("region") or "", _number(one.get("cost")), one.get("transit_days")
        )
        for one in asked
    )


def _prices(reader: Reader, asked: Any, problems: list[Problem]) -> tuple[PriceDraft, ...]:
    if not asked:
        return ()
    lists, skus = (
        list_ids(reader, [one["price_list"] for one in asked]),
        product_ids(reader, [one["sku"] for one in asked]),
    )
    for what, missing in (
        ("price list", {one["price_list"] for one in asked} - lists.keys()),
        ("item", {one["sku"] for one in asked} - skus.keys()),
    ):
        if missing:
            problems.append(errors.unknown(what, missing, "/change/prices"))
    products = products_by_id(reader, skus.values())
    drafts: list[PriceDraft] = []
    for place, one in enumerate(asked):
        tiers = tuple((Decimal(str(tier["from_qty"])), Decimal(str(tier["price"]))) for tier in one["tiers"])
        where, product = f"/change/prices/{place}", products.get(skus[one["sku"]]) if one["sku"] in skus else None
        if not tiers or any(lower[0] >= upper[0] for lower, upper in pairwise(tiers)):
            problems.append(errors.wrong_tiers(f"{where}/tiers"))
        uom = one.get("uom") or ""
        if product is not None and uom and uom not in product.units:
            problems.append(errors.bad_unit(one["sku"], uom, f"{where}/uom"))
        drafts.append(PriceDraft(one["price_list"], one["sku"], tiers, uom))
    return tuple(drafts)


def _credit(reader: Reader, asked: Any, problems: list[Problem]) -> tuple[CreditDraft, ...]:
    """Limits that are there as they would be: a draft never gives an account its first limit."""
    known = account_ids(reader, [one["account"] for one in asked]) if asked else {}
    there = nodes_of(reader, known.values()) if known else {}
    missing = {one["account"] for one in asked} - {code for code, account_id in known.items() if account_id in there}
    if missing:
        problems.append(errors.unknown("account with a limit of its own", missing, "/change/credit"))
    plain = {"account", "limit"}
    return tuple(
        CreditDraft(
            one["account"],
            _number(one.get("limit")),
            {name: _policy_value(name, said) for name, said in one.items() if name not in plain and said is not None},
        )
        for one in asked
    )


def _tables(reader: Reader, asked: Any, problems: list[Problem]) -> tuple[TableDraft, ...]:
    """Versions of rule sets, drafts too; with `dmn`, the file instead of the version's own."""
    sets = sets_by_code(reader, [one["rule_set"] for one in asked]) if asked else {}
    missing = {one["rule_set"] for one in asked} - sets.keys()
    if missing:
        problems.append(errors.unknown("rule set", missing, "/change/tables"))
    drafts: list[TableDraft] = []
    for place, one in enumerate(asked):
        found = sets.get(one["rule_set"])
        if found is None:
            continue
        where, version = f"/change/tables/{place}", int(one.get("version") or 0)
        content = content_of(reader, found.id, version) if version else None
        source = one["dmn"].encode() if one.get("dmn") else content and content.source
        if not source:
            problems.append(errors.unknown("version", [f"{version} of {found.code}"], f"{where}/version"))
            continue
        made = compile_table(source, one.get("decision") or (content.decision if content else ""))
        if isinstance(made, list):
            problems += [problem.at(where) for problem in made]
            continue
        drafts.append(TableDraft(found.id, found.code, version, found.point, found.scope, made))
    return tuple(drafts)


def _policy_value(name: str, said: Any) -> Any:
    return Decimal(str(said)) if name == "overdue_tolerated" else said


def _number(said: Any) -> Decimal | None:
    return None if said is None else Decimal(str(said))
