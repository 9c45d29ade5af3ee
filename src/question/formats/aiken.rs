//! Aiken, a plain format of single choices: <https://docs.moodle.org/en/Aiken_format>.
//!
//! A stem, options `A.` or `A)`, and `ANSWER: A`. Stems of several lines are taken too; what cannot be understood is
//! refused with its line.

use super::{Fault, Item, Parsed};
use crate::question::model::{Body, Choice, Draft, MIDDLE, letter};

/// A question while its lines come in.
#[derive(Default)]
struct Open {
    line: i64,
    source: Vec<String>,
    stem: Vec<String>,
    options: Vec<String>,
    faults: Vec<Fault>,
}

impl Open {
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
    let mut blank = false;
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            blank = true;
            continue;
        }
        let after_blank = std::mem::replace(&mut blank, false);
        // Behind an empty line a new stem begins, though the question before it has no answer.
        let begins = after_blank && option(trimmed).is_none() && answer(trimmed).is_none();
        if begins && open.as_ref().is_some_and(|q| !q.options.is_empty()) {
            parsed.items.extend(open.take().map(unanswered));
        }
        let question = open.get_or_insert_with(|| Open {
            line: number,
            ..Open::default()
        });
        question.source.push(line.to_owned());
        if let Some(answer) = answer(trimmed) {
            if let Some(question) = open.take() {
                parsed.items.push(close(question, number, answer));
            }
        } else if let Some((place, option)) = option(trimmed) {
            if question.stem.is_empty() {
                question.fault(number, "题干", tr!("question.fault.no_stem"));
            }
            if place != question.options.len() {
                let expected = letter(question.options.len());
                question.fault(
                    number,
                    "选项",
                    tr!("question.fault.option_order", letter = expected),
                );
            }
            if option.is_empty() {
                question.fault(number, "选项", tr!("question.fault.empty_option"));
            }
            question.options.push(option.to_owned());
        } else if question.options.is_empty() {
            question.stem.push(trimmed.to_owned());
        } else {
            question.fault(number, "选项", tr!("question.fault.stray_line"));
        }
    }
    parsed.items.extend(open.map(unanswered));
    parsed
}

/// A question that ends without its answer.
fn unanswered(mut question: Open) -> Item {
    let line = question.line;
    question.fault(line, "答案", tr!("question.fault.no_answer_line"));
    Item {
        line,
        source: question.source.join("\n"),
        result: Err(question.faults),
    }
}

/// What stands behind `ANSWER:`.
fn answer(line: &str) -> Option<&str> {
    let head = line.get(..6)?;
    if !head.eq_ignore_ascii_case("ANSWER") {
        return None;
    }
    let rest = line[6..].trim_start();
    rest.strip_prefix(':')
        .or_else(|| rest.strip_prefix('：'))
        .map(str::trim)
}

/// The place of an option's letter, and its text.
fn option(line: &str) -> Option<(usize, &str)> {
    let mut chars = line.chars();
    let first = chars.next()?;
    let mark = chars.next()?;
    let rest = chars.as_str();
    let spaced = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let mark = matches!(mark, '.' | ')') && (spaced || mark == ')');
    (first.is_ascii_uppercase() && mark).then(|| ((first as u8 - b'A') as usize, rest.trim()))
}

fn close(mut question: Open, number: i64, answer: &str) -> Item {
    let line = question.line;
    if question.stem.is_empty() && question.faults.is_empty() {
        question.fault(number, "题干", tr!("question.fault.no_stem"));
    }
    if question.options.len() < 2 {
        question.fault(number, "选项", tr!("question.fault.option_count"));
    }
    let mut chars = answer.chars();
    let right = match (chars.next(), chars.as_str().trim()) {
        (Some(c), "" | ".") if c.is_ascii_alphabetic() => {
            Some((c.to_ascii_uppercase() as u8 - b'A') as usize)
        }
        _ => None,
    };
    match right {
        None => question.fault(number, "答案", tr!("question.fault.answer_letter")),
        Some(place) if place >= question.options.len() => {
            question.fault(
                number,
                "答案",
                tr!("question.fault.answer_unknown", letter = letter(place)),
            );
        }
        Some(_) => {}
    }
    let source = question.source.join("\n");
    if !question.faults.is_empty() {
        return Item {
            line,
            source,
            result: Err(question.faults),
        };
    }
    let choices = question
        .options
        .into_iter()
        .enumerate()
        .map(|(i, text)| Choice {
            text,
            right: Some(i) == right,
            feedback: String::new(),
        })
        .collect();
    Item {
        line,
        source,
        result: Ok(Draft {
            code: String::new(),
            title: String::new(),
            stem: question.stem.join("\n"),
            body: Body::Single { choices },
            explanation: String::new(),
            category: String::new(),
            tags: Vec::new(),
            difficulty: MIDDLE,
            images: Vec::new(),
        }),
    }
}

/// Whether the format holds a question: single choices whose lines cannot be taken for something else.
pub fn holds(draft: &Draft) -> bool {
    let one_line = |text: &str| !text.trim().contains('\n');
    let plain = |line: &str| option(line.trim()).is_none() && answer(line.trim()).is_none();
    match &draft.body {
        Body::Single { choices } => {
            draft.stem.lines().all(plain) && choices.iter().all(|c| one_line(&c.text))
        }
        _ => false,
    }
}

/// One question as Aiken.
pub fn write(draft: &Draft, out: &mut String) {
    let Body::Single { choices } = &draft.body else {
        return;
    };
    for line in draft.stem.lines().filter(|l| !l.trim().is_empty()) {
        out.push_str(line.trim());
        out.push('\n');
    }
    for (i, choice) in choices.iter().enumerate() {
        out.push_str(&format!("{}. {}\n", letter(i), choice.text.trim()));
    }
    let right = choices.iter().position(|c| c.right).unwrap_or(0);
    out.push_str(&format!("ANSWER: {}\n\n", letter(right)));
}
