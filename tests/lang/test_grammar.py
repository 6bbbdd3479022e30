"""The grammar and the tables made from it."""

from __future__ import annotations

from lang.tables import GRAMMAR, HARD_WORDS, TABLES, generate, load


def test_tables_are_made_from_the_grammar() -> None:
    """The committed tables are what the grammar gives, to the byte; a grammar with a conflict gives none."""
    assert TABLES.read_text(encoding="utf-8") == generate()


def test_hard_words_stand_in_the_grammar() -> None:
    """Every hard word is a word of the grammar, and its comment lists them all."""
    assert load().words.keys() >= HARD_WORDS
    comment = GRAMMAR.read_text(encoding="utf-8").split("Hard words are never names: ")[1].split(".")[0]
    assert set(comment.replace("//", "").split()) == HARD_WORDS
