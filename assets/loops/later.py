"""Stories added after the detectors had been tuned once: ways of working nobody had thought of."""

from runaway import Rounds
from thread import Stories

SECOND, MINUTE = 1000, 60_000
STORIES = Stories()
story = STORIES.tell


@story("editing-by-shell", "usual work of agents that change files with sed and here-documents")
def editing_by_shell(t, number):
    """No edit tool is used: a command changes something, the check says ok; thirty times."""
    t.before()
    for _ in range(t.some(16, 34)):
        t.do("Bash", t.new("sed"), "no-output", took=t.some(20, 200), size=15)
        if t.maybe(0.3):
            t.read()
        ok = t.maybe(0.85)
        out = "check-ok" if ok else t.new("bad")
        took = t.some(1500, 9000)
        t.do("Bash", "check", out, took=took, error=None if ok else t.new("err"))


@story("tests-by-shell", "usual work of agents that change files with sed and here-documents")
def tests_by_shell(t, number):
    """The same without an edit tool, test-driven: failing runs begin with the same lines."""
    t.before()
    for _ in range(t.some(10, 18)):
        t.do("Bash", t.new("sed"), "no-output", took=t.some(20, 200), size=15)
        if t.maybe(0.4):
            t.look()
        passed = t.maybe(0.2)
        took = t.some(3, 20) * SECOND
        t.do("Bash", "test", t.new("run"), took=took, error=None if passed else "exit-101")
    t.do("Bash", "test", t.new("run"), took=9 * SECOND)


@story("bisecting", "usual work: git bisect")
def bisecting(t, number):
    """The same test on another commit each time: it passes or fails in the same words."""
    t.before()
    for _ in range(t.some(8, 14)):
        good = t.maybe(0.5)
        t.do(
            "Bash",
            "test-one",
            "passes" if good else "fails",
            took=t.some(2, 7) * SECOND,
            error=None if good else "fails-err",
        )
        t.do("Bash", "bisect-good" if good else "bisect-bad", t.new("now-at"), took=300)
    t.work(1, 3)


@story("restarting", "usual work on a server: stop, start, ask")
def restarting(t, number):
    """Stop, start, ask, look at the log: the same four calls around each change."""
    t.before()
    for _ in range(t.some(6, 12)):
        if t.maybe(0.8):
            t.change()
        t.do("Bash", "stop", "no-output", took=200)
        t.do("Bash", "start", t.new("pid"), took=1200)
        t.do("Bash", "ask", t.pick(["answer-a", "answer-b", "answer-c"]), took=90)
        t.do("Bash", "server-log", t.new("log"), took=40)


@story("until-it-is-up", "usual work: a few quick looks until something is up")
def until_it_is_up(t, number):
    """Starts something, and looks three or four times until it answers."""
    t.before()
    for _ in range(t.some(3, 5)):
        t.do("Bash", t.new("start"), t.new("started"))
        failing = t.maybe(0.5)
        for _ in range(t.some(1, 3)):
            t.do("Bash", "is-up", "not-up", took=300, error="refused" if failing else None)
        t.do("Bash", "is-up", t.new("up"), took=200)
        t.work(1, 4)


@story("much-reading", "usual work: a long question about much text, no change asked for")
def much_reading(t, number):
    """Pages of 15,000 tokens: summed up every dozen calls, and every page is another."""
    t.human(gap=0)
    for _ in range(t.some(4, 7)):
        for _ in range(t.some(6, 13)):
            t.do("WebFetch", t.new("page"), t.new("text"), took=t.some(1, 6) * SECOND, size=13_000)
        t.compact()
    t.say()


@story("conversations-of-a-program", "usual work: a program that uses the agent for its users")
def conversations_of_a_program(t, number):
    """Seventy prompts of a program, each with an answer of its own; no person ever types here."""
    for _ in range(t.some(60, 80)):
        t.turn("automated", gap=t.some(5, 300) * SECOND)
        if t.maybe(0.5):
            t.do("mcp__shop__find", t.new("find"), t.new("found"), took=400)
        t.say()


