"""Who stands behind versions: who wrote them, and who reviewed them."""

from collections.abc import Collection
from uuid import UUID

from tradewind.kernel.tx import Reader

_SIGNED = """
select v.rule_set_id, v.version, v.authors[cardinality(v.authors)], v.reviewer
from unnest(%(sets)s::uuid[], %(versions)s::int[]) as w(rule_set_id, version)
join rule_version v on v.rule_set_id = w.rule_set_id and v.version = w.version
where cardinality(v.authors) > 0 and v.reviewer is not null
"""


def signed_by(reader: Reader, versions: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], tuple[UUID, UUID]]:
    """The last author and the reviewer of each (rule set, version); those that lack either are left out."""
    if not versions:
        return {}
    columns = {"sets": [one for one, _ in versions], "versions": [version for _, version in versions]}
    return {(row[0], row[1]): (row[2], row[3]) for row in reader.rows(_SIGNED, columns)}
