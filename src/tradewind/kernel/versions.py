"""The life of what business people write and put in force: decision tables, streams, and whatever else is governed alike.

A *lineage* is one governed thing: its versions, and the periods in which one of them is in force. Everything that happens
to it is an *act*; `perform` gives the lineage after it, or why it may not happen. The acts are the history: the lineage is
what they come to, one after the other. Pure: permission, storage and the clock are the caller's.

    draft ──submit──▶ submitted ──review──▶ reviewed ──publish──▶ published: scheduled, in force, superseded
      ▲ ◀──────── send back, or any edit: the review is gone          │ withdraw before its instant: reviewed again
      └── withdraw: draft, submitted and reviewed end here            ▼ end, or a later publication: no longer in force

What always holds:
- at every instant at most one version is in force;
- a version that was published is never edited, and whoever reviewed it wrote nothing of it (four eyes);
- the past is not rewritten: an act changes only what is in force from its own instant on, and needs a reason where it takes away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value


class Stage(StrEnum):
    """How far a version has got on its way."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Standing(StrEnum):
    """What a version is at an instant: its stage, and of a published one whether its time has come or gone."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Verb(StrEnum):
    """What somebody does to a version."""

    DRAFT = "draft"
    EDIT = "edit"
    SUBMIT = "submit"
    SEND_BACK = "send_back"
    REVIEW = "review"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    ROLL_BACK = "roll_back"
    END = "end"


NEEDS_REASON = frozenset({Verb.SEND_BACK, Verb.WITHDRAW, Verb.ROLL_BACK, Verb.END})
OPEN = frozenset({Stage.DRAFT, Stage.SUBMITTED, Stage.REVIEWED})
"""Stages in which a version can still be edited; an edit makes it a draft again."""


@value(frozen=True, slots=True)
class Version:
    """One version: everybody who wrote in it, and who reviewed it as it stands."""

    no: int
    stage: Stage
    authors: frozenset[UUID] = frozenset()
    reviewer: UUID | None = None


@value(frozen=True, slots=True)
class Period:
    """When a version is in force: from `since` on, before `until` (None: until something changes it). `entry` numbers the
    periods of a lineage in the order they were decided. One that was taken back before it began is empty: since = until."""

    entry: int
    no: int
    since: datetime
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        return self.until is not None and self.until <= self.since

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@value(frozen=True, slots=True)
class Act:
    """Who does what to which version, when and why. `effective`: from when it counts, where that is not at once."""

    verb: Verb
    no: int
    by: UUID | None
    at: datetime
    reason: str = ""
    effective: datetime | None = None


@value(frozen=True, slots=True)
class Lineage:
    """One governed thing: its versions by number, and its periods by entry."""

    versions: tuple[Version, ...] = ()
    periods: tuple[Period, ...] = ()

    def version(self, no: int) -> Version | None:
        return next((one for one in self.versions if one.no == no), None)

    @property
    def next_no(self) -> int:
        """The number of the next version."""
        return max((one.no for one in self.versions), default=0) + 1


def in_force(periods: Iterable[Period], at: datetime) -> Period | None:
    """The period that holds at an instant; None where nothing is in force."""
    return next((one for one in periods if one.holds(at)), None)


def standing(lineage: Lineage, no: int, at: datetime) -> Standing | None:
    """What a version is at an instant; None where there is no such version."""
    version = lineage.version(no)
    if version is None:
        return None
    if version.stage is not Stage.PUBLISHED:
        return Standing(version.stage)
    holding = in_force(lineage.periods, at)
    if holding is not None and holding.no == no:
        return Standing.IN_FORCE
    coming = any(one.no == no and one.since > at and not one.empty for one in lineage.periods)
    return Standing.SCHEDULED if coming else Standing.SUPERSEDED


def before(lineage: Lineage, at: datetime) -> int | None:
    """The version that a rollback goes back to where none is named: the last other one that was in force before."""
    holding = in_force(lineage.periods, at)
    now = holding.no if holding else None
    earlier = [one for one in lineage.periods if not one.empty and one.since < at and one.no != now]
    return max(earlier, key=lambda one: (one.since, one.entry)).no if earlier else None


def changed(old: Lineage, new: Lineage) -> tuple[tuple[Version, ...], tuple[Period, ...]]:
    """The versions and periods that an act made or changed: what there is to write."""
    were: set[object] = {*old.versions, *old.periods}
    return tuple(one for one in new.versions if one not in were), tuple(one for one in new.periods if one not in were)


def perform(lineage: Lineage, act: Act) -> Lineage | Problem:
    """What becomes of a lineage by an act, or why it may not be."""
    if act.verb in NEEDS_REASON and not act.reason.strip():
        return Problem("versions.no_reason", "say why; it is kept with the history", "/reason")
    if act.verb is Verb.DRAFT:
        return _drafted(lineage, act)
    version = lineage.version(act.no)
    if version is None:
        return Problem("versions.unknown_version", f"there is no version {act.no}", "/version", 404)
    return _DONE[act.verb](lineage, version, act)


def remembered(acts: Sequence[Act]) -> Lineage | Problem:
    """The lineage that a history comes to; the first act's problem where one could not have happened."""
    lineage = Lineage()
    for act in acts:
        after = perform(lineage, act)
        if isinstance(after, Problem):
            return after
        lineage = after
    return lineage


