"""What is heard when: ads at their places, speech cut only between chapters, nothing over another."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.documents import Artifact
from models.sound import Ad, Bed, Piece, Sound
from podmill.mastering.order import GAP, Border, Order, Ordering, Speech
from podmill.mastering.source import SAMPLE_RATE_HZ as RATE_HZ

FILE = Artifact(sha256="0" * 64, suffix=".wav", size_bytes=1)
SPEECH = Speech(
    frames=60 * RATE_HZ,
    first=RATE_HZ // 2,
    last=59 * RATE_HZ,
    chapter=0,
    borders=(
        Border(1, 19 * RATE_HZ, 20 * RATE_HZ),
        Border(2, 32 * RATE_HZ, 34 * RATE_HZ),
        Border(4, 50 * RATE_HZ, 51 * RATE_HZ),
    ),
)
"""Of a script of five chapters, one of which is not heard."""


def order(sound: Sound, speech: Speech = SPEECH, *, length_s: float = 10.0) -> Order:
    lengths = {name: round(length_s * RATE_HZ) for name in sound.pieces}
    return Ordering(sound, speech, lengths, [5 * RATE_HZ] * len(sound.ads)).run()


def ad(at: str, chapter: int | None = None) -> Ad:
    return Ad(file=FILE, at=at, chapter=chapter)  # type: ignore[arg-type]


def test_speech_alone_is_not_cut():
    """A bed needs no cut: it lies under all of it."""
    made = order(Sound(bed=Bed(file=FILE)))
    assert [(span.start, span.frames) for span in made.speech] == [(0, SPEECH.frames)]
    assert [(span.start, span.frames) for span in made.bed] == [(0, SPEECH.frames)]
    assert made.frames == SPEECH.frames


@pytest.mark.parametrize(("chapter", "border"), [(None, 1), (1, 0), (2, 1), (3, 2), (4, 2), (9, 2)])
def test_an_ad_between_comes_after_its_chapter(chapter: int | None, border: int):
    """After the one that is named, or the last border before the end; unnamed nearest the middle; in mid-pause."""
    made = order(Sound(ads=(ad("between", chapter),)))
    cut = SPEECH.borders[border].cut
    assert [span.frames for span in made.speech] == [cut, SPEECH.frames - cut]
    assert (made.ads[0].span.start, made.speech[1].start) == (cut + GAP, cut + 2 * GAP + 5 * RATE_HZ)
    assert made.leads == {0: 0, SPEECH.borders[border].chapter: made.speech[1].start}


def test_ads_before_and_after():
    """Nothing comes before the first and nothing after the last but a gap; the chapters begin after the former."""
    made = order(Sound(ads=(ad("after"), ad("before"), ad("before"))))
    assert [(spot.ad, spot.at) for spot in made.ads] == [(1, "before"), (2, "before"), (0, "after")]
    assert made.ads[0].span.start == 0
    assert made.leads == {0: made.speech[0].start}
    assert made.speech[0].start == 2 * 5 * RATE_HZ + 2 * GAP
    assert made.frames == made.ads[-1].span.end + GAP


def test_an_episode_of_one_chapter_has_no_between():
    """The ad comes after it: it was paid for."""
    made = order(Sound(ads=(ad("between"),)), Speech(RATE_HZ * 9, 0, RATE_HZ * 8, 0, ()))
    assert made.ads[0].at == "after"
    assert len(made.speech) == 1


@pytest.mark.parametrize("overlap_s", [-1.0, 0.0, 2.0])
def test_the_first_word_meets_the_intro_as_set(overlap_s: float):
    """So long before its end; below 0, so long after it."""
    made = order(Sound(intro=Piece(file=FILE, overlap_s=overlap_s)))
    music = made.pieces[0][1]
    assert made.placed(SPEECH.first) == music.end - round(overlap_s * RATE_HZ)


def test_music_that_is_shorter_than_its_overlap():
    """Speech does not begin before the music it follows, nor an outro before the speech it ends."""
    long = Piece(file=FILE, overlap_s=30)
    made = order(Sound(intro=long, outro=long), length_s=3)
    assert made.speech[0].start == made.pieces[0][1].start == 0
    assert made.pieces[1][1].start == made.placed(SPEECH.last) - 30 * RATE_HZ
    assert made.frames == SPEECH.frames


def test_music_that_outlasts_the_speech_after_it():
    """What comes next waits for its end."""
    made = order(Sound(sting=Piece(file=FILE, overlap_s=20), ads=(ad("after"),)), length_s=30)
    assert made.ads[0].span.start == made.pieces[-1][1].end + GAP > made.speech[-1].end


def test_a_bed_gives_way_to_the_music_around_it():
    """It comes in as the intro goes out, and goes out as the outro comes in."""
    bed = Bed(file=FILE, fade_in_s=2, fade_out_s=1)
    made = order(Sound(bed=bed, intro=Piece(file=FILE, overlap_s=5), outro=Piece(file=FILE, overlap_s=4)))
    intro, outro = (span for _, span in made.pieces)
    assert made.bed[0].start == intro.end - 2 * RATE_HZ
    assert made.bed[0].end == outro.start + RATE_HZ


@given(
    st.builds(
        Sound,
        intro=st.none() | st.builds(Piece, file=st.just(FILE), overlap_s=st.floats(-3, 20)),
        outro=st.none() | st.builds(Piece, file=st.just(FILE), overlap_s=st.floats(-3, 20)),
        sting=st.none() | st.builds(Piece, file=st.just(FILE), overlap_s=st.floats(-3, 20)),
        bed=st.none() | st.just(Bed(file=FILE)),
        ads=st.lists(
            st.sampled_from([ad("before"), ad("after"), ad("between"), ad("between", 1), ad("between", 3)]), max_size=4
        ).map(tuple),
    ),
    st.floats(0.5, 30),
)
def test_speech_is_whole_and_alone_with_its_ads(sound: Sound, length_s: float):
    """Whatever is asked: every frame of speech once and in order, no ad over speech or another ad, all within the end,
    and every frame found where it is."""
    made = order(sound, length_s=length_s)
    assert sum(span.frames for span in made.speech) == SPEECH.frames
    taken = sorted([*made.speech, *(spot.span for spot in made.ads)], key=lambda span: span.start)
    assert all(one.end <= two.start for one, two in pairwise(taken))
    assert all(one.end <= two.start for one, two in pairwise(made.bed))
    everything = [*taken, *made.bed, *(span for _, span in made.pieces)]
    assert all(0 <= span.start < span.end <= made.frames for span in everything)
    assert len(made.ads) == len(sound.ads)
    places = [made.placed(frame) for frame in range(0, SPEECH.frames, RATE_HZ)]
    assert places == sorted(places)
    assert made.placed(0) == made.speech[0].start
    assert made.placed(SPEECH.frames - 1) == made.speech[-1].end - 1
