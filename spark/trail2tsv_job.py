"""Answer a question to trail2tsv on a Spark cluster.

    spark-submit trail2tsv_job.py --bucket my-trail --since 2026-01-01 --until 2026-10-01 \
        --partitions 200 --output s3://results/deleted.tsv -- -e 'Delete*' --sort eventTime

The driver lists the logs and splits the list into shards (trail2tsv keys --split). Each task runs
the program on one shard (--partial), and the driver joins what the tasks have found (trail2tsv
merge) into what one run on one machine writes: the same bytes, last line and exit code.

Spark only schedules. It ships the program and the lists to the executors, and the part files back
to the driver: small ones with the message that a task has finished, the others as an RDD of blocks
that the executors keep on their disks. The driver fetches a limited number of bytes at a time, so
that memory is bounded. Neither a shared file system nor permission to write to S3 is needed. A task
leaves no files, and Spark drops what a failed task sent, so attempts cannot disturb each other.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile, mkdtemp

from py4j.protocol import Py4JJavaError
from pyspark import (
    RDD,
    Accumulator,
    AccumulatorParam,
    SparkContext,
    SparkFiles,
    StorageLevel,
    TaskContext,
)

NAME = "trail2tsv_job.py"

# Bytes of a block, and bytes that the driver fetches at once.
BLOCK = 1 << 20
WINDOW = 64 << 20
# Maximum bytes of a part file that comes with the message of its task.
MESSAGE = 16 << 20

# Options of trail2tsv that only the list needs, and those that the runs need too.
LIST_OPTIONS = ("bucket", "prefix", "org-id", "kind", "late-days")
SHARED_OPTIONS = ("since", "until", "region", "account", "profile", "endpoint-url")
SHARED_FLAGS = ("no-sign-request", "request-payer")

# Formats of rows by the ending of the output. Others are TSV.
FORMATS = {"jsonl": "json", "ndjson": "json", "db": "sqlite", "sqlite3": "sqlite"}
FORMATS |= {name: name for name in ("csv", "json", "xlsx", "parquet", "sqlite")}

# Exit codes of trail2tsv that come with a result: done, and something could not be read.
DONE, INCOMPLETE = 0, 3

# The size of a part file, and its bytes if it is small.
Part = tuple[int, bytes | None]
# A block of a large part file: the number of its shard, and bytes.
Block = tuple[int, bytes]


class Parts(AccumulatorParam[dict[int, Part]]):
    """The parts that tasks have made, by the numbers of their shards."""

    def zero(self, _value: dict[int, Part]) -> dict[int, Part]:
        """Return no parts."""
        return {}

    def addInPlace(  # noqa: N802
        self, value: dict[int, Part], other: dict[int, Part]
    ) -> dict[int, Part]:
        """Add parts. A shard that was run again has the same part."""
        value.update(other)
        return value


class ProgramError(Exception):
    """A run of trail2tsv failed: what it printed, if that is not on stderr, and its exit code."""

    def __init__(self, message: str, code: int) -> None:
        """Make an error. Its text is JSON, which can be found in a stack trace of Java."""
        super().__init__(json.dumps([message, code]))


@dataclass(frozen=True)
class Job:
    """The request. Paths are absolute, because executors have other working folders."""

    # Arguments of trail2tsv keys only, and those of both it and the runs.
    listing: list[str]
    shared: list[str]
    # Command and options of the runs.
    question: list[str]
    binary: str
    files: list[str]
    partitions: int | None
    output: str
    report: str | None


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments before --."""
    program = shutil.which("trail2tsv")
    parser = argparse.ArgumentParser(
        prog=NAME,
        usage="spark-submit %(prog)s --output PATH [OPTIONS] [INPUT ...] -- [COMMAND] [OPTIONS]",
        description="Answer a question to trail2tsv on a Spark cluster.",
        epilog="What follows -- is given to trail2tsv. @FILE there means a file sent by --file.",
        allow_abbrev=False,
    )
    add, at = parser.add_argument, "PATH|URL"
    add("inputs", metavar="INPUT", nargs="*", type=absolute, help="s3:// or a shared folder")
    # Spark mixes standard output with messages.
    add("--output", "-o", metavar=at, type=absolute, required=True, help="the result")
    add("--report", metavar=at, type=absolute, help="what became of each file, as JSON lines")
    add("--partitions", metavar="N", type=int, help="shards [twice the default parallelism]")
    add("--binary", metavar=at, type=existing, default=program, help="program [that on PATH]")
    add("--file", metavar=at, type=existing, action="append", default=[], help="file to send")
    logs = parser.add_argument_group("logs and access to them, see trail2tsv keys --help")
    for name in (*LIST_OPTIONS, *SHARED_OPTIONS):
        short = ["-r"] if name == "region" else []
        logs.add_argument(f"--{name}", *short, action="append", default=[], metavar="VALUE")
    for name in SHARED_FLAGS:
        logs.add_argument(f"--{name}", action="store_const", const=[None], default=[])
    return parser


