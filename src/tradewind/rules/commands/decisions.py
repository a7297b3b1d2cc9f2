"""What tables decided, written down as a set."""

from collections.abc import Sequence

from tradewind.kernel.tx import Tx
from tradewind.rules.decide.values_json import to_json
from tradewind.rules.model import RuleDecision

_RECORD = """
insert into rule_decision (id, decided_at, point, rule_set_id, version, subject_type, subject_id, line_no, inputs, answers, hits,
  misses, effect)
select u.id, %(now)s, u.point, u.rule_set_id, u.version, u.subject_type, u.subject_id, u.line_no, u.inputs::jsonb,
  u.answers::jsonb, u.hits::jsonb, u.misses::jsonb, u.effect
from unnest(%(ids)s::uuid[], %(points)s::text[], %(sets)s::uuid[], %(versions)s::int[], %(types)s::text[], %(subjects)s::uuid[],
  %(lines)s::int[], %(inputs)s::text[], %(answers)s::text[], %(hits)s::text[], %(misses)s::text[], %(effects)s::text[])
  as u(id, point, rule_set_id, version, subject_type, subject_id, line_no, inputs, answers, hits, misses, effect)
"""


def record(tx: Tx, decisions: Sequence[RuleDecision]) -> None:
    """Write what was decided, why and by which version: one statement for all of them, none where there are none."""
    if not decisions:
        return
    rulings = [one.ruling for one in decisions]
    tx.run(
        _RECORD,
        {
            "now": tx.now,
            "ids": [tx.ids.new() for _ in decisions],
            "points": [one.point for one in rulings],
            "sets": [one.rule_set_id for one in rulings],
            "versions": [one.version for one in rulings],
            "types": [one.subject_type for one in decisions],
            "subjects": [one.subject_id for one in decisions],
            "lines": [one.line_no for one in decisions],
            "inputs": [to_json(one.inputs) for one in rulings],
            "answers": [to_json(one.answers) for one in rulings],
            "hits": [
                to_json([{"table": hit.table, "row": hit.row, "number": hit.number} for hit in one.hits])
                for one in rulings
            ],
            "misses": [
                to_json(
                    [
                        {
                            "table": miss.table,
                            "row": miss.row,
                            "number": miss.number,
                            "column": miss.column,
                            "cell": miss.cell,
                        }
                        for miss in one.misses
                    ]
                )
                for one in rulings
            ],
            "effects": [one.effect.value if one.effect else "" for one in rulings],
        },
    )
