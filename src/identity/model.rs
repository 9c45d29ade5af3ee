//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

/// A row of the list of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct PersonRow {
    pub id: String,
    pub name: String,
    /// Code of the role.
    pub role: String,
    pub unit: String,
    /// `138****1234`.
    pub phone_masked: String,
    pub employee_no: Option<String>,
    /// Epoch milliseconds; `None` while employed.
    pub left_at: Option<i64>,
}

/// A person with what their page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub row: PersonRow,
    pub unit_id: String,
    /// Units they manage.
    pub manages: Vec<String>,
}

/// A unit of the org tree, in the tree's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Unit {
    pub id: String,
    pub parent_id: Option<String>,
    pub name: String,
    /// company, business_unit, region or district.
    pub kind: String,
    /// Steps below the company.
    pub depth: i64,
    /// People employed in this unit itself.
    pub people: i64,
    /// Names of those who manage it, joined by 、.
    pub managers: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: String,
    pub user_agent: String,
    pub address: String,
    /// Day and minute in the configured zone.
    pub last_seen: String,
    pub current: bool,
}

/// One's own account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    pub person: Person,
    pub sessions: Vec<SessionRow>,
    pub locale: String,
    pub theme: String,
}

/// A text message in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SmsRow {
    pub at: String,
    pub to: String,
    pub text: String,
}

/// A row of the audit log as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    pub seq: i64,
    pub at: String,
    pub actor: String,
    pub action: String,
    pub object: String,
    pub address: String,
    pub detail: String,
}
