//! The fields of a body, as Django REST framework's serializers check them, with its sentences.

use super::failure::Failure;
use super::python_json::Json;

/// The fields that were sent, and what is wrong with those that were asked for.
#[derive(Debug)]
pub(super) struct Object {
    pairs: Vec<(String, Json)>,
    faults: Vec<(String, String)>,
}

/// Words that stand for a boolean, as Django REST framework has them.
const TRUE: [&str; 13] = [
    "t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
];
const FALSE: [&str; 13] = [
    "f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
];

impl Object {
    pub(super) fn new(pairs: Vec<(String, Json)>) -> Self {
        Self {
            pairs,
            faults: Vec::new(),
        }
    }

    /// The last value that was sent under `name`.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.pairs
            .iter()
            .rev()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// A text that must be there and must not be blank; blanks around it are cut.
    pub(super) fn required_text(&mut self, name: &str) -> String {
        if self.get(name).is_none() {
            self.fault::<String>(name, "This field is required.");
        }
        let text = self.text(name, false).unwrap_or_default();
        if text.is_empty() && self.get(name).is_some() && !self.is_at_fault(name) {
            self.fault::<String>(name, "This field may not be blank.");
        }
        text
    }

    /// A text that may be absent or blank, and `null` if `or_null`.
    pub(super) fn text(&mut self, name: &str, or_null: bool) -> Option<String> {
        let (text, lone_surrogate) = match self.get(name)? {
            Json::Text(text) => (text.text.trim().to_owned(), text.lone_surrogate),
            Json::Int(digits) => (digits.clone(), None),
            Json::Float(number) => (python_float(*number), None),
            Json::Null if or_null => return None,
            Json::Null => return self.fault(name, "This field may not be null."),
            Json::Bool(_) | Json::List(_) | Json::Object(_) => {
                return self.fault(name, "Not a valid string.");
            }
        };
        if let Some(surrogate) = lone_surrogate {
            return self.fault(
                name,
                &format!("Surrogate characters are not allowed: U+{surrogate:X}."),
            );
        }
        // All bytes are looked at whatever is found: this the compiler turns into a few wide comparisons.
        if text.bytes().fold(false, |found, byte| found | (byte == 0)) {
            return self.fault(name, "Null characters are not allowed.");
        }
        Some(text)
    }

    /// A text that may be absent, of at most `most` characters.
    pub(super) fn text_up_to(&mut self, name: &str, most: usize) -> Option<String> {
        let text = self.text(name, false)?;
        if text.chars().count() > most {
            return self.fault(
                name,
                &format!("Ensure this field has no more than {most} characters."),
            );
        }
        Some(text)
    }

    /// A boolean that may be absent, in any of the spellings of Django REST framework.
    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = match self.get(name)? {
            Json::Bool(value) => Some(*value),
            Json::Text(text) => match text.text.as_str() {
                "1" => Some(true),
                "0" => Some(false),
                word if TRUE.contains(&word) => Some(true),
                word if FALSE.contains(&word) => Some(false),
                _ => None,
            },
            Json::Int(digits) if digits == "1" => Some(true),
            Json::Int(digits) if matches!(digits.as_str(), "0" | "-0") => Some(false),
            Json::Float(1.0) => Some(true),
            Json::Float(0.0) => Some(false),
            Json::Null => return self.fault(name, "This field may not be null."),
            _ => None,
        };
        if value.is_none() {
            return self.fault(name, "Must be a valid boolean.");
        }
        value
    }

    /// A whole number that may be absent.
    pub(super) fn integer(&mut self, name: &str) -> Option<i64> {
        let value = match self.get(name)? {
            Json::Int(digits) => digits.parse().ok(),
            Json::Text(text) => text.text.trim().parse().ok(),
            Json::Null => return self.fault(name, "This field may not be null."),
            _ => None,
        };
        if value.is_none() {
            return self.fault(name, "A valid integer is required.");
        }
        value
    }

    /// Passes if every field that was asked for is right.
    ///
    /// # Errors
    /// With a sentence for each one that is not.
    pub(super) fn check(self) -> Result<(), Failure> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Failure::fields(self.faults))
        }
    }

    fn fault<T>(&mut self, name: &str, why: &str) -> Option<T> {
        self.faults.push((name.to_owned(), why.to_owned()));
        None
    }

    fn is_at_fault(&self, name: &str) -> bool {
        self.faults.iter().any(|(field, _)| field == name)
    }
}

/// A float as Python prints it: `2.0` stays `2.0`.
fn python_float(number: f64) -> String {
    if number.is_infinite() {
        format!("{number}")
    } else {
        format!("{number:?}")
    }
}
