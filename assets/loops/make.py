#!/usr/bin/env python3
"""Writes healthy.jsonl, runaway.jsonl and later.jsonl: what is made of the corpus of loops.

    python3 make.py                      write the files beside this one
    python3 make.py --check              exit 1 if they are not what would be written
    python3 make.py --seed 7 --out DIR   the same stories with other noise

Each family is a story: what an agent was asked for, what it did, and in a runaway where a careful
person who looks over its shoulder would say "this is a loop now". That moment follows from the
story alone (README.md has the rules); nothing here knows of a detector.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import healthy
import later
import runaway
from thread import Thread

# Of each family: two for each half.
THREADS = 4
MODULES = (healthy, runaway, later)
HERE = Path(__file__).resolve().parent


def write(folder, seed):
    for module in MODULES:
        text = []
        for family, kind, source, story in module.STORIES:
            for number in range(1, THREADS + 1):
                thread = Thread(f"{family}-{number}", family, kind, source, seed)
                story(thread, number)
                text.append(thread.text())
        (folder / f"{module.__name__}.jsonl").write_text("".join(text), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    if not asked.check:
        asked.out.mkdir(parents=True, exist_ok=True)
        return write(asked.out, asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), asked.seed)
        for module in MODULES:
            name = f"{module.__name__}.jsonl"
            if (Path(folder) / name).read_bytes() != (asked.out / name).read_bytes():
                sys.exit(f"{name} is not what make.py writes")
    return None


if __name__ == "__main__":
    main()
