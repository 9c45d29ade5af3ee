//! Components and helpers that every page uses. What three slices need comes here.

/// A text of the locale files in the current language: `tr!("key")`, `tr!("key", name = value)`.
#[macro_export]
macro_rules! tr {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        rust_i18n::t!($key $(, $name = $value)*, locale = $crate::ui::locale::current().code()).into_owned()
    };
}

pub mod boot;
pub mod form;
pub mod history;
pub mod icon;
pub mod layout;
pub mod list;
pub mod locale;
pub mod parts;
