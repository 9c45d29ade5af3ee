//! Which terminal a printed name means. A code, and an exact name or alias that one terminal bears, decide by
//! themselves; everything else is a suggestion with a score and reasons, about which a person decides.

use std::collections::{HashMap, HashSet};

use super::model::{Reason, Suggestion};
use crate::identity::rules::clean;
use crate::server::search;

/// Suggestions of one name at most.
const MOST: usize = 3;
/// The lowest score that is suggested.
const LEAST: i64 = 55;
/// Candidates that are compared closely.
const CLOSE: usize = 40;

/// A terminal as names are compared with it.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub id: String,
    pub code: String,
    pub name: String,
    pub province: String,
    pub city: String,
    pub aliases: Vec<String>,
    /// Whether it is suggested; one that is closed is found by its code and names only.
    pub offered: bool,
}

/// How a row's terminal was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// By `code`, `name` or `alias`; the place.
    Matched(&'static str, usize),
    /// The best first.
    Suggested(Vec<Suggestion>),
    Unknown,
}

/// All terminals with what their names are looked up by.
#[derive(Debug, Default)]
pub struct Matcher {
    places: Vec<Place>,
    by_code: HashMap<String, usize>,
    /// Exact names and aliases: places, each with whether it is an alias.
    by_name: HashMap<String, Vec<(usize, bool)>>,
    /// Folded forms of each place.
    forms: Vec<Vec<String>>,
    /// Places by the pairs of characters in their forms, and how telling a pair is.
    pairs: HashMap<(char, char), Vec<u32>>,
    cities: HashSet<String>,
}

/// What is the same in all spellings of a name: width, case, blanks, punctuation, the words 省 and 市.
fn fold(name: &str) -> String {
    clean(name)
        .to_lowercase()
        .replace("有限责任公司", "有限公司")
        .chars()
        .filter(|c| c.is_alphanumeric() && !matches!(c, '省' | '市'))
        .collect()
}

/// A name without what stands in brackets, and each bracket's content.
fn brackets(name: &str) -> (String, Vec<String>) {
    let (mut outer, mut inner, mut depth) = (String::new(), Vec::new(), 0);
    for c in name.chars() {
        match c {
            '(' | '（' | '[' | '【' | '〔' => {
                if depth == 0 {
                    inner.push(String::new());
                }
                depth += 1;
            }
            ')' | '）' | ']' | '】' | '〕' => depth = (depth - 1).max(0),
            c if depth == 0 => outer.push(c),
            c => {
                if let Some(text) = inner.last_mut() {
                    text.push(c);
                }
            }
        }
    }
    (outer, inner)
}

