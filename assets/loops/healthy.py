"""Stories of threads that get somewhere, however often they do the same thing."""

from thread import Stories

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
STORIES = Stories()
story = STORIES.tell


@story(
    "long-refactor",
    "usual work; quick checks with the same answer after other edits, as in the recorded "
    "healthy runs",
)
def long_refactor(t, number):
    """Hours of reading, changing and checking; most checks say the same "ok"."""
    t.human(gap=0)
    t.explore(8, 16)
    for _ in range(t.some(14, 26)):
        t.work(1, 3)
        t.check()
        if t.maybe(0.1):
            t.compact()
            for name in sorted(t.files)[-4:]:
                t.read(name)
        if t.maybe(0.12):
            t.say()
            t.human()


@story(
    "test-driven",
    "usual work; the recorded run `tdd`, whose failing test gave the same words twice "
    "between edits",
)
def test_driven(t, number):
    """A test fails, something is changed, it fails otherwise or passes; now and then as before."""
    t.before()
    for _ in range(t.some(4, 8)):
        name, test = t.file(), t.file()
        t.change(test)
        bad = t.new("bad")
        t.do("Bash", "test", bad, took=t.some(2, 30) * SECOND, error=f"{bad}-err")
        for _ in range(t.some(0, 3)):
            t.change(name)
            if t.maybe(0.6):
                bad = t.new("bad")
            t.do("Bash", "test", bad, took=t.some(2, 30) * SECOND, error=f"{bad}-err")
            if t.maybe(0.4):
                t.read(name)
        t.change(name)
        t.do(
            "Bash",
            "test",
            t.new("pass") if t.maybe(0.7) else "all-pass",
            took=t.some(2, 30) * SECOND,
        )


@story("same-red-header", "false alarm told in traceroost/core#215: errors that only begin alike")
def same_red_header(t, number):
    """Test-driven too, but every failing run begins with the same lines."""
    t.before()
    for _ in range(t.some(8, 16)):
        t.change(t.pick(sorted(t.files)) if t.files and t.maybe(0.7) else None)
        passed = t.maybe(0.25)
        t.do(
            "Bash",
            "test",
            t.new("run"),
            took=t.some(3, 40) * SECOND,
            error=None if passed else "exit-101",
        )
        if t.maybe(0.3):
            t.look()
    t.do("Bash", "test", t.new("run"), took=9 * SECOND)


@story("migration", "usual work: one edit in each of many files")
def migration(t, number):
    """One change in each of many files, with a build now and then."""
    t.human(gap=0)
    t.explore(3, 8)
    for index in range(t.some(30, 90)):
        name = t.file()
        t.read(name)
        t.change(name)
        if index % 20 == 19:
            t.check()
        if t.context > 165_000:
            t.compact()


@story("bulk-rename", "false alarm told in topcheer/ggcode#308: the same replacement many times")
def bulk_rename(t, number):
    """The same words taken out and put in, in file after file, at times twice in one file."""
    t.human(gap=0)
    t.do("Grep", "uses", "uses-out")
    for _ in range(t.some(22, 60)):
        name = t.file()
        if t.maybe(0.5):
            t.read(name)
        for place in range(1 if t.maybe(0.8) else t.some(2, 4)):
            t.files[name] += 1
            out = f"changed-{name}" if number % 2 else f"changed-{name}-at-{place}"
            t.do("Edit", f"rename-{name}", out, on=name, edit=("old-name", "new-name"))
    t.do("Grep", "uses", "no-matches")
    t.check()


@story(
    "scripted-migration",
    "usual work: commands without output; the real client writes one sentence for all of " "them",
)
def scripted_migration(t, number):
    """One shell command a file, each another, none with anything to say."""
    t.before()
    for index in range(t.some(18, 45)):
        t.do("Bash", t.new("sed"), "no-output", took=t.some(20, 200), size=15)
        if index % 9 == 8:
            t.do("Bash", "diff-stat", t.new("stat"))
    t.check()


