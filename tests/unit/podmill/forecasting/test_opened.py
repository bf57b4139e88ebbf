"""What a forecaster knows of an installation."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from models.brief import Brief, CastMember
from models.tables import Show, table
from podmill.forecasting import open_forecaster
from podmill.settings import Settings
from podmill.store.local import LocalStore

STORAGE_ALONE = """
[[price]]
provider = "folder"
unit = "megabyte"
usd = "0.01"
source = "a test"
date = 2026-11-21
"""


@pytest.mark.parametrize(("slug", "kbps"), [("mills", 320), ("tides", 128), ("rivers", 128)])
def test_storage_is_that_of_the_show_s_bit_rate(tmp_path: Path, slug: str, kbps: int) -> None:
    """What is kept of an episode is as large as its show asks for, where it asks; else as the settings say."""
    (tmp_path / "prices.toml").write_text(STORAGE_ALONE)
    settings = Settings(home=tmp_path, bitrate_kbps=128, prices_file=tmp_path / "prices.toml")
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    SQLModel.metadata.create_all(engine)
    with engine.begin() as connection:
        for name, sound in (("mills", {"bitrate_kbps": 320}), ("tides", {"channels": 1})):
            show = Show(slug=name, title=name, guid=name, created_at=0.0, sound=sound)
            connection.execute(table(Show).insert(), [show.model_dump()])
    forecaster = open_forecaster(engine, settings, "default", LocalStore(settings.store_dir))
    cast = (CastMember(speaker="S1", name="Joe", voice="piper:joe"),)
    found = forecaster.estimate(Brief(show=slug, topic="Tide mills", minutes=10, cast=cast, writer="offline"))
    engine.dispose()
    assert found.of_step("storage") == pytest.approx(found.minutes * 60 * kbps / 8 / 1000 * 10_000, rel=0.01)
