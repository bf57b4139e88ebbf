"""What becomes of each kind of error: every one has its row, and what a row names is there."""

import ast
import errno
import re
import shlex
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.exc import OperationalError

from podcast_tasks.retrying import explain
from podmill import errors
from podmill.cli.app import COMMANDS, GROUPS
from podmill.errors import PodmillError
from podmill.recovery import ID, RECOVERIES, options
from podmill.settings import Settings

ROOT: Final = Path(__file__).parents[3]
BY_HAND: Final = {"review", "quality", "unheard", "rejected", "cancelled"}
"""Codes that are no error's: a check refused the episode, a person is to hear it, rejected it or stopped it."""


def codes() -> set[str]:
    """Every code that an episode may stop with."""
    found = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PodmillError)}
    unexpected = (OperationalError("", {}, Exception()), OSError(errno.ENOSPC, "full"), ValueError())
    return found | {explain(error)[0] for error in unexpected} | BY_HAND


def test_every_error_has_its_row() -> None:
    """No code without a row, no row without a code."""
    assert RECOVERIES.keys() == codes()


def test_errors_of_other_modules_have_no_codes_of_their_own() -> None:
    """All codes are in podmill/errors.py, where the test above finds them."""
    for path in (ROOT / "podmill").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and path.name != "errors.py" and node.name.endswith("Error"):
                assigned = [each for each in node.body if isinstance(each, ast.Assign)]
                assert "code" not in [getattr(each.targets[0], "id", "") for each in assigned], path


@pytest.mark.parametrize("code", RECOVERIES)
def test_a_row_names_only_what_there_is(code: str) -> None:
    """Its settings exist, its commands exist, and nothing is left for a person to guess."""
    row = RECOVERIES[code]
    said = " ".join((row.happened, row.by_itself, *row.options))

    assert row.options
    assert {name.lower() for name in re.findall(r"PODMILL_([A-Z_]+)", said)} <= Settings.model_fields.keys()
    for command in (option.partition(": podmill ")[2] for option in row.options if "podmill " in option):
        name, *rest = shlex.split(command)
        assert name in {*COMMANDS, *GROUPS}
        assert all(word.islower() or word in (ID, "CHARGE") for word in rest), command


def test_options_name_the_episode() -> None:
    """A command can be copied as it stands."""
    assert "podmill retry 0123abcd" in " ".join(options("quota", "0123abcd4567"))
    assert ID not in " ".join(options("held", "0123abcd4567"))


@pytest.mark.parametrize("code", [None, "nobody knows"])
def test_an_unknown_code(code: str | None) -> None:
    """What is always possible is said."""
    assert options(code, "0123abcd4567") == options("error", "0123abcd4567")
