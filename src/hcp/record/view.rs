//! What is known of an HCP: the head of their page, and their portrait.

use super::{places, tags};
use crate::hcp::model::{HcpView, Portrait, PortraitNumbers, Workplace};
use crate::hcp::store;
use crate::onboarding::store::may_track;
use crate::server::db::q;
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::{AppError, Permission};
use crate::sharing::metrics::{self, Range};

#[derive(sqlx::FromRow)]
struct Profile {
    kind: String,
    specialty: String,
    code: Option<String>,
    email: String,
    office_phone: String,
    preferred_times: String,
    province: String,
    city: String,
    onboarded_at: Option<i64>,
    last_contact_at: Option<i64>,
}

/// An HCP within scope.
pub async fn view(state: &AppState, actor: &Actor, id: &str) -> Result<HcpView, AppError> {
    let mut row = store::row(&state.db, actor, id).await?.dated(&state.zone);
    let profile: Profile = q(
        "SELECT kind, specialty, code, email, office_phone, preferred_times, province, city, onboarded_at, \
         last_contact_at FROM hcp WHERE id = $1",
    )
    .bind(id)
    .one(&state.db)
    .await?;
    let merged_into = if row.state == "merged" {
        // What is known of them stands with the one that was kept.
        row.phone_masked.clear();
        let mut kept = q("SELECT h.id, h.name FROM hcp h WHERE ");
        store::scope(actor, &mut kept);
        kept.push_with(
            " AND h.id = (SELECT merged_into FROM hcp WHERE id = ?)",
            [id],
        );
        kept.optional(&state.db).await?
    } else {
        None
    };
    let terminal: (Option<String>,) = q("SELECT terminal_id FROM hcp WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    let windows = match &terminal.0 {
        Some(terminal) => crate::terminal::record::windows(&state.db, terminal).await?,
        None => Vec::new(),
    };
    let may = |permission| actor.role.may(permission) && row.state != "merged";
    Ok(HcpView {
        kind: profile.kind,
        specialty: profile.specialty,
        code: profile.code,
        email: profile.email,
        office_phone: profile.office_phone,
        preferred_times: profile.preferred_times,
        province: profile.province,
        city: profile.city,
        tags: tags(&state.db, id).await?,
        workplaces: places(&state.db, id)
            .await?
            .into_iter()
            .map(|p| Workplace {
                hospital: p.hospital,
                department: p.department,
            })
            .collect(),
        windows,
        onboarded_at: profile.onboarded_at.map(|at| state.zone.minute(at)),
        last_contact: profile.last_contact_at.map(|at| state.zone.day(at)),
        phone_full: if row.state == "merged" {
            None
        } else {
            store::revealed_phone(state, actor, id).await?
        },
        merged_into,
        may_invite: may(Permission::InviteHcps) && row.state != "pending",
        may_reveal: may(Permission::RevealPhones),
        may_write: may(Permission::WriteHcps),
        may_share: may(Permission::Share),
        row,
    })
}

/// Layer 2 of an HCP within scope over the last 30 or 90 days, beside as many days before.
pub async fn portrait(
    state: &AppState,
    actor: &Actor,
    id: &str,
    days: i64,
) -> Result<Portrait, AppError> {
    store::row(&state.db, actor, id).await?;
    let days = if days == 90 { 90 } else { 30 };
    let today = state.zone.today();
    let range = Range::last_days(&today, days);
    let earlier = Range::last_days(&time::shift_day(&today, -days), days);
    let sharer = format!("hcp:{id}");
    let weights = metrics::weights(&state.db).await?;
    let numbers = if may_track(&state.db, id).await? {
        let (now, before) = (
            metrics::of_hcp(&state.db, &sharer, &range).await?,
            metrics::of_hcp(&state.db, &sharer, &earlier).await?,
        );
        Some(PortraitNumbers {
            index: (weights.index(&now), weights.index(&before)),
            metrics: now,
            before,
            trend: metrics::trend_of_hcp(&state.db, &sharer, None, &range).await?,
            trees: crate::sharing::store::trees_of(&state.db, &sharer).await?,
        })
    } else {
        None
    };
    Ok(Portrait {
        days,
        numbers,
        formula: weights.formula(),
        may_share: actor.role.may(Permission::Share),
    })
}
