import pytest

from tradewind.kernel.problem import Problem, Refused, problem_body, refuse

LATE = Problem("orders.too_late", "It is too late.", "/lines/2", 409, {"closed": "2026-03-02"})
WRONG = Problem("orders.no_lines", "An order has lines.")


def test_a_problem_is_a_problem_document_without_its_empty_members() -> None:
    assert LATE.as_json() == {
        "type": "urn:tradewind:orders.too_late",
        "title": "It is too late.",
        "status": 409,
        "code": "orders.too_late",
        "pointer": "/lines/2",
        "detail_values": {"closed": "2026-03-02"},
    }
    assert WRONG.as_json() == {
        "type": "urn:tradewind:orders.no_lines",
        "title": "An order has lines.",
        "status": 422,
        "code": "orders.no_lines",
    }


def test_a_problem_can_be_said_of_another_place() -> None:
    assert LATE.at("row 17, column qty") == Problem(
        "orders.too_late", "It is too late.", "row 17, column qty", 409, {"closed": "2026-03-02"}
    )


def test_several_problems_are_one_document_with_the_status_of_the_first() -> None:
    body = problem_body([LATE, WRONG])

    assert (body["status"], body["code"]) == (409, "orders.too_late")
    assert body["errors"] == [LATE.as_json(), WRONG.as_json()]


def test_a_document_of_no_problems_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one problem"):
        problem_body([])


def test_a_refusal_carries_its_problems_out_of_a_transaction() -> None:
    refused = refuse("orders.unknown_account", "There is no such account.", where="/account", status=404, account="A-7")

    assert isinstance(refused, Refused)
    assert refused.problems == (
        Problem("orders.unknown_account", "There is no such account.", "/account", 404, {"account": "A-7"}),
    )
    assert str(Refused([LATE, WRONG])) == "orders.too_late: It is too late.; orders.no_lines: An order has lines."
