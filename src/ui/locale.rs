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

/// A text whose key is known only at run time, with its `%{name}` places filled.
pub fn text(key: &str, args: &[(String, String)]) -> String {
    let text = rust_i18n::t!(key, locale = current().code()).into_owned();
    args.iter().fold(text, |text, (name, value)| {
        text.replace(&format!("%{{{name}}}"), value)
    })
}
