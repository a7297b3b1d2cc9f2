"""One scripted day of the made-up company, through the ordinary doors, and the proof that every order is where it should be."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from demo.acts import pay_orders, ship_orders
from demo.company import SEED, company
from demo.door import Answer, Door
from demo.people import AGENT, APPROVER, INTEGRATION, Login, buyer_login, staff_login
from demo.stories import STORIES, Story
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Actor, Database, Tx

ORDINARY_ORDERS = 40
ROW = "  {number:<11} {account:<9} {total:>11}  {path:<48} {story}"


@dataclass
class Told:
    """What became of a story: its order as last read, the statuses it went through, and what is wrong with it."""

    story: Story
    order: dict[str, Any] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refusal: str = ""

    def saw(self, status: str) -> None:
        if not self.path or self.path[-1] != status:
            self.path.append(status)


@dataclass
class Day:
    """The house on this day: the front door, who may come in, and the worker that moves what is due."""

    database: Database
    door: Door
    people: dict[str, Login]
    work: Callable[[], None]
    say: Callable[[str], None] = print
    told: list[Told] = field(default_factory=list)
    last: dict[str, Told] = field(default_factory=dict)

    def login(self, role: str) -> str:
        """The login of a role of the staff, of `erp`, `agent`, `approver`, or of a company's buyer (by its code)."""
        names = {"erp": INTEGRATION, "agent": AGENT, "approver": APPROVER}
        staff = staff_login(role)
        return names.get(role) or (staff if staff in self.people else buyer_login(role))

    def ask(self, role: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request in somebody's name."""
        return self.door.ask(self.people[self.login(role)].key, method, path, body, headers=headers)

    def must(self, role: str, method: str, path: str, body: Any = None) -> Any:
        """A request that is expected to work; gives its body."""
        answer = self.ask(role, method, path, body)
        if answer.status >= 400:
            raise AssertionError(f"{method} {path} by {role}: {answer.status} {answer.body}")
        return answer.body

    def rows(self, statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
        """A look into the database."""
        return self.database.read(lambda reader: reader.rows(statement, values))

    def principal(self, role: str) -> UUID:
        """Somebody's id."""
        ((found,),) = self.rows("select id from principal where login = %s", [self.login(role)])
        return UUID(str(found))

    def do(self, role: str, work: Callable[[Tx], Any]) -> Any:
        """Something that somebody does in one transaction."""
        return self.database.write(work, actor=Actor(self.principal(role), self.login(role), "desk"))

    def run(self) -> None:
        """The ordinary orders, then story after story."""
        self.ordinary_orders()
        for story in STORIES:
            self.tell(story)

    # ---- orders ---------------------------------------------------------------------------------------------------

    def ordinary_orders(self) -> None:
        """Many plain orders in one request; shipped, invoiced and paid."""
        for story in _ordinary(self.database):
            self.told.append(Told(story))
        batch = [{**_body(self, one.story), "client_ref": str(place)} for place, one in enumerate(self.told)]
        results = self.must("erp", "POST", "/orders", {"orders": batch})["results"]
        for one, result in zip(self.told, results, strict=True):
            _note(self, one, Answer(result["status"], result.get("order") or result.get("problem")))
        self.work()
        orders = [one.order["number"] for one in self.told if one.order]
        ship_orders(self, orders)
        self.work()
        pay_orders(self, orders)
        self.work()

    def tell(self, story: Story) -> None:
        """Place the story's order and do to it what happens to it."""
        told = Told(story)
        self.told.append(told)
        by = story.by if story.by != "buyer" else story.account.partition("-")[0]
        _note(self, told, self.ask(by, "POST", "/orders", _body(self, story)))
        self.work()
        self.act(told)

    def act(self, told: Told) -> None:
        """The story's acts, each followed by the worker, and a look at the order."""
        if not told.order:
            return
        self.look(told)
        for one in told.story.acts:
            try:
                one(self, told)
            except (AssertionError, Refused) as wrong:
                told.wrong.append(f"{one.__name__}: {wrong}")
            self.work()
            self.look(told)

    def look(self, told: Told) -> None:
        """Read the order as its buyer sees it."""
        told.order = self.must(_reader(told.story), "GET", f"/orders/{told.order['id']}")
        told.saw(told.order["status"])

    # ---- the evening ----------------------------------------------------------------------------------------------

    def judge(self) -> list[Told]:
        """Look at every order again; gives the stories that did not end as they should."""
        for told in self.told:
            if told.order:
                self.look(told)
                if told.order["status"] != told.story.ends:
                    told.wrong.append(f"is {told.order['status']}, not {told.story.ends}")
        return [told for told in self.told if told.wrong]

    def report(self) -> None:
        """What happened, as a table people can read."""
        ordinary = Counter(told.path[-1] for told in self.told[:ORDINARY_ORDERS] if told.path)
        self.say(
            f"{ORDINARY_ORDERS} ordinary orders: " + ", ".join(f"{count} {name}" for name, count in ordinary.items())
        )
        self.say("")
        self.say(ROW.format(number="order", account="buyer", total="total", path="went", story="because"))
        for told in self.told[ORDINARY_ORDERS:]:
            self.say(ROW.format(**_row(told)))
            for wrong in told.wrong:
                self.say(f"            WRONG: {wrong}")
        states = Counter(told.order["status"] for told in self.told if told.order)
        self.say("")
        self.say("now: " + ", ".join(f"{count} {status}" for status, count in states.most_common()))


def _reader(story: Story) -> str:
    return story.account.partition("-")[0]


def _row(told: Told) -> dict[str, str]:
    order, story = told.order, told.story
    if not order:
        return {
            "number": "-",
            "account": story.account,
            "total": "",
            "path": f"refused: {told.refusal}",
            "story": story.name,
        }
    return {
        "number": order["number"], "account": order["account"], "total": f"{order['total']} {order['currency']}",
        "path": " > ".join(told.path), "story": story.name,
    }  # fmt: skip


def _body(day: Day, story: Story) -> dict[str, Any]:
    """The order as JSON."""
    names = ("item", "qty", "uom", "unit_price")
    lines: list[dict[str, Any]] = [dict(zip(names, line, strict=False)) for line in story.lines]
    body: dict[str, Any] = {"account": story.account, "lines": lines, **story.more}
    if story.po:
        body["buyer_po"] = story.po
    if story.days:
        today = day.database.clock()
        places = story.ship_tos or ("MAIN",) * len(story.days)
        body["groups"] = [
            {
                "group_no": number,
                "ship_to": place,
                **({"requested_at": (today + timedelta(days=days)).isoformat()} if days else {}),
            }
            for number, (days, place) in enumerate(zip(story.days, places, strict=True), 1)
        ]
        for number, line in enumerate(lines, 1):
            line["group_no"] = min(number, len(story.days))
    return body


def _note(day: Day, told: Told, answer: Answer) -> None:
    """Compare what the door said with what the story expects."""
    story = told.story
    if answer.status >= 400:
        told.refusal = answer.code
        if answer.code != story.placed:
            told.wrong.append(f"was refused: {answer.status} {answer.body}")
        return
    told.order = answer.body
    told.saw(answer.body["status"])
    day.last[story.account] = told
    if answer.body["status"] != story.placed:
        told.wrong.append(f"was placed as {answer.body['status']}, not {story.placed}")
    holds = tuple(hold["code"] for hold in answer.body["holds"])
    if story.holds and holds != story.holds:
        told.wrong.append(f"has the holds {holds}, not {story.holds}")
    taxes = {line["tax_category"] for line in answer.body["lines"]}
    if story.tax and taxes != {story.tax}:
        told.wrong.append(f"bears tax {taxes}, not {story.tax}")
    told.wrong += [f"not so: {sentence}" for sentence, holds_true in story.checks if not holds_true(answer.body)]


def _ordinary(database: Database) -> list[Story]:
    """Plain orders of ordinary products, by chance but always the same."""
    chance = Random(SEED + 1)
    made = company(database.clock())
    items = [row["sku"] for row in made["products"]
             if row["status"] == "active" and row["multiple_qty"] == "0" and row["sku"][4] != "9" and len(row["sku"]) == 7]  # fmt: skip
    special = {"KIOSK", "TISCHLER", "GRAUBAU", "STADTWERK"}
    buyers = [row["code"] for row in made["accounts"]
              if row["code"] not in special and row["ship_policy"] == "partial" and row["price_policy"] == "list"]  # fmt: skip
    stories = []
    for number in range(1, ORDINARY_ORDERS + 1):
        lines = tuple((sku, str(chance.randint(1, 12))) for sku in sorted(chance.sample(items, chance.randint(2, 6))))
        stories.append(Story(f"ordinary {number}", chance.choice(buyers), lines, "confirmed", "closed"))
    return stories
