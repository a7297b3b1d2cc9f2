"""Which delivery groups of changed orders a process comes by already, so that no second one is started for them."""

from collections.abc import Iterable

from tradewind.kernel.tx import Reader
from tradewind.orchestration.commands.waits import elements_running
from tradewind.streams.order_work import OrderWork
from tradewind.streams.release import group_key


def groups_come_by(reader: Reader, works: Iterable[OrderWork]) -> set[str]:
    """The keys of groups that the process of a changed order comes by (again), though it does not wait for their goods now:
    it waits for a time of release, or for somebody to decide. Orders that were not changed cost nothing."""
    changed = [work for work in works if work.version > 1]
    running = elements_running(reader, "order_to_release", "group", [work.id for work in changed])
    coming = {group["key"] for groups in running.values() for group in groups}
    again = [work for work in changed if work.confirmed_at is None]
    return coming | {group_key(work.id, group.group_no) for work in again for group in work.groups}
