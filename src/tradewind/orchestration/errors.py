"""Refusals of the stream engine."""

from typing import Any

from tradewind.kernel.problem import Problem


def unknown_token(token: int) -> Problem:
    """The token has moved on, or never was: a stale or doubled answer."""
    return Problem("orchestration.unknown_token", "nothing waits under this token", status=409, detail={"token": token})


def wrong_answer(token: int, node: str, expected: str) -> Problem:
    """A timer was completed, a service step was fired, and the like."""
    return Problem(
        "orchestration.wrong_answer", f"this token waits to be answered by {expected}", node, 409, {"token": token}
    )


def no_receiver(name: str, key: str) -> Problem:
    """No token waits for the message (yet)."""
    return Problem("orchestration.no_receiver", "nothing waits for this message", "", 409, {"name": name, "key": key})


def not_due(token: int, node: str, due: str) -> Problem:
    return Problem("orchestration.timer_not_due", "the timer is not due yet", node, 409, {"token": token, "due": due})


def no_way_out(node: str) -> Problem:
    """No condition of an exclusive gateway holds and it has no default."""
    return Problem("orchestration.no_way_out", "no condition holds and there is no default flow", node)


def endless_loop(node: str, limit: int) -> Problem:
    return Problem(
        "orchestration.endless_loop", "the stream moves on without ever waiting", node, detail={"limit": limit}
    )


def too_many_tokens(node: str, limit: int) -> Problem:
    return Problem("orchestration.too_many_tokens", "too much goes on at once", node, detail={"limit": limit})


def too_many_instances(node: str, limit: int) -> Problem:
    return Problem(
        "orchestration.too_many_instances", "too many instances of one activity", node, detail={"limit": limit}
    )


def no_instant(node: str, expression: str) -> Problem:
    """A timer or due date whose expression gives no instant and no delay."""
    return Problem("orchestration.no_instant", "this gives no point in time", node, detail={"expression": expression})


def no_key(node: str, expression: str) -> Problem:
    """A message without its key would reach whoever waits first."""
    return Problem("orchestration.no_key", "this gives no text or number", node, detail={"expression": expression})


def no_collection(node: str, expression: str) -> Problem:
    return Problem("orchestration.no_collection", "this gives no list", node, detail={"expression": expression})


def no_cardinality(node: str, expression: str) -> Problem:
    return Problem(
        "orchestration.no_cardinality", "this gives no whole number", node, detail={"expression": expression}
    )


def no_context(node: str, expression: str) -> Problem:
    """What should give names and their values gives something else."""
    return Problem(
        "orchestration.no_context", "this gives no names with values", node, detail={"expression": expression}
    )


def uncaught_error(node: str, code: str) -> Problem:
    """A business error for which the diagram has nothing that catches it."""
    return Problem("orchestration.uncaught_error", f"nothing catches the error {code}", node, 409, {"error": code})


def bad_variable(name: str, why: str) -> Problem:
    return Problem("orchestration.bad_variable", why, f"/{name}", detail={"name": name})


def no_start(name: str) -> Problem:
    return Problem("orchestration.no_start", "the stream does not start this way", "", detail={"message": name})


def stuck(node: str) -> Problem:
    """Only tokens at joins are left: what they wait for can no longer come."""
    return Problem("orchestration.join_never_completes", "a join waits for a token that can no longer come", node)


def unknown_node(node: str) -> Problem:
    """The stored position names an element that this version of the stream does not have."""
    return Problem("orchestration.unknown_node", "the stream has no such element", node, 409)


def wrong_scope(node: str) -> Problem:
    return Problem("orchestration.wrong_scope", "a token can only be moved inside its own sub-process", node, 409)


def unreadable_state(why: str) -> Problem:
    return Problem("orchestration.unreadable_state", why, status=500)


def unknown_task(where: str = "") -> Problem:
    """No such task, or none of the caller's roles does it."""
    return Problem("orchestration.unknown_task", "There is no such task.", where, 404)


def task_over(status: str, where: str = "") -> Problem:
    """Somebody was faster, or the stream went on without it."""
    return Problem("orchestration.task_over", f"The task is {status} already.", where, 409, {"status": status})


