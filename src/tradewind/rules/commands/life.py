"""Acts on versions: each is written with the history and the log, under the lock of its rule set."""

from collections.abc import Sequence
from datetime import datetime

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.kernel.versions import Act, Lineage, Period, Verb, Version, before, changed, in_force, perform
from tradewind.rules import errors, events
from tradewind.rules.decide.proof import Proof
from tradewind.rules.decide.values_json import to_json
from tradewind.rules.queries.sets import LOCK, Content, RuleSet, content_of, lineages, rule_set, taken_by

# Rule sets that would govern the same take turns, so that the later sees what the earlier took.
_TURN = "select pg_advisory_xact_lock(hashtext('rule_set'), hashtext(%(governs)s))"
_INSERT_VERSION = """
insert into rule_version (id, rule_set_id, version, stage, source, digest, decision, tests, comment, authors, reviewer, created_at,
  changed_at)
values (%(id)s, %(set)s, %(version)s, %(stage)s, %(source)s, %(digest)s, %(decision)s, %(tests)s::jsonb, %(comment)s,
  %(authors)s::uuid[], %(reviewer)s, %(now)s, %(now)s)
"""
_REWRITE_VERSION = """
update rule_version set stage = %(stage)s, source = %(source)s, digest = %(digest)s, decision = %(decision)s,
  tests = %(tests)s::jsonb, comment = %(comment)s, authors = %(authors)s::uuid[], reviewer = %(reviewer)s, changed_at = %(now)s
where rule_set_id = %(set)s and version = %(version)s and stage not in ('published', 'withdrawn')
"""
_MOVE_VERSION = """
update rule_version set stage = %(stage)s, authors = %(authors)s::uuid[], reviewer = %(reviewer)s, changed_at = %(now)s
where rule_set_id = %(set)s and version = %(version)s
"""
_END_PERIODS = """
update rule_period p set until = w.until from unnest(%(entries)s::int[], %(until)s::timestamptz[]) as w(entry, until)
where p.rule_set_id = %(set)s and p.entry = w.entry
"""
_INSERT_PERIODS = """
insert into rule_period (rule_set_id, entry, version, governs, since, until)
select %(set)s, w.entry, w.version, %(governs)s, w.since, w.until
from unnest(%(entries)s::int[], %(versions)s::int[], %(since)s::timestamptz[], %(until)s::timestamptz[])
  as w(entry, version, since, until)
"""
_REMEMBER = """
insert into rule_act (rule_set_id, act_no, version, verb, by, at, reason, effective, digest)
values (%(set)s, (select coalesce(max(act_no), 0) + 1 from rule_act where rule_set_id = %(set)s), %(version)s, %(verb)s, %(by)s,
  %(at)s, %(reason)s, %(effective)s, %(digest)s)
"""
_COUNT = "update rule_set set revision = revision + 1 where id = %(set)s"


def opened(tx: Tx, code: str, expected: int | None) -> tuple[RuleSet, Lineage] | Problem:
    """A rule set under its lock; a `Problem` where there is none, or somebody did something since `expected` was read."""
    row = tx.row(LOCK, {"codes": [code]})
    if row is None:
        return errors.unknown_set(code)
    owner = rule_set(row)
    if expected is not None and expected != owner.revision:
        return errors.changed_meanwhile(code, expected, owner.revision)
    return owner, lineages(tx, [owner.id])[owner.id]


def act(
    tx: Tx,
    code: str,
    verb: Verb,
    version: int | None = None,
    *,
    reason: str = "",
    effective: datetime | None = None,
    expected: int | None = None,
) -> Problem | None:
    """Submit, send back, review, withdraw, roll back or end. Without a version, a rollback goes to the one before, an end ends
    what is in force then."""
    found = opened(tx, code, expected)
    if isinstance(found, Problem):
        return found
    owner, lineage = found
    if version is None:
        version = _meant(lineage, verb, tx.now if effective is None else effective)
    if version is None:
        return errors.nothing_in_force(code) if verb is Verb.END else errors.nothing_before(code)
    return do(tx, owner, lineage, Act(verb, version, tx.actor.principal_id, tx.now, reason, effective))


def _meant(lineage: Lineage, verb: Verb, at: datetime) -> int | None:
    if verb is Verb.ROLL_BACK:
        return before(lineage, at)
    holding = in_force(lineage.periods, at)
    return holding.no if holding else None


