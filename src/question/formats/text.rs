//! Plain text as Chinese exam papers have it: `1. 题干`, `A. …`, `答案：`, `解析：`, under headings like 一、单选题.
//!
//! There is no standard; the reader takes the common spellings. What it decides by is a folded copy of each line, of the
//! same number of characters, so that texts are kept as they were typed.

mod lines;

use self::lines::{Field, Line, field, fold, number, options, section};
use super::{Fault, Item, Parsed, check, sheet};
use crate::question::model::{Draft, Kind, MIDDLE, letter};

/// A question while its lines come in.
#[derive(Default)]
struct Open {
    line: i64,
    number: Option<i64>,
    section: Option<Kind>,
    source: Vec<String>,
    stem: Vec<String>,
    options: Vec<String>,
    answer: Option<(i64, String)>,
    fields: Vec<(Field, i64, String)>,
    last: Option<Field>,
    /// The number of the last line of a list within it.
    list: Option<i64>,
    faults: Vec<Fault>,
}

impl Open {
    fn answered(&self) -> bool {
        self.answer.is_some()
    }

    /// Whether nothing so far says that it is a question: a paper's title, the line for names.
    fn is_heading(&self) -> bool {
        self.number.is_none()
            && self.section.is_none()
            && self.options.is_empty()
            && self.answer.is_none()
    }

    /// The text of a field, with the line it stands in.
    fn field(&self, field: Field) -> Option<(i64, &str)> {
        self.fields
            .iter()
            .find(|(f, _, _)| *f == field)
            .map(|(_, line, text)| (*line, text.as_str()))
    }

    fn add(&mut self, field: Field, line: &Line, from: usize) {
        let text = line.text(from);
        self.last = Some(field);
        if field == Field::Answer {
            match &mut self.answer {
                None => self.answer = Some((line.number, text)),
                Some(_) => self.fault(line.number, "答案", tr!("question.fault.two_answers")),
            }
        } else {
            self.fields.push((field, line.number, text));
        }
    }

    /// A line that belongs to what came before it.
    fn go_on(&mut self, line: &Line) {
        let text = line.text(0);
        match self.last {
            Some(Field::Answer) => {
                if let Some((_, answer)) = &mut self.answer {
                    if !answer.is_empty() {
                        answer.push('\n');
                    }
                    answer.push_str(&text);
                }
            }
            Some(_) => {
                if let Some((_, _, last)) = self.fields.last_mut() {
                    if !last.is_empty() {
                        last.push('\n');
                    }
                    last.push_str(&text);
                }
            }
            None => match self.options.last_mut() {
                Some(option) => {
                    option.push('\n');
                    option.push_str(&text);
                }
                None => self.stem.push(text),
            },
        }
    }

    fn fault(&mut self, line: i64, field: &str, reason: String) {
        self.faults.push(Fault {
            line,
            field: field.to_owned(),
            reason,
        });
    }
}

/// Reads a file.
pub fn read(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<Open> = None;
    let mut kind = None;
    let mut category = String::new();
    let mut blank = true;
    for (number_of_line, raw) in (1..).zip(text.lines()) {
        let line = Line {
            number: number_of_line,
            chars: raw.chars().collect(),
            folded: fold(raw),
        };
        if raw.trim().is_empty() {
            blank = true;
            continue;
        }
        let after_blank = std::mem::replace(&mut blank, false);
        if let Some(announced) = section(&line) {
            parsed.items.extend(open.take().map(close));
            kind = announced;
            continue;
        }
        let found = field(&line);
        // A category before the first question, or between two, is for those that follow.
        if let Some((Field::Category, from)) = found
            && open.as_ref().is_none_or(|q| {
                q.is_heading() || (after_blank && (q.answered() || !q.options.is_empty()))
            })
        {
            parsed.items.extend(open.take().map(close));
            category = path(&line.text(from));
            continue;
        }
        if let Some((n, from)) = number(&line) {
            // A numbered list within a stem or an explanation is no new question.
            let next = open.as_ref().is_none_or(|q| {
                let list = q.list.is_some_and(|last| n == last + 1) && !after_blank;
                let follows = q.number.is_none_or(|last| n == last + 1);
                !list && (follows || (q.answered() && after_blank))
            });
            if next {
                parsed.items.extend(open.take().map(close));
                open = Some(begin(&line, Some(n), from, kind, &category));
                continue;
            }
            if let Some(question) = &mut open {
                question.list = Some(n);
            }
        }
        if open
            .as_ref()
            .is_some_and(|q| q.answered() && after_blank && q.number.is_none() && found.is_none())
        {
            parsed.items.extend(open.take().map(close));
        }
        let Some(question) = &mut open else {
            if found.is_none() {
                open = Some(begin(&line, None, 0, kind, &category));
            }
            continue;
        };
        question.source.push(raw.to_owned());
        if let Some((field, from)) = found {
            question.add(field, &line, from);
        } else if question.last.is_none()
            && let Some(more) = options(&line, question.options.len())
        {
            question.options.extend(more);
        } else {
            question.go_on(&line);
        }
    }
    parsed.items.extend(open.map(close));
    // A paper's title and the lines for names are no questions.
    let all = parsed.items.len();
    parsed.items.retain(|item| !item.source.is_empty());
    parsed.skipped += (all - parsed.items.len()) as i64;
    parsed
}