/// The folded forms of a name: whole, without brackets, what an affiliated hospital is called by itself, and without
/// the region in front.
fn forms(name: &str, regions: &[&str]) -> Vec<String> {
    let (outer, inner) = brackets(name);
    let mut forms = vec![fold(name), fold(&outer)];
    forms.extend(
        inner
            .iter()
            .map(|text| fold(text))
            .filter(|text| text.chars().count() >= 4),
    );
    for form in forms.clone() {
        if let Some((_, own)) = form.split_once("附属")
            && own.chars().count() >= 5
        {
            forms.push(own.to_owned());
        }
    }
    for form in forms.clone() {
        forms.extend(short(&form));
    }
    for form in forms.clone() {
        let mut rest = form.as_str();
        for region in regions {
            rest = rest.strip_prefix(region).unwrap_or(rest);
        }
        if rest.len() < form.len() && rest.chars().count() >= 4 {
            forms.push(rest.to_owned());
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms.retain(|form| !form.is_empty());
    forms
}

/// What people call a numbered hospital: 第一人民医院 and 第一医院 are 一院.
fn short(form: &str) -> Option<String> {
    let at = form.find('第')?;
    let number = form[at..].chars().nth(1)?;
    let rest = &form[at + '第'.len_utf8() + number.len_utf8()..];
    let after = rest
        .strip_prefix("人民医院")
        .or_else(|| rest.strip_prefix("医院"))?;
    Some(format!("{}{number}院{after}", &form[..at]))
}

fn pairs_of(text: &str) -> Vec<(char, char)> {
    let chars: Vec<char> = text.chars().collect();
    let mut pairs: Vec<_> = chars.windows(2).map(|w| (w[0], w[1])).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The first ordinal of a name, as 五 in 第五医院.
fn ordinal(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.find(|c| *c == '第')?;
    chars.next()
}

/// What kind of place a name is by its ending.
fn is_shop(text: &str) -> bool {
    ["药房", "药店", "大药房", "公司"]
        .iter()
        .any(|end| text.ends_with(end))
}

impl Matcher {
    /// Prepares all terminals.
    pub fn new(places: Vec<Place>) -> Matcher {
        let mut matcher = Matcher {
            cities: places
                .iter()
                .map(|place| fold(&place.city))
                .filter(|city| city.chars().count() >= 2)
                .collect(),
            ..Matcher::default()
        };
        for (i, place) in places.iter().enumerate() {
            if !place.code.is_empty() {
                matcher.by_code.insert(place.code.clone(), i);
            }
            let names = std::iter::once((&place.name, false))
                .chain(place.aliases.iter().map(|alias| (alias, true)));
            for (name, alias) in names {
                matcher
                    .by_name
                    .entry(clean(name))
                    .or_default()
                    .push((i, alias));
            }
            let (province, city) = (fold(&place.province), fold(&place.city));
            let regions = [province.as_str(), city.as_str()];
            let mut own: Vec<String> = forms(&place.name, &regions);
            for alias in &place.aliases {
                own.extend(forms(alias, &regions));
            }
            own.sort_unstable();
            own.dedup();
            let mut seen: Vec<(char, char)> = own.iter().flat_map(|form| pairs_of(form)).collect();
            seen.sort_unstable();
            seen.dedup();
            for pair in seen.into_iter().filter(|_| place.offered) {
                matcher.pairs.entry(pair).or_default().push(i as u32);
            }
            matcher.forms.push(own);
        }
        matcher.places = places;
        matcher
    }

    /// A terminal that bears exactly a name by now.
    pub fn exact(&self, at: usize) -> Suggestion {
        self.suggestion(at, 99, vec![Reason::Normalised])
    }

    /// The place of each terminal's id.
    pub fn ids(&self) -> HashMap<String, usize> {
        (0..)
            .zip(&self.places)
            .map(|(at, place)| (place.id.clone(), at))
            .collect()
    }

    /// A terminal by its place.
    pub fn place(&self, at: usize) -> &Place {
        &self.places[at]
    }

    /// Decides about a code and a name as printed; `near` are ids of terminals to which the distributor has delivered.
    pub fn decide(&self, code: &str, name: &str, near: &HashSet<String>) -> Decision {
        let name = clean(name);
        let named = self.by_name.get(&name);
        if let Some(at) = self.by_code.get(code).copied() {
            let agrees = name.is_empty()
                || named.is_some_and(|found| found.iter().any(|(i, _)| *i == at))
                || self.forms[at].contains(&fold(&name));
            if agrees {
                return Decision::Matched("code", at);
            }
            // Code and name disagree: both are offered.
            let mut found = vec![self.suggestion(at, 90, vec![Reason::Code])];
            if let Decision::Suggested(others) = self.suggest(&name, near) {
                found.extend(others);
            }
            return Decision::Suggested(first_of_each(found));
        }
        if let Some(bearers) = named
            && let Some((first, alias)) = bearers.first()
        {
            if bearers.iter().all(|(at, _)| at == first) {
                return Decision::Matched(if *alias { "alias" } else { "name" }, *first);
            }
            let mut found: Vec<Suggestion> = bearers
                .iter()
                .map(|(at, _)| self.weighed(*at, 95, vec![Reason::Several], near))
                .collect();
            found.sort_by(|a, b| b.score.cmp(&a.score).then(a.code.cmp(&b.code)));
            return Decision::Suggested(first_of_each(found));
        }
        self.suggest(&name, near)
    }

    fn suggestion(&self, at: usize, score: i64, reasons: Vec<Reason>) -> Suggestion {
        let place = &self.places[at];
        Suggestion {
            terminal_id: place.id.clone(),
            code: place.code.clone(),
            name: place.name.clone(),
            city: if place.city.is_empty() {
                place.province.clone()
            } else {
                place.city.clone()
            },
            score: score.clamp(0, 99),
            reasons,
        }
    }

    /// A suggestion, a little better where the distributor has delivered before.
    fn weighed(
        &self,
        at: usize,
        score: i64,
        mut reasons: Vec<Reason>,
        near: &HashSet<String>,
    ) -> Suggestion {
        let known = near.contains(&self.places[at].id);
        if known {
            reasons.push(Reason::History);
        }
        self.suggestion(at, score + i64::from(known) * 3, reasons)
    }

    /// Terminals whose names are like this one.
    fn suggest(&self, name: &str, near: &HashSet<String>) -> Decision {
        let printed = forms(name, &[]);
        let Some(whole) = printed.iter().max_by_key(|form| form.chars().count()) else {
            return Decision::Unknown;
        };
        let mut found: Vec<Suggestion> = self
            .candidates(&printed)
            .into_iter()
            .filter_map(|at| self.compare(at, &printed, whole, near))
            .filter(|suggestion| suggestion.score >= LEAST)
            .collect();
        found.sort_by(|a, b| b.score.cmp(&a.score).then(a.code.cmp(&b.code)));
        found.truncate(MOST);
        if found.is_empty() {
            Decision::Unknown
        } else {
            Decision::Suggested(found)
        }
    }

    /// How telling a pair of characters is: the rarer, the more.
    fn weight(&self, pair: &(char, char)) -> f64 {
        let n = self.pairs.get(pair).map_or(0, Vec::len) as f64;
        (1.0 + self.places.len() as f64 / (n + 1.0)).ln()
    }

    /// The places that share the most telling pairs.
    fn candidates(&self, printed: &[String]) -> Vec<usize> {
        let mut pairs: Vec<(char, char)> = printed.iter().flat_map(|form| pairs_of(form)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut weights: HashMap<u32, f64> = HashMap::new();
        for pair in &pairs {
            let weight = self.weight(pair);
            for at in self.pairs.get(pair).into_iter().flatten() {
                *weights.entry(*at).or_default() += weight;
            }
        }
        let mut all: Vec<(u32, f64)> = weights.into_iter().collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        all.truncate(CLOSE);
        all.into_iter().map(|(at, _)| at as usize).collect()
    }

    fn compare(
        &self,
        at: usize,
        printed: &[String],
        whole: &str,
        near: &HashSet<String>,
    ) -> Option<Suggestion> {
        let place = &self.places[at];
        let (mut best, mut reasons) = (0.0_f64, vec![Reason::Similar]);
        for own in &self.forms[at] {
            for form in printed {
                if own == form {
                    best = 97.0;
                    reasons = vec![Reason::Normalised];
                }
                best = best.max(95.0 * self.likeness(own, form));
            }
        }
        if best < 97.0
            && self.forms[at].iter().any(|own| {
                own.chars().count() == whole.chars().count()
                    && search::pinyin(own).0 == search::pinyin(whole).0
            })
        {
            best = 90.0;
            reasons = vec![Reason::Pinyin];
        }
        let name = fold(&place.name);
        if let (Some(a), Some(b)) = (ordinal(&name), ordinal(whole))
            && a != b
        {
            best -= 35.0;
        }
        if is_shop(whole) != is_shop(&name) {
            best -= 40.0;
        }
        // A city in front of the name that is another than the terminal's.
        let city = fold(&place.city);
        let printed_city = self
            .cities
            .iter()
            .filter(|known| whole.starts_with(known.as_str()))
            .max_by_key(|known| known.len());
        match printed_city {
            Some(known) if *known == city => {
                best += 2.0;
                reasons.push(Reason::Region);
            }
            Some(known) if !city.is_empty() && !name.starts_with(known.as_str()) => {
                best -= 15.0;
            }
            _ => {}
        }
        Some(self.weighed(at, best.round() as i64, reasons, near))
    }

    /// How alike two folded names are, 0 to 1: the share of telling pairs that both have.
    fn likeness(&self, a: &str, b: &str) -> f64 {
        let (a, b) = (pairs_of(a), pairs_of(b));
        let sum = |pairs: &[(char, char)]| -> f64 { pairs.iter().map(|p| self.weight(p)).sum() };
        let both: Vec<(char, char)> = a
            .iter()
            .filter(|p| b.binary_search(p).is_ok())
            .copied()
            .collect();
        let all = sum(&a) + sum(&b);
        if all == 0.0 {
            0.0
        } else {
            2.0 * sum(&both) / all
        }
    }
}

/// Keeps the first suggestion of each terminal, and so many in all.
fn first_of_each(mut found: Vec<Suggestion>) -> Vec<Suggestion> {
    let mut seen = HashSet::new();
    found.retain(|suggestion| seen.insert(suggestion.terminal_id.clone()));
    found.truncate(MOST);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher() -> Matcher {
        let place = |code: &str, name: &str, city: &str, aliases: &[&str]| Place {
            id: format!("id-{code}"),
            code: code.into(),
            name: name.into(),
            province: String::new(),
            city: city.into(),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            offered: name != "泉州市第三医院",
        };
        Matcher::new(vec![
            place("1", "武汉市第四医院", "武汉市", &[]),
            place("2", "武汉市第五医院", "武汉市", &["武汉五医院"]),
            place("3", "厦门市妇幼保健院(厦门市林巧稚妇儿医院)", "厦门市", &[]),
            place("4", "首都医科大学附属北京天坛医院", "北京市", &[]),
            place("5", "人民医院", "甲市", &[]),
            place("6", "人民医院", "乙市", &[]),
            place("7", "泉州市中医院", "泉州市", &[]),
            place("8", "泉州市第三医院", "泉州市", &[]),
        ])
    }

    fn first(decision: Decision) -> (String, i64) {
        match decision {
            Decision::Suggested(found) => (found[0].code.clone(), found[0].score),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_exact_is_matched() {
        let (m, none) = (matcher(), HashSet::new());
        assert_eq!(
            m.decide("2", "武汉市第五医院", &none),
            Decision::Matched("code", 1)
        );
        assert_eq!(
            m.decide("2", "武汉第五医院", &none),
            Decision::Matched("code", 1)
        );
        assert_eq!(
            m.decide("", " 武汉市第五医院", &none),
            Decision::Matched("name", 1)
        );
        assert_eq!(
            m.decide("Z9", "武汉五医院", &none),
            Decision::Matched("alias", 1)
        );
    }

    #[test]
    fn the_rest_is_suggested_and_not_decided() {
        let (m, none) = (matcher(), HashSet::new());
        assert_eq!(first(m.decide("", "武汉第五医院", &none)).0, "2");
        assert_eq!(first(m.decide("", "武汉五院", &none)).0, "2");
        assert_eq!(first(m.decide("", "厦门妇幼保健院", &none)).0, "3");
        assert_eq!(first(m.decide("", "北京天坛医院", &none)).0, "4");
        assert_eq!(first(m.decide("", "泉洲中医院", &none)).0, "7");
        // One that is closed is found by its name and suggested for none.
        assert_eq!(
            m.decide("", "泉州市第三医院", &none),
            Decision::Matched("name", 7)
        );
        assert_eq!(m.decide("", "泉州三院", &none), Decision::Unknown);
        // Two bear it, and the one that was delivered to comes first.
        let near = HashSet::from(["id-6".to_owned()]);
        let Decision::Suggested(found) = m.decide("", "人民医院", &near) else {
            panic!("is ambiguous");
        };
        assert_eq!(found[0].code, "6");
        assert_eq!(found.len(), 2);
        // Code and name disagree.
        let Decision::Suggested(found) = m.decide("1", "泉州市中医院", &none) else {
            panic!("needs a person");
        };
        let codes: Vec<&str> = found.iter().map(|s| s.code.as_str()).collect();
        assert!(codes.starts_with(&["1", "7"]), "{codes:?}");
        assert_eq!(
            m.decide("", "七喜科技有限公司大药房", &none),
            Decision::Unknown
        );
        assert_eq!(m.decide("", "", &none), Decision::Unknown);
    }
}
