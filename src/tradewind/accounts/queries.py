"""Reads of accounts."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from tradewind.accounts.model import Account, Certificate, Licence, ShipTo
from tradewind.kernel.tx import Reader

_BY_CODE = "select a.code, a.id from unnest(%(codes)s::text[]) as w(code) join account a on a.code = w.code"
_BY_ID = """
select a.id, a.code, a.name, a.status, a.currency, a.segment, a.region, a.vat_id, a.vat_verified, a.tax_exempt, a.terms_code,
  coalesce(t.net_days, 30), a.ship_policy, a.price_policy, a.price_strategy, a.discount_percent, a.duplicate_po,
  a.approval_above, a.priority, a.reserve_hours, a.delivery_url, e.id, e.country, e.tax_rounding,
  array(select c.ancestor_id from account_closure c where c.account_id = a.id order by c.depth),
  a.unknown_items, (select max(n.approval_epoch) from legal_entity n),
  coalesce(t.prepay_percent, 0),
  (select exists (select from credit_node n where n.checks_release or n.blocks_release or n.horizon_days is not null)) and exists (
    select from account_closure c join credit_node n on n.account_id = c.ancestor_id
    where c.account_id = a.id and (n.checks_release or n.blocks_release or n.horizon_days is not null))
from unnest(%(ids)s::uuid[]) as w(id) join account a on a.id = w.id join legal_entity e on e.id = a.legal_entity_id
left join payment_terms t on t.code = a.terms_code
"""
_SHIP_TO = """
select a.account_id, a.code, a.is_default, a.id, a.name, a.country, coalesce(a.region, ''), a.street, a.city, a.postal_code
from unnest(%(accounts)s::uuid[]) as w(account_id) join address a on a.account_id = w.account_id
where a.kind = 'ship_to' order by a.account_id, a.is_default desc, a.code
"""
_CERTIFICATES = """
select c.account_id, c.country, c.region, c.number, c.valid_from, c.valid_to
from unnest(%(accounts)s::uuid[]) as w(account_id) join tax_certificate c on c.account_id = w.account_id
"""


def account_ids(reader: Reader, codes: Iterable[str]) -> dict[str, UUID]:
    """Ids by account code, as far as the reader may see them."""
    return dict(reader.rows(_BY_CODE, {"codes": list(set(codes))}))


_AS_SEEN = "select * from names_as_seen(%(sights)s::text[], %(codes)s::text[])"


def names_as_seen(reader: Reader, wanted: Sequence[tuple[str, str]]) -> list[tuple[UUID, list[ShipTo]] | None]:
    """For each (visible accounts as text, account code): the account and its ship-tos as that caller sees them, or nothing.

    One statement for all callers of a batch; the database applies each caller's own sight. It takes the buyer role on.
    """
    found: dict[int, tuple[UUID, list[ShipTo]]] = {}
    rows = reader.rows(_AS_SEEN, {"sights": [sight for sight, _ in wanted], "codes": [code for _, code in wanted]})
    for row in rows:
        account = found.setdefault(row[0] - 1, (row[1], []))
        if row[2] is not None:
            account[1].append(ShipTo(row[1], row[3], row[4], row[2], *row[5:]))
    return [found.get(place) for place in range(len(wanted))]


def accounts_by_id(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Account]:
    """Accounts with what selling to them needs, in one statement."""
    return {
        row[0]: Account(*(*row[:24], tuple(row[24]), *row[25:])) for row in reader.rows(_BY_ID, {"ids": list(set(ids))})
    }


def ship_tos(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, list[ShipTo]]:
    """The ship-to addresses of accounts, the default one first."""
    found: dict[UUID, list[ShipTo]] = {}
    for row in reader.rows(_SHIP_TO, {"accounts": list(set(accounts))}):
        found.setdefault(row[0], []).append(ShipTo(*row))
    return found


def certificates(reader: Reader, accounts: Sequence[UUID]) -> dict[UUID, list[Certificate]]:
    """Exemption certificates by account."""
    found: dict[UUID, list[Certificate]] = {}
    if accounts:
        for row in reader.rows(_CERTIFICATES, {"accounts": list(set(accounts))}):
            found.setdefault(row[0], []).append(Certificate(*row))
    return found


_BILL_TO = """
select distinct on (w.id) w.id, coalesce(a.name, c.name), coalesce(a.country, e.country), coalesce(a.region, ''), a.street, a.city,
  a.postal_code, a.code, c.code, c.vat_id
from unnest(%(accounts)s::uuid[]) as w(id) join account c on c.id = w.id join legal_entity e on e.id = c.legal_entity_id
left join address a on a.account_id = c.id and a.kind = 'bill_to' order by w.id, a.is_default desc nulls last, a.code
"""
_NET_DAYS = (
    "select t.code, t.net_days from unnest(%(codes)s::text[]) as w(code) join payment_terms t on t.code = w.code"
)


def bill_tos(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, dict[str, str | None]]:
    """Who an invoice is addressed to, as it stands on the document: the default bill-to address, else the account's name."""
    names = ("name", "country", "region", "street", "city", "postal_code", "code", "account", "vat_id")
    rows = reader.rows(_BILL_TO, {"accounts": list(set(accounts))})
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def net_days(reader: Reader, terms: Iterable[str]) -> dict[str, int]:
    """Days to pay by payment terms."""
    return dict(reader.rows(_NET_DAYS, {"codes": sorted(set(terms))}))


_LICENCES = """
select l.account_id, l.code, l.number, l.country, l.valid_from, l.valid_to
from unnest(%(accounts)s::uuid[]) as w(account_id) join licence l on l.account_id = w.account_id order by l.valid_from
"""


def licences_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, list[Licence]]:
    """What accounts are licensed to buy, by account."""
    found: dict[UUID, list[Licence]] = {}
    for row in reader.rows(_LICENCES, {"accounts": sorted(set(accounts))}):
        found.setdefault(row[0], []).append(Licence(*row))
    return found


def change_pricings(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, str]:
    """How changed lines of each account are priced: only what is `added`, `frozen` as ordered, or the `whole` line anew."""
    sql = "select id, change_pricing from account where id = any(%(ids)s::uuid[])"
    return dict(reader.rows(sql, {"ids": list(set(accounts))}))
