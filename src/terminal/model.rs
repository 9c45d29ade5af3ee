//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::Page;
use crate::shared::history::ChangeRow;

/// Kinds of terminals as spreadsheets and rows name them: hospital, pharmacy, distributor.
pub const KINDS: [&str; 3] = ["医院", "药店", "商业公司"];

/// Grades of hospitals (医院分级管理办法), the highest first; others may be typed.
pub const LEVELS: [&str; 10] = [
    "三级特等",
    "三级甲等",
    "三级乙等",
    "三级丙等",
    "三级",
    "二级甲等",
    "二级乙等",
    "二级",
    "一级甲等",
    "一级",
];

/// Datums of coordinates: GPS, and the one Chinese maps use.
pub const DATUMS: [&str; 2] = ["WGS-84", "GCJ-02"];

/// The business line whose holder looks after a terminal itself: its HCPs, and all products that nobody has there in a
/// line of their own.
pub const MAIN_LINE: &str = "default";

/// The name of a business line in the current language.
pub fn line_label(line: &str) -> String {
    if line == MAIN_LINE {
        tr!("terminals.main_line")
    } else {
        line.to_owned()
    }
}

/// Whether a terminal takes goods and visits: it does, not now (暂停), or no more (停业).
pub const STATUSES: [&str; 3] = ["active", "paused", "closed"];

/// The name of a status in the current language.
pub fn status_label(status: &str) -> String {
    match status {
        "paused" => tr!("terminals.paused"),
        "closed" => tr!("terminals.closed"),
        _ => tr!("terminals.active"),
    }
}

/// Most reception windows of a terminal.
pub const WINDOWS: usize = 21;

/// The name of a kind in the current language; an unknown kind as it stands.
pub fn kind_label(kind: &str) -> String {
    match kind {
        "医院" => tr!("terminals.kind_hospital"),
        "药店" => tr!("terminals.kind_pharmacy"),
        "商业公司" => tr!("terminals.kind_distributor"),
        other => other.to_owned(),
    }
}

/// The name of a weekday, 1 being Monday.
pub fn weekday_label(weekday: i64) -> String {
    match weekday {
        1 => tr!("terminals.monday"),
        2 => tr!("terminals.tuesday"),
        3 => tr!("terminals.wednesday"),
        4 => tr!("terminals.thursday"),
        5 => tr!("terminals.friday"),
        6 => tr!("terminals.saturday"),
        _ => tr!("terminals.sunday"),
    }
}

/// What terminals are narrowed by, as it stands in the address; empty fields do not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TerminalFilter {
    pub text: String,
    /// `-` for those without one.
    pub province: String,
    pub kind: String,
    pub level: String,
    /// `yes`, `no` or empty; by `line` where one is named, `no` else by the main one.
    pub assigned: String,
    /// A business line.
    pub line: String,
    /// One of [`STATUSES`] or `all`; empty for all but closed ones.
    pub status: String,
    /// Id of the group whose branches they are.
    pub parent: String,
    /// Who has them, as `employee number name`, number or name; in `line` where one is named.
    pub holder: String,
    /// `name`, `code`, `level`, `updated`; anything else is by region and name.
    pub sort: String,
}

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
    /// One of [`STATUSES`].
    pub status: String,
    /// Name of the group or chain that it is a branch of.
    pub parent: Option<String>,
    /// Whether coordinates are known.
    pub located: bool,
    /// Name of the one who has it in the main line.
    pub owner: Option<String>,
    /// Names and business lines of those who have it in another.
    #[cfg_attr(feature = "ssr", sqlx(default))]
    pub others: String,
    /// HCPs whose main hospital it is.
    pub hcps: i64,
}

/// A page of terminals with what the form beside it offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerminalPage {
    pub page: Page<TerminalRow>,
    pub provinces: Vec<String>,
    pub kinds: Vec<String>,
    pub levels: Vec<String>,
    /// Business lines beside the main one.
    pub lines: Vec<String>,
    /// Those to whom a terminal can be given, as `employee number name`; empty for who may not give.
    pub reps: Vec<String>,
}

