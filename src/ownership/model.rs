//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::hcp::model::HcpRow;
use crate::shared::Page;

/// A colleague as somebody typed them, and who that is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// Empty unless one person is meant.
    pub id: String,
    /// The person's label, or what was typed.
    pub label: String,
    /// Whether they have left.
    pub left: bool,
    /// Why nobody is meant: a locale key.
    pub fault: Option<String>,
}

/// What the page of a new transfer shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferForm {
    /// person, rule or selection.
    pub kind: String,
    pub from: Pick,
    pub to: Pick,
    /// Labels of colleagues who own HCPs, also of those who left.
    pub givers: Vec<String>,
    /// Labels of colleagues to whom HCPs can be given.
    pub owners: Vec<String>,
    /// Hospitals and departments in which the giver's HCPs work.
    pub hospitals: Vec<String>,
    pub departments: Vec<String>,
    /// HCPs that the asker has picked in the list.
    pub picked: i64,
    /// The one HCP to move, where it is one.
    pub hcp: Option<HcpRow>,
    /// What would happen; `None` until enough is chosen.
    pub preview: Option<TransferPreview>,
}

/// What a transfer would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferPreview {
    /// HCPs that would move.
    pub moving: i64,
    /// From whom to whom, the largest first; at most [`GROUPS_MOST`].
    pub groups: Vec<MoveGroup>,
    /// Whether there are more groups than shown.
    pub more_groups: bool,
    /// The first HCPs by name; at most [`NAMES_MOST`].
    pub hcps: Vec<MovedHcp>,
    /// Why HCPs stay (same, scope, pending or merged) and how many.
    pub left_out: Vec<(String, i64)>,
}

/// Groups of a preview that are shown at most.
pub const GROUPS_MOST: usize = 100;
/// HCPs of a preview that are named at most.
pub const NAMES_MOST: i64 = 50;

/// HCPs that go from one colleague to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct MoveGroup {
    /// `None`: they have no owner.
    pub from_name: Option<String>,
    pub to_name: String,
    pub n: i64,
}

/// An HCP of a transfer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct MovedHcp {
    pub id: String,
    pub name: String,
    pub hospital: String,
    pub department: String,
    pub from_name: Option<String>,
    pub to_name: Option<String>,
}

/// The name of a reason to stay, with how many HCPs it concerns.
pub fn left_out_text(why: &str, n: i64) -> String {
    match why {
        "same" => tr!("ownership.transfer.out_same", n = n),
        "pending" => tr!("ownership.transfer.out_pending", n = n),
        "merged" => tr!("ownership.transfer.out_merged", n = n),
        _ => tr!("ownership.transfer.out_scope", n = n),
    }
}

/// The name of a kind of transfer.
pub fn transfer_kind(kind: &str) -> String {
    match kind {
        "rule" => tr!("ownership.transfer.kind_rule"),
        "selection" => tr!("ownership.transfer.kind_selection"),
        _ => tr!("ownership.transfer.kind_person"),
    }
}

/// A transfer that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferRow {
    pub id: String,
    pub kind: String,
    /// The one giver, where there is one.
    pub from: Option<String>,
    /// The one receiver, where there is one.
    pub to: Option<String>,
    pub reason: String,
    pub by: String,
    pub at: String,
    pub moved: i64,
    /// open, undone or closed.
    pub standing: String,
    /// Whether the asker may undo it now.
    pub may_undo: bool,
    /// Until when it can be undone.
    pub undo_until: String,
    pub undone_at: Option<String>,
    pub undone_by: Option<String>,
    /// How many went back.
    pub returned: Option<i64>,
}

/// A transfer with its HCPs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferView {
    pub transfer: TransferRow,
    pub items: Page<MovedHcp>,
    /// HCPs of the transfer outside the asker's scope by now.
    pub hidden: i64,
}

/// Somebody who left and still owns HCPs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaver {
    pub id: String,
    pub label: String,
    pub left_on: String,
    pub hcps: i64,
}

/// A colleague with whom an HCP is shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessRow {
    pub id: String,
    pub colleague: String,
    /// The last day.
    pub until: String,
    pub by: String,
}

/// One of the asker's groups as the HCP's page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct GroupMark {
    pub id: String,
    pub name: String,
    /// Whether the HCP is in it.
    pub member: bool,
}

/// A stretch of ownership with how it came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// `None`: nobody.
    pub owner: Option<String>,
    pub from: String,
    pub to: Option<String>,
    /// A code; see [`crate::hcp::model::reason_label`].
    pub reason: String,
    /// What was written about the transfer.
    pub note: Option<String>,
    /// `None`: the system.
    pub by: Option<String>,
}

/// What the HCP's page shows of ownership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnershipView {
    pub id: String,
    pub owner: Option<String>,
    /// The last day on which the asker sees the HCP, where that is by sharing.
    pub shared_until: Option<String>,
    pub followed: bool,
    pub groups: Vec<GroupMark>,
    /// With whom it is shared; only told to who may share.
    pub access: Vec<AccessRow>,
    /// Labels to choose a colleague from.
    pub colleagues: Vec<String>,
    /// The day that the form suggests.
    pub suggested: String,
    /// Follow and group.
    pub may_keep: bool,
    pub may_share: bool,
    pub may_transfer: bool,
    pub stretches: Vec<Stretch>,
}

/// A request for sharing. For the one who asks, the HCP is masked until it is granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestRow {
    pub id: String,
    /// `None` where the asker does not see the HCP.
    pub hcp_id: Option<String>,
    pub name: String,
    pub hospital: String,
    pub department: String,
    pub colleague: String,
    pub message: String,
    pub at: String,
    /// open, granted or declined.
    pub status: String,
    pub decided_at: Option<String>,
}

/// Requests, with what a decision needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestPage {
    pub page: Page<RequestRow>,
    /// How many wait for the asker's decision.
    pub waiting: i64,
    /// The day that the form suggests.
    pub suggested: String,
}

/// The name of a request's status.
pub fn request_status(status: &str) -> String {
    match status {
        "granted" => tr!("ownership.request.granted"),
        "declined" => tr!("ownership.request.declined"),
        _ => tr!("ownership.request.open"),
    }
}

/// One of the asker's groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct GroupRow {
    pub id: String,
    pub name: String,
    /// HCPs in it that the asker sees.
    pub hcps: i64,
}
