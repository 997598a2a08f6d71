//! `?include=` and `?omit=`: which fields of an answer a client wants.
//!
//! Label Studio's user views know `include` and `omit`, its organization views `fields` and `omit`.
//! Names are separated by commas; an unknown one selects nothing.

use serde_json::Value;

/// Keeps of `value` (an object or a list of them) what the query selects by `only` and `omit`.
pub(super) fn select(value: Value, query: Option<&str>, only: &str) -> Value {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let names = |key: &str| -> Option<Vec<&str>> {
        let lists: Vec<&str> = pairs
            .iter()
            .filter(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .collect();
        (!lists.is_empty()).then(|| lists.into_iter().flat_map(|list| list.split(',')).collect())
    };
    let (only, omitted) = (names(only), names("omit").unwrap_or_default());
    let keep = |name: &str| {
        only.as_ref().is_none_or(|only| only.contains(&name)) && !omitted.contains(&name)
    };
    prune(value, &keep)
}

fn prune(value: Value, keep: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| prune(item, keep)).collect(),
        Value::Object(fields) => fields.into_iter().filter(|(name, _)| keep(name)).collect(),
        other => other,
    }
}
