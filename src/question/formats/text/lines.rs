//! What a line of a paper is: a heading, a numbered stem, options, or a field under a question.

use super::super::sheet;
use crate::question::model::Kind;

/// Half-width forms of what marks a line; nothing changes its place.
pub(super) fn fold(line: &str) -> Vec<char> {
    line.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            '\u{3000}' | '\u{A0}' | '\t' => ' ',
            '【' | '〔' => '[',
            '】' | '〕' => ']',
            '。' => '.',
            c => c,
        })
        .collect()
}

/// A line with its folded characters.
pub(super) struct Line {
    pub(super) number: i64,
    pub(super) chars: Vec<char>,
    pub(super) folded: Vec<char>,
}

impl Line {
    pub(super) fn text(&self, from: usize) -> String {
        self.chars[from.min(self.chars.len())..]
            .iter()
            .collect::<String>()
            .trim()
            .to_owned()
    }

    fn folded_from(&self, from: usize) -> String {
        self.folded[from.min(self.folded.len())..].iter().collect()
    }
}

/// What an entry under a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Answer,
    Explanation,
    Difficulty,
    Tags,
    Category,
    Code,
    Kind,
    Ignored,
}

const FIELDS: &[(Field, &[&str])] = &[
    (
        Field::Answer,
        &["正确答案", "参考答案", "标准答案", "答案", "answer"],
    ),
    (
        Field::Explanation,
        &[
            "答案解析",
            "试题解析",
            "题目解析",
            "解析",
            "详解",
            "explanation",
        ],
    ),
    (Field::Difficulty, &["难易度", "难度"]),
    (Field::Tags, &["知识点", "考点", "标签"]),
    (Field::Category, &["分类", "章节"]),
    (Field::Code, &["题号", "编号"]),
    (Field::Kind, &["题型"]),
    (Field::Ignored, &["我的答案", "得分", "分值", "来源"]),
];

/// The field that a line begins, and where its text starts. `[答案]` needs no colon.
pub(super) fn field(line: &Line) -> Option<(Field, usize)> {
    let start = line.folded.iter().position(|c| *c != ' ')?;
    let bracket = line.folded[start] == '[';
    let at = start + usize::from(bracket);
    for (field, names) in FIELDS {
        for name in *names {
            let length = name.chars().count();
            let Some(found) = line.folded.get(at..at + length) else {
                continue;
            };
            let found: String = found.iter().collect::<String>().to_lowercase();
            if found != *name {
                continue;
            }
            let mut end = at + length;
            if bracket {
                if line.folded.get(end) != Some(&']') {
                    continue;
                }
                end += 1;
                if line.folded.get(end) == Some(&':') {
                    end += 1;
                }
                return Some((*field, end));
            }
            while line.folded.get(end) == Some(&' ') {
                end += 1;
            }
            if line.folded.get(end) == Some(&':') {
                return Some((*field, end + 1));
            }
        }
    }
    None
}

/// `一、单选题（每题2分）` and the like: the kind that it announces, if it announces one.
pub(super) fn section(line: &Line) -> Option<Option<Kind>> {
    let text = line.folded_from(0);
    let text = text.trim();
    let numeral = |c: char| "一二三四五六七八九十".contains(c);
    let rest = if let Some(rest) = text.strip_prefix('第') {
        let at = rest.find(['部', '大'])?;
        rest[..at].chars().all(numeral).then(|| &rest[at..])?
    } else {
        let inner = text.strip_prefix('(').unwrap_or(text);
        let digits: usize = inner
            .chars()
            .take_while(|c| numeral(*c))
            .map(char::len_utf8)
            .sum();
        if digits == 0 {
            return None;
        }
        let rest = &inner[digits..];
        rest.strip_prefix(['、', '.', ')', ':'])?
    };
    // A heading is short; a stem may begin with a numeral as well.
    let head: String = rest.chars().take_while(|c| *c != '(').collect();
    (head.chars().count() <= 16).then(|| sheet::kind(&head))
}

/// The number that a question begins with, and where its text starts.
pub(super) fn number(line: &Line) -> Option<(i64, usize)> {
    let f = &line.folded;
    let mut at = f.iter().position(|c| *c != ' ')?;
    let word = |at: usize, word: &str| {
        word.chars()
            .enumerate()
            .all(|(i, c)| f.get(at + i) == Some(&c))
    };
    let (open, close) = if word(at, "第") {
        (1, '题')
    } else if f[at] == '(' {
        (1, ')')
    } else if f[at] == '[' {
        (1, ']')
    } else {
        (0, ' ')
    };
    at += open;
    let digits = f[at..].iter().take_while(|c| c.is_ascii_digit()).count();
    if digits == 0 || digits > 6 {
        return None;
    }
    let value: String = f[at..at + digits].iter().collect();
    let mut end = at + digits;
    if open == 1 {
        if f.get(end) != Some(&close) {
            return None;
        }
        end += 1;
        if matches!(f.get(end), Some('.' | '、' | ':')) {
            end += 1;
        }
    } else {
        match f.get(end) {
            // 1.5 mg is no first question.
            Some('.') if f.get(end + 1).is_some_and(char::is_ascii_digit) => return None,
            Some('.' | '、' | ')' | ':') => end += 1,
            _ => return None,
        }
    }
    Some((value.parse().ok()?, end))
}

/// The letter of an option at a place, and where its text starts.
fn option_at(f: &[char], at: usize) -> Option<(usize, usize)> {
    let (at, closed) = if f.get(at) == Some(&'(') {
        (at + 1, true)
    } else {
        (at, false)
    };
    let letter = f.get(at).filter(|c| c.is_ascii_alphabetic())?;
    let place = (letter.to_ascii_uppercase() as u8 - b'A') as usize;
    let end = at + 1;
    match f.get(end) {
        Some(')') => Some((place, end + 1)),
        Some('.' | '、' | ':') if !closed => Some((place, end + 1)),
        Some(' ') if !closed && f.get(end + 1) == Some(&' ') => Some((place, end + 2)),
        _ => None,
    }
}

/// The options of a line, if it begins with the expected one. Several stand in a line where the next expected letter
/// follows a blank, so that 维生素 C. is not cut.
pub(super) fn options(line: &Line, expected: usize) -> Option<Vec<String>> {
    let f = &line.folded;
    let start = f.iter().position(|c| *c != ' ')?;
    let (place, mut text) = option_at(f, start)?;
    if place != expected {
        return None;
    }
    let mut out = Vec::new();
    let mut next = expected + 1;
    let mut at = text;
    while at < f.len() {
        let begins = f[at - 1] == ' ' && f[at] != ' ';
        if begins
            && let Some((place, inner)) = option_at(f, at)
            && place == next
        {
            out.push(
                line.chars[text..at]
                    .iter()
                    .collect::<String>()
                    .trim()
                    .to_owned(),
            );
            text = inner;
            at = inner;
            next += 1;
            continue;
        }
        at += 1;
    }
    out.push(line.text(text));
    Some(out)
}
