//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::importing::model::Invalid;
use crate::shared::Page;

/// Why a terminal is suggested for a printed name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The printed code is its code, the name another.
    Code,
    /// The same but for width, brackets, affiliation or region in front.
    Normalised,
    /// Several terminals bear the name.
    Several,
    /// It sounds the same.
    Pinyin,
    /// Much of it is the same.
    Similar,
    /// The city in front is the terminal's.
    Region,
    /// The distributor has delivered there before.
    History,
}

impl Reason {
    /// The reason in the current language.
    pub fn label(self) -> String {
        match self {
            Reason::Code => tr!("flow.reason.code"),
            Reason::Normalised => tr!("flow.reason.normalised"),
            Reason::Several => tr!("flow.reason.several"),
            Reason::Pinyin => tr!("flow.reason.pinyin"),
            Reason::Similar => tr!("flow.reason.similar"),
            Reason::Region => tr!("flow.reason.region"),
            Reason::History => tr!("flow.reason.history"),
        }
    }
}

/// A terminal that a printed name may mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    pub terminal_id: String,
    pub code: String,
    pub name: String,
    /// City, or province where no city is known.
    pub city: String,
    /// 0 to 99.
    pub score: i64,
    pub reasons: Vec<Reason>,
}

/// The first suggestion for a row, as the command prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedRow {
    pub row: i64,
    pub printed: String,
    /// The terminal's code.
    pub terminal: String,
    /// The terminal's name.
    pub name: String,
    pub score: i64,
}

/// What the rows of one product add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTotal {
    pub code: String,
    pub name: String,
    pub specification: String,
    /// Whether the product is in the catalogue.
    pub known: bool,
    pub rows: i64,
    pub quantity: i64,
    pub fen: i64,
}

/// What an import of flow found, or did. Counts are of rows, each in the first class that fits (domain, Flow).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowReport {
    pub rows: i64,
    pub matched: i64,
    pub suggested: i64,
    pub unknown: i64,
    /// Known lines with the same values, which are ignored.
    pub repeat: i64,
    /// Known lines with other values, about which a person decides.
    pub conflict: i64,
    pub invalid: Vec<Invalid>,
    pub suggestions: Vec<SuggestedRow>,
    /// Rows that go into a later month because theirs is closed.
    #[serde(default)]
    pub adjustments: i64,
    #[serde(default)]
    pub products: Vec<ProductTotal>,
    #[serde(default)]
    pub distributors: Vec<String>,
    /// The header as read, and the column of each field.
    #[serde(default)]
    pub header: Vec<String>,
    #[serde(default)]
    pub columns: Vec<(String, String)>,
    /// The distributor that stands for all rows, where a person named one.
    #[serde(default)]
    pub fixed: String,
    /// Fields without which nothing can be read, and for which no column was found.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// A month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRow {
    /// `YYYY-MM`.
    pub month: String,
    /// open, confirming or closed.
    pub state: String,
    /// The last day for confirming.
    pub confirm_by: Option<String>,
    pub lines: i64,
    pub open: i64,
    pub confirmed: i64,
    pub appealed: i64,
    /// Lines that wait for a terminal.
    pub waiting: i64,
    /// Distributors that delivered in the month before and have no line in this one.
    pub missing: Vec<String>,
    /// Who did what with it, the latest first.
    pub steps: Vec<PeriodStep>,
}

/// Something done with a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodStep {
    pub state: String,
    pub by: String,
    pub reason: String,
    pub at: String,
}

/// The name of a month's state in the current language.
pub fn period_label(state: &str) -> String {
    match state {
        "confirming" => tr!("flow.period.confirming"),
        "closed" => tr!("flow.period.closed"),
        _ => tr!("flow.period.open"),
    }
}

/// The name of a line's state in the current language.
pub fn line_label(state: &str) -> String {
    match state {
        "waiting" => tr!("flow.line.waiting"),
        "confirmed" => tr!("flow.line.confirmed"),
        "appealed" => tr!("flow.line.appealed"),
        "reversed" => tr!("flow.line.reversed"),
        "reversal" => tr!("flow.line.reversal"),
        _ => tr!("flow.line.open"),
    }
}

/// A printed name without a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedRow {
    pub printed: String,
    /// The code printed with it, where one was.
    pub code: String,
    pub lines: i64,
    pub quantity: i64,
    pub distributors: String,
    pub suggestions: Vec<Suggestion>,
}

