"""Runs printed SQL in DuckDB and compares the rows with those of the program.

Standard input has a line for each question, a JSON object: its name, the SQL, the rows of
the program as lists of values, and whether they are sorted.
"""

import collections
import json
import sys

import duckdb


def shown(value):
    """A value of the program as the text that SQL gives for it."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return compact(value)
    return json.dumps(value, sort_keys=True)


def compact(text):
    """A text, or JSON in one spelling."""
    if text and text[0] in "{[":
        try:
            return json.dumps(json.loads(text), sort_keys=True)
        except ValueError:
            pass
    return text or None


connection = duckdb.connect()
for line in sys.stdin:
    question = json.loads(line)
    try:
        found = connection.execute(question["sql"]).fetchall()
    except duckdb.Error as error:
        print(question["name"], "failed:", error)
        continue
    found = [tuple(compact(value) if isinstance(value, str) else value for value in row) for row in found]
    wanted = [tuple(shown(value) for value in row) for row in question["rows"]]
    if question["count"]:
        wanted, found = [(question["count"],)], [tuple(str(value) for value in row) for row in found]
    if not question["sorted"]:
        wanted, found = collections.Counter(wanted), collections.Counter(found)
    if wanted != found:
        print(question["name"], "differs:")
        if not question["sorted"]:
            print("  only the program:", list(wanted - found)[:3])
            print("  only DuckDB:", list(found - wanted)[:3])
