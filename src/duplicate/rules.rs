//! What makes two HCPs look like one person. Pure: no database, no clock.

use std::sync::OnceLock;

use pinyin::ToPinyin;

use super::hospital::{Hospital, SIMILAR, likeness};
pub use super::hospital::{hospital_likeness, normal_hospital};
use crate::identity::rules::clean;
use crate::server::search;

/// Pairs below this score are no candidates.
pub const LEAST: i64 = 60;

/// Why two HCPs may be one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    SamePhone,
    SameNameSameHospital,
    SameNameSimilarHospital,
    /// With the same department and title; the name and the city alone say nothing.
    SameNameSameCity,
    NearNameSameDepartment,
    /// Adds to the weight of another reason.
    SameDepartment,
    /// Takes from it.
    OtherSex,
}

impl Reason {
    /// The code that is stored.
    pub fn code(self) -> &'static str {
        match self {
            Reason::SamePhone => "same_phone",
            Reason::SameNameSameHospital => "same_name_same_hospital",
            Reason::SameNameSimilarHospital => "same_name_similar_hospital",
            Reason::SameNameSameCity => "same_name_same_city",
            Reason::NearNameSameDepartment => "near_name_same_department",
            Reason::SameDepartment => "same_department",
            Reason::OtherSex => "other_sex",
        }
    }
}

/// The reason in the current language.
pub fn explain(reason: Reason) -> String {
    super::model::explain(reason.code())
}

/// What is compared of an HCP. Unknown texts are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Probe {
    pub name: String,
    pub phone_index: Option<String>,
    pub terminal_id: Option<String>,
    /// Name of the main hospital, from the list of terminals or as it was typed.
    pub hospital: String,
    pub city: String,
    pub department: String,
    pub title: String,
    pub sex: String,
}

/// A probe whose readings and hospital are worked out once, when they are first asked for.
#[derive(Debug, Default)]
pub struct Prepared {
    pub probe: Probe,
    name: String,
    readings: OnceLock<Vec<String>>,
    hospital: OnceLock<Hospital>,
}

impl From<Probe> for Prepared {
    fn from(probe: Probe) -> Self {
        Prepared {
            name: normal_name(&probe.name),
            probe,
            readings: OnceLock::new(),
            hospital: OnceLock::new(),
        }
    }
}

impl Prepared {
    fn readings(&self) -> &[String] {
        self.readings.get_or_init(|| readings(&self.name))
    }

    fn hospital(&self) -> &Hospital {
        self.hospital
            .get_or_init(|| Hospital::of(&self.probe.hospital))
    }

    /// Names that are near each other have this in common: the surname as it sounds, and how long the name is.
    pub fn near_key(&self) -> (String, usize) {
        let surname = self.readings().first().map_or("", String::as_str);
        (fold(surname), self.readings().len())
    }
}

/// How likely two HCPs are one person, 60 to 100, and why; `None` if there is no reason to think so.
pub fn score(a: &Probe, b: &Probe) -> Option<(i64, Vec<Reason>)> {
    judge(&a.clone().into(), &b.clone().into())
}

/// [`score`] of what is prepared.
pub fn judge(a: &Prepared, b: &Prepared) -> Option<(i64, Vec<Reason>)> {
    let (x, y) = (&a.probe, &b.probe);
    let mut points = 0;
    let mut reasons = Vec::new();
    if x.phone_index.is_some() && x.phone_index == y.phone_index {
        points = 100;
        reasons.push(Reason::SamePhone);
    }
    let found = if !a.name.is_empty() && a.name == b.name {
        same_name(a, b)
    } else {
        near_name(a, b)
    };
    if let Some((more, reason)) = found {
        points = points.max(more);
        reasons.push(reason);
        if reason == Reason::SameNameSameHospital && same(&x.department, &y.department) {
            points = (points + 5).min(100);
            reasons.push(Reason::SameDepartment);
        }
    }
    if !reasons.is_empty() && !x.sex.is_empty() && !y.sex.is_empty() && x.sex != y.sex {
        points -= 20;
        reasons.push(Reason::OtherSex);
    }
    (points >= LEAST).then_some((points, reasons))
}

