"""Parses printed SQL. Standard input has a line for each question, a JSON object: the
dialect and the SQL."""

import json
import sys

import sqlglot

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
