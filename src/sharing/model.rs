//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

/// The numbers of a person, an article or a team over a range of days, as `docs/ARCHITECTURE.md` defines them.
/// UV are distinct counts of their own set: they never add up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Metrics {
    /// Links made: 转发 pressed, or opened by somebody.
    pub created: i64,
    /// Links that another visitor opened.
    pub shares: i64,
    pub pv: i64,
    pub uv: i64,
    pub rereads: i64,
    /// Views by staff and by people below their own links; in no other number.
    pub self_views: i64,
    /// Median visible time in milliseconds of the views that report one.
    pub dwell_median_ms: Option<i64>,
    /// Views that report a visible time.
    pub dwell_views: i64,
    /// Views that were read to the end.
    pub finished: i64,
}

/// An article that somebody passed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct TreeLink {
    pub article_id: String,
    pub title: String,
    pub links: i64,
}

/// What a node of the tree stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A link that a rep or HCP made as a root.
    Root,
    /// An HCP, named.
    Hcp,
    /// An HCP outside the asker's scope, not named.
    OtherHcp,
    /// All anonymous visitors at this place together.
    Visitors,
}

/// A node of the share tree. Its readers' views count on its own links.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeNode {
    pub kind: NodeKind,
    /// The HCP's name; of a root for whom it was made; else empty.
    pub name: String,
    /// The HCP, where the asker may see them.
    pub hcp_id: Option<String>,
    /// Day of the first link.
    pub since: String,
    /// People this node stands for.
    pub people: i64,
    /// PV by this person (or these) on the link that brought them.
    pub reads: i64,
    /// Links of this node that another visitor opened, and that were made.
    pub shares: i64,
    pub created: i64,
    /// PV and UV of this node's own links.
    pub pv: i64,
    pub uv: i64,
    /// PV, UV, re-reads and median dwell of everything below.
    pub total_pv: i64,
    pub total_uv: i64,
    pub total_rereads: i64,
    pub dwell_median_ms: Option<i64>,
    pub children: Vec<TreeNode>,
}

/// A tree with its heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeView {
    pub article_id: String,
    pub title: String,
    /// Whose links these are.
    pub of: String,
    pub metrics: Metrics,
    pub trend: Vec<(String, i64)>,
    pub roots: Vec<TreeNode>,
    /// Reps whose tree of this article the asker may open: id and name.
    pub reps: Vec<(String, String)>,
    /// Whether there are more of them: they are found by name or number.
    pub reps_cut: bool,
    /// Whether links were left out because there are too many.
    pub cut: bool,
}

/// A link that the asker made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MadeLink {
    pub token: String,
    pub url: String,
    pub created: String,
    /// For whom it was made.
    pub recipient: Option<String>,
    /// Whether it was made for one HCP, also where that one is no longer within scope.
    pub personal: bool,
    pub opened: bool,
    pub revoked: bool,
    /// Whether the one for whom it was made does not agree to be named: then nothing is told of its reading.
    pub untracked: bool,
    pub pv: i64,
    pub uv: i64,
    /// SVG of the QR code; only of links that were just made.
    pub svg: Option<String>,
}

/// The page on which an article is shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareView {
    pub title: String,
    pub audience: String,
    pub links: Vec<MadeLink>,
    pub hcps: Vec<crate::hcp::model::HcpRow>,
}

/// A rep's row in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepRow {
    pub staff_id: String,
    pub name: String,
    pub unit: String,
    pub metrics: Metrics,
    /// Composite index.
    pub index: f64,
}

/// The report of layer 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub from: String,
    pub to: String,
    /// Numbers of the whole scope; its UV is a distinct count of its own.
    pub total: Metrics,
    pub trend: Vec<(String, i64)>,
    pub page: crate::shared::Page<RepRow>,
    /// The index's formula with the weights in force.
    pub formula: String,
}

/// Milliseconds as people read them: minutes and seconds, or seconds alone.
pub fn dwell_text(ms: Option<i64>) -> String {
    let Some(seconds) = ms.map(|ms| ms / 1000) else {
        return "—".to_owned();
    };
    match seconds / 60 {
        0 => tr!("ui.seconds", s = seconds),
        minutes => tr!("ui.minutes_seconds", m = minutes, s = seconds % 60),
    }
}
