"""Stories of threads that go round and round, and the moment when a person would see it."""

from thread import Stories

SECOND, MINUTE = 1000, 60_000
STORIES = Stories()
story = STORIES.tell


class Rounds:
    """Counts senseless repetitions; at the one that uses up a person's patience the loop starts."""

    def __init__(self, patience):
        self.patience, self.seen = patience, 0

    def __call__(self):
        self.seen += 1
        return {"again": True, "start": self.seen == self.patience}


@story(
    "same-call",
    "same_result",
    "anthropics/claude-code#67812, 1jehuang/jcode#797 (one read 50 times), "
    "tinyhumansai/openhuman#4095; the fixture `loop`",
)
def same_call(t, number):
    """One call, one result, and nothing else."""
    t.before()
    tool, took = t.pick([("Bash", 800), ("Read", 20), ("mcp__files__list", 400), ("shell", 300)])
    size = t.some(20, 900)
    t.do(tool, "again", "as-before", took=took, size=size, on="f-again" if tool == "Read" else None)
    again = Rounds(3)
    for _ in range(t.some(16, 45)):
        t.do(
            tool,
            "again",
            "as-before",
            took=took,
            size=size,
            on="f-again" if tool == "Read" else None,
            **again(),
        )


@story(
    "same-call-with-noise",
    "same_result",
    "macanderson/stella#1902: a repeated call that other work hides",
)
def same_call_with_noise(t, number):
    """The same call comes back with the same result, with another look or two in between."""
    t.before()
    t.do("Bash", "state", "as-before")
    again = Rounds(4)
    for _ in range(t.some(12, 24)):
        t.explore(1, 2 if number < 4 else 3)
        t.do("Bash", "state", "as-before", took=t.some(500, 9000), **again())


@story(
    "same-call-over-compactions",
    "same_result",
    "facts of the transcripts: loops often span a compaction",
)
def same_call_over_compactions(t, number):
    """The loop goes on after the conversation was summed up."""
    t.before()
    t.do("Bash", "state", "as-before", size=9000)
    again = Rounds(3)
    until = t.some(1, 2)
    for step in range(t.some(14, 30)):
        if step == until or (step > until and step % 11 == 0):
            t.compact()
        t.do("Bash", "state", "as-before", size=9000, **again())


@story(
    "failing-test-rerun",
    "same_result",
    "macanderson/stella#1902: a failing test, and a peek at another file",
)
def failing_test_rerun(t, number):
    """A red test is run again and again; nothing is changed, other files are peeked at."""
    t.before()
    t.do("Bash", "test", "red", took=t.some(3, 30) * SECOND, error="red-err")
    again = Rounds(4)
    for _ in range(t.some(10, 20)):
        if t.maybe(0.7):
            t.read()
        t.do("Bash", "test", "red", took=t.some(3, 30) * SECOND, error="red-err", **again())


@story(
    "slow-same-call",
    "same_result",
    "anthropics/claude-code#35166: once a minute for hours, over $500",
)
def slow_same_call(t, number):
    """The same dear request about once a minute, for hours."""
    t.before()
    t.model, t.context = (0.5, 6.25, 25), t.some(150_000, 190_000)
    t.do("mcp__wiki__fetch", "page", "page-out", size=600)
    again = Rounds(4)
    for _ in range(t.some(25, 60)):
        t.do(
            "mcp__wiki__fetch",
            "page",
            "page-out",
            size=600,
            gap=t.some(40, 80) * SECOND,
            took=t.some(1, 4) * SECOND,
            **again(),
        )


@story("busy-polling", "polling", "openclaw/openclaw#16808: 1,535 polls in two hours, $150")
def busy_polling(t, number):
    """Nothing new, asked every few seconds, hundreds of times."""
    t.before()
    t.do("Bash", t.new("job"), t.new("started"))
    tool = t.pick(["BashOutput", "TaskOutput", "BashOutput"])
    t.do(tool, "job-1", t.new("progress"), took=20)
    t.do(tool, "job-1", "nothing-new", took=20, size=40)
    again = Rounds(15)
    for _ in range(t.some(40, 70)):
        t.do(tool, "job-1", "nothing-new", took=20, size=40, gap=t.some(1800, 5200), **again())


