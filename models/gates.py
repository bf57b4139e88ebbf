"""Gates: what an episode has to reach, and what is done where it does not. And the brand its script is to keep to."""

from typing import Any, Final, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from models.documents import Document

Action = Literal["note", "respeak", "review", "fail"]
"""Only tell it; speak the lines again, and review what stays bad; ask a person; give the episode up."""
ACTIONS: Final = get_args(Action)
"""The mildest first."""


SAMPLE_RATE_HZ: Final = 44_100
"""Of every file that is encoded."""
BOUNDS: Final = {
    **dict.fromkeys(("word_accuracy", "clarity", "voice_lines", "voice_reference", "duration", "brand"), (0.0, 1.0)),
    "sample_rate": (0.0, float(SAMPLE_RATE_HZ)),
    **dict.fromkeys(("clipping", "loudness", "hosts"), (0.0, 1000.0)),
    "true_peak": (-20.0, 0.0),
}
"""What a limit can be, by gate: beyond it every episode would fail, or none."""


class Gate(Document):
    limit: float
    action: Action


class StatedGate(Document):
    """What a show says of a gate. None: as the settings say."""

    limit: float | None = Field(default=None, allow_inf_nan=False)
    action: Action | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        """A number by itself is the limit, a word by itself what is done."""
        if isinstance(value, str) and value in ACTIONS:
            return {"action": value}
        return {"limit": value} if isinstance(value, str | int | float) else value


class Gates(Document):
    """Every gate, by the name of its score. Shares are 0 to 1."""

    word_accuracy: Gate
    """At least: words heard as they are in the script."""
    clarity: Gate
    """At least: the mean opinion (DNSMOS P.808) as a share of the best, 5."""
    voice_lines: Gate
    """At least: cosine between a speaker's lines and their voice as a whole, of the speaker that keeps it least."""
    voice_reference: Gate
    """At least: cosine between a voice in this episode and as it was first heard."""
    duration: Gate
    """At most: deviation from what was calculated, as a share of it."""
    sample_rate: Gate
    """At least: Hz."""
    clipping: Gate
    """At most: stretches at full scale a minute."""
    loudness: Gate
    """At most: LU between the encoded file and its target."""
    true_peak: Gate
    """At most: dBTP of the encoded file."""
    hosts: Gate
    """At most: LU between the loudest and the softest speaker of the encoded file."""
    brand: Gate
    """At least: share of the show's rules for words, openings and tone that a script keeps."""
    unmeasured: Action
    """What is done where a measure could not be taken."""


class StatedGates(Document):
    """What a show says of its gates."""

    word_accuracy: StatedGate = StatedGate()
    clarity: StatedGate = StatedGate()
    voice_lines: StatedGate = StatedGate()
    voice_reference: StatedGate = StatedGate()
    duration: StatedGate = StatedGate()
    sample_rate: StatedGate = StatedGate()
    clipping: StatedGate = StatedGate()
    loudness: StatedGate = StatedGate()
    true_peak: StatedGate = StatedGate()
    hosts: StatedGate = StatedGate()
    brand: StatedGate = StatedGate()
    unmeasured: Action | None = None

    @field_validator(*BOUNDS)
    @classmethod
    def _within(cls, gate: StatedGate, info: ValidationInfo) -> StatedGate:
        low, high = BOUNDS[str(info.field_name)]
        if gate.limit is not None and not low <= gate.limit <= high:
            why = ", the rate at which files are encoded," if info.field_name == "sample_rate" else ","
            raise ValueError(f"must be {low:,g} to {high:,g}{why} but is {gate.limit:,g}")
        return gate


GATES: Final = tuple(name for name in Gates.model_fields if name != "unmeasured")
AT_MOST: Final = frozenset({"duration", "clipping", "loudness", "true_peak", "hosts"})
"""Gates whose limit is a ceiling; that of the others is a floor."""


class Brand(Document):
    """How a show sounds in words. Empty or None: it does not mind."""

    use: tuple[str, ...] = ()
    """Words that every script says."""
    avoid: tuple[str, ...] = ()
    """Words that none says."""
    openings: tuple[str, ...] = ()
    """One of them is said in the first two lines."""
    tone: str = ""
    """For a writer that is a language model: ``warm, dry, never breathless``."""
    sentence_words_max: int | None = Field(default=None, ge=5, le=100)
    """Of a calm tone: the longest sentence, in words."""
    exclamations_max: float | None = Field(default=None, ge=0, le=1)
    """Likewise: share of sentences that may end in an exclamation mark."""