# ---- on the way to the review ------------------------------------------------------------------------------------------


def _drafted(lineage: Lineage, act: Act) -> Lineage | Problem:
    if act.no != lineage.next_no:
        return Problem("versions.not_next", f"the next version is {lineage.next_no}", "/version", 409)
    return replace(lineage, versions=(*lineage.versions, Version(act.no, Stage.DRAFT, _with(frozenset(), act.by))))


def _edited(lineage: Lineage, version: Version, act: Act) -> Lineage | Problem:
    if version.stage not in OPEN:
        return _not(version, "edited")
    return _put(lineage, replace(version, stage=Stage.DRAFT, authors=_with(version.authors, act.by), reviewer=None))


def _submitted(lineage: Lineage, version: Version, _: Act) -> Lineage | Problem:
    if version.stage is not Stage.DRAFT:
        return _not(version, "submitted")
    return _put(lineage, replace(version, stage=Stage.SUBMITTED))


def _sent_back(lineage: Lineage, version: Version, _: Act) -> Lineage | Problem:
    if version.stage not in (Stage.SUBMITTED, Stage.REVIEWED):
        return _not(version, "sent back")
    return _put(lineage, replace(version, stage=Stage.DRAFT, reviewer=None))


def _reviewed(lineage: Lineage, version: Version, act: Act) -> Lineage | Problem:
    if version.stage is not Stage.SUBMITTED:
        return _not(version, "reviewed")
    if act.by is None or act.by in version.authors:
        what = f"version {version.no} is reviewed by somebody who wrote nothing of it"
        return Problem("versions.four_eyes", what, status=403)
    return _put(lineage, replace(version, stage=Stage.REVIEWED, reviewer=act.by))


# ---- in force ----------------------------------------------------------------------------------------------------------


def _published(lineage: Lineage, version: Version, act: Act) -> Lineage | Problem:
    if version.stage is not Stage.REVIEWED:
        return _not(version, "published")
    periods = _from(lineage.periods, act)
    if isinstance(periods, Problem):
        return periods
    return replace(_put(lineage, replace(version, stage=Stage.PUBLISHED)), periods=periods)


