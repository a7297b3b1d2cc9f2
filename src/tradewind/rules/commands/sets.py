"""Writes of rule sets and of what their versions say."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value
from tradewind.kernel.versions import Act, Verb
from tradewind.rules import errors, events
from tradewind.rules.commands.life import do, opened
from tradewind.rules.decide.dmn.build import read_model
from tradewind.rules.model import Scope, TableTest
from tradewind.rules.queries.sets import Content, RuleSet, content_of, sets_by_code

MAX_TESTS = 500
"""Of one version."""
MAX_VERSIONS = 10_000
"""Of one rule set."""
_CREATE = """
insert into rule_set (id, code, name, point, owner, segment, category, region, channel, governs, created_by, created_at)
values (%(id)s, %(code)s, %(name)s, %(point)s, %(owner)s, %(segment)s, %(category)s, %(region)s, %(channel)s, %(governs)s,
  %(by)s, %(now)s)
on conflict (code) do nothing
"""
_NAME = "update rule_set set name = %(name)s, owner = %(owner)s, revision = revision + 1 where id = %(id)s"


@value(frozen=True, slots=True)
class NewSet:
    """A rule set to make: its code, what it is called, the decision point it governs (or none), who owns it, whom it is for."""

    code: str
    name: str
    point: str = ""
    owner: str = ""
    scope: Scope = Scope()


@value(frozen=True, slots=True)
class Edit:
    """What is written anew in a version; None leaves a part as it is."""

    source: bytes | None = None
    decision: str | None = None
    tests: tuple[TableTest, ...] | None = None
    comment: str | None = None


def create_set(tx: Tx, new: NewSet) -> RuleSet | Problem:
    """Make a rule set without versions. Point and scope belong to it for good: what they govern can never change under people."""
    set_id = tx.ids.new()
    segment, category, region, channel = new.scope.parts
    written = tx.run(
        _CREATE,
        {
            "id": set_id,
            "code": new.code,
            "name": new.name,
            "point": new.point,
            "owner": new.owner,
            "segment": segment,
            "category": category,
            "region": region,
            "channel": channel,
            "governs": _governs(set_id, new),
            "by": tx.actor.principal_id,
            "now": tx.now,
        },
    )
    if not written:
        return errors.code_taken(new.code)
    tx.emit(events.rule_set_created(set_id, new.code, new.point, new.scope.parts))
    return sets_by_code(tx, [new.code])[new.code]


def _governs(set_id: UUID, new: NewSet) -> str:
    """What only one version may govern at a time: a point for a scope, or what nobody else knows of."""
    return dumps([new.point, *new.scope.parts]) if new.point else str(set_id)


def draft(tx: Tx, code: str, edit: Edit, *, expected: int | None = None) -> int | Problem:
    """A new version as a draft; what is not said is taken from the newest version. Gives its number."""
    found = opened(tx, code, expected)
    if isinstance(found, Problem):
        return found
    owner, lineage = found
    number = lineage.next_no
    if number > MAX_VERSIONS:
        return errors.too_many("versions", MAX_VERSIONS)
    last = content_of(tx, owner.id, number - 1) if number > 1 else None
    content = _edited(last, edit)
    if isinstance(content, Problem):
        return content
    refused = do(tx, owner, lineage, Act(Verb.DRAFT, number, tx.actor.principal_id, tx.now), content)
    return refused or number


def rewrite(tx: Tx, code: str, version: int, edit: Edit, *, expected: int | None = None) -> Problem | None:
    """Write a version anew that was not published: it is a draft again, and its review is gone."""
    found = opened(tx, code, expected)
    if isinstance(found, Problem):
        return found
    owner, lineage = found
    last = content_of(tx, owner.id, version)
    content = errors.unknown_version(version) if last is None else _edited(last, edit)
    if isinstance(content, Problem):
        return content
    return do(tx, owner, lineage, Act(Verb.EDIT, version, tx.actor.principal_id, tx.now), content)


def _edited(last: Content | None, edit: Edit) -> Content | Problem:
    source = edit.source if edit.source is not None else last.source if last else None
    if source is None:
        return errors.no_table()
    if edit.source is not None:
        model = read_model(source)
        if isinstance(model, Problem):
            return model
    tests = edit.tests if edit.tests is not None else last.tests if last else ()
    if wrong := _wrong(tests):
        return wrong
    decision = edit.decision if edit.decision is not None else last.decision if last else ""
    comment = edit.comment if edit.comment is not None else last.comment if last else ""
    return Content(source, decision, tests, comment, sha256(source).digest())


def _wrong(tests: Sequence[TableTest]) -> Problem | None:
    if len(tests) > MAX_TESTS:
        return errors.too_many("tests", MAX_TESTS)
    names = [one.name for one in tests]
    twice = next((at for at, name in enumerate(names) if name in names[:at]), None)
    return None if twice is None else errors.named_twice(twice, names[twice])


def rename(tx: Tx, code: str, *, name: str, owner: str, expected: int | None = None) -> Problem | None:
    """Call a rule set something else, or give it to somebody else."""
    found = opened(tx, code, expected)
    if isinstance(found, Problem):
        return found
    tx.run(_NAME, {"id": found[0].id, "name": name, "owner": owner})
    tx.emit(events.rule_set_named(found[0].id, code, name, owner))
    return None
