"""`/api/v1/rule-sets`: decision tables from draft to live and back: who may do what, and who did what when."""

from typing import Annotated, Any

from fastapi import Header, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, permission
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.kernel.versions import Act, Verb, in_force, standing
from tradewind.rules import errors
from tradewind.rules.commands.life import act, publish
from tradewind.rules.commands.sets import NewSet, create_set, rename
from tradewind.rules.decide.dictionary import nearest
from tradewind.rules.decide.proof import Proof, prove
from tradewind.rules.model import Scope
from tradewind.rules.queries.sets import (
    Content,
    RuleSet,
    acts_of,
    content_of,
    lineages,
    names_of,
    sets_after,
    sets_by_code,
)
from tradewind.streams.decision_points import POINTS

router = api_router("rules")
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Named = Annotated[str, Path(alias="rule_set", max_length=100)]
"""The code of a rule set in a path."""
Word = Annotated[str, Field(max_length=100)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Version = Annotated[int, Field(ge=1, le=1_000_000)]
Revision = Annotated[str | None, Header(alias="if-match", max_length=30, pattern=r'^"?[0-9]{1,9}"?$')]
"""The revision that was read, as its ETag said it; with it, nothing happens where somebody else was faster."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ScopeIn(_Strict):
    """Whom a rule set is for; empty is everybody. The most specific rule set decides."""

    segment: Word = ""
    category: Word = ""
    region: Word = ""
    channel: Word = ""


class SetIn(_Strict):
    """A rule set: its decision point, if any, and its scope belong to it for good."""

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=200)]
    point: Word = ""
    owner: Annotated[str, Field(max_length=200)] = ""
    scope: ScopeIn = ScopeIn()


class NameIn(_Strict):
    """What a rule set is called, and who owns it."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    owner: Annotated[str, Field(max_length=200)] = ""


class PublishIn(_Strict):
    """From when; now, where nothing is said."""

    valid_from: AwareDatetime | None = None


class ReasonIn(_Strict):
    """Why; it is kept with the history."""

    reason: Reason


class EndIn(ReasonIn):
    """Why, and until when; now, where nothing is said."""

    valid_to: AwareDatetime | None = None


class RollbackIn(ReasonIn):
    """Why, and back to which version; the one that was in force before, where none is said."""

    version: Version | None = None


def revision_of(said: str | None) -> int | None:
    """The number of an `If-Match` header."""
    return None if said is None else int(said.strip('"'))


def done(problem: Problem | None) -> None:
    """Go on where there is none."""
    if problem is not None:
        raise Refused([problem])


def found_set(reader: Reader, code: str) -> RuleSet:
    """The rule set of a code; refused where there is none."""
    found = sets_by_code(reader, [code]).get(code)
    if found is None:
        raise Refused([errors.unknown_set(code)])
    return found


def proof_of(one: RuleSet, content: Content) -> Proof:
    """A version looked at from all sides, in the words of its rule set's point."""
    if one.point and one.point not in POINTS:  # a point of another release
        return Proof(content.digest, content.tests, (errors.unknown_point(one.point, ""),))
    point = POINTS.get(one.point)
    return prove(content.source, content.digest, decision=content.decision, tests=content.tests, point=point)


def shown_set(edge: Edge, code: str, status: int = 200) -> Response:
    """A rule set as it stands, with its versions and periods; its ETag is its revision."""

    def read(reader: Reader) -> tuple[RuleSet, dict[str, Any]]:
        one = found_set(reader, code)
        return one, _whole(reader, one)

    one, body = edge.read(read)
    return answer(body, status, {"ETag": f'"{one.revision}"'})


def _whole(reader: Reader, one: RuleSet) -> dict[str, Any]:
    lineage = lineages(reader, [one.id])[one.id]
    people = names_of(
        reader,
        [*{who for each in lineage.versions for who in (*each.authors, *([each.reviewer] if each.reviewer else []))}],
    )
    holding = in_force(lineage.periods, reader.now)
    return {
        **_short(one),
        "in_force": holding and {"version": holding.no, "since": holding.since, "until": holding.until},
        "versions": [
            {
                "version": each.no,
                "stage": standing(lineage, each.no, reader.now),
                "authors": sorted(people.get(who, "") for who in each.authors),
                "reviewer": each.reviewer and people.get(each.reviewer),
            }
            for each in lineage.versions
        ],
        "periods": [
            {"version": each.no, "since": each.since, "until": each.until} for each in lineage.periods if not each.empty
        ],
    }


def _short(one: RuleSet) -> dict[str, Any]:
    scope = one.scope
    return {
        "code": one.code,
        "name": one.name,
        "point": one.point,
        "owner": one.owner,
        "scope": {
            "segment": scope.segment,
            "category": scope.category,
            "region": scope.region,
            "channel": scope.channel,
        },
        "revision": one.revision,
        "created_at": one.created_at,
    }


@router.get("/rule-sets", openapi_extra=permission("rules.read"))
def read_sets(
    edge: CallerEdge,
    point: Annotated[str | None, Query(max_length=100)] = None,
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
) -> Response:
    """Rule sets by code, each with what is in force; `after` is the last `next`."""

    def read(reader: Reader) -> dict[str, Any]:
        found = sets_after(reader, point=point, after=after, limit=limit)
        known = lineages(reader, [one.id for one in found])
        holding = {one.id: in_force(known[one.id].periods, reader.now) for one in found}
        last = found[-1].code if len(found) == limit else None
        return {
            "rule_sets": [{**_short(one), "in_force": (at := holding[one.id]) and at.no} for one in found],
            "next": last,
        }

    return answer(edge.read(read))


@router.post("/rule-sets", status_code=201, openapi_extra=permission("rules.write"))
def post_set(body: SetIn, edge: CallerEdge) -> Response:
    """Make a rule set. It governs nothing before one of its versions is published."""
    if body.point and body.point not in POINTS:
        raise Refused([errors.unknown_point(body.point, nearest(body.point, POINTS))])
    new = NewSet(body.code, body.name, body.point, body.owner, Scope(**body.scope.model_dump()))
    made = edge.write(lambda tx: create_set(tx, new))
    if isinstance(made, Problem):
        raise Refused([made])
    return shown_set(edge, body.code, 201)


@router.get("/rule-sets/{rule_set}", openapi_extra=permission("rules.read"))
def read_set(code: Named, edge: CallerEdge) -> Response:
    """A rule set with its versions and when which was, is or will be in force."""
    return shown_set(edge, code)


@router.patch("/rule-sets/{rule_set}", openapi_extra=permission("rules.write"))
def name_set(code: Named, body: NameIn, edge: CallerEdge, if_match: Revision = None) -> Response:
    """Call it something else, or give it to somebody else."""
    expected = revision_of(if_match)
    done(edge.write(lambda tx: rename(tx, code, name=body.name, owner=body.owner, expected=expected)))
    return shown_set(edge, code)


@router.get("/rule-sets/{rule_set}/history", openapi_extra=permission("rules.read"))
def read_history(
    code: Named,
    edge: CallerEdge,
    after: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
) -> Response:
    """Who did what to which version, when and why, and the digest of its file then; the oldest first."""

    def read(reader: Reader) -> dict[str, Any]:
        one = found_set(reader, code)
        acts = acts_of(reader, one.id, after=after, limit=limit)
        people = names_of(reader, [*{each.by for _, each, _ in acts if each.by}])
        shown = [
            _act(number, each, digest, people.get(each.by, "") if each.by else "system")
            for number, each, digest in acts
        ]
        return {"code": code, "acts": shown, "next": acts[-1][0] if len(acts) == limit else None}

    return answer(edge.read(read))


def _act(number: int, one: Act, digest: bytes, who: str) -> dict[str, Any]:
    return {
        "no": number,
        "verb": one.verb,
        "version": one.no,
        "by": who,
        "at": one.at,
        "reason": one.reason,
        "effective": one.effective,
        "digest": digest.hex(),
    }


# ---- acts --------------------------------------------------------------------------------------------------------------


def _acted(edge: Edge, code: str, verb: Verb, version: int | None, if_match: str | None, **more: Any) -> Response:
    expected = revision_of(if_match)
    done(edge.write(lambda tx: act(tx, code, verb, version, expected=expected, **more)))
    return shown_set(edge, code)


@router.post("/rule-sets/{rule_set}/versions/{version}/submit", openapi_extra=permission("rules.write"))
def submit(code: Named, version: Version, edge: CallerEdge, if_match: Revision = None) -> Response:
    """Ask for a review of a draft."""
    return _acted(edge, code, Verb.SUBMIT, version, if_match)


@router.post("/rule-sets/{rule_set}/versions/{version}/send-back", openapi_extra=permission("rules.review"))
def send_back(code: Named, version: Version, body: ReasonIn, edge: CallerEdge, if_match: Revision = None) -> Response:
    """Make a draft again of what was submitted or reviewed."""
    return _acted(edge, code, Verb.SEND_BACK, version, if_match, reason=body.reason)


@router.post("/rule-sets/{rule_set}/versions/{version}/review", openapi_extra=permission("rules.review"))
def review(code: Named, version: Version, edge: CallerEdge, if_match: Revision = None) -> Response:
    """Vouch for what was submitted. Nobody vouches for what they wrote in."""
    return _acted(edge, code, Verb.REVIEW, version, if_match)


@router.post("/rule-sets/{rule_set}/versions/{version}/withdraw", openapi_extra=permission("rules.publish"))
def withdraw(code: Named, version: Version, body: ReasonIn, edge: CallerEdge, if_match: Revision = None) -> Response:
    """Give up a version on its way; of one that is scheduled, its instant: it is reviewed again."""
    return _acted(edge, code, Verb.WITHDRAW, version, if_match, reason=body.reason)


@router.post("/rule-sets/{rule_set}/rollback", openapi_extra=permission("rules.publish"))
def roll_back(code: Named, body: RollbackIn, edge: CallerEdge, if_match: Revision = None) -> Response:
    """Put the version before in force again, at once."""
    return _acted(edge, code, Verb.ROLL_BACK, body.version, if_match, reason=body.reason)


@router.post("/rule-sets/{rule_set}/end", openapi_extra=permission("rules.publish"))
def end(code: Named, body: EndIn, edge: CallerEdge, if_match: Revision = None) -> Response:
    """End what is in force without anything in its place."""
    return _acted(edge, code, Verb.END, None, if_match, reason=body.reason, effective=body.valid_to)


@router.post("/rule-sets/{rule_set}/versions/{version}/publish", openapi_extra=permission("rules.publish"))
def publish_version(
    code: Named, version: Version, body: PublishIn, edge: CallerEdge, if_match: Revision = None
) -> Response:
    """Put a reviewed version in force, now or from an instant on. It is looked at from all sides first, and its tests run."""
    expected = revision_of(if_match)

    def look(reader: Reader) -> Any:
        one = found_set(reader, code)
        return one, content_of(reader, one.id, version)

    one, content = edge.read(look)
    if content is None:
        raise Refused([errors.unknown_version(version)])
    proof = proof_of(one, content)

    def write(tx: Tx) -> list[Problem]:
        return publish(tx, code, version, proof, effective=body.valid_from, expected=expected)

    problems = edge.write(write)
    if problems:
        raise Refused(problems)
    return shown_set(edge, code)