@story(
    "log-watching",
    "false alarms told in fastclaw-ai/fastclaw#80 and QwenLM/qwen-code#9492: same call, "
    "changing result",
)
def log_watching(t, number):
    """Somebody wants a log watched: the same look, another end of the log nearly every time."""
    t.before()
    out = None
    for _ in range(t.some(24, 60)):
        if t.maybe(0.85):
            out = t.new("log")
        out = out or t.new("log")
        t.do("Bash", "tail-log", out, took=t.some(20, 45) * SECOND)
        if t.maybe(0.06):
            t.say()
            t.human()
        if t.maybe(0.08):
            t.look()


@story("retries-that-succeed", "usual work; the recorded run `retry`")
def retries_that_succeed(t, number):
    """A flaky network: the same call fails two to four times, then it works; and again later."""
    t.before()
    for _ in range(t.some(3, 5)):
        asked, error = t.new("fetch"), t.pick(["refused", "timed-out", "reset"])
        for _ in range(t.some(1, 3)):
            out = f"{error}-out" if t.maybe(0.6) else t.new("failed")
            t.do("Bash", asked, out, took=t.some(1, 30) * SECOND, error=error)
        t.do("Bash", asked, t.new("fetched"), took=t.some(1, 9) * SECOND)
        t.work(2, 6)


@story(
    "edits-that-miss",
    "anthropics/claude-code#60894: an edit fails, the file is read, the edit works",
)
def edits_that_miss(t, number):
    """An edit does not match two or three times; the file is read again; then it does."""
    t.before()
    for _ in range(t.some(3, 6)):
        name = t.read()
        for _ in range(t.some(1, 3)):
            t.do(
                "Edit",
                t.new("e"),
                "not-found-out" if t.maybe(0.5) else t.new("not-found-out"),
                on=name,
                edit=(t.new("x"), t.new("x")),
                error="not-found",
            )
        if t.maybe(0.8):
            t.read(name)
        t.change(name)
        t.work(0, 3)


@story(
    "polling-ci",
    "false alarm told in StartupHakk/OpenMonoAgent.ai#47; the until-loops of "
    "anthropics/claude-code#66311",
)
def polling_ci(t, number):
    """Pushes, and asks for the checks until they are through: pending for ten minutes is usual."""
    t.before()
    for _ in range(t.some(1, 3)):
        t.work(1, 4)
        t.do("Bash", t.new("push"), t.new("pushed"))
        asks_with_sleep = t.maybe(0.5)
        state = t.new("pending")
        for _ in range(t.some(6, 20)):
            if t.maybe(0.12):
                state = t.new("pending")
            if asks_with_sleep:
                failed = "pending" if number == 4 and t.maybe(0.5) else None
                t.do("Bash", "sleep-and-checks", state, took=t.some(30, 61) * SECOND, error=failed)
            else:
                t.do("Bash", "sleep", "no-output", took=t.some(30, 61) * SECOND, size=10)
                t.do("Bash", "checks", state, took=t.some(1, 3) * SECOND)
        t.do("Bash", "sleep-and-checks" if asks_with_sleep else "checks", t.new("checks-done"))


@story("waiting-for-a-task", "false alarm told in weave-os/router#1123: launch, then polls")
def waiting_for_a_task(t, number):
    """A long build in the background, asked for with the tool that is there for it."""
    t.before()
    t.do("Bash", t.new("build"), t.new("started"))
    tool = t.pick(["BashOutput", "TaskOutput"])
    for _ in range(t.some(1, 2)):
        for _ in range(t.some(8, 26)):
            fresh = t.maybe(0.25)
            out = t.new("progress") if fresh else "nothing-new"
            t.do(tool, "task-1", out, took=t.some(8, 45) * SECOND, size=60)
        t.do(tool, "task-1", t.new("built"))
        t.work(2, 6)


