//! Importing HCPs: 姓名, 手机号, 医院, 科室, 职称, 性别, 省份, 城市. An HCP is known by their phone.

use std::collections::{HashMap, HashSet};

use crate::identity::rules;
use crate::importing::table::{Row, Table};
use crate::server::db::{Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, search, time};
use crate::shared::AppError;
use crate::workbench::model::ImportReport;

#[derive(sqlx::FromRow)]
struct Known {
    phone_index: String,
    id: String,
    fields: String,
}

#[derive(sqlx::FromRow)]
struct Hospital {
    id: String,
    name: String,
    province: String,
    city: String,
}

/// What a row says; joined with a separator it is compared with what is stored.
struct Fields {
    name: String,
    terminal_id: String,
    department: String,
    title: String,
    sex: String,
    province: String,
    city: String,
}

impl Fields {
    fn joined(&self) -> String {
        [
            &self.name,
            &self.terminal_id,
            &self.department,
            &self.title,
            &self.sex,
            &self.province,
            &self.city,
        ]
        .map(String::as_str)
        .join("|")
    }
}

/// The hospital of a row: by name, and where several bear it by province and city.
fn hospital<'a>(
    by_name: &'a HashMap<String, Vec<Hospital>>,
    row: &Row<'_>,
) -> Option<&'a Hospital> {
    let same = by_name.get(&row.get("医院"))?;
    if let [only] = same.as_slice() {
        return Some(only);
    }
    let (province, city) = (row.get("省份"), row.get("城市"));
    let mut near = same
        .iter()
        .filter(|h| h.province == province && h.city == city);
    near.next().filter(|_| near.next().is_none())
}

/// Imports HCPs within `tx`. New ones belong to the owner of their hospital, if there is one.
pub async fn import(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    table: &Table,
) -> Result<ImportReport, AppError> {
    let mut by_name: HashMap<String, Vec<Hospital>> = HashMap::new();
    for hospital in q("SELECT id, name, province, city FROM terminal")
        .all::<Hospital>(&mut *tx)
        .await?
    {
        by_name
            .entry(hospital.name.clone())
            .or_default()
            .push(hospital);
    }
    let known: HashMap<String, Known> = q(
        "SELECT phone_index, id, name || '|' || COALESCE(terminal_id, '') || '|' || \
         department || '|' || title || '|' || sex || '|' || province || '|' || city AS fields \
         FROM hcp WHERE phone_index IS NOT NULL",
    )
    .all::<Known>(&mut *tx)
    .await?
    .into_iter()
    .map(|k| (k.phone_index.clone(), k))
    .collect();
    let owners = crate::terminal::store::owners(tx).await?;
    let mut report = ImportReport::default();
    let mut seen = HashSet::new();
    let (mut rows, mut terms, mut history): (Rows, Rows, Rows) = Default::default();
    let now = time::now();
    for row in table.iter() {
        let before = report.invalid.len();
        let name = row.get("姓名");
        if name.is_empty() {
            report
                .invalid
                .push(row.invalid("姓名", tr!("import.name_missing")));
        }
        let phone = row
            .phone(&mut seen)
            .map_err(|fault| report.invalid.push(fault))
            .ok();
        let hospital = hospital(&by_name, &row);
        if hospital.is_none() {
            let several = by_name.contains_key(&row.get("医院"));
            let reason = if several {
                tr!("import.hospital_several")
            } else {
                tr!("import.hospital_unknown")
            };
            report.invalid.push(row.invalid("医院", reason));
        }
        let (Some(phone), Some(hospital), true) = (phone, hospital, report.invalid.len() == before)
        else {
            continue;
        };
        let fields = Fields {
            name,
            terminal_id: hospital.id.clone(),
            department: row.get("科室"),
            title: row.get("职称"),
            sex: row.get("性别"),
            province: row.get("省份"),
            city: row.get("城市"),
        };
        let (pinyin, initials) = search::pinyin(&fields.name);
        let phone_index = state.keys.phone_index(&phone);
        if let Some(stored) = known.get(&phone_index) {
            if stored.fields == fields.joined() {
                report.unchanged += 1;
                continue;
            }
            q("UPDATE hcp SET name = $1, pinyin = $2, initials = $3, terminal_id = $4, department = $5, title = $6, \
               sex = $7, province = $8, city = $9, updated_at = $10 WHERE id = $11")
            .bind(&fields.name)
            .bind(&pinyin)
            .bind(&initials)
            .bind(&fields.terminal_id)
            .bind(&fields.department)
            .bind(&fields.title)
            .bind(&fields.sex)
            .bind(&fields.province)
            .bind(&fields.city)
            .bind(now)
            .bind(&stored.id)
            .exec(&mut *tx)
            .await?;
            super::onboarding::index_terms(
                tx,
                &stored.id,
                &fields.name,
                &fields.department,
                &fields.title,
            )
            .await?;
            report.updated += 1;
            continue;
        }
        let id = crypto::new_id();
        let owner = owners.get(&fields.terminal_id).cloned();
        if let Some(owner) = &owner {
            history.push(vec![
                crypto::new_id().into(),
                id.clone().into(),
                owner.into(),
                now.into(),
                "hospital".into(),
                (&actor.id).into(),
            ]);
        }
        terms.extend(search::rows(
            "hcp",
            &id,
            &[
                &fields.name,
                &pinyin,
                &initials,
                &fields.department,
                &fields.title,
            ],
        ));
        rows.push(vec![
            id.into(),
            fields.name.into(),
            pinyin.into(),
            initials.into(),
            fields.sex.into(),
            state.keys.seal(&phone).into(),
            phone_index.into(),
            rules::mask_phone(&phone).into(),
            fields.terminal_id.into(),
            fields.department.into(),
            fields.title.into(),
            fields.province.into(),
            fields.city.into(),
            "listed".into(),
            owner.into(),
            "import".into(),
            now.into(),
            now.into(),
        ]);
        report.created += 1;
    }
    let head = "INSERT INTO hcp (id, name, pinyin, initials, sex, phone_cipher, phone_index, phone_masked, terminal_id, \
                department, title, province, city, state, owner_id, source, created_at, updated_at)";
    insert_many(tx, head, rows, "").await?;
    let head = "INSERT INTO hcp_ownership (id, hcp_id, owner_id, starts_at, reason, created_by)";
    insert_many(tx, head, history, "").await?;
    search::insert(tx, terms).await?;
    Ok(report)
}
