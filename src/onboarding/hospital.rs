//! Finding the hospital that somebody typed.

use crate::server::db::{Db, DbResult, q};
use crate::server::guard::Actor;
use crate::shared::AppError;
use crate::shared::error::FieldError;
use crate::terminal::store::suggest;

/// What a typed hospital was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// This terminal.
    One(String),
    /// One of these (id and label), or none of them; empty where nothing is like it.
    Several(Vec<(String, String)>),
}

/// Looks a typed hospital up. A label chosen from the suggestions, or a name that only one terminal bears, is taken
/// as it is; anything else is for the person to choose.
pub async fn find(db: &Db, text: &str) -> DbResult<Typed> {
    if text.chars().count() < 2 {
        return Ok(Typed::Several(Vec::new()));
    }
    let found = suggest(db, text, Some(false)).await?;
    Ok(match exact(&found, text) {
        Some(id) => Typed::One(id),
        None => Typed::Several(found),
    })
}

/// The one suggestion whose label, or whose name before the city, is just this text.
fn exact(found: &[(String, String)], text: &str) -> Option<String> {
    let only = |is: &dyn Fn(&str) -> bool| {
        let mut those = found.iter().filter(|(_, label)| is(label));
        match (those.next(), those.next()) {
            (Some((id, _)), None) => Some(id.clone()),
            _ => None,
        }
    };
    only(&|label| label == text).or_else(|| {
        only(&|label| {
            label
                .rsplit_once('（')
                .is_some_and(|(name, _)| name == text)
        })
    })
}

/// The terminal that a staff form names, or a message beside `field` that tells what it might be.
pub async fn named(db: &Db, text: &str, field: &str) -> Result<String, AppError> {
    let found = match find(db, text).await? {
        Typed::One(id) => return Ok(id),
        Typed::Several(found) => found,
    };
    if found.is_empty() {
        return Err(AppError::field(field, "field.hospital_not_found"));
    }
    let names: Vec<String> = found.into_iter().map(|(_, label)| label).collect();
    Err(AppError::Invalid(vec![FieldError {
        field: field.into(),
        key: "field.hospital_several".into(),
        args: vec![("names".into(), names.join("、"))],
    }]))
}

/// The name of a terminal as the suggestions show it.
pub async fn label(db: &Db, id: &str) -> DbResult<Option<String>> {
    let row: Option<(String,)> = q(
        "SELECT CASE WHEN t.city = '' THEN t.name ELSE t.name || '（' || t.city || '）' END \
         FROM terminal t WHERE t.id = $1",
    )
    .bind(id)
    .optional(db)
    .await?;
    Ok(row.map(|(label,)| label))
}

/// Hospitals that are looked after within the actor's scope, as suggestions; at most 200.
pub async fn own(db: &Db, actor: &Actor) -> DbResult<Vec<String>> {
    let mut query = q(
        "SELECT DISTINCT CASE WHEN t.city = '' THEN t.name ELSE t.name || '（' || t.city || '）' END \
         FROM terminal_assignment a JOIN terminal t ON t.id = a.terminal_id WHERE a.ends_on IS NULL \
         AND t.status <> 'closed' AND ",
    );
    actor.scope(&mut query, "a.staff_id");
    query.push(" ORDER BY 1 LIMIT 200");
    let rows: Vec<(String,)> = query.all(db).await?;
    Ok(rows.into_iter().map(|(label,)| label).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_name_is_taken() {
        let found = [
            ("1", "人民医院（甲市）"),
            ("2", "人民医院（乙市）"),
            ("3", "人民医院（东院区）"),
            ("4", "中医院（甲市）"),
        ]
        .map(|(id, label)| (id.to_owned(), label.to_owned()));
        assert_eq!(exact(&found, "人民医院（乙市）").as_deref(), Some("2"));
        assert_eq!(exact(&found, "中医院").as_deref(), Some("4"));
        assert_eq!(exact(&found, "人民医院"), None, "several bear it");
        assert_eq!(exact(&found, "人民"), None);
    }
}
