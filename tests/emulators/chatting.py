"""Fixture: an OpenAI-compatible chat server, a process of its own on this machine."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulators.openai_chat import KEY
from tests.emulators.running import Running, running


class RunningChat(Running):
    @property
    def key(self) -> str:
        return KEY

    @property
    def settings(self) -> dict[str, Any]:
        """What leads Podmill to it, as to a server of one's own."""
        return {
            "openai_url": f"{self.url}/v1",
            "openai_api_key": self.key,
            "openai_chat_model": "emulated-llm",
            "openai_own": True,
        }


@pytest.fixture(scope="session")
def _chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningChat]:
    with running(tmp_path_factory.mktemp("chat"), provider="openai_chat") as each:
        yield RunningChat(each.url, each.log, each.process)


@pytest.fixture
def chat_emulator(_chat: RunningChat) -> RunningChat:
    """A chat server whose next answers fail in no way."""
    _chat.reset()
    return _chat
