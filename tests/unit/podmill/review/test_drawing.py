"""The sample: reproducible, of the size asked for, the same share of every show."""

from podmill.review.drawing import is_drawn

IDS = [f"{number:032x}" for number in range(20_000)]


def drawn(show: str = "tides", share: float = 0.1, seed: str = "") -> set[str]:
    return {each for each in IDS if is_drawn(each, show, share=share, seed=seed)}


def test_the_share_is_drawn() -> None:
    """10 % of 20,000 are 2,000, give or take four standard deviations; none of none, all of all."""
    assert abs(len(drawn()) - 2000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5
    assert drawn(share=0) == set()
    assert len(drawn(share=1)) == len(IDS)


def test_it_is_drawn_again() -> None:
    """By this digest and no other: that of a known episode is known. Of a greater share the smaller one is part."""
    assert drawn() == drawn()
    assert drawn() < drawn(share=0.2)
    # printf '\0tides\0%032x' 0 | sha256sum begins with 33b3: 0.20195 of the range.
    assert not is_drawn(IDS[0], "tides", share=0.2019, seed="")
    assert is_drawn(IDS[0], "tides", share=0.2020, seed="")


def test_seed_and_show_draw_others() -> None:
    """Two draws of a tenth share a hundredth of all."""
    for other in (drawn(seed="autumn"), drawn(show="bees")):
        assert 100 < len(drawn() & other) < 300
