"""What a worker of paid speech does before its first step."""

from pathlib import Path

from pydantic import SecretStr

from podmill.settings import Settings
from podmill.speech.engine import limits, make
from podmill.speech.readying import ready_paid
from tests.emulators.running import Running

MODEL = "eleven_flash_v2_5"


def test_the_models_of_the_account_are_read_at_the_start(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """What the account takes is known then, and not asked for at the first request."""
    settings = Settings(
        home=podmill_home,
        elevenlabs_api_key=SecretStr(elevenlabs_emulator.key),
        elevenlabs_url=f"{elevenlabs_emulator.url}/",
        elevenlabs_model=MODEL,
    )
    elevenlabs_emulator.reset(lengths={MODEL: 12_345})

    ready_paid(settings)

    elevenlabs_emulator.reset()
    assert limits(make("elevenlabs", settings)).max_characters == 12_345


def test_a_provider_that_is_away_does_not_keep_a_worker_from_starting(podmill_home: Path) -> None:
    """Its steps wait for it then, and those of others do not."""
    ready_paid(Settings(home=podmill_home, elevenlabs_api_key=SecretStr("k"), elevenlabs_url="http://127.0.0.1:9"))
