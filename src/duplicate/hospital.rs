//! Hospitals' names: what of them counts, and how alike two are. Pure.

use crate::identity::rules::clean;

/// From this likeness on two hospitals count as similar.
pub const SIMILAR: f64 = 0.65;

/// Words that most hospitals have in their name, the longer ones first.
const GENERIC: [&str; 10] = [
    "医疗中心",
    "卫生院",
    "保健院",
    "门诊部",
    "医院",
    "诊所",
    "人民",
    "中心",
    "附属",
    "院",
];
/// Words that tell one hospital from another of the same place: one that has it is not one that has not.
const SPECIAL: [&str; 17] = [
    "中西医",
    "中医",
    "妇幼",
    "妇产",
    "儿童",
    "口腔",
    "肿瘤",
    "精神",
    "眼科",
    "骨科",
    "胸科",
    "传染",
    "康复",
    "卫生院",
    "社区",
    "药房",
    "药店",
];
const NUMERALS: &str = "〇一二三四五六七八九十";

/// A hospital's name as it is compared.
///
/// Width, white space, punctuation and what stands in brackets do not count; nor do a leading province and city, nor
/// the university before 附属 where the rest names the hospital by itself (…附属协和医院, but not …附属第一医院).
/// 一院, 一医院, 第1医院 and 第一人民医院 become 第一医院; 中医医院 becomes 中医院.
pub fn normal_hospital(name: &str) -> String {
    let full = full_hospital(name);
    ordinals(after_affiliation(after_region(&full)))
}

fn full_hospital(name: &str) -> String {
    let mut depth = 0_u32;
    clean(name)
        .chars()
        .filter(|c| match c {
            '(' | '（' | '[' | '【' => {
                depth += 1;
                false
            }
            ')' | '）' | ']' | '】' => {
                depth = depth.saturating_sub(1);
                false
            }
            c => depth == 0 && c.is_alphanumeric(),
        })
        .flat_map(char::to_lowercase)
        .collect()
}

fn after_region(text: &str) -> &str {
    let mut rest = text;
    for marker in ["省", "自治区", "市"] {
        if let Some((region, after)) = rest.split_once(marker)
            && (2..=6).contains(&region.chars().count())
            && after.chars().count() >= 3
            // 福建省立医院 and 威海市立医院 are names, not places.
            && !after.starts_with(['立', '直', '属'])
        {
            rest = after;
        }
    }
    rest
}

fn after_affiliation(text: &str) -> &str {
    match text.rsplit_once("附属") {
        Some((_, own)) if core(own).chars().count() >= 2 => own,
        _ => text,
    }
}

fn ordinals(text: &str) -> String {
    // 第1医院 is 第一医院.
    let mut after_mark = false;
    let mut out: String = text
        .chars()
        .map(|c| {
            let digit = c.to_digit(10).filter(|_| after_mark);
            after_mark = c == '第' || digit.is_some();
            digit
                .and_then(|d| NUMERALS.chars().nth(d as usize))
                .unwrap_or(c)
        })
        .collect();
    if let Some(number) = ordinal(&out) {
        out = out.replace(&format!("第{number}人民"), &format!("第{number}"));
    } else {
        let chars: Vec<char> = out.chars().collect();
        match chars.as_slice() {
            [head @ .., number, '院'] | [head @ .., number, '医', '院']
                if NUMERALS.contains(*number) =>
            {
                out = head.iter().collect::<String>() + &format!("第{number}医院");
            }
            _ => {}
        }
    }
    out.replace("中医医院", "中医院")
}

/// The number of 第…医院.
fn ordinal(text: &str) -> Option<String> {
    let (_, after) = text.split_once('第')?;
    let number: String = after
        .chars()
        .take_while(|c| NUMERALS.contains(*c))
        .collect();
    (!number.is_empty()).then_some(number)
}

/// What is left of a name without its number and the words that many hospitals have.
fn core(text: &str) -> String {
    let mut out = text.to_owned();
    if let Some(number) = ordinal(text) {
        out = out.replace(&format!("第{number}"), "");
    }
    for word in SPECIAL.iter().chain(&GENERIC) {
        out = out.replace(word, "");
    }
    out
}

/// A hospital's name taken apart.
#[derive(Debug, Default)]
pub struct Hospital {
    /// As written, without punctuation and brackets.
    pub full: String,
    normal: String,
    core: String,
    pairs: Vec<(char, char)>,
    number: Option<String>,
    special: Vec<&'static str>,
}

