"""A partner saved as people describe it: accounts by code, the map and the separators checked, the envelope written once to see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from tradewind.accounts.queries import account_ids
from tradewind.channels.decide.partners.separators import read_separators
from tradewind.channels.decide.x12.maps import map_from_json
from tradewind.channels.decide.x12.model import PartnerId, Separators
from tradewind.channels.decide.x12.write import write_interchange
from tradewind.channels.edi.commands import save_names, save_partner
from tradewind.channels.edi.letters import envelope_to
from tradewind.channels.edi.model import ANSWERS, FOLDER_NAME, Partner, SendBy
from tradewind.channels.edi.queries.partners import names_of, partner_of, ship_to_addresses
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Event, Reader, Tx


@dataclass(frozen=True, slots=True)
class Described:
    """A partner in people's words: accounts and ship-tos by code (`ACCOUNT/CODE` for one of another account)."""

    name: str
    ours: PartnerId
    theirs: PartnerId
    account: str | None = None
    sandbox_account: str | None = None
    in_test: bool = False
    our_group: str | None = None
    their_group: str | None = None
    version: str = "004010"
    separators: Mapping[str, Any] | None = None
    map: Mapping[str, Any] | None = None
    wants_997: bool = True
    sends: tuple[str, ...] = ANSWERS
    answer_minutes: int = 1440
    ack_minutes: int | None = None
    send_by: SendBy = "pickup"
    send_to: str | None = None
    accounts: Mapping[str, str] | None = None
    ship_tos: Mapping[str, str] | None = None


def describe_partner(tx: Tx, code: str, given: Described) -> Partner:
    """Save a partner under its code; `Refused` says everything that is wrong with it."""
    accounts = account_ids(tx, _accounts_named(given))
    problems = _check_accounts(given, accounts)
    separators = read_separators(given.separators or {})
    if not isinstance(separators, Separators):
        problems += separators
    mapped = map_from_json(dict(given.map or {}), name=code)
    if isinstance(mapped, Problem):
        problems.append(mapped.at(f"/map{mapped.where}"))
    problems += _check_sending(given)
    if problems or isinstance(mapped, Problem) or not isinstance(separators, Separators):
        raise Refused(problems)
    partner = Partner(
        id=tx.ids.new(), code=code, name=given.name, ours=given.ours, theirs=given.theirs,
        account_id=accounts.get(given.account or ""), account=given.account,
        sandbox_id=accounts.get(given.sandbox_account or ""), sandbox=given.sandbox_account, in_test=given.in_test,
        our_group=given.our_group, their_group=given.their_group, version=given.version, separators=separators, map=mapped,
        mapping=dict(given.map or {}), wants_997=given.wants_997, sends=frozenset(given.sends),
        answer_minutes=given.answer_minutes, ack_minutes=given.ack_minutes, send_by=given.send_by, send_to=given.send_to,
    )  # fmt: skip
    tried = write_interchange(envelope_to(partner, 1, tx.now, is_test=False), [], substitute=" ")
    if isinstance(tried, Problem):
        raise Refused([tried])
    try:
        saved = save_partner(tx, partner, separators=dict(given.separators or {}))
    except psycopg.errors.UniqueViolation as reason:
        message = "Another partner has the same ids."
        raise Refused([Problem("channels.partner_ids_taken", message, "/theirs", 409)]) from reason
    save_names(tx, partner.system, _names(tx, given, accounts))
    tx.emit(
        Event(
            "partner.saved",
            "trading_partner",
            saved,
            {"code": code, "account": given.account, "in_test": given.in_test},
        )
    )
    return replace(partner, id=saved)


def _accounts_named(given: Described) -> set[str]:
    codes = {given.account, given.sandbox_account, *(given.accounts or {}).values()} - {None}
    codes |= {place.partition("/")[0] for place in (given.ship_tos or {}).values() if "/" in place}
    return {code for code in codes if code is not None}


def _check_accounts(given: Described, accounts: Mapping[str, UUID]) -> list[Problem]:
    named = [("/account", given.account), ("/sandbox_account", given.sandbox_account)]
    named += [(f"/names/accounts/{theirs}", code) for theirs, code in (given.accounts or {}).items()]
    problems = [
        Problem("accounts.unknown", f"There is no account {code}.", where)
        for where, code in named
        if code is not None and code not in accounts
    ]
    live = {given.account, *(given.accounts or {}).values()}
    if given.sandbox_account is not None and given.sandbox_account in live:
        message = "The sandbox is an account of its own, so that no test is ever a live order."
        problems.append(Problem("channels.sandbox_is_live", message, "/sandbox_account"))
    return problems


def _check_sending(given: Described) -> list[Problem]:
    unknown = [type_ for type_ in given.sends if type_ not in ANSWERS]
    problems = [Problem("channels.unknown_document", f"We send no {one}.", "/sends") for one in unknown]
    where = "/send_to"
    if given.send_by == "pickup" and given.send_to is not None:
        problems.append(Problem("channels.bad_address", "What is collected has no address.", where))
    elif given.send_by == "folder" and not FOLDER_NAME.fullmatch(given.send_to or ""):
        problems.append(
            Problem("channels.bad_address", "A folder is named by letters, digits, '.', '-' and '_'.", where)
        )
    elif given.send_by == "http":
        parts = urlsplit(given.send_to or "")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            problems.append(Problem("channels.bad_address", "It is sent to an http or https address.", where))
    return problems


def _names(tx: Tx, given: Described, accounts: Mapping[str, UUID]) -> list[tuple[str, str, UUID]]:
    found = [("account", theirs, accounts[code]) for theirs, code in (given.accounts or {}).items()]
    if not given.ship_tos:
        return found
    places = {
        (account_id, one.code): one.id
        for account_id, several in ship_to_addresses(tx, accounts.values()).items()
        for one in several
    }
    problems: list[Problem] = []
    for theirs, place in given.ship_tos.items():
        account, slash, code = place.rpartition("/")
        account_id = accounts.get(account if slash else given.account or "")
        address_id = places.get((account_id, code)) if account_id is not None else None
        if address_id is None:
            problems.append(
                Problem("accounts.unknown_ship_to", f"There is no ship-to {place}.", f"/names/ship_tos/{theirs}")
            )
        else:
            found.append(("ship_to", theirs, address_id))
    if problems:
        raise Refused(problems)
    return found


def partner_json(reader: Reader, partner: Partner) -> dict[str, Any]:
    """A partner as it is shown, and as it may be put back."""
    marks = partner.separators
    return {
        "code": partner.code, "name": partner.name, "account": partner.account, "sandbox_account": partner.sandbox,
        "in_test": partner.in_test, "ours": {"qualifier": partner.ours.qualifier, "id": partner.ours.id},
        "theirs": {"qualifier": partner.theirs.qualifier, "id": partner.theirs.id}, "our_group": partner.our_group,
        "their_group": partner.their_group, "version": partner.version,
        "separators": {"element": marks.element, "component": marks.component, "segment": marks.segment,
                       "repetition": marks.repetition, "newline": marks.newline},
        "map": partner.mapping, "wants_997": partner.wants_997, "sends": sorted(partner.sends),
        "answer_minutes": partner.answer_minutes, "ack_minutes": partner.ack_minutes, "send_by": partner.send_by,
        "send_to": partner.send_to, "names": names_of(reader, partner),
    }  # fmt: skip


def saved_partner(reader: Reader, code: str) -> dict[str, Any] | None:
    """The partner with a code, as it is shown."""
    partner = partner_of(reader, code)
    return None if partner is None else partner_json(reader, partner)
