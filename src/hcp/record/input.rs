//! What was typed into an HCP's form: tidied, checked, and with its hospitals found.

use crate::hcp::model::{HcpInput, KINDS, SEXES, WORKPLACES, Workplace};
use crate::identity::rules::{clean, phone};
use crate::server::db::{Db, DbResult, q};
use crate::shared::Role;
use crate::shared::error::Checks;
use crate::shared::{AppError, FieldError};
use crate::terminal::store::{DISTRIBUTOR, suggest};

/// Most tags of an HCP, and characters of each.
const TAGS: usize = 20;

/// The kinds of HCP that a role enters: distributors' contacts are the commercial reps', the others everybody else's.
pub fn kinds_of(role: Role) -> Vec<&'static str> {
    KINDS
        .into_iter()
        .filter(|kind| match role {
            Role::TradeRep => *kind == "contact",
            Role::Rep | Role::OtcRep | Role::Manager => *kind != "contact",
            _ => true,
        })
        .collect()
}

/// The form without blanks around its texts and without empty workplaces.
pub fn tidy(input: &HcpInput) -> HcpInput {
    HcpInput {
        name: clean(&input.name),
        kind: clean(&input.kind),
        sex: clean(&input.sex),
        phone: clean(&input.phone),
        no_phone: input.no_phone,
        hospital: clean(&input.hospital),
        terminal_id: clean(&input.terminal_id),
        department: clean(&input.department),
        title: clean(&input.title),
        specialty: clean(&input.specialty),
        workplaces: input
            .workplaces
            .iter()
            .map(|w| Workplace {
                hospital: clean(&w.hospital),
                department: clean(&w.department),
            })
            .filter(|w| *w != Workplace::default())
            .collect(),
        tags: tags(&input.tags).join("、"),
        preferred_times: clean(&input.preferred_times),
        email: clean(&input.email),
        office_phone: clean(&input.office_phone),
        code: clean(&input.code),
    }
}

/// The tags of a text, in order and without repeats.
pub fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = text
        .split(|c: char| matches!(c, ',' | '，' | '、' | ';' | '；') || c.is_whitespace())
        .map(clean)
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && !host.contains('@')
            && host
                .split_once('.')
                .is_some_and(|(front, end)| !front.is_empty() && !end.is_empty())
    }) && !text.contains(char::is_whitespace)
}

/// What is wrong with a tidied form, as far as it shows without asking the database. `kind` is the one on file, which
/// may always stay.
pub fn check(input: &HcpInput, role: Role, kind: Option<&str>) -> Result<(), AppError> {
    let mut checks = Checks::default();
    let length = |text: &str| text.chars().count();
    checks.text(&input.name, "name", 20);
    checks.ensure(
        kinds_of(role).contains(&input.kind.as_str()) || kind == Some(input.kind.as_str()),
        "kind",
        "field.hcp_kind",
    );
    checks.ensure(
        input.sex.is_empty() || SEXES.contains(&input.sex.as_str()),
        "sex",
        "field.required",
    );
    checks.ensure(
        input.phone.is_empty() || phone(&input.phone).is_some(),
        "phone",
        "field.phone_format",
    );
    checks.ensure(
        input.phone.is_empty() || !input.no_phone,
        "no_phone",
        "field.phone_or_none",
    );
    checks.ensure(
        input.email.is_empty() || is_email(&input.email),
        "email",
        "field.email",
    );
    for (text, field, most) in [
        (&input.hospital, "hospital", 120),
        (&input.department, "department", 40),
        (&input.title, "title", 40),
        (&input.specialty, "specialty", 40),
        (&input.preferred_times, "preferred_times", 200),
        (&input.email, "email", 100),
        (&input.office_phone, "office_phone", 40),
        (&input.code, "code", 40),
    ] {
        checks.ensure(length(text) <= most, field, "field.too_long");
    }
    let tags = tags(&input.tags);
    checks.ensure(
        tags.len() <= TAGS && tags.iter().all(|tag| length(tag) <= 20),
        "tags",
        "field.tags",
    );
    checks.ensure(
        input.workplaces.len() <= WORKPLACES
            && input
                .workplaces
                .iter()
                .all(|w| length(&w.hospital) <= 120 && length(&w.department) <= 40),
        "workplaces",
        "field.workplaces",
    );
    checks.done()
}

