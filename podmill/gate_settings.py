"""Settings of the quality gate: limits, repair, review. They are part of ``podmill.settings.Settings``."""

from typing import Literal

from pydantic import BaseModel, Field


class GateSettings(BaseModel):
    """What an episode must reach, and what happens where it does not. Shows may say otherwise (``models.gates``)."""

    word_accuracy_min: float = Field(0.94, ge=0, le=1, description="Below this an episode is not published.")
    respeak_max: int = Field(
        2,
        ge=0,
        le=5,
        description="Times a bad line is spoken again by its own voice before a person is asked; with "
        "PODMILL_VOICES_FALLBACK `mixed` the voice of another engine that the cast names has a try besides.",
    )
    repair_share: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Share of the cost of speech that is held besides, for lines that are spoken again; at least the "
        "four longest. Nobody but a person spends more on them. 0: nothing.",
    )
    clarity_min: float = Field(
        0.8, ge=0, le=1, description="Clarity an episode must have: listeners' likely opinion as a share of the best."
    )
    voice_consistency_min: float = Field(
        0.85, ge=0, le=1, description="Likeness that voices must keep, over lines and over episodes, as a cosine."
    )
    duration_tolerance: float = Field(0.05, ge=0, le=1, description="Share by which an episode's length may be off.")
    unmeasured: Literal["note", "review", "fail"] = Field(
        "note", description="What happens where a quality cannot be measured, for want of a package: told, or stopped."
    )

    review_share: float = Field(
        0.1, ge=0, le=1, description="Share of episodes, drawn by chance, that a person is to hear: `podmill review`."
    )
    review_seed: str = Field("", description="Another seed draws other episodes; the same one always the same.")
    review_holds: Literal["none", "doubtful", "sample", "all"] = Field(
        "none",
        description="Which of those that a person is to hear wait for it before they are published: `doubtful` (a gate "
        "only just passed), `sample` (drawn by chance), both, or `none`: they are published and heard afterwards.",
    )