/// A terminal that a move is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct MoveRow {
    pub id: String,
    pub code: String,
    pub name: String,
    pub city: String,
    /// Who has it in the line now.
    pub holder: Option<String>,
    /// HCPs of nobody, who go along in the main line.
    pub free: i64,
}

/// What a move would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovePreview {
    pub moving: i64,
    /// Terminals that the receiver has already, and those given on or after that day already.
    pub same: i64,
    pub later: i64,
    /// Present holders of those that move and how many each gives; without a name nobody.
    pub givers: Vec<(Option<String>, i64)>,
    /// The first of those that move.
    pub rows: Vec<MoveRow>,
    /// Whether there are more than one move takes.
    pub too_many: bool,
}

/// The page of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveForm {
    pub filter: TerminalFilter,
    pub to: String,
    pub from: String,
    /// Locale keys of what is wrong with the holder, the receiver and the day.
    pub faults: Vec<(String, String)>,
    pub provinces: Vec<String>,
    pub kinds: Vec<String>,
    pub levels: Vec<String>,
    pub lines: Vec<String>,
    pub reps: Vec<String>,
    /// Once enough is known.
    pub preview: Option<MovePreview>,
}

/// The fields of a terminal's own row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Master {
    pub id: String,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub level: String,
    pub province: String,
    pub city: String,
    pub address: String,
    pub phone: String,
    pub note: String,
    /// One of [`STATUSES`].
    pub status: String,
    /// Code of the group or chain that it is a branch of, or empty.
    pub parent: String,
    /// Degrees; both or neither.
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// One of [`DATUMS`] where there are coordinates.
    pub datum: Option<String>,
    /// Epoch milliseconds.
    pub updated_at: i64,
}

/// When and where a terminal receives reps.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Window {
    /// 1 is Monday, 7 Sunday.
    pub weekday: i64,
    /// `HH:MM` of the configured zone; `ends` lies after `starts`.
    pub starts: String,
    pub ends: String,
    pub place: String,
    /// Only by appointment.
    pub appointment: bool,
}

impl Window {
    /// Day, hours, place and whether an appointment is needed, in the current language.
    pub fn words(&self) -> String {
        let mut words = format!(
            "{} {}–{}",
            weekday_label(self.weekday),
            self.starts,
            self.ends
        );
        if !self.place.is_empty() {
            words = format!("{words} {}", self.place);
        }
        if self.appointment {
            words = format!("{words} · {}", tr!("terminals.appointment"));
        }
        words
    }
}

/// A row of the form's reception windows, as typed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowInput {
    /// `1` to `7`.
    pub weekday: String,
    pub starts: String,
    pub ends: String,
    pub place: String,
    pub appointment: bool,
    /// The row is to go.
    pub remove: bool,
}

/// Who looked after a terminal, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct AssignmentRow {
    pub staff: String,
    pub business_line: String,
    /// Days `YYYY-MM-DD`, both included; without an end it is today's.
    pub from: String,
    pub to: Option<String>,
}

/// A terminal with all that belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub master: Master,
    pub aliases: Vec<String>,
    pub departments: Vec<String>,
    /// By weekday and hour.
    pub windows: Vec<Window>,
}

/// A terminal's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerminalView {
    pub record: Record,
    /// The latest first.
    pub assignments: Vec<AssignmentRow>,
    /// HCPs within the asker's scope whose main hospital it is.
    pub hcps: i64,
    pub changes: Page<ChangeRow>,
    /// Its group: id and name.
    pub parent: Option<(String, String)>,
    /// Its branches, the first hundred: id and name.
    pub branches: Vec<(String, String)>,
    /// As in [`TerminalPage`].
    pub reps: Vec<String>,
    pub lines: Vec<String>,
}
