#!/usr/bin/env python3
"""Measures the daemon: how fast it signals, what it costs when idle, and under load.

    benches/guard.py [--spendtop BIN] [--runs 200] [--idle 60] [--transcripts 3000]

Everything happens in a scratch home. The agents are copies of `sleep` under an agent's name; the daemon is the real
one, with the kernel's own clock and inotify. The result is a Markdown table on stdout:

    signal    from the append of the breaching line to the end of the agent's process, which SIGTERM ends at once
    idle      CPU share, bytes written and resident memory over a minute with the transcripts watched
    load      CPU share under 200 appends a second in 20 files, and the calls that were lost
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
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


def signals(spendtop: Path, runs: int) -> list[float]:
    """Milliseconds from the append to the agent's end, for each run."""
    config = '[[cap]]\nname = "c"\nscope = "session"\nperiod = "session"\nlimit = 0.04\naction = "kill"\n'
    lab = Lab(spendtop, "session_alert_usd = 1000\n" + config)
    agent_file = lab.folder / "bin/claude"
    agent_file.parent.mkdir()
    shutil.copy("/bin/sleep", agent_file)
    took = []
    try:
        for number in range(runs):
            session = f"s{number}"
            agent = subprocess.Popen([agent_file, "60"])
            start = Path(f"/proc/{agent.pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
            claim = {"pid": agent.pid, "sessionId": session, "procStart": start, "kind": "interactive"}
            claim |= {"entrypoint": "cli", "cwd": "/home/dev/proj"}
            registered = lab.folder / f"home/.claude/sessions/{agent.pid}.json"
            registered.write_text(json.dumps(claim))
            lab.append(session, line(session, f"{number}a"))
            time.sleep(0.12)
            began = time.perf_counter()
            lab.append(session, line(session, f"{number}b"))
            try:
                agent.wait(10)
                took.append((time.perf_counter() - began) * 1000)
            except subprocess.TimeoutExpired:
                agent.kill()
                agent.wait()
                raise SystemExit("an agent was not signalled") from None
            registered.unlink()
    finally:
        lab.end()
    return took


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
    parser.add_argument("--spendtop", type=Path, default=ROOT / "target/release/spendtop", help="a release build")
    parser.add_argument("--runs", type=int, default=200, help="signals to measure (default: %(default)s)")
    parser.add_argument("--idle", type=float, default=60, help="seconds to be idle for (default: %(default)s)")
    parser.add_argument("--transcripts", type=int, default=3000, help="how many to watch (default: %(default)s)")
    args = parser.parse_args()
    took = sorted(signals(args.spendtop, args.runs))
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    share, written, resident = idle(args.spendtop, args.transcripts, args.idle)
    busy, lost = load(args.spendtop, 20)
    print("| | measured | goal |\n|---|---|---|")
    print(f"| append to signal, p50 | {statistics.median(took):.1f} ms | 5 ms |")
    print(f"| append to signal, p99 | {p99:.1f} ms | 50 ms |")
    print(f"| idle, {args.transcripts:,} transcripts: CPU | {share:.2f} % of a core | 0.1 % |")
    print(f"| idle: written | {written:,} bytes | 0 |")
    print(f"| idle: resident memory | {resident:.0f} MB | 25 MB |")
    print(f"| 200 appends a second in 20 files: CPU | {busy:.1f} % of a core | 10 % |")
    print(f"| the same: calls lost | {lost} | 0 |")


if __name__ == "__main__":
    main()
