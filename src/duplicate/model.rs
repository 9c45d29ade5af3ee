//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::hcp::model::HcpRow;
use crate::shared::Page;
use crate::shared::history::field_label;

/// The reasons by which the list can be narrowed: each stands for a way in which a pair was found.
pub const KINDS: [&str; 5] = [
    "same_phone",
    "same_name_same_hospital",
    "same_name_similar_hospital",
    "same_name_same_city",
    "near_name_same_department",
];

/// A reason in the current language, by its code.
pub fn explain(code: &str) -> String {
    match code {
        "same_phone" => tr!("duplicate.reason.same_phone"),
        "same_name_same_hospital" => tr!("duplicate.reason.same_name_same_hospital"),
        "same_name_similar_hospital" => tr!("duplicate.reason.same_name_similar_hospital"),
        "same_name_same_city" => tr!("duplicate.reason.same_name_same_city"),
        "near_name_same_department" => tr!("duplicate.reason.near_name_same_department"),
        "same_department" => tr!("duplicate.reason.same_department"),
        _ => tr!("duplicate.reason.other_sex"),
    }
}

/// The label of a compared field.
pub fn label(field: &str) -> String {
    match field {
        "onboarded_at" => tr!("duplicate.field.onboarded_at"),
        "last_contact_at" => tr!("duplicate.field.last_contact_at"),
        "created_at" => tr!("duplicate.field.created_at"),
        "source" => tr!("duplicate.field.source"),
        other => field_label(other),
    }
}

/// How an HCP came on file, in the current language.
pub fn source_label(source: &str) -> String {
    match source {
        "import" => tr!("duplicate.source.import"),
        "form" => tr!("duplicate.source.form"),
        "self" => tr!("duplicate.source.own"),
        "code" => tr!("duplicate.source.code"),
        other => other.to_owned(),
    }
}

/// Somebody on file who may be the one that is being entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryHint {
    /// 60 to 100.
    pub score: i64,
    /// Texts in the asker's language.
    pub reasons: Vec<String>,
    /// Whether the phone that was typed is on this person's file.
    pub same_phone: bool,
    /// Set when the person lies within the asker's scope.
    pub row: Option<HcpRow>,
    /// Set when not.
    pub masked: Option<MaskedHcp>,
    /// What the asker shows to ask for sharing; good for them alone and for an hour.
    pub token: String,
}

/// What somebody outside the scope is shown of an HCP: nothing that they did not type themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedHcp {
    pub name: String,
    /// Empty unless the asker typed it.
    pub hospital: String,
    /// Empty unless the asker typed it.
    pub department: String,
    /// Masked; empty unless the asker typed it.
    pub phone: String,
}

/// Two HCPs who may be one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    pub id: String,
    /// 60 to 100.
    pub score: i64,
    /// Codes for [`explain`].
    pub reasons: Vec<String>,
    /// open, apart or merged.
    pub status: String,
    /// Day and minute of finding.
    pub found: String,
    pub a: HcpRow,
    pub b: HcpRow,
}

/// A page of pairs, and when they were last searched for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairList {
    pub page: Page<PairRow>,
    pub open: i64,
    pub apart: i64,
    /// Day and minute at which the last search ended; `None` before the first.
    pub searched: Option<String>,
    /// Whether a search runs now.
    pub running: bool,
}

/// One field of both HCPs, as people read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldPair {
    /// Name of the field as in the history of records, and of the choice in the form.
    pub field: String,
    pub a: String,
    pub b: String,
    /// Whether one of the two has to be chosen: they differ and cannot both stay.
    pub choice: bool,
    /// Whether `b`'s value is proposed.
    pub from_b: bool,
}

/// What hangs on an HCP, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Attached {
    pub links: i64,
    pub reads: i64,
    pub consents: i64,
    pub devices: i64,
    pub notes: i64,
    #[cfg_attr(feature = "ssr", sqlx(rename = "in_groups"))]
    pub groups: i64,
    pub invitations: i64,
    pub ownership: i64,
    pub transfers: i64,
}

impl Attached {
    /// The numbers with their names, in the current language.
    pub fn named(&self) -> [(String, i64); 9] {
        [
            (tr!("duplicate.attached.links"), self.links),
            (tr!("duplicate.attached.reads"), self.reads),
            (tr!("duplicate.attached.consents"), self.consents),
            (tr!("duplicate.attached.devices"), self.devices),
            (tr!("duplicate.attached.notes"), self.notes),
            (tr!("duplicate.attached.groups"), self.groups),
            (tr!("duplicate.attached.invitations"), self.invitations),
            (tr!("duplicate.attached.ownership"), self.ownership),
            (tr!("duplicate.attached.transfers"), self.transfers),
        ]
    }
}

/// Two HCPs side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairView {
    pub pair: PairRow,
    pub fields: Vec<FieldPair>,
    pub attached_a: Attached,
    pub attached_b: Attached,
    /// Whether `b` is proposed as the one that stays.
    pub keep_b: bool,
}

/// A merge in the list of merges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeRow {
    pub id: String,
    pub at: String,
    pub by: String,
    pub kept_id: String,
    pub kept: String,
    pub gone_id: String,
    pub gone: String,
    /// Hospital and department of each.
    pub kept_place: String,
    pub gone_place: String,
    /// Days within which it can be undone; 0 when it no longer can.
    pub days_left: i64,
    /// When it was undone, and by whom.
    pub undone: Option<(String, String)>,
}
