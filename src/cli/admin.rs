//! Making an administrator.

use super::said;
use crate::identity::{password, rules, store, units};
use crate::server::AppState;
use crate::server::guard::Actor;
use crate::shared::{AppError, Role};

pub(super) async fn create_admin(
    state: &AppState,
    name: &str,
    phone: &str,
    company: &str,
    password: String,
) -> Result<(), String> {
    let phone = rules::phone(phone).ok_or("the phone must be a mobile number of 11 digits")?;
    if let Some(fault) = rules::password_fault(&password, false) {
        return Err(crate::ui::locale::lookup(fault));
    }
    let hash = password::hash(password).await.map_err(said)?;
    let mut tx = state.db.begin().await.map_err(|e| e.to_string())?;
    let roots: Option<(String,)> = crate::server::db::q(
        "SELECT id FROM org_unit WHERE parent_id IS NULL ORDER BY created_at LIMIT 1",
    )
    .optional(&mut tx)
    .await
    .map_err(|e| e.to_string())?;
    let unit_id = match roots {
        Some((id,)) => id,
        None => units::ensure_unit(&mut tx, None, company, "company")
            .await
            .map_err(|e| e.to_string())?,
    };
    let input = store::PersonInput {
        name: name.to_owned(),
        role: Role::Admin,
        unit_id,
        phone: Some(phone),
        employee_no: None,
        manages: None,
        password_hash: Some(hash),
    };
    store::insert_person(state, &mut tx, &Actor::system(), &input)
        .await
        .map_err(|e| match e {
            AppError::Invalid(faults) => faults
                .first()
                .map(|f| crate::ui::locale::filled(&f.key, &f.args))
                .unwrap_or_default(),
            other => said(other),
        })?;
    tx.commit().await.map_err(|e| e.to_string())
}
