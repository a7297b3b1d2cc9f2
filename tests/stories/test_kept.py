"""What a process keeps of master data is never older than its transaction: whoever wrote it, and whether or not it stayed."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from shop import START, Shop, open_shop
from tradewind.catalog.queries import product_ids, products_by_id
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.kept import book, mark_of
from tradewind.kernel.limits import KEPT_PRODUCTS
from tradewind.kernel.tx import Database, Reader, Tx
from tradewind.pricing.queries import price_rows
from tradewind.streams.rules_at_hand import house_rules

RAISE = "update price set tier_price = '{4}' where product_id = %s"


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url)
    yield opened
    opened.database.close()


def price(shop: Shop) -> Decimal:
    """What a cup costs on an order that is placed now."""
    order = shop.order(("CUP", "1"))
    return Decimal(shop.one("select unit_price from order_line where order_id = %s", [order])[0])


def by_hand(shop: Shop, statement: str, *values: object) -> None:
    with psycopg.connect(shop.url) as connection:
        connection.execute(statement, values)  # type: ignore[call-overload]


def test_a_price_that_somebody_changed_by_hand_is_the_next_orders_price(shop: Shop) -> None:
    before = price(shop)

    by_hand(shop, RAISE, shop.id["cup"])

    assert (before, price(shop)) == (Decimal("3.333"), Decimal(4))


def test_a_price_that_ended_is_no_price_any_more(shop: Shop) -> None:
    price(shop)

    shop.wait(hours=2)
    by_hand(shop, "update price set valid_to = %s where product_id = %s", START + timedelta(hours=1), shop.id["cup"])
    order = shop.order(("CUP", "1"))

    assert shop.one("select code from order_hold where order_id = %s", [order]) == ("pricing.no_price",)


def test_an_order_of_before_has_the_price_of_then_though_a_later_one_was_priced_first(shop: Shop) -> None:
    change = START + timedelta(hours=1)
    by_hand(shop, "update price set valid_to = %s where product_id = %s", change, shop.id["cup"])
    by_hand(
        shop,
        """
        insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
        values (gen_random_uuid(), %s, %s, 'EA', '{1}', '{4}', %s)
        """,
        shop.id["list"],
        shop.id["cup"],
        change,
    )
    shop.order(("TEA", "1"))
    shop.wait(hours=2)

    after = price(shop)
    before = shop.order(("CUP", "1"), placed_at=START)

    assert after == Decimal(4)
    assert shop.one("select unit_price from order_line where order_id = %s", [before]) == (Decimal("3.333"),)


def test_a_list_that_is_in_another_currency_now_prices_nothing_in_the_old_one(shop: Shop) -> None:
    price(shop)

    by_hand(shop, "update price_list set currency = 'USD'")
    order = shop.order(("CUP", "1"))

    assert shop.one("select code from order_hold where order_id = %s", [order]) == ("pricing.no_price",)


def test_a_snapshot_of_before_leaves_no_old_price_beside_the_new_ones(shop: Shop) -> None:
    units = {shop.id[name]: {"EA": (1, 1)} for name in ("cup", "tea")}

    def of(reader: Reader, name: str) -> Decimal:
        found = price_rows(reader, {shop.id["list"]: {shop.id[name]}}, since=START, units=units)
        return found[shop.id["list"]][shop.id[name]][0].tiers[0][1]

    def look(snapshot: Reader) -> tuple[Decimal, Decimal]:
        mark_of(snapshot, "price")
        with shop.trying() as tx:
            mark_of(tx, "price")
            by_hand(shop, "update price set tier_price = '{4}'")
            return of(tx, "tea"), of(snapshot, "cup")

    assert shop.database.read(look) == (Decimal(4), Decimal("3.333"))
    assert price(shop) == Decimal(4)


def test_a_list_that_is_gone_has_no_rows(shop: Shop) -> None:
    gone = shop.database.ids.new()

    found = shop.database.read(lambda reader: price_rows(reader, {gone: {shop.id["cup"]}}, since=START, units={}))

    assert found == {gone: {shop.id["cup"]: ()}}


def test_a_list_that_is_assigned_anew_prices_the_next_order(shop: Shop) -> None:
    price(shop)

    by_hand(
        shop,
        """
        with l as (insert into price_list (id, code, name, currency, layer)
                   values (gen_random_uuid(), 'OWN', 'Own', 'EUR', 'account') returning id),
             a as (insert into price_assignment (id, list_id, scope_key, precedence, valid_from)
                   select gen_random_uuid(), id, 'account:' || %s, 50, '2020-01-01' from l)
        insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
        select gen_random_uuid(), id, %s, 'EA', '{1}', '{2}', '2020-01-01' from l
        """,
        str(shop.id["alma"]),
        shop.id["cup"],
    )

    assert price(shop) == Decimal(2)


def test_a_tax_rate_and_a_products_class_that_changed_tax_the_next_order(shop: Shop) -> None:
    rate = "select tax_rate from order_line where order_id = %s"
    before = shop.one(rate, [shop.order(("CUP", "1"))])

    by_hand(shop, "update tax_rate set rate = 21 where tax_class = 'standard'")
    higher = shop.one(rate, [shop.order(("CUP", "1"))])
    by_hand(shop, "update product set tax_class = 'reduced' where id = %s", shop.id["cup"])
    reduced = shop.one(rate, [shop.order(("CUP", "1"))])

    assert (before, higher, reduced) == ((Decimal(19),), (Decimal(21),), (Decimal(7),))


def test_a_site_that_closed_serves_nobody(shop: Shop) -> None:
    price(shop)

    by_hand(shop, "update site set closed_at = now() where id = %s", shop.id["north"])
    order = shop.order(("CUP", "1"))

    assert shop.status(order) == "backordered"


def test_a_company_that_moved_abroad_makes_its_sites_foreign(shop: Shop) -> None:
    before = shop.database.read(house_rules)

    by_hand(shop, "update legal_entity set country = 'AT'")
    after = shop.database.read(house_rules)

    assert before is None
    assert after is not None
    assert after.foreign_sites


def test_room_made_between_two_looks_costs_a_statement_and_no_more(shop: Shop) -> None:
    class Emptied(dict[object, object]):
        """Another thread makes room right after somebody looked."""

        def __contains__(self, key: object) -> bool:
            found = super().__contains__(key)
            self.clear()
            return found

    def look(reader: Reader) -> tuple[object, object]:
        kept = book(reader, "product", most=KEPT_PRODUCTS)
        products_by_id(reader, [shop.id["cup"]])
        product_ids(reader, ["CUP"])
        kept.rows = Emptied(kept.rows)
        return product_ids(reader, ["CUP"]), products_by_id(reader, [shop.id["cup"]])[shop.id["cup"]].sku

    assert shop.database.read(look) == ({"CUP": shop.id["cup"]}, "CUP")


def test_a_change_that_was_rolled_back_is_nobodys(shop: Shop) -> None:
    class RegretError(Exception):
        pass

    def tried(tx: Tx) -> None:
        tx.run("update product set name = 'Mug' where id = %(id)s", {"id": shop.id["cup"]})
        assert products_by_id(tx, [shop.id["cup"]])[shop.id["cup"]].name == "Mug"
        raise RegretError

    with pytest.raises(RegretError):
        shop.database.write(tried)
    by_hand(shop, "update product set name = 'Green tea' where id = %s", shop.id["tea"])

    found = shop.database.read(lambda reader: products_by_id(reader, [shop.id["cup"]]))
    assert found[shop.id["cup"]].name == "Cup"


def test_what_another_process_wrote_is_seen_by_this_one_and_the_rest_is_read_once(shop: Shop) -> None:
    here, there = shop.database, Database(shop.url, clock=FixedClock(START), seed=8)
    first = here.read(lambda reader: products_by_id(reader, [shop.id["cup"]]))
    again = here.read(lambda reader: products_by_id(reader, [shop.id["cup"]]))
    assert again[shop.id["cup"]] is first[shop.id["cup"]]

    there.write(lambda tx: tx.run("update product set sku = 'BEAKER' where id = %(id)s", {"id": shop.id["cup"]}))
    there.close()

    assert here.read(lambda reader: product_ids(reader, ["CUP", "BEAKER"])) == {"BEAKER": shop.id["cup"]}


def test_what_one_buyer_may_see_is_not_kept_for_the_next(shop: Shop) -> None:
    seen = shop.database.read_as_buyer([shop.id["alma"]], lambda reader: products_by_id(reader, [shop.id["cup"]]))
    kept = shop.database.read(lambda reader: products_by_id(reader, [shop.id["cup"]]))

    assert seen == kept
    assert seen[shop.id["cup"]] is not kept[shop.id["cup"]]