/// A terminal at which an HCP works.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Hospital {
    pub id: String,
    /// Name, with the city behind it where one is known.
    pub label: String,
    pub kind: String,
    pub province: String,
    pub city: String,
}

/// What a typed hospital stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    One(Hospital),
    /// Several fit: ids and labels to choose from, at most ten.
    Several(Vec<(String, String)>),
    None,
}

/// How a terminal `t` is called in forms.
pub const LABEL: &str =
    "CASE WHEN t.city = '' THEN t.name ELSE t.name || '（' || t.city || '）' END";

/// The terminal of an id.
pub async fn by_id(db: &Db, id: &str) -> DbResult<Hospital> {
    q(format!(
        "SELECT t.id, {LABEL} AS label, t.kind, t.province, t.city FROM terminal t WHERE t.id = $1"
    ))
    .bind(id)
    .one(db)
    .await
}

/// The hospital of a text: by name, label, alias or code; else those that a search for it finds. `picked` is the one
/// chosen among several, which counts only while it fits the text.
pub async fn find(db: &Db, text: &str, picked: &str) -> DbResult<Found> {
    if text.chars().count() < 2 {
        return Ok(Found::None);
    }
    let (name, city) = text
        .strip_suffix('）')
        .and_then(|front| front.rsplit_once('（'))
        .unwrap_or_default();
    // Suggestions that would read alike carry the code at their end.
    let code = text.split_whitespace().next_back().unwrap_or_default();
    let exact: Vec<(String, String)> = q(format!(
        "SELECT t.id, {LABEL} FROM terminal t WHERE t.name = $1 OR t.code = $2 OR (t.name = $3 AND t.city = $4) \
         OR t.id IN (SELECT terminal_id FROM terminal_alias WHERE alias = $1) \
         ORDER BY LENGTH(t.name), t.name COLLATE pinyin, t.id LIMIT 10"
    ))
    .bind(text)
    .bind(code)
    .bind(name)
    .bind(city)
    .all(db)
    .await?;
    if let [(id, _)] = exact.as_slice() {
        return Ok(Found::One(by_id(db, id).await?));
    }
    // Picked before, and its label still stands in the field.
    if !picked.is_empty()
        && let Ok(hospital) = by_id(db, picked).await
        && hospital.label == text
    {
        return Ok(Found::One(hospital));
    }
    let fitting = if exact.is_empty() {
        suggest(db, text, None).await?
    } else {
        exact
    };
    if fitting.iter().any(|(id, _)| id == picked) {
        return Ok(Found::One(by_id(db, picked).await?));
    }
    Ok(if fitting.is_empty() {
        Found::None
    } else {
        Found::Several(told_apart(db, fitting).await?)
    })
}

/// Labels of terminals that a text finds among those at which the role's HCPs work; at most ten, no two alike.
pub async fn suggestions(db: &Db, role: Role, text: &str) -> DbResult<Vec<String>> {
    let text = clean(text);
    if text.chars().count() < 2 {
        return Ok(Vec::new());
    }
    let kinds = kinds_of(role);
    let contacts = kinds.contains(&"contact");
    // Stewards enter both.
    let distributors = (!contacts || kinds.len() == 1).then_some(contacts);
    let found = suggest(db, &text, distributors).await?;
    let labels = told_apart(db, found).await?;
    Ok(labels.into_iter().map(|(_, label)| label).collect())
}

/// Puts the code behind labels of which there are two.
async fn told_apart(
    db: &Db,
    mut choices: Vec<(String, String)>,
) -> DbResult<Vec<(String, String)>> {
    let twice: Vec<usize> = (0..choices.len())
        .filter(|i| {
            let alike = choices.iter().filter(|c| c.1 == choices[*i].1);
            alike.count() > 1
        })
        .collect();
    if twice.is_empty() {
        return Ok(choices);
    }
    let mut codes = q("SELECT id, code FROM terminal WHERE id IN (''");
    for i in &twice {
        codes.push_with(", ?", [&choices[*i].0]);
    }
    codes.push(")");
    let codes: Vec<(String, String)> = codes.all(db).await?;
    for i in twice {
        let (id, label) = &mut choices[i];
        if let Some((_, code)) = codes.iter().find(|(of, _)| of == id) {
            label.push(' ');
            label.push_str(code);
        }
    }
    Ok(choices)
}

