//! Questions as GIFT.

use super::DIFFICULTY_TAG;
use crate::question::model::{Body, Choice, Draft, MIDDLE};

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.trim().chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => {}
            c if "~=#{}:\\".contains(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether the format holds a question whole; a fill-in with several blanks, say, has no place in it.
pub fn holds(draft: &Draft) -> bool {
    let arrow = |text: &String| text.contains("->");
    match &draft.body {
        Body::Fill { blanks } => {
            blanks.len() == 1
                && !blanks[0].accept.iter().any(arrow)
                && (blanks[0].ranges.is_empty() || blanks[0].accept.iter().all(|a| a == "*"))
        }
        Body::Matching { pairs, .. } => pairs.iter().all(|(left, _)| !arrow(left)),
        _ => true,
    }
}

/// One question as GIFT.
pub fn write(draft: &Draft, out: &mut String) {
    let bracket = |text: &str| {
        text.trim()
            .replace('\\', "\\\\")
            .replace(']', "\\]")
            .replace('\n', "\\n")
    };
    let mut marks = String::new();
    if !draft.code.is_empty() {
        marks += &format!("[id:{}] ", bracket(&draft.code));
    }
    for tag in &draft.tags {
        marks += &format!("[tag:{}] ", bracket(tag));
    }
    if draft.difficulty != MIDDLE {
        marks += &format!("[tag:{DIFFICULTY_TAG}{}] ", draft.difficulty);
    }
    if let Body::Short { model } = &draft.body
        && !model.is_empty()
    {
        marks += &format!("[model:{}] ", bracket(model));
    }
    if !marks.is_empty() {
        out.push_str(&format!("// {}\n", marks.trim_end()));
    }
    if !draft.title.is_empty() {
        out.push_str(&format!("::{}::", escape(&draft.title)));
    }
    out.push_str("[plain]");
    out.push_str(&escape(&draft.stem));
    out.push_str(" {");
    let feedback = |choice: &Choice| {
        if choice.feedback.is_empty() {
            String::new()
        } else {
            format!("#{}", escape(&choice.feedback))
        }
    };
    match &draft.body {
        Body::Single { choices } => {
            for choice in choices {
                let mark = if choice.right { '=' } else { '~' };
                out.push_str(&format!(
                    "\n\t{mark}{}{}",
                    guarded(&choice.text, choice.right),
                    feedback(choice)
                ));
            }
            out.push('\n');
        }
        Body::Multiple { choices } => {
            let right = choices.iter().filter(|c| c.right).count().max(1);
            for choice in choices {
                // An `=` would make it a single choice.
                let weight = if choice.right {
                    format!("{:.5}", 100.0 / right as f64)
                } else {
                    "-100".to_owned()
                };
                let weight = weight.trim_end_matches('0').trim_end_matches('.');
                let weight = if choice.right { weight } else { "-100" };
                out.push_str(&format!(
                    "\n\t~%{weight}%{}{}",
                    escape(&choice.text),
                    feedback(choice)
                ));
            }
            out.push('\n');
        }
        Body::TrueFalse { right } => out.push_str(if *right { "TRUE" } else { "FALSE" }),
        Body::Fill { blanks } => {
            let blank = blanks.first().cloned().unwrap_or_default();
            if blank.ranges.is_empty() {
                for text in &blank.accept {
                    out.push_str(&format!("\n\t={}", guarded(text, true)));
                }
            } else {
                out.push('#');
                for (low, high) in &blank.ranges {
                    out.push_str(&format!("\n\t={low}..{high}"));
                }
                for text in &blank.accept {
                    out.push_str(&format!("\n\t={text}"));
                }
            }
            out.push('\n');
        }
        Body::Ordering { items } => {
            out.push_str(&format!(
                ">{} ALL VERTICAL ABSOLUTE_POSITION SHOW none",
                items.len()
            ));
            for item in items {
                // A line that begins with two slashes would be a comment.
                let slashes = if item.trim_start().starts_with("//") {
                    "\\"
                } else {
                    ""
                };
                out.push_str(&format!("\n{slashes}{}", escape(item)));
            }
            out.push('\n');
        }
        Body::Matching { pairs, extra } => {
            for (left, right) in pairs {
                out.push_str(&format!("\n\t={} -> {}", escape(left), escape(right)));
            }
            for right in extra {
                out.push_str(&format!("\n\t= -> {}", escape(right)));
            }
            out.push('\n');
        }
        Body::Short { .. } => {}
    }
    let explanation = match &draft.body {
        // Other readers of the format know no model answer: to them it is the explanation.
        Body::Short { model } if !model.is_empty() && draft.explanation.is_empty() => model,
        _ => &draft.explanation,
    };
    if !explanation.is_empty() {
        out.push_str(&format!("####{}", escape(explanation)));
    }
    out.push_str("}\n\n");
}

/// An answer whose text begins like a weight gets one, so that it is not taken for it.
fn guarded(text: &str, right: bool) -> String {
    if text.trim_start().starts_with('%') {
        let weight = if right { 100 } else { 0 };
        format!("%{weight}%{}", escape(text))
    } else {
        escape(text)
    }
}

/// A change of category.
pub fn write_category(path: &str, out: &mut String) {
    out.push_str(&format!("$CATEGORY: {path}\n\n"));
}