def publish(
    tx: Tx, code: str, version: int, proof: Proof, *, effective: datetime | None = None, expected: int | None = None
) -> list[Problem]:
    """Put a reviewed version in force, now or from an instant on. `proof` is of what the version says: where it was written anew
    since, or where anything in it speaks against it, nothing happens. Empty where it is done."""
    found = opened(tx, code, expected)
    if isinstance(found, Problem):
        return [found]
    owner, lineage = found
    content = content_of(tx, owner.id, version)
    if content is None:
        return [errors.unknown_version(version)]
    if (content.digest, content.tests) != (proof.digest, proof.tests):
        return [errors.changed_meanwhile(code, None, owner.revision)]
    if proof.problems:
        return list(proof.problems)
    refused = do(tx, owner, lineage, Act(Verb.PUBLISH, version, tx.actor.principal_id, tx.now, "", effective))
    return [] if refused is None else [refused]


def do(tx: Tx, owner: RuleSet, lineage: Lineage, what: Act, content: Content | None = None) -> Problem | None:
    """Perform an act on a lineage read under the lock, and write what it changes; `content` is what a draft says."""
    after = perform(lineage, what)
    if isinstance(after, Problem):
        return after
    versions, periods = changed(lineage, after)
    if periods:
        tx.rows(_TURN, {"governs": owner.governs})
        taken = taken_by(tx, owner, periods)
        if taken is not None:
            return errors.point_taken(owner.point, *taken)
    for version in versions:  # an act changes one
        _write_version(tx, owner, version, content, is_new=lineage.version(version.no) is None)
    if content is not None and not versions:  # a draft that is written anew by one of its authors
        found = after.version(what.no)
        assert found is not None
        _write_version(tx, owner, found, content, is_new=False)
    _write_periods(tx, owner, lineage.periods, periods)
    said = content or content_of(tx, owner.id, what.no)
    assert said is not None
    tx.run(_REMEMBER, {"set": owner.id, "version": what.no, "verb": what.verb.value, "by": what.by, "at": what.at,
                       "reason": what.reason, "effective": what.effective, "digest": said.digest})  # fmt: skip
    tx.run(_COUNT, {"set": owner.id})
    tx.emit(events.rule_version_acted(owner.id, owner.code, what, said.digest))
    return None


def _write_version(tx: Tx, owner: RuleSet, version: Version, content: Content | None, *, is_new: bool) -> None:
    said = {
        "set": owner.id,
        "version": version.no,
        "stage": version.stage.value,
        "authors": sorted(version.authors),
        "reviewer": version.reviewer,
        "now": tx.now,
    }
    if content is None:
        tx.run(_MOVE_VERSION, said)
        return
    tests = [{"name": one.name, "inputs": one.inputs, "expect": one.expect} for one in content.tests]
    said |= {
        "source": content.source,
        "digest": content.digest,
        "decision": content.decision,
        "tests": to_json(tests),
        "comment": content.comment,
    }
    tx.run(_INSERT_VERSION if is_new else _REWRITE_VERSION, said | ({"id": tx.ids.new()} if is_new else {}))


def _write_periods(tx: Tx, owner: RuleSet, old: Sequence[Period], periods: Sequence[Period]) -> None:
    """What gets shorter first, then what gets longer, then what is new: no two ever overlap in between."""
    were = {one.entry: one for one in old}
    known = [one for one in periods if one.entry in were]
    new = [one for one in periods if one.entry not in were]
    for moved in ([one for one in known if _ends_before(one, were[one.entry])],
                  [one for one in known if not _ends_before(one, were[one.entry])]):  # fmt: skip
        if moved:
            tx.run(
                _END_PERIODS,
                {"set": owner.id, "entries": [one.entry for one in moved], "until": [one.until for one in moved]},
            )
    if new:
        tx.run(_INSERT_PERIODS, {
            "set": owner.id, "governs": owner.governs, "entries": [one.entry for one in new],
            "versions": [one.no for one in new], "since": [one.since for one in new], "until": [one.until for one in new],
        })  # fmt: skip


def _ends_before(one: Period, other: Period) -> bool:
    return one.until is not None and (other.until is None or one.until < other.until)
