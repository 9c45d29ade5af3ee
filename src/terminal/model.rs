//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

/// A row of the list of terminals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct TerminalRow {
    pub id: String,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub province: String,
    pub city: String,
    pub level: String,
    /// Whether coordinates are known.
    pub located: bool,
    /// Name of the one who looks after it today.
    pub owner: Option<String>,
    /// HCPs whose main hospital it is.
    pub hcps: i64,
}

/// A page of terminals with what the form beside it offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerminalPage {
    pub page: crate::shared::Page<TerminalRow>,
    pub provinces: Vec<String>,
    /// Those to whom a terminal can be given, as `employee number name`; empty for who may not give.
    pub reps: Vec<String>,
}
