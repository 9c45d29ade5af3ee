//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::hcp::model::HcpRow;
use crate::shared::Page;

/// What an HCP can agree to, in the order in which it is asked. Only the first is needed to be onboarded.
pub const PURPOSES: [&str; 3] = ["profile", "push", "tracking"];

/// The latest consent of an HCP for one purpose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentRow {
    /// profile, push or tracking.
    pub purpose: String,
    pub granted: bool,
    pub text_version: String,
    /// Where: personal_code, self_registration, public_code or own_page.
    pub channel: String,
    pub at: String,
    pub withdrawn_at: Option<String>,
    /// Name of the staff member who withdrew it on request; `None` where the HCP did.
    pub withdrawn_by: Option<String>,
    /// How and when the HCP asked for it.
    pub withdrawn_note: Option<String>,
}

impl ConsentRow {
    /// Whether it holds now.
    pub fn stands(&self) -> bool {
        self.granted && self.withdrawn_at.is_none()
    }
}

/// The consents of one HCP as staff see them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentView {
    pub rows: Vec<ConsentRow>,
    pub may_withdraw: bool,
}

/// One version of a consent text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextVersion {
    pub version: String,
    pub zh: String,
    pub en: String,
    /// Who put it in force; `None` for the text that the program brings.
    pub by: Option<String>,
    pub at: Option<String>,
}

/// All versions of the text of a purpose, the one in force first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PurposeTexts {
    pub purpose: String,
    pub versions: Vec<TextVersion>,
}

/// The note on consents that ended because a steward turned the registration down: nobody asked for it.
pub const REJECTED: &str = "consent.rejected";

/// The name of a purpose in the current language.
pub fn purpose_label(purpose: &str) -> String {
    match purpose {
        "profile" => tr!("consent.profile_name"),
        "push" => tr!("consent.push_name"),
        _ => tr!("consent.tracking_name"),
    }
}

/// Where a consent was given, in the current language.
pub fn channel_label(channel: &str) -> String {
    match channel {
        "personal_code" => tr!("consent.by_personal_code"),
        "public_code" => tr!("consent.by_public_code"),
        "own_page" => tr!("consent.by_own_page"),
        _ => tr!("consent.by_self_registration"),
    }
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

/// One personal code on the sheet of those made in bulk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetCode {
    pub name: String,
    pub hospital: String,
    pub department: String,
    pub svg: String,
    pub expires: String,
}

/// A sheet of personal codes to be printed and handed out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetView {
    pub codes: Vec<SheetCode>,
    pub total: i64,
    /// This sheet, from 1.
    pub page: i64,
    pub pages: i64,
    /// The rep whose codes they are.
    pub rep: String,
}

/// A registration that a steward turned down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedRow {
    pub name: String,
    pub hospital: String,
    pub department: String,
    pub phone_masked: String,
    pub at: String,
    /// Name of the steward.
    pub by: String,
    pub reason: String,
}

/// A self-registered HCP with those it might be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingRow {
    pub row: HcpRow,
    pub at: String,
    /// Name of the public code through which it came.
    pub code: Option<String>,
    /// Set when it came from a personal code whose phone was missing or had changed.
    pub claims: Option<String>,
    pub candidates: Vec<Candidate>,
}

/// An HCP on file whom a registration might be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub row: HcpRow,
    pub why: Why,
}

/// Why somebody is a candidate; the surer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The registration came from this HCP's personal code.
    Claimed,
    SameHospital,
    SimilarHospital,
    /// The same name, the hospital of one of the two unknown.
    SameName,
    /// A name that sounds alike in the same department of the same hospital.
    NearName,
}

impl Why {
    /// The reason in the current language.
    pub fn label(self) -> String {
        match self {
            Why::Claimed => tr!("pending.why_claimed"),
            Why::SameHospital => tr!("pending.why_same_hospital"),
            Why::SimilarHospital => tr!("pending.why_similar_hospital"),
            Why::SameName => tr!("pending.why_same_name"),
            Why::NearName => tr!("pending.why_near_name"),
        }
    }
}

