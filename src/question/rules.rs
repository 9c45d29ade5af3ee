//! What is right, and what is the same.

use serde::{Deserialize, Serialize};

use super::model::{Blank, Body, Draft};
use crate::server::crypto::sha256_hex;

/// An answer as it is kept. Places count from 0 in the question's own order, whatever order it was shown in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Chosen options.
    Chosen(Vec<usize>),
    Truth(bool),
    /// What was typed into each blank.
    Texts(Vec<String>),
    /// Items in the order they were put in.
    Order(Vec<usize>),
    /// The right side chosen for each left one; those that fit nothing count behind the pairs.
    Pairs(Vec<Option<usize>>),
    Text(String),
}

impl Given {
    /// Whether nothing was answered.
    pub fn is_empty(&self) -> bool {
        match self {
            Given::Chosen(places) | Given::Order(places) => places.is_empty(),
            Given::Truth(_) => false,
            Given::Texts(texts) => texts.iter().all(|t| t.trim().is_empty()),
            Given::Pairs(pairs) => pairs.iter().all(Option::is_none),
            Given::Text(text) => text.trim().is_empty(),
        }
    }
}

/// The share of the points that an answer earns, 0 to 1; nothing where a person must mark it.
///
/// A choice, an order and a truth are right or wrong; blanks and pairs earn their share each.
pub fn grade(body: &Body, given: &Given) -> Option<f64> {
    let all = |right: bool| if right { 1.0 } else { 0.0 };
    let share = |right: usize, of: usize| right as f64 / of.max(1) as f64;
    Some(match (body, given) {
        (Body::Short { .. }, _) => return None,
        (Body::Single { choices } | Body::Multiple { choices }, Given::Chosen(chosen)) => {
            all(choices
                .iter()
                .enumerate()
                .all(|(i, choice)| choice.right == chosen.contains(&i))
                && chosen.iter().all(|i| *i < choices.len()))
        }
        (Body::TrueFalse { right }, Given::Truth(given)) => all(right == given),
        (Body::Fill { blanks }, Given::Texts(texts)) => {
            let right = blanks
                .iter()
                .zip(texts)
                .filter(|(blank, text)| fits(blank, text))
                .count();
            share(right, blanks.len())
        }
        (Body::Ordering { items }, Given::Order(order)) => {
            all(order.len() == items.len() && order.iter().enumerate().all(|(i, at)| i == *at))
        }
        (Body::Matching { pairs, extra }, Given::Pairs(chosen)) => {
            let rights: Vec<&str> = pairs
                .iter()
                .map(|(_, right)| right.as_str())
                .chain(extra.iter().map(String::as_str))
                .collect();
            let right = pairs
                .iter()
                .zip(chosen)
                // Two pairs may share a right side.
                .filter(|((_, right), at)| {
                    at.is_some_and(|at| rights.get(at) == Some(&right.as_str()))
                })
                .count();
            share(right, pairs.len())
        }
        _ => 0.0,
    })
}

/// Whether a text fills a blank.
pub fn fits(blank: &Blank, text: &str) -> bool {
    let given = loose(text);
    if given.is_empty() {
        return false;
    }
    let number: Option<f64> = given.parse().ok();
    if number.is_some_and(|n| {
        blank
            .ranges
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&n))
    }) {
        return true;
    }
    blank.accept.iter().any(|accept| glob(accept, &given))
}

/// A text without width, case and blanks.
fn loose(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            c => c,
        })
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a text is like a pattern in which `*` stands for anything and `\*` for itself.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'*') => {
                chars.next();
                if let Some(part) = parts.last_mut() {
                    part.push('*');
                }
            }
            '*' => parts.push(String::new()),
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    let parts: Vec<String> = parts.iter().map(|p| loose(p)).collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        match rest.find(part.as_str()) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