def unknown_incident(where: str = "") -> Problem:
    """No such incident."""
    return Problem("orchestration.unknown_incident", "There is no such incident.", where, 404)


def incident_over(resolution: str, where: str = "") -> Problem:
    """Somebody was faster."""
    return Problem("orchestration.incident_over", f"The incident was resolved: {resolution}.", where, 409)


def not_paused(step: str, where: str = "") -> Problem:
    """The step runs."""
    return Problem("orchestration.not_paused", f"{step} is not paused.", where, 404, {"step": step})


def cannot_skip(token: int, node: str) -> Problem:
    """The token rests where nothing can be answered: at a join, on a sub-process or a loop."""
    return Problem(
        "orchestration.cannot_skip",
        "here nothing waits that could be skipped: move the token",
        node,
        409,
        {"token": token},
    )


def unknown_instance(where: str = "") -> Problem:
    """No such instance."""
    return Problem("orchestration.unknown_instance", "There is no such instance.", where, 404)


def instance_over(status: str, where: str = "") -> Problem:
    """It has ended; nothing of it can be repaired."""
    return Problem("orchestration.instance_over", f"The instance is {status} already.", where, 409, {"status": status})


def moved_meanwhile(position: int, where: str = "") -> Problem:
    """It has moved since the caller looked."""
    return Problem(
        "orchestration.moved_meanwhile", "The instance has moved since you looked.", where, 409, {"position": position}
    )


def answered_meanwhile(token: int, where: str = "") -> Problem:
    """Somebody did the task; the instance goes on with that answer as soon as it is turned."""
    return Problem(
        "orchestration.answered_meanwhile", "Somebody has answered this meanwhile.", where, 409, {"token": token}
    )


def no_incident(where: str = "") -> Problem:
    """Only an instance that stands in an incident is tried again."""
    return Problem("orchestration.no_incident", "The instance stands in no incident.", where, 409)


def no_message_wait(element: str, where: str) -> Problem:
    """Only what waits for a message can wait too long for it; a person's task has its due date, a timer its instant."""
    return Problem(
        "orchestration.no_message_wait",
        f"{element} is no element that waits for a message",
        where,
        detail={"element": element},
    )


def no_timeout(element: str, text: str, where: str) -> Problem:
    return Problem(
        "orchestration.no_timeout", "this is no duration above zero, such as P3D or PT12H", where,
        detail={"element": element, "given": text[:100]},
    )  # fmt: skip


def cannot_run(unsupported: list[dict[str, str]], findings: list[dict[str, str]]) -> Problem:
    """Everything in a diagram that this engine does not run, each with its element and id."""
    return Problem(
        "orchestration.cannot_run",
        "The diagram cannot run.",
        "/bpmn",
        detail={"unsupported": unsupported, "findings": findings},
    )


def diagram_too_large(size: int, limit: int) -> Problem:
    return Problem(
        "orchestration.diagram_too_large", "The diagram is too large.", "/bpmn", 413, {"bytes": size, "limit": limit}
    )


def unknown_step(step: str, element: str, known: list[str]) -> Problem:
    """The stream has no such step."""
    message = f"{element} names the step {step}, which this stream does not have."
    return Problem(
        "orchestration.unknown_step", message, "/bpmn", detail={"step": step, "element": element, "steps": known}
    )


def unknown_called(stream: str, element: str) -> Problem:
    """A call activity starts a stream that there is not."""
    message = f"{element} calls the stream {stream}, which there is not."
    return Problem("orchestration.unknown_called", message, "/bpmn", detail={"stream": stream, "element": element})


def unknown_stream(stream: str) -> Problem:
    return Problem("orchestration.unknown_stream", f"There is no stream {stream}.", status=404)


def stored_already(version: int) -> Problem:
    """What was published once never changes, even where it was taken back before its instant."""
    return Problem(
        "orchestration.stored_already", f"Version {version} was published; draft a new one.", "/version", 409
    )


def same_as(version: int) -> Problem:
    return Problem("orchestration.same_as", f"This is what version {version} says; put that in force.", "/version", 409,
                   {"version": version})  # fmt: skip


def nothing_before() -> Problem:
    return Problem("orchestration.nothing_before", "No other version was in force before.", "/version", 409)


