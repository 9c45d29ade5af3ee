//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::flow::model::FlowReport;
use crate::shared::Permission;

/// What can be imported from a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    People,
    Hospitals,
    Assignments,
    Hcps,
    Questions,
    Checkins,
    Products,
    Flow,
}

impl Kind {
    /// All kinds, in the order in which a company starts.
    pub const ALL: [Kind; 8] = [
        Kind::People,
        Kind::Hospitals,
        Kind::Assignments,
        Kind::Hcps,
        Kind::Questions,
        Kind::Checkins,
        Kind::Products,
        Kind::Flow,
    ];

    /// The name in commands and addresses.
    pub fn code(self) -> &'static str {
        match self {
            Kind::People => "people",
            Kind::Hospitals => "hospitals",
            Kind::Assignments => "assignments",
            Kind::Hcps => "hcps",
            Kind::Questions => "questions",
            Kind::Checkins => "checkins",
            Kind::Products => "products",
            Kind::Flow => "flow",
        }
    }

    /// The kind of a name.
    pub fn parse(code: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.code() == code)
    }

    /// The name in the current language.
    pub fn label(self) -> String {
        match self {
            Kind::People => tr!("import.people"),
            Kind::Hospitals => tr!("import.hospitals"),
            Kind::Assignments => tr!("import.assignments"),
            Kind::Hcps => tr!("import.hcps"),
            Kind::Questions => tr!("import.questions"),
            Kind::Checkins => tr!("import.checkins"),
            Kind::Products => tr!("import.products"),
            Kind::Flow => tr!("import.flow"),
        }
    }

    /// What it takes to import this kind.
    pub fn permission(self) -> Permission {
        match self {
            Kind::Hcps => Permission::ImportHcps,
            Kind::Questions => Permission::WriteQuestions,
            Kind::Products => Permission::WriteProducts,
            Kind::Flow => Permission::OperateFlow,
            _ => Permission::Import,
        }
    }

    /// The columns of its spreadsheet, each with whether it must be filled.
    pub fn columns(self) -> &'static [(&'static str, bool)] {
        match self {
            Kind::People => &[
                ("姓名", true),
                ("手机号", true),
                ("角色", true),
                ("部门", true),
                ("工号", false),
                ("管理部门", false),
            ],
            Kind::Hospitals => &[
                ("终端编码", true),
                ("终端名称", true),
                ("类型", false),
                ("省份", false),
                ("城市", false),
                ("地址", false),
                ("等级", false),
                ("纬度", false),
                ("经度", false),
                ("状态", false),
                ("上级终端", false),
            ],
            Kind::Assignments => &[
                ("终端编码", true),
                ("负责人手机号", true),
                ("开始日期", false),
                ("业务线", false),
            ],
            Kind::Hcps => &[
                ("姓名", true),
                ("手机号", true),
                ("医院", true),
                ("科室", false),
                ("职称", false),
                ("性别", false),
                ("省份", false),
                ("城市", false),
                ("客户编码", false),
                ("类型", false),
                ("专业", false),
                ("医院编码", false),
                ("邮箱", false),
                ("办公电话", false),
                ("标签", false),
                ("方便时间", false),
                ("负责人工号", false),
                ("负责人手机号", false),
            ],
            Kind::Questions => &[
                ("题型", true),
                ("题干", true),
                ("选项A", false),
                ("选项B", false),
                ("选项C", false),
                ("选项D", false),
                ("选项E", false),
                ("选项F", false),
                ("答案", false),
                ("解析", false),
                ("分类", false),
                ("标签", false),
                ("难度", false),
                ("编号", false),
                ("标题", false),
            ],
            Kind::Checkins => &[
                ("员工账号", true),
                ("签到日期", true),
                ("签到时间", true),
                ("签到地点", true),
                ("序号", false),
                ("部门", false),
                ("员工姓名", false),
                ("当日签到汇总", false),
            ],
            Kind::Products => &[
                ("产品编码", true),
                ("通用名称", true),
                ("规格", true),
                ("批准文号", false),
                ("商品名", false),
                ("单位", false),
                ("分类", false),
                ("关键词", false),
                ("生产企业", false),
                ("业务线", false),
                ("适应症", false),
                ("用法用量", false),
            ],
            Kind::Flow => &[
                ("商业公司", true),
                ("终端名称", true),
                ("通用名称", true),
                ("数量", true),
                ("销售日期", true),
                ("单据号", false),
                ("行号", false),
                ("终端编码", false),
                ("产品编码", false),
                ("规格", false),
                ("批号", false),
                ("有效期至", false),
                ("单位", false),
                ("单价", false),
                ("金额", false),
            ],
        }
    }

    /// Whether rows that are refused keep no others back: they are kept aside with their reasons.
    pub fn keeps_aside(self) -> bool {
        self == Kind::Flow
    }

    /// Whether what is on file can be filled up, overwritten or left alone; else it is always overwritten.
    pub fn has_modes(self) -> bool {
        matches!(self, Kind::Hcps | Kind::Questions)
    }

    /// What to know about a column, where its name does not say it all.
    pub fn note(self, column: &str) -> Option<String> {
        Some(match (self, column) {
            (Kind::People, "部门") => tr!("import.note.unit"),
            (Kind::People, "管理部门") => tr!("import.note.manages"),
            (Kind::Hospitals, "纬度") => tr!("import.note.datum"),
            (Kind::Hospitals, "状态") => tr!("import.note.status"),
            (Kind::Hospitals, "上级终端") => tr!("import.note.parent"),
            (Kind::Assignments, "开始日期") => tr!("import.note.starts"),
            (Kind::Assignments | Kind::Products, "业务线") => tr!("import.note.line"),
            (Kind::Hcps, "手机号") => tr!("import.note.phone"),
            (Kind::Hcps, "客户编码") => tr!("import.note.code"),
            (Kind::Hcps, "医院") => tr!("import.note.hospital"),
            (Kind::Hcps, "医院编码") => tr!("import.note.hospital_code"),
            (Kind::Hcps, "类型") => tr!("import.note.kind"),
            (Kind::Hcps, "标签") => tr!("import.note.tags"),
            (Kind::Hcps, "负责人工号") => tr!("import.note.owner"),
            (Kind::Flow, "商业公司") => tr!("flow.note.columns"),
            (Kind::Flow, "行号") => tr!("flow.note.line"),
            (Kind::Flow, "数量") => tr!("flow.note.quantity"),
            (Kind::Questions, "题型") => tr!("import.note.question_kind"),
            (Kind::Questions, "答案") => tr!("import.note.answer"),
            (Kind::Questions, "选项A") => tr!("import.note.options"),
            (Kind::Questions, "分类") => tr!("import.note.category"),
            (Kind::Questions, "编号") => tr!("import.note.question_code"),
            _ => return None,
        })
    }
}

