"""The result as a person reads it."""


def table(pairs):
    """One line for each pair; the numbers end in the same column."""
    if not pairs:
        return "no words\n"
    width = max(len(str(number)) for _, number in pairs)
    return "".join(f"{number:>{width}}  {word}\n" for word, number in pairs)
