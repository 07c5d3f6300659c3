//! The reader against the real parser.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_string_is_passed_over_as_the_real_parser_does(
        text in prop::collection::vec(prop_oneof![
            4 => "[a-z ,:]{0,50}", 2 => Just("\\n".to_owned()), 1 => Just("\\\"".to_owned()),
            1 => Just("\\\\".to_owned()), 1 => Just("\\u00e9".to_owned()), 1 => Just("é".to_owned()),
            1 => Just("\\t".to_owned()), 1 => Just("\\r".to_owned()),
        ], 0..20),
        edit in prop::option::weighted(0.5, (any::<prop::sample::Index>(), "[\\\\\"nqu\x01 ]")),
        after in "[a-z\",:}]{0,50}",
    ) {
        let mut text = text.concat();
        if let Some((at, with)) = edit {
            let at = at.index(text.len() + 1);
            let at = (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            text.insert_str(at, &with);
        }
        let json = format!("\"{text}\"{after}");
        let mut read = serde_json::Deserializer::from_str(&json).into_iter::<String>();
        let is_string = matches!(read.next(), Some(Ok(_)));
        let mut reader = Compact::new(json.as_bytes());
        let passed = reader.skip();
        prop_assert_eq!(passed.is_some(), is_string, "{}", json);
        if is_string {
            prop_assert_eq!(reader.position(), read.byte_offset(), "{}", json);
        }
    }

    #[test]
    fn a_string_ends_where_the_real_parser_says(
        text in prop::collection::vec(prop_oneof![
            4 => "[a-z ,:]{0,40}", 1 => Just("\\".to_owned()), 1 => Just("\"".to_owned()),
            1 => Just("\n".to_owned()), 1 => Just("é".to_owned()),
        ], 0..20),
        after in "[a-z\",:}]{0,40}",
    ) {
        let string = serde_json::to_string(&text.concat()).unwrap();
        let json = format!("[0,{string}{after}");
        let mut reader = Compact::new(json.as_bytes());
        reader.literal(b"[0,").unwrap();
        prop_assert_eq!(reader.quoted(), Some(string.as_bytes()));
        prop_assert_eq!(reader.rest(), after.as_bytes());
        // Without its end it is none.
        let torn = &json.as_bytes()[..3 + string.len() - 1];
        let mut reader = Compact::new(torn);
        reader.literal(b"[0,").unwrap();
        prop_assert_eq!(reader.quoted(), None);
    }
}
