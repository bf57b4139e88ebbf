"""Merging statements that say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.research.duplicates import merge

SAME = [
    ("The dance was decoded in 1944 by Karl von Frisch.", "In 1944 the dance was decoded by Karl von Frisch."),
    ("About 4,500 bees live in the old hive.", "About 4500 bees lived in the old hive."),
    ("Honey bees live in large colonies.", "Honeybees live in large colonies."),
    ("The bees are producing honey in spring.", "The bees produced honey in the spring."),
]
DIFFERENT = [
    ("The hive holds 4,500 bees in spring.", "The hive holds 5,400 bees in spring."),
    ("The bridge is 5 km long and narrow.", "The bridge is 5 miles long and narrow."),
    ("It cost the city three million dollars.", "It cost the city four million dollars."),
    ("Coffee causes heart disease in adults.", "Coffee does not cause heart disease in adults."),
    ("Coffee may cause heart disease in adults.", "Coffee causes heart disease in adults."),
    ("The treaty was signed by kings in Paris.", "The treaty was signed by kings in London."),
    ("Temperatures increased in the far north.", "Temperatures decreased in the far north."),
    ("The dogs of the farm chase the cats.", "The cats of the farm chase the dogs."),
    ("All bees of this species sting people.", "Some bees of this species sting people."),
    ("Prices rose 20% in the last year.", "Prices rose 20 in the last year."),
    ("蜜蜂会跳舞给同伴看。", "蜜蜂不会跳舞给同伴看。"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_the_same_is_merged(first: str, second: str) -> None:
    """Inflection, order of phrases and number format do not make a second fact."""
    groups = merge([first, second], "en")

    assert [(group.kept, group.same) for group in groups] == [(0, (1,))]


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_the_different_is_not(first: str, second: str) -> None:
    """Numbers, units, negations, hedges, names, opposites and roles make different facts."""
    assert len(merge([first, second], "en")) == 2


def test_the_fuller_statement_stays() -> None:
    """A statement with something left out goes into the fuller one, but does not bear it out."""
    shorter = "Karl von Frisch decoded the waggle dance."
    fuller = "Karl von Frisch decoded the waggle dance patiently."

    groups = merge([shorter, fuller], "en")

    assert [(group.kept, group.same, group.within) for group in groups] == [(1, (), (0,))]


def test_leaving_out_needs_a_known_language() -> None:
    """Where negations are not known, a missing word may be one."""
    assert len(merge(["Pszczoły robią miód wiosną latem", "Pszczoły niemal robią miód wiosną latem"], "pl")) == 2


STATEMENTS = st.lists(
    st.builds(
        "The {} has {} {} in the {}.".format,
        st.sampled_from(["hive", "garden", "river"]),
        st.sampled_from(["3", "12", "4,500", "no"]),
        st.sampled_from(["bees", "boats", "trees"]),
        st.sampled_from(["spring", "north"]),
    ),
    max_size=15,
)


@given(STATEMENTS)
def test_merging_is_a_partition(found: list[str]) -> None:
    """Every statement is in exactly one group, equal ones share one, and merging again changes nothing."""
    groups = merge(found, "en")
    members = [index for group in groups for index in (group.kept, *group.same, *group.within)]

    assert sorted(members) == list(range(len(found)))
    assert len(groups) == len(set(found))
    kept = [found[group.kept] for group in groups]
    assert kept == [kept[group.kept] for group in merge(kept, "en")]
