#!/usr/bin/env python3
"""Measures spendtop against ccusage on the same transcripts, and checks the totals.

    benches/compare.py [--mib 1024] [--rounds 7] [--dir DIR]

It builds spendtop, generates the corpus (benches/corpus.rs), installs ccusage's native binary (its Node launcher
would only add to its times), and then runs, in turn, with a warm page cache:

    cold     spendtop report daily --json            with an empty ledger
    warm     spendtop report daily --json            once more, nothing new
    ccusage  ccusage claude daily --json --offline

Wall time, CPU time (user + system) and peak memory are the operating system's own figures of each finished process.
The result is a Markdown table on stdout. The exit status is 1 only if spendtop's totals differ from the corpus's
truth.json on any day; timings never decide. It is 2 if something could not be run.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import stat
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIELDS = (
    "calls",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
)
MB = 1_000_000


class CannotMeasure(Exception):
    """A tool is missing or failed; there is nothing to compare."""


@dataclass(frozen=True)
class Run:
    """What one finished process took."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Round:
    """One pass over the three commands."""

    cold: Run
    warm: Run
    ccusage: Run
    ledger: int


@dataclass(frozen=True)
class Setup:
    """Where everything is."""

    scratch: Path
    corpus: Path
    spendtop: Path
    ccusage: Path


def main() -> int:
    args = arguments()
    try:
        with scratch_dir(args.dir) as scratch:
            setup = prepare(args, scratch)
            one_round(setup, "warmup")
            rounds = [one_round(setup, str(number)) for number in range(args.rounds)]
            truth = json.loads((setup.corpus / "truth.json").read_text())
            print(describe(setup, truth, args.rounds), table(rounds), ccusage_note(setup, truth), sep="\n\n")
            return report_differences(setup, truth)
    except CannotMeasure as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 2


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure spendtop against ccusage and check the totals.")
    parser.add_argument("--dir", type=Path, help="keep corpus, tools and output here (default: a temporary directory)")
    parser.add_argument("--mib", type=int, default=1024, help="size of the corpus (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (default: %(default)s)")
    parser.add_argument("--corpus", type=Path, help="an existing corpus, instead of generating one")
    parser.add_argument("--spendtop", type=Path, help="a spendtop binary, instead of building one")
    parser.add_argument("--ccusage", type=Path, help="a native ccusage binary, instead of installing one with npm")
    args = parser.parse_args()
    if args.rounds < 1 or args.mib < 1:
        parser.error("--rounds and --mib must be at least 1")
    return args


@contextlib.contextmanager
def scratch_dir(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="spendtop-compare-") as temporary:
            yield Path(temporary).resolve()


# --- what is compared ---


def prepare(args: argparse.Namespace, scratch: Path) -> Setup:
    setup = Setup(
        scratch=scratch,
        spendtop=existing(args.spendtop) or build_spendtop(),
        corpus=existing(args.corpus) or generate_corpus(scratch, args.mib),
        ccusage=existing(args.ccusage) or install_ccusage(scratch / "ccusage"),
    )
    shutil.rmtree(scratch / "runs", ignore_errors=True)
    os.sync()  # a corpus that is still being written back would slow the first rounds
    return setup


def existing(path: Path | None) -> Path | None:
    if path and not path.exists():
        raise CannotMeasure(f"{path} does not exist")
    return path.resolve() if path else None


def build_spendtop() -> Path:
    tool("cargo", "build", "--release", "--bin", "spendtop", cwd=ROOT)
    return target_dir() / "release" / "spendtop"


def target_dir() -> Path:
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=ROOT, capture_output=True, check=True
    )
    return Path(json.loads(metadata.stdout)["target_directory"])


def generate_corpus(scratch: Path, mib: int) -> Path:
    """Generates the corpus, unless an earlier run with the same --dir has done so."""
    corpus = scratch / f"corpus-{mib}"
    if not (corpus / "truth.json").exists():
        shutil.rmtree(corpus, ignore_errors=True)
        tool("cargo", "run", "--release", "--example", "corpus", "--", str(corpus), "--mib", str(mib), cwd=ROOT)
    return corpus