/// What happens to a record that is on file already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Only what is empty is filled.
    Fill,
    /// What the file says replaces what is there; an empty cell erases nothing.
    #[default]
    Overwrite,
    /// It stays as it is.
    Skip,
}

impl Existing {
    /// All of them, the usual one first.
    pub const ALL: [Existing; 3] = [Existing::Overwrite, Existing::Fill, Existing::Skip];

    /// The name in commands and forms.
    pub fn code(self) -> &'static str {
        match self {
            Existing::Fill => "fill",
            Existing::Overwrite => "overwrite",
            Existing::Skip => "skip",
        }
    }

    /// The mode of a name.
    pub fn parse(code: &str) -> Option<Existing> {
        Existing::ALL.into_iter().find(|e| e.code() == code)
    }

    /// The name in the current language, which says what it does.
    pub fn label(self) -> String {
        match self {
            Existing::Fill => tr!("import.mode.fill"),
            Existing::Overwrite => tr!("import.mode.overwrite"),
            Existing::Skip => tr!("import.mode.skip"),
        }
    }
}

/// Why a row of an import was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    /// As a spreadsheet shows it: the header is row 1.
    pub row: i64,
    /// The line, where the file was a text and its rows are questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// The column.
    pub field: String,
    pub reason: String,
}

/// The outcome of an import, or of its preview.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    pub rows: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    /// On file and left alone on purpose.
    #[serde(default, skip_serializing_if = "nothing")]
    pub skipped: i64,
    pub invalid: Vec<Invalid>,
    /// Whether it was carried out.
    #[serde(skip)]
    pub applied: bool,
    /// Of flow, which has classes of its own.
    #[serde(skip)]
    pub flow: Option<FlowReport>,
}

/// Only an import that skips says how many.
fn nothing(skipped: &i64) -> bool {
    *skipped == 0
}

/// What an import changes on one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedRow {
    pub row: i64,
    pub id: String,
    pub name: String,
    pub fields: Vec<FieldChange>,
}

/// One field before and after, as people read it; phones masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The label is the locale key `record.{field}`.
    pub field: String,
    pub before: String,
    pub after: String,
}

/// A row that would make a new HCP who looks like one on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimilarRow {
    pub row: i64,
    /// The name in the file.
    pub name: String,
    /// The HCP on file.
    pub id: String,
    pub on_file: String,
    pub hospital: String,
    pub department: String,
    /// 0 to 100.
    pub score: i64,
}

/// What a check found, or an import did. Counts are of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub rows: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub skipped: i64,
    pub invalid: i64,
    /// The first 500 reasons.
    pub faults: Vec<Invalid>,
    /// The first 200 records that change.
    pub changes: Vec<ChangedRow>,
    /// The first 200 new ones.
    #[serde(default)]
    pub new_rows: Vec<NewRow>,
    /// How many new ones look like somebody on file.
    pub similar: i64,
    /// The first 50 of them.
    pub similar_rows: Vec<SimilarRow>,
    /// Of flow, with its first suggestions.
    #[serde(default)]
    pub flow: Option<FlowReport>,
}

/// A new HCP of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRow {
    /// The row as a spreadsheet counts it.
    pub row: i64,
    pub name: String,
    pub hospital: String,
    pub department: String,
    /// Masked.
    pub phone: String,
}

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// queued, checking, checked, applying, done, failed or cancelled.
    pub status: String,
    pub rows_done: i64,
    pub rows_total: i64,
}

impl Progress {
    /// Whether there is more to wait for.
    pub fn unfinished(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "checking" | "applying")
    }
}

/// The name of a job's status in the current language.
pub fn status_label(status: &str) -> String {
    match status {
        "queued" => tr!("import.status.queued"),
        "checking" => tr!("import.status.checking"),
        "checked" => tr!("import.status.checked"),
        "applying" => tr!("import.status.applying"),
        "done" => tr!("import.status.done"),
        "cancelled" => tr!("import.status.cancelled"),
        _ => tr!("import.status.failed"),
    }
}

/// A row of the list of imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    pub id: String,
    pub kind: Kind,
    pub existing: Existing,
    pub file_name: String,
    pub progress: Progress,
    pub by: String,
    /// Day and minute.
    pub at: String,
}

/// An import with what is known of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    pub row: JobRow,
    /// Whether the job that runs or waits writes, rather than checks.
    pub applying: bool,
    pub report: Option<Report>,
    /// Why it failed.
    pub error: Option<crate::shared::AppError>,
    /// When it ended.
    pub finished_at: Option<String>,
}
