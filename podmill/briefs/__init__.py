"""Reading what people hand in: batch files, brief files, documents and ready-made scripts."""

from podmill.briefs.reading import read_submission, read_submissions
from podmill.briefs.records import (
    CastRequest,
    EpisodeRequest,
    FileRequest,
    RefusedRow,
    ShowRequest,
    Submission,
)
from podmill.briefs.shows import read_show_request

__all__ = [
    "CastRequest",
    "EpisodeRequest",
    "FileRequest",
    "RefusedRow",
    "ShowRequest",
    "Submission",
    "read_show_request",
    "read_submission",
    "read_submissions",
]
