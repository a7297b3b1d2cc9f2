"""MAP.md is complete; that all generated papers are what the code gives is `python -m tradewind.app.generate --check`."""

import re

import pytest

from tradewind.app.generate.__main__ import ROOT
from tradewind.app.generate.house import WORDS, layers, map_of_words, packages

WORDS_OF_THE_BUSINESS = (
    "order processing",
    "inventory visibility",
    "pricing",
    "unified data",
    "portal",
    "integration",
    "analytics",
    "orchestration",
    "agents",
)


def test_every_package_stands_on_the_map_once_and_under_a_word_of_the_business():
    placed = [name for names in layers() for name in names.split()]

    assert sorted(placed) == packages()
    assert {name for _, names in WORDS for name in names.split()} == set(placed)


@pytest.mark.parametrize("word", WORDS_OF_THE_BUSINESS)
def test_a_newcomer_finds_the_word(word):
    assert any(word in known for known, _ in WORDS)
    assert word in map_of_words()


def test_folders_and_links_on_the_map_exist():
    made = map_of_words()

    for folder in re.findall(r"\| `([a-z/_]+)/` \|", made):
        assert (ROOT / folder).is_dir(), folder
    for name in re.findall(r"\(#([a-z]+)\)", made):
        assert f"\n### {name}\n" in made
