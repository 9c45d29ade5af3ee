//! One tokenizer and one index table for both engines.
//!
//! A text becomes overlapping pairs of Han characters (and the last character alone, so that one character finds by
//! prefix) and lower-case words. A query's words must all match; a run of Han must match pair by pair.

use super::db::{DbResult, Query, Rows, Tx, insert_many, q};

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2FA1F}')
}

/// A run of one kind within a text.
#[derive(Debug, PartialEq)]
enum Run {
    Han(Vec<char>),
    Word(String),
}

fn runs(text: &str) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    let mut joined = false;
    for c in text.chars() {
        if is_han(c) {
            match out.last_mut() {
                Some(Run::Han(run)) if joined => run.push(c),
                _ => out.push(Run::Han(vec![c])),
            }
            joined = true;
        } else if c.is_alphanumeric() {
            match out.last_mut() {
                Some(Run::Word(run)) if joined => run.extend(c.to_lowercase()),
                _ => out.push(Run::Word(c.to_lowercase().collect())),
            }
            joined = true;
        } else {
            joined = false;
        }
    }
    out
}

/// The terms under which a text is found, without repeats.
pub fn terms(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for run in runs(text) {
        match run {
            Run::Word(word) => out.push(word),
            Run::Han(han) => {
                out.extend(han.windows(2).map(|pair| pair.iter().collect::<String>()));
                out.extend(han.last().map(char::to_string));
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// What a query must match, each with whether a prefix is enough: pairs exactly, single characters and words by prefix.
pub fn wanted(query: &str) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    for run in runs(query) {
        match run {
            Run::Word(word) => out.push((word, true)),
            Run::Han(han) if han.len() == 1 => out.push((han[0].to_string(), true)),
            Run::Han(han) => out.extend(han.windows(2).map(|pair| (pair.iter().collect(), false))),
        }
    }
    out.truncate(12);
    out
}

/// How rows that match are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the index of terms: for what few rows match.
    Terms,
    /// Row by row in their order, as far as the page reaches: for what many rows match. Needs an order that an index
    /// gives.
    Rows,
}

/// Appends to `query` a condition that `text` is found in any of the `columns`, each a pair of the id column to match
/// and the kind of object it names. Nothing is appended for an empty text.
pub fn condition(query: &mut Query, text: &str, columns: &[(&str, &str)]) {
    condition_by(Way::Terms, query, text, columns);
}

/// [`condition`], with the way in which rows are found.
pub fn condition_by(way: Way, query: &mut Query, text: &str, columns: &[(&str, &str)]) {
    for word in text.split_whitespace().take(6) {
        let wanted = wanted(word);
        if wanted.is_empty() {
            continue;
        }
        query.push(" AND (");
        for (i, (column, kind)) in columns.iter().enumerate() {
            query.push(if i == 0 { "(" } else { " OR (" });
            for (j, (term, prefix)) in wanted.iter().enumerate() {
                if j > 0 {
                    query.push(" AND ");
                }
                // A range of terms would be read anew for each row; but a single character beside something longer
                // finds far more than that, and is asked of what that finds.
                let broad = *prefix && wanted.len() > 1 && term.chars().count() == 1;
                if broad {
                    query.push(&format!(
                        "EXISTS (SELECT 1 FROM search_term WHERE kind || '' = '{kind}' AND object_id = {column} AND "
                    ));
                } else if *prefix || way == Way::Terms {
                    query.push(&format!(
                        "{column} IN (SELECT object_id FROM search_term WHERE kind = '{kind}' AND "
                    ));
                } else {
                    query.push(&format!(
                        "EXISTS (SELECT 1 FROM search_term WHERE kind = '{kind}' AND object_id = {column} AND "
                    ));
                }
                if *prefix {
                    query.push_with(
                        "term >= ? AND term < ?)",
                        [term.clone(), format!("{term}\u{10FFFF}")],
                    );
                } else {
                    query.push_with("term = ?)", [term.clone()]);
                }
            }
            query.push(")");
        }
        query.push(")");
    }
}

/// Removes the terms of one object.
pub async fn remove(tx: &mut Tx, kind: &str, object_id: &str) -> DbResult<()> {
    // The joined kind sends SQLite to the index by object, not to the half of the terms that are of the kind.
    q("DELETE FROM search_term WHERE object_id = $1 AND kind || '' = $2")
        .bind(object_id)
        .bind(kind)
        .exec(tx)
        .await?;
    Ok(())
}

/// Replaces the terms of one object.
pub async fn index(tx: &mut Tx, kind: &str, object_id: &str, texts: &[&str]) -> DbResult<()> {
    remove(tx, kind, object_id).await?;
    insert(tx, rows(kind, object_id, texts)).await
}

/// The rows of one object, for [`insert`].
pub fn rows(kind: &str, object_id: &str, texts: &[&str]) -> Rows {
    let mut all: Vec<String> = texts.iter().flat_map(|text| terms(text)).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .map(|term| vec![kind.into(), term.into(), object_id.into()])
        .collect()
}

/// Inserts rows of new objects in bulk.
pub async fn insert(tx: &mut Tx, rows: Rows) -> DbResult<()> {
    insert_many(
        tx,
        "INSERT INTO search_term (kind, term, object_id)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    Ok(())
}

/// Pinyin of a Chinese text without tones, and its initials; a name's first character is read as a surname.
pub fn pinyin(name: &str) -> (String, String) {
    use pinyin::ToPinyin;
    let (mut full, mut initials) = (String::new(), String::new());
    for (i, c) in name.chars().filter(|c| !c.is_whitespace()).enumerate() {
        let reading = match (i, surname(c)) {
            (0, Some(reading)) => reading.to_owned(),
            _ => c
                .to_pinyin()
                .map_or_else(|| c.to_lowercase().to_string(), |p| p.plain().to_owned()),
        };
        initials.extend(reading.chars().next());
        full.push_str(&reading);
    }
    (full, initials)
}

/// Characters read otherwise as a surname than usually.
fn surname(c: char) -> Option<&'static str> {
    Some(match c {
        '单' => "shan",
        '曾' => "zeng",
        '解' => "xie",
        '仇' => "qiu",
        '区' => "ou",
        '任' => "ren",
        '华' => "hua",
        '查' => "zha",
        '朴' => "piao",
        '盖' => "ge",
        '尉' => "yu",
        '翟' => "zhai",
        '覃' => "qin",
        '缪' => "miao",
        '乐' => "yue",
        '冼' => "xian",
        '员' => "yun",
        '召' => "shao",
        '卜' => "bu",
        '种' => "chong",
        '秘' => "bi",
        '繁' => "po",
        '葛' => "ge",
        '宁' => "ning",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn han_is_paired_and_words_are_whole() {
        assert_eq!(
            terms("心血管内科 ICU"),
            ["icu", "内科", "心血", "科", "管内", "血管"]
        );
        assert_eq!(wanted("王"), [("王".to_owned(), true)]);
        assert_eq!(wanted("王小"), [("王小".to_owned(), false)]);
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        assert_eq!(pinyin("单小丽"), ("shanxiaoli".into(), "sxl".into()));
        assert_eq!(pinyin("曾伟"), ("zengwei".into(), "zw".into()));
        assert_eq!(pinyin("王威").1, "ww");
    }
}
