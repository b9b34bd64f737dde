"""Puts what the benches measured into README.md: `make bench-readme` runs it.

    python3 tests/bench/publish.py [NAME...]     all of build/bench/NAME.md, or these

A table takes the place of the one that has the same columns; what stands in parentheses in a column's
name may differ. NAME.svg goes to tests/bench/. Words around the tables are a person's to change.
"""
import glob
import os
import re
import shutil
import sys

import bench

PAGE = "README.md"


def columns(line):
    return [re.sub(r"\s*\(.*?\)", "", cell).strip() for cell in line.strip().strip("|").split("|")]


def end_of_table(lines, start):
    while start < len(lines) and lines[start].startswith("|"):
        start += 1
    return start


def replace(lines, table):
    """The page's lines with `table` in the place of its like; None when there is none."""
    for i, line in enumerate(lines):
        begins = line.startswith("|") and not (i and lines[i - 1].startswith("|"))
        if begins and columns(line) == columns(table[0]):
            return lines[:i] + table + lines[end_of_table(lines, i):]
    return None


def publish(name, lines):
    with open(f"{bench.FOLDER}/{name}.md", encoding="utf-8") as file:
        tables = [table.splitlines() for table in file.read().strip().split("\n\n")]
    for table in tables:
        found = replace(lines, table)
        print(f"{name}: {'replaced' if found else 'not in ' + PAGE}: {table[0]}")
        lines = found or lines
    plot = f"{bench.FOLDER}/{name}.svg"
    if os.path.exists(plot):
        shutil.copy(plot, "tests/bench")
        print(f"{name}: tests/bench/{name}.svg")
    return lines


def main():
    names = sys.argv[1:] or sorted(os.path.basename(path)[:-len(".md")]
                                   for path in glob.glob(f"{bench.FOLDER}/*.md"))
    with open(PAGE, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for name in names:
        lines = publish(name, lines)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


main()