fn path(text: &str) -> String {
    super::categories_join(&super::categories_split(text))
}

fn begin(
    line: &Line,
    number: Option<i64>,
    from: usize,
    kind: Option<Kind>,
    category: &str,
) -> Open {
    let mut question = Open {
        line: line.number,
        number,
        section: kind,
        ..Open::default()
    };
    question.source.push(line.chars.iter().collect());
    let mut stem = line.text(from);
    // 【单选题】 or （多选） before the stem.
    let folded: String = fold(&stem).into_iter().collect();
    for (opening, closing) in [('[', ']'), ('(', ')')] {
        if let Some(rest) = folded.strip_prefix(opening)
            && let Some(end) = rest.find(closing)
            && let Some(kind) = sheet::kind(&rest[..end])
        {
            question.section = Some(kind);
            let skip = rest[..end].chars().count() + 2;
            stem = stem
                .chars()
                .skip(skip)
                .collect::<String>()
                .trim()
                .to_owned();
            break;
        }
    }
    if !category.is_empty() {
        question
            .fields
            .push((Field::Category, line.number, category.to_owned()));
    }
    question.stem.push(stem);
    question
}

/// An answer that stands in the stem, as `（ A ）` or `（√）`: the stem with an empty bracket, and the answer.
fn in_stem(stem: &str, options: usize) -> Option<(String, String)> {
    let chars: Vec<char> = stem.chars().collect();
    let folded = fold(stem);
    let mut end = folded.len();
    while let Some(close) = folded[..end].iter().rposition(|c| *c == ')') {
        let open = folded[..close].iter().rposition(|c| *c == '(')?;
        let inner: String = chars[open + 1..close].iter().collect();
        let inner = inner.trim();
        let fits = if options > 0 {
            sheet::letters(inner).is_some_and(|l| l.iter().all(|p| *p < options))
                && inner.chars().all(|c| !c.is_ascii_lowercase())
        } else {
            matches!(inner, "√" | "×" | "✓" | "✗" | "对" | "错" | "正确" | "错误")
        };
        if fits {
            let mut out: String = chars[..open].iter().collect();
            out.push_str("（ ）");
            out.extend(&chars[close + 1..]);
            return Some((out.trim().to_owned(), inner.to_owned()));
        }
        end = open;
    }
    None
}