@story("flaky-test", "usual work: re-runs on purpose")
def flaky_test(t, number):
    """The same test run again and again on purpose: how often does it fail?"""
    t.human(gap=0)
    t.explore(2, 6)
    outcomes = ["pass-a", "pass-a", "pass-b", "fail-a", "fail-b"]
    for _ in range(t.some(9, 18)):
        out = t.pick(outcomes) if number < 3 else t.new("timed")
        failed = out.startswith("fail") or (number >= 3 and t.maybe(0.3))
        t.do(
            "Bash", "test-one", out, took=t.some(2, 15) * SECOND, error="flaked" if failed else None
        )
    t.work(2, 5)
    for _ in range(t.some(3, 5)):
        t.do(
            "Bash",
            "test-one",
            "pass-a" if number == 1 else t.new("timed"),
            took=t.some(2, 15) * SECOND,
        )


@story(
    "config-between-edits",
    "the recorded run `config`: re-reads that the real client answers with one sentence",
)
def config_between_edits(t, number):
    """The same unchanged config, looked at before each change of another file."""
    t.before()
    config = t.file("config")
    for _ in range(t.some(10, 24)):
        t.read(config)
        t.change()
        if t.maybe(0.3):
            t.check()


@story("batch-of-subagents", "usual work; the fixture `subagent` in the large")
def batch_of_subagents(t, number):
    """Many subagents at once or in waves, each with a part of its own, on purpose."""
    t.human(gap=0)
    t.explore(1, 5)
    for _ in range(t.some(1, 3)):
        for index in range(t.some(5, 12)):
            t.do(
                "Agent",
                t.new("brief"),
                t.new("report"),
                parallel=index > 0,
                took=t.some(20, 240) * SECOND,
                child_usd=f"0.{t.some(10, 90)}",
            )
        t.say()
        if t.maybe(0.4):
            t.human()
        t.work(0, 4)


@story("one-subagent-a-module", "usual work: an orchestrator")
def one_subagent_a_module(t, number):
    """An orchestrator that has module after module done, for hours."""
    t.human(gap=0)
    for _ in range(t.some(24, 48)):
        t.do(
            "Agent",
            t.new("module"),
            t.new("done"),
            took=t.some(100, 500) * SECOND,
            child_usd=f"0.{t.some(20, 99)}",
        )
        if t.maybe(0.4):
            t.check()
        if t.maybe(0.3):
            t.do("Bash", t.new("commit"), t.new("committed"))


@story("workflow-with-helpers", "usual work: a workflow of subagents")
def workflow_with_helpers(t, number):
    """A few subagents that may start a few of their own."""
    t.before()
    for index in range(t.some(3, 5)):
        t.do("Agent", t.new("brief"), t.new("launched"), parallel=index > 0, took=80)
    for _ in range(t.some(4, 8)):
        t.nested(t.some(5, 60) * SECOND, child_usd=f"0.{t.some(10, 60)}")
    for _ in range(t.some(2, 4)):
        t.turn("automated")
        t.say()
    t.work(2, 6)


@story(
    "compaction-with-progress",
    "anthropics/claude-code#94580: 89 compactions in months, and work between them",
)
def compaction_with_progress(t, number):
    """A session so long that it is summed up again and again, and goes on."""
    t.human(gap=0)
    for _ in range(t.some(4, 6)):
        low = 6 if number == 4 else 10
        t.work(low, low + 8)
        t.compact(t.pick(["auto", "auto", "auto", "manual"]))
        for name in sorted(t.files)[-t.some(2, 6) :]:
            t.read(name)


@story("big-results", "the tools of anthropics/claude-code#60600, used with success")
def big_results(t, number):
    """Reports of 50,000 tokens: few calls between two compactions, each another report."""
    t.human(gap=0)
    for _ in range(t.some(4, 6)):
        for _ in range(t.some(7, 14)):
            t.do(
                "mcp__warehouse__query",
                t.new("query"),
                t.new("table"),
                took=t.some(2, 20) * SECOND,
                size=14_000,
            )
            if t.maybe(0.5):
                t.change(t.file("report"))
        t.compact()


