//! The files that questions come and go in. Every reader gives drafts and faults with the line they stand in; an
//! import turns them into the rows of one spreadsheet, so that all formats share its preview, progress and refused rows.

pub mod aiken;
pub mod gift;
pub mod sheet;
pub mod text;

use super::model::{Body, Draft, Format};
use crate::importing::model::Invalid;
use crate::importing::table::{self, Table};
use crate::shared::{AppError, FieldError};

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: i64,
    /// The column or part of the question.
    pub field: String,
    pub reason: String,
}

/// One question of a file.
#[derive(Debug)]
pub struct Item {
    /// The line it begins in, from 1.
    pub line: i64,
    /// Its text as it stands in the file; empty for what turned out to be no question.
    pub source: String,
    pub result: Result<Draft, Vec<Fault>>,
}

/// A file that was read.
#[derive(Debug, Default)]
pub struct Parsed {
    pub items: Vec<Item>,
    /// What is no question and was passed over, such as GIFT's descriptions.
    pub skipped: i64,
}

/// What a block of text is.
pub(super) enum Found {
    Question(Box<Draft>),
    Description,
}

/// The format of a file, told by its content.
pub fn guess(bytes: &[u8]) -> Format {
    if table::is_workbook(bytes) {
        return Format::Xlsx;
    }
    let text = decode(bytes);
    if text
        .lines()
        .any(|line| line.trim_start().starts_with("ANSWER:"))
    {
        return Format::Aiken;
    }
    let braces = text.contains('{') && text.contains('}');
    let header = text.lines().next().unwrap_or_default();
    if header.contains("题型") && header.contains("题干") {
        // A spreadsheet as CSV.
        return Format::Xlsx;
    }
    let gift = text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("::") || line.starts_with("$CATEGORY:") || line.starts_with("//")
    });
    if braces && (gift || text.contains("{=") || text.contains('~') || text.contains("\n=")) || gift
    {
        Format::Gift
    } else {
        Format::Text
    }
}

/// UTF-8 with or without a mark, else GB18030; line ends become `\n`.
pub fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
    };
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Reads a file into the rows of the import's spreadsheet.
pub fn table(bytes: &[u8], format: Option<Format>) -> Result<Table, AppError> {
    let format = format.unwrap_or_else(|| guess(bytes));
    let parsed = match format {
        Format::Xlsx => {
            let mut table = Table::read(bytes)?;
            table.rename(sheet::NAMES);
            table.require(&["题型", "题干"])?;
            return Ok(table);
        }
        Format::Gift => gift::read(&decode(bytes)),
        Format::Aiken => aiken::read(&decode(bytes)),
        Format::Text => text::read(&decode(bytes)),
    };
    if parsed.items.is_empty() {
        return Err(AppError::Invalid(vec![FieldError {
            field: String::new(),
            key: "question.fault.no_questions".into(),
            args: vec![("format".into(), format.label())],
        }]));
    }
    let mut table = Table {
        header: sheet::COLUMNS.iter().map(ToString::to_string).collect(),
        skipped: parsed.skipped,
        ..Table::default()
    };
    for (number, item) in (1..).zip(parsed.items) {
        table.lines.insert(number, item.line);
        let cells = match item.result {
            Ok(draft) => sheet::cells(&draft),
            Err(faults) => {
                let mut seen = Vec::new();
                for fault in faults {
                    table.lines.insert(number, fault.line);
                    seen.push(Invalid {
                        row: number,
                        line: Some(fault.line),
                        field: fault.field,
                        reason: fault.reason,
                    });
                }
                table.faults.extend(seen);
                sheet::source(&item.source)
            }
        };
        table.rows.push((number, cells));
    }
    Ok(table)
}