/// Both known and equal.
fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && a == b
}

/// Nothing speaks against one city.
fn cities_agree(a: &Probe, b: &Probe) -> bool {
    a.city.is_empty() || b.city.is_empty() || a.city == b.city
}

fn same_name(a: &Prepared, b: &Prepared) -> Option<(i64, Reason)> {
    let (x, y) = (&a.probe, &b.probe);
    let same_hospital = match (&x.terminal_id, &y.terminal_id) {
        (Some(one), Some(other)) => one == other,
        // A hospital that was only typed is the same where its name is, if the cities do not say otherwise.
        _ => same(&a.hospital().full, &b.hospital().full) && cities_agree(x, y),
    };
    if same_hospital {
        return Some((90, Reason::SameNameSameHospital));
    }
    // Every city has its first hospital: names of hospitals say something within one city only.
    if !cities_agree(x, y) {
        return None;
    }
    let alike = likeness(a.hospital(), b.hospital());
    if alike >= SIMILAR {
        let share = (alike - SIMILAR) / (1.0 - SIMILAR);
        return Some((
            70 + (share * 15.0).round() as i64,
            Reason::SameNameSimilarHospital,
        ));
    }
    let agrees =
        same(&x.city, &y.city) && same(&x.department, &y.department) && same(&x.title, &y.title);
    agrees.then_some((60, Reason::SameNameSameCity))
}

fn near_name(a: &Prepared, b: &Prepared) -> Option<(i64, Reason)> {
    let (x, y) = (&a.probe, &b.probe);
    if x.terminal_id.is_none()
        || x.terminal_id != y.terminal_id
        || !same(&x.department, &y.department)
    {
        return None;
    }
    let points = match nearness(a.readings(), b.readings())? {
        Nearness::Homophone => 75,
        Nearness::Confused => 68,
        // 王秀英 and 王秀兰 are two people more often than one: the title must agree too.
        Nearness::OneApart if same(&x.title, &y.title) => 60,
        Nearness::OneApart => return None,
    };
    Some((points, Reason::NearNameSameDepartment))
}

// names ----------------------------------------------------------------------------------------------------------

/// A name without white space and the dots of transcribed names.
fn normal_name(name: &str) -> String {
    clean(name)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '．' | '.'))
        .collect()
}

/// How a name sounds, character by character without tones, the first read as a surname.
fn readings(name: &str) -> Vec<String> {
    name.chars()
        .enumerate()
        .map(|(i, c)| {
            if i == 0 {
                return search::pinyin(&c.to_string()).0;
            }
            c.to_pinyin()
                .map_or_else(|| c.to_lowercase().to_string(), |p| p.plain().to_owned())
        })
        .collect()
}

