"""Partners, their doors, their messages and what is held, over HTTP; and the folder that files are put into."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_client import EdgeClient
from shop import Shop, open_shop
from tradewind.app.credentials import create_key
from tradewind.app.drop_folder import take_files
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.app.worker import send_due, trade
from tradewind.channels.intake import start_combiner
from trading import Trading, interchange, serve_to_the_end, x12_850

PARTNER: dict[str, Any] = {
    "name": "A buyer",
    "account": "ALMA",
    "ours": {"qualifier": "ZZ", "id": "HOUSE"},
    "theirs": {"qualifier": "ZZ", "id": "BUYER"},
    "answer_minutes": 0,
    "names": {"ship_tos": {"DOCK4": "HQ"}},
}
ORDER = interchange(x12_850("PO-1", ("CUP", "5", ""), ship_to="DOCK4"))
X12 = {"content-type": "application/edi-x12"}


@pytest.fixture
def shop(app_url: str) -> Shop:
    return open_shop(app_url)


@pytest.fixture
def client(shop: Shop) -> Iterator[EdgeClient]:
    key = create_key(shop.database, "boss", kind="staff", roles=["admin"], account_codes=[], label="t", days=None)
    with EdgeClient(create_app(shop.database, read_settings({})), key) as opened:
        yield opened


def put(client: EdgeClient, **more: Any) -> Any:
    return client.request("PUT", "/api/v1/partners/BUYER", json={**PARTNER, **more})


def test_a_partner_is_put_read_and_put_back_as_it_was(client: EdgeClient) -> None:
    first = put(
        client, map={"buyer_item": ["CB"], "tolerated": ["channels.line_count_differs"]}, separators={"segment": "|"}
    )

    assert first.status_code == 200, first.text
    shown = client.get("/api/v1/partners/BUYER").json()
    assert shown == first.json()
    assert shown["names"] == {"accounts": {}, "ship_tos": {"DOCK4": "HQ"}}
    back = client.request(
        "PUT", "/api/v1/partners/BUYER", json={key: value for key, value in shown.items() if key != "code"}
    )
    assert back.json() == shown
    assert [one["code"] for one in client.get("/api/v1/partners").json()["partners"]] == ["BUYER"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"account": "NOBODY"}, "accounts.unknown"),
        ({"sandbox_account": "ALMA"}, "channels.sandbox_is_live"),
        (
            {"account": None, "sandbox_account": "ALMA", "names": {"accounts": {"4711": "ALMA"}}},
            "channels.sandbox_is_live",
        ),
        ({"map": {"colour": ["x"]}}, "channels.map_unreadable"),
        ({"map": {"new_dates": "no"}}, "channels.map_unreadable"),
        ({"separators": {"segment": "*"}}, "channels.bad_separators"),
        ({"separators": {"element": "A"}}, "channels.bad_separators"),
        ({"sends": ["855", "999"]}, "channels.unknown_document"),
        ({"send_by": "folder", "send_to": "../etc"}, "channels.bad_address"),
        ({"send_by": "http", "send_to": "ftp://there"}, "channels.bad_address"),
        ({"names": {"ship_tos": {"X": "NOWHERE"}}}, "accounts.unknown_ship_to"),
    ],
)
def test_a_partner_that_cannot_be_is_refused_with_its_place_and_nothing_is_kept(
    client: EdgeClient, wrong: dict[str, Any], code: str
) -> None:
    refused = put(client, **wrong)

    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert client.get("/api/v1/partners").json()["partners"] == []


def test_an_interchange_is_taken_in_and_what_goes_back_can_be_collected(client: EdgeClient, shop: Shop) -> None:
    put(client)

    taken = client.post("/api/v1/edi", content=ORDER, headers=X12)
    assert (taken.status_code, taken.json()["outcome"]) == (200, "order")
    serve_to_the_end(shop.database)
    while send_due(shop.database, frozenset({"https"})):
        shop.wait(seconds=10)
    waiting = client.get("/api/v1/partners/BUYER/messages", params={"status": "parked"}).json()["messages"]
    assert [one["type"] for one in waiting] == ["855", "997"]
    message = f"/api/v1/partners/BUYER/messages/{waiting[1]['id']}"
    body = client.get(message)
    assert (body.headers["content-type"], body.content[:3]) == ("application/edi-x12", b"ISA")
    assert client.get(f"{message}/sets").json()["sets"][0]["type"] == "997"
    assert client.post(f"{message}/collected").json() == {"collected": True}
    left = client.get("/api/v1/partners/BUYER/messages", params={"status": "parked"}).json()["messages"]
    assert [one["type"] for one in left] == ["855"]


def test_a_door_takes_its_partner_alone(client: EdgeClient) -> None:
    put(client)
    client.request("PUT", "/api/v1/partners/OTHER", json={**PARTNER, "theirs": {"qualifier": "ZZ", "id": "OTHER"}})
    door = client.post("/api/v1/partners/BUYER/door").json()["address"]
    foreign = interchange(x12_850("PO-9", ("CUP", "1", "")), sender="OTHER")

    assert client.post(door, content=ORDER, headers=X12, key="").json()["outcome"] == "order"
    held = client.post(door, content=foreign, headers=X12, key="").json()
    assert held["interchanges"][0]["findings"][0]["code"] == "channels.other_partners_door"
    assert client.post("/api/v1/edi/guessed", content=ORDER, headers=X12, key="").status_code == 404
    assert client.post("/api/v1/edi", content=ORDER, headers=X12, key="").status_code == 401
    again = client.post("/api/v1/partners/BUYER/door").json()["address"]
    assert again != door
    assert client.post(door, content=ORDER, headers=X12, key="").status_code == 404


def test_what_is_held_is_found_mended_and_tried_again(client: EdgeClient) -> None:
    put(client, names={})

    document = client.post("/api/v1/edi", content=ORDER, headers=X12).json()["document"]
    assert [one["id"] for one in client.get("/api/v1/inbound", params={"outcome": "held"}).json()["documents"]] == [
        document
    ]
    (found,) = client.get(f"/api/v1/inbound/{document}").json()["sets"]
    assert (found["outcome"], found["findings"][0]["code"]) == ("held", "channels.unknown_ship_to")
    assert found["findings"][0]["detail"]["did_you_mean"] == ["HQ"]
    assert client.get(f"/api/v1/inbound/{document}/content").content == ORDER
    put(client)
    mended = client.post(f"/api/v1/inbound/{document}/reprocess")
    assert (mended.status_code, mended.json()["outcome"]) == (200, "order")
    assert client.get("/api/v1/inbound", params={"outcome": "held"}).json()["documents"] == []


def test_a_place_that_nobody_knows_is_refused_by_json_with_what_may_be_meant(client: EdgeClient, shop: Shop) -> None:
    order = {"account": "ALMA", "lines": [{"item": "CUP", "qty": 1}], "groups": [{"ship_to": "HQQ"}]}

    client.app.state.combiner = start_combiner(shop.database)
    refused = client.post("/api/v1/orders", json=order)
    client.app.state.combiner.close()

    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["code"], error["pointer"], error["detail_values"]) == (
        "accounts.unknown_ship_to",
        "/groups/0/ship_to",
        {"did_you_mean": ["HQ"]},
    )
    assert shop.one("select count(*) from sales_order") == (0,)


def test_a_file_that_is_put_down_is_taken_once_and_answered_into_the_partners_folder(
    client: EdgeClient, shop: Shop, tmp_path: Path
) -> None:
    put(client, send_by="folder", send_to="buyer")
    into = tmp_path / "in"
    into.mkdir()
    (into / "orders.edi").write_bytes(ORDER)
    (into / "letter.txt").write_bytes(b"Dear Sirs")
    (into / "half.edi.part").write_bytes(ORDER[:100])
    for path in into.iterdir():
        os.utime(path, (1, 1))

    done = trade(shop.database, tmp_path, largest=1 << 20)
    while send_due(shop.database, frozenset({"https"}), folder=tmp_path):
        shop.wait(seconds=10)

    assert done["files"] == 2
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "in/failed/letter.txt", "in/half.edi.part", "in/processed/orders.edi",
        "out/buyer/BUYER-855-000000002.edi", "out/buyer/BUYER-997-000000001.edi",
    ]  # fmt: skip
    assert take_files(shop.database, tmp_path, largest=1 << 20) == []


def test_a_later_message_waits_for_an_earlier_one_that_is_not_taken(shop: Shop, tmp_path: Path) -> None:
    trading = Trading(shop).open(answer_minutes=0, send_by="folder", send_to="buyer")
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", ""))))
    trading.serve()

    send_due(shop.database, frozenset({"https"}))  # there is no folder yet

    sql = "select kind, status, attempts from delivery where kind like 'edi.%' order by created_at, id"
    assert shop.all(sql) == [("edi.997", "pending", 1), ("edi.855", "pending", 0)]
    shop.wait(minutes=1)
    send_due(shop.database, frozenset({"https"}), folder=tmp_path)
    assert shop.all(sql) == [("edi.997", "sent", 2), ("edi.855", "sent", 1)]
