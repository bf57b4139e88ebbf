"""What becomes of each kind of error: what Podmill does by itself, and what a person can do.

One row for each code that an episode may stop with. The reason of an episode says what happened to it; its row says
which ways lead on. docs/operations.md shows the same table (``make docs``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ID: Final = "EPISODE"
"""Stands for the id of the episode in a command."""
SHORT_ID: Final = 8
"""Characters of an id that are shown."""

RETRY: Final = f"podmill retry {ID}"


@dataclass(frozen=True, slots=True)
class Recovery:
    """A row of the table."""

    happened: str
    """To the episode, for a person."""
    by_itself: str
    """What Podmill does before it asks a person for anything."""
    options: tuple[str, ...]
    """What a person can do, the best first. Commands name the episode as ``ID``."""


AGAIN_WHEN_OVER: Final = f"When it is over, run: {RETRY}"
OTHER_VOICE: Final = (
    "Give the cast voices of other engines (`voices`, see docs/providers.md) and submit the episode again: they speak "
    "where the first engine cannot."
)
REPORT_IT: Final = "If it happens again, report it, with the logs of the worker."
NEXT_ONE: Final = (
    "In research another service or earlier research answers, in speech the next voice of the cast speaks; else it "
)
WAITS: Final = "Waits until it may go on. Waiting is no failed try and has no end."
STOP_IT: Final = f"To stop waiting, run: podmill cancel {ID}"

RECOVERIES: Final[Mapping[str, Recovery]] = {
    # It may pass
    "transient": Recovery(
        "Something outside did not work, and may work later.",
        f"Tries again PODMILL_RETRIES times, each time after a longer wait. {NEXT_ONE}stops.",
        (AGAIN_WHEN_OVER, "Raise PODMILL_RETRIES or PODMILL_RETRY_CAP_S.", OTHER_VOICE),
    ),
    "provider_busy": Recovery(
        "A provider takes no more requests for now. It made and charged nothing.",
        "Holds back all requests to this account as long as the provider says, lowers how many are made at once, and "
        "tries again as after any error that may pass.",
        (
            f"Later, run: {RETRY}",
            "Set PODMILL_REQUESTS_PER_MINUTE and PODMILL_REQUESTS_AT_ONCE to what the plan allows.",
            OTHER_VOICE,
        ),
    ),
    "timed_out": Recovery(
        "A step took longer than PODMILL_STEP_TIME_LIMIT_S.",
        "Stops the step, and tries again as after any error that may pass.",
        (f"Run: {RETRY}", "Raise PODMILL_STEP_TIME_LIMIT_S, above the longest step.", "Ask for a shorter episode."),
    ),
    "database": Recovery(
        "The database could not be used.",
        "Tries to write for PODMILL_OUTAGE_PATIENCE_S, then tries the step again as after any error that may pass.",
        ("Look whether it runs and has room: podmill doctor", AGAIN_WHEN_OVER),
    ),
    # It is waited for
    "waiting": Recovery("Something must be waited for.", WAITS, ("Nothing: it goes on by itself.", STOP_IT)),
    "limited": Recovery(
        "PODMILL_REQUESTS_PER_MINUTE or PODMILL_REQUESTS_AT_ONCE is reached.",
        WAITS,
        ("Nothing: it goes on by itself.", "Raise the limits, if the plan allows more.", STOP_IT),
    ),
    "provider_down": Recovery(
        "A provider failed again and again.",
        "Asks it nothing for PODMILL_BREAKER_S, then sends one request ahead. Another search service answers "
        "meanwhile; speech waits for PODMILL_VOICES_PATIENCE_S, then others speak, if there are any.",
        ("Nothing: it goes on once the provider answers.", "Look at the provider's own status page.", STOP_IT),
    ),
    "disk_full": Recovery(
        "There is not enough disk for the next step.",
        "Looks again every PODMILL_DISK_WAIT_S, and goes on once there is room.",
        ("Free some disk. What nothing refers to: podmill store collect", STOP_IT),
    ),
    # A person decides
    "policy": Recovery(
        "A provider refuses what a text says, by its policy. The reason names the passage.",
        "Stops for review, and asks no other provider: what one refuses is for a person to judge.",
        (
            "Word the passage, the topic or the source differently, and submit the episode again.",
            "Name another voice, writer or researcher for it, and submit it again.",
            f"To have it asked once more, run: {RETRY}",
            "An answer that was paid for is asked for again only after: podmill charges discard CHARGE",
            f"To give the episode up, run: podmill cancel {ID}",
        ),
    ),
    "held": Recovery(
        "A paid request was sent and its outcome is not known, or what was paid for cannot be used.",
        "Looks it up where the provider keeps a record (PODMILL_IN_DOUBT), and never pays a second time by itself.",
        (
            f"See the request: podmill charges --episode {ID}",
            "Look at the provider's usage page. It was charged: podmill charges settle CHARGE",
            "It was not charged: podmill charges refuse CHARGE",
            "What was paid for is of no use: podmill charges discard CHARGE",
        ),
    ),
    "quote_exceeded": Recovery(
        "Speaking lines again costs more than is left of what the quote holds, and takes of other lines are gone.",
        "Spends nothing that nobody agreed to, and stops for review.",
        (
            f"To have it spoken for what the budgets have left, run: {RETRY}",
            "To hold more for repairs, raise PODMILL_REPAIR_SHARE, and submit the episode again.",
            f"To give the episode up, run: podmill cancel {ID}",
        ),
    ),
    "in_doubt": Recovery(
        "A paid request was sent and its outcome is not known.",
        "Looks it up where the provider keeps a record (PODMILL_IN_DOUBT), else stops for review.",
        (f"See the request: podmill charges --episode {ID}", f"After a decision, run: {RETRY}"),
    ),
    "wasted": Recovery(
        "A provider charged for an answer that is of no use.",
        "Writes the charge down and, where the fault passes, asks and pays again, three times at most. Then: "
        f"{NEXT_ONE[0].lower()}{NEXT_ONE[1:]}stops.",
        (f"See what was paid: podmill charges --episode {ID}", f"To ask and pay again, run: {RETRY}", OTHER_VOICE),
    ),
    "quality": Recovery(
        "It does not reach what its show asks for, and the show says that it is then given up.",
        "Keeps every score that was measured.",
        (
            "Mend what the reason says (voices, script, sound), and submit the episode again.",
            "Change the show's gates (podmill show edit SHOW --gates FILE), then run: " + RETRY,
        ),
    ),
    "review": Recovery(
        "It does not reach what is asked of it: what was heard is not the script, or another score is too low.",
        "Spoke the lines that were not understood again, another way, PODMILL_RESPEAK_MAX times.",
        (
            f"See and hear what is wrong: podmill review show {ID}",
            f"It is good enough: podmill review approve {ID}",
            f"To speak the lines once more, run: podmill review respeak {ID}",
            "Say how names and numbers are spoken, or cast other voices, and submit the episode again.",
            "Lower PODMILL_WORD_ACCURACY_MIN, then retry.",
            f"To give the episode up, run: podmill cancel {ID}",
        ),
    ),
    "unheard": Recovery(
        "It is finished, and somebody is to hear it before it is published (PODMILL_REVIEW_HOLDS).",
        "Waits for a decision. Nothing of it is published.",
        (
            f"See what to listen for: podmill review show {ID}",
            f"To have it published, run: podmill review approve {ID}",
            f"To publish it unheard, run: {RETRY}",
        ),
    ),
    "rejected": Recovery(
        "A person heard it and rejected it.",
        "Released the money that was held for it; took it down where it was published.",
        (
            "Mend what the reason says, and submit the episode again.",
            f"To overrule that and go on where it stopped, run: {RETRY}",
        ),
    ),
    # It stops
    "quota": Recovery(
        "The credit that was bought of a provider is used up. It made and charged nothing.",
        f"{NEXT_ONE}stops: waiting a few seconds would not help.",
        (
            f"Buy credit or raise the plan, then run: {RETRY}",
            f"Wait for the provider's next day or period, then run: {RETRY}",
            "See what is left: podmill doctor",
            OTHER_VOICE,
        ),
    ),
    "configuration": Recovery(
        "A key, an address, a plan, a model or another setting does not work.",
        f"{NEXT_ONE}stops.",
        ("See which: podmill doctor", f"Correct the setting that the reason names, then run: {RETRY}", OTHER_VOICE),
    ),
    "missing_extra": Recovery(
        "An optional package is not installed.",
        f"{NEXT_ONE}stops.",
        (f"Install the extra that the reason names on every worker, restart them, then run: {RETRY}",),
    ),
    "refused": Recovery(
        "A provider refuses the request as it is. It made and charged nothing.",
        f"{NEXT_ONE}stops: the same request would be refused again.",
        (
            "Change the passage, the voice or the model that the reason names, and submit the episode again.",
            f"After a change of settings, run: {RETRY}",
            OTHER_VOICE,
        ),
    ),
    "too_long": Recovery(
        "A request is longer than its provider takes, and is a single sentence or a short text already.",
        "Asks for two halves, cut at a chapter, a line or a sentence, and again for halves of those.",
        ("Cut the long sentence that the reason names, and submit the episode again.", OTHER_VOICE),
    ),
    "unstitched": Recovery(
        "A model takes no request that says what is spoken before and after it.",
        "Asks again without saying so, now and from then on.",
        (f"Run: {RETRY}", REPORT_IT),
    ),
    "invalid_input": Recovery(
        "What was handed in cannot be used as it is.",
        "Stops. Nothing was spent on it.",
        ("Correct the field that the reason names, and submit the episode again.",),
    ),
    "source": Recovery(
        "A source cannot be read, or nothing was found about the topic.",
        "Goes on with the other sources where there are any; else it stops.",
        (
            "Correct the address or the file that the reason names, and submit the episode again.",
            f"If the page was only away, run: {RETRY}",
            "Word the topic differently, or give documents under `sources`.",
        ),
    ),
    "script": Recovery(
        "No usable script could be made.",
        "Gave the task to the writer again, with what was wrong, a bounded number of times.",
        (
            f"Name another model in the settings, then run: {RETRY}",
            "Give more or other sources, or ask for a shorter episode, and submit it again.",
            "Hand in a finished script.",
        ),
    ),
    "voice": Recovery(
        "A voice is unknown, not installed, or does not speak the language.",
        "In speech the next voice of the cast speaks; else it stops. Nothing was spent.",
        ("See which voices there are: podmill voices list", "Cast another voice, and submit the episode again."),
    ),
    "speech": Recovery(
        "An engine failed, and trying again will not help.",
        "In speech the next voice of the cast speaks; else it stops.",
        (f"Do what the reason says, then run: {RETRY}", OTHER_VOICE),
    ),
    "transcriber": Recovery(
        "The recording could not be transcribed.",
        "Stops. The recording is kept: it is not paid for again.",
        ("See whether the weights are there: podmill doctor", f"Then run: {RETRY}"),
    ),
    "mastering": Recovery(
        "The recording could not be mastered or encoded.",
        "Stops. The recording is kept: it is not paid for again.",
        (f"Correct what the reason names (cover, artwork), then run: {RETRY}",),
    ),
    "publish": Recovery(
        "A target refused the episode.",
        "Stops. What was made is kept, and what is published already stays.",
        (f"Correct what the reason names, then run: {RETRY}",),
    ),
    "store": Recovery(
        "The store does not hold an artifact, or its bytes changed.",
        "Stops.",
        (
            "See whether PODMILL_HOME is the same on every worker and its disk is sound: podmill doctor",
            f"After a restore, run: {RETRY}",
        ),
    ),
    "budget_exceeded": Recovery(
        "A budget of the account, show, batch or episode does not cover this.",
        "Pauses before anything is asked of a provider; goes on when it is raised, its day or month is over, or "
        "another episode gives money back.",
        (
            "Raise the budget, and what waits for it goes on: podmill budget set",
            "Ask for a shorter episode, or for cheaper voices, and submit it again.",
            "See what was spent: podmill charges",
        ),
    ),
    "rate_limit_exceeded": Recovery(
        "The tier of the account does not allow so many episodes: unfinished at a time, or in a day of UTC.",
        "Takes none of the submission, and spends nothing. A recurring episode is tried again until there is room.",
        (
            "Submit it again when others are finished, or after midnight in UTC.",
            "See what the account has left: podmill account show",
            "Give it a higher tier: podmill account set",
        ),
    ),
    "tier_required": Recovery(
        "The tier of the account does not have what an episode asks for: so many minutes, HD voices, an engine.",
        "Takes none of the submission. A script that was handed in is measured at the cost check, and stops there. "
        "Nothing is spent.",
        (
            "Ask for what the tier has, and submit it again.",
            "See what that is: podmill account show",
            "Give the account a higher tier: podmill account set",
        ),
    ),
    "price_unknown": Recovery(
        "There is no price for something that must be paid. It is never taken as free.",
        "Stops before anything is asked of a provider.",
        (f"Add its price to the file of PODMILL_PRICES_FILE, then run: {RETRY}",),
    ),
    "workers_died": Recovery(
        "Workers died again and again while they worked on this step.",
        "Sets the episode aside after PODMILL_DEATHS_MAX deaths, so that it takes no more workers with it.",
        ("Look at the logs of the workers: memory, disk, a crash.", f"Then run: {RETRY}"),
    ),
    "bug": Recovery("Podmill has a bug.", "Stops.", ("Report it, with the reason and the logs.", f"Run: {RETRY}")),
    "error": Recovery(
        "Something failed, as the reason says.", "Stops.", (f"Do what the reason says, then run: {RETRY}", REPORT_IT)
    ),
    "lease_lost": Recovery(
        "Another worker took the step over.",
        "Goes on there. An episode does not stop for it.",
        ("Nothing: it goes on by itself.", REPORT_IT),
    ),
    "stopping": Recovery(
        "A worker is stopping.",
        "Hands the step back to the other workers. An episode does not stop for it.",
        ("Nothing: it goes on by itself.", REPORT_IT),
    ),
    "cancelled": Recovery(
        "A person cancelled the episode.", "Keeps what was made.", (f"To go on with it, run: {RETRY}",)
    ),
}


def options(code: str | None, episode_id: str = ID) -> tuple[str, ...]:
    """What a person can do about an episode that stopped or waits: sentences, with its id in the commands.

    Args:
        code: of the error; one that is not known, or none, leads to what is always possible.
        episode_id: left out where the options are those of several episodes.
    """
    found = RECOVERIES.get(code or "", RECOVERIES["error"])
    return tuple(option.replace(ID, episode_id[:SHORT_ID]) for option in found.options)