@story(
    "polling-what-has-died",
    "polling",
    "agentforce314/clawcodex#759, anthropics/claude-code#55893: waiting for what will not " "come",
)
def polling_what_has_died(t, number):
    """A run that will never end is asked for every half minute, for hours."""
    t.before()
    t.do("Bash", t.new("push"), t.new("pushed"))
    for _ in range(t.some(1, 4)):
        t.do("Bash", "checks", t.new("pending"), took=t.some(25, 45) * SECOND)
    t.do("Bash", "checks", "stuck", took=30 * SECOND, size=120)
    again = Rounds(30)
    for _ in range(t.some(50, 70)):
        t.do("Bash", "checks", "stuck", took=t.some(25, 45) * SECOND, size=120, **again())


@story(
    "polling-a-counter",
    "polling",
    "dimetron/pi-go#153: twenty polls that differ by an elapsed counter",
)
def polling_a_counter(t, number):
    """Every answer differs, by the seconds that have passed; nothing else happens."""
    t.before()
    t.do("Bash", t.new("job"), t.new("started"))
    tool = "BashOutput" if number % 2 else "Bash"
    t.do(tool, "elapsed", t.new("seconds"), took=30, size=50)
    again = Rounds(15)
    for _ in range(t.some(40, 70)):
        t.do(tool, "elapsed", t.new("seconds"), took=30, size=50, gap=t.some(1500, 4500), **again())


@story(
    "same-error",
    "same_error",
    "cline/cline#127, tinyhumansai/openhuman#4089; the recorded run `missing`",
)
def same_error(t, number):
    """The same call fails in the same way, and is made again."""
    t.before()
    tool = t.pick(["Write", "Read", "Bash", "mcp__db__query"])
    more = {"error": "missing-err", "took": t.some(5, 900), "size": 60}
    t.do(tool, "bad-call", "missing", **more)
    again = Rounds(3)
    for _ in range(t.some(12, 35)):
        t.do(tool, "bad-call", "missing", **more, **again())


@story(
    "error-with-variations",
    "same_error",
    "google-gemini/gemini-cli#10995 and #3048, QwenLM/qwen-code#5932; the recorded run "
    "`editvar`",
)
def error_with_variations(t, number):
    """Always the same complaint, always asked a little otherwise."""
    t.before()
    tool = t.pick(["Edit", "Bash", "Bash", "mcp__db__query"])
    name = t.read()
    places = {"on": name} if tool == "Edit" else {}
    again = Rounds(4)
    for step in range(t.some(14, 30)):
        edit = {"edit": (t.new("x"), t.new("x"))} if tool == "Edit" else {}
        out = "complaint" if number % 2 else t.new("complaint")
        t.do(
            tool,
            t.new("try"),
            out,
            error="complaint-err",
            **places,
            **edit,
            **(again() if step else {}),
        )
        if t.maybe(0.15):
            t.read(name)


@story(
    "errors-between-looks",
    "same_error",
    "NousResearch/hermes-agent#24012: alternatives that all fail alike",
)
def errors_between_looks(t, number):
    """The failing call varies, and something harmless is done after each failure."""
    t.before()
    again = Rounds(4)
    for step in range(t.some(12, 24)):
        t.do(
            "Bash",
            t.new("try"),
            t.new("trace"),
            error="module-missing",
            took=t.some(300, 4000),
            **(again() if step else {}),
        )
        t.explore(0, 2)


@story("denied", "same_error", "oh-my-hermes#1707: 185 refusals ignored; the recorded run `denied`")
def denied(t, number):
    """A rule says no, and the agent asks again, in other words at best."""
    t.before()
    again = Rounds(3)
    for step in range(t.some(12, 40)):
        asked = "curl" if number == 1 else t.new("curl")
        out = "denied" if number < 3 else t.new("denied")
        if number == 4:
            # As the real client has it where a rule forbids: an error whose words hold the command.
            t.do(
                "Bash",
                f"curl-{step % 2}",
                f"denied-{step % 2}",
                error=f"denied-{step % 2}",
                took=8,
                **(again() if step > 1 else {}),
            )
        else:
            t.do("Bash", asked, out, denied=True, took=8, **(again() if step else {}))


def cycle(length, t, number):
    """A, B, C, A, B, C: the same calls with the same results in the same order."""
    t.before()
    tools = [t.pick(["Bash", "Read", "Grep", "mcp__memory__search"]) for _ in range(length)]
    again = Rounds(3)
    for step in range(t.some(9, 16)):
        for place, tool in enumerate(tools):
            more = again() if step and place == length - 1 else {}
            on = f"f-{place}" if tool == "Read" else None
            t.do(tool, f"call-{place}", f"result-{place}", on=on, **more)
        if number == 4 and t.maybe(0.25):
            t.look()


