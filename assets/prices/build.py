#!/usr/bin/env python3
"""Builds ../prices.json from the genai-prices wheel and overlay.toml.

    python3 build.py [WHEEL]           write ../prices.json
    python3 build.py [WHEEL] --check   exit 1 if the committed file is not what would be written

Without WHEEL, `pip download` fetches the newest one into a temporary directory. The wheel's data
module is read as a syntax tree and never run. Output depends on the inputs alone.

src/pricing/update.rs applies the same reading to the upstream JSON at run time.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "prices.json"
SCHEMA = "spendtop.prices/1"
CLASSES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "cache_read": "cache_read_mtok",
}
PROVIDERS = ("anthropic", "openai", "google", "aws")
# In the order of the book; of those that are no provider of the data there is the overlay alone.
BOOK = (*PROVIDERS, "alibaba")
# Not text in, text out; or open weights listed at some host's price.
SKIP = re.compile(
    r"audio|banana|computer-use|embed|gemma|gpt-oss|image|instruct|live|moderation|omni|realtime"
    r"|robotics|search|transcribe|tts|vision|whisper|:|\.ft-|^ada$|babbage|curie|davinci"
)
# Names that move from model to model as the vendor likes.
MOVING = {
    "chat-latest", "claude-opus-5-latest", "gemini-flash-latest", "gemini-flash-lite-latest",
    "gemini-pro-latest", "gpt-chat-latest",
}
RENAMED = {
    "claude-4-opus": ["claude-opus-4-0", "claude-opus-4-1"],
    "claude-4-sonnet": ["claude-sonnet-4-0"],
    "claude-opus-4": ["claude-opus-4-0"],
    "claude-sonnet-4": ["claude-sonnet-4-0"],
}
DATE = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2})$")
START, END = "", "9999"  # sort before and after every instant


def instant(text):
    """A date as the instant of its midnight, UTC."""
    return f"{text}T00:00:00Z" if text and len(text) == 10 else text


# ---- the wheel ----------------------------------------------------------------------------------

def literal(node):
    """The value of a literal, or of a constructor call as its keyword arguments."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [literal(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {literal(k): literal(v) for k, v in zip(keys, values)}
        case ast.Call(func=ast.Name(id="Decimal"), args=[number]):
            return Decimal(literal(number))
        case ast.Call(func=ast.Attribute(attr="date"), args=args):
            return "{:04}-{:02}-{:02}".format(*map(literal, args))
        case ast.Call(func=ast.Attribute(), args=args):
            return tuple(map(literal, args))
        case ast.Call(keywords=keywords):
            return {k.arg: literal(k.value) for k in keywords}
        case ast.Attribute():
            return None
    raise ValueError(f"unexpected syntax at line {node.lineno}")


def read_wheel(path):
    """(version, {provider id: [model]}) of a genai-prices wheel."""
    tree = ast.parse(zipfile.ZipFile(path).read("genai_prices/data.py").decode())
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and statement.target.id == "providers":
            found = {
                p["id"]: p["models"]
                for p in map(literal, statement.value.elts)
                if p["id"] in PROVIDERS
            }
            return Path(path).name.split("-")[1], found
    raise ValueError("no provider list in the wheel")