/// What a public code can hang on or be handed out by.
pub const CODE_KINDS: [&str; 4] = ["meeting", "poster", "hospital", "rep"];

/// The name of a kind of public code in the current language.
pub fn code_kind_label(kind: &str) -> String {
    match kind {
        "meeting" => tr!("codes.meeting"),
        "poster" => tr!("codes.poster"),
        "hospital" => tr!("codes.hospital_kind"),
        _ => tr!("codes.rep"),
    }
}

/// How a public code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    Open,
    Expired,
    Closed,
}

/// How many visitors of a public code came how far; each counts once for each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    pub scanned: i64,
    pub verified: i64,
    pub completed: i64,
    pub confirmed: i64,
}

impl Funnel {
    /// The steps in order with their names in the current language.
    pub fn steps(&self) -> [(String, i64); 4] {
        [
            (tr!("codes.scanned"), self.scanned),
            (tr!("codes.verified"), self.verified),
            (tr!("codes.completed"), self.completed),
            (tr!("codes.confirmed"), self.confirmed),
        ]
    }
}

/// `part` of `whole` in per cent, or a dash where there is nothing to divide by.
pub fn rate(part: i64, whole: i64) -> String {
    if whole == 0 {
        "—".to_owned()
    } else {
        crate::shared::one_decimal(part as f64 * 100.0 / whole as f64) + "%"
    }
}

/// A public code with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodeRow {
    pub id: String,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub terminal: Option<String>,
    /// Name of who made it.
    pub staff: String,
    pub created: String,
    /// The last day on which it works.
    pub expires: Option<String>,
    pub state: CodeState,
    pub funnel: Funnel,
}

/// A public code's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodeView {
    pub code: CodeRow,
    pub url: String,
    /// SVG of the QR code.
    pub svg: String,
    /// HCPs within scope who came through it.
    pub hcps: Page<HcpRow>,
    /// How many came whom the asker may not see (others' HCPs, registrations that wait).
    pub others: i64,
}

/// What HCPs are counted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageBy {
    #[default]
    Region,
    Rep,
    Specialty,
}

impl CoverageBy {
    /// The name in the current language.
    pub fn label(self) -> String {
        match self {
            CoverageBy::Region => tr!("coverage.region"),
            CoverageBy::Rep => tr!("coverage.rep"),
            CoverageBy::Specialty => tr!("coverage.specialty"),
        }
    }

    /// The value in an address; anything unknown is the region.
    pub fn parse(code: &str) -> CoverageBy {
        match code {
            "rep" => CoverageBy::Rep,
            "specialty" => CoverageBy::Specialty,
            _ => CoverageBy::Region,
        }
    }

    /// The code in an address.
    pub fn code(self) -> &'static str {
        match self {
            CoverageBy::Region => "region",
            CoverageBy::Rep => "rep",
            CoverageBy::Specialty => "specialty",
        }
    }
}

/// How many HCPs of a group stand where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct CoverageRow {
    /// Province, staff id or specialty; empty where it is not known.
    pub key: String,
    /// The key as people read it.
    pub label: String,
    /// All of them: listed, invited and onboarded.
    pub total: i64,
    pub listed: i64,
    pub invited: i64,
    pub onboarded: i64,
    /// Onboarded, agreeing to be named, and read or passed something on within 30 days.
    pub active: i64,
}

impl CoverageRow {
    /// How the group is called in the current language.
    pub fn name(&self, by: CoverageBy) -> String {
        match (by, self.label.is_empty()) {
            (CoverageBy::Rep, true) => tr!("hcp.no_owner"),
            (_, true) => tr!("coverage.unknown"),
            (_, false) => self.label.clone(),
        }
    }
}

/// The table of coverage within scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub page: Page<CoverageRow>,
    pub sum: CoverageRow,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_show_a_dash_for_nothing() {
        assert_eq!(rate(1, 3), "33.3%");
        assert_eq!(rate(0, 0), "—");
        assert_eq!(rate(0, 7), "0.0%");
    }

    #[test]
    fn surer_reasons_come_first() {
        assert!(Why::Claimed < Why::SameHospital && Why::SameHospital < Why::NearName);
    }
}
