//! GIFT, Moodle's text format: <https://docs.moodle.org/en/GIFT_format>.
//!
//! Blocks are separated by blank lines; `//` begins a comment line. Where the documentation and Moodle differ, this
//! reader takes what either takes.

use super::{Fault, Found, Item, Parsed, categories_join, categories_split};
use crate::question::model::{Blank, Body, Choice, Draft, MIDDLE};

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

fn body(block: &Block, answers: &str, base: usize) -> Result<Body, Fault> {
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
