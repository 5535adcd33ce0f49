import pytest

from tally.cli import main
from tally.table import table


def test_numbers_end_in_the_same_column():
    assert table([("the", 12), ("end", 3)]) == "12  the\n 3  end\n"


def test_no_words():
    assert table([]) == "no words\n"


def test_several_files_are_one_text(tmp_path, capsys):
    for name, text in [("one", "tea or"), ("two", "coffee or tea or")]:
        (tmp_path / name).write_text(text, encoding="utf-8")
    main(["-n", "2", str(tmp_path / "one"), str(tmp_path / "two")])
    assert capsys.readouterr().out == "3  or\n2  tea\n"


def test_a_limit_must_be_a_number():
    with pytest.raises(SystemExit):
        main(["-n", "many"])
