//! JSON as CPython's `json` module reads it, down to the words and columns of its errors.
//!
//! Clients are shown these errors by Label Studio ("JSON parse error - …"), so they are part of
//! its interface. `serde_json` words them otherwise and knows neither lone surrogates nor `NaN`.
//! Columns count characters; only a line feed begins a line.

use super::plain_json;

/// Deeper nesting than this is refused; CPython gives up near 1000.
const DEEPEST: usize = 900;
/// CPython's limit on the digits of a whole number.
const MOST_DIGITS: usize = 4300;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// A whole number, as it was written.
    Int(String),
    Float(f64),
    Text(Text),
    List(Vec<Json>),
    /// The pairs in their order; of two with one key the later holds.
    Object(Vec<(String, Json)>),
}

/// A JSON string. A lone surrogate in it is kept aside, for no Rust string can hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) lone_surrogate: Option<u32>,
}

impl Json {
    /// Python's name for the value's type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::List(_) => "list",
            Self::Object(_) => "dict",
        }
    }

    /// The same value for those who do not care about the difference.
    pub(super) fn to_value(&self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(digits) => digits
                .parse::<i64>()
                .map_or_else(|_| Value::String(digits.clone()), Value::from),
            Self::Float(value) => Value::from(*value),
            Self::Text(text) => Value::String(text.text.clone()),
            Self::List(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(pairs) => pairs
                .iter()
                .map(|(key, value)| (key.clone(), value.to_value()))
                .collect(),
        }
    }
}

/// Reads the bytes of a body.
///
/// # Errors
/// What Django REST framework puts after "JSON parse error - ".
pub(super) fn parse(bytes: &[u8]) -> Result<Json, String> {
    let text = decode(bytes)?;
    if let Some(plain) = plain_json::object(text) {
        return Ok(plain);
    }
    if text.starts_with('\u{feff}') {
        return Err(
            "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)".into(),
        );
    }
    let mut scanner = Scanner {
        text: text.chars().collect(),
        at: 0,
    };
    scanner.skip_blanks();
    let value = scanner.value(0)?;
    scanner.skip_blanks();
    if scanner.at < scanner.text.len() {
        Err(scanner.error("Extra data", scanner.at))
    } else {
        Ok(value)
    }
}

/// UTF-8 as Python's stream reader decodes it: a sequence that the end cuts off is dropped.
fn decode(bytes: &[u8]) -> Result<&str, String> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let (valid, rest) = bytes.split_at(error.valid_up_to());
    let (Some(length), Some(first)) = (error.error_len(), rest.first()) else {
        return Ok(std::str::from_utf8(valid).unwrap_or_default());
    };
    let start = valid.len();
    let reason = if matches!(first, 0x80..=0xc1 | 0xf5..) {
        "invalid start byte"
    } else {
        "invalid continuation byte"
    };
    Err(if length == 1 {
        format!("'utf-8' codec can't decode byte 0x{first:02x} in position {start}: {reason}")
    } else {
        format!(
            "'utf-8' codec can't decode bytes in position {start}-{}: {reason}",
            start + length - 1
        )
    })
}

struct Scanner {
    text: Vec<char>,
    at: usize,
}

