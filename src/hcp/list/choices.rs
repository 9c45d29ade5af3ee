//! What the fields of the filter offer, without reading the library at each request.

use super::super::list_model::Choices;
use super::super::store::scope;
use crate::server::db::{Db, DbResult, q};
use crate::server::guard::Actor;
use crate::shared::Role;

/// Values that a field offers.
const CHOICES: i64 = 100;
/// Names of staff that a field offers.
const OWNERS: i64 = 200;

/// How a person stands in the list of owners.
pub(super) const OWNER: &str = "TRIM(COALESCE(o.employee_no, '') || ' ' || o.name)";

/// What the fields of the filter offer within scope.
pub async fn choices(db: &Db, actor: &Actor) -> DbResult<Choices> {
    let groups = q(
        "SELECT id, name FROM hcp_group WHERE staff_id = $1 ORDER BY name COLLATE pinyin LIMIT 200",
    )
    .bind(&actor.id)
    .all(db)
    .await?;
    let mut owners: Vec<String> = if sees_others(actor) {
        let mut query = q(format!(
            "SELECT {OWNER} FROM staff o WHERE o.left_at IS NULL AND o.role IN ('rep', 'otc_rep', 'trade_rep', 'manager') AND "
        ));
        actor.scope(&mut query, "o.id");
        query.push_with(
            " ORDER BY o.name COLLATE pinyin, o.id LIMIT ?",
            [OWNERS + 1],
        );
        let rows: Vec<(String,)> = query.all(db).await?;
        rows.into_iter().map(|(label,)| label).collect()
    } else {
        Vec::new()
    };
    let owners_cut = owners.len() > OWNERS as usize;
    owners.truncate(OWNERS as usize);
    Ok(Choices {
        departments: values(db, actor, "hcp", "department").await?,
        titles: values(db, actor, "hcp", "title").await?,
        tags: values(db, actor, "hcp_tag", "tag").await?,
        provinces: values(db, actor, "hcp", "province").await?,
        owners,
        owners_cut,
        groups,
    })
}

fn sees_others(actor: &Actor) -> bool {
    actor.role.sees_company() || actor.role == Role::Manager
}

/// The first values of a column that occur within scope. The column is the first of an index: where many HCPs are in
/// scope, the index is read from value to value; where they are few, they are read themselves.
async fn values(db: &Db, actor: &Actor, table: &str, column: &str) -> DbResult<Vec<String>> {
    let walks = sees_others(actor);
    let mut query = if walks {
        q(format!(
            "WITH RECURSIVE d(v) AS (SELECT MIN({column}) FROM {table} WHERE {column} > '' UNION ALL \
             SELECT (SELECT MIN(n.{column}) FROM {table} n WHERE n.{column} > d.v) FROM d WHERE d.v IS NOT NULL) \
             SELECT d.v FROM d WHERE d.v IS NOT NULL"
        ))
    } else if table == "hcp" {
        q(format!(
            "SELECT DISTINCT h.{column} FROM hcp h WHERE h.{column} <> '' AND "
        ))
    } else {
        q(format!(
            "SELECT DISTINCT g.{column} FROM hcp_tag g JOIN hcp h ON h.id = g.hcp_id WHERE "
        ))
    };
    if actor.role.sees_company() {
        query.push(&format!(" LIMIT {CHOICES}"));
    } else if walks {
        let (from, alias) = if table == "hcp" {
            ("hcp h", "h")
        } else {
            ("hcp_tag g JOIN hcp h ON h.id = g.hcp_id", "g")
        };
        query.push(&format!(
            " AND EXISTS (SELECT 1 FROM {from} WHERE {alias}.{column} = d.v AND "
        ));
        scope(actor, &mut query);
        query.push(&format!(") LIMIT {CHOICES}"));
    } else {
        scope(actor, &mut query);
        query.push(&format!(" ORDER BY 1 LIMIT {CHOICES}"));
    }
    let rows: Vec<(String,)> = query.all(db).await?;
    Ok(rows.into_iter().map(|(value,)| value).collect())
}
