//! Makes a deterministic corpus of Claude Code transcripts, together with what it must add up to.
//!
//! ```text
//! corpus DIR [--mib 1024] [--seed N]
//! DIR/home/.claude/projects/<slug>/<session>.jsonl
//! DIR/home/.claude/projects/<slug>/<session>/subagents/agent-<id>.jsonl (+ .meta.json)
//! DIR/truth.json
//! ```
//!
//! It copies what makes real transcripts hard to count: one API response spans several lines that each
//! repeat its usage, some of them early snapshots; most calls sit in subagent files; forks copy a
//! session line by line under a new session id; tool output quotes usage objects; agent results carry
//! a usage that is already counted elsewhere. `truth.json` counts each call once, with its fullest
//! snapshot, on the UTC day of its first line. The same arguments give the same bytes on any machine.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

/// Sessions in a corpus of 1 GiB; everything else follows from what one session holds.
const SESSIONS_PER_GIB: u64 = 848;
/// 2026-09-22T00:00:00Z, the first of the corpus's days.
const FIRST_DAY_MS: u64 = 1_790_035_200_000;
const DAYS: u64 = 60;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: u64 = 60 * 1000;
/// The last day's sessions start before this time of day, so that their forks end on it too.
const LAST_START_MS: u64 = 20 * 60 * MINUTE_MS;
const AGENT_STEP_MS: u64 = 4000;
const LARGEST_TOOL_RESULT: u64 = 400 * 1024;

const MODELS: [(&str, u64); 5] = [
    ("claude-opus-5-5", 38),
    ("claude-sonnet-5-5", 30),
    ("claude-haiku-5-5", 17),
    ("claude-opus-4-8", 10),
    ("claude-sonnet-4-5-20250929", 5),
];
const PROJECTS: [&str; 12] = [
    "/home/dev/atlas",
    "/home/dev/billing-api",
    "/home/dev/docs",
    "/home/dev/mobile",
    "/home/dev/parser",
    "/home/dev/scratch",
    "/home/dev/web/checkout",
    "/home/dev/web/console",
    "/home/dev/work/infra",
    "/home/dev/work/ml_pipeline",
    "/home/dev/work/search.v2",
    "/home/dev/work/tools",
];
const BRANCHES: [&str; 6] =
    ["main", "develop", "fix/retry-loop", "feat/export", "release-2.4", "HEAD"];
const VERSIONS: [&str; 4] = ["2.1.197", "2.1.226", "2.1.257", "2.1.268"];

fn main() -> io::Result<()> {
    let options = Options::from_args(std::env::args().skip(1))
        .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    let truth = write_corpus(&options)?;
    let mut file = File::create(options.dir.join("truth.json"))?;
    serde_json::to_writer_pretty(&mut file, &truth.to_json())?;
    file.write_all(b"\n")?;
    writeln!(
        io::stdout(),
        "{} files, {} bytes, {} lines, {} with usage, {} calls",
        truth.files,
        truth.bytes,
        truth.lines,
        truth.usage_lines,
        truth.total.calls
    )
}

/// What to make.
pub struct Options {
    /// Where.
    pub dir: PathBuf,
    /// How much, about.
    pub mib: u64,
    /// Another number makes another corpus.
    pub seed: u64,
}

impl Options {
    fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut dir, mut mib, mut seed) = (None, 1024, 1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--mib" => mib = number(args.next())?,
                "--seed" => seed = number(args.next())?,
                _ if dir.is_none() && !arg.starts_with('-') => dir = Some(PathBuf::from(arg)),
                _ => return Err(format!("unexpected argument {arg}")),
            }
        }
        let dir = dir.ok_or("usage: corpus DIR [--mib 1024] [--seed N]")?;
        Ok(Self { dir, mib, seed })
    }
}

fn number(arg: Option<String>) -> Result<u64, String> {
    let arg = arg.ok_or("a number is missing")?;
    arg.parse().map_err(|_| format!("{arg} is not a number"))
}

/// Writes all sessions, shared out over the processors. A session's content depends only on the seed
/// and its own index, never on the thread that writes it.
pub fn write_corpus(options: &Options) -> io::Result<Truth> {
    let projects = options.dir.join("home/.claude/projects");
    let sessions = (SESSIONS_PER_GIB * options.mib).div_ceil(1024).max(1);
    let prose = Prose::new(&mut Rng(options.seed));
    let next = AtomicU64::new(0);
    let work = || {
        let mut truth = Truth::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= sessions {
                return Ok(truth);
            }
            write_session(&projects, options.seed, index, &prose, &mut truth)?;
        }
    };
    let threads = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Truth::default();
        for worker in workers {
            let part: io::Result<Truth> =
                worker.join().map_err(|_| io::Error::other("a writer panicked"))?;
            all += part?;
        }
        Ok(all)
    })
}

