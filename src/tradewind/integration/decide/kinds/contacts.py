"""People at accounts."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, mail_address, one_of, words
from tradewind.semantics.decide.rows.schema import Kind


class ContactRow(NamedTuple):
    """One row."""

    row: int
    account: str
    code: str
    name: str
    email: str | None
    phone: str | None
    job: str | None
    language: str | None


CONTACTS = Kind(
    name="contacts",
    sentence="People at accounts.",
    row=ContactRow,
    fields=(
        code("account", "code of the account", required=True, aliases=("customer", "account_code")),
        code("code", "what we call the contact", required=True, aliases=("contact", "contact_code")),
        words("name", "the person's name", required=True),
        mail_address("email", "e-mail address"),
        words("phone", "telephone number", length=60, aliases=("telephone",)),
        words("job", "what the person does there", aliases=("job_title", "role", "title")),
        one_of("language", "what papers are written in where the account says nothing", "en", "de"),
    ),
    key=("account", "code"),
    after=("accounts",),
)