@story("ping-pong", "cycle", "openclaw/openclaw#64500: two tools of a memory take turns")
def ping_pong(t, number):
    """Two calls take turns for ever; each answer differs by a stamp of the time."""
    t.before()
    again = Rounds(6)
    for step in range(t.some(35, 60)):
        t.do("mcp__memory__search", "search", t.new("stamped"), took=200, size=300)
        t.do(
            "mcp__memory__get",
            "get",
            t.new("stamped"),
            took=150,
            size=300,
            **(again() if step else {}),
        )


@story("small-circle", "cycle", "tinyhumansai/openhuman#4119: the same few commands, no progress")
def small_circle(t, number):
    """Five or six calls in no order at all, none of which has anything new to say."""
    t.before()
    calls = [(f"call-{n}", f"result-{n}") for n in range(t.some(4, 6))]
    for asked, out in calls:
        t.do("Bash", asked, out)
    again = Rounds(2 * len(calls))
    last = None
    for _ in range(t.some(35, 60)):
        asked, out = t.pick([call for call in calls if call[0] != last])
        last = asked
        t.do("Bash", asked, out, **again())


@story(
    "edit-and-back",
    "edit_revert",
    "github/CopilotForXcode#402: what follows reverts what went before; the recorded run " "`flip`",
)
def edit_and_back(t, number):
    """Put in, found wrong, taken out, found wrong, put in: for ever."""
    t.before()
    name = t.read()
    again = Rounds(3)
    for step in range(t.some(10, 18)):
        ahead = step % 2 == 0
        edit = ("old", "new") if ahead else ("new", "old")
        t.do(
            "Edit",
            "ahead" if ahead else "back",
            f"changed-{name}",
            on=name,
            edit=edit,
            **(again() if step > 1 else {}),
        )
        t.files[name] += 1
        if number != 3:
            out = ("red-a" if ahead else "red-b") if number % 2 else t.new("red")
            t.do("Bash", "test", out, took=t.some(2, 20) * SECOND, error=f"{out}-err")
        if t.maybe(0.3 if number == 2 else 0.1):
            t.explore(1, 2)


@story("whole-file-and-back", "edit_revert", "the recorded run `writeflip`")
def whole_file_and_back(t, number):
    """The same with whole files written: one version, the other, the one again."""
    t.before()
    name = t.read()
    again = Rounds(3)
    for step in range(t.some(10, 16)):
        version = "ab"[step % 2]
        t.do(
            "Write", f"write-{version}", f"changed-{name}", on=name, **(again() if step > 1 else {})
        )
        t.do(
            "Bash",
            "test",
            f"red-{version}" if number % 2 else t.new("red"),
            took=t.some(2, 20) * SECOND,
            error=f"red-{version}-err",
        )
        if t.maybe(0.2):
            t.look()


@story(
    "checkout-and-again",
    "edit_revert",
    "openclaw/openclaw#72847, markusylisiurunen/tau#20: an edit that does not stay",
)
def checkout_and_again(t, number):
    """Git takes it back, and the same edit is made again."""
    t.before()
    name = t.read()
    again = Rounds(3)
    for step in range(t.some(8, 14)):
        t.do("Edit", "ahead", f"changed-{name}", on=name, edit=("old", "new"))
        t.do("Bash", "test", "red", took=t.some(2, 20) * SECOND, error="red-err")
        t.do("Bash", "checkout", "no-output", **(again() if step else {}))
        if t.maybe(0.3):
            t.read(name)


@story(
    "rereading",
    "reread",
    "openai/codex#33498, SchneiderDaniel/cheasee-pi#620; the recorded run `shortreads`",
)
def rereading(t, number):
    """A handful of files, read over and over; nothing has changed in any."""
    t.before()
    names = [t.file(f"re-{n}") for n in range(t.some(4, 8))]
    for name in names:
        t.read(name)
    again = Rounds(2 * len(names))
    for step in range(t.some(36, 60)):
        t.read(t.pick(names), **again())
        if number > 2 and t.maybe(0.12):
            t.look()


