#!/usr/bin/env python3
"""Turns a transcript of Claude Code into a thread of the corpus: labels for texts, no text.

    python3 record.py NAME FAMILY LABEL KIND SOURCE TRANSCRIPT [--at N]

LABEL is healthy or runaway. Of a runaway, KIND is one of the README's, and --at says at which
repetition a careful person would say "this is a loop now": what repeats is then marked by hand, as
"again", in the lines that this prints.

It prints the lines of one thread; look at them before adding them to recorded.jsonl.
"""

import argparse
import hashlib
import json
import re
from datetime import datetime

KINDS = {
    "Bash": "run",
    "Read": "read",
    "Grep": "read",
    "Glob": "read",
    "LS": "read",
    "Edit": "edit",
    "MultiEdit": "edit",
    "Write": "edit",
    "NotebookEdit": "edit",
    "BashOutput": "poll",
    "TaskOutput": "poll",
    "Monitor": "poll",
    "TaskList": "poll",
    "Agent": "spawn",
    "Task": "spawn",
}
VOLATILE = {"description", "timeout", "run_in_background", "dangerouslyDisableSandbox"}
# Dollars per million tokens; a thread needs plausible amounts, not today's prices.
RATES = {"input_tokens": 5, "output_tokens": 25, "cache_read_input_tokens": 0.5}
WRITE_5M, WRITE_1H = 6.25, 10
REMINDER = re.compile(r"<(command-|local-command-|bash-|task-notification|cross-session)|\[Request")


class Labels:
    """Short names for texts, in the order in which they come."""

    def __init__(self, prefix):
        self.prefix, self.known = prefix, {}

    def of(self, text):
        key = hashlib.sha256(text.encode()).digest()
        return self.known.setdefault(key, f"{self.prefix}{len(self.known) + 1}")


def millis(record):
    return int(
        datetime.fromisoformat(record["timestamp"].replace("Z", "+00:00")).timestamp() * 1000
    )


def dollars(usage):
    split = usage.get("cache_creation") or {}
    amount = sum(usage.get(field, 0) * rate for field, rate in RATES.items())
    amount += split.get("ephemeral_5m_input_tokens", 0) * WRITE_5M
    amount += split.get("ephemeral_1h_input_tokens", 0) * WRITE_1H
    return f"{amount / 1e6:.6f}".rstrip("0").rstrip(".")


def text_of(content):
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", json.dumps(block)) for block in content or [])


def error_start(text):
    """How an error begins, numbers and addresses left out."""
    return re.sub(r"0x[0-9a-f]+|\d+", "", text[:200])


def is_prompt(record):
    content = (record.get("message") or {}).get("content")
    if record.get("isMeta") or record.get("isCompactSummary") or record.get("isSidechain"):
        return False
    if isinstance(content, list):
        if any(block.get("type") == "tool_result" for block in content):
            return False
        content = text_of(content)
    return bool(content) and not REMINDER.match(content)


def lines(path):
    inputs, outputs, files, texts, errors = (Labels(p) for p in "iofxe")
    waiting, order, calls, tools = {}, [], set(), {}
    with open(path, encoding="utf-8") as transcript:
        records = [json.loads(line) for line in transcript]
    for record in records:
        message = record.get("message") or {}
        if record.get("type") == "system" and record.get("subtype") == "compact_boundary":
            trigger = record["compactMetadata"]["trigger"]
            order.append({"compaction": trigger, "at": millis(record)})
        elif record.get("type") == "assistant" and message.get("model") != "<synthetic>":
            uses = [block for block in message["content"] if block["type"] == "tool_use"]
            first = message["id"] not in calls
            calls.add(message["id"])
            if first:
                order.append({"usd": dollars(message["usage"]), "at": millis(record)})
            for use in uses:
                name = use["name"]
                tools[name] = KINDS.get(name, "other")
                asked = {k: v for k, v in use["input"].items() if k not in VOLATILE}
                line = {"tool": name, "in": inputs.of(name + json.dumps(asked, sort_keys=True))}
                if "file_path" in asked:
                    line["on"] = files.of(asked["file_path"])
                if "old_string" in asked:
                    line["edit"] = [texts.of(asked["old_string"]), texts.of(asked["new_string"])]
                # The call's first record may have held text alone.
                last = order[-1] if order else {}
                if set(last) == {"usd", "at"}:
                    line["usd"] = order.pop()["usd"]
                line["at"] = millis(record)
                waiting[use["id"]] = line
                order.append(line)
        elif record.get("type") == "user":
            content = message.get("content")
            for block in content if isinstance(content, list) else []:
                line = waiting.pop(block.get("tool_use_id"), None)
                if line is None:
                    continue
                text = text_of(block.get("content"))
                line["took"] = millis(record) - line["at"]
                line["out"] = outputs.of(text)
                if record.get("toolDenialKind"):
                    line["denied"] = True
                elif block.get("is_error"):
                    line["error"] = errors.of(error_start(text))
            if is_prompt(record):
                person = record.get("promptSource") in (None, "typed", "queued")
                order.append({"turn": "human" if person else "automated", "at": millis(record)})
    return order, tools


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("name", "family", "label", "kind", "source", "transcript"):
        parser.add_argument(name)
    parser.add_argument("--at", type=int)
    asked = parser.parse_args()
    order, tools = lines(asked.transcript)
    header = {"thread": asked.name, "family": asked.family, "label": asked.label}
    if asked.label == "runaway":
        header |= {"kind": asked.kind, "start": asked.at}
    header |= {"source": asked.source, "tools": tools}
    print(json.dumps(header, separators=(",", ":"), ensure_ascii=False))
    begun = clock = order[0]["at"] if order else 0
    for line in order:
        at, took = line.pop("at"), line.get("took", 0)
        # What the same call asked for begins with what it asked for before.
        same_call = "tool" in line and "usd" not in line
        gap = max(0, at - (begun if same_call else clock))
        begun, clock = at, max(clock, at + took)
        line = ({"gap": gap} if gap else {}) | line
        print(json.dumps(line, separators=(",", ":")))


if __name__ == "__main__":
    main()
