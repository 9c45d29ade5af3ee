//! The spreadsheet of questions: a row each, and the columns that every other format is turned into.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::check;
use crate::importing::table::Row;
use crate::question::model::{Blank, Body, Choice, Draft, Kind, MIDDLE, letter};

/// Columns before the options.
const FRONT: [&str; 4] = ["编号", "题型", "标题", "题干"];
/// Columns behind the options.
const BACK: [&str; 6] = ["答案", "解析", "分类", "标签", "难度", "图片"];
/// The question whole, where another format said more than the other columns hold.
pub const WHOLE: &str = "数据";
const OPTIONS: usize = 26;

/// All columns, in the order in which they are written.
pub static COLUMNS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
    FRONT
        .iter()
        .map(ToString::to_string)
        .chain((0..OPTIONS).map(option_column))
        .chain(BACK.iter().map(ToString::to_string))
        .chain([WHOLE.to_owned()])
        .collect()
});

/// What else people call the columns.
pub const NAMES: &[(&str, &[&str])] = &[
    ("编号", &["题号", "试题编号", "code", "id"]),
    ("题型", &["试题类型", "题目类型", "类型", "type"]),
    ("标题", &["名称", "title"]),
    (
        "题干",
        &["题目", "试题内容", "题目内容", "问题", "stem", "question"],
    ),
    ("选项A", &["A", "选项1", "A选项"]),
    ("选项B", &["B", "选项2", "B选项"]),
    ("选项C", &["C", "选项3", "C选项"]),
    ("选项D", &["D", "选项4", "D选项"]),
    ("选项E", &["E", "选项5", "E选项"]),
    ("选项F", &["F", "选项6", "F选项"]),
    ("选项G", &["G", "选项7", "G选项"]),
    ("选项H", &["H", "选项8", "H选项"]),
    ("答案", &["正确答案", "参考答案", "标准答案", "answer"]),
    ("解析", &["答案解析", "试题解析", "explanation"]),
    ("分类", &["章节", "类别", "category"]),
    ("标签", &["知识点", "考点", "tags"]),
    ("难度", &["难易度", "difficulty"]),
];

fn option_column(place: usize) -> String {
    format!("选项{}", letter(place))
}

/// A kind as people name it in files.
pub fn kind(text: &str) -> Option<Kind> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !"【】[]（）()：:".contains(*c))
        .collect();
    if let Some(kind) = Kind::parse(&text.to_ascii_lowercase()) {
        return Some(kind);
    }
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    Some(if has(&["不定项", "多选", "多项", "X型"]) {
        Kind::Multiple
    } else if has(&["单选", "单项", "最佳选择", "A1", "A2", "A3", "A4", "A型"]) {
        Kind::Single
    } else if has(&["判断", "是非", "对错"]) {
        Kind::TrueFalse
    } else if has(&["填空"]) {
        Kind::Fill
    } else if has(&["排序"]) {
        Kind::Ordering
    } else if has(&["匹配", "连线", "配伍"]) {
        Kind::Matching
    } else if has(&["简答", "问答", "论述", "名词解释", "案例"]) {
        Kind::Short
    } else if has(&["选择"]) {
        Kind::Single
    } else {
        return None;
    })
}

/// `对`, `√`, `A` and so on; none of them is nothing.
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "对" | "正确" | "是" | "√" | "✓" | "✔" | "t" | "true" | "y" | "yes" | "1" => {
            Some(true)
        }
        "错" | "错误" | "否" | "×" | "✗" | "✘" | "x" | "f" | "false" | "n" | "no" | "0" => {
            Some(false)
        }
        _ => None,
    }
}

/// A difficulty as people write it.
pub fn difficulty(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(MIDDLE);
    }
    let stars = text.chars().filter(|c| *c == '★').count() as i64;
    if stars > 0 {
        return (stars <= 5).then_some(stars);
    }
    match text {
        "易" | "容易" | "简单" | "easy" => Some(1),
        "较易" => Some(2),
        "中" | "中等" | "一般" | "适中" | "medium" => Some(3),
        "较难" => Some(4),
        "难" | "困难" | "hard" => Some(5),
        number => number.parse().ok().filter(|n| (1..=5).contains(n)),
    }
}