def stream_needs_a_version() -> Problem:
    """Orders come at any time: a stream is never without a version in force."""
    return Problem(
        "orchestration.stream_needs_a_version", "A stream is superseded by another version, not ended.", "/act", 409
    )


def bad_mapping(element: str, why: str) -> Problem:
    """The mapping names what is not there."""
    return Problem("orchestration.bad_mapping", f"{why}.", f"/mapping/{element}", detail={"element": element})


def other_version(stream: str, version: int) -> Problem:
    """It runs another version than the one it was to be moved from."""
    return Problem(
        "orchestration.other_version", f"The instance runs version {version} of {stream}.", status=409,
        detail={"stream": stream, "version": version},
    )  # fmt: skip


def unknown_version(stream: str, version: int) -> Problem:
    return Problem("orchestration.unknown_version", f"There is no version {version} of {stream}.", status=404)


def no_reason() -> Problem:
    """What people do to running instances is kept with its reason."""
    return Problem("orchestration.no_reason", "Say why; it is kept with the history.", "/reason")


def cannot_edit(why: str, where: str = "") -> Problem:
    """A change of a diagram that cannot be made; nothing of the change was."""
    return Problem("orchestration.cannot_edit", why, where)


def bad_form(where: str, why: str) -> Problem:
    """A form that cannot be filled in."""
    return Problem("orchestration.bad_form", f"{why[:1].upper()}{why[1:]}.", where)


def bad_outcome(where: str, why: str) -> Problem:
    """What was filled in does not fit the task's form."""
    return Problem("orchestration.bad_outcome", why, where)


def claimed_by_another(where: str = "") -> Problem:
    """Somebody else has taken the task."""
    return Problem(
        "orchestration.claimed_by_another",
        "Somebody else has claimed the task; take it over with a reason.",
        where,
        409,
    )


def not_claimed(where: str = "") -> Problem:
    return Problem("orchestration.not_claimed", "Nobody has claimed the task.", where, 409)


def cannot_do(login: str, role: str, where: str = "") -> Problem:
    """The task is not for this person."""
    return Problem(
        "orchestration.cannot_do", f"{login} does not do tasks of {role}, or does not see what it is about.", where, 409
    )


def unknown_form(code: str, where: str = "") -> Problem:
    return Problem("orchestration.unknown_form", f"There is no form {code}.", where, 404)


def unknown_calendar(code: str, where: str = "/calendar") -> Problem:
    return Problem("orchestration.unknown_calendar", f"There is no calendar {code}.", where)


def bad_rule(where: str, why: str) -> Problem:
    """A rule for tasks that contradicts itself."""
    return Problem("orchestration.bad_rule", why, where)


def bad_absence(where: str, why: str) -> Problem:
    return Problem("orchestration.bad_absence", why, where)


def link_over(why: str) -> Problem:
    """A link that was used, is too old, was taken back, or whose task or holder is not what it was."""
    return Problem("orchestration.link_over", why, "", 410)


def changed_since(differs: list[dict[str, Any]], seen: str) -> Problem:
    """What the link shows is not what was looked at."""
    return Problem(
        "orchestration.changed_since",
        "It has changed since you looked; look again.",
        "/seen",
        409,
        {"differences": differs, "seen": seen},
    )


def no_calendar_time(element: str, code: str) -> Problem:
    """A delay in working time of a calendar that is not there, or that never works."""
    message = f"{element} waits by the calendar {code}, which is not there or never works."
    return Problem("orchestration.no_calendar_time", message, detail={"element": element, "calendar": code})


def link_for_another() -> Problem:
    """Whoever sees a link could act in the name of the person it is for."""
    return Problem(
        "orchestration.link_for_another",
        "A link is made by the person it is for, or by the system that sends it.",
        "/login",
        403,
    )


def unknown_role(role: str, element: str, known: list[str]) -> Problem:
    """A user task for people that there are none of: it would stand in nobody's inbox."""
    message = f"{element} is for the role {role}, which nobody holds."
    return Problem(
        "orchestration.unknown_role", message, "/bpmn", detail={"role": role, "element": element, "roles": known}
    )
