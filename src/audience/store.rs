//! SQL of audiences.

use std::collections::HashMap;

use super::model::{Audience, AudienceChoices};
use crate::identity::rules::clean;
use crate::server::db::{Db, DbResult, Rows, Tx, insert_many, q};
use crate::shared::error::FieldError;
use crate::shared::{AppError, Role};

/// What an audience belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Exam,
    Course,
}

impl Of {
    /// The table of the rules and its column for the object.
    fn table(self) -> (&'static str, &'static str) {
        match self {
            Of::Exam => ("exam_audience", "exam_id"),
            Of::Course => ("course_audience", "course_id"),
        }
    }

    /// The condition that the person `s` is of the audience of the object `object` (an SQL alias with an `id`), and
    /// works here.
    pub fn assigned(self, object: &str) -> String {
        let (table, column) = self.table();
        format!(
            "s.left_at IS NULL AND EXISTS (SELECT 1 FROM {table} a WHERE a.{column} = {object}.id AND \
             (a.kind = 'all' OR (a.kind = 'role' AND a.value = s.role) OR (a.kind = 'person' AND a.value = s.id) \
             OR (a.kind = 'unit' AND EXISTS (SELECT 1 FROM org_closure c WHERE c.ancestor_id = a.value \
             AND c.descendant_id = s.unit_id))))"
        )
    }
}

/// The audience of an object for its form, and in words.
pub async fn read(db: &Db, of: Of, id: &str) -> DbResult<(Audience, Vec<String>)> {
    let (table, column) = of.table();
    let rows: Vec<(String, String)> = q(format!(
        "SELECT kind, value FROM {table} WHERE {column} = $1 AND kind IN ('all', 'role', 'unit', 'person') \
         ORDER BY kind, value"
    ))
    .bind(id)
    .all(db)
    .await?;
    let mut audience = Audience::default();
    let (mut words, mut people) = (Vec::new(), Vec::new());
    for (kind, value) in rows {
        match kind.as_str() {
            "all" => {
                audience.all = true;
                words.push(tr!("audience.all"));
            }
            "role" => {
                if let Some(role) = Role::parse(&value) {
                    audience.roles.push(role);
                    words.push(role.label());
                }
            }
            "unit" => {
                let name: Option<(String,)> = q("SELECT name FROM org_unit WHERE id = $1")
                    .bind(&value)
                    .optional(db)
                    .await?;
                words.extend(name.map(|(name,)| name));
                audience.units.push(value);
            }
            _ => people.push(value),
        }
    }
    if !people.is_empty() {
        let mut query = q(
            "SELECT COALESCE(NULLIF(employee_no, ''), name), name FROM staff WHERE left_at IS NULL AND id IN (''",
        );
        for id in &people {
            query.push_with(", ?", [id]);
        }
        query.push(") ORDER BY name COLLATE pinyin, id");
        let named: Vec<(String, String)> = query.all(db).await?;
        audience.people = named
            .iter()
            .map(|(no, _)| no.clone())
            .collect::<Vec<_>>()
            .join("\n");
        words.push(tr!("audience.people_n", n = named.len()));
    }
    Ok((audience, words))
}

/// Kind and value of each rule of an audience.
///
/// # Errors
/// `Invalid` with the line of the field `people` that names nobody, or several.
pub async fn rows(db: &Db, audience: &Audience) -> Result<Vec<(&'static str, String)>, AppError> {
    if audience.all {
        return Ok(vec![("all", String::new())]);
    }
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    for role in &audience.roles {
        rows.push(("role", role.code().to_owned()));
    }
    for unit in audience.units.iter().filter(|u| !u.is_empty()) {
        let known: Option<(String,)> = q("SELECT id FROM org_unit WHERE id = $1")
            .bind(unit)
            .optional(db)
            .await?;
        rows.extend(known.map(|(id,)| ("unit", id)));
    }
    let names: Vec<String> = audience
        .people
        .split(['\n', ',', '，', '、'])
        .map(clean)
        .filter(|name| !name.is_empty())
        .collect();
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for some in names.chunks(200) {
        let mut query = q(
            "SELECT id, COALESCE(employee_no, ''), name FROM staff WHERE left_at IS NULL AND (employee_no IN (''",
        );
        for name in some {
            query.push_with(", ?", [name]);
        }
        query.push(") OR name IN (''");
        for name in some {
            query.push_with(", ?", [name]);
        }
        query.push("))");
        let people: Vec<(String, String, String)> = query.all(db).await?;
        for (id, number, name) in people {
            if !number.is_empty() {
                found.entry(number).or_default().push(id.clone());
            }
            found.entry(name).or_default().push(id);
        }
    }
    for name in names {
        match found.get(&name).map(Vec::as_slice) {
            Some([id]) => rows.push(("person", id.clone())),
            _ => {
                return Err(AppError::Invalid(vec![FieldError {
                    field: "people".into(),
                    key: "field.audience_person".into(),
                    args: vec![("name".into(), name)],
                }]));
            }
        }
    }
    Ok(rows)
}

/// Sets the audience of an object.
pub async fn write(
    tx: &mut Tx,
    of: Of,
    id: &str,
    rules: Vec<(&'static str, String)>,
) -> DbResult<()> {
    let (table, column) = of.table();
    q(format!("DELETE FROM {table} WHERE {column} = $1"))
        .bind(id)
        .exec(&mut *tx)
        .await?;
    let rows: Rows = rules
        .into_iter()
        .map(|(kind, value)| vec![id.into(), kind.into(), value.into()])
        .collect();
    insert_many(
        tx,
        &format!("INSERT INTO {table} ({column}, kind, value)"),
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    Ok(())
}

/// What the form of an audience offers.
pub async fn choices(db: &Db) -> DbResult<AudienceChoices> {
    let units = crate::identity::units::units(db).await?;
    Ok(AudienceChoices {
        units: units
            .into_iter()
            .map(|u| {
                let indent = "　".repeat(u.depth.max(0) as usize);
                (u.id, format!("{indent}{}", u.name))
            })
            .collect(),
    })
}
