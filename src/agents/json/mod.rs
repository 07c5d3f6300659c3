//! Lenient JSON fields: a value of an unexpected type is as good as absent.
//!
//! Transcript formats change every few weeks. A strict field would lose the whole record, and
//! with it money, because of a neighbour that nobody needs.

mod record;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

pub(super) use self::record::{mended, object, read};

/// A string, borrowed unless it holds escapes; none for any other type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text<'a>(pub Option<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The string, unless it is empty.
    pub(super) fn non_empty(&self) -> Option<&str> {
        self.as_deref().filter(|text| !text.is_empty())
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.as_deref() == Some(word)
    }
}

/// A count: a number or a numeric string. Negatives are zero; what is too large for the ledger's
/// 64-bit integers saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count(pub Option<u64>);

impl Count {
    pub(super) const MAX: u64 = i64::MAX as u64;

    pub(super) fn or_zero(self) -> u64 {
        self.0.unwrap_or(0)
    }

    /// The sum of two classes, which must fit the ledger, too.
    pub(super) fn plus(self, other: Self) -> u64 {
        self.or_zero().saturating_add(other.or_zero()).min(Self::MAX)
    }
}

/// A truth value; anything but `true` is false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flag(pub bool);

/// A value as it is written, to be read on demand; none for `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RawText<'a>(pub Option<&'a str>);

/// An object; none for any other type.
#[derive(Clone, Debug)]
pub(super) struct Object<T>(pub Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// The objects of an array; empty for any other type.
#[derive(Clone, Debug)]
pub(super) struct Objects<T>(pub Vec<T>);

impl<T> Default for Objects<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A string or the objects of an array; nothing for any other type.
#[derive(Clone, Debug, Default)]
pub(super) enum TextOrObjects<'a, T> {
    #[default]
    Neither,
    Text(Cow<'a, str>),
    Objects(Vec<T>),
}

/// The arms of a visitor for the types that a field does not expect.
macro_rules! absent {
    ($($method:ident($type:ty)),* $(,)?) => {
        $(fn $method<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        })*
    };
    (unit) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for TextVisitor<'a> {
            type Value = Text<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }
            absent!(visit_bool(bool), visit_u64(u64), visit_i64(i64), visit_f64(f64));
            absent!(unit);
            absent!(map);
            absent!(seq);
        }
        deserializer.deserialize_any(TextVisitor(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Option<&RawValue>>::deserialize(deserializer).map(|value| Self(value.map(RawValue::get)))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl<'de> Visitor<'de> for CountVisitor {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count")
            }
            fn visit_u64<E>(self, count: u64) -> Result<Self::Value, E> {
                Ok(Count(Some(count.min(Count::MAX))))
            }
            fn visit_i64<E>(self, count: i64) -> Result<Self::Value, E> {
                Ok(Count(Some(u64::try_from(count).unwrap_or(0))))
            }
            fn visit_f64<E>(self, count: f64) -> Result<Self::Value, E> {
                // `as` saturates, and turns NaN into zero.
                Ok(Count(Some((count as u64).min(Count::MAX))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                let text = text.trim();
                let exact = text.parse::<u64>().ok();
                let rounded = || text.parse::<f64>().ok().map(|count| count as u64);
                Ok(Count(exact.or_else(rounded).map(|count| count.min(Count::MAX))))
            }
            absent!(visit_bool(bool));
            absent!(unit);
            absent!(map);
            absent!(seq);
        }
        deserializer.deserialize_any(CountVisitor)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;
        impl<'de> Visitor<'de> for FlagVisitor {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a truth value")
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Flag(truth))
            }
            absent!(visit_str(&str), visit_u64(u64), visit_i64(i64), visit_f64(f64));
            absent!(unit);
            absent!(map);
            absent!(seq);
        }
        deserializer.deserialize_any(FlagVisitor)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|object| Object(Some(object)))
            }
            absent!(visit_bool(bool), visit_str(&str));
            absent!(visit_u64(u64), visit_i64(i64), visit_f64(f64));
            absent!(unit);
            absent!(seq);
        }
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Objects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectsVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectsVisitor<T> {
            type Value = Objects<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of objects")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut objects = Vec::new();
                while let Some(object) = seq.next_element::<Object<T>>()? {
                    objects.extend(object.0);
                }
                Ok(Objects(objects))
            }
            absent!(visit_bool(bool), visit_str(&str));
            absent!(visit_u64(u64), visit_i64(i64), visit_f64(f64));
            absent!(unit);
            absent!(map);
        }
        deserializer.deserialize_any(ObjectsVisitor(PhantomData))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for TextOrObjects<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherVisitor<'a, T>(PhantomData<(&'a (), T)>);
        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for EitherVisitor<'a, T> {
            type Value = TextOrObjects<'a, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of objects")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(TextOrObjects::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOrObjects::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                let objects = Objects::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(TextOrObjects::Objects(objects.0))
            }
            absent!(visit_bool(bool), visit_u64(u64), visit_i64(i64), visit_f64(f64));
            absent!(unit);
            absent!(map);
        }
        deserializer.deserialize_any(EitherVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_accept_what_is_countable() {
        let cases = [
            ("7", Some(7)),
            ("\"7\"", Some(7)),
            ("\" 12 \"", Some(12)),
            ("7.9", Some(7)),
            ("-3", Some(0)),
            ("\"-3\"", Some(0)),
            ("1e30", Some(Count::MAX)),
            ("18446744073709551615", Some(Count::MAX)),
            ("99999999999999999999999999", Some(Count::MAX)),
            ("null", None),
            ("true", None),
            ("\"many\"", None),
            ("{\"a\":[1]}", None),
            ("[1,2]", None),
        ];
        for (json, count) in cases {
            assert_eq!(serde_json::from_str::<Count>(json).unwrap().0, count, "{json}");
        }
    }

    #[test]
    fn other_types_are_absent() {
        for json in ["1", "-1", "1.5", "null", "true", "{\"a\":1}", "[1]"] {
            assert_eq!(serde_json::from_str::<Text>(json).unwrap(), Text(None), "{json}");
        }
        assert_eq!(serde_json::from_str::<Text>("\"a\\nb\"").unwrap().as_deref(), Some("a\nb"));
        for json in ["1", "\"true\"", "null", "{}", "[]"] {
            assert_eq!(serde_json::from_str::<Flag>(json).unwrap(), Flag(false), "{json}");
        }
        for json in ["1", "\"x\"", "null", "true", "[{}]"] {
            assert!(
                serde_json::from_str::<Object<IgnoredAny>>(json).unwrap().0.is_none(),
                "{json}"
            );
        }
        assert_eq!(
            serde_json::from_str::<Objects<IgnoredAny>>("[1,{},null,{}]").unwrap().0.len(),
            2
        );
    }
}
