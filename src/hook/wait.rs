//! Waits, for a moment, for a call to appear in a transcript: lines land about a tenth of a second
//! after the answer has ended, and a tool may be quicker than that.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use memchr::memmem;

/// How far back from the end the call may be: behind it lies at most a tool's result.
const TAIL_BYTES: u64 = 4 << 20;

/// Waits until the text is in the end of a file. True if the file has changed meanwhile, so that
/// what was read of it before is out of date.
pub fn for_text(path: &Path, text: &str, pause: &mut dyn FnMut() -> bool) -> bool {
    let Ok(begun) = length(path) else { return false };
    let mut searched_to = begun.saturating_sub(TAIL_BYTES);
    let mut length_now = begun;
    loop {
        // What stood at the edge of the last search may be the text's beginning.
        let from = searched_to.saturating_sub(text.len() as u64);
        match contains(path, from, length_now, text) {
            Ok(false) => searched_to = length_now,
            Ok(true) | Err(_) => return length_now != begun,
        }
        loop {
            if !pause() {
                return length_now != begun;
            }
            match length(path) {
                Ok(length) if length != length_now => {
                    length_now = length;
                    break;
                }
                Ok(_) => {}
                Err(_) => return true,
            }
        }
    }
}

fn length(path: &Path) -> io::Result<u64> {
    Ok(std::fs::metadata(path)?.len())
}

fn contains(path: &Path, from: u64, to: u64, text: &str) -> io::Result<bool> {
    let mut bytes = vec![0; to.saturating_sub(from) as usize];
    File::open(path)?.read_exact_at(&mut bytes, from)?;
    Ok(memmem::find(&bytes, text.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn waits_until_the_call_is_there_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("A.jsonl");
        std::fs::write(&path, "one toolu_1\n").unwrap();
        let mut pauses = 0;
        assert!(!for_text(&path, "toolu_1", &mut || panic!("it is there")));
        // Half of it lands first.
        let changed = for_text(&path, "toolu_2", &mut || {
            pauses += 1;
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            match pauses {
                2 => file.write_all(b"two too").unwrap(),
                4 => file.write_all(b"lu_2 and more\n").unwrap(),
                _ => {}
            }
            pauses < 9
        });
        assert!(changed);
        assert_eq!(pauses, 4);
        pauses = 0;
        let changed = for_text(&path, "toolu_3", &mut || {
            pauses += 1;
            pauses < 9
        });
        assert_eq!((changed, pauses), (false, 9));
        assert!(!for_text(&folder.path().join("none"), "x", &mut || panic!("nothing to wait for")));
    }
}
