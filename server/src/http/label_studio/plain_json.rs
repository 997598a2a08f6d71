//! The JSON that nearly every client sends, read without a copy of its characters. All else is
//! `python_json`'s matter, right or wrong.

use super::python_json::{Json, Text};

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// An object of strings without escapes and with printable ASCII alone, each name once;
/// `None` for all else.
pub(super) fn object(text: &str) -> Option<Json> {
    let mut rest = text
        .trim_matches(BLANKS)
        .strip_prefix('{')?
        .strip_suffix('}')?;
    let mut pairs: Vec<(String, Json)> = Vec::with_capacity(2);
    loop {
        let (key, after) = string(rest)?;
        let after = after.trim_start_matches(BLANKS).strip_prefix(':')?;
        let (value, after) = string(after)?;
        if pairs.iter().any(|(known, _)| known == key) {
            return None;
        }
        let text = value.to_owned();
        let lone_surrogate = None;
        let value = Text {
            text,
            lone_surrogate,
        };
        pairs.push((key.to_owned(), Json::Text(value)));
        let after = after.trim_matches(BLANKS);
        if after.is_empty() {
            return Some(Json::Object(pairs));
        }
        rest = after.strip_prefix(',')?;
    }
}

fn string(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(BLANKS).strip_prefix('"')?;
    let (text, after) = text.split_once('"')?;
    // All bytes are looked at whatever is found: this the compiler turns into a few wide comparisons.
    let is_odd = |byte| matches!(byte, b'\\' | ..b' ' | 0x7f..);
    let odd = text.bytes().fold(false, |odd, byte| odd | is_odd(byte));
    (!odd).then_some((text, after))
}
