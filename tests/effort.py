"""How hard Hypothesis tries: a little on every push, each time something else; for long when told to.

make test ARGS="--hypothesis-profile=long -k model"
"""

from typing import Final

from hypothesis import settings

LONG: Final = 10

settings.register_profile("push", settings.get_profile("default"), derandomize=False, deadline=None, print_blob=True)
settings.register_profile("long", settings.get_profile("push"))
settings.load_profile("push")


def examples(count: int, *, long: int | None = None) -> int:
    """Of a test that takes more than a moment for each. The profile is chosen before any test is imported.

    Args:
        long: how many the profile of that name tries; None: ten times as many.
    """
    return (long or count * LONG) if settings.get_current_profile_name() == "long" else count