def _rolled_back(lineage: Lineage, version: Version, act: Act) -> Lineage | Problem:
    """An earlier version is in force again, at once; what is scheduled for later stays scheduled."""
    if not any(one.no == version.no and not one.empty and one.since < act.at for one in lineage.periods):
        return Problem("versions.never_in_force", f"version {version.no} was never in force", "/version", 409)
    holding = in_force(lineage.periods, act.at)
    if holding is not None and holding.no == version.no:
        return Problem("versions.in_force", f"version {version.no} is in force", "/version", 409)
    periods = _from(lineage.periods, replace(act, effective=None))
    return periods if isinstance(periods, Problem) else replace(lineage, periods=periods)


def _from(periods: tuple[Period, ...], act: Act) -> tuple[Period, ...] | Problem:
    """A version in force from an instant on, until the next one that is scheduled; what held before ends there."""
    since = act.effective or act.at
    if since < act.at:
        return _past()
    if since > act.at and any(one.since == since and not one.empty for one in periods):
        return Problem("versions.instant_taken", "another version is scheduled for that instant; withdraw it first",
                       "/effective", 409)  # fmt: skip
    until = min((one.since for one in periods if one.since > since and not one.empty), default=None)
    holding = in_force(periods, since)
    if holding is not None:
        until = holding.until
        periods = _with_period(periods, replace(holding, until=since))
    return (*periods, Period(len(periods) + 1, act.no, since, until))


def _withdrawn(lineage: Lineage, version: Version, act: Act) -> Lineage | Problem:
    """A version on its way ends; a scheduled one is reviewed again, and what it would have ended goes on."""
    if version.stage in OPEN:
        return _put(lineage, replace(version, stage=Stage.WITHDRAWN))
    coming = [one for one in lineage.periods if one.no == version.no and one.since > act.at and not one.empty]
    if version.stage is not Stage.PUBLISHED or not coming:
        return _not(version, "withdrawn")
    (period,) = coming  # only a first publication can be ahead of its time
    periods = _with_period(lineage.periods, replace(period, until=period.since))
    ended = next((one for one in lineage.periods if one.until == period.since and not one.empty), None)
    if ended is not None:
        periods = _with_period(periods, replace(ended, until=period.until))
    return replace(_put(lineage, replace(version, stage=Stage.REVIEWED)), periods=periods)


def _ended(lineage: Lineage, version: Version, act: Act) -> Lineage | Problem:
    """A version is in force no longer from an instant on, and nothing takes its place."""
    until = act.effective or act.at
    if until < act.at:
        return _past()
    holding = in_force(lineage.periods, until)
    if holding is None or holding.no != version.no:
        return Problem("versions.not_in_force", f"version {version.no} is not in force then", "/version", 409)
    return replace(lineage, periods=_with_period(lineage.periods, replace(holding, until=until)))


_DONE: Mapping[Verb, Callable[[Lineage, Version, Act], Lineage | Problem]] = MappingProxyType(
    {
        Verb.EDIT: _edited,
        Verb.SUBMIT: _submitted,
        Verb.SEND_BACK: _sent_back,
        Verb.REVIEW: _reviewed,
        Verb.PUBLISH: _published,
        Verb.WITHDRAW: _withdrawn,
        Verb.ROLL_BACK: _rolled_back,
        Verb.END: _ended,
    }
)


def _put(lineage: Lineage, version: Version) -> Lineage:
    return replace(lineage, versions=tuple(version if one.no == version.no else one for one in lineage.versions))


def _with_period(periods: Iterable[Period], period: Period) -> tuple[Period, ...]:
    return tuple(period if one.entry == period.entry else one for one in periods)


def _with(authors: frozenset[UUID], by: UUID | None) -> frozenset[UUID]:
    return authors if by is None else authors | {by}


def _not(version: Version, what: str) -> Problem:
    stage = version.stage.value
    return Problem("versions.wrong_stage", f"version {version.no} is {stage} and cannot be {what}", "/version", 409,
                   {"stage": stage})  # fmt: skip


def _past() -> Problem:
    return Problem("versions.in_the_past", "what was in force stays as it was: choose an instant to come", "/effective")