def newest_wheel(directory):
    """Downloads the newest genai-prices wheel."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", directory, "genai-prices"],
        check=True,
    )
    return next(Path(directory).glob("genai_prices-*.whl"))


# ---- rows ---------------------------------------------------------------------------------------

def band_rows(prices, **common):
    """One row for every prompt-length band of a set of prices."""
    tiers = [price["tiers"] for price in prices.values() if isinstance(price, dict)]
    for above in [0, *sorted({t["start"] for ts in tiers for t in ts})]:
        rates = {}
        for name, key in CLASSES.items():
            price = prices.get(key)
            if isinstance(price, dict):
                reached = [t for t in price["tiers"] if t["start"] <= above]
                price = reached[-1]["price"] if reached and above else price["base"]
            if price is not None:
                rates[name] = price
        yield {"above": above, "rates": rates, **common}


def start_of(conditional):
    return instant((conditional.get("constraint") or {}).get("start_date", START))


def model_rows(model, checked, variants=True):
    """Every row of an upstream model."""
    prices = model["prices"]
    if isinstance(prices, dict):
        prices = [{"prices": prices}]
    standard = sorted((start_of(c), c["prices"]) for c in prices) if len(prices) > 1 else [
        (START, prices[0]["prices"])
    ]
    ends = [start for start, _ in standard[1:]] + [END]
    rows = []

    def add(from_, to, when, merged, basis=None):
        basis = basis or ("announced" if from_ > instant(checked) else "official_effective")
        rows.extend(band_rows(merged, when=when, **{"from": from_}, to=to, basis=basis, source="genai"))

    for (start, merged), end in zip(standard, ends):
        add(start, end, {}, merged)
    groups = {}
    for variant in (model.get("price_variants") or []) if variants else []:
        (key, value), = variant["when"].items()
        when = {"processing": {"service_tier": value}}.get(key, {key: value})
        # Fast is the newer name of the same tier at the same rates.
        if when not in ({"service_tier": "default"}, {"service_tier": "fast"}):
            groups.setdefault(tuple(when.items()), []).append(variant)
    for when, group in groups.items():
        first = min(map(start_of, group))
        cuts = sorted({first, *map(start_of, group), *(s for s, _ in standard if s > first)})
        for from_, to in zip(cuts, cuts[1:] + [END]):
            in_force = [s for s in standard if s[0] <= from_][-1]
            merged = dict(in_force[1])
            active = [v for v in group if start_of(v) <= from_]
            for variant in reversed(active):
                merged.update({k: p for k, p in variant["prices"].items() if p is not None})
            add(from_, to, dict(when), merged)
            if from_ == first and in_force[0] < first:
                # The rate is older than the day upstream first verified it, by how much unknown.
                add(in_force[0], first, dict(when), merged, "assumed")
    return coalesce(rows)


def slot(row):
    return (tuple(sorted(row["when"].items())), row["above"])


def order(row):
    """The order of rows in a book; src/pricing/draft.rs has the same."""
    ranks = {"speed": ["fast"], "service_tier": ["batch", "priority", "flex", "ultrafast"],
             "endpoint": ["global", "regional"]}
    terms = [names.index(row["when"][key]) + 1 if key in row["when"] else 0 for key, names in ranks.items()]
    return terms, row["above"], row["from"]


def coalesce(rows):
    """Joins touching rows that say the same."""
    joined = []
    for row in sorted(rows, key=order):
        last = joined[-1] if joined else None
        same = ("when", "above", "rates", "basis", "source")
        if last and last["to"] == row["from"] and all(last[k] == row[k] for k in same):
            last["to"] = row["to"]
        else:
            joined.append(dict(row))
    return joined


def punched(row, hole):
    """What is left of a row outside the time of another."""
    if row["from"] < hole["from"]:
        yield {**row, "to": min(row["to"], hole["from"])}
    if row["to"] > hole["to"]:
        yield {**row, "from": max(row["from"], hole["to"])}


def scaled(row, factor, **changes):
    rates = {name: rate * Decimal(factor) for name, rate in row["rates"].items()}
    return {**row, "rates": rates, **changes}


# ---- models -------------------------------------------------------------------------------------

def tier(model):
    """What a model is for, by the vendors' own naming; src/pricing/tier.rs agrees (tested)."""
    words = set(re.split(r"[-.]", model))
    if words & {"haiku", "mini", "nano", "flash", "luna", "lite"} or model.startswith("gpt-3.5"):
        return "routine"
    if words & {"opus", "fable", "mythos", "astra", "argon", "cyber", "rosalind", "research"}:
        return "reasoning"
    if re.match(r"o\d", model) or (model.startswith("gpt-") and "pro" in words):
        return "reasoning"
    return "quality"


def canonical_ids(provider, model):
    """Our ids of an upstream model, with the endpoint its id stands for, if any."""
    name, endpoint = model, None
    if provider == "aws":
        match = re.fullmatch(r"(global|regional)\.anthropic\.(claude-.*?)(-v\d+(:\d+)?)?", model)
        if not match:
            return [], None
        endpoint, name = match[1], match[2]
    elif SKIP.search(model) or model in MOVING:
        return [], None
    if name.startswith("claude-"):
        name = DATE.sub("", name.replace(".", "-").removesuffix("-latest"))
    return RENAMED.get(name, [name]), endpoint


def names_in(clause):
    """The names a match clause spells out."""
    for key, value in clause.items():
        if key in ("or_", "and_"):
            for part in value:
                yield from names_in(part)
        elif key in ("equals", "starts_with"):
            yield value


def aliases_of(provider, model, ids):
    """Names that mean the model, beyond its id and the dated forms of it."""
    if provider == "aws" or (provider == "google" and "claude" in model["id"]):
        return set()  # the names of Claude models are the first party's
    found = set()
    for name in names_in(model["match"]):
        if name in ids:
            continue
        if name.startswith("claude"):
            name = name.replace(".", "-")
        name = DATE.sub("", name.rstrip("@-"))
        if name not in MOVING and name not in ids and not re.search(r"[^a-z0-9.-]|-2025$", name):
            found.add(name)
    return found


