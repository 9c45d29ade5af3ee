//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::Page;

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 单选题
    Single,
    /// 多选题
    Multiple,
    /// 判断题
    TrueFalse,
    /// 填空题
    Fill,
    /// 排序题
    Ordering,
    /// 匹配题
    Matching,
    /// 简答题, marked by a person.
    Short,
}

impl Kind {
    /// All kinds, in the order of the list.
    pub const ALL: [Kind; 7] = [
        Kind::Single,
        Kind::Multiple,
        Kind::TrueFalse,
        Kind::Fill,
        Kind::Ordering,
        Kind::Matching,
        Kind::Short,
    ];

    /// The name in tables, addresses and files.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Single => "single",
            Kind::Multiple => "multiple",
            Kind::TrueFalse => "true_false",
            Kind::Fill => "fill",
            Kind::Ordering => "ordering",
            Kind::Matching => "matching",
            Kind::Short => "short",
        }
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name in the current language.
    pub fn label(self) -> String {
        match self {
            Kind::Single => tr!("question.kind.single"),
            Kind::Multiple => tr!("question.kind.multiple"),
            Kind::TrueFalse => tr!("question.kind.true_false"),
            Kind::Fill => tr!("question.kind.fill"),
            Kind::Ordering => tr!("question.kind.ordering"),
            Kind::Matching => tr!("question.kind.matching"),
            Kind::Short => tr!("question.kind.short"),
        }
    }
}

/// One option of a choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub text: String,
    pub right: bool,
    /// Shown to who chose it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub feedback: String,
}

/// One blank to fill in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Blank {
    /// Texts that are right; compared without regard to width, case and spaces. `*` stands for anything, `\*` for itself.
    pub accept: Vec<String>,
    /// Ranges of numbers that are right, ends included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<(f64, f64)>,
}

/// What is answered, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    Single {
        choices: Vec<Choice>,
    },
    Multiple {
        choices: Vec<Choice>,
    },
    TrueFalse {
        right: bool,
    },
    Fill {
        blanks: Vec<Blank>,
    },
    /// The items in their right order.
    Ordering {
        items: Vec<String>,
    },
    /// Left and right of each pair, and further right sides that fit nothing.
    Matching {
        pairs: Vec<(String, String)>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        extra: Vec<String>,
    },
    /// A model answer for whoever marks.
    Short {
        model: String,
    },
}

impl Body {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Body::Single { .. } => Kind::Single,
            Body::Multiple { .. } => Kind::Multiple,
            Body::TrueFalse { .. } => Kind::TrueFalse,
            Body::Fill { .. } => Kind::Fill,
            Body::Ordering { .. } => Kind::Ordering,
            Body::Matching { .. } => Kind::Matching,
            Body::Short { .. } => Kind::Short,
        }
    }

    /// The same without what is said to those who choose an option.
    pub fn without_feedback(&self) -> Body {
        let mut body = self.clone();
        if let Body::Single { choices } | Body::Multiple { choices } = &mut body {
            choices.iter_mut().for_each(|c| c.feedback.clear());
        }
        body
    }

    /// Options and answer as forms and spreadsheets write them.
    pub fn written(&self) -> (Vec<String>, String) {
        let marked = |choices: &[Choice]| {
            let options = choices.iter().map(|c| c.text.clone()).collect();
            let answer = choices
                .iter()
                .enumerate()
                .filter(|(_, c)| c.right)
                .map(|(i, _)| letter(i))
                .collect();
            (options, answer)
        };
        match self {
            Body::Single { choices } | Body::Multiple { choices } => marked(choices),
            Body::TrueFalse { right } => (Vec::new(), if *right { "对" } else { "错" }.to_owned()),
            Body::Fill { blanks } => (Vec::new(), blanks_text(blanks)),
            Body::Ordering { items } => (items.clone(), (0..items.len()).map(letter).collect()),
            Body::Matching { pairs, extra } => (
                pairs
                    .iter()
                    .map(|(left, right)| format!("{left} => {right}"))
                    .chain(extra.iter().map(|right| format!("=> {right}")))
                    .collect(),
                String::new(),
            ),
            Body::Short { model } => (Vec::new(), model.clone()),
        }
    }
}

