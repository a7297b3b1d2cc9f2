"""The statement that checks credentials stays on its indexes however many there are."""

import json

import psycopg

from tradewind.access.queries import _AUTHENTICATE
from tradewind.kernel.tx import connect

FILL = """
insert into principal (id, kind, login, name, created_at)
select md5('p' || n)::uuid, 'staff', 'p' || n, 'P', now() from generate_series(1, 20000) n;
insert into principal_role (principal_id, role) select id, 'sales' from principal;
insert into api_key (id, hash, hint, principal_id, label, created_at)
select md5('k' || n)::uuid, sha256(n::text::bytea), 'h', md5('p' || n)::uuid, 'l', now() from generate_series(1, 20000) n;
insert into session (token_hash, principal_id, created_at, expires_at)
select sha256(('s' || n)::bytea), md5('p' || n)::uuid, now(), now() + interval '1 hour' from generate_series(1, 20000) n;
analyze principal, principal_role, api_key, session
"""


def scans(node: dict[str, object]) -> list[str]:
    own = [str(node["Relation Name"])] if node["Node Type"] == "Seq Scan" else []
    return own + [name for child in node.get("Plans", []) for name in scans(child)]  # type: ignore[attr-defined]


def test_no_sequential_scan_on_a_filled_database(app_url, owner_url):
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for statement in FILL.split(";"):
            owner.execute(statement)
    with connect(app_url) as connection:
        generic = _AUTHENTICATE.replace("%(hashes)s", "$1").replace("%(now)s", "$2")
        connection.execute(f"prepare asked (bytea[], timestamptz) as {generic}")

        row = connection.execute("explain (format json) execute asked (null, null)").fetchone()

    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    found = [name for name in scans(plan[0]["Plan"]) if name in ("api_key", "session", "principal", "principal_role")]
    assert found == []