def parse(arguments: list[str]) -> Job:
    """Parse the arguments of the job. An error ends the program with exit code 2."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    typed, question = parser().parse_args(arguments[:end]), arguments[end + 1 :]
    own = {f"--{name.replace('_', '-')}" for name in vars(typed)} | {"-o", "-r"}
    if misplaced := sorted(own & {argument.split("=")[0] for argument in question}):
        parser().error(f"{misplaced[0]} is an option of the job, and belongs before --")
    if typed.binary is None:
        parser().error("trail2tsv is not on the PATH; name the program by --binary")

    def given(*names: str) -> list[str]:
        values = [(name, value) for name in names for value in vars(typed)[name.replace("-", "_")]]
        return [f"--{name}" if value is None else f"--{name}={value}" for name, value in values]

    return Job(
        listing=[*typed.inputs, *given(*LIST_OPTIONS)],
        shared=given(*SHARED_OPTIONS, *SHARED_FLAGS),
        question=[*question, *named_format(question, typed.output)],
        binary=typed.binary,
        files=typed.file,
        partitions=typed.partitions,
        output=typed.output,
        report=typed.report,
    )


def named_format(question: list[str], output: str) -> list[str]:
    """Return the option for the format that the ending of the output names, if it is needed."""
    format_ = FORMATS.get(Path(output).suffix[1:].lower())
    is_given = any(re.match(r"-[A-Za-z]*f|--format", option) for option in question)
    return [f"--format={format_}"] if format_ and is_rows(question) and not is_given else []


def is_rows(question: list[str]) -> bool:
    """Return whether the question has no command, so that the answer is rows."""
    return not question or question[0].startswith("-")


def absolute(path: str) -> str:
    """Return an absolute path, or an address such as s3://… as it is."""
    return path if "://" in path else str(Path(path).absolute())


def existing(path: str) -> str:
    """Return the absolute path of a file, or an address as it is."""
    if "://" not in path and not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{path} is not a file")
    return absolute(path)


def check(program: str, job: Job, folder: Path) -> list[str]:
    """Check the question by a run over no logs. Return the shared options.

    The window in them is absolute: one such as 30d would differ in each run.
    """
    empty, part, report = (str(folder / name) for name in ("empty", "empty.part", "empty.jsonl"))
    Path(empty).touch()
    files = ["--keys-from", empty, "--partial", part, "--report", report]
    commands = [([*job.question, *job.shared, *files], SparkFiles.getRootDirectory())]
    if is_rows(job.question):
        # The ending of the output must fit the format of the rows.
        result = Path(mkdtemp(dir=folder))
        commands.append((["merge", part, "--output", Path(job.output).name], result))
    for command, cwd in commands:
        options = {"cwd": cwd, "capture_output": True, "text": True}
        run = subprocess.run([program, *command], check=False, **options)
        if run.returncode != DONE:
            raise ProgramError(run.stderr.strip(), run.returncode)
    with Path(report).open() as lines:
        request = json.loads(next(lines))
    window = [f"--{end}={request[end]}" for end in ("since", "until") if request[end]]
    return window + [o for o in job.shared if not o.startswith(("--since=", "--until="))]


