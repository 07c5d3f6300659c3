"""A thread in the making: who did what, when, for how much. Labels stand for texts."""

import json
import random

KINDS = {
    "Bash": "run",
    "shell": "run",
    "Read": "read",
    "Grep": "read",
    "Glob": "read",
    "LS": "read",
    "Edit": "edit",
    "Write": "edit",
    "apply_patch": "edit",
    "BashOutput": "poll",
    "TaskOutput": "poll",
    "TaskList": "poll",
    "Agent": "spawn",
    "Task": "spawn",
}
# Dollars per million tokens: cache read, cache write, output. Plausible, not today's.
MODELS = {"large": (0.5, 6.25, 25), "middle": (0.3, 3.75, 15), "small": (0.1, 1.25, 5)}
COMPACTED = 22_000


class Stories(list):
    """The families of one file: a name, what repeats, where the shape comes from, the story."""

    def tell(self, family, *kind_and_source):
        *kind, source = kind_and_source

        def keep(story):
            self.append((family, kind[0] if kind else None, source, story))
            return story

        return keep


class Thread:
    """Collects the lines of one thread."""

    def __init__(self, name, family, kind, source, seed):
        self.name, self.family, self.kind, self.source = name, family, kind, source
        # Of its own name alone: another family changes nothing here.
        self.rng = random.Random(f"{name}/{seed}" if seed else name)
        self.lines, self.tools, self.start = [], {}, None
        self.counts, self.files = {}, {}
        # Some clients answer a second look at an unchanged file with one and the same sentence.
        self.spares, self.known = self.rng.random() < 0.5, {}
        self.model = MODELS[self.rng.choice(["large", "large", "middle", "middle", "small"])]
        self.context = self.rng.randint(17_000, 42_000)
        self.fresh = 0
        self.pace = self.rng.uniform(0.7, 1.6)

    # Chance

    def some(self, low, high):
        return self.rng.randint(low, high)

    def maybe(self, part):
        return self.rng.random() < part

    def pick(self, things):
        return self.rng.choice(things)

    # Names for texts

    def new(self, prefix):
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}{self.counts[prefix]}"

    # Time and money

    def think(self):
        """How long the model takes to answer, in ms."""
        return int(self.rng.lognormvariate(1.5, 0.5) * 1000 * self.pace)

    def charge(self, output=None):
        read, write, out = self.model
        output = output or int(self.rng.lognormvariate(5.2, 0.7))
        dollars = (self.context * read + (self.fresh + 300) * write + output * out) / 1e6
        self.context += self.fresh + output
        self.fresh = 0
        return f"{dollars:.4f}".rstrip("0").rstrip(".") or "0"

    def add(self, line, again, start):
        if again:
            line["again"] = True
        if start:
            assert self.start is None, self.name
            self.start = len(self.lines)
        self.lines.append(line)

    # What happens

    def turn(self, source, gap=None, again=False, start=False):
        gap = self.some(20_000, 240_000) if gap is None else gap
        self.fresh += self.some(60, 400)
        self.add({"gap": gap, "turn": source}, again, start)

    def human(self, gap=None):
        self.turn("human", gap)

    def say(self, gap=None, again=False, start=False):
        """A call that asks for no tool: the agent stops, or only talks."""
        gap = self.think() if gap is None else gap
        self.add({"gap": gap, "usd": self.charge()}, again, start)

    def compact(self, how="auto", gap=None, again=False, start=False):
        self.context, self.fresh, self.known = COMPACTED + self.some(-4000, 6000), 0, {}
        gap = self.some(60_000, 160_000) if gap is None else gap
        self.add({"gap": gap, "compaction": how}, again, start)

    def nested(self, gap, child_usd=None, again=False, start=False):
        """A subagent of this thread started another."""
        line = {"gap": gap, "spawned": True}
        if child_usd:
            line["child_usd"] = child_usd
        self.add(line, again, start)

    def do(
        self,
        tool,
        asked,
        out=None,
        *,
        on=None,
        edit=None,
        took=None,
        size=None,
        error=None,
        denied=False,
        parallel=False,
        gap=None,
        child_usd=None,
        again=False,
        start=False,
    ):
        """One use of a tool, and what came of it."""
        self.tools[tool] = KINDS.get(tool, "other")
        line = {"gap": (0 if parallel else self.think()) if gap is None else gap}
        if not parallel:
            line["usd"] = self.charge()
        line |= {"tool": tool, "in": asked}
        if on:
            line["on"] = on
        if edit:
            line["edit"] = list(edit)
        if took is None:
            slow = KINDS.get(tool) in ("run", "other")
            took = self.some(90, 2500) if slow else self.some(6, 60)
        if took >= 1000:
            line["took"] = took
        if out is not None:
            line["out"] = out
        if error:
            line["error"] = error
        if denied:
            line["denied"] = True
        if child_usd:
            line["child_usd"] = child_usd
        self.fresh += size or self.some(60, 1400)
        self.add(line, again, start)

    # Usual work, told in the small

    def file(self, name=None):
        name = name or self.new("f")
        self.files.setdefault(name, 0)
        return name

    def read(self, name=None, **more):
        """Reads a file as it is now."""
        name = self.file(name)
        version = self.files[name]
        if self.spares and self.known.get(name) == version:
            out, size = "unchanged", 30
        else:
            out, size = f"{name}.{version}", self.some(400, 6000)
        self.known[name] = version
        self.do("Read", f"r-{name}", out, on=name, size=size, **more)
        return name

    def change(self, name=None, **more):
        """Changes a file to what it never was."""
        name = self.file(name)
        region = f"{name}.{self.pick('abcdefgh')}"
        before = self.counts.get(region, 0)
        self.new(region)
        self.files[name] += 1
        self.do(
            "Edit",
            self.new("e"),
            f"changed-{name}",
            on=name,
            edit=(f"{region}{before}", f"{region}{before + 1}"),
            **more,
        )
        return name

    def look(self):
        """Something about the code that was not known."""
        what = self.rng.random()
        if what < 0.45:
            self.read()
        elif what < 0.75:
            asked = self.new("g")
            nothing = self.maybe(0.25)
            self.do(
                "Grep", asked, "no-matches" if nothing else f"{asked}-out", size=self.some(40, 900)
            )
        elif what < 0.85 and self.files:
            name = self.pick(sorted(self.files))
            part = self.new(f"part-{name}-")
            self.do("Read", part, f"{part}.{self.files[name]}", on=name)
        else:
            asked = self.new("c")
            self.do("Bash", asked, "no-output" if self.maybe(0.2) else f"{asked}-out")

    def explore(self, low, high):
        for _ in range(self.some(low, high)):
            self.look()

    def work(self, low, high):
        """Reads, changes and checks that get somewhere."""
        for _ in range(self.some(low, high)):
            name = self.pick(sorted(self.files)) if self.files and self.maybe(0.4) else self.file()
            if self.maybe(0.6):
                self.read(name)
            self.change(name)
            if self.maybe(0.35):
                self.check()

    def check(self, **more):
        """The project's quick check, which mostly has nothing to say."""
        ok = self.maybe(0.7)
        out = "check-ok" if ok else self.new("check-bad")
        self.do(
            "Bash",
            "check",
            out,
            took=self.some(1500, 20_000),
            error=None if ok else self.new("err"),
            **more,
        )

    def before(self):
        """How a thread may begin, whatever comes of it."""
        if self.maybe(0.15):
            self.turn("automated", gap=0)
        else:
            self.human(gap=0)
        if self.maybe(0.8):
            self.explore(1, 9)
        if self.maybe(0.5):
            self.work(1, 8)

    def text(self):
        header = {
            "thread": self.name,
            "family": self.family,
            "label": "runaway" if self.kind else "healthy",
        }
        if self.kind:
            assert self.start is not None, self.name
            header |= {"kind": self.kind, "start": self.start}
        header |= {"source": self.source, "tools": self.tools}
        lines = [header] + self.lines
        return "".join(
            json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines
        )
