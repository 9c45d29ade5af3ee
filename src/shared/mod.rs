//! What both targets and every slice share: errors, ids, pages of rows, permissions.

pub mod error;
pub mod history;
pub mod page;
pub mod permission;
pub mod saved;

pub use error::{AppError, FieldError};
pub use page::Page;
pub use permission::{Permission, Role};
pub use saved::Saved;

/// What a server function answers.
pub type AppResult<T> = Result<T, AppError>;

/// Id and name of what the command line and the worker do.
pub const SYSTEM: &str = "system";

/// The name that stands in the audit log for an HCP who acts for themselves.
pub const HCP_THEMSELVES: &str = "hcp";

/// A number with one decimal, halves away from zero (四舍五入), as people who check it by hand expect.
pub fn one_decimal(number: f64) -> String {
    format!("{:.1}", (number * 10.0).round() / 10.0)
}

/// A value as it stands in an address.
pub fn escaped(value: &str) -> String {
    value
        .bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up() {
        assert_eq!(one_decimal(31.25), "31.3");
        assert_eq!(one_decimal(73.75), "73.8");
        assert_eq!(one_decimal(100.0), "100.0");
    }
}
