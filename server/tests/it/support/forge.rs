//! Makes JWTs that the server never would, signed with its own key or another.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

/// The secret that tests give the server by file, so that they can sign what it must refuse for
/// another reason than its signature.
pub(crate) const SIGNING_SECRET: &str = "the signing secret of the tests, 50 characters long";

/// The header of every token that the server makes.
pub(crate) fn usual_header() -> Value {
    json!({"alg": "HS256", "typ": "JWT"})
}

/// `header.payload` of these.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    unsigned_text(&header.to_string(), &claims.to_string())
}

/// `header.payload` of texts that need not be JSON.
pub(crate) fn unsigned_text(header: &str, payload: &str) -> String {
    format!("{}.{}", BASE64.encode(header), BASE64.encode(payload))
}

/// The signature of `unsigned`, base64url.
pub(crate) fn signature(unsigned: &str, secret: &str, algorithm: hmac::Algorithm) -> String {
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    BASE64.encode(hmac::sign(&key, unsigned.as_bytes()))
}

/// `unsigned` with the server's own signature.
pub(crate) fn sign(unsigned: &str) -> String {
    let signature = signature(unsigned, SIGNING_SECRET, hmac::HMAC_SHA256);
    format!("{unsigned}.{signature}")
}

/// The claims of a JWT.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64.decode(payload).unwrap()).unwrap()
}

/// `header.payload` of a whole token: what lists show of it.
pub(crate) fn unsigned_part(token: &str) -> String {
    token.rsplit_once('.').unwrap().0.to_owned()
}
