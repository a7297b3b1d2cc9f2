"""A company's past through the ordinary path: a small file of our own, and the real wholesaler where its file is here."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tradewind.app.replay import replay_command
from tradewind.channels.replay.model import Handover
from tradewind.channels.replay.run import Line
from tradewind.channels.replay.stages import release
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "demo/mappings/uk_retail_invoices.toml"
SMALL = Path(__file__).with_name("replay_history.csv")
SHARED = Path(os.environ.get("TRADEWIND_SHARED") or ROOT.parent / "shared")
WHOLESALER = SHARED / "samples/orders/online_retail_2010-12_2011-02.csv.gz"
NEW_YEAR = datetime(2011, 1, 1, tzinfo=UTC)
real_file = pytest.mark.skipif(not WHOLESALER.exists(), reason="the shared samples are not here")


@dataclass
class Past:
    """Replays files into one empty database and reads what came of it."""

    database: Database
    owner: psycopg.Connection
    folder: Path

    def replay(self, file: Path = SMALL, *, code: int = 0, **options: Any) -> dict[str, Any]:
        out = self.folder / "summary.json"
        assert replay_command(self.database, file, mapping=MAPPING, summary=out, **options) == code, out.read_text()
        told: dict[str, Any] = json.loads(out.read_text())
        return told

    def rows(self, sql: str) -> list[tuple]:
        return self.owner.execute(sql).fetchall()

    def rows_file(self, *rows: str) -> Path:
        """The small file with these rows after it."""
        file = self.folder / "history.csv"
        file.write_text(SMALL.read_text() + "".join(f"{row}\n" for row in rows))
        return file


@pytest.fixture
def past(app_url: str, owner_url: str, tmp_path: Path) -> Iterator[Past]:
    database = Database(app_url)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        yield Past(database, owner, tmp_path)
    database.close()


def test_every_document_becomes_what_it_was_and_every_total_is_the_files(past):
    told = past.replay(is_parallel=False)

    assert {name: told[name] for name in ("rows", "documents", "orders", "adjustments", "returns", "credited")} == {
        "rows": 115, "documents": 41, "orders": 26, "adjustments": 3, "returns": 12, "credited": 6,
    }  # fmt: skip
    assert told["held"]["reasons"] == {
        "channels.discount_without_invoice_line": 1,
        "channels.more_than_was_sold": 1,
        "channels.no_earlier_sale": 1,
        "channels.sold_after_the_return": 2,
        "channels.sold_at_another_price": 1,
    }
    assert told["replayed"]["orders"] == 26
    assert told["replayed"]["adjustments"] == 3
    assert told["replayed"]["returns"] == {"credited": 6, "held": 6}
    assert told["check"]["differences"] == 0
    assert told["check"]["sums"]["booked"] == told["check"]["sums"]["file"]
    assert told["money"]["in"]["orders"]["total"] == "3716.02"
    assert told["money"]["out"]["credited"]["total"] == "91.40"
    assert told["verify"]["violations"] == 0


def test_everything_bears_the_date_it_had_in_the_file(past):
    past.replay(is_parallel=False)

    (first,) = past.rows("select placed_at, confirmed_at::date from sales_order where buyer_po = '70001'")
    late = past.rows("""
        select o.buyer_po from sales_order o
        join shipment s on s.order_id = o.id join invoice i on i.shipment_id = s.id
        where o.confirmed_at::date <> o.placed_at::date or s.shipped_at::date <> o.placed_at::date
          or i.issued_at::date <> o.placed_at::date
        union all select kind from stock_move where at > '2011-03-01' or as_of < '2010-12-01'
        union all select type from event where at > '2011-03-01' or at < '2010-12-01'
    """)

    assert first == (datetime(2010, 12, 1, 8, 26, tzinfo=UTC), datetime(2010, 12, 1).date())
    assert late == []


def test_lines_charges_and_free_goods_are_invoiced_as_the_document_says(past):
    past.replay(is_parallel=False)

    lines = past.rows("""
        select o.buyer_po, l.line_no, l.description, l.qty::int, l.unit_price::text, l.net::text
        from invoice i join sales_order o on o.id = i.order_id join invoice_line l on l.invoice_id = i.id
        where i.kind = 'invoice' and o.buyer_po in ('70001', '70004', '70005') order by 1, 2
    """)
    free = past.rows("select i.total::text, i.closed_at is not null from invoice i join sales_order o on o.id = i.order_id "
                     "where o.buyer_po = '70005'")  # fmt: skip

    assert [(po, no, text, qty, float(price), float(net)) for po, no, text, qty, price, net in lines] == [
        ("70001", 1, "TIN LUNCHBOX", 12, 1.25, 15.00),
        ("70001", 2, "OAK PHOTO FRAME", 4, 4.95, 19.80),
        ("70001", 3, "TIN LUNCHBOX", 6, 1.25, 7.50),
        ("70001", 4, "CANDLE, LAVENDER", 24, 0.72, 17.28),
        ("70004", 1, "POSTAGE", 1, 25.00, 25.00),
        ("70005", 1, "WOODEN SPOON SET", 3, 0.00, 0.00),
    ]
    assert [(float(total), closed) for total, closed in free] == [(0.0, True)]


def test_goods_that_leave_the_country_bear_no_tax_and_the_rate_at_home_is_the_days(past):
    past.replay(is_parallel=False)

    taxed = past.rows("""
        select o.buyer_po, l.tax_category, l.tax_rate::float from invoice i join sales_order o on o.id = i.order_id
        join invoice_line l on l.invoice_id = i.id and l.line_no = 1
        where i.kind = 'invoice' and o.buyer_po in ('70001', '70002', '70022') order by 1
    """)

    assert taxed == [("70001", "S", 17.5), ("70002", "G", 0.0), ("70022", "S", 20.0)]


def test_a_credit_note_corrects_the_exact_lines_it_returns_and_the_goods_are_on_the_shelf_again(past):
    past.replay(is_parallel=False)

    credited = past.rows("""
        select r.outside_number, o.buyer_po, c.line_no, n.qty::int, n.net::float
        from return_authorisation r join invoice i on i.return_id = r.id
        join invoice_line n on n.invoice_id = i.id
        join invoice_line c on c.invoice_id = n.corrects_invoice_id and c.line_no = n.corrects_line_no
        join invoice s on s.id = c.invoice_id join sales_order o on o.id = s.order_id
        where r.outside_number in ('C70010', 'C70015') order by 1, 2, 3
    """)
    back = past.rows("""
        select r.outside_number, p.sku, sum(m.qty)::int from stock_move m join product p on p.id = m.product_id
        join return_authorisation r on r.id = m.reference_id where m.kind = 'return'
        and r.outside_number in ('C70010', 'C70015') group by 1, 2 order by 1
    """)

    assert credited == [  # the latest sale comes back first
        ("C70010", "70001", 3, 3, 3.75),
        ("C70010", "70009", 1, 12, 15.00),
        ("C70015", "70002", 1, 3, 11.25),
        ("C70015", "70002", 3, 1, 36.00),
    ]
    assert back == [("C70010", "20100", 15), ("C70015", "20104A", 3)]


def test_a_credit_note_without_a_sale_is_held_with_the_reason_of_every_line(past):
    past.replay(is_parallel=False)

    held = past.rows("""
        select r.outside_number, l.description, l.problem from return_authorisation r
        join return_line l on l.return_id = r.id where r.status = 'held' order by 1, l.line_no
    """)

    assert [(number, text) for number, text, _ in held] == [
        ("C70011", "TIN LUNCHBOX"),
        ("C70012", "LINEN APRON"),
        ("C70013", "GLASS JAR 1 L"),
        ("C70014", "Discount"),
        ("C70016", "PAPER STAR GARLAND"),
        ("C70017", "BOXED GLASS ASHTRAY"),
        ("C70017", "WOODEN SPOON SET"),
    ]
    assert held[1][2] == "sold at another price: 20105 went to 11004 at 7.95, not at 8.50"
    assert held[5][2] == "other lines of this credit note have no sale"


def test_goods_written_off_are_adjustments_with_what_the_file_says_as_their_reason(past):
    past.replay(is_parallel=False)

    found = past.rows("""
        select p.sku, m.qty::int, m.reason, m.at::date::text from stock_move m join product p on p.id = m.product_id
        where m.kind = 'adjustment' order by m.at
    """)

    assert found == [
        ("20102", -5, "70006 thrown away", "2010-12-01"),
        ("20107", -3, "70021", "2010-12-21"),
        ("DCGS0003", -1, "70042 damaged", "2011-02-25"),
    ]


def test_a_process_for_each_stage_comes_to_the_same_and_every_invoice_can_be_paid(past):
    told = past.replay(is_parallel=True, pay=True)

    open_ = past.rows("select number from invoice where kind = 'invoice' and closed_at is null")
    dates = past.rows("select count(*) from event where at > '2011-03-01' or at < '2010-12-01'")

    assert told["check"]["differences"] == 0
    assert told["replayed"]["orders"] == 26
    assert told["replayed"]["returns"] == {"credited": 6, "held": 6}
    assert told["replayed"]["problems"] == []
    assert told["verify"]["violations"] == 0
    assert open_ == []
    assert dates == [(0,)]


def test_bad_rows_are_refused_with_their_reasons_and_everything_else_goes_on(past):
    file = past.rows_file(
        "70101,20100,TIN LUNCHBOX,many,2011-02-26 11:00:00,1.25,11001.0,United Kingdom",
        "70101,20101,OAK PHOTO FRAME,1,2011-02-26 11:00:00,4.95,11001.0,United Kingdom",
        "C70102,20100,TIN LUNCHBOX,1,2011-02-26 11:10:00,1.25,11001.0,United Kingdom",
        "70103,20100,TIN LUNCHBOX,1,2011-02-26 11:20:00,1.25,11001.0,Atlantis",
    )

    told = past.replay(file, code=1, is_parallel=False)

    assert told["rows"] == 119
    assert told["refused"] == {
        "rows": 4,
        "documents": 3,
        "reasons": {
            "channels.bad_quantity": 1,
            "channels.document_refused": 1,
            "channels.unclassified_document": 1,
            "channels.unknown_country": 1,
        },
    }
    assert told["replayed"]["orders"] == 26
    assert told["check"]["differences"] == 0


def test_the_last_month_is_priced_from_what_the_months_before_teach_and_runs_short_as_planned(past):
    told = past.replay(plan="short")

    assert told["prices"] == {
        "lines": 62, "equal": 32, "different": 30, "as_learnt": 60, "from_last_resort": 2, "given_away_but_priced": 1,
        "last_resort": "FEBRUARY", "items_of_last_resort": 2,
    }  # fmt: skip
    assert told["short"]["planned_short"] == 3
    assert told["short"]["ran_short"] == 3
    assert told["short"]["promised_a_date"] == 3
    assert told["short"]["promises"] == {"kept": 3}
    assert told["verify"]["violations"] == 0


def test_goods_that_come_in_go_to_the_orders_that_waited_on_the_day_they_were_promised(past):
    past.replay(plan="short")

    waited = past.rows("""
        select o.buyer_po, l.line_no, l.promised_at::date = max(s.shipped_at)::date, o.status
        from order_line l join sales_order o on o.id = l.order_id
        join shipment_line d on d.order_id = l.order_id and d.order_line_no = l.line_no
        join shipment s on s.id = d.shipment_id
        group by o.buyer_po, l.order_id, l.line_no, l.promised_at, o.placed_at, o.status
        having max(s.shipped_at)::date > o.placed_at::date
    """)
    left = past.rows("select sum(qty_open), sum(qty_backordered) from order_line")

    assert len(waited) == 3
    assert all(on_the_day for _, _, on_the_day, _ in waited)
    assert left == [(0, 0)]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "channels.nothing_to_replay"), ("a,b\n1,2\n", "channels.nothing_to_replay")],
)
def test_a_file_without_documents_is_refused(past, text, code):
    file = past.folder / "nothing.csv"
    file.write_text(text)

    with pytest.raises(Refused) as refused:
        past.replay(file)

    assert refused.value.problems[0].code == code


def test_a_file_that_is_no_text_is_refused(past):
    file = past.folder / "history.csv.gz"
    file.write_bytes(b"\x1f\x8b\x08 broken")

    with pytest.raises(Refused) as refused:
        past.replay(file)

    assert refused.value.problems[0].code == "channels.unreadable_file"


def test_a_database_that_is_in_use_is_left_alone(past):
    past.replay(is_parallel=False)

    with pytest.raises(Refused) as refused:
        past.replay(is_parallel=False)

    assert refused.value.problems[0].code == "channels.not_empty"


def test_a_stage_that_breaks_stops_the_whole_replay_and_says_why():
    broken = Database("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")

    line = Line(broken, NEW_YEAR, (release,))
    with line:
        line.put(Handover(1, NEW_YEAR, (), 0))
        with pytest.raises(Refused) as refused:
            line.finish()

    assert refused.value.problems[0].code == "channels.replay_stopped"
    assert "OperationalError" in refused.value.problems[0].message
    assert not any(process.is_alive() for process in line.processes)


@real_file
@pytest.mark.samples
@pytest.mark.slow
def test_the_real_wholesaler_comes_out_to_the_penny(past):
    told = past.replay(WHOLESALER)

    assert told["rows"] == 105_335
    assert told["refused"]["rows"] == 0
    assert told["replayed"]["orders"] == 3_875
    assert told["replayed"]["orders_held"] == {}
    assert told["replayed"]["refused"] == {}
    assert told["replayed"]["problems"] == []
    assert told["replayed"]["adjustments"] == 214
    assert told["replayed"]["returns"] == {"credited": 415, "held": 390}
    assert told["check"]["differences"] == 0
    assert told["check"]["sums"]["booked"] == {"goods": "1958751.16", "charges": "79991.43", "credited": "114102.51"}
    assert told["check"]["sums"]["file"] == told["check"]["sums"]["booked"]
    assert told["verify"] == {"checks": told["verify"]["checks"], "violations": 0, "broken": []}


@real_file
@pytest.mark.samples
@pytest.mark.slow
def test_the_real_february_runs_short_on_a_twentieth_of_its_lines_and_keeps_what_the_suppliers_let_it_keep(past):
    told = past.replay(WHOLESALER, plan="short")

    assert told["replayed"]["orders"] == 1_126
    assert told["replayed"]["problems"] == []
    assert told["prices"]["lines"] == 27_043
    assert told["prices"]["equal"] == 23_668
    assert told["prices"]["as_learnt"] + told["prices"]["from_last_resort"] == 27_043
    assert told["short"]["planned_short"] == told["short"]["ran_short"] == 1_352
    assert told["short"]["planned_late"] == 114
    assert told["short"]["promises"] == {"kept": 1_238, "late": 114}
    assert told["verify"]["violations"] == 0
