"""Documents that are made from tables say what the tables say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim import arguments, helptext, settings, vocabulary
from sim.errors import UserError
from sim.sweeps import command as sweeping

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_settings_is_the_one_that_is_checked() -> None:
    assert helptext.markdown() in (DOCS / "settings.md").read_text(encoding="utf-8"), (
        "docs/settings.md is out of date; put the output of sim.helptext.markdown() into it"
    )


def test_words_beside_the_settings_are_those_that_are_read() -> None:
    from sim.sweeps.engine_submitit import JOBS

    assert {word.key for word in vocabulary.WORDS} & {row.key for row in settings.rows()} == set()
    assert set(sweeping.OWN_WORDS) == {"engine", "shard", "failed", "then.n", "then.keep"}
    assert next(word.default for word in vocabulary.WORDS if word.key == "engine.jobs") == str(JOBS)
    for word in vocabulary.WORDS:
        for command in word.commands:
            assert word.key in helptext.command(command)
            typed = f"{word.key.replace('X', 'link_workers')}=1"
            given = arguments.parse(command, [typed])
            given, said = sweeping.split(given) if command == "sweep" else (given, {})
            if command in vocabulary.PLACES:
                assert arguments.check(given) == [], typed
                assert bool(said) == (not word.key.startswith((vocabulary.LEVER, vocabulary.PLACE))), typed


@pytest.mark.parametrize("word", [word for word in vocabulary.WORDS if set(word.commands) <= {"report", "explain"}])
def test_words_of_commands_without_settings_are_those_that_are_read(word: vocabulary.Word) -> None:
    from sim import commands

    (command,) = word.commands
    with pytest.raises(UserError, match=f"Did you mean {word.key}"):
        getattr(commands, command)(arguments.parse(command, [f"{word.key}x=true"]))


def test_options_are_those_that_are_read() -> None:
    text = " ".join([*vocabulary.OPTIONS, *vocabulary.OPTIONS.values()])
    for flag in (*arguments.SHOWN_FLAGS, "--shell-completion"):
        assert flag in text, flag


def test_a_sweep_does_not_show_the_scenarios_of_another_command() -> None:
    assert "scenarios=…" in helptext.command("sweep")
    assert "new_hospital]" not in helptext.command("sweep")
    assert "scenarios=[baseline,health_creation]\n" in helptext.command("attribute")
    assert "new_hospital]" in helptext.command("compare")


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in (DOCS.parent / "README.md", *DOCS.rglob("*.md")):
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if not link.startswith(("http", "mailto:")):
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_picture_has_words_in_its_place() -> None:
    for document in (DOCS.parent / "README.md", *DOCS.rglob("*.md")):
        for said in re.findall(r"!\[([^\]]*)\]", document.read_text(encoding="utf-8")):
            assert len(said.split()) > 4, document.name
