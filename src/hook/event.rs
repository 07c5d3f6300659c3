//! What an agent tells its hook on stdin.
//!
//! Read as far as it is sound: a tool's result may be of any size and content, and what comes
//! before something broken is still known. No prompt or tool text is kept.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::agents::{self, Moment};

/// The most that is read: a tool's result may hold a large file.
pub const MAX_BYTES: usize = 64 << 20;

/// How much is read at once, at least and at most.
const LEAST: usize = 16 << 10;
const MOST: usize = 1 << 20;

/// How often what ends like an event is taken for one that may be whole.
const TRIES: u32 = 64;

/// Longer than any session id, tool id or path of an agent.
const MAX_TEXT: usize = 4096;

/// An agent's call of its hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The moment's name, whichever it is.
    pub name: Option<String>,
    /// The session.
    pub session_id: Option<Arc<str>>,
    /// Its transcript.
    pub transcript: Option<PathBuf>,
    /// Where it works.
    pub cwd: Option<Arc<str>>,
    /// The subagent in whose name it calls, if any.
    pub subagent: Option<Arc<str>>,
    /// The use of a tool that it is about.
    pub tool_use_id: Option<String>,
    /// The model, which the agent tells at the start of a session alone.
    pub model: Option<String>,
    /// What came after something of this could not be read.
    pub broken: Option<String>,
}

impl Event {
    /// The moment, if it is one that is answered, in the words of any agent.
    pub fn moment(&self) -> Option<Moment> {
        let name = self.name.as_deref()?;
        let words = agents::hook_words();
        let is_it = |moment: &Moment| words.iter().any(|words| words.name(*moment) == name);
        Moment::ALL.into_iter().find(is_it)
    }

    /// Reads an event as far as it goes. Ends with the object, not with the input.
    ///
    /// Parsed from memory whenever it may be whole, which is quicker by far than byte by byte.
    pub fn read(mut input: impl Read) -> Self {
        let mut bytes = Vec::new();
        let (mut parsed, mut tries) = (0, 0);
        loop {
            let begun = bytes.len();
            bytes.resize(begun + begun.clamp(LEAST, MOST), 0);
            let read = input.read(&mut bytes[begun..]);
            bytes.truncate(begun + read.as_ref().map_or(0, |length| *length));
            let is_over = match read {
                Ok(length) => length == 0 || bytes.len() >= MAX_BYTES,
                Err(error) => error.kind() != ErrorKind::Interrupted,
            };
            // Whatever it is like, it is parsed a few times: when it has grown to four times its length.
            let may_be_whole = tries < TRIES && bytes.trim_ascii_end().ends_with(b"}");
            if !is_over && !may_be_whole && bytes.len() < 4 * parsed {
                continue;
            }
            (parsed, tries) = (bytes.len(), tries + 1);
            let mut event = Self::default();
            let mut json = serde_json::Deserializer::from_slice(&bytes);
            let error = Fields(&mut event).deserialize(&mut json).err();
            if is_over || !error.as_ref().is_some_and(serde_json::Error::is_eof) {
                event.broken = error.as_ref().map(what);
                return event;
            }
        }
    }
}

/// Why it could not be read; the words name a place, not what is there.
fn what(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let why = match error.classify() {
        serde_json::error::Category::Io | serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is no JSON",
        serde_json::error::Category::Data => "it is no JSON object",
    };
    format!("the event on stdin: {why} (line {line}, column {column})")
}

struct Fields<'a>(&'a mut Event);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let event = self.0;
        while let Some(key) = map.next_key_seed(Text)? {
            let key = key.unwrap_or_default();
            if !matches!(
                key.as_str(),
                "hook_event_name"
                    | "session_id"
                    | "transcript_path"
                    | "cwd"
                    | "agent_id"
                    | "tool_use_id"
                    | "model"
            ) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let Some(text) = map.next_value_seed(Text)? else { continue };
            match key.as_str() {
                "hook_event_name" => event.name = Some(text),
                "session_id" => event.session_id = Some(text.into()),
                "transcript_path" => event.transcript = Some(text.into()),
                "cwd" => event.cwd = Some(text.into()),
                "agent_id" => event.subagent = Some(text.into()),
                "tool_use_id" => event.tool_use_id = Some(text),
                _ => event.model = Some(text),
            }
        }
        Ok(())
    }
}

/// A text of a sensible length; none for anything else.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<String>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let fits = !text.is_empty() && text.len() <= MAX_TEXT && !text.contains('\0');
        Ok(fits.then(|| text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_something_broken_is_known() {
        let whole = r#"{"session_id":"S","hook_event_name":"PostToolUse","cwd":"/c",
            "tool_input":{"session_id":"other","deep":[[{}]]},"tool_use_id":"t","agent_id":"a"}"#;
        let event = Event::read(whole.as_bytes());
        assert_eq!(event.moment(), Some(Moment::PostToolUse));
        assert_eq!(event.session_id.as_deref(), Some("S"));
        assert_eq!(
            (event.tool_use_id.as_deref(), event.subagent.as_deref()),
            (Some("t"), Some("a"))
        );
        assert_eq!(event.broken, None);
        let other = Event::read(whole.replace("PostToolUse", "AfterTool").as_bytes());
        assert_eq!(other.moment(), event.moment());
        let cut = Event::read(&whole.as_bytes()[..80]);
        assert_eq!(cut.session_id.as_deref(), Some("S"));
        assert!(cut.broken.is_some());
    }

    #[test]
    fn it_ends_with_the_object_however_it_comes() {
        struct Pieces<'a>(std::slice::Chunks<'a, u8>);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let Some(piece) = self.0.next() else { panic!("it was whole already") };
                buffer[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            }
        }
        for length in [0, 100, 40_000, 3 << 20] {
            let response = "x\n".repeat(length / 2);
            let text =
                serde_json::json!({"cwd": "/c", "tool_response": response, "session_id": "S"});
            let text = text.to_string() + "\n";
            for piece in [7, 4096, 16 << 10] {
                let event = Event::read(Pieces(text.as_bytes().chunks(piece)));
                assert_eq!(event.session_id.as_deref(), Some("S"), "{length} by {piece}");
                assert_eq!(event.broken, None);
            }
        }
    }

    #[test]
    fn wrong_types_and_no_json_are_no_event() {
        for text in ["", "[]", "null", "7", "\u{1}\u{2}", "{\"session_id\":", "{\"session_id\"}"] {
            let event = Event::read(text.as_bytes());
            assert_eq!(event, Event { broken: event.broken.clone(), ..Event::default() }, "{text}");
            assert!(event.broken.is_some(), "{text}");
        }
        let wrong = r#"{"session_id":[1,{"a":2}],"hook_event_name":{"x":1},"cwd":null,"model":1.5,
            "agent_id":true,"tool_use_id":-3,"transcript_path":99999999999999999999}"#;
        assert_eq!(Event::read(wrong.as_bytes()), Event::default());
    }
}
