"""Trials: what they counted is what they found."""

from tradewind.analytics.model import Check

TRIALS = (
    Check(
        "TR1",
        "A trial counts the orders it found to come out otherwise, and one that is done has tried all of its orders.",
        """
        select t.id as trial_id, t.name, t.state, t.orders, t.done, t.changed, count(f.place) as findings
        from trial t left join trial_finding f on f.trial_id = t.id group by t.id
        having t.changed <> count(f.place) or (t.state = 'done' and t.done <> t.orders)
        """,
    ),
)