def install_ccusage(prefix: Path) -> Path:
    """Installs the package that holds ccusage's binary for this platform."""
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    package = f"@ccusage/ccusage-{platform.system().lower()}-{machine}"
    prefix.mkdir(parents=True, exist_ok=True)
    tool("npm", "install", "--no-audit", "--no-fund", "--prefix", str(prefix), f"{package}@20", cwd=prefix)
    binary = prefix / "node_modules" / package / "bin" / "ccusage"
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    return binary


def tool(*command: str, cwd: Path) -> None:
    """Runs a build tool, with its output where the user can watch it and out of the table's way."""
    try:
        subprocess.run(command, cwd=cwd, stdout=sys.stderr, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotMeasure(error) from error


# --- measuring ---


def one_round(setup: Setup, name: str) -> Round:
    fresh = setup.scratch / "runs" / name
    fresh.mkdir(parents=True)
    report = [str(setup.spendtop), "report", "daily", "--json"]
    env = spendtop_env(setup, fresh)
    cold = measure(report, env, fresh / "cold.json")
    ledger = ledger_bytes(Path(env["SPENDTOP_DB"]))
    warm = measure(report, env, fresh / "warm.json")
    peer = [str(setup.ccusage), "claude", "daily", "--json", "--offline"]
    ccusage = measure(peer, base_env(setup), fresh / "ccusage.json")
    shutil.rmtree(fresh / "ledger")
    return Round(cold, warm, ccusage, ledger)


def base_env(setup: Setup) -> dict[str, str]:
    return {"HOME": str(setup.corpus / "home"), "TZ": "UTC", "PATH": "/usr/bin:/bin"}


def spendtop_env(setup: Setup, fresh: Path) -> dict[str, str]:
    """An environment in which everything that spendtop keeps is new and inside `fresh`."""
    config = fresh / "config.toml"
    config.touch()
    ledger = fresh / "ledger"
    ledger.mkdir()
    env = base_env(setup) | {"SPENDTOP_CONFIG": str(config), "SPENDTOP_DB": str(ledger / "spendtop.db")}
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        env[f"XDG_{kind}_HOME"] = str(fresh / kind.lower())
    return env


def ledger_bytes(database: Path) -> int:
    """The database and, if it is still there, its write-ahead log."""
    log = database.with_name(database.name + "-wal")
    return sum(path.stat().st_size for path in (database, log) if path.exists())


def measure(command: list[str], env: dict[str, str], output: Path) -> Run:
    """Runs `command` with its stdout in `output`.

    The peak cannot be seen below this script's own size, some 17 MB, which a child inherits until it starts its
    program. That is why outputs go to files and are parsed only after the last run.
    """
    with output.open("wb") as stdout:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=stdout)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CannotMeasure(f"{' '.join(command)} ended with {process.returncode}")
    kilo = 1 if sys.platform == "darwin" else 1024
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kilo)


# --- the table ---


def describe(setup: Setup, truth: dict, rounds: int) -> str:
    return (
        f"{version(setup.spendtop)} and {version(setup.ccusage)} on {cpu_count()} CPUs "
        f"({platform.system()} {platform.machine()}); "
        f"{truth['bytes'] / 2**30:.2f} GiB of transcripts: {truth['files']:,} files, {truth['lines']:,} lines, "
        f"{truth['usage_lines']:,} with usage, {truth['calls']:,} calls. "
        f"Median (lowest to highest) of {rounds} alternating rounds, page cache warm, MB = 10⁶ bytes."
    )


def version(binary: Path) -> str:
    """What the binary calls itself, such as `spendtop 0.1.0`."""
    result = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False)
    return (result.stdout.strip() or binary.name).splitlines()[0]