@story(
    "stuck-by-shell",
    "same_error",
    "kirodotdev/Kiro#7418 told of an agent that changes files by commands",
)
def stuck_by_shell(t, number):
    """A new command each time to put it right, and the test says the very same."""
    t.before()
    t.do("Bash", "test", "red", took=t.some(2, 20) * SECOND, error="red-err")
    again = Rounds(7)
    for _ in range(t.some(18, 28)):
        t.do("Bash", t.new("sed"), "no-output", took=t.some(20, 200), size=15)
        if t.maybe(0.3):
            t.read()
        took = t.some(2, 20) * SECOND
        t.do("Bash", "test", "red", took=took, error="red-err", **again())


@story(
    "one-fix-breaks-the-other",
    "same_error",
    "github/CopilotForXcode#402: the second change undoes what the first was for",
)
def one_fix_breaks_the_other(t, number):
    """Each attempt is another; the test fails in one way, then in the other, then in the one."""
    t.before()
    name = t.read()
    again = Rounds(7)
    for step in range(t.some(20, 30)):
        t.change(name)
        red = ["red-a", "red-b"][step % 2]
        more = again() if step > 1 else {}
        t.do("Bash", "test", red, took=t.some(3, 20) * SECOND, error=f"{red}-err", **more)
        if t.maybe(0.2):
            t.look()


@story("cycle-with-a-clock", "cycle", "clawmetry#3011: circular, under the streak's limit")
def cycle_with_a_clock(t, number):
    """Two files and a search, ever the same, and a test whose output has the time in it."""
    t.before()
    names = [t.file("clock-a"), t.file("clock-b")]
    again = Rounds(3)
    for step in range(t.some(12, 20)):
        for name in names:
            t.read(name)
        t.do("Grep", "todo", "todo-out")
        more = again() if step else {}
        t.do("Bash", "test", t.new("timed"), took=t.some(2, 9) * SECOND, error="timed-err", **more)


@story("long-circle", "cycle", "NousResearch/hermes-agent#90190: cycles of up to eight calls")
def long_circle(t, number):
    """Six to eight calls in the same order with the same results."""
    t.before()
    length = t.some(6, 8)
    tools = [t.pick(["Bash", "Grep", "mcp__memory__search"]) for _ in range(length)]
    again = Rounds(2 * length)
    for step in range(t.some(7, 10)):
        for place, tool in enumerate(tools):
            more = again() if step else {}
            t.do(tool, f"call-{place}", f"result-{place}", **more)


@story("failing-subagents", "same_error", "anthropics/claude-code#82565: agents that end at once")
def failing_subagents(t, number):
    """A subagent fails at once; another is sent with a brief of other words, and fails alike."""
    t.before()
    again = Rounds(4)
    for step in range(t.some(12, 20)):
        more = again() if step else {}
        t.do("Agent", t.new("brief"), "limit-reached", took=900, error="limit-err", **more)


@story(
    "commit-refused", "same_error", "OpenHands/software-agent-sdk#3183: a hook that never passes"
)
def commit_refused(t, number):
    """A commit hook refuses; something is staged anew, and it refuses again."""
    t.before()
    t.do("Bash", "commit", "refused", took=4 * SECOND, error="hook-err")
    again = Rounds(4)
    for _ in range(t.some(10, 18)):
        t.do("Bash", "add", "no-output")
        if t.maybe(0.4):
            t.do("Bash", "status", "staged")
        t.do("Bash", "commit", "refused", took=t.some(2, 6) * SECOND, error="hook-err", **again())


@story("ignored-cursor", "same_result", "usual report of tools: a page number that is not heeded")
def ignored_cursor(t, number):
    """Page 2, page 3, page 4: the tool does not heed the number, and gives the first page."""
    t.before()
    again = Rounds(4)
    for step in range(t.some(20, 40)):
        more = again() if step else {}
        t.do("mcp__tracker__list", t.new("page"), "first-page", took=600, size=5000, **more)


@story("searching-for-ever", "same_result", "NousResearch/hermes-agent#24012: one more attempt")
def searching_for_ever(t, number):
    """The same question in ever other words; every answer is new, and none is used."""
    t.before()
    again = Rounds(15)
    for _ in range(t.some(40, 60)):
        t.do("WebSearch", t.new("words"), t.new("hits"), took=t.some(1, 4) * SECOND, **again())