/// A further workplace on file.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Place {
    pub terminal_id: String,
    /// Label of the terminal.
    pub hospital: String,
    pub department: String,
}

/// Finds the further workplaces of a form. Those on file keep their terminal while their text stays.
pub async fn places(
    db: &Db,
    input: &HcpInput,
    main: Option<&str>,
    on_file: &[Place],
) -> Result<Vec<Place>, AppError> {
    let mut places: Vec<Place> = Vec::new();
    for workplace in &input.workplaces {
        let fault = |key: &str| {
            AppError::Invalid(vec![FieldError {
                field: "workplaces".into(),
                key: key.into(),
                args: vec![("name".into(), workplace.hospital.clone())],
            }])
        };
        let known = on_file
            .iter()
            .find(|p| clean(&p.hospital) == workplace.hospital);
        let (terminal_id, hospital) = match known {
            Some(place) => (place.terminal_id.clone(), place.hospital.clone()),
            None => match find(db, &workplace.hospital, "").await? {
                Found::One(found) => (found.id, found.label),
                Found::Several(_) => return Err(fault("field.workplace_several")),
                Found::None => return Err(fault("field.workplace_unknown")),
            },
        };
        if main == Some(terminal_id.as_str()) || places.iter().any(|p| p.terminal_id == terminal_id)
        {
            return Err(fault("field.workplace_repeated"));
        }
        places.push(Place {
            terminal_id,
            hospital,
            department: workplace.department.clone(),
        });
    }
    Ok(places)
}

/// A contact works at a distributor.
pub fn check_place(kind: &str, hospital: Option<&Hospital>) -> Result<(), AppError> {
    if kind == "contact" && hospital.is_none_or(|h| h.kind != DISTRIBUTOR) {
        return Err(AppError::field("hospital", "field.contact_distributor"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> HcpInput {
        HcpInput {
            name: " 王小明 ".into(),
            kind: "doctor".into(),
            ..Default::default()
        }
    }

    fn faults(input: &HcpInput, role: Role) -> Vec<String> {
        match check(&tidy(input), role, None) {
            Err(AppError::Invalid(fields)) => fields.into_iter().map(|f| f.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn tags_are_split_as_people_write_them() {
        assert_eq!(
            tags("讲者，KOL、 讲者 重点;x"),
            ["KOL", "x", "讲者", "重点"]
        );
        assert_eq!(tags(" ,、"), Vec::<String>::new());
    }

    #[test]
    fn each_field_is_checked() {
        assert_eq!(faults(&form(), Role::Rep), Vec::<String>::new());
        let bad = HcpInput {
            name: "王".repeat(21),
            sex: "x".into(),
            phone: "12".into(),
            email: "a@b".into(),
            tags: "很".repeat(21),
            workplaces: vec![
                Workplace {
                    hospital: "甲".into(),
                    department: String::new()
                };
                6
            ],
            ..form()
        };
        assert_eq!(
            faults(&bad, Role::Rep),
            ["name", "sex", "phone", "email", "tags", "workplaces"]
        );
    }

    #[test]
    fn roles_enter_their_own_kinds() {
        let contact = HcpInput {
            kind: "contact".into(),
            ..form()
        };
        assert_eq!(faults(&contact, Role::Rep), ["kind"]);
        assert_eq!(faults(&contact, Role::TradeRep), Vec::<String>::new());
        assert_eq!(faults(&form(), Role::TradeRep), ["kind"]);
        assert_eq!(faults(&contact, Role::Admin), Vec::<String>::new());
        assert!(check(&tidy(&contact), Role::Rep, Some("contact")).is_ok());
    }

    #[test]
    fn empty_workplaces_are_dropped() {
        let mut input = form();
        input.workplaces = vec![Workplace::default(); 5];
        assert_eq!(tidy(&input).workplaces, []);
        assert_eq!(tidy(&input).name, "王小明");
    }
}