@story(
    "same-prompt-again",
    "the driver told in anthropics/claude-plugins-official#274, as it is meant",
)
def same_prompt_again(t, number):
    """A driver gives the same prompt until the list of work is empty: every turn does a part."""
    t.turn("automated", gap=0)
    for _ in range(t.some(8, 18)):
        t.read(t.file("plan"))
        t.work(1, 3)
        t.check()
        t.do("Bash", t.new("commit"), t.new("committed"))
        t.change("plan")
        t.say()
        t.turn("automated", gap=t.some(1, 30) * SECOND)
    t.work(1, 2)


@story("hourly-watch", "usual work: a schedule")
def hourly_watch(t, number):
    """Asked every hour whether all is well. It is."""
    t.human(gap=0)
    t.explore(1, 4)
    for _ in range(t.some(9, 20)):
        t.turn("automated", gap=HOUR if number != 2 else 30 * MINUTE)
        t.do("Bash", "health", "all-well" if t.maybe(0.8) else t.new("hiccup"))
        if t.maybe(0.3):
            t.look()
        t.say()


@story("collecting-reports", "task notifications, as the real client writes them")
def collecting_reports(t, number):
    """Subagents in the background: each that is done wakes the thread for a word."""
    t.human(gap=0)
    agents = t.some(8, 16)
    for index in range(agents):
        t.do("Agent", t.new("brief"), t.new("launched"), parallel=index > 0, took=60)
    t.say()
    for _ in range(agents):
        t.turn("automated", gap=t.some(4, 90) * SECOND)
        if t.maybe(0.2):
            t.read()
        t.say()
    t.work(2, 5)


@story("experiment-undone", "false alarm told in traceroost/core#215: a revert that was meant")
def experiment_undone(t, number):
    """Debug lines put in and taken out, a change tried, undone and tried again with a twist."""
    t.before()
    for _ in range(t.some(2, 4)):
        name = t.read()
        place = t.new("x")
        for _ in range(1 if t.maybe(0.7) else 2):
            t.do("Edit", f"{place}-in", f"changed-{name}", on=name, edit=(place, f"{place}-debug"))
            t.do("Bash", "test", t.new("run"), took=t.some(2, 20) * SECOND)
            t.do("Edit", f"{place}-out", f"changed-{name}", on=name, edit=(f"{place}-debug", place))
        t.files[name] += 2
        t.change(name)
        t.check()


@story("tuning", "false alarm told in topcheer/ggcode#49: A to B to C is no oscillation")
def tuning(t, number):
    """A value is changed and measured, over and over; at times back to one that was good."""
    t.before()
    name, value = t.file("tune"), 0
    t.read(name)
    for step in range(t.some(16, 30)):
        goes_back = step in (9, 15) and value
        target = value - 1 if goes_back else t.counts.get("v", 0) + 1
        t.counts["v"] = max(t.counts.get("v", 0), target)
        t.do(
            "Edit",
            f"set-{value}-{target}",
            "changed-tune",
            on=name,
            edit=(f"v{value}", f"v{target}"),
        )
        t.files[name] += 1
        value = target
        t.do("Bash", "bench", t.new("measured"), took=t.some(5, 60) * SECOND)


@story("exploring", "amd/gaia#3738: files read up to nine times in a session that gets there")
def exploring(t, number):
    """A question about a code base: much reading, some of it twice, much that is not there."""
    t.human(gap=0)
    for _ in range(t.some(2, 4)):
        t.explore(12, 26)
        for name in sorted(t.files)[: t.some(1, 3)]:
            t.read(name)
        for _ in range(t.some(0, 5)):
            t.do("Grep", t.new("g"), "no-matches")
        if t.maybe(0.5):
            t.say()
            t.human()


