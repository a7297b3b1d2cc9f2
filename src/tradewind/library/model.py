"""Templates as values: a picture with its parameters, measures, needs and plain words."""

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tradewind.kernel.value import value


class Measure(StrEnum):
    """What can be measured of any stream."""

    CYCLE_HOURS = "cycle_hours"
    TOUCHLESS_SHARE = "touchless_share"
    TASKS_ON_TIME_SHARE = "tasks_on_time_share"
    INCIDENT_SHARE = "incident_share"


@value(frozen=True, slots=True)
class Kpi:
    """What the template is to reach: `target` at most (`better` less) or at least (more)."""

    code: str
    title: str
    measure: Measure
    target: Decimal
    better: str


@value(frozen=True, slots=True)
class Needs:
    """What must be here for it to run."""

    roles: tuple[str, ...] = ()
    connectors: tuple[str, ...] = ()
    decision_points: tuple[str, ...] = ()


@value(frozen=True, slots=True)
class Parameter:
    """Something a company sets for itself: instances begin with it as a variable."""

    name: str
    meaning: str
    default: Any


@value(frozen=True, slots=True)
class Template:
    """A value stream ready to be installed. `bpmn` is its picture and what runs; `sample` are orders to try it on."""

    code: str
    version: int
    name: str
    owner: str
    summary: tuple[str, ...]
    stream: str
    story: str
    bpmn: bytes = field(repr=False)
    parameters: tuple[Parameter, ...] = ()
    timeouts: Mapping[str, str] = field(default_factory=dict)
    needs: Needs = Needs()
    kpis: tuple[Kpi, ...] = ()
    sample: Mapping[str, Any] = field(default_factory=dict)


class Origin(StrEnum):
    """Where a difference between three versions comes from."""

    TEMPLATE = "template"
    HERE = "here"
    BOTH_ALIKE = "both_alike"
    CONFLICT = "conflict"


@value(frozen=True, slots=True)
class Delta:
    """One element that differs: `was` in the installed template, `theirs` in the new one, `mine` here; None where it is not there."""

    id: str
    name: str
    origin: Origin
    was: str | None
    theirs: str | None
    mine: str | None


@value(frozen=True, slots=True)
class Reached:
    """What a measure came to over `n` cases, with a 95 % interval; None where there were too few."""

    measure: Measure
    n: int
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
