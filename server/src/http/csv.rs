//! CSV for spreadsheets (RFC 4180).

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// The line of the columns' names, which are ours.
pub(super) fn head(names: &[&str]) -> String {
    format!("{}\r\n", names.join(","))
}

/// A line of cells. A text that a spreadsheet would take for a formula gets an apostrophe in front,
/// which makes it text again: names are chosen by whoever has an account.
pub(super) fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A CSV file of that name.
pub(super) fn file(name: &str, body: Body) -> Response {
    attachment(
        name,
        HeaderValue::from_static("text/csv; charset=utf-8"),
        body,
    )
}

/// A file to be kept; `name` is one of ours.
pub(super) fn attachment(name: &str, media_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(cell("plain"), "\"plain\"");
    }
}
