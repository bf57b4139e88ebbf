"""The loudness step: a recording becomes the file that is published, and what goes beside it."""

from models.brief import Brief
from models.master import Master, TextEdition
from models.recording import Recording
from models.script import Script
from models.show import ShowProfile
from podmill.context import ArtifactStore, StepContext
from podmill.mastering import chapters, transcripts
from podmill.mastering.artwork import cover_jpeg, tag_jpeg
from podmill.mastering.encode import check_bit_rate, mp3_bytes
from podmill.mastering.hosts import speakers_lufs
from podmill.mastering.loudness import Encoding
from podmill.mastering.program import program_of
from podmill.mastering.source import SAMPLE_RATE_HZ
from podmill.mastering.tags import Tags
from podmill.mastering.target import Target
from podmill.store.room import check_room

COVER_SHARE, STORING_FROM = 0.02, 0.97
"""Where, in the progress of the step, the sound begins and ends."""
BESIDE_BYTES = 4_000_000
"""Room for the covers, transcripts and chapters, generously."""


def master(
    script: Script,
    recording: Recording,
    show: ShowProfile,
    brief: Brief,
    context: StepContext,
    *,
    episode_id: str,
    published_year: int,
) -> Master:
    """Make the tagged MP3 at the set loudness, its cover, chapters and transcripts, and put them into the store.

    What the show has heard besides the speech is in it, and all times are those of the file.

    Memory depends on length only by the figures the limiter works on: about 26 MB for each hour of sound.

    Raises:
        ConfigurationError: the bit rate set is not one an MP3 can have.
        InputError: the artwork cannot be used.
        DiskFullError: there is not enough room; nothing was begun, or it ran out on the way.
        MasteringError: the recording is silent, damaged or out of reach of the target, or ffmpeg failed.
        StoreError: the store lacks the recording or the artwork.
    """
    settings, store = context.settings, context.store
    target = Target.of(show.sound, settings)
    check_bit_rate(target.bitrate_kbps)
    if show.sound and not show.sound.plain:
        context.progress(0.0, "putting music and ads in order")
    program = program_of(script, recording, show.sound, store.path, target.channels)
    recording, added_s = program.recording, program.recording.duration_s - recording.duration_s
    need_bytes = mp3_bytes(recording.duration_s, target.bitrate_kbps) + BESIDE_BYTES
    check_room(
        {context.temp_dir: need_bytes, settings.store_dir: need_bytes},
        settings.disk_reserve_mb,
        to="master the episode",
    )
    context.progress(0.0, "preparing the cover")
    cover = _cover(brief, show, store)
    mp3 = context.temp_dir / "episode.mp3"
    encoded = Encoding(
        sound=program.sound,
        mp3=mp3,
        duration_s=recording.duration_s,
        target=target,
        progress=lambda share, words: context.progress(COVER_SHARE + (STORING_FROM - COVER_SHARE) * share, words),
    ).run()

    context.progress(STORING_FROM, "writing tags, chapters and transcripts")
    times = chapters.chapter_times(script, recording, encoded.duration_s, leads=program.leads_s, ads=program.ads)
    Tags(
        title=script.title,
        artist=show.author or show.title,
        album=show.title,
        year=published_year,
        language=script.language,
        comment=script.summary,
        episode_id=episode_id,
        picture_jpeg=tag_jpeg(cover),
        chapters=times,
    ).write(mp3)
    heard = transcripts.segments(script, recording)
    return Master(
        audio=store.put(mp3, suffix=".mp3", media_type="audio/mpeg"),
        cover=store.put_bytes(cover, suffix=".jpg", media_type="image/jpeg"),
        chapters_json=store.put_bytes(
            chapters.chapters_json(times), suffix=".json", media_type="application/json+chapters"
        ),
        transcript_vtt=store.put_bytes(transcripts.vtt(heard), suffix=".vtt", media_type="text/vtt"),
        transcript_srt=store.put_bytes(transcripts.srt(heard), suffix=".srt", media_type="application/x-subrip"),
        transcript_json=store.put_bytes(
            transcripts.transcript_json(heard), suffix=".json", media_type="application/json"
        ),
        duration_s=encoded.duration_s,
        loudness_lufs=encoded.loudness_lufs,
        true_peak_dbtp=encoded.true_peak_dbtp,
        loudness_range_lu=encoded.loudness_range_lu,
        speakers_lufs=speakers_lufs(script, recording, encoded.step_energies),
        gain_db=encoded.gain_db,
        limited_share=encoded.limited_share,
        bitrate_kbps=target.bitrate_kbps,
        sample_rate_hz=SAMPLE_RATE_HZ,
        channels=target.channels,
        chapters=times,
        ads=program.ads,
        added_s=added_s,
    )


def text_edition(
    script: Script, recording: Recording, show: ShowProfile, brief: Brief, context: StepContext
) -> TextEdition:
    """What stands in for the master of an episode that is text only: its cover and its words.

    Raises:
        InputError: the artwork cannot be used.
        DiskFullError: there is not enough room.
        StoreError: the store lacks the artwork.
    """
    settings, store = context.settings, context.store
    check_room({settings.store_dir: BESIDE_BYTES}, settings.disk_reserve_mb, to="write the episode down")
    return TextEdition(
        cover=store.put_bytes(_cover(brief, show, store), suffix=".jpg", media_type="image/jpeg"),
        transcript_txt=store.put_bytes(transcripts.plain(script), suffix=".txt", media_type="text/plain"),
        code=next((each.code for each in recording.passed_over), ""),
    )


def _cover(brief: Brief, show: ShowProfile, store: ArtifactStore) -> bytes:
    """The episode's own picture, else the show's, else a drawn one."""
    if brief.artwork:
        return cover_jpeg(store.path(brief.artwork), show, field="artwork")
    if show.cover:
        return cover_jpeg(store.path(show.cover), show, field="cover")
    return cover_jpeg(None, show)
