"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_invoice(number: str, where: str = "") -> Problem:
    """No such open invoice, or none that may be settled by this account."""
    return Problem("billing.unknown_invoice", f"There is no invoice {number} of this account.", where, 404)


def unknown_payment(number: str, where: str = "") -> Problem:
    """No such payment."""
    return Problem("billing.unknown_payment", f"There is no payment {number}.", where, 404)


def unknown_account(code: str, where: str = "") -> Problem:
    """No such account."""
    return Problem("billing.unknown_account", f"There is no account {code}.", where, 404)


def bad_amount(amount: str, where: str = "") -> Problem:
    """An amount of money received is above zero and in whole minor units."""
    return Problem("billing.bad_amount", f"{amount} is no amount that can be received.", where)


def bad_currency(currency: str, where: str = "") -> Problem:
    """Not an ISO 4217 code."""
    return Problem("billing.bad_currency", f"{currency} is no currency.", where)


def other_currency(currency: str, wanted: str, where: str = "") -> Problem:
    """Nothing is settled across currencies."""
    return Problem("billing.other_currency", f"An item in {wanted} is not settled in {currency}.", where, 409)


def more_than_open(number: str, amount: str, still_open: str, where: str = "") -> Problem:
    """More than is still open of the invoice."""
    return Problem(
        "billing.more_than_open",
        f"{amount} is more than the {still_open} still open of {number}.",
        where,
        409,
        {"open": still_open},
    )


def more_than_received(amount: str, left: str, where: str = "") -> Problem:
    """The applications exceed the money."""
    return Problem("billing.more_than_received", f"{amount} is more than the {left} left of the money.", where, 409)


def key_reused(key: str, number: str) -> Problem:
    """The same key with another payment."""
    return Problem(
        "billing.key_reused", f"The key {key} was used for payment {number}, which says something else.", "/key", 422
    )


def already_bounced(number: str) -> Problem:
    """A payment bounces once."""
    return Problem("billing.already_bounced", f"Payment {number} has bounced already.", "", 409)


def settled_meanwhile(number: str) -> Problem:
    """Somebody else applied money of it between our look and our lock."""
    return Problem("billing.settled_meanwhile", f"{number} was applied meanwhile; try again.", "", 409)


def no_such_line(line_no: int, where: str = "") -> Problem:
    """The invoice has no such line."""
    return Problem("billing.no_such_line", f"The invoice has no line {line_no}.", where, 404)


def qty_or_amount(where: str = "") -> Problem:
    """A credit is so many units or an amount."""
    return Problem("billing.qty_or_amount", "A credit names either a quantity or an amount.", where)


def more_than_invoiced(wanted: str, left: str, where: str = "") -> Problem:
    """A credit never exceeds what was invoiced less what was credited before."""
    return Problem(
        "billing.more_than_invoiced", f"{wanted} is more than the {left} left to credit.", where, 409, {"left": left}
    )


def too_fine(amount: str, where: str = "") -> Problem:
    """Finer than the currency's minor unit."""
    return Problem("billing.too_fine", f"{amount} is finer than the currency.", where)


def nothing_to_credit() -> Problem:
    """A credit note over nothing is not posted."""
    return Problem("billing.nothing_to_credit", "There is nothing to credit.", "", 409)


def parts_not_whole(shares: str, where: str = "") -> Problem:
    """The instalments of terms are the whole invoice."""
    return Problem("billing.parts_not_whole", f"The parts come to {shares} percent, not to 100.", where)


def parts_and_discount(where: str = "") -> Problem:
    """Terms have instalments or a discount."""
    return Problem("billing.parts_and_discount", "Terms with instalments give no discount for paying early.", where)


def discount_too_late(where: str = "") -> Problem:
    """A discount is for paying early."""
    return Problem("billing.discount_too_late", "A discount is given for at most a year.", where)


def unknown_terms(code: str, where: str = "") -> Problem:
    """No such payment terms."""
    return Problem("billing.unknown_terms", f"There are no payment terms {code}.", where, 404)


def not_free(number: str, wanted: str, free: str, where: str = "") -> Problem:
    """Only money that nothing needs is paid back."""
    return Problem(
        "billing.not_free", f"{wanted} is more than the {free} of {number} that is free.", where, 409, {"free": free}
    )


def paid_back(number: str) -> Problem:
    """Money that went back cannot come back once more."""
    return Problem("billing.paid_back", f"Part of {number} was paid back to its source.", "", 409)


def bad_levels(said: str, where: str = "") -> Problem:
    """Levels of dunning follow one another."""
    return Problem("billing.bad_dunning_levels", said, where)


def unknown_policy(code: str, where: str = "") -> Problem:
    """No such dunning policy."""
    return Problem("billing.unknown_dunning_policy", f"There is no dunning policy {code}.", where, 404)


def one_scope(where: str = "") -> Problem:
    """A policy is for an account, a segment, or everybody."""
    return Problem("billing.dunning_policy_has_one_scope", "A policy is for an account or a segment, not both.", where)


def unknown_calendar(code: str, where: str = "") -> Problem:
    """No such calendar."""
    return Problem("billing.unknown_calendar", f"There is no calendar {code}.", where, 404)


def promise_without_day(where: str = "") -> Problem:
    """A promise to pay names a day that is not over."""
    return Problem(
        "billing.promise_without_day", "A promise to pay names the day by which it is paid, from today on.", where
    )


def pause_over() -> Problem:
    """What was ended is not ended again."""
    return Problem("billing.dunning_pause_over", "Dunning goes on already.", "", 409)


def claim_ended(status: str) -> Problem:
    """A claim is paid or waived once."""
    return Problem("billing.dunning_claim_ended", f"The claim is {status} already.", "", 409)
