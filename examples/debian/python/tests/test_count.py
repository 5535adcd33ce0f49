from tally.count import most_frequent, words


def test_words_are_in_small_letters():
    assert words("Rain, RAIN; go away!") == ["rain", "rain", "go", "away"]


def test_an_apostrophe_and_a_hyphen_join():
    assert words("don't - it’s well-known") == ["don't", "it’s", "well-known"]


def test_letters_of_all_languages_count():
    assert words("Käse über Ærø, 42 日本") == ["käse", "über", "ærø", "日本"]


def test_the_most_frequent_come_first():
    assert most_frequent("b a c b a b", 2) == [("b", 3), ("a", 2)]


def test_the_alphabet_decides_between_equals():
    assert most_frequent("pear fig apple", 3) == [("apple", 1), ("fig", 1), ("pear", 1)]


def test_nothing_has_no_words():
    assert most_frequent("", 5) == []
