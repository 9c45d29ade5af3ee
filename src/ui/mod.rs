//! Components and helpers that every page uses. What three slices need comes here.

/// A text of the locale files in the current language: `tr!("key")`, `tr!("key", name = value)`.
#[macro_export]
macro_rules! tr {
    ($key:literal $(,)?) => {
        $crate::ui::locale::lookup($key)
    };
    ($key:literal $(, $name:ident = $value:expr)+ $(,)?) => {
        $crate::ui::locale::filled($key, &[$((stringify!($name), $value.to_string())),+])
    };
}

pub mod boot;
pub mod chart;
pub mod form;
pub mod history;
pub mod icon;
pub mod layout;
pub mod list;
pub mod locale;
pub mod money;
pub mod nav;
pub mod parts;