/// Questions as a file, and how many the format could not hold.
pub fn write(drafts: &[Draft], format: Format) -> Result<(Vec<u8>, usize), AppError> {
    let holds: fn(&Draft) -> bool = match format {
        Format::Gift => gift::holds,
        Format::Aiken => aiken::holds,
        Format::Text => text::holds,
        Format::Xlsx => sheet::holds,
    };
    let (held, left): (Vec<&Draft>, Vec<&Draft>) = drafts.iter().partition(|d| holds(d));
    if format == Format::Xlsx {
        let book = sheet::workbook(&held).map_err(crate::server::db::internal)?;
        return Ok((book, left.len()));
    }
    let mut out = String::new();
    match format {
        Format::Gift => {
            let mut category = "";
            for draft in held {
                if draft.category != category {
                    gift::write_category(&draft.category, &mut out);
                    category = &draft.category;
                }
                gift::write(draft, &mut out);
            }
        }
        Format::Aiken => held.iter().for_each(|d| aiken::write(d, &mut out)),
        _ => {
            for (number, draft) in (1..).zip(held) {
                text::write(draft, number, &mut out);
            }
        }
    }
    Ok((out.into_bytes(), left.len()))
}

/// The parts of a path; `//` is a slash within a part.
pub(super) fn categories_split(path: &str) -> Vec<String> {
    path.replace("//", "\u{0}")
        .split('/')
        .map(|part| part.replace('\u{0}', "／").trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

pub(super) fn categories_join(parts: &[String]) -> String {
    parts.join("/")
}

/// What every question must have, whatever it came from.
pub fn check(draft: &Draft) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let mut ensure = |ok: bool, field, reason: fn() -> String| {
        if !ok {
            faults.push((field, reason()));
        }
    };
    let length = |text: &str| text.chars().count();
    ensure(!draft.stem.trim().is_empty(), "题干", || {
        tr!("question.fault.no_stem")
    });
    ensure(length(&draft.stem) <= 4_000, "题干", || {
        tr!("question.fault.long")
    });
    ensure(length(&draft.explanation) <= 4_000, "解析", || {
        tr!("question.fault.long")
    });
    ensure(length(&draft.code) <= 40, "编号", || {
        tr!("question.fault.long")
    });
    ensure(length(&draft.title) <= 120, "标题", || {
        tr!("question.fault.long")
    });
    ensure(length(&draft.category) <= 120, "分类", || {
        tr!("question.fault.long")
    });
    ensure(
        draft.tags.len() <= 20 && draft.tags.iter().all(|t| length(t) <= 30),
        "标签",
        || tr!("question.fault.tags"),
    );
    ensure((1..=5).contains(&draft.difficulty), "难度", || {
        tr!("question.fault.difficulty")
    });
    match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => {
            ensure((2..=26).contains(&choices.len()), "选项", || {
                tr!("question.fault.option_count")
            });
            ensure(
                choices.iter().all(|c| !c.text.trim().is_empty()),
                "选项",
                || tr!("question.fault.empty_option"),
            );
            ensure(
                choices.iter().all(|c| length(&c.text) <= 1_000),
                "选项",
                || tr!("question.fault.long"),
            );
            let mut texts: Vec<&str> = choices.iter().map(|c| c.text.trim()).collect();
            texts.sort_unstable();
            ensure(texts.windows(2).all(|w| w[0] != w[1]), "选项", || {
                tr!("question.fault.same_options")
            });
            let right = choices.iter().filter(|c| c.right).count();
            if matches!(draft.body, Body::Single { .. }) {
                ensure(right == 1, "答案", || tr!("question.fault.one_right"));
            } else {
                ensure(right >= 1, "答案", || tr!("question.fault.no_answer"));
            }
        }
        Body::Fill { blanks } => {
            ensure((1..=20).contains(&blanks.len()), "答案", || {
                tr!("question.fault.no_answer")
            });
            ensure(
                blanks
                    .iter()
                    .all(|b| !b.ranges.is_empty() || b.accept.iter().any(|a| !a.trim().is_empty())),
                "答案",
                || tr!("question.fault.no_answer"),
            );
        }
        Body::Ordering { items } => {
            ensure((2..=26).contains(&items.len()), "选项", || {
                tr!("question.fault.few_items")
            });
            let mut texts: Vec<&str> = items.iter().map(|i| i.trim()).collect();
            texts.sort_unstable();
            ensure(texts.windows(2).all(|w| w[0] != w[1]), "选项", || {
                tr!("question.fault.same_options")
            });
        }
        Body::Matching { pairs, extra } => {
            ensure(
                (2..=26).contains(&pairs.len()) && pairs.len() + extra.len() <= 26,
                "选项",
                || tr!("question.fault.few_pairs"),
            );
        }
        Body::TrueFalse { .. } | Body::Short { .. } => {}
    }
    faults
}
