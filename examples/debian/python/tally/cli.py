"""The command: tally [-n LIMIT] [FILE...]; without a file it reads standard input."""

import argparse
import sys

from tally.count import most_frequent
from tally.table import table


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tally", description="Counts words.")
    parser.add_argument("-n", type=int, default=5, metavar="LIMIT", help="how many are shown")
    parser.add_argument("files", nargs="*", metavar="FILE")
    return parser.parse_args(arguments)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(arguments=None):
    options = parse(arguments)
    texts = [read(path) for path in options.files] or [sys.stdin.read()]
    sys.stdout.write(table(most_frequent("\n".join(texts), options.n)))
