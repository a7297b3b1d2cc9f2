"""Issuing papers: the first one of a state of a document stays, whoever else printed one at the same time."""

from collections.abc import Sequence
from hashlib import sha256

from tradewind.kernel.tx import Tx, dumps
from tradewind.papers.events import paper_issued
from tradewind.papers.model import Issued, Printed
from tradewind.papers.queries import issued_as_wanted

_ISSUE = """
insert into issued_paper (id, kind, subject_id, account_id, number, scope, state, language, version, replaces_id, issued_at, sha256,
  body, template_version, content, findings)
select w.id, w.kind, w.subject_id, w.account_id, w.number, w.scope, w.state, w.language, w.version, w.replaces_id, %(now)s, w.sha256,
  w.body, w.template_version, w.content::jsonb, w.findings::jsonb
from unnest(%(id)s::uuid[], %(kind)s::text[], %(subject)s::uuid[], %(account)s::uuid[], %(number)s::text[], %(scope)s::text[],
  %(state)s::text[], %(language)s::text[], %(version)s::int[], %(replaces)s::uuid[], %(sha256)s::bytea[], %(body)s::bytea[],
  %(template)s::text[], %(content)s::text[], %(findings)s::text[])
as w(id, kind, subject_id, account_id, number, scope, state, language, version, replaces_id, sha256, body, template_version, content,
  findings)
order by w.kind, w.subject_id, w.scope, w.language
on conflict do nothing returning id
"""


def issue_papers(tx: Tx, printed: Sequence[Printed]) -> list[Issued | None]:
    """Issue each, or give the paper that somebody else has issued of the same state meanwhile.

    None where neither is so: a version was issued of another state since this one was printed, and it must be printed again.
    """
    ids = tx.ids.many(len(printed))
    rows = tx.rows(
        _ISSUE,
        {
            "now": tx.now,
            "id": ids,
            "kind": [one.wanted.kind for one in printed],
            "subject": [one.wanted.subject_id for one in printed],
            "account": [one.wanted.account_id for one in printed],
            "number": [one.wanted.number for one in printed],
            "scope": [one.wanted.scope for one in printed],
            "state": [one.wanted.state for one in printed],
            "language": [one.wanted.language for one in printed],
            "version": [one.version for one in printed],
            "replaces": [one.replaces_id for one in printed],
            "sha256": [sha256(one.body).digest() for one in printed],
            "body": [one.body for one in printed],
            "template": [one.template_version for one in printed],
            "content": [dumps(one.wanted.values) for one in printed],
            "findings": [dumps(one.findings) for one in printed],
        },
    )
    stored = {row[0] for row in rows}
    issued: list[Issued | None] = []
    for one in printed:
        found = issued_as_wanted(tx, one.wanted)
        issued.append(found)
        if found is not None and found.id in stored:
            tx.emit(paper_issued(found, one.wanted))
    return issued
