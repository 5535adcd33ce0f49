"""Words, and how often each of them occurs."""

import re
from collections import Counter

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def words(text):
    """The words of a text, in small letters and in their order."""
    return [match.group().lower() for match in WORD.finditer(text)]


def most_frequent(text, limit):
    """Pairs of a word and its number, the most frequent first, then by the alphabet."""
    counts = Counter(words(text))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
