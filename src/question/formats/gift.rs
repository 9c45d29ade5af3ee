//! GIFT, Moodle's text format: <https://docs.moodle.org/en/GIFT_format>.
//!
//! Blocks are separated by blank lines; `//` begins a comment line. Where the documentation and Moodle differ, this
//! reader takes what either takes.

mod answers;
mod writing;

use self::answers::body;
pub use self::writing::{holds, write, write_category};
use super::{Fault, Found, Item, Parsed, categories_join, categories_split};
use crate::question::model::{Body, Draft, MIDDLE};

/// The tag under which a difficulty travels, since the format has no place for it.
const DIFFICULTY_TAG: &str = "难度";

/// Reads a file. Line numbers count from 1.
pub fn read(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut category = String::new();
    for block in blocks(text) {
        if let Some(path) = block.text.trim_start().strip_prefix("$CATEGORY:") {
            category = category_of(path);
            continue;
        }
        if block.text.trim().is_empty() {
            continue;
        }
        let line = block.line;
        match question(&block, &category) {
            Ok(Found::Question(draft)) => parsed.items.push(Item {
                line,
                source: block.text,
                result: Ok(*draft),
            }),
            Ok(Found::Description) => parsed.skipped += 1,
            Err(fault) => parsed.items.push(Item {
                line,
                source: block.text,
                result: Err(vec![fault]),
            }),
        }
    }
    parsed
}

/// The lines of one question, comments taken out.
struct Block {
    /// Of its first line that is no comment.
    line: i64,
    text: String,
    /// The line of each line of `text`.
    lines: Vec<i64>,
    code: String,
    tags: Vec<String>,
    /// The model answer of a short answer, for which the format has no place but a comment.
    model: String,
}

impl Block {
    /// The line of the file in which a byte of the text stands.
    fn line_at(&self, at: usize) -> i64 {
        let before = self.text[..at.min(self.text.len())].matches('\n').count();
        self.lines.get(before).copied().unwrap_or(self.line)
    }

    fn fault(&self, at: usize, field: &str, reason: String) -> Fault {
        Fault {
            line: self.line_at(at),
            field: field.to_owned(),
            reason,
        }
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            out.extend(open.take());
            continue;
        }
        if trimmed.starts_with("$CATEGORY:") {
            out.extend(open.take());
            out.push(Block {
                line: number,
                text: trimmed.to_owned(),
                lines: vec![number],
                code: String::new(),
                tags: Vec::new(),
                model: String::new(),
            });
            continue;
        }
        let block = open.get_or_insert_with(|| Block {
            line: 0,
            text: String::new(),
            lines: Vec::new(),
            code: String::new(),
            tags: Vec::new(),
            model: String::new(),
        });
        if let Some(comment) = trimmed.strip_prefix("//") {
            for value in marks(comment, "id") {
                if block.code.is_empty() {
                    block.code = value;
                }
            }
            block.tags.extend(marks(comment, "tag"));
            if let Some(model) = marks(comment, "model").pop() {
                block.model = model;
            }
            continue;
        }
        if block.line == 0 {
            block.line = number;
        } else {
            block.text.push('\n');
        }
        block.text.push_str(line);
        block.lines.push(number);
    }
    out.extend(open);
    out.retain(|block| block.line > 0);
    out
}

/// The values of `[name:value]` in a comment; `\]` stands for the bracket, `\n` for a line break and `\\` for the
/// backslash.
fn marks(comment: &str, name: &str) -> Vec<String> {
    let open = format!("[{name}:");
    let mut out = Vec::new();
    let mut rest = comment;
    while let Some(at) = rest.find(&open) {
        rest = &rest[at + open.len()..];
        let mut value = String::new();
        let mut escaped = false;
        let mut end = None;
        for (i, c) in rest.char_indices() {
            match c {
                '\\' if !escaped => escaped = true,
                ']' if !escaped => {
                    end = Some(i + 1);
                    break;
                }
                'n' if escaped => {
                    value.push('\n');
                    escaped = false;
                }
                c => {
                    if escaped && !matches!(c, ']' | '\\') {
                        value.push('\\');
                    }
                    value.push(c);
                    escaped = false;
                }
            }
        }
        let Some(end) = end else { break };
        let value = value.trim().to_owned();
        if !value.is_empty() {
            out.push(value);
        }
        rest = &rest[end..];
    }
    out
}