@story(
    "rereading-in-parts",
    "reread",
    "code-yeongyu/oh-my-openagent#3789: the same sections over and over",
)
def rereading_in_parts(t, number):
    """Ever the same parts of the same long file."""
    t.before()
    parts = list(range(t.some(5, 8)))
    for part in parts:
        t.do("Read", f"part-{part}", f"lines-{part}", on="f-long", size=900)
    again = Rounds(2 * len(parts))
    for _ in range(t.some(36, 60)):
        part = t.pick(parts)
        t.do("Read", f"part-{part}", f"lines-{part}", on="f-long", size=900, **again())


@story(
    "stuck-fix",
    "same_error",
    "kirodotdev/Kiro#7418: ten rounds of trial and error; the recorded run `stuckfix`",
)
def stuck_fix(t, number):
    """A new attempt each time, and the test says the very same each time."""
    t.before()
    name = t.read()
    t.do("Bash", "test", "red", took=t.some(4, 40) * SECOND, error="red-err")
    again = Rounds(7)
    for _ in range(t.some(16, 28)):
        if t.maybe(0.5):
            t.read(name)
        t.change(name)
        t.do("Bash", "test", "red", took=t.some(4, 40) * SECOND, error="red-err", **again())


@story("variations-of-one-look", "same_result", "1jehuang/jcode#797: a listing 73 times")
def variations_of_one_look(t, number):
    """The same look with other spaces, other tails: a few forms of it take turns."""
    t.before()
    forms = t.some(3, 6)
    again = Rounds(6)
    for step in range(t.some(26, 45)):
        form = t.some(1, forms) if number < 4 else step
        t.do(
            "Bash",
            f"ls-{form}",
            f"listing-{form}" if number == 2 else "listing",
            **(again() if step else {}),
        )


@story("spawn-wide", "subagents", "anthropics/claude-code#72566: 5 planned, 361 came")
def spawn_wide(t, number):
    """Five subagents were asked for. They do not stop coming."""
    t.before()
    asked = t.some(3, 6)
    again = Rounds(4 * asked)
    for step in range(t.some(60, 90)):
        gap = None if step % 4 == 0 else 0
        t.do(
            "Agent",
            t.new("brief"),
            t.new("launched"),
            parallel=bool(gap == 0),
            took=t.some(20, 200),
            child_usd=f"0.{t.some(20, 90)}",
            **(again() if step >= asked else {}),
        )


@story(
    "spawn-nested",
    "subagents",
    "anthropics/claude-code#69332 (188 in one minute), #82565, #68110",
)
def spawn_nested(t, number):
    """A subagent starts five, each of those starts five."""
    t.before()
    asked = t.some(2, 5)
    for index in range(asked):
        t.do("Agent", t.new("brief"), t.new("launched"), parallel=index > 0, took=90)
    again = Rounds(10)
    for step in range(t.some(60, 110)):
        gap = int(40 * SECOND / (1 + step / 3)) if number != 4 else t.some(15, 45) * SECOND
        t.nested(gap, child_usd=f"0.{t.some(10, 99)}", **again())
        if t.maybe(0.05):
            t.turn("automated", gap=200)
            t.say(gap=900)


@story(
    "respawn",
    "subagents",
    "anthropics/claude-code#73958: the brief is handed on; the recorded run `respawn`",
)
def respawn(t, number):
    """The same brief is handed out anew, whatever comes back."""
    t.before()
    t.do("Agent", "brief", "will-report", took=t.some(40, 90) * SECOND, child_usd="0.31")
    again = Rounds(3)
    for _ in range(t.some(9, 16)):
        if number == 3:
            t.say()
            t.turn("automated", gap=3 * SECOND)
        t.do(
            "Agent",
            "brief",
            "will-report" if number % 2 else t.new("will-report"),
            took=t.some(40, 90) * SECOND,
            child_usd=f"0.{t.some(20, 70)}",
            **again(),
        )


@story(
    "compaction-of-nothing",
    "compaction",
    "measured with a real client: 282 calls in 100 s from one prompt; MoonshotAI/kimi- "
    "code#2498",
)
def compaction_of_nothing(t, number):
    """The window is full from the start: summed up, one small step, summed up."""
    t.before()
    t.compact(gap=300)
    again = Rounds(3)
    for _ in range(t.some(30, 60)):
        if number % 2 and t.maybe(0.5):
            t.do("Bash", t.new("c"), t.new("out"), took=20, gap=200)
        else:
            t.say(gap=200)
        t.compact(gap=t.some(80, 250), **again())