/// Tags of a text, in order and without repeats; a tag may have blanks in it.
pub fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = text
        .split([',', '，', '、', ';', '；'])
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Letters of an answer such as `AC`, `A,C` or `A、C`; nothing where something else stands there.
pub fn letters(text: &str) -> Option<Vec<usize>> {
    let mut out = Vec::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphabetic() => {
                out.push((c.to_ascii_uppercase() as u8 - b'A') as usize)
            }
            c if c.is_whitespace() => {}
            ',' | '，' | '、' | ';' | '；' | '.' | '/' | '>' | '-' | '→' | '—' => {}
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Blanks of a fill-in: `；` between blanks, `|` between texts that are right, `\` before either taken as it is, and
/// `≈LOW..HIGH` for a range of numbers.
pub fn blanks(text: &str) -> Vec<Blank> {
    let mut out = vec![Blank::default()];
    let mut part = String::new();
    let end = |part: &mut String, out: &mut Vec<Blank>| {
        let text = part.trim().to_owned();
        part.clear();
        let Some(blank) = out.last_mut() else { return };
        let range = text.strip_prefix('≈').and_then(|range| {
            let (low, high) = range.split_once("..").unwrap_or((range, range));
            Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
        });
        match range {
            Some(range) => blank.ranges.push(range),
            None if text.is_empty() => {}
            None => blank.accept.push(text),
        }
    };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.peek() {
                Some(&next) if "\\|；;".contains(next) => {
                    part.push(next);
                    chars.next();
                }
                _ => part.push('\\'),
            },
            '|' | '｜' => end(&mut part, &mut out),
            '；' | ';' => {
                end(&mut part, &mut out);
                out.push(Blank::default());
            }
            c => part.push(c),
        }
    }
    end(&mut part, &mut out);
    out
}

/// Left and right of a pair in an option's cell.
fn pair(cell: &str) -> Option<(String, String)> {
    let (left, right) = cell
        .split_once("=>")
        .or_else(|| cell.split_once('→'))
        .or_else(|| cell.split_once("——"))?;
    Some((left.trim().to_owned(), right.trim().to_owned()))
}

/// The draft of a row, or what is wrong with it: column and reason.
pub fn draft(row: &Row<'_>) -> Result<Draft, Vec<(String, String)>> {
    let whole = row.get_text(WHOLE);
    if !whole.is_empty() {
        let draft: Draft = serde_json::from_str(&whole)
            .map_err(|_| vec![(WHOLE.to_owned(), tr!("question.fault.whole"))])?;
        return checked(draft);
    }
    let mut faults: Vec<(String, String)> = Vec::new();
    let mut options: Vec<String> = (0..OPTIONS)
        .map(|i| row.get_text(&option_column(i)))
        .collect();
    while options.last().is_some_and(String::is_empty) {
        options.pop();
    }
    if options.iter().any(String::is_empty) {
        faults.push(("选项".to_owned(), tr!("question.fault.option_gap")));
    }
    let answer = row.get_text("答案");
    let named = row.get("题型");
    let kind = if named.is_empty() {
        None
    } else {
        let kind = kind(&named);
        if kind.is_none() {
            faults.push(("题型".to_owned(), tr!("question.fault.kind", kind = named)));
        }
        kind
    };
    let kind = kind.unwrap_or_else(|| infer(&options, &answer));
    let body = match body(kind, &options, &answer) {
        Ok(body) => Some(body),
        Err((field, reason)) => {
            faults.push((field.to_owned(), reason));
            None
        }
    };
    let hard = difficulty(&row.get("难度"));
    if hard.is_none() {
        faults.push(("难度".to_owned(), tr!("question.fault.difficulty")));
    }
    let images: Vec<String> = row
        .get("图片")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if images.iter().any(|id| id.len() != 64) {
        faults.push(("图片".to_owned(), tr!("question.fault.image")));
    }
    let (Some(body), true) = (body, faults.is_empty()) else {
        return Err(faults);
    };
    checked(Draft {
        code: row.get("编号"),
        title: row.get("标题"),
        stem: row.get_text("题干"),
        body,
        explanation: row.get_text("解析"),
        category: super::categories_join(&super::categories_split(&row.get("分类"))),
        tags: tags(&row.get("标签")),
        difficulty: hard.unwrap_or(MIDDLE),
        images,
    })
}

fn checked(draft: Draft) -> Result<Draft, Vec<(String, String)>> {
    let faults = check(&draft);
    if faults.is_empty() {
        return Ok(draft);
    }
    Err(faults
        .into_iter()
        .map(|(field, reason)| (field.to_owned(), reason))
        .collect())
}

/// The kind of a question that does not name it.
pub fn infer(options: &[String], answer: &str) -> Kind {
    if options.is_empty() {
        return match truth(answer) {
            Some(_) => Kind::TrueFalse,
            None => Kind::Short,
        };
    }
    match letters(answer) {
        Some(letters) if letters.len() > 1 => Kind::Multiple,
        _ => Kind::Single,
    }
}

/// The body out of options and answer; else the column and what is wrong there.
pub fn body(kind: Kind, options: &[String], answer: &str) -> Result<Body, (&'static str, String)> {
    let fault = |reason| ("答案", reason);
    let chosen = || -> Result<Vec<usize>, (&'static str, String)> {
        let places = letters(answer).ok_or_else(|| fault(tr!("question.fault.answer_letter")))?;
        if let Some(place) = places.iter().find(|p| **p >= options.len()) {
            return Err(fault(tr!(
                "question.fault.answer_unknown",
                letter = letter(*place)
            )));
        }
        let mut seen = places.clone();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() < places.len() {
            return Err(fault(tr!("question.fault.answer_twice")));
        }
        Ok(places)
    };
    Ok(match kind {
        Kind::Single | Kind::Multiple => {
            if options.len() < 2 {
                return Err(("选项", tr!("question.fault.option_count")));
            }
            let right = chosen()?;
            if kind == Kind::Single && right.len() != 1 {
                return Err(fault(tr!("question.fault.one_right")));
            }
            let choices = options
                .iter()
                .enumerate()
                .map(|(i, text)| Choice {
                    text: text.clone(),
                    right: right.contains(&i),
                    feedback: String::new(),
                })
                .collect();
            if kind == Kind::Single {
                Body::Single { choices }
            } else {
                Body::Multiple { choices }
            }
        }
        Kind::TrueFalse => {
            // 对 and 错 may stand as options, and the answer be their letter.
            let spelled = letters(answer)
                .filter(|l| l.len() == 1)
                .and_then(|l| options.get(l[0]))
                .and_then(|text| truth(text));
            let right = spelled
                .or_else(|| truth(answer))
                .ok_or_else(|| fault(tr!("question.fault.truth")))?;
            Body::TrueFalse { right }
        }
        Kind::Fill => {
            let blanks = blanks(answer);
            if blanks
                .iter()
                .any(|b| b.accept.is_empty() && b.ranges.is_empty())
            {
                return Err(fault(tr!("question.fault.no_answer")));
            }
            Body::Fill { blanks }
        }
        Kind::Ordering => {
            if options.len() < 2 {
                return Err(("选项", tr!("question.fault.few_items")));
            }
            let items = if answer.trim().is_empty() {
                options.to_vec()
            } else {
                let order = chosen()?;
                if order.len() != options.len() {
                    return Err(fault(tr!("question.fault.order_whole")));
                }
                order.into_iter().map(|i| options[i].clone()).collect()
            };
            Body::Ordering { items }
        }
        Kind::Matching => {
            let (mut pairs, mut extra) = (Vec::new(), Vec::new());
            for cell in options {
                match pair(cell) {
                    Some((left, right)) if left.is_empty() && !right.is_empty() => {
                        extra.push(right)
                    }
                    Some((left, right)) if !right.is_empty() => pairs.push((left, right)),
                    _ => return Err(("选项", tr!("question.fault.no_pair"))),
                }
            }
            if pairs.len() < 2 {
                return Err(("选项", tr!("question.fault.few_pairs")));
            }
            Body::Matching { pairs, extra }
        }
        Kind::Short => Body::Short {
            model: answer.trim().to_owned(),
        },
    })
}

/// Whether the columns hold a question whole.
pub fn holds(draft: &Draft) -> bool {
    let (options, answer) = draft.body.written();
    body(draft.body.kind(), &options, &answer)
        .is_ok_and(|back| back == draft.body.without_feedback())
}

/// A question as a row of [`COLUMNS`].
pub fn cells(draft: &Draft) -> Vec<String> {
    let (mut options, answer) = draft.body.written();
    options.resize(OPTIONS, String::new());
    let front = [
        draft.code.clone(),
        draft.body.kind().code().to_owned(),
        draft.title.clone(),
        draft.stem.clone(),
    ];
    let back = [
        answer,
        draft.explanation.clone(),
        draft.category.clone(),
        draft.tags.join("、"),
        draft.difficulty.to_string(),
        draft.images.join(" "),
    ];
    let whole = serde_json::to_string(draft).unwrap_or_default();
    front
        .into_iter()
        .chain(options)
        .chain(back)
        .chain([whole])
        .collect()
}

/// A row for what could not be read: its text stands in the stem's column.
pub fn source(text: &str) -> Vec<String> {
    let mut cells = vec![String::new(); COLUMNS.len()];
    // As much as a cell holds.
    cells[3] = text.chars().take(32_000).collect();
    cells
}

/// Questions as a workbook; as many option columns as are needed, and at least four.
pub fn workbook(drafts: &[&Draft]) -> Result<Vec<u8>, XlsxError> {
    let widest = drafts
        .iter()
        .map(|d| d.body.written().0.len())
        .max()
        .unwrap_or(0)
        .max(4);
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("试题")?;
    let heads = FRONT
        .iter()
        .map(ToString::to_string)
        .chain((0..widest).map(option_column))
        .chain(BACK.iter().map(ToString::to_string));
    for (column, head) in (0..).zip(heads) {
        sheet.write_with_format(0, column, head, &bold)?;
    }
    for (at, draft) in (1..).zip(drafts) {
        let mut cells = cells(draft);
        cells.pop();
        // Kinds are named as people name them.
        cells[1] = draft.body.kind().label();
        let shown = (0..)
            .zip(&cells)
            .filter(|(i, _)| *i < 4 + widest || *i >= 4 + OPTIONS);
        for (column, (_, text)) in (0..).zip(shown) {
            if !text.is_empty() {
                sheet.write_string(at, column, text)?;
            }
        }
    }
    book.save_to_buffer()
}
