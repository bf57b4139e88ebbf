"""``podmill voices``: list, play and install voices."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from podmill.cli.options import AsJson
from podmill.cli.output import note, print_json, show
from podmill.errors import InputError
from podmill.settings import current

app = typer.Typer(help="Voices: list, play and install them.", no_args_is_help=True)

PLAYERS = (("paplay",), ("aplay", "-q"), ("afplay",), ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"))
"""Programs that play a WAV file, in order of preference."""
FIELDS = ("id", "name", "engine", "languages", "licence", "installed")


@app.command("list")
def list_voices(as_json: AsJson = False) -> None:
    """List voices, the best of the default engine first."""
    from podmill import speech

    voices = speech.known(current())
    if as_json:
        print_json({"voices": [{name: getattr(voice, name) for name in FIELDS} for voice in voices]})
        return
    table = Table("Voice", "Name", "Languages", "Installed", "Licence", box=None, header_style="bold")
    for voice in voices:
        installed = "yes" if voice.installed else "no"
        table.add_row(voice.id, voice.name, ", ".join(voice.languages), installed, voice.licence)
    show(table)


@app.command()
def play(
    voice: Annotated[str, typer.Argument(metavar="VOICE", help="For example piper:joe, or piper:joe@1.19.")],
    save: Annotated[Path | None, typer.Option("--save", help="Write a WAV file instead.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Hear a voice say who it is."""
    from podmill import speech

    with tempfile.TemporaryDirectory(prefix="podmill-") as folder:
        sample = speech.sample(voice, current(), Path(folder))
        player = None if save else next((each for each in PLAYERS if shutil.which(each[0])), None)
        if player:
            subprocess.run([*player, str(sample)], check=False)  # noqa: S603 - a fixed program and our own file
        else:
            save = save or Path(sample.name)
            shutil.copyfile(sample, save)
            note(f"Written: {save}")
    if as_json:
        print_json({"voice": voice, "path": str(save) if save else None})


@app.command()
def install(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A .onnx, .npz or .tgz file, or a package's name.")],
    as_json: AsJson = False,
) -> None:
    """Add voices."""
    from podmill import speech

    voices = speech.install_voice(source, current())
    if as_json:
        print_json({"installed": [voice.id for voice in voices]})
        return
    for voice in voices:
        show(f"installed {voice.id}")


@app.command()
def forget(
    voice: Annotated[str, typer.Argument(metavar="VOICE", help="As in a cast: piper:joe, elevenlabs:21m00Tcm.")],
    as_json: AsJson = False,
) -> None:
    """Take the next episode in a voice as what later ones are held against: its maker changed it for good."""
    from podmill.store import database, voices

    with database.transaction(database.open_engine(current())) as connection:
        episodes = voices.forget(connection, voice)
    if not episodes:
        raise InputError(f"No episode was heard in {voice!r}.", action="Run: podmill voices list")
    if as_json:
        print_json({"voice": voice, "episodes": episodes})
    else:
        note(f"{voice}: what was heard of it in {episodes} episode{'' if episodes == 1 else 's'} is forgotten.")