/// A decision about a printed name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRow {
    pub id: String,
    pub printed: String,
    pub terminal: String,
    pub lines: i64,
    pub by: String,
    pub at: String,
}

/// Names that wait for a terminal, and the latest decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    pub names: Vec<PrintedRow>,
    /// Names in all.
    pub total: i64,
    pub page: i64,
    pub decided: Vec<MatchRow>,
    /// Ids and names.
    pub distributors: Vec<(String, String)>,
}

/// A terminal with lines to confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmRow {
    pub terminal_id: String,
    pub terminal: String,
    pub city: String,
    pub lines: i64,
    pub open: i64,
    pub appealed: i64,
    /// The earliest day by which something is to be confirmed.
    pub due: Option<String>,
    pub overdue: bool,
    /// Sums of the month, of the one before and of the same a year ago; nobody's for a medical rep.
    pub sums: Option<Sums>,
}

/// Quantities and amounts (fen) of a month, the month before, and the same month a year ago.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub quantity: i64,
    pub fen: i64,
    pub before: i64,
    pub year_ago: i64,
}

/// My terminals in a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfirmPage {
    pub month: String,
    pub months: Vec<String>,
    pub state: String,
    pub confirm_by: Option<String>,
    pub page: Page<ConfirmRow>,
    /// Lines to be confirmed in all, and those confirmed.
    pub open: i64,
    pub confirmed: i64,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    pub id: String,
    pub document_no: String,
    pub distributor: String,
    pub product: String,
    pub specification: String,
    pub batch: String,
    pub quantity: i64,
    pub unit: String,
    /// Fen; nobody's for a medical rep.
    pub price_fen: Option<i64>,
    pub sold_on: String,
    pub month: String,
    /// Whether its day lies in another month.
    pub adjustment: bool,
    pub state: String,
    pub due: Option<String>,
    pub confirmed_by: Option<String>,
    /// The appeal that is open about it, or was decided last.
    pub appeal_id: Option<String>,
    /// Whether an appeal can be raised about it: one that was rejected is raised once more by itself.
    pub may_appeal: bool,
    /// Printed otherwise than the terminal is called.
    pub printed: Option<String>,
    /// Whether the asker confirms it.
    pub mine: bool,
}

/// A terminal's lines in a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerminalLines {
    pub terminal_id: String,
    pub terminal: String,
    pub month: String,
    pub months: Vec<String>,
    pub state: String,
    pub confirm_by: Option<String>,
    /// Names of those who look after it today, with their business lines where there are several.
    pub owners: Vec<(String, String)>,
    /// Whether the asker confirms here.
    pub mine: bool,
    pub sums: Option<Sums>,
    /// Open lines that the asker confirms.
    pub open: i64,
    pub page: Page<LineRow>,
}

/// Reasons of an appeal (domain, Flow).
pub const APPEAL_REASONS: [&str; 5] = ["not_mine", "quantity", "missing", "duplicate", "other"];

/// The name of a reason in the current language.
pub fn appeal_reason_label(reason: &str) -> String {
    match reason {
        "not_mine" => tr!("flow.appeal.not_mine"),
        "quantity" => tr!("flow.appeal.quantity_wrong"),
        "missing" => tr!("flow.appeal.missing"),
        "duplicate" => tr!("flow.appeal.duplicate"),
        _ => tr!("flow.appeal.other"),
    }
}

/// The name of an appeal's state in the current language.
pub fn appeal_label(state: &str) -> String {
    match state {
        "manager" => tr!("flow.appeal.at_manager"),
        "operations" => tr!("flow.appeal.at_operations"),
        "accepted" => tr!("flow.appeal.is_accepted"),
        "rejected" => tr!("flow.appeal.is_rejected"),
        _ => tr!("flow.appeal.is_withdrawn"),
    }
}

/// A row of the list of appeals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealRow {
    pub id: String,
    pub terminal: String,
    pub product: String,
    pub reason: String,
    pub state: String,
    pub round: i64,
    pub by: String,
    pub at: String,
    pub due: String,
    pub late: bool,
}

/// A step of an appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealStep {
    pub id: String,
    pub act: String,
    pub by: String,
    pub at: String,
    pub body: String,
    pub photo: bool,
    /// Of a decision: none, reverse, quantity, terminal or add, with the quantity or the terminal's name.
    pub correction: String,
    pub corrected: String,
}

