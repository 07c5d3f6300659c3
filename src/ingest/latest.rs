//! The latest records of a transcript, read when a person looks at its session and kept nowhere.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use super::document::Document;
use super::rows;
use super::zstd::Frames;
use crate::agents::{self, Source};
use crate::model::AgentId;

/// The end of a file of lines that is read: some hundred steps.
const TAIL_BYTES: u64 = 256 << 10;

/// The first line of a longer file, which says whose it is, is no longer than this.
const HEAD_BYTES: u64 = 1 << 20;

/// A longer file is not decompressed, nor more text than that of one: nobody waits so long.
const COMPRESSED_BYTES: u64 = 4 << 20;
const DECOMPRESSED_BYTES: u64 = 64 << 20;

/// The latest records of a transcript.
#[derive(Clone, Debug, Default)]
pub struct LatestRecords {
    /// The oldest first. Where they are not all of it, the very first one is before them.
    pub records: Vec<Vec<u8>>,
    /// They are all of it.
    pub is_whole: bool,
}

impl LatestRecords {
    /// Reads them.
    pub fn read(agent: AgentId, path: &Path) -> io::Result<Self> {
        let kind = agents::adapter(agent).source(path);
        if let Some(Source::Rows(tables)) = kind {
            return Ok(Self { records: rows::latest(path, tables)?, is_whole: false });
        }
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        match kind {
            Some(Source::Lines) => Self::of_lines(file, about.len()),
            Some(Source::Document) => {
                let document = Document::read(&mut file, about.len())?;
                Ok(Self { records: vec![document.into_text()], is_whole: true })
            }
            Some(Source::ZstdLines) if about.len() <= COMPRESSED_BYTES => {
                let mut text = Vec::new();
                Frames::new(file).take(DECOMPRESSED_BYTES).read_to_end(&mut text)?;
                let length = text.len() as u64;
                Self::of_lines(Cursor::new(text), length)
            }
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn of_lines(mut file: impl Read + Seek, length: u64) -> io::Result<Self> {
        let start = length.saturating_sub(TAIL_BYTES);
        let is_whole = start == 0;
        let mut head = Vec::new();
        if !is_whole {
            BufReader::new(file.by_ref().take(HEAD_BYTES)).read_until(b'\n', &mut head)?;
        }
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        // It may grow meanwhile.
        file.take(TAIL_BYTES).read_to_end(&mut tail)?;
        // The first of them is cut off.
        let lines = tail.split(|&byte| byte == b'\n').skip(usize::from(!is_whole));
        let lines = lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec);
        let head = Some(head).filter(|head| !head.is_empty());
        Ok(Self { records: head.into_iter().chain(lines).collect(), is_whole })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(path: &Path) -> LatestRecords {
        LatestRecords::read(AgentId::Claude, path).unwrap()
    }

    #[test]
    fn of_a_long_file_the_first_line_and_the_last_whole_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        fs::write(&path, "{\"a\":1}\n\n{\"a\":2}\n").unwrap();
        let all = read(&path);
        assert_eq!(all.records, [b"{\"a\":1}".to_vec(), b"{\"a\":2}".to_vec()]);
        assert!(all.is_whole);
        let long = format!("{{\"b\":\"{}\"}}\n", "x".repeat(TAIL_BYTES as usize));
        fs::write(&path, format!("{{\"head\":1}}\n{long}{{\"a\":3}}\n{{\"torn")).unwrap();
        let end = read(&path);
        assert!(!end.is_whole);
        let records: Vec<&str> =
            end.records.iter().map(|record| std::str::from_utf8(record).unwrap().trim()).collect();
        assert_eq!(records, ["{\"head\":1}", "{\"a\":3}", "{\"torn"]);
    }

    #[test]
    fn what_is_compressed_is_read_as_if_it_were_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollout-2026-11-23T10-00-00-a.jsonl.zst");
        let text = &b"{\"a\":1}\n{\"a\":2}\n"[..];
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        fs::write(&path, ruzstd::encoding::compress_to_vec(text, level)).unwrap();
        let all = LatestRecords::read(AgentId::Codex, &path).unwrap();
        assert_eq!((all.records.len(), all.is_whole), (2, true));
        fs::write(&path, "no zstandard").unwrap();
        assert!(LatestRecords::read(AgentId::Codex, &path).is_err());
    }

    #[test]
    fn what_is_no_transcript_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("a.txt");
        fs::write(&other, "{}\n").unwrap();
        assert!(LatestRecords::read(AgentId::Claude, &other).is_err());
        assert!(LatestRecords::read(AgentId::Claude, folder.path()).is_err());
        assert!(
            LatestRecords::read(AgentId::OpenCode, &folder.path().join("opencode.db")).is_err()
        );
    }
}
