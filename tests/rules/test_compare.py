from tradewind.rules.decide.compare import CellChange, RowChange, compare
from tradewind.rules.decide.dmn.read import read_definitions
from tradewind.rules.decide.dmn.sheet import rows_as_dmn
from tradewind.rules.model import Definitions

LOW = {"id": "low", "conditions": ["< 100"], "conclusions": ['"none"']}
MIDDLE = {"id": "middle", "conditions": ["[100..5000)"], "conclusions": ['"lead"']}
HIGH = {"id": "high", "conditions": [">= 5000"], "conclusions": ['"head"'], "notes": ["since May"]}


def model(*rows: object, hit_policy: str = "UNIQUE") -> Definitions:
    made = rows_as_dmn(
        {
            "table": "t",
            "decision": "approver",
            "hit_policy": hit_policy,
            "inputs": [{"expression": "order total", "type": "number"}],
            "outputs": [{"name": "approver", "type": "string"}],
            "rows": list(rows),
        }
    )
    assert isinstance(made, bytes), made
    read = read_definitions(made)
    assert isinstance(read, Definitions)
    return read


def rows_between(old: Definitions, new: Definitions) -> tuple[RowChange, ...]:
    (table,), others = compare(old, new)
    assert others == ()
    return table.rows


def test_the_same_differs_in_nothing() -> None:
    assert compare(model(LOW, HIGH), model(LOW, HIGH)) == ((), ())


def test_a_cell_that_changed_is_told_with_what_it_was() -> None:
    changed = rows_between(model(LOW, HIGH), model(LOW, {**HIGH, "conditions": [">= 7500"]}))

    assert changed == (RowChange(2, 2, moved=False, cells=(CellChange("order total", ">= 5000", ">= 7500"),)),)


def test_rows_are_added_and_removed_without_the_others_having_moved() -> None:
    changed = rows_between(model(LOW, HIGH), model(MIDDLE, HIGH))

    assert [(one.was, one.now, one.moved) for one in changed] == [(None, 1, False), (1, None, False)]
    assert changed[0].cells[0] == CellChange("order total", "", "[100..5000)")
    assert changed[1].cells == (CellChange("order total", "< 100", ""), CellChange("→ approver", '"none"', ""))


def test_one_row_that_went_up_is_the_one_that_moved() -> None:
    changed = rows_between(model(LOW, MIDDLE, HIGH), model(HIGH, LOW, MIDDLE))

    assert changed == (RowChange(3, 1, moved=True, cells=()),)


def test_rows_with_other_ids_are_known_by_what_they_say() -> None:
    without = [{**one, "id": f"x{at}"} for at, one in enumerate((LOW, MIDDLE, HIGH))]

    assert compare(model(LOW, MIDDLE, HIGH), model(*without)) == ((), ())


def test_what_is_not_a_row_is_told_too() -> None:
    (table,), _ = compare(model(LOW, HIGH), model(LOW, HIGH, hit_policy="FIRST"))

    assert table.settings == (CellChange("hit policy", "UNIQUE", "FIRST"),)
    assert table.rows == ()
