"""What may happen to a quote, until when an offer is valid, and what an acceptance takes of it. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from tradewind.kernel.money import WIDE, minor_digits, plain, round_money, round_places
from tradewind.kernel.problem import Problem
from tradewind.quotes import errors
from tradewind.quotes.model import (
    LONGEST_VALIDITY_DAYS,
    MOVES,
    Act,
    Choice,
    Quote,
    Staged,
    StagedLine,
    Status,
    TakenLine,
    Version,
    VersionLine,
)
from tradewind.semantics.model import Place

_PLACES = Decimal("0.000001")


def after(quote: Quote, act: Act, now: datetime) -> Status | Problem:
    """The status an act leads to, or why not. An offer whose time is over counts as expired whether it was marked or not."""
    status = standing_at(quote, now)
    found = MOVES[status].get(act)
    return errors.not_now(quote.number, status, act) if found is None else found


def standing_at(quote: Quote, now: datetime) -> Status:
    """The status at an instant: what was only offered is expired after its time, what was partly accepted is done with."""
    if quote.expires_at is not None and now >= quote.expires_at:
        return MOVES[quote.status].get("expire", quote.status)
    return quote.status


def end_of(valid_until: str, zone: str) -> datetime | Problem:
    """The first instant at which an offer is over. A day ends where the next one begins in the zone, however long it is;
    an instant (with an offset, or of the zone) is itself still valid."""
    if zone not in available_timezones():
        return errors.unknown_zone(zone)
    place = ZoneInfo(zone)
    try:
        if len(valid_until) == 10:
            return datetime.combine(date.fromisoformat(valid_until) + timedelta(days=1), time(), place)
        said = datetime.fromisoformat(valid_until)
    except (ValueError, OverflowError):
        return errors.bad_validity("The validity ends on a day (2026-12-31) or at an instant.")
    return (said if said.tzinfo is not None else said.replace(tzinfo=place)) + timedelta(microseconds=1)


def check_end(expires_at: datetime, now: datetime) -> Problem | None:
    """An offer ends in the future, and not in years."""
    if expires_at <= now:
        return errors.bad_validity("The validity ends in the future.")
    if expires_at > now + timedelta(days=LONGEST_VALIDITY_DAYS):
        return errors.bad_validity(f"An offer is valid for at most {LONGEST_VALIDITY_DAYS} days.")
    return None


def take(version: Version, choices: Sequence[Choice] | None) -> tuple[TakenLine, ...] | list[Problem]:
    """What an acceptance takes: the lines chosen (None: everything that is left), each with its price; or what is wrong."""
    left = [one for one in version.lines if one.left > 0 and not _excluded(version, one)]
    if choices is None:
        choices = [Choice(one.line_no) for one in left]
    problems: list[Problem] = []
    taken: list[tuple[VersionLine, Decimal]] = []
    for index, choice in enumerate(choices):
        where, line = f"/lines/{index}", version.line(choice.line_no)
        if line is None:
            problems.append(errors.unknown_line(choice.line_no, where))
            continue
        qty = line.left if choice.qty is None else choice.qty
        problem = _wrong(version, line, qty, where)
        if problem is None and any(one.line_no == line.line_no for one, _ in taken):
            problem = errors.line_twice(line.line_no, where)
        if problem is not None:
            problems.append(problem)
        else:
            taken.append((line, qty))
    if not taken and not problems:
        problems.append(errors.nothing_chosen())
    problems += _alternatives(version, [line for line, _ in taken])
    if not problems and version.partial == "none" and not _is_whole(version, dict_of(taken)):
        problems.append(errors.whole_only())
    if problems:
        return problems
    priced = [
        price_of(line, qty, currency=version.currency, where=f"/lines/{at}") for at, (line, qty) in enumerate(taken)
    ]
    wrong = [one for one in priced if isinstance(one, Problem)]
    return wrong or tuple(one for one in priced if isinstance(one, TakenLine))


def dict_of(taken: Sequence[tuple[VersionLine, Decimal]]) -> dict[int, Decimal]:
    """Quantities by line number."""
    return {line.line_no: qty for line, qty in taken}


def _wrong(version: Version, line: VersionLine, qty: Decimal, where: str) -> Problem | None:
    if qty > line.left or qty <= 0:
        return errors.not_left(line.line_no, line.left, where)
    if version.partial != "quantities" and qty != line.qty:
        return errors.whole_lines_only(line.line_no, where)
    if qty < line.min_qty and qty != line.left:
        return errors.below_minimum(line.line_no, line.min_qty, where)
    return None


def _excluded(version: Version, line: VersionLine) -> bool:
    """Whether another line was chosen in its place before."""
    return line.alternative is not None and any(
        one.accepted > 0 for one in version.lines if one.alternative == line.alternative and one.line_no != line.line_no
    )


def _alternatives(version: Version, taken: Sequence[VersionLine]) -> list[Problem]:
    """Of lines that exclude each other at most one, now and before."""
    problems: list[Problem] = []
    for name in dict.fromkeys(one.alternative for one in taken if one.alternative is not None):
        chosen = {one.line_no for one in taken if one.alternative == name}
        chosen |= {one.line_no for one in version.lines if one.alternative == name and one.accepted > 0}
        if len(chosen) > 1:
            of_name = [one.line_no for one in version.lines if one.alternative == name]
            problems.append(errors.choose_one(name, of_name, "/lines"))
    return problems


def _is_whole(version: Version, taken: Mapping[int, Decimal]) -> bool:
    """Whether nothing of the offer is left once this is taken: every line, of alternatives one."""
    whole = {one.line_no for one in version.lines if one.accepted + taken.get(one.line_no, Decimal(0)) == one.qty}
    groups = {one.alternative for one in version.lines if one.alternative is not None}
    return all(one.line_no in whole for one in version.lines if one.alternative is None) and all(
        any(one.line_no in whole for one in version.lines if one.alternative == group) for group in groups
    )


def completes(version: Version, taken: Sequence[TakenLine]) -> bool:
    """Whether the offer is used up by this."""
    return _is_whole(version, {one.line.line_no: one.qty for one in taken})


def price_of(line: VersionLine, qty: Decimal, *, currency: str, where: str = "") -> TakenLine | Problem:
    """Units of a line at exactly its price, or `quotes.inexact_quantity`. What parts come to is the difference of what was accepted
    before and after, so that all parts of a line together cost to the last minor unit what the line was offered at."""
    try:
        price_qty = _share(line.price_qty, line, qty).quantize(_PLACES)
    except InvalidOperation:
        return errors.inexact(line.line_no, where)
    base = WIDE.divide(WIDE.multiply(qty, Decimal(line.factor[0])), Decimal(line.factor[1]))
    if WIDE.multiply(price_qty, line.qty) != WIDE.multiply(line.price_qty, qty) or base != round_places(base, 6):
        return errors.inexact(line.line_no, where)
    gross = round_money(WIDE.divide(WIDE.multiply(price_qty, line.unit_price), line.basis), currency)
    net = _up_to(line, line.accepted + qty, currency) - _up_to(line, line.accepted, currency)
    return TakenLine(line, qty, price_qty, gross - net, net)


def _up_to(line: VersionLine, qty: Decimal, currency: str) -> Decimal:
    """What so many units of a line come to, without its share of the allowance."""
    if qty == line.qty:
        return line.net
    price_qty = _share(line.price_qty, line, qty)
    gross = round_money(WIDE.divide(WIDE.multiply(price_qty, line.unit_price), line.basis), currency)
    return gross - round_places(_share(line.allowance, line, qty), minor_digits(currency))


def _share(whole: Decimal, line: VersionLine, qty: Decimal) -> Decimal:
    return WIDE.divide(WIDE.multiply(whole, qty), line.qty)


def version_json(version: Version) -> dict[str, Any]:
    """A version as it is frozen while somebody decides on it; `version_from` reads it back."""
    named = {
        name: _plain(getattr(version, name)) for name in Version.__slots__ if name not in ("lines", "ship_to", "digest")
    }
    place = {name: _plain(getattr(version.ship_to, name)) for name in type(version.ship_to).__slots__}
    lines = [
        {name: _plain(getattr(one, name)) for name in VersionLine.__slots__ if name != "accepted"}
        for one in version.lines
    ]
    return {**named, "ship_to": place, "lines": lines}


def digest_of(version: Version) -> bytes:
    """SHA-256 of everything that is offered, whoever offers it and whenever."""
    said = version_json(version)
    for name in ("offered_at", "offered_by"):
        said.pop(name)
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).digest()


def _plain(found: Any) -> Any:
    if isinstance(found, Decimal):
        return plain(found)
    if isinstance(found, datetime):
        return found.astimezone(ZoneInfo("UTC")).isoformat()
    if isinstance(found, tuple):
        return list(found)
    return found if found is None or isinstance(found, str | int | bool) else str(found)


COMPARED = (
    "sku", "qty", "uom", "alternative", "min_qty", "unit_price", "basis", "net", "requested_at", "note",
)  # fmt: skip
COMPARED_HEADS = ("currency", "terms_code", "valid_until", "zone", "on_late", "partial", "net", "note")


def differences(before: Version, now: Version) -> dict[str, Any]:
    """What changed from one version to another: of the offer itself, and line by line (added, gone, changed)."""
    old, new = {one.line_no: one for one in before.lines}, {one.line_no: one for one in now.lines}
    heads = _changed(before, now, COMPARED_HEADS)
    if before.ship_to.code != now.ship_to.code:
        heads["ship_to"] = [before.ship_to.code, now.ship_to.code]
    lines: list[dict[str, Any]] = []
    for line_no in sorted(old.keys() | new.keys()):
        if line_no not in old or line_no not in new:
            one = new.get(line_no) or old[line_no]
            what = "added" if line_no in new else "gone"
            lines.append({"line": line_no, "what": what, "sku": one.sku, "qty": plain(one.qty), "net": plain(one.net)})
        elif found := _changed(old[line_no], new[line_no], COMPARED):
            lines.append({"line": line_no, "what": "changed", "sku": new[line_no].sku, "from_to": found})
    return {"from": before.version_no, "to": now.version_no, "offer": heads, "lines": lines}


def _changed(before: Any, now: Any, names: Sequence[str]) -> dict[str, Any]:
    return {
        name: [_plain(getattr(before, name)), _plain(getattr(now, name))]
        for name in names
        if getattr(before, name) != getattr(now, name)
    }


def version_from(body: Mapping[str, Any], *, digest: bytes) -> Version:
    """A version out of what `version_json` made of it."""
    lines = tuple(VersionLine(**{name: _read(name, found) for name, found in one.items()}) for one in body["lines"])
    heads = {name: _read(name, found) for name, found in body.items() if name not in ("lines", "ship_to")}
    place = {**body["ship_to"], "address_id": _read("address_id", body["ship_to"]["address_id"])}
    return Version(**heads, ship_to=Place(**place), lines=lines, digest=digest)


_DECIMALS = frozenset(("qty", "min_qty", "unit_price", "basis", "price_qty", "allowance", "net"))
_IDS = frozenset(("quote_id", "account_id", "ship_to_id", "offered_by", "product_id", "price_id", "address_id"))
_MOMENTS = frozenset(("expires_at", "remind_at", "offered_at", "requested_at"))


def _read(name: str, found: Any) -> Any:
    if found is None:
        return None
    if name in _DECIMALS:
        return Decimal(found)
    if name in _IDS:
        return UUID(found)
    if name in _MOMENTS:
        return datetime.fromisoformat(found)
    return (found[0], found[1]) if name == "factor" else found


def staged_json(staged: Staged) -> dict[str, Any]:
    """An offer in the making as it is kept."""
    heads = {name: _plain(getattr(staged, name)) for name in Staged.__slots__ if name != "lines"}
    return {
        **heads,
        "lines": [{name: _plain(getattr(one, name)) for name in StagedLine.__slots__} for one in staged.lines],
    }


def staged_from(body: Mapping[str, Any]) -> Staged:
    """An offer in the making out of what was kept."""
    lines = tuple(StagedLine(**{name: _read(name, found) for name, found in one.items()}) for one in body["lines"])
    return Staged(**{**{name: found for name, found in body.items() if name != "lines"}, "lines": lines})