def read_part(stream: BufferedReader, number: int, limit: int) -> Generator[Block, None, Part]:
    """Read the part file of a shard. If it is larger than the limit, yield its blocks."""
    start, size = [], 0
    while size <= limit and (block := stream.read(BLOCK)):
        start.append(block)
        size += len(block)
    if size <= limit:
        return size, b"".join(start)
    yield from ((number, block) for block in start)
    while block := stream.read(BLOCK):
        yield number, block
        size += len(block)
    return size, None


def run_shard(
    shard: tuple[int, bytes], name: str, options: list[str], limit: int, parts: Accumulator
) -> Iterator[Block]:
    """Run the program on a shard, on an executor. Yield its part file in blocks if it is large."""
    number, keys = shard
    # This folder is on the disks that the executor has for data, and is deleted with it.
    root = Path(SparkFiles.getRootDirectory()).absolute()
    place = f"{NAME}: shard {number + 1} on {platform.node()}"
    command = [str(root / name), *options, "--keys-from", "-", "--partial", "-"]
    if not any(option.startswith("--threads") for option in options):
        command.append(f"--threads={TaskContext.get().cpus()}")
    with TemporaryFile(dir=root) as stdin, TemporaryFile(dir=root) as stderr:
        stdin.write(zlib.decompress(keys))
        stdin.seek(0)
        streams = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": stderr}
        try:
            run = subprocess.Popen(
                command, cwd=root, env={**os.environ, "TMPDIR": str(root)}, **streams
            )
        except OSError as error:
            advice = f"--binary must be a program for {platform.system()} on {platform.machine()}"
            text = f"{place}: cannot run {name}: {error.strerror}; {advice}"
            raise ProgramError(text, 1) from error
        with run:
            part = yield from read_part(run.stdout, number, limit)
        if run.returncode not in (DONE, INCOMPLETE):
            stderr.seek(0)
            said = stderr.read()[-4096:].decode(errors="replace").strip()
            text = f"{place}: exit code {run.returncode}\n{said}"
            raise ProgramError(text, run.returncode if run.returncode > 0 else 1)
    parts.add({number: part})


def block_range(blocks: Iterable[Block], start: int, count: int) -> Iterator[Block]:
    """Return some of the blocks of a part."""
    return islice(blocks, start, start + count)


def groups(sizes: dict[int, int]) -> Iterator[list[int]]:
    """Group parts with these sizes to be fetched at once. A part that is too large is alone."""
    group, room = [], WINDOW
    for part, size in sizes.items():
        if group and size > room:
            yield group
            group, room = [], WINDOW
        group.append(part)
        room -= size
    if group:
        yield group