/// Blanks as they are written in an answer: `；` between blanks, `|` between texts that are right, `\\` before either taken
/// as it is, and `≈LOW..HIGH` for a range of numbers.
fn blanks_text(blanks: &[Blank]) -> String {
    let escape = |text: &String| {
        let mut out = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let doubtful = c == '\\' && chars.peek().is_none_or(|n| "\\|；;".contains(*n));
            if "|；;".contains(c) || doubtful {
                out.push('\\');
            }
            out.push(c);
        }
        out
    };
    let one = |blank: &Blank| {
        let mut parts: Vec<String> = blank.accept.iter().map(escape).collect();
        parts.extend(
            blank
                .ranges
                .iter()
                .map(|(low, high)| format!("≈{low}..{high}")),
        );
        parts.join("|")
    };
    blanks.iter().map(one).collect::<Vec<_>>().join("；")
}

/// A question as it is entered, imported and exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The company's own number; empty where there is none.
    pub code: String,
    /// A short name; may be empty.
    pub title: String,
    pub stem: String,
    pub body: Body,
    /// 解析
    pub explanation: String,
    /// A path with `/` between its parts, such as `心血管/高血压`; may be empty.
    pub category: String,
    pub tags: Vec<String>,
    /// 1 (easy) to 5 (hard).
    pub difficulty: i64,
    /// Ids of pictures.
    #[serde(default)]
    pub images: Vec<String>,
}

/// The difficulty of a question that says nothing of it.
pub const MIDDLE: i64 = 3;

/// The name of a difficulty in the current language.
pub fn difficulty_label(difficulty: i64) -> String {
    match difficulty {
        1 => tr!("question.difficulty_1"),
        2 => tr!("question.difficulty_2"),
        4 => tr!("question.difficulty_4"),
        5 => tr!("question.difficulty_5"),
        _ => tr!("question.difficulty_3"),
    }
}

/// The letter of an option counted from 0: A to Z.
pub fn letter(place: usize) -> char {
    char::from(b'A' + (place % 26) as u8)
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct QuestionRow {
    pub id: String,
    pub code: String,
    pub kind: String,
    /// The first 120 characters.
    pub stem: String,
    pub category: String,
    pub difficulty: i64,
    pub version: i64,
    /// Whether it is out of use.
    pub archived: bool,
    /// How many others have the same stem.
    pub twins: i64,
    /// How many pictures it has.
    pub pictures: i64,
}

/// The list with what its filter offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionList {
    pub page: Page<QuestionRow>,
    /// Whether there are more than were counted.
    pub more: bool,
    pub categories: Vec<String>,
    pub tags: Vec<String>,
}

/// A version in the history of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    pub version: i64,
    pub by: String,
    /// Day and minute.
    pub at: String,
}

/// One question with its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionView {
    pub id: String,
    pub draft: Draft,
    /// The version that is shown.
    pub version: i64,
    /// The newest one.
    pub latest: i64,
    pub archived: bool,
    pub versions: Vec<VersionRow>,
    /// Ids and stems of others with the same stem.
    pub twins: Vec<(String, String)>,
}

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Gift,
    Aiken,
    Xlsx,
    Text,
}

impl Format {
    /// All of them, the richest first.
    pub const ALL: [Format; 4] = [Format::Xlsx, Format::Gift, Format::Aiken, Format::Text];

    /// The name in commands and addresses.
    pub fn code(self) -> &'static str {
        match self {
            Format::Gift => "gift",
            Format::Aiken => "aiken",
            Format::Xlsx => "xlsx",
            Format::Text => "text",
        }
    }

    /// The format of a name.
    pub fn parse(code: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.code() == code)
    }

    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Xlsx => "xlsx",
            _ => "txt",
        }
    }

    /// The name in the current language.
    pub fn label(self) -> String {
        match self {
            Format::Gift => "GIFT".to_owned(),
            Format::Aiken => "Aiken".to_owned(),
            Format::Xlsx => "XLSX".to_owned(),
            Format::Text => tr!("question.format_text"),
        }
    }
}

impl Draft {
    /// Takes over what a form has no fields for: pictures, and the feedback of options that stayed.
    pub fn keep_what_the_form_lacks(&mut self, before: &Draft) {
        self.images.clone_from(&before.images);
        let (
            Body::Single { choices } | Body::Multiple { choices },
            Body::Single { choices: earlier } | Body::Multiple { choices: earlier },
        ) = (&mut self.body, &before.body)
        else {
            return;
        };
        for choice in choices {
            if let Some(same) = earlier.iter().find(|e| e.text == choice.text) {
                choice.feedback.clone_from(&same.feedback);
            }
        }
    }
}