def upstream_models(upstream, checked):
    """{(provider, id): model} of everything upstream has and we price."""
    models = {}
    for provider in PROVIDERS:
        for model in upstream[provider]:
            ids, endpoint = canonical_ids(provider, model["id"])
            rows = model_rows(model, checked, variants=provider != "anthropic")
            if not all({"input", "output"} <= row["rates"].keys() for row in rows):
                continue
            for id_ in ids:
                entry = models.setdefault((provider, id_), {"aliases": set(), "rows": []})
                entry["aliases"] |= aliases_of(provider, model, ids)
                for row in rows:
                    when = {**row["when"], **({"endpoint": endpoint} if endpoint else {})}
                    if not any(slot({**row, "when": when}) == slot(r) and r["from"] == row["from"] for r in entry["rows"]):
                        entry["rows"].append({**row, "when": when})
    for (provider, _), entry in models.items():
        if provider == "aws":
            unqualify(entry)
    return models


def unqualify(entry):
    """Older models cost the same at every Bedrock endpoint: one row without the qualifier."""
    by = {e: [r for r in entry["rows"] if r["when"]["endpoint"] == e] for e in ("global", "regional")}
    plain = lambda rows: [(r["above"], r["from"], r["rates"]) for r in rows]
    if not by["global"] or plain(by["global"]) == plain(by["regional"]):
        for row in by["regional"]:
            del row["when"]["endpoint"]
        entry["rows"] = by["regional"]


# ---- the overlay --------------------------------------------------------------------------------

def apply_overlay(models, overlay):
    put_rows(models, overlay["row"])
    for rule in overlay["copy"]:
        for id_ in rule["models"]:
            rows = [r for r in models[rule["of"], id_]["rows"] if not r["when"]]
            copies = [{**r, "basis": "assumed", "source": rule["source"]} for r in rows]
            assert (rule["provider"], id_) not in models, f"upstream has {id_} on {rule['provider']} now"
            models[rule["provider"], id_] = {"aliases": set(), "rows": copies}
    for rule in overlay["batch_half"]:
        when = {"service_tier": "batch"}
        for (provider, _), entry in models.items():
            if provider == rule["provider"]:
                entry["rows"] += [
                    scaled(r, "0.5", when=when, source=rule["source"])
                    for r in entry["rows"] if not r["when"]
                ]
    for rule in overlay["regional"]:
        for id_ in rule["models"]:
            entry = models[rule["provider"], id_]
            rows = entry["rows"]
            at = lambda r, endpoint: {**r["when"], "endpoint": endpoint}
            entry["rows"] = [{**r, "when": at(r, "global")} for r in rows] + [
                scaled(r, rule["factor"], when=at(r, "regional"), source=rule["source"]) for r in rows
            ]
    for rule in overlay["ultrafast"]:
        for id_ in rule["models"]:
            entry = models[rule["provider"], id_]
            entry["rows"] += [
                # Whether the long-prompt band stacks with it is not recorded.
                scaled(r, rule["factor"], when={"service_tier": "ultrafast"}, source=rule["source"],
                       basis="assumed" if r["above"] else "first_observed")
                for r in entry["rows"] if not r["when"]
            ]
    for rule in overlay["write_12h"]:
        for id_ in rule["models"]:
            for row in models[rule["provider"], id_]["rows"]:
                write = row["rates"]["input"] * Decimal(rule["factor"])
                row["rates"] = {**row["rates"], "cache_write_1h": write}
    for rule in overlay["unverified"]:
        entry, day = models[rule["provider"], rule["model"]], instant(rule["from"])
        later = {"from": day, "to": END}
        changed = {"basis": "assumed", "source": rule["source"]}
        entry["rows"] = [p for r in entry["rows"] for p in punched(r, later)] + [
            {**r, "from": max(r["from"], day), **changed} for r in entry["rows"] if r["to"] > day
        ]
    for provider, names in overlay["aliases"].items():
        for id_, aliases in names.items():
            models[provider, id_]["aliases"] |= set(aliases)
    for provider in BOOK:
        names = [n for (p, id_), e in models.items() if p == provider for n in {id_, *e["aliases"]}]
        twice = {name for name in names if names.count(name) > 1}
        assert not twice, f"{provider} names that mean two models: {twice}"


