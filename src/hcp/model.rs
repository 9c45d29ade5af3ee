//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::terminal::model::Window;

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
    /// Epoch milliseconds; the server's alone.
    #[serde(skip)]
    pub withdrew_at: Option<i64>,
    /// Day on which they withdrew their registration, for pages that show it; empty unless they did and have not
    /// registered again.
    #[cfg_attr(feature = "ssr", sqlx(skip))]
    pub withdrew: String,
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

/// What an HCP can be.
pub const KINDS: [&str; 5] = ["doctor", "pharmacist", "nurse", "clerk", "contact"];

/// The name of a kind in the current language.
pub fn kind_label(kind: &str) -> String {
    match kind {
        "doctor" => tr!("hcp.kind.doctor"),
        "pharmacist" => tr!("hcp.kind.pharmacist"),
        "nurse" => tr!("hcp.kind.nurse"),
        "clerk" => tr!("hcp.kind.clerk"),
        _ => tr!("hcp.kind.contact"),
    }
}

/// The sexes as they are stored, which is as imported files write them.
pub const SEXES: [&str; 2] = ["男", "女"];

/// The name of a sex in the current language.
pub fn sex_label(sex: &str) -> String {
    match sex {
        "男" => tr!("hcp.sex.male"),
        "女" => tr!("hcp.sex.female"),
        _ => tr!("hcp.sex.unknown"),
    }
}

/// The name of a reason for ownership in the current language.
pub fn reason_label(reason: &str) -> String {
    match reason {
        "hospital" => tr!("hcp.reason.hospital"),
        "assignment" => tr!("hcp.reason.assignment"),
        "import" => tr!("hcp.reason.import"),
        "transfer" => tr!("hcp.reason.transfer"),
        "rule" => tr!("hcp.reason.rule"),
        "undo" => tr!("hcp.reason.undo"),
        "unmerge" => tr!("hcp.reason.unmerge"),
        "merge" => tr!("hcp.reason.merge"),
        "entry" => tr!("hcp.reason.entry"),
        _ => tr!("hcp.reason.registration"),
    }
}

/// A workplace beside the main one: the hospital as people know it, and the department there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workplace {
    pub hospital: String,
    pub department: String,
}

/// Further workplaces that an HCP can have.
pub const WORKPLACES: usize = 5;

/// What the form of an HCP holds, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HcpInput {
    pub name: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// One of [`SEXES`] or empty.
    pub sex: String,
    /// The number in full; empty on a change keeps the one on file.
    pub phone: String,
    /// Takes the number on file away.
    pub no_phone: bool,
    /// The main hospital: its name, its name with the city as the suggestions write it, an alias or its code.
    pub hospital: String,
    /// The hospital that was picked where several fit what was typed; else empty.
    pub terminal_id: String,
    pub department: String,
    pub title: String,
    pub specialty: String,
    pub workplaces: Vec<Workplace>,
    /// Separated by commas, 、 or spaces.
    pub tags: String,
    pub preferred_times: String,
    pub email: String,
    pub office_phone: String,
    /// The company's own number of the HCP.
    pub code: String,
}

/// An HCP as their form shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HcpRecord {
    pub id: String,
    pub input: HcpInput,
    /// The number on file, masked; empty where there is none.
    pub phone_masked: String,
    /// Whether that number can be taken away.
    pub may_empty_phone: bool,
    /// The moment of the last change, which a change of it must name.
    pub updated_at: i64,
    /// Kinds that the asker may choose.
    pub kinds: Vec<String>,
}

/// A form that was sent and needs another look: several hospitals fit, or somebody like that is on file already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntryCheck {
    /// What was typed.
    pub input: HcpInput,
    /// The HCP that was being changed; none for a new one.
    pub record: Option<HcpRecord>,
    /// Kinds that the asker may choose.
    pub kinds: Vec<String>,
    /// Hospitals that fit, id and label; empty where one was found.
    pub hospitals: Vec<(String, String)>,
    /// Those on file who may be the same person.
    pub hints: Vec<crate::duplicate::model::EntryHint>,
}

impl EntryCheck {
    /// The form of an HCP as they stand.
    pub fn of(record: HcpRecord) -> EntryCheck {
        EntryCheck {
            input: record.input.clone(),
            kinds: record.kinds.clone(),
            record: Some(record),
            hospitals: Vec::new(),
            hints: Vec::new(),
        }
    }
}

/// The head of an HCP's page, and what is known of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HcpView {
    pub row: HcpRow,
    pub kind: String,
    pub specialty: String,
    pub code: Option<String>,
    pub email: String,
    pub office_phone: String,
    pub preferred_times: String,
    pub province: String,
    pub city: String,
    pub tags: Vec<String>,
    pub workplaces: Vec<Workplace>,
    /// When the main hospital receives reps (domain, Compliance: visits).
    pub windows: Vec<Window>,
    pub onboarded_at: Option<String>,
    /// Day of the last contact.
    pub last_contact: Option<String>,
    /// The number in full, for five minutes after revealing it.
    pub phone_full: Option<String>,
    /// Of a merged one: id and name of the one that was kept, where the asker may see them.
    pub merged_into: Option<(String, String)>,
    /// Whether the asker may make personal codes for them.
    pub may_invite: bool,
    pub may_reveal: bool,
    pub may_write: bool,
    pub may_share: bool,
}

/// Layer 2: what came of an HCP's own links, in the days asked and in as many days before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Portrait {
    /// 30 or 90.
    pub days: i64,
    /// The numbers; `None` unless the HCP agrees to be named.
    pub numbers: Option<PortraitNumbers>,
    /// The index's formula with the weights in force.
    pub formula: String,
    /// Whether the asker may share articles.
    pub may_share: bool,
}

/// The numbers of a [`Portrait`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortraitNumbers {
    pub metrics: Metrics,
    pub before: Metrics,
    /// Composite index now and before.
    pub index: (f64, f64),
    /// PV below their links by day.
    pub trend: Vec<(String, i64)>,
    /// Articles they passed on, at whatever time.
    pub trees: Vec<TreeLink>,
}

/// One thing that happened with an HCP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Day and minute.
    pub at: String,
    /// Name of its kind.
    pub kind: String,
    /// What happened, in the current language.
    pub text: String,
    /// Address and text of what it was about.
    pub link: Option<(String, String)>,
    /// What is to be said beside it; may be empty.
    pub detail: String,
    /// Who did it; empty for the HCP themselves.
    pub by: String,
}

/// A stretch of an HCP's timeline (客户轨迹), the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Code and name of every kind there is.
    pub kinds: Vec<(String, String)>,
    pub entries: Vec<TimelineEntry>,
    /// Where the next stretch begins, if there is more.
    pub next: Option<String>,
}

/// A note about an HCP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoteRow {
    pub id: String,
    pub by: String,
    pub at: String,
    pub text: String,
    /// Whether the asker wrote it and may delete it.
    pub mine: bool,
}
