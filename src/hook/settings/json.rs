//! Changes a JSON text in place: everything that is not changed stays byte for byte.
//!
//! Works on text that has been checked to be JSON, by spans: what is put in takes its line ends and
//! its indentation from what stands around it.

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::Value;

/// A JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its key, unescaped.
    pub key: String,
    /// From the key to the end of the value.
    pub span: Range<usize>,
    /// The value.
    pub value: Range<usize>,
}

/// How new lines are written.
struct Style {
    newline: &'static str,
    unit: String,
}

impl Text {
    /// The text, if it is JSON. A byte order mark is let be.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let json = text.strip_prefix('\u{feff}').unwrap_or(text);
        serde_json::from_str::<IgnoredAny>(json)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A part of it.
    pub fn part(&self, span: &Range<usize>) -> &str {
        &self.0[span.clone()]
    }

    /// The outermost value.
    pub fn root(&self) -> Range<usize> {
        let start = skip_space(self.0.as_bytes(), self.0.find(|c| c != '\u{feff}').unwrap_or(0));
        start..skip_value(self.0.as_bytes(), start)
    }

    /// The members of an object, in order; none for anything else.
    pub fn members(&self, object: &Range<usize>) -> Option<Vec<Member>> {
        let bytes = self.0.as_bytes();
        if bytes.get(object.start) != Some(&b'{') {
            return None;
        }
        let mut members = Vec::new();
        let mut at = skip_space(bytes, object.start + 1);
        while bytes.get(at).is_some_and(|&byte| byte != b'}') {
            let key = at..skip_value(bytes, at);
            let colon = skip_space(bytes, key.end);
            let start = skip_space(bytes, colon + 1);
            let value = start..skip_value(bytes, start);
            at = skip_space(bytes, value.end);
            if bytes.get(at) == Some(&b',') {
                at = skip_space(bytes, at + 1);
            }
            let text = serde_json::from_str(&self.0[key.clone()]).unwrap_or_default();
            members.push(Member { key: text, span: key.start..value.end, value });
        }
        Some(members)
    }

    /// A member's value; of several with one key the last, as a program that reads it has it.
    pub fn member(&self, object: &Range<usize>, key: &str) -> Option<Member> {
        self.members(object)?.into_iter().rfind(|member| member.key == key)
    }

    /// The elements of an array, in order; none for anything else.
    pub fn elements(&self, array: &Range<usize>) -> Option<Vec<Range<usize>>> {
        let bytes = self.0.as_bytes();
        if bytes.get(array.start) != Some(&b'[') {
            return None;
        }
        let mut elements = Vec::new();
        let mut at = skip_space(bytes, array.start + 1);
        while bytes.get(at).is_some_and(|&byte| byte != b']') {
            let element = at..skip_value(bytes, at);
            at = skip_space(bytes, element.end);
            if bytes.get(at) == Some(&b',') {
                at = skip_space(bytes, at + 1);
            }
            elements.push(element);
        }
        Some(elements)
    }

    /// A value as a text.
    pub fn string(&self, value: &Range<usize>) -> Option<String> {
        serde_json::from_str(self.part(value)).ok()
    }

    /// Puts another value in a value's place.
    pub fn replace(&mut self, value: &Range<usize>, by: &Value) {
        self.0.replace_range(value.clone(), &by.to_string());
    }

    /// Adds a member at the end of an object.
    pub fn add_member(&mut self, object: &Range<usize>, key: &str, value: &Value) {
        let spans: Vec<_> =
            self.members(object).unwrap_or_default().into_iter().map(|m| m.span).collect();
        self.add(object, &spans, Some(key), value);
    }

    /// Adds an element at the end of an array.
    pub fn add_element(&mut self, array: &Range<usize>, value: &Value) {
        let spans = self.elements(array).unwrap_or_default();
        self.add(array, &spans, None, value);
    }

