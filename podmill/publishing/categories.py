"""Apple's list of podcast categories, which every directory takes over."""

from typing import Final

CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "Arts": ("Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"),
    "Business": ("Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"),
    "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
    "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
    "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
    "Government": (),
    "Health & Fitness": ("Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"),
    "History": (),
    "Kids & Family": ("Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"),
    "Leisure": (
        *("Animation & Manga", "Automotive", "Aviation", "Crafts"),
        *("Games", "Hobbies", "Home & Garden", "Video Games"),
    ),
    "Music": ("Music Commentary", "Music History", "Music Interviews"),
    "News": (
        *("Business News", "Daily News", "Entertainment News", "News Commentary"),
        *("Politics", "Sports News", "Tech News"),
    ),
    "Religion & Spirituality": (
        *("Buddhism", "Christianity", "Hinduism", "Islam"),
        *("Judaism", "Religion", "Spirituality"),
    ),
    "Science": (
        *("Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics"),
        *("Natural Sciences", "Nature", "Physics", "Social Sciences"),
    ),
    "Society & Culture": ("Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"),
    "Sports": (
        *("Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey", "Rugby"),
        *("Running", "Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness", "Wrestling"),
    ),
    "Technology": (),
    "True Crime": (),
    "TV & Film": ("After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"),
}
"""Sub-categories by category. Source: npm ``podcast-categories`` 2.0.0 compared with the W3C feed validator's list;
the former's obsolete ``Games & Hobbies`` is left out, the latter's missing ``Religion`` is in."""


def category_problem(category: str, subcategory: str | None) -> str | None:
    """What is wrong with a show's category, in words for a person; None when directories know it."""
    if category not in CATEGORIES:
        return f"{category!r} is not a podcast category. Known: {', '.join(CATEGORIES)}."
    if subcategory and subcategory not in CATEGORIES[category]:
        known = ", ".join(CATEGORIES[category]) or "none"
        return f"{subcategory!r} is not a sub-category of {category}. Known: {known}."
    return None
