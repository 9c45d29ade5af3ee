//! Server functions of HCPs.

use leptos::{server, server_fn};

use super::model::{HcpList, HcpView, InvitationView, PendingRow};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::model::InvitationCode,
    super::{onboarding, store},
    crate::server::{guard, state::state, time, web},
    crate::shared::{AppError, Permission},
    crate::sharing,
    leptos::prelude::*,
};

/// HCPs within scope.
#[server(prefix = "/api", endpoint = "hcps/list", input = server_fn::codec::GetUrl)]
pub async fn list_hcps(
    #[server(default)] text: String,
    #[server(default)] hcp_state: String,
    #[server(default)] department: String,
    #[server(default)] page: i64,
) -> AppResult<HcpList> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let filter = store::Filter {
        text,
        state: hcp_state,
        department,
    };
    Ok(store::list(&state().db, &actor, &filter, page.max(1)).await?)
}

/// One HCP with consents, ownership and what came of their links.
#[server(prefix = "/api", endpoint = "hcps/get", input = server_fn::codec::GetUrl)]
pub async fn get_hcp(id: String) -> AppResult<HcpView> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let state = state();
    let row = store::row(&state.db, &actor, &id).await?;
    let (province, city, onboarded_at) = store::profile(&state, &id).await?;
    let today = state.zone.today();
    let sharer = format!("hcp:{id}");
    let range = sharing::metrics::Range {
        from: time::shift_day(&today, -59),
        to: today.clone(),
    };
    let tracked = onboarding::may_track(&state.db, &id).await?;
    let metrics = if tracked {
        Some(sharing::metrics::of_hcp(&state.db, &sharer, &range).await?)
    } else {
        None
    };
    let weights = sharing::metrics::weights(&state.db).await?;
    let trend_range = sharing::metrics::Range {
        from: time::shift_day(&today, -29),
        to: today,
    };
    Ok(HcpView {
        province,
        city,
        onboarded_at,
        phone_full: store::revealed_phone(&state, &actor, &id).await?,
        consents: store::consents(&state, &id).await?,
        ownership: store::ownership(&state, &id).await?,
        index: (
            metrics.as_ref().map_or(0.0, |m| weights.index(m)),
            weights.formula(),
        ),
        trend: sharing::metrics::trend_of_hcp(&state.db, &sharer, None, &trend_range).await?,
        trees: if tracked {
            sharing::store::trees_of(&state.db, &sharer).await?
        } else {
            Vec::new()
        },
        metrics,
        may_invite: actor.role.may(Permission::InviteHcps),
        may_reveal: actor.role.may(Permission::RevealPhones),
        row,
    })
}

/// Writes down who looks at a full phone number, and shows it.
#[server(prefix = "/api", endpoint = "hcps/reveal_phone")]
pub async fn reveal_phone(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::RevealPhones).await?;
    store::reveal_phone(&state(), &actor, &id).await
}

/// Makes a personal code.
#[server(prefix = "/api", endpoint = "hcps/invite")]
pub async fn invite_hcp(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::InviteHcps).await?;
    store::invite(&state(), &actor, &id).await
}

/// Revokes the personal code that stands.
#[server(prefix = "/api", endpoint = "hcps/revoke_invitation")]
pub async fn revoke_invitation(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::InviteHcps).await?;
    store::revoke_invitations(&state(), &actor, &id).await
}

/// The personal code that stands, as a QR code.
#[server(prefix = "/api", endpoint = "hcps/code", input = server_fn::codec::GetUrl)]
pub async fn get_invitation(id: String) -> AppResult<InvitationView> {
    let actor = guard::require(Permission::InviteHcps).await?;
    let state = state();
    let hcp = store::row(&state.db, &actor, &id).await?;
    let parts = use_context::<axum::http::request::Parts>().ok_or(AppError::NotFound)?;
    let origin = web::origin(&state, &parts.headers, &parts.extensions);
    let code = match store::open_invitation(&state.db, &actor, &id).await? {
        Some((id, token, expires)) => {
            let url = format!("{origin}/i/{token}");
            let svg = sharing::qr_svg(&url)?;
            Some(InvitationCode {
                id,
                url,
                svg,
                expires: state.zone.minute(expires),
            })
        }
        None => None,
    };
    Ok(InvitationView { hcp, code })
}

/// Self-registered HCPs that wait for a steward.
#[server(prefix = "/api", endpoint = "hcps/pending", input = server_fn::codec::GetUrl)]
pub async fn list_pending(#[server(default)] page: i64) -> AppResult<Page<PendingRow>> {
    guard::require(Permission::StewardHcps).await?;
    Ok(store::pending(&state(), page.max(1)).await?)
}

/// The steward's decision about a registration: `approve`, `reject`, or the id of the HCP that it is.
#[server(prefix = "/api", endpoint = "hcps/decide")]
pub async fn decide_pending(id: String, #[server(default)] decision: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::StewardHcps).await?;
    match decision.as_str() {
        "approve" => onboarding::approve(&state(), &actor, &id).await,
        "reject" => onboarding::reject(&state(), &actor, &id).await,
        "" => Err(AppError::field("decision", "field.required")),
        into => onboarding::merge(&state(), &actor, &id, into).await,
    }
}
