//! The text of a file that is compressed with Zstandard, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The most that is kept of what was decompressed: compressors ask for 8 MiB unless told otherwise.
const MAX_WINDOW: u64 = 64 << 20;

/// One frame after the other. What is no Zstandard, or ends within a frame, is
/// [`io::ErrorKind::InvalidData`].
pub(super) struct Frames<R> {
    source: BufReader<R>,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self { source: BufReader::new(source), decoder, is_open: false }
    }

    /// Opens the next frame; false where there is none.
    fn open(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.source).take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(invalid(&error)),
            }
        }
        Ok(false)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.is_open || self.open()? {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| invalid(&error))?;
            }
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            self.is_open = false;
        }
        Ok(0)
    }
}

fn invalid(error: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn text() -> Vec<u8> {
        (0..300_000).flat_map(|number| format!("line {number}\n").into_bytes()).collect()
    }

    fn compressed(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn read(bytes: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut text = Vec::new();
        let outcome = Frames::new(bytes).read_to_end(&mut text);
        (text, outcome.err().map(|error| error.kind()))
    }

    #[test]
    fn frames_are_read_one_after_the_other() {
        let text = text();
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let bytes = [compressed(&text), skippable.to_vec(), compressed(b"more\n")].concat();
        let mut expected = text.clone();
        expected.extend(b"more\n");
        assert_eq!(read(&bytes), (expected, None));
        assert_eq!(read(&[]), (Vec::new(), None));
    }

    #[test]
    fn what_comes_before_a_broken_place_is_read() {
        let text = text();
        let bytes = compressed(&text);
        // The last window's worth is only given out with the end of the frame.
        let (cut, error) = read(&bytes[..bytes.len() * 9 / 10]);
        assert_eq!(error, Some(io::ErrorKind::InvalidData));
        assert!(!cut.is_empty() && text.starts_with(&cut));
        assert_eq!(read(b"no zstandard"), (Vec::new(), Some(io::ErrorKind::InvalidData)));
        assert_eq!(read(b"x"), (Vec::new(), Some(io::ErrorKind::InvalidData)));
    }
}
