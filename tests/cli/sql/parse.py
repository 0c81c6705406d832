"""Parses printed SQL. Standard input has a line for each question, a JSON object: the
dialect, the SQL, and a text that must be a literal of it."""

import json
import sys

import sqlglot
from sqlglot import exp

for line in sys.stdin:
    question = json.loads(line)
    try:
        statements = [statement for statement in sqlglot.parse(question["sql"], read=question["dialect"]) if statement]
    except sqlglot.errors.SqlglotError as error:
        print(question["sql"], error)
        continue
    kinds = [type(statement).__name__ for statement in statements]
    if kinds != ["Create", "Select"]:
        print(question["sql"], kinds)
    literals = [literal.this for literal in statements[-1].find_all(exp.Literal)]
    if question["literal"] and question["literal"] not in literals:
        print(question["sql"], "has no literal", question["literal"])