/// A syllable with what people mix up made one: zh/z, ch/c, sh/s, n/l, f/h, ang/an, eng/en, ing/in.
fn fold(syllable: &str) -> String {
    let mut out = match syllable.as_bytes() {
        [first @ (b'z' | b'c' | b's'), b'h', ..] => {
            format!("{}{}", char::from(*first), &syllable[2..])
        }
        [b'n', _, ..] => format!("l{}", &syllable[1..]),
        [b'f', ..] => format!("h{}", &syllable[1..]),
        _ => syllable.to_owned(),
    };
    if ["ang", "eng", "ing"].iter().any(|end| out.ends_with(end)) {
        out.pop();
    }
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nearness {
    /// The same sounds.
    Homophone,
    /// The same once [`fold`]ed.
    Confused,
    /// Three characters or more with the same surname, of which one sounds otherwise. With two characters that would
    /// be everybody of the surname.
    OneApart,
}

fn nearness(a: &[String], b: &[String]) -> Option<Nearness> {
    if a.len() < 2 || a.len() != b.len() {
        return None;
    }
    if a == b {
        return Some(Nearness::Homophone);
    }
    let differs = |i: usize| fold(&a[i]) != fold(&b[i]);
    if differs(0) {
        return None;
    }
    match (1..a.len()).filter(|i| differs(*i)).count() {
        0 => Some(Nearness::Confused),
        1 if a.len() > 2 => Some(Nearness::OneApart),
        _ => None,
    }
}

/// Whether two names sound alike, or nearly.
pub fn pinyin_near(a: &str, b: &str) -> bool {
    nearness(&readings(&normal_name(a)), &readings(&normal_name(b))).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_alike() {
        for (a, b) in [
            ("王伟", "王玮"),
            ("张静", "章静"),
            ("陈晓明", "陈小明"),
            ("曾伟", "增伟"),
            ("李宁", "李林"),
            ("刘洋", "刘严"),
            ("王建国", "王建军"),
            ("单 丽", "单丽"),
        ] {
            assert!(pinyin_near(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("王伟", "王芳"),
            ("王小明", "王明"),
            ("李建国", "王建国"),
            ("王建国", "王文博"),
            ("王", "王"),
        ] {
            assert!(!pinyin_near(a, b), "{a} {b}");
        }
    }

    fn probe(name: &str, terminal: &str, hospital: &str, department: &str) -> Probe {
        Probe {
            name: name.into(),
            terminal_id: (!terminal.is_empty()).then(|| terminal.into()),
            hospital: hospital.into(),
            city: "福州市".into(),
            department: department.into(),
            title: "主任医师".into(),
            ..Probe::default()
        }
    }

    #[test]
    fn scores_by_what_agrees() {
        use Reason::*;
        let base = probe("王小明", "t1", "福州市第一医院", "心内科");
        let scored = |other: &Probe| score(&base, other);
        assert_eq!(
            scored(&base),
            Some((95, vec![SameNameSameHospital, SameDepartment]))
        );
        let other_department = probe("王小明", "t1", "福州市第一医院", "骨科");
        assert_eq!(
            scored(&other_department),
            Some((90, vec![SameNameSameHospital]))
        );
        let typed = probe("王小明", "", "第一人民医院", "");
        assert_eq!(scored(&typed), Some((85, vec![SameNameSimilarHospital])));
        let same_city = probe("王小明", "t2", "福州市中医院", "心内科");
        assert_eq!(scored(&same_city), Some((60, vec![SameNameSameCity])));
        let no_other_sign = probe("王小明", "t2", "福州市中医院", "骨科");
        assert_eq!(scored(&no_other_sign), None);
        let elsewhere = Probe {
            city: "厦门市".into(),
            ..probe("王小明", "t3", "厦门市第一医院", "心内科")
        };
        assert_eq!(
            scored(&elsewhere),
            None,
            "a first hospital of another city is another"
        );
        let near = probe("王晓明", "t1", "福州市第一医院", "心内科");
        assert_eq!(scored(&near), Some((75, vec![NearNameSameDepartment])));
        let near_elsewhere = probe("王晓明", "t1", "福州市第一医院", "骨科");
        assert_eq!(scored(&near_elsewhere), None);
        let stranger = probe("李建国", "t1", "福州市第一医院", "心内科");
        assert_eq!(scored(&stranger), None);
    }

    #[test]
    fn a_phone_says_all_and_another_sex_speaks_against() {
        use Reason::*;
        let with = |name: &str, phone: &str, sex: &str| Probe {
            name: name.into(),
            phone_index: Some(phone.into()),
            sex: sex.into(),
            ..Probe::default()
        };
        assert_eq!(
            score(&with("王小明", "1", ""), &with("李四", "1", "女")),
            Some((100, vec![SamePhone]))
        );
        assert_eq!(
            score(&with("王小明", "1", "男"), &with("李四", "1", "女")),
            Some((80, vec![SamePhone, OtherSex]))
        );
        assert_eq!(
            score(&with("王小明", "1", "男"), &with("王小明", "2", "男")),
            None
        );
        let man = Probe {
            sex: "男".into(),
            ..probe("王小明", "t1", "", "心内科")
        };
        let woman = Probe {
            sex: "女".into(),
            ..probe("王晓明", "t1", "", "心内科")
        };
        assert_eq!(
            score(&man, &woman),
            None,
            "75 less 20 is below the threshold"
        );
    }
}
