"""Rules of delivery by file: what is written, what is refused with its reason, and that a second import changes nothing."""

import io
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tradewind.integration.commands import ImportOptions, import_file
from tradewind.integration.model import ImportResult
from tradewind.kernel.tx import Database

COMPANY = {
    "legal_entities": "code,name,country,currency\nDE1,House,DE,EUR",
    "sites": "code,name,legal_entity,country\nHAM,Hamburg,DE1,DE",
    "payment_terms": "code,name,net_days\nNET30,net 30,30",
    "accounts": "code,name,legal_entity,currency\nA-1,Mother,DE1,EUR\nA-2,Other,DE1,EUR",
    "addresses": "account,code,name,country\nA-1,HQ,Mother,DE",
    "products": "sku,name,base_uom,category\nP-1,One,EA,tools\nP-2,Two,EA,tools\nP-3,Three,EA,",
}
RULES = {
    "entitlements": "scope,value,effect,sku,category,reason\naccount,A-1,include,,tools,agreed\nall,,exclude,P-3,,recalled",
    "restrictions": "code,country,name,effect,licence\nHAZMAT,,dangerous goods,hold,ADR\nHAZMAT,CH,dangerous goods,refuse,",
    "restricted_products": "sku,code\nP-1,HAZMAT",
    "licences": "account,code,number,country,valid_to\nA-1,ADR,A-77,,2027-12-31",
    "substitutes": "sku,substitute,numerator,denominator\nP-1,P-2,1,3\nP-2,P-3,1,1",
    "substitution_policies": "scope,value,consent,price\nsegment,trade,automatic,original\nall,,ask,own",
    "price_tolerances": "scope,value,take,line_up_percent,line_down_percent,floor_percent\naccount,A-1,lower,2.5,1,10",
    "calendars": (
        "calendar,time_zone,day,opens,closes,day_name\nDE,Europe/Berlin,mon,08:00,17:00,\nDE,,tue,8:00,17:00,\n"
        "DE,,2026-12-25,,,Christmas"
    ),
    "calendar_uses": (
        "use,site,account,ship_to,ship_method,calendar,cut_off\nshipping,HAM,,,,DE,14:00\nshipping,HAM,,,EXPRESS,,17:30\n"
        "receiving,,A-1,HQ,,DE,\nreceiving,,A-1,,,DE,"
    ),
}

Load = Callable[[str, str], ImportResult]


@pytest.fixture
def load(app_url: str) -> Iterator[Load]:
    database = Database(app_url, seed=1)
    for kind, text in COMPANY.items():
        import_file(database, text.encode(), kind)
    yield lambda kind, text: import_file(database, text.encode(), kind)
    database.close()


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.created, result.changed, result.unchanged, result.refused


def test_every_kind_is_written_once_and_a_second_import_changes_nothing(load, owner_url):
    first = {kind: counts(load(kind, text)) for kind, text in RULES.items()}
    second = {kind: counts(load(kind, text)) for kind, text in RULES.items()}

    lines = {kind: len(text.splitlines()) - 1 for kind, text in RULES.items()}
    assert first == {kind: (count, 0, 0, 0) for kind, count in lines.items()}
    assert second == {kind: (0, 0, count, 0) for kind, count in lines.items()}
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select code, name, time_zone from calendar").fetchall() == [
            ("DE", "DE", "Europe/Berlin")
        ]
        assert connection.execute("select day, opens, closes, name from calendar_day order by 1").fetchall() == [
            ("2026-12-25", None, None, "Christmas"), ("mon", "08:00", "17:00", None), ("tue", "08:00", "17:00", None),
        ]  # fmt: skip
        scopes = connection.execute(
            "select a.code, effect, category from assortment s join account a on s.scope_key = 'account:' || a.id"
        ).fetchall()
        assert scopes == [("A-1", "include", "tools")]


def test_what_differs_is_changed(load):
    for kind in ("restrictions", "price_tolerances", "calendars"):
        load(kind, RULES[kind])

    assert counts(load("restrictions", "code,country,name,effect,licence\nHAZMAT,,dangerous goods,refuse,ADR")) == (
        0,
        1,
        0,
        0,
    )
    assert counts(load("price_tolerances", "scope,value,line_up_percent\naccount,A-1,3")) == (0, 1, 0, 0)
    assert counts(load("calendars", "calendar,day,opens,closes\nDE,mon,09:00,17:00")) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("entitlements", "scope,value,effect,sku\naccount,A-9,include,P-1", "import.unknown_account"),
        ("entitlements", "scope,effect,sku\nall,include,P-9", "import.unknown_product"),
        ("entitlements", "scope,effect,sku,category\nall,include,P-1,tools", "import.value_not_wanted"),
        ("entitlements", "scope,effect\naccount,include", "import.missing_value"),
        (
            "licences",
            "account,code,number,valid_from,valid_to\nA-1,ADR,1,2026-02-01,2026-01-01",
            "import.ends_before_it_begins",
        ),
        ("substitutes", "sku,substitute\nP-1,P-1", "import.refers_to_itself"),
        ("substitutes", "sku,substitute\nP-1,P-9", "import.unknown_product"),
        ("calendars", "calendar,day,opens,closes\nDE,2026-02-30,08:00,17:00", "import.bad_day"),
        ("calendars", "calendar,day,opens,closes\nDE,monday,08:00,17:00", "import.bad_day"),
        ("calendars", "calendar,day,opens\nDE,mon,08:00", "import.missing_value"),
        ("calendars", "calendar,day,opens,closes\nDE,mon,17:00,08:00", "import.ends_before_it_begins"),
        ("calendar_uses", "use,site,calendar\nshipping,HAM,XX", "import.unknown_calendar"),
        ("calendar_uses", "use,site\nshipping,HAM", "import.missing_value"),
        ("calendar_uses", "use,account,ship_to,calendar\nreceiving,A-2,HQ,DE", "import.unknown_ship_to"),
        ("calendar_uses", "use,account,calendar,cut_off\nreceiving,A-1,DE,14:00", "import.value_not_wanted"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(load, kind, text, code):
    load("calendars", RULES["calendars"])

    result = load(kind, text)

    assert (result.refused, [problem.code for problem in result.problems]) == (1, [code])


def test_a_chain_of_substitutes_that_leads_back_is_refused_at_the_row_that_closes_it(load):
    load("substitutes", "sku,substitute\nP-1,P-2")

    result = load("substitutes", "sku,substitute\nP-2,P-3\nP-3,P-1\nP-3,P-2")

    assert counts(result) == (1, 0, 0, 2)
    assert [(problem.code, problem.where) for problem in result.problems] == [
        ("import.substitutes_in_a_circle", "row 3, column substitute"),
        ("import.substitutes_in_a_circle", "row 4, column substitute"),
    ]


def test_a_dry_run_of_rules_leaves_nothing(load, app_url, owner_url):
    database = Database(app_url, seed=2)
    result = import_file(
        database, io.BytesIO(RULES["calendars"].encode()).read(), "calendars", options=ImportOptions(is_dry=True)
    )
    database.close()

    assert counts(result) == (3, 0, 0, 0)
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select count(*) from calendar").fetchone() == (0,)
