//! The current language. On the server it is the request's, from context; in the browser the page's.

use std::sync::OnceLock;

use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Locale {
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// The code in `lang`, cookies and file names.
    pub fn code(self) -> &'static str {
        match self {
            Locale::ZhCn => "zh-CN",
            Locale::En => "en",
        }
    }

    /// The language of a code; Chinese for anything unknown.
    pub fn parse(code: &str) -> Locale {
        if code.starts_with("en") {
            Locale::En
        } else {
            Locale::ZhCn
        }
    }
}

static OF_PAGE: OnceLock<Locale> = OnceLock::new();

/// Fixes the page's language, in the browser, where it changes only by loading anew.
pub fn set_for_page(locale: Locale) {
    let _ = OF_PAGE.set(locale);
}

/// The current language.
pub fn current() -> Locale {
    OF_PAGE
        .get()
        .copied()
        .or_else(use_context::<Locale>)
        .unwrap_or_default()
}

/// The texts of the page's language, in the browser.
#[cfg(feature = "hydrate")]
static TEXTS: OnceLock<std::collections::HashMap<String, String>> = OnceLock::new();

/// Loads the texts of the page's language, in the browser: what is asked for first. Gives whether they are there.
#[cfg(feature = "hydrate")]
pub async fn load(path: &str) -> bool {
    // Once more where the line is poor.
    for _ in 0..2 {
        if let Ok(answer) = gloo_net::http::Request::get(path).send().await
            && let Ok(texts) = answer.json().await
        {
            return TEXTS.set(texts).is_ok();
        }
    }
    false
}

/// The text of a key in the current language; the key itself where there is none.
#[cfg(feature = "ssr")]
pub fn lookup(key: &str) -> String {
    crate::_rust_i18n_try_translate(current().code(), key)
        .map_or_else(|| key.to_owned(), std::borrow::Cow::into_owned)
}

/// The text of a key in the page's language; the key itself where there is none.
#[cfg(not(feature = "ssr"))]
pub fn lookup(key: &str) -> String {
    #[cfg(feature = "hydrate")]
    if let Some(text) = TEXTS.get().and_then(|texts| texts.get(key)) {
        return text.clone();
    }
    key.to_owned()
}

/// The text of a key with its `%{name}` places filled.
pub fn filled<N: AsRef<str>>(key: &str, args: &[(N, String)]) -> String {
    let text = lookup(key);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    // In one pass: what is filled in may look like a place itself.
    while let Some((before, after)) = rest.split_once("%{") {
        out.push_str(before);
        let found = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = args.iter().find(|(arg, _)| arg.as_ref() == name)?;
            Some((value, after))
        });
        match found {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push_str("%{");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once() {
        let args = [("name", "%{name}".to_owned())];
        // A key that is no text comes back itself.
        assert_eq!(
            filled("%{name}, %{other} %{", &args),
            "%{name}, %{other} %{"
        );
    }
}
