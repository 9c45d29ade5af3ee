//! Colleagues in the forms of this slice: whom one can choose, and who is meant by what was typed.

use super::model::{Leaver, Pick};
use crate::server::AppState;
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::guard::Actor;
use crate::shared::{Permission, Role};

/// How a person stands in lists: `number name`, or `name（unit 1234）` with the phone's end for those without a number.
const LABEL: &str = "CASE WHEN COALESCE(s.employee_no, '') = '' \
    THEN s.name || '（' || u.name || ' ' || SUBSTR(s.phone_masked, 8) || '）' \
    ELSE s.employee_no || ' ' || s.name END";
const FROM: &str = " FROM staff s JOIN org_unit u ON u.id = s.unit_id WHERE ";

/// Condition on `staff s`: works here and can own HCPs.
pub const OWNER: &str =
    "s.left_at IS NULL AND s.role IN ('rep', 'otc_rep', 'trade_rep', 'manager')";

/// What is wrong with a name that several bear.
const SEVERAL: &str = "field.person_several";

/// Among whom to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Anybody within scope, also who left.
    Givers,
    /// Those within scope who can own HCPs.
    Owners,
    /// All colleagues in the company who may see HCPs: sharing crosses teams.
    Readers,
}

impl Among {
    fn narrow(self, actor: &Actor, query: &mut Query) {
        match self {
            Among::Givers => actor.scope(query, "s.id"),
            Among::Owners => {
                query.push(OWNER).push(" AND ");
                actor.scope(query, "s.id");
            }
            Among::Readers => {
                query.push("s.left_at IS NULL AND s.role IN (''");
                for role in Role::ALL {
                    if role.may(Permission::ReadHcps) {
                        query.push_with(", ?", [role.code()]);
                    }
                }
                query.push(")");
            }
        }
    }
}

#[derive(sqlx::FromRow)]
struct Person {
    id: String,
    label: String,
    gone: bool,
}

/// How a colleague stands in lists of what was done, of `staff {alias}`: `number name`; nothing where there is none.
pub fn named(alias: &str) -> String {
    format!("TRIM(COALESCE({alias}.employee_no, '') || ' ' || {alias}.name)")
}

/// Labels to choose from, one's own unit first; of the givers only those who own HCPs. Where `picked` is a name that
/// several bear, only these.
pub async fn labels(
    db: &Db,
    actor: &Actor,
    among: Among,
    picked: &Pick,
    most: i64,
) -> DbResult<Vec<String>> {
    let mut query = q(format!("SELECT {LABEL}{FROM}"));
    among.narrow(actor, &mut query);
    if picked.fault.as_deref() == Some(SEVERAL) {
        query.push_with(" AND s.name = ?", [&picked.label]);
    }
    if among == Among::Givers {
        query.push(" AND EXISTS (SELECT 1 FROM hcp h WHERE h.owner_id = s.id)");
    }
    query.push_with(
        " ORDER BY CASE WHEN s.unit_id = ? THEN 0 ELSE 1 END, s.name COLLATE pinyin, s.id",
        [&actor.unit_id],
    );
    query.push_with(" LIMIT ?", [most]);
    let rows: Vec<(String,)> = query.all(db).await?;
    Ok(rows.into_iter().map(|(label,)| label).collect())
}

/// Who is meant by a text: a label, an employee number, an id, or a name that one person bears. An empty text means
/// nobody and is no fault.
pub async fn pick(db: &Db, actor: &Actor, among: Among, text: &str) -> DbResult<Pick> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Pick::default());
    }
    let mut query = q(format!(
        "SELECT s.id, {LABEL} AS label, s.left_at IS NOT NULL AS gone{FROM}"
    ));
    among.narrow(actor, &mut query);
    query.push_with(
        &format!(" AND (s.id = ? OR s.employee_no = ? OR s.name = ? OR {LABEL} = ?) LIMIT 2"),
        [text; 4],
    );
    let found: Vec<Person> = query.all(db).await?;
    let several = found.len() > 1;
    Ok(match found.into_iter().next() {
        Some(person) if !several => Pick {
            id: person.id,
            label: person.label,
            left: person.gone,
            fault: None,
        },
        _ => {
            let fault = if several {
                SEVERAL
            } else {
                "field.colleague_unknown"
            };
            Pick {
                label: text.to_owned(),
                fault: Some(fault.to_owned()),
                ..Pick::default()
            }
        }
    })
}

/// Counts those within scope who left and still own HCPs.
pub fn leavers(actor: &Actor) -> Query {
    let mut query = q(
        "SELECT COUNT(*) FROM staff s WHERE s.left_at IS NOT NULL AND EXISTS (SELECT 1 FROM hcp h \
         WHERE h.owner_id = s.id AND h.state NOT IN ('pending', 'merged')) AND ",
    );
    actor.scope(&mut query, "s.id");
    query
}

/// Those within scope who left and still own HCPs, the most HCPs first; at most 50.
pub async fn left_behind(state: &AppState, actor: &Actor) -> DbResult<Vec<Leaver>> {
    let mut query = q(format!(
        "SELECT s.id, {LABEL} AS label, s.left_at, o.hcps FROM staff s JOIN org_unit u ON u.id = s.unit_id \
         JOIN (SELECT h.owner_id, COUNT(*) AS hcps FROM hcp h WHERE h.state NOT IN ('pending', 'merged') \
         AND h.owner_id IN (SELECT g.id FROM staff g WHERE g.left_at IS NOT NULL) GROUP BY h.owner_id) o \
         ON o.owner_id = s.id WHERE "
    ));
    actor.scope(&mut query, "s.id");
    query.push(" ORDER BY o.hcps DESC, s.id LIMIT 50");
    let rows: Vec<(String, String, i64, i64)> = query.all(&state.db).await?;
    Ok(rows
        .into_iter()
        .map(|(id, label, left_at, hcps)| Leaver {
            id,
            label,
            left_on: state.zone.day(left_at),
            hcps,
        })
        .collect())
}
