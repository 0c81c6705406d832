"""Run jobs in one session of Spark. Each line of standard input is the arguments of one, as JSON.

The output of job N goes to N.stdout and N.stderr, and its exit code to N.code.
"""

import json
import os
import sys
from pathlib import Path

from pyspark import SparkContext

sys.path.insert(0, sys.argv[1])
import trail2tsv_job

# Small parts come with the messages of their tasks, some are fetched together, and the largest one
# is fetched in several steps.
trail2tsv_job.BLOCK = 1 << 10
trail2tsv_job.WINDOW = 1 << 12

context = SparkContext.getOrCreate()
for number, line in enumerate(sys.stdin):
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        with Path(f"{number}.{name}").open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    try:
        code = trail2tsv_job.run_job(context, json.loads(line))
    except SystemExit as error:
        code = error.code
    sys.stderr.flush()
    Path(f"{number}.code").write_text(str(code))
context.stop()
