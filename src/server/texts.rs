//! The interface's texts as files, one for each language: the browser's code carries none.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::crypto;
use crate::ui::locale::Locale;

struct File {
    locale: Locale,
    /// Part of the address, so that the file can be kept for ever.
    hash: String,
    json: String,
}

static FILES: LazyLock<[File; 2]> = LazyLock::new(|| {
    [Locale::ZhCn, Locale::En].map(|locale| {
        let texts: BTreeMap<_, _> = crate::_rust_i18n_backend()
            .messages_for_locale(locale.code())
            .unwrap_or_default()
            .into_iter()
            .collect();
        let json = serde_json::to_string(&texts).unwrap_or_default();
        let hash = crypto::sha256_hex(json.as_bytes())[..16].to_owned();
        File { locale, hash, json }
    })
});

/// The address of a language's texts.
pub fn path(locale: Locale) -> String {
    FILES
        .iter()
        .find(|file| file.locale == locale)
        .map(|file| format!("/texts/{}.{}.json", locale.code(), file.hash))
        .unwrap_or_default()
}

/// The rest of the keys that begin with `prefix` and whose text holds `part` in either language; none of an empty one.
pub fn named(prefix: &str, part: &str) -> Vec<String> {
    if part.is_empty() {
        return Vec::new();
    }
    let part = part.to_lowercase();
    let mut keys: Vec<String> = [Locale::ZhCn, Locale::En]
        .into_iter()
        .filter_map(|locale| crate::_rust_i18n_backend().messages_for_locale(locale.code()))
        .flatten()
        .filter(|(_, text)| text.to_lowercase().contains(&part))
        .filter_map(|(key, _)| Some(key.strip_prefix(prefix)?.to_owned()))
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

/// `GET /texts/{name}`. A page of an earlier version of the program gets the texts of this one, not to be kept.
pub async fn get(Path(name): Path<String>) -> Response {
    let mut parts = name.split('.');
    let (code, hash) = (parts.next(), parts.next());
    let Some(file) = FILES.iter().find(|file| Some(file.locale.code()) == code) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache = if hash == Some(file.hash.as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, cache),
        ],
        file.json.as_str(),
    )
        .into_response()
}
