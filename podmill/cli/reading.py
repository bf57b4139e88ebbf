"""From files on the command line to a batch in the database."""

from collections.abc import Sequence
from pathlib import Path

import typer

from podmill.briefs import Submission, read_submissions
from podmill.cli.failures import describe, report
from podmill.cli.outcome import Outcome
from podmill.cli.output import note, print_json
from podmill.errors import InputError
from podmill.money import lists
from podmill.settings import Settings


def read(
    paths: Sequence[Path], settings: Settings, *, strict: bool, show: str | None, minutes: float | None, as_json: bool
) -> Submission:
    """What the files ask for; refused rows are told on standard error.

    Raises:
        ConfigurationError: the list of prices or of tiers cannot be used: before anything is made.
        InputError: a file cannot be used.
        typer.Exit: no row can be used, or ``strict`` and one cannot.
    """
    lists.load(settings)
    submission = read_submissions(paths, settings, show=show, minutes=minutes)
    for row in submission.refused:
        note(f"refused: {row}")
    if submission.episodes and not (strict and submission.refused):
        return submission
    count = len(submission.refused)
    because = "because of --strict" if submission.episodes else "no row can be used"
    first = submission.refused[0]
    error = InputError(
        f"Nothing was made: {because}. {count} row{'s are' if count > 1 else ' is'} refused.",
        action="Correct the file.",
        file=first.file,
        line=first.line,
        field=first.field,
    )
    if as_json:
        refused = [row.model_dump(mode="json") for row in submission.refused]
        print_json({"error": describe(error), "refused": refused})
    report(error, as_json=False)
    raise typer.Exit(Outcome.NOTHING)