/// One session: its main transcript, its subagents' and, for one in ten, a fork of it.
fn write_session(
    projects: &Path,
    seed: u64,
    index: u64,
    prose: &Prose,
    truth: &mut Truth,
) -> io::Result<()> {
    let mut rng = Rng::derived(seed, index);
    let session = Session::new(&mut rng);
    let dir = projects.join(slug(session.cwd));
    let mut main = Transcript::new(&session, prose, rng);
    main.preamble()?;
    main.turns(session.calls, truth, &dir)?;
    main.epilogue()?;
    main.save(&dir.join(format!("{}.jsonl", session.id)), truth)?;
    if index % 10 == 3 {
        write_fork(&main, &dir, truth)?;
    }
    Ok(())
}

/// A fork repeats the lines of its parent byte for byte, but for the session id, and then goes on.
fn write_fork(parent: &Transcript, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    let mut rng = parent.rng.clone();
    let session = Session { id: uuid(&mut rng), agents: 0, ..parent.session.clone() };
    let mut fork = Transcript::new(&session, parent.prose, rng);
    fork.metadata("mode", format_args!(r#""mode":"normal""#))?;
    fork.copy_messages(parent)?;
    fork.wait(5 * MINUTE_MS, 20 * MINUTE_MS);
    fork.turns(4, truth, dir)?;
    fork.save(&dir.join(format!("{}.jsonl", session.id)), truth)
}

/// What all the lines of a session have in common.
#[derive(Clone)]
struct Session {
    id: String,
    cwd: &'static str,
    branch: &'static str,
    version: &'static str,
    model: &'static str,
    start_ms: u64,
    calls: u64,
    agents: u64,
    /// Typical time from one call of the main thread to the next.
    step_ms: u64,
}

impl Session {
    fn new(rng: &mut Rng) -> Self {
        let calls = rng.range(45, 105);
        let agents = rng.range(0, 5);
        let minutes = rng.range(20, 80) - agents * 3;
        Self {
            id: uuid(rng),
            cwd: rng.pick(&PROJECTS),
            branch: rng.pick(&BRANCHES),
            version: rng.pick(&VERSIONS),
            model: pick_model(rng),
            start_ms: start_time(rng),
            calls,
            agents,
            step_ms: minutes * MINUTE_MS / calls,
        }
    }

    /// How each message line of the session ends.
    fn line_end(&self) -> String {
        let Self { id, cwd, branch, version, .. } = self;
        format!(
            r#""cwd":"{cwd}","sessionId":"{id}","version":"{version}","gitBranch":"{branch}"}}"#
        ) + "\n"
    }
}

/// From seven in the morning on, so that some sessions run past midnight.
fn start_time(rng: &mut Rng) -> u64 {
    let day = rng.below(DAYS);
    let latest = if day == DAYS - 1 { LAST_START_MS } else { DAY_MS };
    FIRST_DAY_MS + day * DAY_MS + rng.range(7 * 60 * MINUTE_MS, latest)
}

fn pick_model(rng: &mut Rng) -> &'static str {
    let mut ticket = rng.below(100);
    for (model, share) in MODELS {
        if ticket < share {
            return model;
        }
        ticket -= share;
    }
    MODELS[0].0
}

/// The directory name Claude Code makes of a working directory.
fn slug(cwd: &str) -> String {
    cwd.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// One transcript file in the making.
struct Transcript<'a> {
    session: &'a Session,
    prose: &'a Prose,
    rng: Rng,
    agent: Option<String>,
    model: &'static str,
    now_ms: u64,
    step_ms: u64,
    /// Tokens in the conversation so far: what the next call reads from the cache.
    context: u64,
    prompt_id: String,
    last_uuid: Option<String>,
    last_usage: Usage,
    spawned: u64,
    usage_lines: u64,
    out: Vec<u8>,
}

impl<'a> Transcript<'a> {
    fn new(session: &'a Session, prose: &'a Prose, mut rng: Rng) -> Self {
        Self {
            session,
            prose,
            agent: None,
            model: session.model,
            now_ms: session.start_ms,
            step_ms: session.step_ms,
            context: rng.range(14_000, 30_000),
            prompt_id: uuid(&mut rng),
            rng,
            last_uuid: None,
            last_usage: Usage::default(),
            spawned: 0,
            usage_lines: 0,
            out: Vec::with_capacity(1 << 20),
        }
    }

    /// The transcript of a subagent that this one starts now.
    fn subagent(&mut self) -> Self {
        let rng = self.rng.split();
        let mut child = Self::new(self.session, self.prose, rng);
        child.agent = Some(format!("a{:016x}", child.rng.next()));
        child.model = match child.rng.below(3) {
            0 => self.model,
            1 => "claude-haiku-5-5",
            _ => pick_model(&mut child.rng),
        };
        child.now_ms = self.now_ms;
        child.step_ms = AGENT_STEP_MS;
        child.prompt_id.clone_from(&self.prompt_id);
        child
    }

    fn agent_id(&self) -> &str {
        self.agent.as_deref().unwrap_or_default()
    }

    fn save(&self, path: &Path, truth: &mut Truth) -> io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create(path)?;
        file.write_all(&self.out)?;
        file.set_modified(UNIX_EPOCH + Duration::from_millis(self.now_ms))?;
        truth.files += 1;
        truth.bytes += self.out.len() as u64;
        truth.lines += self.out.iter().map(|&b| u64::from(b == b'\n')).sum::<u64>();
        truth.usage_lines += self.usage_lines;
        Ok(())
    }

    /// Takes over the messages of `parent`, under this session's id.
    fn copy_messages(&mut self, parent: &Self) -> io::Result<()> {
        let (old, new) = (parent.session.line_end(), self.session.line_end());
        for line in parent.out.split_inclusive(|&b| b == b'\n') {
            if let Some(start) = line.strip_suffix(old.as_bytes()) {
                self.out.write_all(start)?;
                self.out.write_all(new.as_bytes())?;
            }
        }
        self.usage_lines += parent.usage_lines;
        self.last_uuid.clone_from(&parent.last_uuid);
        self.now_ms = parent.now_ms;
        self.context = parent.context;
        Ok(())
    }

    fn wait(&mut self, low: u64, high: u64) {
        self.now_ms += self.rng.range(low, high);
    }

    /// Human prompts, each followed by some calls, until `calls` are made.
    fn turns(&mut self, mut calls: u64, truth: &mut Truth, dir: &Path) -> io::Result<()> {
        while calls > 0 {
            let turn = self.rng.range(3, 10).min(calls);
            let started_ms = self.now_ms;
            self.prompt()?;
            self.steps(turn, truth, Some(dir))?;
            self.turn_duration(self.now_ms - started_ms)?;
            calls -= turn;
        }
        Ok(())
    }

    /// Calls that each use a tool, but for the last one, which answers. Agents go to files in `dir`.
    fn steps(&mut self, calls: u64, truth: &mut Truth, dir: Option<&Path>) -> io::Result<()> {
        for left in (0..calls).rev() {
            self.wait(self.step_ms / 2, self.step_ms * 3 / 2);
            match dir {
                _ if left == 0 => self.call(None, truth)?,
                Some(dir) if self.wants_agent() => self.agent_step(dir, truth)?,
                _ => self.tool_step(truth)?,
            }
        }
        Ok(())
    }

    fn wants_agent(&mut self) -> bool {
        self.spawned < self.session.agents && self.rng.chance(12)
    }

    fn tool_step(&mut self, truth: &mut Truth) -> io::Result<()> {
        let tool = Tool::random(&mut self.rng, self.prose);
        self.call(Some(&tool), truth)?;
        // An interrupted tool leaves no result.
        if !self.rng.chance(4) {
            self.tool_result(&tool)?;
        }
        Ok(())
    }

    /// A call that hands work to a subagent, and the result it gets back.
    fn agent_step(&mut self, dir: &Path, truth: &mut Truth) -> io::Result<()> {
        self.spawned += 1;
        let tool = Tool::agent(&mut self.rng, self.prose);
        self.call(Some(&tool), truth)?;
        let child = self.run_subagent(&tool, dir, truth)?;
        let duration_ms = child.now_ms - self.now_ms;
        self.now_ms = child.now_ms;
        self.agent_result(&tool, &child, duration_ms)
    }

    /// Writes the whole transcript of a subagent that starts now.
    fn run_subagent(&mut self, tool: &Tool, dir: &Path, truth: &mut Truth) -> io::Result<Self> {
        let mut child = self.subagent();
        child.prompt()?;
        child.listing("skill_listing", 2500)?;
        let calls = child.rng.range(15, 75);
        child.steps(calls, truth, None)?;
        let agent = child.agent_id();
        let dir = dir.join(&self.session.id).join("subagents");
        child.save(&dir.join(format!("agent-{agent}.jsonl")), truth)?;
        fs::write(dir.join(format!("agent-{agent}.meta.json")), tool.meta())?;
        Ok(child)
    }

    /// One API response: a line for each content block, all with its ids.
    fn call(&mut self, tool: Option<&Tool>, truth: &mut Truth) -> io::Result<()> {
        let full = self.next_usage();
        let ids = (
            format!("msg_01{}", base62(&mut self.rng, 22)),
            format!("req_011C{}", base62(&mut self.rng, 20)),
        );
        // Subagent calls often never get their last usage.
        let finished = self.agent.is_none() || !self.rng.chance(20);
        let growing = self.rng.chance(15);
        let blocks = self.block_count();
        let day = self.now_ms / DAY_MS;
        let mut seen = Usage::default();
        for block in 1..=blocks {
            let done = finished && (block == blocks || !growing);
            seen = if done { full } else { full.snapshot(block, blocks) };
            let content = self.block(tool.filter(|_| block == blocks), block);
            self.assistant_line(&ids, &content, &seen, done.then_some(tool.is_some()))?;
            self.wait(2, 900);
        }
        self.last_usage = seen;
        truth.count(day, self.model, &seen);
        Ok(())
    }

    fn block_count(&mut self) -> u64 {
        match self.rng.below(100) {
            0..30 => 1,
            30..70 => 2,
            70..92 => 3,
            _ => 4,
        }
    }

    fn next_usage(&mut self) -> Usage {
        let written = self.rng.skewed(150, 40_000);
        let five_minutes = self.agent.is_some() || self.rng.chance(10);
        let usage = Usage {
            input: self.rng.range(1, 12),
            output: self.rng.skewed(60, 16_000),
            cache_read: self.context,
            cache_5m: if five_minutes { written } else { 0 },
            cache_1h: if five_minutes { 0 } else { written },
        };
        self.context += written;
        if self.context > 180_000 {
            self.context = self.rng.range(20_000, 40_000);
        }
        usage
    }

    /// The JSON of a content block: the tool's use, or thinking and text before it.
    fn block(&mut self, tool: Option<&Tool>, position: u64) -> String {
        if let Some(tool) = tool {
            return tool.use_block();
        }
        let size = self.rng.skewed(70, 8000);
        let text = self.prose.excerpt(&mut self.rng, size);
        if position > 1 || self.rng.chance(40) {
            return format!(r#"{{"type":"text","text":"{text}"}}"#);
        }
        let length = self.rng.range(200, 900);
        let signature = base62(&mut self.rng, length);
        format!(r#"{{"type":"thinking","thinking":"{text}","signature":"{signature}"}}"#)
    }

    /// `stopped`: not yet, or (at the end) whether it was to use a tool.
    fn assistant_line(
        &mut self,
        (message_id, request_id): &(String, String),
        content: &str,
        usage: &Usage,
        stopped: Option<bool>,
    ) -> io::Result<()> {
        let model = self.model;
        let stop_reason = match stopped {
            None => "null",
            Some(true) => r#""tool_use""#,
            Some(false) => r#""end_turn""#,
        };
        let usage = usage.to_message(stopped.is_some());
        let attribution = match self.agent {
            Some(_) => r#""attributionAgent":"general-purpose","#,
            None => "",
        };
        self.usage_lines += 1;
        self.message(
            None,
            format_args!(
                r#""message":{{"id":"{message_id}","type":"message","role":"assistant","model":"{model}","content":[{content}],"stop_reason":{stop_reason},"stop_sequence":null,"usage":{usage},"stop_details":null}},"requestId":"{request_id}",{attribution}"type":"assistant","#
            ),
            format_args!(""),
        )
    }

    /// A human's prompt in a main thread; in a subagent's, its task.
    fn prompt(&mut self) -> io::Result<()> {
        let size = self.rng.skewed(40, 20_000);
        let text = self.prose.excerpt(&mut self.rng, size);
        let mut extra = "";
        if self.agent.is_none() {
            self.before_prompt(text)?;
            self.prompt_id = uuid(&mut self.rng);
            extra = r#""permissionMode":"acceptEdits","promptSource":"typed","#;
        }
        let prompt_id = self.prompt_id.clone();
        self.message(
            Some(&prompt_id),
            format_args!(r#""type":"user","message":{{"role":"user","content":"{text}"}},"#),
            format_args!("{extra}"),
        )
    }

    /// The bookkeeping lines that often come with a prompt.
    fn before_prompt(&mut self, text: &str) -> io::Result<()> {
        if self.rng.chance(15) {
            let at = Timestamp(self.now_ms);
            for operation in ["enqueue", "dequeue"] {
                self.metadata(
                    "queue-operation",
                    format_args!(
                        r#""operation":"{operation}","timestamp":"{at}","content":"{text}""#
                    ),
                )?;
            }
        }
        if self.rng.chance(30) {
            let (id, at) = (uuid(&mut self.rng), Timestamp(self.now_ms));
            writeln!(
                self.out,
                r#"{{"type":"file-history-snapshot","messageId":"{id}","snapshot":{{"messageId":"{id}","trackedFileBackups":{{}},"timestamp":"{at}"}},"isSnapshotUpdate":false}}"#
            )?;
        }
        if self.rng.chance(10) {
            self.attachment(format_args!(r#""type":"task_reminder","content":[],"itemCount":0"#))?;
        }
        Ok(())
    }

    fn tool_result(&mut self, tool: &Tool) -> io::Result<()> {
        let size = self.rng.skewed(185, LARGEST_TOOL_RESULT);
        let mut text = self.prose.excerpt(&mut self.rng, size).to_owned();
        if self.rng.chance(2) {
            text.push_str(&quoted_usage(&mut self.rng));
        }
        let id = &tool.id;
        let twin = tool.twin(&text);
        self.result_line(
            format_args!(
                r#"{{"tool_use_id":"{id}","type":"tool_result","content":"{text}","is_error":false}}"#
            ),
            &twin,
        )
    }

    /// An agent's result repeats the usage of its last call, which its own file already holds.
    fn agent_result(&mut self, tool: &Tool, child: &Self, duration_ms: u64) -> io::Result<()> {
        let (id, agent, last) = (&tool.id, child.agent_id(), child.last_usage);
        let (total, usage) = (last.total(), last.to_message(true));
        let size = self.rng.skewed(300, 20_000);
        let text = self.prose.excerpt(&mut self.rng, size);
        let twin = format!(
            r#"{{"status":"completed","prompt":"{text}","agentId":"{agent}","agentType":"general-purpose","content":[{{"type":"text","text":"{text}"}}],"totalDurationMs":{duration_ms},"totalTokens":{total},"totalToolUseCount":12,"usage":{usage}}}"#
        );
        self.result_line(
            format_args!(
                r#"{{"tool_use_id":"{id}","type":"tool_result","content":[{{"type":"text","text":"{text}"}}]}}"#
            ),
            &twin,
        )
    }

    fn result_line(&mut self, result: fmt::Arguments, twin: &str) -> io::Result<()> {
        let prompt_id = self.prompt_id.clone();
        let source = self.last_uuid.clone().unwrap_or_default();
        self.message(
            Some(&prompt_id),
            format_args!(r#""type":"user","message":{{"role":"user","content":[{result}]}},"#),
            format_args!(r#""toolUseResult":{twin},"sourceToolAssistantUUID":"{source}","#),
        )
    }

    fn attachment(&mut self, body: fmt::Arguments) -> io::Result<()> {
        self.message(
            None,
            format_args!(r#""attachment":{{{body}}},"type":"attachment","#),
            format_args!(""),
        )
    }

    fn listing(&mut self, kind: &str, size: u64) -> io::Result<()> {
        let text = self.prose.excerpt(&mut self.rng, size);
        self.attachment(format_args!(r#""type":"{kind}","content":"{text}","isInitial":true"#))
    }

    fn turn_duration(&mut self, ms: u64) -> io::Result<()> {
        self.message(
            None,
            format_args!(
                r#""type":"system","subtype":"turn_duration","durationMs":{ms},"messageCount":10,"#
            ),
            format_args!(r#""isMeta":false,"#),
        )
    }

    fn preamble(&mut self) -> io::Result<()> {
        self.metadata("mode", format_args!(r#""mode":"normal""#))?;
        self.metadata("permission-mode", format_args!(r#""permissionMode":"acceptEdits""#))?;
        let title = self.prose.excerpt(&mut self.rng, 1);
        self.metadata("ai-title", format_args!(r#""aiTitle":"{title}""#))?;
        self.listing("agent_listing_delta", 1500)?;
        self.listing("skill_listing", 5000)
    }

    fn epilogue(&mut self) -> io::Result<()> {
        if self.rng.chance(5) {
            self.synthetic()?;
        }
        let leaf = self.last_uuid.clone().unwrap_or_default();
        let text = self.prose.excerpt(&mut self.rng, 60);
        self.metadata("last-prompt", format_args!(r#""lastPrompt":"{text}","leafUuid":"{leaf}""#))?;
        if self.rng.chance(10) {
            self.cost_state()?;
        }
        Ok(())
    }

    /// A line made by the client itself: no call, though it has a usage.
    fn synthetic(&mut self) -> io::Result<()> {
        let id = uuid(&mut self.rng);
        self.usage_lines += 1;
        self.message(
            None,
            format_args!(
                r#""type":"assistant","message":{{"id":"{id}","container":null,"model":"<synthetic>","role":"assistant","stop_details":null,"stop_reason":"stop_sequence","stop_sequence":"","type":"message","usage":{{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"server_tool_use":{{"web_search_requests":0,"web_fetch_requests":0}},"service_tier":null,"cache_creation":{{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0}},"inference_geo":null,"iterations":null,"speed":null}},"content":[{{"type":"text","text":"API Error: 529 Overloaded"}}],"context_management":null}},"#
            ),
            format_args!(r#""isApiErrorMessage":true,"apiErrorStatus":529,"#),
        )
    }

    /// The client's own running total, which a reader must not add to the calls.
    fn cost_state(&mut self) -> io::Result<()> {
        let (model, cents) = (self.model, self.rng.range(50, 4000));
        let cost = format!("{}.{:02}", cents / 100, cents % 100);
        let (duration, start) = (self.now_ms - self.session.start_ms, self.session.start_ms);
        self.metadata(
            "cost-state",
            format_args!(
                r#""totalCostUSD":{cost},"modelUsage":{{"{model}":{{"inputTokens":420,"outputTokens":51200,"thinkingTokens":9000,"cacheReadInputTokens":4200000,"cacheCreationInputTokens":88000,"webSearchRequests":0,"costUSD":{cost}}}}},"totalDuration":{duration},"totalLinesAdded":120,"totalLinesRemoved":31,"startTime":{start},"hasUnknownModelCost":false"#
            ),
        )
    }

    /// A line that belongs to the session but not to the conversation.
    fn metadata(&mut self, kind: &str, body: fmt::Arguments) -> io::Result<()> {
        let session = &self.session.id;
        writeln!(self.out, r#"{{"type":"{kind}",{body},"sessionId":"{session}"}}"#)
    }

    /// A line of the conversation; `body` and `extra` end in a comma or are empty.
    fn message(
        &mut self,
        prompt_id: Option<&str>,
        body: fmt::Arguments,
        extra: fmt::Arguments,
    ) -> io::Result<()> {
        let uuid = uuid(&mut self.rng);
        let out = &mut self.out;
        match &self.last_uuid {
            Some(parent) => write!(out, r#"{{"parentUuid":"{parent}","#)?,
            None => write!(out, r#"{{"parentUuid":null,"#)?,
        }
        write!(out, r#""isSidechain":{},"#, self.agent.is_some())?;
        if let Some(prompt_id) = prompt_id {
            write!(out, r#""promptId":"{prompt_id}","#)?;
        }
        if let Some(agent) = &self.agent {
            write!(out, r#""agentId":"{agent}","#)?;
        }
        let at = Timestamp(self.now_ms);
        write!(
            out,
            r#"{body}"uuid":"{uuid}","timestamp":"{at}",{extra}"userType":"external","entrypoint":"cli","#
        )?;
        out.write_all(self.session.line_end().as_bytes())?;
        self.last_uuid = Some(uuid);
        Ok(())
    }
}

/// One use of a tool; `input` and `path` are JSON text.
struct Tool {
    id: String,
    name: &'static str,
    input: String,
    path: String,
}

impl Tool {
    fn random(rng: &mut Rng, prose: &Prose) -> Self {
        let size = rng.skewed(90, 30_000);
        let text = prose.excerpt(rng, size);
        let path = format!("/home/dev/src/module_{:02}.rs", rng.below(60));
        let (name, input) = match rng.below(20) {
            0..9 => {
                let description = prose.excerpt(rng, 1);
                ("Bash", format!(r#"{{"command":"{text}","description":"{description}"}}"#))
            }
            9..15 => ("Read", format!(r#"{{"file_path":"{path}","offset":1,"limit":200}}"#)),
            15..18 => {
                let old = prose.excerpt(rng, 120);
                (
                    "Edit",
                    format!(
                        r#"{{"file_path":"{path}","old_string":"{old}","new_string":"{text}","replace_all":false}}"#
                    ),
                )
            }
            _ => ("Grep", r#"{"pattern":"\\bfn \\w+","output_mode":"content"}"#.to_owned()),
        };
        Self::new(rng, name, input, path)
    }

    fn agent(rng: &mut Rng, prose: &Prose) -> Self {
        let size = rng.skewed(300, 8000);
        let (description, prompt) = (prose.excerpt(rng, 1), prose.excerpt(rng, size));
        let input = format!(
            r#"{{"description":"{description}","subagent_type":"general-purpose","prompt":"{prompt}"}}"#
        );
        Self::new(rng, "Agent", input, String::new())
    }

    fn new(rng: &mut Rng, name: &'static str, input: String, path: String) -> Self {
        let id = format!("toolu_01{}", base62(rng, 22));
        Self { id, name, input, path }
    }

    fn use_block(&self) -> String {
        let Self { id, name, input, .. } = self;
        format!(r#"{{"type":"tool_use","id":"{id}","name":"{name}","input":{input}}}"#)
    }

    /// `toolUseResult`: the result once more, as the client keeps it for its screen.
    fn twin(&self, text: &str) -> String {
        let path = &self.path;
        match self.name {
            "Read" => format!(
                r#"{{"type":"text","file":{{"filePath":"{path}","content":"{text}","numLines":200,"startLine":1,"totalLines":812}}}}"#
            ),
            "Edit" => format!(
                r#"{{"filePath":"{path}","oldString":"","newString":"","originalFile":"{text}","structuredPatch":[],"userModified":false,"replaceAll":false}}"#
            ),
            _ => format!(
                r#"{{"stdout":"{text}","stderr":"","interrupted":false,"isImage":false,"noOutputExpected":false}}"#
            ),
        }
    }

    /// The small file beside a subagent's transcript.
    fn meta(&self) -> String {
        let id = &self.id;
        format!(
            r#"{{"agentType":"general-purpose","description":"Subtask","toolUseId":"{id}","spawnDepth":1}}"#
        )
    }
}

/// Tool output that shows a transcript's line: usage-like text, escaped inside a string.
fn quoted_usage(rng: &mut Rng) -> String {
    let id = base62(rng, 22);
    let tokens = rng.range(1000, 900_000);
    format!(
        r#"{{\"type\":\"assistant\",\"message\":{{\"id\":\"msg_01{id}\",\"model\":\"claude-opus-5-5\",\"usage\":{{\"input_tokens\":{tokens},\"output_tokens\":{tokens},\"cache_read_input_tokens\":{tokens}}}}}}}\n"#
    )
}

/// The tokens of a call, in disjoint kinds.
#[derive(Clone, Copy, Default)]
struct Usage {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_5m: u64,
    cache_1h: u64,
}

impl Usage {
    fn total(&self) -> u64 {
        self.input + self.output + self.cache_read + self.cache_5m + self.cache_1h
    }

    /// What a line says that was written before the response ended.
    fn snapshot(self, block: u64, blocks: u64) -> Self {
        let output = (self.output * block / (blocks + 3)).max(1);
        Self { output, ..self }
    }

    /// The usage object of a message, with `iterations` once it is final.
    fn to_message(self, is_final: bool) -> String {
        let Self { input, output, cache_read, cache_5m, cache_1h } = self;
        let written = cache_5m + cache_1h;
        let split = format!(
            r#""cache_creation":{{"ephemeral_1h_input_tokens":{cache_1h},"ephemeral_5m_input_tokens":{cache_5m}}}"#
        );
        let iterations = if is_final {
            format!(
                r#"{{"input_tokens":{input},"output_tokens":{output},"cache_read_input_tokens":{cache_read},"cache_creation_input_tokens":{written},{split},"type":"message"}}"#
            )
        } else {
            String::new()
        };
        format!(
            r#"{{"input_tokens":{input},"cache_creation_input_tokens":{written},"cache_read_input_tokens":{cache_read},"output_tokens":{output},"server_tool_use":{{"web_search_requests":0,"web_fetch_requests":0}},"service_tier":"standard",{split},"inference_geo":"not_available","iterations":[{iterations}],"speed":"standard"}}"#
        )
    }
}

/// Calls and their tokens, summed.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    calls: u64,
    usage: Usage,
}

impl Tally {
    fn to_json(self) -> Value {
        json!({
            "calls": self.calls,
            "input_tokens": self.usage.input,
            "output_tokens": self.usage.output,
            "cache_read_input_tokens": self.usage.cache_read,
            "cache_creation_5m_input_tokens": self.usage.cache_5m,
            "cache_creation_1h_input_tokens": self.usage.cache_1h,
        })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.usage.input += other.usage.input;
        self.usage.output += other.usage.output;
        self.usage.cache_read += other.usage.cache_read;
        self.usage.cache_5m += other.usage.cache_5m;
        self.usage.cache_1h += other.usage.cache_1h;
    }
}

/// What a reader of the corpus must find.
#[derive(Default)]
pub struct Truth {
    files: u64,
    bytes: u64,
    lines: u64,
    usage_lines: u64,
    total: Tally,
    by_day: BTreeMap<u64, Tally>,
    by_model: BTreeMap<&'static str, Tally>,
}

impl Truth {
    fn count(&mut self, day: u64, model: &'static str, usage: &Usage) {
        let one = Tally { calls: 1, usage: *usage };
        self.total += one;
        *self.by_day.entry(day).or_default() += one;
        *self.by_model.entry(model).or_default() += one;
    }

    fn to_json(&self) -> Value {
        let mut totals = self.total.to_json();
        if let Some(totals) = totals.as_object_mut() {
            totals.remove("calls");
        }
        let by_day: serde_json::Map<_, _> = self
            .by_day
            .iter()
            .map(|(&day, tally)| (Timestamp(day * DAY_MS).date(), tally.to_json()))
            .collect();
        let by_model: serde_json::Map<_, _> = self
            .by_model
            .iter()
            .map(|(&model, tally)| (model.to_owned(), tally.to_json()))
            .collect();
        json!({
            "calls": self.total.calls,
            "lines": self.lines,
            "usage_lines": self.usage_lines,
            "files": self.files,
            "bytes": self.bytes,
            "totals": totals,
            "by_day_utc": by_day,
            "by_model": by_model,
        })
    }
}

impl AddAssign for Truth {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.usage_lines += other.usage_lines;
        self.total += other.total;
        for (day, tally) in other.by_day {
            *self.by_day.entry(day).or_default() += tally;
        }
        for (model, tally) in other.by_model {
            *self.by_model.entry(model).or_default() += tally;
        }
    }
}

/// Milliseconds since 1970, shown as `2026-11-20T08:15:30.042Z`.
#[derive(Clone, Copy)]
struct Timestamp(u64);

impl Timestamp {
    /// The civil date, by the days-from-civil method run backwards (eras start in March).
    fn date(self) -> String {
        let days = self.0 / DAY_MS + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, ms) = (self.date(), self.0 % DAY_MS);
        let (hour, minute) = (ms / (60 * MINUTE_MS), ms / MINUTE_MS % 60);
        let (second, ms) = (ms / 1000 % 60, ms % 1000);
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// A stock of text, already escaped for JSON, that excerpts are cut from.
struct Prose {
    text: String,
    line_starts: Vec<usize>,
}

impl Prose {
    const LENGTH: usize = 1 << 20;
    const WORDS: [&'static str; 40] = [
        "the",
        "session",
        "reads",
        "file",
        "error",
        "let",
        "fn",
        "return",
        "Ok(())",
        "=>",
        "config",
        "\"name\":",
        "\"value\"",
        "0x7f",
        "->",
        "struct",
        "async",
        "await",
        "panicked",
        "at",
        "src/main.rs:42",
        "test",
        "passed",
        "warning:",
        "unused",
        "variable",
        "café",
        "→",
        "build",
        "release",
        "C:\\tmp",
        "tokens",
        "usage",
        "cache",
        "{",
        "}",
        "\t",
        "cargo",
        "git",
        "diff",
    ];

    fn new(rng: &mut Rng) -> Self {
        let (mut text, mut line_starts) = (String::new(), Vec::new());
        while text.len() < Self::LENGTH {
            line_starts.push(text.len());
            let line = Self::line(rng);
            text.push_str(Value::from(line).to_string().trim_matches('"'));
            text.push_str("\\n");
        }
        Self { text, line_starts }
    }

    fn line(rng: &mut Rng) -> String {
        let mut line = " ".repeat(4 * usize::from(rng.chance(50)));
        for _ in 0..rng.range(3, 14) {
            line.push_str(rng.pick::<&str>(&Self::WORDS));
            line.push(' ');
        }
        line.push(';');
        line
    }

    /// Whole lines of at least `size` bytes together, from anywhere in the stock.
    fn excerpt(&self, rng: &mut Rng, size: u64) -> &str {
        let size = usize::try_from(size).unwrap_or(Self::LENGTH / 2);
        let room = self.text.len().saturating_sub(size + 1024);
        let choices = self.line_starts.partition_point(|&start| start <= room);
        let start = rng.pick(&self.line_starts[..choices.max(1)]);
        let after = self.line_starts.partition_point(|&at| at < start + size);
        let end = self.line_starts.get(after).copied();
        &self.text[start..end.unwrap_or(self.text.len())]
    }
}

/// Splitmix64: small, fast and the same everywhere.
#[derive(Clone)]
struct Rng(u64);

impl Rng {
    /// A stream of its own for each index.
    fn derived(seed: u64, index: u64) -> Self {
        let mut rng = Self(seed ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03));
        rng.split()
    }

    fn split(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From `low` to `high`, both included.
    fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Around `typical`, with a heavy tail: each doubling is half as likely as the one before.
    fn skewed(&mut self, typical: u64, most: u64) -> u64 {
        let doublings = self.next().trailing_zeros().min(20);
        let scaled = typical << doublings;
        self.range(scaled / 2, scaled * 3 / 2).min(most)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let length = from.len() as u64;
        from[usize::try_from(self.below(length)).unwrap_or_default()]
    }
}

fn base62(rng: &mut Rng, length: u64) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    (0..length).map(|_| char::from(rng.pick(DIGITS))).collect()
}

fn uuid(rng: &mut Rng) -> String {
    let (high, low) = (rng.next(), rng.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
