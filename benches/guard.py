#!/usr/bin/env python3
"""Measures the daemon: how fast it signals, what it costs when idle, and under load.

    benches/guard.py [--spendtop BIN ...] [--runs 200] [--idle 60] [--transcripts 3000] [--processes 300]

Everything happens in a scratch home. The agents are copies of Python under an agent's name; the daemon is the real
one, with the kernel's own clock and inotify. Several programs are measured in turns. The result is a Markdown table on
stdout, a column for each:

    signal    from the append of the breaching line to the signal, by the agent's own clock, and to the agent's end;
              beside the agent some hundred other processes run, as on any desk
    idle      CPU share, bytes written and resident memory over a minute with the transcripts watched
    load      CPU share under 200 appends a second in 20 files, and the calls that were lost
"""

import argparse
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def line(session: str, call: str, output: int = 1000, stop: str = "tool_use") -> bytes:
    """One answer of a model, $0.025 at 1,000 tokens of output and list price; in mid-turn unless `stop` says it ended."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    usage = {"input_tokens": 1, "output_tokens": output, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message = {"id": f"msg_01{call}", "type": "message", "role": "assistant", "model": "claude-opus-4-8"}
    message |= {"content": [], "stop_reason": stop, "usage": usage}
    record = {"type": "assistant", "uuid": f"u{call}", "requestId": f"req_{call}", "sessionId": session}
    record |= {"timestamp": now, "cwd": "/home/dev/proj", "isSidechain": False, "message": message}
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


class Lab:
    """A scratch home with a running daemon."""

    def __init__(self, spendtop: Path, config: str, transcripts: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spendtop-bench-"))
        self.spendtop = spendtop
        self.projects = self.folder / "home/.claude/projects/p"
        self.projects.mkdir(parents=True)
        (self.folder / "home/.claude/sessions").mkdir()
        for number in range(transcripts):
            folder = self.projects.parent / f"p{number % 60}"
            folder.mkdir(exist_ok=True)
            (folder / f"old-{number}.jsonl").write_bytes(line(f"old-{number}", f"o{number}", 10, "end_turn"))
        settings = self.folder / "config.toml"
        settings.write_text(config + "\n[notify]\ndesktop = false\n")
        self.env = {"HOME": str(self.folder / "home"), "PATH": "/usr/bin:/bin", "SPENDTOP_CONFIG": str(settings)}
        self.daemon = subprocess.Popen([spendtop, "daemon"], env=self.env, stderr=subprocess.PIPE)
        ready = self.daemon.stderr.readline()
        if b"ready" not in ready:
            raise SystemExit(f"the daemon is not ready: {ready!r}")

    def append(self, session: str, text: bytes) -> None:
        with open(self.projects / f"{session}.jsonl", "ab", buffering=0) as file:
            file.write(text)

    def calls(self) -> int:
        ran = subprocess.run([self.spendtop, "report", "--json"], env=self.env, capture_output=True, text=True)
        return json.loads(ran.stdout)["total"]["calls"]

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def written(self) -> int:
        rows = Path(f"/proc/{self.daemon.pid}/io").read_text().splitlines()
        return int(next(row for row in rows if row.startswith("wchar")).split()[1])

    def resident_mb(self) -> float:
        rows = Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines()
        return int(next(row for row in rows if row.startswith("VmRSS")).split()[1]) * 1024 / 1e6

    def end(self) -> None:
        self.daemon.terminate()
        self.daemon.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


# Waits for the signal and tells the time at which it came: one clock for all processes of the machine.
AGENT = """
import signal, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("ready", flush=True)
signal.sigwait([signal.SIGTERM])
print(time.perf_counter(), flush=True)
"""


class Agents:
    """A daemon with a cap on each session, and agents that break it."""

    def __init__(self, spendtop: Path) -> None:
        config = '[[cap]]\nname = "c"\nscope = "session"\nperiod = "session"\nlimit = 0.04\naction = "kill"\n'
        self.lab = Lab(spendtop, "session_alert_usd = 1000\n" + config)
        self.exe = self.lab.folder / "bin/claude"
        self.exe.parent.mkdir()
        shutil.copy(sys._base_executable, self.exe)
        self.signalled: list[float] = []
        self.ended: list[float] = []

    def stop_one(self, number: int) -> None:
        """Notes how many milliseconds it took from the append to the signal, and to the agent's end."""
        session = f"s{number}"
        env = {"PYTHONHOME": sys.base_prefix}
        command = [self.exe, "-S", "-c", AGENT]
        agent = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            agent.stdout.readline()
            start = Path(f"/proc/{agent.pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
            claim = {"pid": agent.pid, "sessionId": session, "procStart": start, "kind": "interactive"}
            claim |= {"entrypoint": "cli", "cwd": "/home/dev/proj"}
            registered = self.lab.folder / f"home/.claude/sessions/{agent.pid}.json"
            registered.write_text(json.dumps(claim))
            self.lab.append(session, line(session, f"{number}a"))
            time.sleep(0.12)
            # `Popen.wait` polls, and more and more seldom: the kernel tells when.
            held = os.pidfd_open(agent.pid)
            began = time.perf_counter()
            self.lab.append(session, line(session, f"{number}b"))
            if not select.select([held], [], [], 10)[0]:
                raise SystemExit("an agent was not signalled")
            self.ended.append((time.perf_counter() - began) * 1000)
            self.signalled.append((float(agent.stdout.readline()) - began) * 1000)
            os.close(held)
            registered.unlink()
        finally:
            agent.kill()
            agent.wait()


def signals(programs: list[Path], runs: int, processes: int) -> list[Agents]:
    """What the agents of each program noted."""
    bystanders = [subprocess.Popen(["sleep", "3600"]) for _ in range(processes)]
    all_agents = [Agents(spendtop) for spendtop in programs]
    try:
        for number in range(runs):
            for agents in all_agents:
                agents.stop_one(number)
    finally:
        for agents in all_agents:
            agents.lab.end()
        for bystander in bystanders:
            bystander.kill()
            bystander.wait()
    return all_agents


def quantile(times: list[float], part: float) -> str:
    return f"{sorted(times)[min(len(times) - 1, int(len(times) * part))]:.1f} ms"


def idle(spendtop: Path, transcripts: int, seconds: float) -> tuple[float, int, float]:
    """CPU share in percent, bytes written, resident MB."""
    lab = Lab(spendtop, "daily_cap = 100000\n", transcripts)
    try:
        time.sleep(5)
        cpu, written = lab.cpu(), lab.written()
        time.sleep(seconds)
        return (lab.cpu() - cpu) / seconds * 100, lab.written() - written, lab.resident_mb()
    finally:
        lab.end()


def load(spendtop: Path, seconds: float) -> tuple[float, int]:
    """CPU share in percent, and lost calls."""
    lab = Lab(spendtop, "daily_cap = 100000\nsession_alert_usd = 100000\n")
    try:
        time.sleep(1)
        cpu, began, sent = lab.cpu(), time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            if sent < passed * 200:
                lab.append(f"l{sent % 20}", line(f"l{sent % 20}", f"l{sent}", 10))
                sent += 1
            else:
                time.sleep(0.001)
        share = (lab.cpu() - cpu) / seconds * 100
        time.sleep(1)
        return share, sent - lab.calls()
    finally:
        lab.end()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the daemon.")
    release = ROOT / "target/release/spendtop"
    parser.add_argument("--spendtop", type=Path, nargs="+", default=[release], help="release builds, one or more")
    parser.add_argument("--runs", type=int, default=200, help="signals to measure (default: %(default)s)")
    parser.add_argument("--idle", type=float, default=60, help="seconds to be idle for (default: %(default)s)")
    parser.add_argument("--transcripts", type=int, default=3000, help="how many to watch (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=300, help="others on the machine (default: %(default)s)")
    parser.add_argument("--only-signals", action="store_true", help="leave out the minutes of idling and of load")
    args = parser.parse_args()
    rows: dict[tuple[str, str], list[str]] = {}

    def note(what: str, goal: str, measured: str) -> None:
        rows.setdefault((what, goal), []).append(measured)

    for agents in signals(args.spendtop, args.runs, args.processes):
        note("append to signal, p50", "5 ms", quantile(agents.signalled, 0.5))
        note("append to signal, p99", "50 ms", quantile(agents.signalled, 0.99))
        note("append to the end of the agent, p50", "", quantile(agents.ended, 0.5))
        note("append to the end of the agent, p99", "", quantile(agents.ended, 0.99))
    for spendtop in [] if args.only_signals else args.spendtop:
        share, written, resident = idle(spendtop, args.transcripts, args.idle)
        note(f"idle, {args.transcripts:,} transcripts: CPU", "0.1 %", f"{share:.2f} % of a core")
        note("idle: written", "0", f"{written:,} bytes")
        note("idle: resident memory", "25 MB", f"{resident:.0f} MB")
        busy, lost = load(spendtop, 20)
        note("200 appends a second in 20 files: CPU", "10 %", f"{busy:.1f} % of a core")
        note("the same: calls lost", "0", f"{lost}")
    print(f"| | {' | '.join(str(spendtop) for spendtop in args.spendtop)} | goal |")
    print("|---" * (len(args.spendtop) + 2) + "|")
    for (what, goal), measured in rows.items():
        print(f"| {what} | {' | '.join(measured)} | {goal} |")


if __name__ == "__main__":
    main()