impl Hospital {
    /// Takes a name apart.
    pub fn of(name: &str) -> Hospital {
        let normal = normal_hospital(name);
        let core = core(&normal);
        Hospital {
            full: full_hospital(name),
            pairs: pairs(&core),
            number: ordinal(&normal),
            special: SPECIAL
                .into_iter()
                .filter(|word| normal.contains(word))
                .collect(),
            core,
            normal,
        }
    }
}

/// Overlapping pairs of characters; a single one stands alone.
fn pairs(text: &str) -> Vec<(char, char)> {
    let chars: Vec<char> = text.chars().collect();
    match chars.as_slice() {
        [only] => vec![(*only, ' ')],
        many => many.windows(2).map(|two| (two[0], two[1])).collect(),
    }
}

/// Dice's coefficient of two bags of pairs.
fn dice(a: &[(char, char)], b: &[(char, char)]) -> f64 {
    let mut left = b.to_vec();
    let mut common = 0_usize;
    for pair in a {
        if let Some(place) = left.iter().position(|other| other == pair) {
            left.swap_remove(place);
            common += 1;
        }
    }
    2.0 * common as f64 / (a.len() + b.len()).max(1) as f64
}

/// [`hospital_likeness`] of what is taken apart.
pub fn likeness(a: &Hospital, b: &Hospital) -> f64 {
    if a.normal.is_empty() || b.normal.is_empty() {
        return 0.0;
    }
    if a.normal == b.normal {
        return 1.0;
    }
    let other_number = matches!((&a.number, &b.number), (Some(x), Some(y)) if x != y);
    if other_number || a.special != b.special || a.core.is_empty() || b.core.is_empty() {
        return 0.0;
    }
    let mut alike = dice(&a.pairs, &b.pairs);
    let (short, long) = if a.core.len() < b.core.len() {
        (&a.core, &b.core)
    } else {
        (&b.core, &a.core)
    };
    // 南口医院 and 昌平区南口医院.
    if short.chars().count() >= 2 && long.contains(short.as_str()) {
        alike = alike.max(0.75);
    }
    if a.number == b.number {
        alike
    } else {
        alike * 0.8
    }
}

/// How alike two hospitals' names are, 0 to 1: Dice's coefficient over pairs of characters of what their names have
/// beside the words that most hospitals share. Other numbers (第一、第二) and other kinds (中医、妇幼) are other
/// hospitals.
pub fn hospital_likeness(a: &str, b: &str) -> f64 {
    likeness(&Hospital::of(a), &Hospital::of(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hospitals_are_compared_by_what_names_them() {
        for (name, normal) in [
            ("上海市第一人民医院", "第一医院"),
            ("上海市第１人民医院（松江院区）", "第一医院"),
            ("三明一院", "三明第一医院"),
            ("福建省立医院", "福建省立医院"),
            ("福建医科大学附属协和医院", "协和医院"),
            ("福建医科大学附属第一医院", "福建医科大学附属第一医院"),
            ("北京市昌平区南口医院(南口中西医结合医院)", "昌平区南口医院"),
            ("周宁县中医医院", "周宁县中医院"),
            ("", ""),
        ] {
            assert_eq!(normal_hospital(name), normal, "{name}");
        }
    }

    #[test]
    fn likeness_of_hospitals() {
        let alike = |a, b| hospital_likeness(a, b) >= SIMILAR;
        for (a, b) in [
            ("上海市第一人民医院", "第一人民医院"),
            ("北京市昌平区南口医院", "南口医院"),
            ("周宁县医院", "周宁医院"),
            ("协和医院", "福建医科大学附属协和医院"),
            ("重庆市妇幼保健院", "妇幼保健院"),
        ] {
            assert!(alike(a, b), "{a} {b}: {}", hospital_likeness(a, b));
            assert!(alike(b, a), "{b} {a}");
        }
        for (a, b) in [
            ("上海市第一人民医院", "上海市第六人民医院"),
            ("周宁县中医院", "周宁县医院"),
            ("周宁县人民医院", "寿宁县人民医院"),
            ("福建医科大学附属第一医院", "福建中医药大学附属第一医院"),
            ("人民医院", "周宁县人民医院"),
            ("", ""),
        ] {
            assert!(!alike(a, b), "{a} {b}: {}", hospital_likeness(a, b));
        }
    }
}
