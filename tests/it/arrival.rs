//! One set of transcripts, read in every way it can arrive: the ledger must always be the same.

use spendtop::model::AgentId;

use super::claude_lines::Line;
use super::harness::Lab;

/// A transcript's path below `projects`, and its lines.
pub type Transcript<'a> = (&'a str, Vec<Line>);

/// The calls that count, however the transcripts arrive.
pub fn ledger_of(transcripts: &[Transcript<'_>]) -> Vec<String> {
    in_every_order(transcripts).counted()
}

/// Reads the transcripts at once, one after the other in every order, and line by line in turn.
pub fn in_every_order(transcripts: &[Transcript<'_>]) -> Lab {
    let text = |line: &Line| line.text();
    let texts: Vec<(&str, Vec<String>)> =
        transcripts.iter().map(|(file, lines)| (*file, lines.iter().map(text).collect())).collect();
    arrive(AgentId::Claude, &texts)
}

/// The same with the lines of any agent.
pub fn arrive(agent: AgentId, transcripts: &[(&str, Vec<String>)]) -> Lab {
    let bytes = |lines: &[String]| {
        lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect::<Vec<u8>>()
    };
    let at_once = Lab::of(agent);
    for (file, lines) in transcripts {
        at_once.append_bytes(file, &bytes(lines));
    }
    at_once.ingest();
    let expected = at_once.dump();
    for order in orders(transcripts.len()) {
        let lab = Lab::of(agent);
        for &which in &order {
            let (file, lines) = &transcripts[which];
            lab.append_bytes(file, &bytes(lines));
            lab.ingest();
        }
        assert_eq!(lab.dump(), expected, "the files in the order {order:?}");
    }
    for forwards in [true, false] {
        let lab = Lab::of(agent);
        let longest = transcripts.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        for at in 0..longest {
            let mut turn: Vec<_> = transcripts.iter().collect();
            if !forwards {
                turn.reverse();
            }
            for (file, lines) in turn.into_iter().filter(|(_, lines)| at < lines.len()) {
                lab.append_bytes(file, &bytes(&lines[at..=at]));
                lab.ingest();
            }
        }
        assert_eq!(lab.dump(), expected, "line by line in turn, forwards: {forwards}");
    }
    at_once
}

/// Every order of `count` things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let shorter = orders(last);
    let with_last = shorter.iter().flat_map(|order| {
        (0..=last).map(move |at| {
            let mut order = order.clone();
            order.insert(at, last);
            order
        })
    });
    with_last.collect()
}
