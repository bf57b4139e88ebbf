"""The document base class, and the records that several documents share."""

from pydantic import BaseModel, ConfigDict, Field


class Document(BaseModel):
    """A frozen value that one step makes and the next one reads.

    Stored as JSON in the database; unknown fields are refused, so that a document written by another
    version is noticed and not half understood.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Artifact(Document):
    """A file in the store, addressed by its content."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    suffix: str = Field(default="", pattern=r"^(\.[a-z0-9]+)?$")
    """File name ending with its dot (``.flac``); part of the address, so that a web server knows the type."""
    size_bytes: int = Field(ge=0)
    media_type: str = "application/octet-stream"