def fetch(blocks: RDD[Block], sizes: dict[int, int], paths: list[Path]) -> None:
    """Fetch parts with these sizes from the executors, and append them to their files."""
    count = WINDOW // BLOCK
    for group in groups(sizes):
        for start in range(0, -(-max(sizes[part] for part in group) // BLOCK), count):
            window = partial(block_range, start=start, count=count)
            for part, data in blocks.context.runJob(blocks, window, group):
                with paths[part].open("ab") as file:
                    file.write(data)


def run_shards(context: SparkContext, lists: list[Path], run: Callable, paths: list[Path]) -> None:
    """Run the program on all shards. Write its part files."""
    keys = [(number, zlib.compress(path.read_bytes(), 1)) for number, path in enumerate(lists)]
    parts = context.accumulator({}, Parts())
    run = partial(run, limit=min(MESSAGE, WINDOW // len(keys)), parts=parts)
    blocks = context.parallelize(keys, len(keys)).flatMap(run).persist(StorageLevel.DISK_ONLY)
    try:
        # Java counts the blocks without passing them to Python.
        blocks._jrdd.count()
        done = dict(parts.value)
        # A session keeps the values of accumulators.
        parts.value.clear()
        for number, (_, data) in done.items():
            if data is not None:
                paths[number].write_bytes(data)
        large = {number: size for number, (size, data) in sorted(done.items()) if data is None}
        fetch(blocks, large, paths)
    finally:
        blocks.unpersist()


def publish(context: SparkContext, path: Path, target: str) -> None:
    """Copy a file to a path or to an address. It appears there when it is complete."""
    copy = target if target.startswith("s3") else f"{target}.{os.getpid()}.part"
    if "://" not in target:
        shutil.copyfile(path, copy)
        Path(copy).replace(target)
        return
    hadoop = context._jvm.org.apache.hadoop.fs
    system = hadoop.Path(target).getFileSystem(context._jsc.hadoopConfiguration())
    system.copyFromLocalFile(False, True, hadoop.Path(path.as_uri()), hadoop.Path(copy))
    if copy != target:
        system.delete(hadoop.Path(target), False)
        if not system.rename(hadoop.Path(copy), hadoop.Path(target)):
            raise OSError(f"{target}: {copy} cannot be renamed to this")


def list_logs(program: str, arguments: list[str], folder: Path) -> tuple[list[Path], int]:
    """List the logs. Return the shards, and the exit code."""
    command = [program, "keys", *arguments, f"--output-dir={folder}"]
    # Its output is a table of the shards.
    streams = {"cwd": SparkFiles.getRootDirectory(), "stdout": subprocess.DEVNULL}
    code = subprocess.run(command, check=False, **streams).returncode
    if code not in (DONE, INCOMPLETE):
        raise ProgramError("", code)
    lists = sorted(folder.iterdir())
    return [path for path in lists if path.stat().st_size > 0] or lists[:1], code


def answer(context: SparkContext, job: Job, folder: Path) -> int:
    """List, run, merge and publish. Return the exit code. The folder is for temporary files."""
    for file in (job.binary, *job.files):
        context.addFile(file)
    name = job.binary.rsplit("/", 1)[-1]
    program = SparkFiles.get(name)
    shared = check(program, job, folder)
    count = 2 * context.defaultParallelism if job.partitions is None else job.partitions
    lists, listed = list_logs(program, [*job.listing, *shared, f"--split={count}"], folder / "plan")
    parts = [folder / "parts" / f"{number + 1}.part" for number in range(len(lists))]
    parts[0].parent.mkdir()
    run_shards(
        context, lists, partial(run_shard, name=name, options=[*job.question, *shared]), parts
    )
    # Summaries show this command, so its paths are short.
    merge = [program, "merge", *(f"parts/{path.name}" for path in parts)]
    merge += ["--plan", *(f"plan/{path.name}" for path in lists)]
    targets = {}
    for option, target in (("--output", job.output), ("--report", job.report)):
        if target:
            file = option[2:] + Path(target).suffix if "://" in target else target
            targets[file] = target
            merge += [option, file]
    before = set(folder.iterdir())
    merged = subprocess.run(merge, check=False, cwd=folder).returncode
    if merged in (DONE, INCOMPLETE):
        # Options such as --html write further files.
        for path in set(folder.iterdir()) - before:
            publish(context, path, targets.get(path.name, absolute(path.name)))
    return merged or listed


def failure(error: Exception) -> tuple[str, int]:
    """Return the message and the exit code of an error."""
    text = str(getattr(error, "java_exception", error))
    trace = f"{type(error).__name__}: {text}"
    if found := re.search(r"ProgramError: (\[.*\])$", trace, re.MULTILINE):
        message, code = json.loads(found[1])
        return message, code
    return f"{NAME}: " + re.split(r"\n+(?:\s+at |Driver stacktrace)", text)[0], 1


def run_job(context: SparkContext, arguments: list[str]) -> int:
    """Run the job. Return its exit code. A session can run many jobs."""
    job = parse(arguments)
    # Executors import the functions of this file if it is not the main program.
    context.addPyFile(__file__)
    try:
        with TemporaryDirectory(prefix="trail2tsv-", dir=SparkFiles.getRootDirectory()) as folder:
            return answer(context, job, Path(folder))
    except (ProgramError, Py4JJavaError, OSError) as error:
        message, code = failure(error)
    except KeyboardInterrupt:
        message, code = f"{NAME}: interrupted", 130
    if message:
        print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    parse(sys.argv[1:])  # An error needs no cluster.
    spark = SparkContext.getOrCreate()
    try:
        exit_code = run_job(spark, sys.argv[1:])
    finally:
        spark.stop()
    sys.exit(exit_code)