@story(
    "compaction-and-rereading",
    "compaction",
    "microsoft/amplifier#352: 463 compactions in 108 minutes; anthropics/claude- " "code#60600",
)
def compaction_and_rereading(t, number):
    """What was read is summed away, read again, summed away."""
    t.before()
    names = [t.file(f"big-{n}") for n in range(t.some(3, 6))]
    again = Rounds(3)
    for step in range(t.some(9, 16)):
        for name in names:
            t.read(name)
        for _ in range(t.some(0, 3 if number < 4 else 8)):
            t.look()
        t.compact(gap=t.some(9, 140) * SECOND, **(again() if step else {}))


@story(
    "stop-hook",
    "unattended",
    "anthropics/claude-code#55754, OpenHands/software-agent-sdk#3183 (56 rounds)",
)
def stop_hook(t, number):
    """A hook will not let the agent stop, and there is nothing left to do."""
    t.before()
    t.say()
    again = Rounds(5)
    for _ in range(t.some(30, 60)):
        if number % 2:
            t.turn("automated", gap=80)
        t.say(gap=t.some(1500, 5000), **again())


@story(
    "stop-hook-with-a-look",
    "unattended",
    "the recorded run `stophook`: 500 rounds in 90 s, no turn of anybody in the " "transcript",
)
def stop_hook_with_a_look(t, number):
    """The same, with one look each time, to be able to say something."""
    t.before()
    t.do("Bash", "ls", "listing")
    t.say()
    again = Rounds(4)
    for _ in range(t.some(20, 40)):
        if number % 2:
            t.turn("automated", gap=60)
        t.do("Bash", "ls", "listing", took=40, gap=t.some(1500, 5000))
        t.say(gap=t.some(1000, 4000), **again())


@story(
    "overnight",
    "unattended",
    "anthropics/claude-code#91220: 462 turns in a night; JKHeadley/instar#919",
)
def overnight(t, number):
    """Woken every few minutes through the night to find what it found before."""
    t.human(gap=0)
    t.work(2, 6)
    t.say()
    t.context = t.some(90_000, 160_000)
    again = Rounds(12)
    for step in range(t.some(35, 50)):
        t.turn("automated", gap=t.some(4, 9) * MINUTE)
        t.do("Bash", "queue", "queue-empty", took=600, size=60)
        if number == 3 and t.maybe(0.4):
            t.do("Bash", t.new("date"), t.new("date"), took=9, size=20)
        t.say(**(again() if step else {}))


@story(
    "the-same-job-again",
    "unattended",
    "anthropics/claude-code#89596, kirodotdev/KiroCrew#2499: a schedule that accomplishes "
    "nothing",
)
def the_same_job_again(t, number):
    """A schedule fires too often: the whole dear job is done anew each time, for the same end."""
    t.human(gap=0)
    t.explore(2, 4)
    t.say()
    t.model = (0.5, 6.25, 25)
    again = Rounds(8)
    for step in range(t.some(16, 26)):
        t.turn("automated", gap=t.some(1, 4) * MINUTE)
        t.context = t.some(140_000, 180_000)
        for part in range(4):
            t.do(
                "mcp__crm__export",
                f"export-{part}",
                f"rows-{part}",
                took=t.some(2, 9) * SECOND,
                size=9000,
            )
        t.do("Write", "report", "changed-report", on="report")
        t.say(**(again() if step else {}))


@story(
    "two-agents-talking",
    "unattended",
    "facts of the transcripts: turns of peers and coordinators",
)
def two_agents_talking(t, number):
    """Two agents thank each other: every message differs, and no person is there."""
    t.before()
    again = Rounds(8)
    for step in range(t.some(30, 50)):
        t.turn("automated", gap=t.some(2, 9) * SECOND)
        t.do("SendMessage", t.new("message"), "delivered", took=20, size=60)
        if number % 2:
            t.say(gap=900, **(again() if step else {}))
        elif step:
            t.lines[-1] |= {"again": True}
            again.seen += 1
            if again.seen == again.patience:
                t.start = len(t.lines) - 1


@story("cycle-of-two", "cycle", "openclaw/openclaw#64500, anomalyco/opencode#47797: A, B, A, B")
def cycle_of_two(t, number):
    cycle(2, t, number)


@story("cycle-of-three", "cycle", "qhkm/zeptoclaw#220; the recorded run `cycle3`")
def cycle_of_three(t, number):
    cycle(3, t, number)


@story("cycle-of-four", "cycle", "openclacky#447: A, B, C, D")
def cycle_of_four(t, number):
    cycle(4, t, number)