impl Scanner {
    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > DEEPEST {
            return Err(format!(
                "The body is nested more than {DEEPEST} levels deep"
            ));
        }
        let start = self.at;
        match self.peek() {
            Some('"') => self.string().map(Json::Text),
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('n') if self.take("null") => Ok(Json::Null),
            Some('t') if self.take("true") => Ok(Json::Bool(true)),
            Some('f') if self.take("false") => Ok(Json::Bool(false)),
            Some('N') if self.take("NaN") => Err(not_a_number("NaN")),
            Some('I') if self.take("Infinity") => Err(not_a_number("Infinity")),
            Some('-') if self.take("-Infinity") => Err(not_a_number("-Infinity")),
            _ => self
                .number()
                .unwrap_or_else(|| Err(self.error("Expecting value", start))),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        self.at += 1;
        self.skip_blanks();
        let mut pairs: Vec<(String, Json)> = Vec::new();
        if self.peek() == Some('}') {
            self.at += 1;
            return Ok(Json::Object(pairs));
        }
        loop {
            if self.peek() != Some('"') {
                return Err(
                    self.error("Expecting property name enclosed in double quotes", self.at)
                );
            }
            let key = self.string()?.text;
            self.skip_blanks();
            if self.peek() != Some(':') {
                return Err(self.error("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.skip_blanks();
            let value = self.value(depth + 1)?;
            match pairs.iter_mut().find(|(known, _)| *known == key) {
                Some(pair) => pair.1 = value,
                None => pairs.push((key, value)),
            }
            self.skip_blanks();
            match self.peek() {
                Some('}') => break,
                Some(',') => self.at += 1,
                _ => return Err(self.error("Expecting ',' delimiter", self.at)),
            }
            self.skip_blanks();
        }
        self.at += 1;
        Ok(Json::Object(pairs))
    }

    fn list(&mut self, depth: usize) -> Result<Json, String> {
        self.at += 1;
        self.skip_blanks();
        let mut items = Vec::new();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_blanks();
            match self.peek() {
                Some(']') => break,
                Some(',') => self.at += 1,
                _ => return Err(self.error("Expecting ',' delimiter", self.at)),
            }
            self.skip_blanks();
        }
        self.at += 1;
        Ok(Json::List(items))
    }

    fn string(&mut self) -> Result<Text, String> {
        let start = self.at;
        self.at += 1;
        let mut text = Text::default();
        loop {
            let Some(character) = self.peek() else {
                return Err(self.error("Unterminated string starting at", start));
            };
            match character {
                '"' => break,
                '\\' => self.escape(start, &mut text)?,
                '\0'..='\u{1f}' => return Err(self.error("Invalid control character at", self.at)),
                _ => {
                    text.text.push(character);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Ok(text)
    }

    fn escape(&mut self, start: usize, text: &mut Text) -> Result<(), String> {
        let backslash = self.at;
        self.at += 1;
        let Some(escaped) = self.peek() else {
            return Err(self.error("Unterminated string starting at", start));
        };
        self.at += 1;
        let character = match escaped {
            '"' | '\\' | '/' => escaped,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode(text)?,
            _ => return Err(self.error("Invalid \\escape", backslash)),
        };
        text.text.push(character);
        Ok(())
    }

    /// What follows `\u`: four digits, and the other half of a pair if they are its first.
    fn unicode(&mut self, text: &mut Text) -> Result<char, String> {
        let code = self.four_digits()?;
        if (0xd800..0xdc00).contains(&code) && self.rest_starts_with("\\u") {
            let after_first = self.at;
            self.at += 2;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let joined = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = after_first;
        }
        Ok(char::from_u32(code).unwrap_or_else(|| {
            text.lone_surrogate.get_or_insert(code);
            char::REPLACEMENT_CHARACTER
        }))
    }

    fn four_digits(&mut self) -> Result<u32, String> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|_| self.at + 4 < self.text.len());
        let code = digits.and_then(|digits| {
            digits
                .iter()
                .try_fold(0, |code, digit| Some(code * 16 + digit.to_digit(16)?))
        });
        let code = code.ok_or_else(|| self.error("Invalid \\uXXXX escape", self.at - 1))?;
        self.at += 4;
        Ok(code)
    }

    /// A number, or `None` if there is none here.
    fn number(&mut self) -> Option<Result<Json, String>> {
        let start = self.at;
        let mut end = start + usize::from(self.peek() == Some('-'));
        match self.text.get(end)? {
            '0' => end += 1,
            '1'..='9' => end = self.digits_from(end),
            _ => return None,
        }
        let whole_end = end;
        if self.text.get(end) == Some(&'.') && self.digits_from(end + 1) > end + 1 {
            end = self.digits_from(end + 1);
        }
        if matches!(self.text.get(end), Some('e' | 'E')) {
            let digits = end + 1 + usize::from(matches!(self.text.get(end + 1), Some('+' | '-')));
            if self.digits_from(digits) > digits {
                end = self.digits_from(digits);
            }
        }
        self.at = end;
        let written: String = self.text.get(start..end)?.iter().collect();
        if end > whole_end {
            return Some(Ok(Json::Float(written.parse().unwrap_or(f64::NAN))));
        }
        let digits = written.trim_start_matches('-').len();
        Some(if digits > MOST_DIGITS {
            Err(format!(
                "Exceeds the limit ({MOST_DIGITS} digits) for integer string conversion: value has {digits} digits; use \
                 sys.set_int_max_str_digits() to increase the limit"
            ))
        } else {
            Ok(Json::Int(written))
        })
    }

    fn digits_from(&self, start: usize) -> usize {
        let digits = self
            .text
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(|digit| digit.is_ascii_digit());
        start + digits.count()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn rest_starts_with(&self, word: &str) -> bool {
        self.text
            .get(self.at..)
            .is_some_and(|rest| word.chars().eq(rest.iter().copied().take(word.len())))
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.rest_starts_with(word);
        self.at += if taken { word.len() } else { 0 };
        taken
    }

    fn error(&self, what: &str, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = 1 + before
            .iter()
            .filter(|character| **character == '\n')
            .count();
        let column = 1 + before
            .iter()
            .rev()
            .take_while(|character| **character != '\n')
            .count();
        format!("{what}: line {line} column {column} (char {at})")
    }
}

fn not_a_number(word: &str) -> String {
    format!("Out of range float values are not JSON compliant: '{word}'")
}
