//! The operator's own header for tokens: which names it may have.

use anyhow::ensure;

/// Names that mean something else to clients, proxies or Keybearer itself.
const RESERVED: &[&str] = &[
    "authorization",
    "cookie",
    "set-cookie",
    "host",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "transfer-encoding",
    "expect",
    "date",
    "via",
    "forwarded",
    "range",
    "origin",
    "referer",
    "user-agent",
    "cache-control",
    "www-authenticate",
    "idempotency-key",
    "x-real-ip",
    "x-request-id",
    "x-api-key",
];
const RESERVED_STARTS: &[&str] = &[
    "content-",
    "x-forwarded-",
    "accept",
    "access-control-",
    "if-",
    "proxy-",
    "sec-",
    "keybearer-",
];

/// The name in lower case, if a token may come in a header of that name.
pub(super) fn checked(name: &str) -> anyhow::Result<String> {
    let name = name.trim().to_ascii_lowercase();
    // A token of RFC 9110 section 5.6.2.
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    ensure!(
        !name.is_empty() && name.bytes().all(is_token),
        "the token header {name:?} is no header name; it looks like X-Company-Token"
    );
    ensure!(
        !RESERVED.contains(&name.as_str())
            && !RESERVED_STARTS.iter().any(|start| name.starts_with(start)),
        "the token header {name} has a meaning of its own already; take another name, such as X-Company-Token"
    );
    Ok(name)
}