fn close(mut question: Open) -> Item {
    let line = question.line;
    let mut source = question.source.join("\n");
    if question.is_heading() {
        source.clear();
    }
    let mut stem = question.stem.join("\n").trim().to_owned();
    let written = question.answer.clone();
    let mut answer_line = written.as_ref().map_or(line, |(at, _)| *at);
    let mut answer = written.map(|(_, text)| text);
    let named = question
        .field(Field::Kind)
        .map(|(at, text)| (at, text.to_owned()));
    let mut kind = question.section;
    if let Some((at, text)) = named {
        match sheet::kind(&text) {
            Some(named) => kind = Some(named),
            None => question.fault(at, "题型", tr!("question.fault.kind", kind = text)),
        }
    }
    if !matches!(
        kind,
        Some(Kind::Fill | Kind::Short | Kind::Matching | Kind::Ordering)
    ) && let Some((blanked, inner)) = in_stem(&stem, question.options.len())
    {
        match &answer {
            Some(answer)
                if sheet::letters(answer) != sheet::letters(&inner)
                    || sheet::truth(answer) != sheet::truth(&inner) =>
            {
                question.fault(answer_line, "答案", tr!("question.fault.answers_differ"));
            }
            Some(_) => stem = blanked,
            None => {
                stem = blanked;
                answer = Some(inner);
                answer_line = line;
            }
        }
    }
    let text = answer.unwrap_or_default();
    let kind = kind.unwrap_or_else(|| sheet::infer(&question.options, &text));
    // 单选题 with several letters is what papers call 不定项.
    let text = if kind == Kind::Fill {
        fill_answer(&text)
    } else {
        text
    };
    if text.is_empty() && !matches!(kind, Kind::Short | Kind::Matching | Kind::Ordering) {
        question.fault(answer_line, "答案", tr!("question.fault.no_answer_line"));
    }
    let options: Vec<String> = question
        .options
        .iter()
        .map(|o| o.trim().to_owned())
        .collect();
    let body = if question.faults.is_empty() {
        match sheet::body(kind, &options, &text) {
            Ok(body) => Some(body),
            Err((field, reason)) => {
                let at = if field == "答案" { answer_line } else { line };
                question.fault(at, field, reason);
                None
            }
        }
    } else {
        None
    };
    let difficulty = match question.field(Field::Difficulty) {
        None => MIDDLE,
        Some((at, text)) => match sheet::difficulty(text) {
            Some(n) => n,
            None => {
                question.fault(at, "难度", tr!("question.fault.difficulty"));
                MIDDLE
            }
        },
    };
    let own = |field| {
        question
            .field(field)
            .map_or("", |(_, text)| text)
            .to_owned()
    };
    // The category of the question itself stands behind that of its section.
    let category = question
        .fields
        .iter()
        .rev()
        .find(|(f, _, _)| *f == Field::Category)
        .map(|(_, _, text)| path(text))
        .unwrap_or_default();
    let explanation = own(Field::Explanation);
    let tags = sheet::tags(&own(Field::Tags));
    let code = own(Field::Code);
    if let (Some(body), true) = (body, question.faults.is_empty()) {
        let draft = Draft {
            code,
            title: String::new(),
            stem,
            body,
            explanation,
            category,
            tags,
            difficulty,
            images: Vec::new(),
        };
        let faults = check(&draft);
        if faults.is_empty() {
            return Item {
                line,
                source,
                result: Ok(draft),
            };
        }
        for (field, reason) in faults {
            question.fault(line, field, reason);
        }
    }
    Item {
        line,
        source,
        result: Err(question.faults),
    }
}

/// Papers number the blanks, and write 或 or `/` between texts that are right; see [`sheet::blanks`] for what comes out.
fn fill_answer(text: &str) -> String {
    let folded: String = fold(text).into_iter().collect();
    let mut parts: Vec<String> = Vec::new();
    let mut rest = folded.as_str();
    let mut n = 1;
    while let Some(at) = rest.find(&format!("({n})")) {
        if n > 1 {
            parts.push(rest[..at].to_owned());
        }
        rest = &rest[at + format!("({n})").len()..];
        n += 1;
    }
    if n == 1 {
        return text.replace('或', "|");
    }
    parts.push(rest.to_owned());
    let parts: Vec<String> = parts
        .iter()
        .map(|part| {
            part.trim()
                .trim_end_matches([';', ',', ' '])
                .replace('或', "|")
        })
        .collect();
    parts.join("；")
}

/// Whether the format holds a question whole: no line of it may look like something else, and it has no pictures.
pub fn holds(draft: &Draft) -> bool {
    let mut out = String::new();
    write(draft, 1, &mut out);
    let mut parsed = read(&out);
    let bare = Draft {
        title: String::new(),
        images: Vec::new(),
        ..draft.clone()
    };
    parsed.items.len() == 1
        && parsed.items.pop().is_some_and(|item| {
            item.result.is_ok_and(|back| {
                back == Draft {
                    body: bare.body.without_feedback(),
                    ..bare
                }
            })
        })
}

/// One question as text.
pub fn write(draft: &Draft, number: i64, out: &mut String) {
    let kind = match draft.body.kind() {
        Kind::Single => "单选题",
        Kind::Multiple => "多选题",
        Kind::TrueFalse => "判断题",
        Kind::Fill => "填空题",
        Kind::Ordering => "排序题",
        Kind::Matching => "匹配题",
        Kind::Short => "简答题",
    };
    out.push_str(&format!("{number}. 【{kind}】{}\n", draft.stem.trim()));
    let (options, answer) = draft.body.written();
    for (i, option) in options.iter().enumerate() {
        out.push_str(&format!("{}. {}\n", letter(i), option.trim()));
    }
    if !answer.is_empty() {
        out.push_str(&format!("答案：{answer}\n"));
    }
    for (name, text) in [
        ("解析", draft.explanation.clone()),
        ("分类", draft.category.clone()),
        ("知识点", draft.tags.join("、")),
        ("编号", draft.code.clone()),
    ] {
        if !text.is_empty() {
            out.push_str(&format!("{name}：{text}\n"));
        }
    }
    if draft.difficulty != MIDDLE {
        out.push_str(&format!("难度：{}\n", draft.difficulty));
    }
    out.push('\n');
}
