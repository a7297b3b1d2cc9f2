"""Imports into a real database: what is written, what is left alone, and what a second import changes."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from invariants import assert_invariants
from tradewind.integration.commands import ImportOptions, import_file
from tradewind.integration.decide.kinds import KINDS
from tradewind.integration.model import ImportResult
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database
from tradewind.semantics.decide.rows.model import Declared, Limits

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class World:
    database: Database
    clock: FixedClock
    owner: psycopg.Connection

    def load(self, kind: str, text: str, **options: object) -> ImportResult:
        """Import lines of CSV; spaces around cells do not matter."""
        lines = [",".join(cell.strip() for cell in line.split(",")) for line in text.strip().splitlines()]
        return import_file(self.database, "\n".join(lines).encode(), kind, options=ImportOptions(**options))

    def rows(self, sql: str) -> list[tuple]:
        return self.owner.execute(sql).fetchall()

    def all_rows(self) -> dict[str, list[tuple]]:
        """Every row of every table an import writes, as text."""
        return {table: sorted(self.rows(f"select t::text from {table} t")) for table in TABLES}  # noqa: S608


TABLES = [
    "legal_entity",
    "site",
    "product",
    "product_unit",
    "account",
    "account_closure",
    "address",
    "contact",
    "tax_certificate",
    "tax_rate",
    "payment_terms",
    "price_list",
    "price",
    "price_assignment",
    "agreement",
    "cross_reference",
    "outside_id",
    "stock",
    "stock_move",
    "stock_observation",
    "inbound_supply",
    "freight_lane",
    "assortment",
    "restriction",
    "product_restriction",
    "licence",
    "substitute",
    "substitution_policy",
    "price_tolerance",
    "calendar",
    "calendar_day",
    "calendar_use",
    "record_owner",
    "credit_node",
    "event",
]


@pytest.fixture
def world(app_url: str, owner_url: str) -> Iterator[World]:
    clock = FixedClock(NOW)
    database = Database(app_url, clock=clock, seed=1)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        yield World(database, clock, owner)
    database.close()
    assert_invariants(owner_url)


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.created, result.changed, result.unchanged, result.refused


def codes(result: ImportResult) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in result.problems]


COMPANY = {
    "legal_entities": "code,name,country,currency,time_zone\nDE1,Tradewind GmbH,DE,EUR,Europe/Berlin",
    "sites": "code,name,legal_entity,country,rank\nHAM,Hamburg,DE1,DE,1\nMUC,Munich,DE1,DE,2",
    "payment_terms": "code,name,net_days\nNET30,30 days net,30\nNET14,14 days net,14",
    "tax_rates": "country,tax_class,rate\nDE,standard,19\nDE,reduced,7",
    "accounts": (
        "code,name,legal_entity,currency,parent,terms,credit_limit\n"
        "A-1,Mother AG,DE1,EUR,,NET30,50000\nA-2,Daughter GmbH,DE1,EUR,A-1,NET14,\nA-3,Granddaughter,DE1,EUR,A-2,NET14,1000"
    ),
    "addresses": "account,code,name,country,city,is_default\nA-2,MAIN,Daughter,DE,Kiel,yes\nA-2,SHOP,Shop,DE,Lübeck,no",
    "contacts": "account,code,name,email\nA-2,1,Jo,jo@example.com",
    "tax_certificates": "account,country,number,valid_to\nA-3,DE,C-77,2026-12-31",
    "products": (
        "sku,name,base_uom,order_uom,gtin,minimum_qty,superseded_by\n"
        "S-1,Screw,EA,XBX,4006381333931,0,\nS-2,Old screw,EA,,,0,S-1\nC-1,Cable,MTR,,,5,"
    ),
    "product_units": "sku,uom,numerator\nS-1,XBX,100\nS-1,XCS,1000",
    "cross_references": "kind,number,sku,account\ncustomer,their-1,S-1,A-2\nmanufacturer,M77,S-2,",
    "price_lists": "code,name,currency,layer\nBASE,List prices,EUR,base\nA2,Agreement,EUR,agreement",
    "prices": (
        "price_list,sku,uom,from_qty,price,valid_from\n"
        "BASE,S-1,EA,0,0.10,2026-01-01\nBASE,S-1,EA,100,0.08,2026-01-01\nBASE,C-1,,0,1.25,\nA2,S-1,XBX,0,7.50,"
    ),
    "price_assignments": "price_list,scope,value\nBASE,all,",
    "agreements": "code,account,price_list,name,valid_from,valid_to\nV-1,A-2,A2,Frame,2026-01-01,2026-12-31",
    "stock": "site,sku,qty,uom,as_of\nHAM,S-1,50,XBX,2026-03-01T18:00:00Z\nMUC,C-1,12.5,,2026-03-01T18:00:00Z",
    "inbound_supply": "reference,site,sku,qty,uom,expected_at\nPO-1,HAM,S-1,2,XCS,2026-03-20",
    "freight_lanes": "site,country,cost,currency,transit_days\nHAM,DE,6.90,EUR,1",
    "entitlements": "scope,value,effect,sku\naccount,A-3,exclude,C-1",
    "restrictions": "code,name,licence\nADR,dangerous goods,ADR",
    "restricted_products": "sku,code\nC-1,ADR",
    "licences": "account,code,number\nA-2,ADR,L-1",
    "substitutes": "sku,substitute\nS-2,S-1",
    "substitution_policies": "scope,value,consent\nall,,ask",
    "price_tolerances": "scope,value,line_up_percent\naccount,A-2,2",
    "calendars": "calendar,time_zone,day,opens,closes\nDE,Europe/Berlin,mon,08:00,17:00",
    "calendar_uses": "use,site,account,calendar,cut_off\nshipping,HAM,,DE,14:00\nreceiving,,A-2,DE,",
    "outside_ids": "system,noun,outside,our_code\nERP,account,10002,A-2\nERP,product,M-1,S-1",
    "record_owners": "noun,attribute,system\naccount,name,ERP",
}


def load_company(world: World) -> dict[str, ImportResult]:
    return {kind: world.load(kind, COMPANY[kind]) for kind in KINDS}


def test_a_company_is_loaded_from_its_files(world):
    results = load_company(world)

    assert {kind: codes(result) for kind, result in results.items() if not result.is_clean} == {}
    assert {kind: counts(result)[0] for kind, result in results.items()} == {
        kind: len(text.splitlines()) - 1 - (kind == "prices") for kind, text in COMPANY.items()
    }
    assert world.rows(
        "select a.code, c.code, depth from account_closure join account a on a.id = account_id "
        "join account c on c.id = ancestor_id order by 1, 3"
    ) == [
        ("A-1", "A-1", 0),
        ("A-2", "A-2", 0),
        ("A-2", "A-1", 1),
        ("A-3", "A-3", 0),
        ("A-3", "A-2", 1),
        ("A-3", "A-1", 2),
    ]
    assert world.rows(
        "select a.code, credit_limit from credit_node join account a on a.id = account_id order by 1"
    ) == [
        ("A-1", Decimal(50000)),
        ("A-3", Decimal(1000)),
    ]
    assert world.rows(
        "select l.code, p.sku, uom, tier_from, tier_price, valid_from from price join price_list l on l.id = list_id "
        "join product p on p.id = product_id order by 1, 2"
    ) == [
        ("A2", "S-1", "XBX", [Decimal(0)], [Decimal("7.5")], datetime(2000, 1, 1, tzinfo=UTC)),
        ("BASE", "C-1", "MTR", [Decimal(0)], [Decimal("1.25")], datetime(2000, 1, 1, tzinfo=UTC)),
        (
            "BASE",
            "S-1",
            "EA",
            [Decimal(0), Decimal(100)],
            [Decimal("0.1"), Decimal("0.08")],
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
    ]
    assert world.rows(
        "select s.code, p.sku, on_hand from stock join site s on s.id = site_id join product p on p.id = product_id order by 1"
    ) == [
        ("HAM", "S-1", Decimal(5000)),
        ("MUC", "C-1", Decimal("12.5")),
    ]
    assert world.rows("select kind, qty from stock_move order by 2") == [
        ("opening", Decimal("12.5")),
        ("opening", Decimal(5000)),
    ]
    assert world.rows("select qty from inbound_supply") == [(Decimal(2000),)]
    assert world.rows("select number from cross_reference order by 1") == [("M77",), ("THEIR-1",)]
    assert world.rows(
        "select count(*) from price_assignment where scope_key = 'account:' || (select id from account where code = 'A-2')"
    ) == [(1,)]
    assert world.rows("select p.sku, s.sku from product p join product s on s.id = p.superseded_by") == [("S-2", "S-1")]


def test_the_same_files_again_change_nothing(world):
    load_company(world)
    before = world.all_rows()
    world.clock.at += timedelta(days=3)

    results = load_company(world)

    assert {kind: counts(result) for kind, result in results.items() if result.created or result.changed} == {}
    assert world.all_rows() == before


def test_a_dry_run_reports_the_same_and_writes_nothing(world):
    for kind in ("legal_entities", "payment_terms"):
        world.load(kind, COMPANY[kind])
    before = world.all_rows()

    dry = {
        kind: world.load(kind, COMPANY[kind], is_dry=True, chunk_rows=1) for kind in ("accounts", "products", "sites")
    }

    assert world.all_rows() == before
    real = {kind: world.load(kind, COMPANY[kind]) for kind in ("accounts", "products", "sites")}
    assert {kind: counts(result) for kind, result in dry.items()} == {
        kind: counts(result) for kind, result in real.items()
    }


def test_bad_rows_are_left_out_and_the_rest_goes_on(world):
    load_company(world)

    result = world.load(
        "prices",
        """
        price_list, sku,  uom, from_qty, price
        BASE,       S-2,  EA,  0,        0.05
        BASE,       S-9,  EA,  0,        0.05
        BAES,       S-2,  EA,  5,        0.05
        BASE,       C-1,  XBX, 0,        0.05
        BASE,       C-1,  ,    0,        1-05
        A2,         S-2,  EA,  0,        9
        """,
    )

    assert sorted(codes(result)) == [
        ("import.not_a_number", "row 6, column price"),
        ("import.unknown_price_list", "row 4, column price_list"),
        ("import.unknown_product", "row 3, column sku"),
        ("import.unknown_unit_of_product", "row 5, column uom"),
    ]
    assert counts(result) == (2, 0, 0, 4)
    assert next(problem.detail["nearest"] for problem in result.problems if "list" in problem.code) == "BASE"


def test_refused_rows_come_back_as_a_file_that_can_be_imported_when_corrected(world):
    world.load("legal_entities", COMPANY["legal_entities"])
    refused = io.StringIO()
    data = 'Code;Bezeichnung;name;legal_entity;country\n=HAM;x;Hamburg;DE1;DE\nMUC;y;"=Munich";DE1;DE\nLEJ;"-z;";Leipzig;DE9;DE\n'

    result = import_file(
        world.database, data.encode(), "sites", options=ImportOptions(columns={"name": "name"}), refused_to=refused
    )

    assert counts(result) == (1, 0, 0, 2)
    assert refused.getvalue().splitlines() == [
        "Code,Bezeichnung,name,legal_entity,country,problem_row,problem_codes,problems",
        "'=HAM,x,Hamburg,DE1,DE,2,import.formula_like_text,code: '=HAM' starts like a formula; a code may not",
        "LEJ,'-z;,Leipzig,DE9,DE,4,import.unknown_legal_entity,"
        "legal_entity: there is no legal entity 'DE9'; did you mean 'DE1'?",
    ]
    corrected = refused.getvalue().replace("'=HAM", "HAM").replace("DE9,", "DE1,")
    again = import_file(world.database, corrected.encode(), "sites")
    assert counts(again) == (2, 0, 0, 0)
    assert world.rows("select code, name from site order by 1") == [
        ("HAM", "Hamburg"),
        ("LEJ", "Leipzig"),
        ("MUC", "=Munich"),
    ]


def test_columns_a_file_does_not_have_are_left_alone(world):
    load_company(world)

    result = world.load("accounts", "code,name,legal_entity,currency,priority\nA-2,ignored,DE1,EUR,7")

    assert counts(result) == (0, 1, 0, 0)
    assert world.rows(
        "select terms_code, priority, p.code from account a join account p on p.id = a.parent_id where a.code = 'A-2'".replace(
            "priority", "a.priority"
        ).replace("terms_code", "a.terms_code")
    ) == [("NET14", 7, "A-1")]


def test_an_attribute_another_system_owns_is_left_alone_and_told(world):
    load_company(world)

    ours = world.load("accounts", "code,name,legal_entity,currency\nA-2,Changed here,DE1,EUR\nA-9,New here,DE1,EUR")
    theirs = world.load("accounts", "code,name,legal_entity,currency\nA-1,Changed there,DE1,EUR", system="ERP")

    assert (counts(ours), counts(theirs)) == ((1, 0, 1, 0), (0, 1, 0, 0))
    assert [(finding.code, finding.severity) for finding in ours.findings] == [
        ("import.attribute_owned_elsewhere", "info")
    ]
    assert world.rows("select code, name from account where code in ('A-1', 'A-2', 'A-9') order by 1") == [
        ("A-1", "Changed there"),
        ("A-2", "Daughter GmbH"),
        ("A-9", "New here"),
    ]


def test_parents_may_come_later_in_the_file_and_in_other_chunks(world):
    for kind in ("legal_entities", "payment_terms"):
        world.load(kind, COMPANY[kind])
    text = "code,name,legal_entity,currency,parent\n" + "\n".join(
        f"A-{number},Account {number},DE1,EUR,{f'A-{number + 1}' if number < 9 else ''}" for number in range(1, 10)
    )

    result = world.load("accounts", text, chunk_rows=2)

    assert counts(result) == (9, 0, 0, 0)
    assert world.rows("select count(*), max(depth) from account_closure") == [(45, 8)]


def test_loops_and_missing_parents_are_refused(world):
    load_company(world)

    loop = world.load(
        "accounts",
        "code,name,legal_entity,currency,parent\nA-1,Mother AG,DE1,EUR,A-3\nB-1,b,DE1,EUR,B-2\nB-2,b,DE1,EUR,B-1",
    )
    missing = world.load("accounts", "code,name,legal_entity,currency,parent\nB-3,b,DE1,EUR,B-9\nB-4,b,DE1,EUR,B-3")

    assert codes(loop) == [("import.tree_has_a_loop", f"row {number}, column parent") for number in (2, 3, 4)]
    assert codes(missing) == [("import.unknown_reference", f"row {number}, column parent") for number in (2, 3)]
    assert world.rows("select count(*) from account") == [(3,)]


def test_an_account_moves_with_all_below_it(world):
    load_company(world)

    result = world.load("accounts", "code,name,legal_entity,currency,parent\nA-2,x,DE1,EUR,\n")

    assert counts(result) == (0, 1, 0, 0)
    assert world.rows(
        "select a.code, c.code from account_closure join account a on a.id = account_id "
        "join account c on c.id = ancestor_id where depth > 0"
    ) == [("A-3", "A-2")]
    assert world.rows("select payload->>'from', payload->>'to' from event where type = 'account.moved'") == [
        ("A-1", None)
    ]


def test_a_limit_is_given_changed_and_taken_and_each_change_is_a_fact(world):
    load_company(world)
    header = "code,name,legal_entity,currency,credit_limit\n"

    result = world.load("accounts", header + "A-1,x,DE1,EUR,60000\nA-2,x,DE1,EUR,500\nA-3,x,DE1,EUR,")

    assert counts(result) == (0, 3, 0, 0)
    assert world.rows(
        "select a.code, credit_limit from credit_node join account a on a.id = account_id order by 1"
    ) == [
        ("A-1", Decimal(60000)),
        ("A-2", Decimal(500)),
    ]
    assert world.rows(
        "select payload->>'from', payload->>'to' from event where type = 'account.credit_limit_changed'"
    ) == [
        ("50000.000", "60000"),
        (None, "500"),
        ("1000.000", None),
    ]


def test_a_limit_below_what_is_taken_is_refused(world):
    load_company(world)
    world.owner.execute("update credit_node set open_orders = 20000 where credit_limit = 50000")

    lower = world.load("accounts", "code,name,legal_entity,currency,credit_limit\nA-1,Mother AG,DE1,EUR,19999.99")
    enough = world.load("accounts", "code,name,legal_entity,currency,credit_limit\nA-1,Mother AG,DE1,EUR,20000")
    world.owner.execute("update credit_node set open_orders = 0")

    assert codes(lower) == [("import.limit_below_exposure", "row 2, column credit_limit")]
    assert counts(enough) == (0, 1, 0, 0)


def test_an_account_that_has_traded_is_not_moved_nor_given_a_first_limit(world):
    load_company(world)
    world.owner.execute(
        "insert into payment (id, number, account_id, currency, amount, method, received_at, bounced_at) "
        "select gen_random_uuid(), 'P-1', id, 'EUR', 1, 'transfer', now(), now() from account where code = 'A-3'"
    )

    moved = world.load(
        "accounts", "code,name,legal_entity,currency,parent\nA-2,Daughter GmbH,DE1,EUR,\nA-3,x,DE1,EUR,A-1"
    )
    limited = world.load(
        "accounts", "code,name,legal_entity,currency,credit_limit\nA-2,Daughter GmbH,DE1,EUR,5\nA-1,x,DE1,EUR,"
    )
    world.owner.execute("delete from payment")

    assert codes(moved) == [("import.account_has_traded", f"row {number}, column parent") for number in (2, 3)]
    assert codes(limited) == [("import.account_has_traded", f"row {number}, column credit_limit") for number in (2, 3)]
    assert world.rows("select count(*) from account where name = 'x'") == [(0,)]


def test_what_was_in_force_is_superseded_and_the_version_of_the_list_goes_up(world):
    load_company(world)
    world.clock.at += timedelta(days=10)

    result = world.load(
        "prices", "price_list,sku,uom,from_qty,price,valid_from\nBASE,S-1,EA,0,0.12,2026-04-01\nBASE,C-1,,0,1.30,"
    )

    assert counts(result) == (0, 2, 0, 0)
    assert world.rows("select tier_price, valid_from, valid_to from price join product p on p.id = product_id "
                      "where p.sku in ('S-1', 'C-1') and uom <> 'XBX' order by p.sku, valid_from") == [
        ([Decimal("1.25")], datetime(2000, 1, 1, tzinfo=UTC), world.clock.at),
        ([Decimal("1.3")], world.clock.at, None),
        ([Decimal("0.1"), Decimal("0.08")], datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        ([Decimal("0.12")], datetime(2026, 4, 1, tzinfo=UTC), None),
    ]  # fmt: skip
    assert world.rows("select code, version from price_list order by 1") == [("A2", 2), ("BASE", 3)]


def test_tiers_of_a_ladder_may_stand_apart_and_a_wrong_tier_refuses_all(world):
    load_company(world)

    result = world.load(
        "prices",
        """
        price_list, sku, uom, from_qty, price
        BASE,       S-2, EA,  0,        1
        BASE,       C-1, MTR, 0,        2
        BASE,       S-2, EA,  10,       0.9
        BASE,       C-1, MTR, 10,       1.9
        BASE,       C-1, MTR, 10,       1.8
        """,
        chunk_rows=2,
    )

    assert counts(result) == (1, 0, 0, 3)
    assert sorted(codes(result)) == [
        ("import.ladder_refused", "row 3, column from_qty"),
        ("import.ladder_refused", "row 5, column from_qty"),
        ("import.tier_twice", "row 6, column from_qty"),
    ]


def test_a_record_named_twice_in_a_file_is_refused_the_second_time(world):
    load_company(world)

    result = world.load("products", "sku,name\nN-1,one\nN-2,two\nN-1,other", chunk_rows=1)

    assert counts(result) == (2, 0, 0, 1)
    assert codes(result) == [("import.named_twice", "row 4, column sku")]


def test_the_base_unit_cannot_change_under_stock_and_prices(world):
    load_company(world)
    world.load("products", "sku,name\nN-1,new")

    result = world.load("products", "sku,name,base_uom\nS-1,Screw,H87\nN-1,new,H87")

    assert counts(result) == (0, 1, 0, 1)
    assert codes(result) == [("import.base_unit_in_use", "row 2, column base_uom")]
    assert codes(world.load("product_units", "sku,uom,numerator\nS-1,EA,2")) == [
        ("import.base_unit_is_one", "row 2, column uom")
    ]


def test_a_count_keeps_the_movements_after_it(world):
    load_company(world)
    world.owner.execute(
        "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) "
        "select gen_random_uuid(), product_id, site_id, 'receipt', 70, '2026-03-02', '2026-03-02', 'test' from stock where on_hand = 5000"
    )
    world.owner.execute("update stock set on_hand = 5070 where on_hand = 5000")
    world.clock.at += timedelta(days=2)

    counted = world.load("stock", "site,sku,qty,as_of\nHAM,S-1,4990,2026-03-01T20:00:00Z")
    older = world.load("stock", "site,sku,qty,as_of\nHAM,S-1,1,2026-02-01T20:00:00Z")
    future = world.load("stock", "site,sku,qty,as_of\nHAM,S-1,1,2027-02-01T20:00:00Z")
    inexact = world.load("stock", "site,sku,qty,uom\nHAM,S-1,0.5,EA\nHAM,C-1,1,XBX")

    assert counts(counted) == (0, 1, 0, 0)
    assert world.rows("select on_hand from stock join product p on p.id = product_id where sku = 'S-1'") == [
        (Decimal(5060),)
    ]
    assert (counts(older), [finding.code for finding in older.findings]) == (
        (0, 0, 1, 0),
        ["import.observation_superseded"],
    )
    assert codes(future) == [("import.observed_in_future", "row 2, column as_of")]
    assert codes(inexact) == [
        ("import.inexact_quantity", "row 2, column qty"),
        ("import.unknown_unit_of_product", "row 3, column uom"),
    ]


def test_a_count_below_what_is_promised_opens_a_shortage(world):
    load_company(world)
    world.owner.execute("update stock set safety = 100 where on_hand = 5000")
    assert world.rows("select shortage from stock where on_hand = 5000") == [(Decimal(0),)]

    result = world.load("stock", "site,sku,qty,as_of\nHAM,S-1,0,2026-03-02T08:00:00Z")

    assert counts(result) == (0, 1, 0, 0)
    assert world.rows("select on_hand, shortage from stock where safety = 100") == [(Decimal(0), Decimal(0))]
    assert world.rows(
        "select sum(m.qty) from stock_move m join stock s using (product_id, site_id) where safety = 100"
    ) == [(Decimal(0),)]


def test_promised_supply_is_neither_cancelled_nor_made_smaller(world):
    load_company(world)
    header = "reference,site,sku,qty,expected_at,status\n"
    world.owner.execute("update inbound_supply set promised = 1500")

    smaller = world.load("inbound_supply", header + "PO-1,HAM,S-1,1000,2026-03-20,open")
    cancelled = world.load("inbound_supply", header + "PO-1,HAM,S-1,2000,2026-03-20,cancelled")
    later = world.load("inbound_supply", header + "PO-1,HAM,S-1,1500,2026-03-25,open")
    world.owner.execute("update inbound_supply set promised = 0")

    assert codes(smaller) == [("import.supply_is_promised", "row 2, column qty")]
    assert codes(cancelled) == [("import.supply_is_promised", "row 2, column status")]
    assert counts(later) == (0, 1, 0, 0)
    assert world.rows("select qty, expected_at from inbound_supply") == [
        (Decimal(1500), datetime(2026, 3, 25, tzinfo=UTC))
    ]


def test_a_number_that_means_two_products_is_kept_and_told(world):
    load_company(world)

    result = world.load("cross_references", "kind,number,sku,account\ncustomer,Their-1,S-2,A-2")

    assert counts(result) == (1, 0, 0, 0)
    assert [finding.code for finding in result.findings] == ["import.number_means_several"]


def test_a_file_that_cannot_be_read_further_keeps_what_was_read(world):
    load_company(world)

    result = world.load(
        "payment_terms", "code,name,net_days\nN1,one,1\nN2,two,2\nN3,three,3", limits=Limits(rows_max=2), chunk_rows=1
    )

    assert counts(result) == (2, 0, 0, 0)
    assert result.stopped is not None
    assert result.stopped.code == "import.too_many_rows"
    with pytest.raises(Refused, match="cannot be imported"):
        world.load("unicorns", "a\n1")
    with pytest.raises(Refused, match="missing"):
        world.load("payment_terms", "code\nN1")


def test_what_the_database_refuses_is_one_row_and_no_traceback(world):
    load_company(world)
    world.owner.execute("alter table contact add constraint planted check (name <> 'Bad')")

    result = world.load(
        "contacts",
        "account,code,name\n" + "\n".join(f"A-1,{number},{'Bad' if number == 3 else 'Good'}" for number in range(6)),
    )

    assert counts(result) == (5, 0, 0, 1)
    assert codes(result) == [("import.refused_by_the_database", "row 5, column account")]
    assert "planted" in result.problems[0].message


def test_progress_is_told_after_each_chunk(world):
    told: list[tuple[int, int]] = []
    data = "code,name,net_days\n" + "\n".join(f"N{number},terms,{number}" for number in range(10))

    import_file(
        world.database,
        data.encode(),
        "payment_terms",
        options=ImportOptions(chunk_rows=4),
        progress=lambda done, about: told.append((done, about)),
    )

    assert [done for done, _ in told] == [4, 8, 10]
    assert all(about >= 10 for _, about in told)


def test_a_declaration_reaches_the_database(world):
    load_company(world)
    declared = Declared(decimal_mark=",", date_order="dmy", time_zone="Europe/Berlin", encoding="cp1252", delimiter=";")
    data = "price_list;sku;price;valid_from\nBASE;S-2;1.000,50;01.04.2026\n".encode("cp1252")

    result = import_file(world.database, data, "prices", options=ImportOptions(declared=declared))

    assert counts(result) == (1, 0, 0, 0)
    assert world.rows(
        "select tier_price, valid_from from price join product p on p.id = product_id where p.sku = 'S-2'"
    ) == [([Decimal("1000.5")], datetime(2026, 3, 31, 22, tzinfo=UTC))]