@story("commit-rhythm", "usual work: a cycle of four commands around every change")
def commit_rhythm(t, number):
    """Status, diff, add, commit: the same four commands around every change."""
    t.before()
    for _ in range(t.some(6, 12)):
        t.work(1, 3)
        t.do("Bash", "status", t.pick(["status-a", "status-b", "status-c"]))
        if t.maybe(0.6):
            t.do("Bash", "diff", t.new("diff"))
        t.do("Bash", "add", "no-output")
        t.do("Bash", t.new("commit"), t.new("committed"))
        if t.maybe(0.5):
            t.do("Bash", "status", "clean")


@story("browsing", "usual work with a browser's tools")
def browsing(t, number):
    """A browser driven by tools: picture, click, picture; page after page of a list."""
    t.before()
    for _ in range(t.some(12, 26)):
        t.do("mcp__browser__snapshot", "snapshot", t.new("page"), took=t.some(300, 2500), size=2500)
        asked = "click-next" if number % 2 == 0 else t.new("click")
        t.do("mcp__browser__click", asked, "clicked", took=t.some(200, 2500), size=40)
    t.do("mcp__browser__snapshot", "snapshot", t.new("page"))


@story("asked-again-by-the-person", "facts of the transcripts: a person's prompt begins anew")
def asked_again_by_the_person(t, number):
    """A person who says "again" every time."""
    t.human(gap=0)
    t.explore(1, 4)
    for _ in range(t.some(6, 14)):
        for _ in range(t.some(1, 2)):
            t.do(
                "Bash",
                "deploy-check",
                "not-yet",
                took=t.some(1, 5) * SECOND,
                error="not-yet-err" if t.maybe(0.5) else None,
            )
        t.say()
        t.human(gap=t.some(20, 400) * SECOND)


@story("list-of-tasks", "false alarm told in QwenLM/qwen-code#9492: one answer to every call")
def list_of_tasks(t, number):
    """A tool that keeps a list of what is to do: other entries each time, the same answer."""
    t.before()
    for _ in range(t.some(10, 20)):
        t.do("TodoWrite", t.new("todo"), "list-updated", took=5, size=40)
        t.work(1, 2)
        if t.maybe(0.4):
            t.do("TaskList", "tasks", t.pick(["tasks-a", "tasks-b"]), took=5)


@story(
    "same-lint-everywhere",
    "false alarm told in zenml-io/kitaru#870: the same tool, other files",
)
def same_lint_everywhere(t, number):
    """The same complaint in file after file: each is shown, and put right."""
    t.before()
    for _ in range(t.some(9, 20)):
        name = t.file()
        t.do(
            "Bash",
            f"lint-{name}",
            f"lint-{name}-out",
            took=t.some(800, 4000),
            error="no-unused-vars",
        )
        t.change(name)
        if t.maybe(0.25):
            t.do("Bash", f"lint-{name}", "no-output", took=t.some(800, 4000))


@story("not-allowed", "anthropics/claude-code#37769: denied, another way, allowed")
def not_allowed(t, number):
    """A person says no, once or twice; another way is found."""
    t.before()
    for _ in range(t.some(2, 4)):
        asked = t.new("c")
        for _ in range(t.some(1, 2)):
            t.do("Bash", asked if t.maybe(0.5) else t.new("c"), "refused", denied=True)
        if t.maybe(0.6):
            t.human()
        t.do("Bash", t.new("c"), t.new("out"))
        t.work(1, 4)


@story("slow-fix", "usual work: a bug that takes five attempts")
def slow_fix(t, number):
    """A hard one: four or five attempts, the test says the same; then the cause is found."""
    t.before()
    t.do("Bash", "test", "red", took=t.some(4, 40) * SECOND, error="red-err")
    for _ in range(t.some(3, 5)):
        for _ in range(t.some(1, 3)):
            t.look()
        t.change()
        t.do("Bash", "test", "red", took=t.some(4, 40) * SECOND, error="red-err")
    t.explore(3, 8)
    t.change()
    t.do("Bash", "test", "green", took=t.some(4, 40) * SECOND)
    t.work(1, 4)
