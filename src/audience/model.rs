//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::Role;

/// Whom something is set to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// All staff.
    pub all: bool,
    pub roles: Vec<Role>,
    /// Ids of units, each with all below it.
    pub units: Vec<String>,
    /// Employee numbers or names, one a line.
    pub people: String,
}

/// What the form of an audience offers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AudienceChoices {
    /// Ids and indented names.
    pub units: Vec<(String, String)>,
}
