from collections.abc import Iterator

import pytest

from shop import Shop, open_shop


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    """A small company with a hundred cups and a hundred teas at site N; every test leaves it with its invariants."""
    opened = open_shop(owner_url)
    yield opened
    opened.database.close()
    opened.verify()