/// What remains of a text when only its letters and digits count.
fn bare(text: &str) -> String {
    loose(text)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// What remains of a text without width, case, blanks and the punctuation of prose: signs that change what is asked
/// (`≥`, `%`, a decimal point) stay.
fn firm(text: &str) -> String {
    let chars: Vec<char> = loose(text).chars().collect();
    let digit = |i: Option<usize>| {
        i.and_then(|i| chars.get(i))
            .is_some_and(char::is_ascii_digit)
    };
    chars
        .iter()
        .enumerate()
        .filter(|(i, c)| match c {
            '.' | ':' | ',' => digit(i.checked_sub(1)) && digit(Some(i + 1)),
            c => !"，。、；：？！;?!（）()【】[]“”\"'《》…—_".contains(**c),
        })
        .map(|(_, c)| *c)
        .collect()
}

/// The key under which questions with the same stem and options are the same; the order of options does not count.
pub fn content_key(draft: &Draft) -> String {
    let (options, answer) = draft.body.written();
    let mut options: Vec<String> = options.iter().map(|o| firm(o)).collect();
    if !matches!(draft.body, Body::Ordering { .. }) {
        options.sort_unstable();
    }
    // The letters of an answer say nothing without the order; what is typed into blanks does.
    let answer = match draft.body {
        Body::Fill { .. } => loose(&answer),
        _ => String::new(),
    };
    let text = format!(
        "{}\n{}\n{}\n{answer}\n{}",
        draft.body.kind().code(),
        firm(&draft.stem),
        options.join("\n"),
        draft.images.join("\n")
    );
    sha256_hex(text.as_bytes())
}

/// The key under which questions with the same stem are twins.
pub fn stem_key(draft: &Draft) -> String {
    sha256_hex(format!("{}\n{}", bare(&draft.stem), draft.images.join("\n")).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::model::Choice;

    fn blank(accept: &[&str]) -> Blank {
        Blank {
            accept: accept.iter().map(ToString::to_string).collect(),
            ranges: Vec::new(),
        }
    }

    #[test]
    fn blanks_are_filled_without_regard_to_width_and_case() {
        for (accept, text, fit) in [
            ("ACEI", "ａｃｅｉ", true),
            ("ACEI", " a cei ", true),
            ("140/90", "１４０／９０", true),
            ("ACEI", "", false),
            ("ACEI", "ARB", false),
            ("*普利", "依那普利", true),
            ("血管*抑制剂", "血管紧张素转换酶抑制剂", true),
            ("血管*抑制剂", "抑制剂", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            (r"5\*3", "5*3", true),
            (r"5\*3", "5xx3", false),
        ] {
            assert_eq!(fits(&blank(&[accept]), text), fit, "{accept} {text}");
        }
        let number = Blank {
            accept: Vec::new(),
            ranges: vec![(3.0, 3.5)],
        };
        assert!(fits(&number, "３.２") && fits(&number, "3.5") && !fits(&number, "3.6"));
    }

    #[test]
    fn answers_earn_their_share() {
        let choice = |text: &str, right| Choice {
            text: text.into(),
            right,
            feedback: String::new(),
        };
        let choices = vec![choice("甲", true), choice("乙", false), choice("丙", true)];
        let multiple = Body::Multiple { choices };
        assert_eq!(grade(&multiple, &Given::Chosen(vec![2, 0])), Some(1.0));
        assert_eq!(grade(&multiple, &Given::Chosen(vec![0])), Some(0.0));
        assert_eq!(grade(&multiple, &Given::Chosen(vec![0, 2, 9])), Some(0.0));
        assert_eq!(grade(&multiple, &Given::Truth(true)), Some(0.0));
        let fill = Body::Fill {
            blanks: vec![blank(&["甲"]), blank(&["乙"])],
        };
        assert_eq!(
            grade(&fill, &Given::Texts(vec!["甲".into(), "丙".into()])),
            Some(0.5)
        );
        let ordering = Body::Ordering {
            items: vec!["一".into(), "二".into()],
        };
        assert_eq!(grade(&ordering, &Given::Order(vec![0, 1])), Some(1.0));
        assert_eq!(grade(&ordering, &Given::Order(vec![1, 0])), Some(0.0));
        assert_eq!(grade(&ordering, &Given::Order(vec![0])), Some(0.0));
        let matching = Body::Matching {
            pairs: vec![("甲".into(), "一".into()), ("乙".into(), "一".into())],
            extra: vec!["二".into()],
        };
        assert_eq!(
            grade(&matching, &Given::Pairs(vec![Some(1), Some(2)])),
            Some(0.5)
        );
        let short = Body::Short {
            model: String::new(),
        };
        assert_eq!(grade(&short, &Given::Text("一".into())), None);
    }
}