/// The path after `$CATEGORY:` without the context that Moodle writes first.
fn category_of(path: &str) -> String {
    let mut parts = categories_split(path.trim());
    while parts
        .first()
        .is_some_and(|p| (p.starts_with('$') && p.ends_with('$')) || p == "top")
    {
        parts.remove(0);
    }
    categories_join(&parts)
}

/// Where a character stands unescaped; from `from` on.
fn find(text: &str, from: usize, wanted: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text[from..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == wanted {
            return Some(from + i);
        }
    }
    None
}

fn find_pair(text: &str, from: usize, wanted: &str) -> Option<usize> {
    let first = wanted.chars().next()?;
    let mut at = from;
    while let Some(found) = find(text, at, first) {
        if text[found..].starts_with(wanted) {
            return Some(found);
        }
        at = found + first.len_utf8();
    }
    None
}

/// A text without escapes, and without blanks around it.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.peek() {
            Some('n') => {
                chars.next();
                out.push('\n');
            }
            Some(&c) if "~=#{}:\\".contains(c) => {
                chars.next();
                out.push(c);
            }
            _ => out.push('\\'),
        }
    }
    out.trim().to_owned()
}

/// A text without its format marker and escapes. HTML is kept as it stands: texts are shown as text.
fn plain(text: &str) -> String {
    let text = text.trim();
    for marker in ["[html]", "[markdown]", "[plain]", "[moodle]"] {
        if let Some(rest) = text.strip_prefix(marker) {
            return unescape(rest);
        }
    }
    unescape(text)
}

fn question(block: &Block, category: &str) -> Result<Found, Fault> {
    let text = block.text.as_str();
    let mut at = text.len() - text.trim_start().len();
    let mut title = String::new();
    if text[at..].starts_with("::")
        && let Some(end) = find_pair(text, at + 2, "::")
    {
        title = unescape(&text[at + 2..end]);
        at = end + 2;
    }
    let open = find(text, at, '{');
    let close = find(text, at, '}');
    let (open, close) = match (open, close) {
        (None, None) => return Ok(Found::Description),
        (Some(open), Some(close)) if open < close => (open, close),
        (Some(open), _) => {
            return Err(block.fault(open, "答案", tr!("question.fault.brace_open")));
        }
        (None, Some(close)) => {
            return Err(block.fault(close, "答案", tr!("question.fault.brace_close")));
        }
    };
    let before = plain(&text[at..open]);
    let after = unescape(&text[close + 1..]);
    let stem = match (before.is_empty(), after.is_empty()) {
        (_, true) => before,
        (true, false) => format!("_____ {after}"),
        (false, false) => format!("{before} _____ {after}"),
    };
    if stem.is_empty() {
        return Err(block.fault(at, "题干", tr!("question.fault.no_stem")));
    }
    let mut answers = &text[open + 1..close];
    let mut explanation = String::new();
    // The last one counts; before it may stand the feedback of an answer.
    let mut general = None;
    let mut from = 0;
    while let Some(found) = find_pair(answers, from, "####") {
        general = Some(found);
        from = found + 4;
    }
    if let Some(found) = general {
        explanation = plain(&answers[found + 4..]);
        answers = &answers[..found];
    }
    let base = open + 1;
    let mut body = body(block, answers.trim(), base)?;
    if let Body::Short { model } = &mut body {
        model.clone_from(&block.model);
        // Written a second time for who reads no comments.
        if explanation == *model {
            explanation.clear();
        }
    }
    let mut tags = block.tags.clone();
    let mut difficulty = MIDDLE;
    tags.retain(|tag| match tag.strip_prefix(DIFFICULTY_TAG) {
        Some(number) => match number.parse() {
            Ok(n @ 1..=5) => {
                difficulty = n;
                false
            }
            _ => true,
        },
        None => true,
    });
    tags.sort_unstable();
    tags.dedup();
    Ok(Found::Question(Box::new(Draft {
        code: block.code.clone(),
        title,
        stem,
        body,
        explanation,
        category: category.to_owned(),
        tags,
        difficulty,
        images: Vec::new(),
    })))
}