    fn add(
        &mut self,
        within: &Range<usize>,
        spans: &[Range<usize>],
        key: Option<&str>,
        value: &Value,
    ) {
        let style = self.style();
        let new = |indent: Option<&str>| {
            let space = if indent.is_some() { " " } else { "" };
            let key = key.map_or_else(String::new, |key| format!("{}:{space}", Value::from(key)));
            key + &render(value, indent.map(|indent| (&style, indent)))
        };
        let Some(last) = spans.last() else {
            let own = self.indent_at(within.start);
            let text = if self.is_one_line() {
                new(None)
            } else {
                let indent = format!("{own}{}", style.unit);
                format!("{0}{indent}{1}{0}{own}", style.newline, new(Some(&indent)))
            };
            self.0.replace_range(within.start + 1..within.end - 1, &text);
            return;
        };
        // What stands before the last one, back to its comma or bracket.
        let before = &self.0[..last.start];
        let space = &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..];
        let text = match space.rfind('\n') {
            Some(at) => format!(",{space}{}", new(Some(&space[at + 1..]))),
            None => format!(",{space}{}", new(None)),
        };
        self.0.insert_str(last.end, &text);
    }

    /// Takes out one of the members or elements of an object or array.
    pub fn remove(&mut self, within: &Range<usize>, spans: &[Range<usize>], index: usize) {
        let range = match (index.checked_sub(1).and_then(|i| spans.get(i)), spans.get(index + 1)) {
            (Some(before), _) => before.end..spans[index].end,
            (None, Some(after)) => spans[index].start..after.start,
            (None, None) => within.start + 1..within.end - 1,
        };
        self.0.replace_range(range, "");
    }

    /// The text has members, and all in one line.
    fn is_one_line(&self) -> bool {
        let root = self.root();
        let text = self.part(&root);
        !text.contains('\n') && !text[1..].trim_start().starts_with(['}', ']'])
    }

    fn style(&self) -> Style {
        let root = self.root();
        let newline = if self.0.contains("\r\n") { "\r\n" } else { "\n" };
        let first = self.members(&root).and_then(|members| Some(members.first()?.span.start));
        let unit = first.map(|start| self.indent_at(start)).filter(|unit| !unit.is_empty());
        Style { newline, unit: unit.unwrap_or_else(|| "  ".to_owned()) }
    }

    /// The white space that the line of a place begins with.
    fn indent_at(&self, at: usize) -> String {
        let line = self.0[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.0[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
    }
}

/// A value in one line, or over several from an indentation on.
fn render(value: &Value, style: Option<(&Style, &str)>) -> String {
    let Some((style, indent)) = style else { return value.to_string() };
    let deeper = format!("{indent}{}", style.unit);
    let parts: Vec<String> = match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(key, value)| {
                format!("{}: {}", Value::from(key.as_str()), render(value, Some((style, &deeper))))
            })
            .collect(),
        Value::Array(elements) if !elements.is_empty() => {
            elements.iter().map(|element| render(element, Some((style, &deeper)))).collect()
        }
        other => return other.to_string(),
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    let newline = style.newline;
    let lines = parts.join(&format!(",{newline}{deeper}"));
    format!("{open}{newline}{deeper}{lines}{newline}{indent}{close}")
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// The end of the value that begins here.
fn skip_value(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while bytes.get(at).is_some_and(|&byte| byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => {
                // A number or word ends before what cannot be in one.
                let ends = |byte: &u8| {
                    matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace()
                };
                return bytes[at..].iter().position(ends).map_or(bytes.len(), |more| at + more);
            }
        }
        at += 1;
        if depth == 0 {
            return at.min(bytes.len());
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sees_members_and_elements() {
        let text =
            Text::parse("\u{feff} {\"a\\\"}\" : [1 ,{\"x\":[]}, \"]\" ] ,\"b\":-1.5e3}\n").unwrap();
        let members = text.members(&text.root()).unwrap();
        let keys: Vec<&str> = members.iter().map(|m| m.key.as_str()).collect();
        assert_eq!(keys, ["a\"}", "b"]);
        let elements = text.elements(&members[0].value).unwrap();
        let parts: Vec<&str> = elements.iter().map(|span| text.part(span)).collect();
        assert_eq!(parts, ["1", "{\"x\":[]}", "\"]\""]);
        assert_eq!(text.part(&members[1].value), "-1.5e3");
        assert_eq!(text.elements(&text.root()), None);
    }

    #[test]
    fn adds_in_the_style_of_what_is_there() {
        let add = |text: &str| {
            let mut text = Text::parse(text).unwrap();
            text.add_member(&text.root(), "n", &json!({"k": [1]}));
            Text::parse(text.as_str()).unwrap();
            text.as_str().to_owned()
        };
        assert_eq!(add("{}"), "{\n  \"n\": {\n    \"k\": [\n      1\n    ]\n  }\n}");
        assert_eq!(add("{\"a\":1}"), "{\"a\":1,\"n\":{\"k\":[1]}}");
        assert_eq!(add("{ \"a\":1 }"), "{ \"a\":1, \"n\":{\"k\":[1]} }");
        assert_eq!(
            add("{\r\n\t\"a\": 1\r\n}\r\n"),
            "{\r\n\t\"a\": 1,\r\n\t\"n\": {\r\n\t\t\"k\": [\r\n\t\t\t1\r\n\t\t]\r\n\t}\r\n}\r\n"
        );
    }
}