/// One appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    pub row: AppealRow,
    pub terminal_id: String,
    pub body: String,
    pub quantity: Option<i64>,
    pub sold_on: Option<String>,
    pub document_no: String,
    pub line: Option<LineRow>,
    pub steps: Vec<AppealStep>,
    pub mine: bool,
    /// What the asker may do now.
    pub may_support: bool,
    pub may_decide: bool,
    pub may_raise_again: bool,
    pub may_withdraw: bool,
}

/// What the form of an appeal shows and offers: the line it is about, products and distributors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealForm {
    pub line: Option<LineRow>,
    pub products: Vec<(String, String)>,
    pub distributors: Vec<(String, String)>,
}

/// How appeals stand by distributor or reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealStat {
    pub name: String,
    pub raised: i64,
    pub open: i64,
    pub accepted: i64,
    pub rejected: i64,
}

/// A page of appeals and their statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppealPage {
    pub page: Page<AppealRow>,
    pub by_reason: Vec<AppealStat>,
    pub by_distributor: Vec<AppealStat>,
}

/// By what a report groups.
pub const GROUPS: [&str; 8] = [
    "terminal",
    "group",
    "product",
    "line",
    "distributor",
    "region",
    "rep",
    "month",
];

/// The name of a grouping in the current language.
pub fn group_label(group: &str) -> String {
    match group {
        "group" => tr!("flow.report.group"),
        "product" => tr!("flow.report.product"),
        "line" => tr!("flow.report.line"),
        "distributor" => tr!("flow.report.distributor"),
        "region" => tr!("flow.report.region"),
        "rep" => tr!("flow.report.rep"),
        "month" => tr!("flow.report.month"),
        _ => tr!("flow.report.terminal"),
    }
}

/// What a report shows, as it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportFilter {
    /// One of [`GROUPS`].
    pub by: String,
    /// First and last month, both included.
    pub from: String,
    pub to: String,
    pub product: String,
    pub distributor: String,
    pub province: String,
    /// `quantity`, `fen` or `name`.
    pub sort: String,
    /// `new` or `lost` terminals only.
    pub only: String,
}

/// A row of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportRow {
    pub rank: i64,
    pub id: String,
    pub name: String,
    pub quantity: i64,
    pub fen: i64,
    pub lines: i64,
    /// Quantity of as many months before, and a year ago.
    pub before: i64,
    pub year_ago: i64,
    /// Quantities by month, the first first.
    pub months: Vec<i64>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowTable {
    pub filter: ReportFilter,
    pub months: Vec<String>,
    pub page: Page<ReportRow>,
    /// Of all rows.
    pub total: ReportRow,
    pub products: Vec<(String, String)>,
    pub distributors: Vec<(String, String)>,
    pub provinces: Vec<String>,
    /// Terminals with goods in these months and none in as many before, and the other way round.
    pub new: i64,
    pub lost: i64,
    /// Distributors with lines in the month before the last one and none in it, within scope.
    pub missing: Vec<String>,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct FileRow {
    pub id: String,
    pub name: String,
    /// SHA-256 of the original.
    pub sha256: String,
    pub row_count: i64,
    pub line_count: i64,
    pub repeat_count: i64,
    pub conflict_count: i64,
    pub invalid_count: i64,
    pub staff_name: String,
    pub at: i64,
    /// Day and minute.
    #[cfg_attr(feature = "ssr", sqlx(default))]
    pub imported: String,
}

/// A row that differs from a known line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictRow {
    pub file_id: String,
    pub row: i64,
    pub terminal: String,
    pub product: String,
    pub document_no: String,
    /// Field, value on file and value in the row.
    pub differs: Vec<(String, String, String)>,
}

/// Fields of a line and what files usually call them, as the form that names columns offers them.
pub const COLUMN_FIELDS: [(&str, &str); 15] = [
    ("document", "单据号"),
    ("line", "行号"),
    ("distributor", "商业公司"),
    ("terminal_code", "终端编码"),
    ("terminal", "终端名称"),
    ("product_code", "产品编码"),
    ("product", "通用名称"),
    ("specification", "规格"),
    ("batch", "批号"),
    ("expires", "有效期至"),
    ("quantity", "数量"),
    ("unit", "单位"),
    ("price", "单价"),
    ("amount", "金额"),
    ("sold_on", "销售日期"),
];
