"""Packs the program into one file that Python runs: pack.py TARGET

The same sources give the same bytes, whoever packs them and when: the files come in the order of
their names, and ZipInfo gives each the same time.
"""

import sys
from pathlib import Path
from zipfile import ZipFile, ZipInfo


def sources():
    return [Path("__main__.py"), *sorted(Path("tally").glob("**/*.py"))]


def pack(target):
    with open(target, "wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with ZipFile(file, "w") as archive:
            for path in sources():
                archive.writestr(ZipInfo(path.as_posix()), path.read_bytes())


pack(sys.argv[1])