def put_rows(models, rows):
    rows = [
        {
            "when": r.get("when", {}), "above": r.get("above", 0),
            "from": instant(r.get("from", START)), "to": instant(r.get("to", END)),
            "rates": {k: Decimal(v) for k, v in r["rates"].items()},
            "basis": r.get("basis", "official_effective"), "source": r["source"],
            "patch": r.get("patch", False), "key": (r["provider"], r["model"]),
        }
        for r in rows
    ]
    for row in rows:
        entry = models.setdefault(row["key"], {"aliases": set(), "rows": []})
        kept = []
        for old in entry["rows"]:
            if slot(old) != slot(row) or old["source"] != "genai":
                kept.append(old)
            elif row["patch"]:
                kept += punched(old, row)
        entry["rows"] = kept + [{k: v for k, v in row.items() if k not in ("patch", "key")}]


# ---- output -------------------------------------------------------------------------------------

def decimal_text(rate):
    text = f"{rate:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    assert 0 < rate <= 2000 and len(text.partition(".")[2]) <= 6, f"implausible rate {text}"
    return text


def row_json(row):
    out = {}
    if row["when"]:
        out["when"] = {k: row["when"][k] for k in ("speed", "service_tier", "endpoint") if k in row["when"]}
    if row["above"]:
        out["above"] = row["above"]
    if row["from"] != START:
        out["from"] = row["from"]
    if row["to"] != END:
        out["to"] = row["to"]
    out |= {name: decimal_text(row["rates"][name]) for name in CLASSES if name in row["rates"]}
    return out | {"basis": row["basis"], "source": row["source"]}


def book_text(version, models, overlay):
    """The canonical text: compact JSON, one line for every source and model."""
    dump = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    lines, used = [], {}
    for (provider, id_), entry in sorted(models.items(), key=lambda m: (BOOK.index(m[0][0]), m[0][1])):
        out = {"provider": provider, "model": id_, "tier": tier(id_)}
        aliases = sorted(entry["aliases"] - {id_})
        out |= {"aliases": aliases} if aliases else {}
        residency = overlay["residency"].get(provider, {})
        if id_ in residency.get("models", []):
            out["residency"] = residency["factor"]
        if id_ in overlay["retired"].get(provider, []):
            out["retired"] = True
        out["rows"] = [row_json(row) for row in coalesce(entry["rows"])]
        used |= {row["source"]: None for row in out["rows"]}
        lines.append(dump(out))
    sources = [
        dump({"id": id_, "source": s["source"].format(version=version), "checked": s["checked"]})
        for id_, s in ((id_, overlay["source"][id_]) for id_ in used)
    ]
    head = dump({"schema": SCHEMA, "origin": f"genai-prices {version}"})[:-1]
    return head + ',"sources":[\n' + ",\n".join(sources) + '\n],"models":[\n' + ",\n".join(lines) + "\n]}\n"


def check_batch(upstream, models):
    """Upstream's Anthropic batch rows must be what the half-price rule gives."""
    for model in upstream["anthropic"]:
        for variant in model.get("price_variants") or []:
            if variant["when"] != {"processing": "batch"}:
                continue
            ids, _ = canonical_ids("anthropic", model["id"])
            for want in band_rows(variant["prices"]):
                got = [r for r in models["anthropic", ids[0]]["rows"]
                       if r["when"] == {"service_tier": "batch"} and r["above"] == want["above"] and r["to"] == END]
                same = got and got[0]["rates"] == want["rates"]
                # Upstream still has the long-context band that ended with the beta.
                assert same or (ids[0], want["above"]) == ("claude-sonnet-4-5", 200000), f"batch of {ids[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", nargs="?", help="a genai-prices wheel; the newest is downloaded without it")
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    options = parser.parse_args()
    overlay = tomllib.loads((HERE / "overlay.toml").read_text())
    with tempfile.TemporaryDirectory() as directory:
        version, upstream = read_wheel(options.wheel or newest_wheel(directory))
    models = upstream_models(upstream, overlay["source"]["genai"]["checked"])
    apply_overlay(models, overlay)
    check_batch(upstream, models)
    text = book_text(version, models, overlay)
    if options.check:
        current = OUTPUT.exists() and OUTPUT.read_text() == text
        print("prices.json is current" if current else "prices.json is out of date: run build.py")
        return 0 if current else 1
    OUTPUT.write_text(text)
    rows = sum(len(entry["rows"]) for entry in models.values())
    print(f"{OUTPUT.name}: {len(models)} models, {rows} rows, {len(text)} bytes, genai-prices {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
