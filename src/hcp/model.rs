//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::sharing::model::{Metrics, TreeLink};

/// A row of the list of HCPs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct HcpRow {
    pub id: String,
    pub name: String,
    pub sex: String,
    pub phone_masked: String,
    pub hospital: String,
    pub department: String,
    pub title: String,
    /// listed, invited, onboarded, pending or merged.
    pub state: String,
    pub owner: Option<String>,
}

/// The name of a state in the current language.
pub fn state_label(state: &str) -> String {
    match state {
        "listed" => tr!("hcp.state.listed"),
        "invited" => tr!("hcp.state.invited"),
        "onboarded" => tr!("hcp.state.onboarded"),
        "pending" => tr!("hcp.state.pending"),
        _ => tr!("hcp.state.merged"),
    }
}

/// A page of HCPs and the departments that occur within scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HcpList {
    pub page: crate::shared::Page<HcpRow>,
    pub departments: Vec<String>,
    /// Self-registered HCPs that wait for a steward; only told to stewards.
    pub pending: Option<i64>,
}

/// A consent as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentRow {
    /// profile, push or tracking.
    pub purpose: String,
    pub granted: bool,
    pub text_version: String,
    pub channel: String,
    pub at: String,
    pub withdrawn_at: Option<String>,
}

/// The name of a purpose in the current language.
pub fn purpose_label(purpose: &str) -> String {
    match purpose {
        "profile" => tr!("consent.profile_name"),
        "push" => tr!("consent.push_name"),
        _ => tr!("consent.tracking_name"),
    }
}

/// A stretch of ownership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnershipRow {
    pub owner: String,
    pub from: String,
    pub to: Option<String>,
    pub reason: String,
}

/// The name of a reason for ownership in the current language.
pub fn reason_label(reason: &str) -> String {
    match reason {
        "hospital" => tr!("hcp.reason.hospital"),
        "assignment" => tr!("hcp.reason.assignment"),
        _ => tr!("hcp.reason.registration"),
    }
}

/// An HCP's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HcpView {
    pub row: HcpRow,
    pub province: String,
    pub city: String,
    pub onboarded_at: Option<String>,
    /// The number in full, for five minutes after revealing it.
    pub phone_full: Option<String>,
    pub consents: Vec<ConsentRow>,
    pub ownership: Vec<OwnershipRow>,
    /// Layer 2: what came of the HCP's own links in the last 60 days; `None` unless they agree to be named.
    pub metrics: Option<Metrics>,
    /// Composite index and its formula with the weights in force.
    pub index: (f64, String),
    /// PV below their links by day, 30 days.
    pub trend: Vec<(String, i64)>,
    /// Articles they passed on.
    pub trees: Vec<TreeLink>,
    /// Whether the asker may make personal codes for them.
    pub may_invite: bool,
    pub may_reveal: bool,
}

/// A personal code as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationView {
    pub hcp: HcpRow,
    /// The code that stands, if one does.
    pub code: Option<InvitationCode>,
}

/// The code itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationCode {
    pub id: String,
    pub url: String,
    /// SVG of the QR code.
    pub svg: String,
    pub expires: String,
}

/// A self-registered HCP with those it might be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingRow {
    pub row: HcpRow,
    pub at: String,
    /// Set when it came from a personal code whose phone was missing or had changed.
    pub claims: Option<String>,
    pub candidates: Vec<HcpRow>,
}