def cpu_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Spread:
    """A figure over all rounds."""

    values: list[float]
    unit: Callable[[float], str]

    @property
    def middle(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{self.unit(self.middle)} ({self.unit(min(self.values))} to {self.unit(max(self.values))})"


def table(rounds: list[Round]) -> str:
    def over(pick: Callable[[Round], float], unit: Callable[[float], str]) -> Spread:
        return Spread([pick(one) for one in rounds], unit)

    wall = over(lambda one: one.cold.wall, seconds), over(lambda one: one.ccusage.wall, seconds)
    cpu = over(lambda one: one.cold.cpu, seconds), over(lambda one: one.ccusage.cpu, seconds)
    peak = over(lambda one: one.cold.peak, megabytes), over(lambda one: one.ccusage.peak, megabytes)
    again = over(lambda one: one.warm.wall, seconds)
    ledger = over(lambda one: one.ledger, megabytes)
    return "\n".join(
        (
            "| | spendtop | ccusage | ratio | target |",
            "|---|---|---|---|---|",
            row("first run, wall", *wall, "≥ 6x", met=ratio(*wall) >= 6),
            row("first run, CPU", *cpu, "≥ 3.5x", met=ratio(*cpu) >= 3.5),
            row("first run, peak memory", *peak, "≤ 48 MB", met=peak[0].middle <= 48 * MB),
            row("run again, wall", again, wall[1], "≤ 40 ms", met=again.middle <= 0.040),
            row("ledger on disk", ledger, None, "≤ 60 MB", met=ledger.middle <= 60 * MB),
        )
    )


def row(name: str, ours: Spread, theirs: Spread | None, target: str, *, met: bool) -> str:
    verdict = f"{target}: {'met' if met else 'missed'}"
    compared = f"{theirs} | {ratio(ours, theirs):.1f}x" if theirs else " | "
    return f"| {name} | {ours} | {compared} | {verdict} |"


def ratio(ours: Spread, theirs: Spread) -> float:
    return theirs.middle / max(ours.middle, 1e-9)


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 0.2 else f"{value * 1000:.0f} ms"


def megabytes(value: float) -> str:
    return f"{value / MB:.0f} MB"


# --- the totals ---


def report_differences(setup: Setup, truth: dict) -> int:
    """Compares every report spendtop made with the truth; 1 if any of them differs."""
    outputs = sorted((setup.scratch / "runs").glob("*/*.json"))
    ours = [path for path in outputs if path.stem in ("cold", "warm")]
    found = [f"{path.parent.name}/{path.name}: {line}" for path in ours for line in differences(load(path), truth)]
    for line in found[:20]:
        print(f"differs: {line}", file=sys.stderr)
    if found:
        print(f"\nspendtop's totals DIFFER from the truth in {len(found)} figures.")
        return 1
    print(f"\nspendtop's totals equal the truth on all {len(truth['by_day_utc'])} days, in {len(ours)} reports.")
    return 0


def load(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise CannotMeasure(f"{path} is not JSON: {error}") from error


def differences(report: dict, truth: dict) -> list[str]:
    """What a `report daily` says otherwise than the truth, one line for each figure."""
    listed = report.get("rows", [])
    rows = {row.get("key", ""): row for row in listed}
    wanted = truth["by_day_utc"]
    found = [] if len(rows) == len(listed) else ["a day has several rows"]
    for day in sorted(rows.keys() | wanted.keys()):
        found += unequal(day, rows.get(day, {}), wanted.get(day, {}))
    return found + unequal("total", report.get("total", {}), {"calls": truth["calls"], **truth["totals"]})


def unequal(name: str, got: dict, want: dict) -> list[str]:
    return [
        f"{name} {field}: {got.get(field, 0)}, not {want.get(field, 0)}"
        for field in FIELDS
        if got.get(field, 0) != want.get(field, 0)
    ]


def ccusage_note(setup: Setup, truth: dict) -> str:
    """Whether ccusage counts the same; it joins the two kinds of cache writes and counts no calls."""
    report = load(setup.scratch / "runs" / "0" / "ccusage.json")
    got = {day["date"]: ccusage_tokens(day) for day in report["daily"]}
    want = {day: truth_tokens(row) for day, row in truth["by_day_utc"].items()}
    same = sum(got.get(day) == tokens for day, tokens in want.items())
    return f"ccusage's token counts equal the truth on {same} of {len(want)} days."


def ccusage_tokens(day: dict) -> tuple[int, ...]:
    return day["inputTokens"], day["outputTokens"], day["cacheReadTokens"], day["cacheCreationTokens"]


def truth_tokens(day: dict) -> tuple[int, ...]:
    written = day["cache_creation_5m_input_tokens"] + day["cache_creation_1h_input_tokens"]
    return day["input_tokens"], day["output_tokens"], day["cache_read_input_tokens"], written


if __name__ == "__main__":
    sys.exit(main())
