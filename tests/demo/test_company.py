"""The made-up company is the same on every machine, whole, and clean as the import reads it."""

from datetime import UTC, datetime

from demo.company import SITES, company, write_files

from tradewind.integration.decide.kinds import KINDS
from tradewind.semantics.decide.rows.codes import is_gtin

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_the_same_moment_gives_the_same_rows():
    assert company(NOW) == company(NOW)


def test_it_has_the_size_of_a_small_wholesaler():
    made = company(NOW)

    assert len(made["products"]) >= 250
    assert len(made["accounts"]) == 60
    assert [site["code"] for site in made["sites"]] == list(SITES)
    assert {site["country"] for site in made["sites"]} == {"DE", "GB"}
    assert sum(not account["parent"] and bool(account["credit_limit"]) for account in made["accounts"]) == 24


def test_every_kind_is_one_that_can_be_imported_in_an_order_that_finds_what_it_refers_to():
    kinds = list(company(NOW))

    assert kinds == [kind for kind in KINDS if kind in kinds]


def test_every_gtin_has_its_check_digit_and_none_is_given_twice():
    made = company(NOW)

    gtins = [row["gtin"] for kind in ("products", "product_units") for row in made[kind]]
    assert all(is_gtin(gtin) for gtin in gtins)
    assert len(set(gtins)) == len(gtins)


def test_successors_are_sold():
    products = {row["sku"]: row for row in company(NOW)["products"]}

    gone = [row for row in products.values() if row["status"] == "discontinued"]
    assert gone
    assert all(products[row["superseded_by"]]["status"] == "active" for row in gone)


def test_prices_never_rise_with_the_quantity():
    ladders: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in company(NOW)["prices"]:
        ladders.setdefault((row["price_list"], row["sku"]), []).append((float(row["from_qty"]), float(row["price"])))

    for ladder in ladders.values():
        prices = [price for _, price in sorted(ladder)]
        assert prices == sorted(prices, reverse=True)


def test_the_files_say_what_the_rows_say(tmp_path):
    made = company(NOW)

    files = write_files(made, tmp_path)

    assert list(files) == list(made)
    lines = files["sites"].read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("code,name,legal_entity,country")
    assert len(lines) == 5
