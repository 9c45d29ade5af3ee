//! What stands between the braces: answers, choices, pairs, items and numbers.

use super::super::Fault;
use super::{Block, find, plain, unescape};
use crate::question::model::{Blank, Body, Choice};

pub(super) fn body(block: &Block, answers: &str, base: usize) -> Result<Body, Fault> {
    let fault = |reason: String| block.fault(base, "答案", reason);
    if let Some(rest) = answers.strip_prefix('>') {
        return ordering(rest).ok_or_else(|| fault(tr!("question.fault.few_items")));
    }
    if answers.is_empty() {
        return Ok(Body::Short {
            model: String::new(),
        });
    }
    if let Some(rest) = answers.strip_prefix('#') {
        return numerical(rest).ok_or_else(|| fault(tr!("question.fault.number")));
    }
    if find(answers, 0, '~').is_some() {
        return choices(answers).map_err(fault);
    }
    if find(answers, 0, '=').is_some() && answers.contains("->") {
        return matching(answers).map_err(fault);
    }
    let word = match find(answers, 0, '#') {
        Some(at) => &answers[..at],
        None => answers,
    };
    match word.trim().to_ascii_uppercase().as_str() {
        "T" | "TRUE" => return Ok(Body::TrueFalse { right: true }),
        "F" | "FALSE" => return Ok(Body::TrueFalse { right: false }),
        _ => {}
    }
    let accept: Vec<String> = answers_of(answers)
        .into_iter()
        .filter(|a| a.weight.is_none_or(|w| w > 0.0))
        .map(|a| plain(a.text))
        .filter(|text| !text.is_empty())
        .collect();
    if accept.is_empty() {
        return Err(fault(tr!("question.fault.no_answer")));
    }
    Ok(Body::Fill {
        blanks: vec![Blank {
            accept,
            ranges: Vec::new(),
        }],
    })
}

/// One answer between two marks.
struct Answer<'a> {
    /// Whether `=` stands before it, and not `~`.
    right: bool,
    /// Per cent of the points.
    weight: Option<f64>,
    text: &'a str,
    /// The text with what looks like a weight: pairs have none.
    whole: &'a str,
    feedback: &'a str,
}

/// Splits at unescaped `=` and `~`. What stands before the first mark is an answer as well.
fn answers_of(text: &str) -> Vec<Answer<'_>> {
    let mut starts = Vec::new();
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '=' || c == '~' {
            starts.push((i, c == '='));
        }
    }
    let first = starts.first().map_or(text.len(), |(i, _)| *i);
    let mut parts = Vec::new();
    if !text[..first].trim().is_empty() {
        parts.push((true, &text[..first]));
    }
    for (n, (i, right)) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(text.len(), |(next, _)| *next);
        parts.push((*right, &text[i + 1..end]));
    }
    parts
        .into_iter()
        .map(|(right, part)| {
            let (text, feedback) = match find(part, 0, '#') {
                Some(at) => (&part[..at], &part[at + 1..]),
                None => (part, ""),
            };
            let whole = text.trim();
            let (weight, text) = weight(whole).map_or((None, whole), |(w, rest)| (Some(w), rest));
            Answer {
                right,
                weight,
                text,
                whole,
                feedback,
            }
        })
        .collect()
}

/// `%50%rest` is 50 and the rest.
fn weight(text: &str) -> Option<(f64, &str)> {
    let (number, rest) = text.strip_prefix('%')?.split_once('%')?;
    let weight: f64 = number.trim().parse().ok()?;
    (-100.0..=100.0).contains(&weight).then_some((weight, rest))
}

fn choices(text: &str) -> Result<Body, String> {
    let answers = answers_of(text);
    let single = answers.iter().any(|a| a.right);
    let choices: Vec<Choice> = answers
        .iter()
        .map(|a| Choice {
            text: plain(a.text),
            right: a.right || a.weight.is_some_and(|w| w > 0.0),
            feedback: plain(a.feedback),
        })
        .collect();
    if choices.iter().any(|c| c.text.is_empty()) {
        return Err(tr!("question.fault.empty_option"));
    }
    let right = choices.iter().filter(|c| c.right).count();
    Ok(if single && right == 1 {
        Body::Single { choices }
    } else {
        Body::Multiple { choices }
    })
}

fn matching(text: &str) -> Result<Body, String> {
    let (mut pairs, mut extra) = (Vec::new(), Vec::new());
    for answer in answers_of(text) {
        let Some((left, right)) = answer.whole.split_once("->") else {
            return Err(tr!("question.fault.no_pair"));
        };
        let (left, right) = (plain(left), plain(right));
        match (left.is_empty(), right.is_empty()) {
            (_, true) => return Err(tr!("question.fault.no_pair")),
            (true, false) => extra.push(right),
            (false, false) => pairs.push((left, right)),
        }
    }
    if pairs.len() < 2 {
        return Err(tr!("question.fault.few_pairs"));
    }
    Ok(Body::Matching { pairs, extra })
}

/// `>N WORDS` and then an item a line.
fn ordering(text: &str) -> Option<Body> {
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default().trim();
    // Without a line of settings the first line is an item.
    let settings = head.split_whitespace().all(|word| {
        word.chars().all(|c| c.is_ascii_digit())
            || word.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
    });
    let items: Vec<String> = (!settings)
        .then_some(head)
        .into_iter()
        .chain(lines)
        .map(|line| {
            let line = line.trim_start();
            unescape(
                line.strip_prefix('\\')
                    .filter(|l| l.starts_with("//"))
                    .unwrap_or(line),
            )
        })
        .filter(|item| !item.is_empty())
        .collect();
    (items.len() >= 2).then_some(Body::Ordering { items })
}

fn numerical(text: &str) -> Option<Body> {
    let mut blank = Blank::default();
    for answer in answers_of(text) {
        if !answer.right || answer.weight.is_some_and(|w| w <= 0.0) {
            continue;
        }
        let value = answer.text.trim();
        if value == "*" {
            blank.accept.push("*".to_owned());
            continue;
        }
        let range = if let Some((low, high)) = value.split_once("..") {
            (low.trim().parse().ok()?, high.trim().parse().ok()?)
        } else if let Some((number, tolerance)) = value.split_once(':') {
            let (n, t): (f64, f64) = (number.trim().parse().ok()?, tolerance.trim().parse().ok()?);
            (n - t, n + t)
        } else {
            let n: f64 = value.parse().ok()?;
            (n, n)
        };
        // Not where either end is no number.
        if range.0.partial_cmp(&range.1)?.is_gt() {
            return None;
        }
        blank.ranges.push(range);
    }
    (!blank.ranges.is_empty() || !blank.accept.is_empty()).then(|| Body::Fill {
        blanks: vec![blank],
    })
}
