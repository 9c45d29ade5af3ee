//! Server functions of sharing.

use leptos::{server, server_fn};

use super::model::{Report, ShareView, TreeView};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::metrics::{self, Range},
    super::{rules, store},
    crate::ownership::people::{self, Among},
    crate::server::{guard, state::state, web},
    crate::shared::{AppError, Permission, Role},
    leptos::prelude::*,
};

/// What the share page shows: one's own links and the HCPs to choose among.
#[server(prefix = "/api", endpoint = "shares/page", input = server_fn::codec::GetUrl)]
pub async fn share_page(
    id: String,
    #[server(default)] made: String,
    #[server(default)] text: String,
) -> AppResult<ShareView> {
    let actor = guard::require(Permission::Share).await?;
    let state = state();
    let article = crate::content::store::article(&state.db, &id).await?;
    if !article.is_shown(&state.zone.today()) {
        return Err(AppError::NotFound);
    }
    let parts = use_context::<axum::http::request::Parts>().ok_or(AppError::NotFound)?;
    let origin = web::origin(&state, &parts.headers, &parts.extensions);
    let hcps = crate::hcp::list::choose(&state.db, &actor, &text).await?;
    Ok(ShareView {
        title: article.title,
        audience: article.audience,
        links: store::made(&state, &actor, &id, &made, &origin).await?,
        hcps: hcps.into_iter().map(|h| h.dated(&state.zone)).collect(),
    })
}

/// Makes links: one for each chosen HCP, or one without; `chosen` says that somebody must be.
#[server(prefix = "/api", endpoint = "shares/make")]
pub async fn make_share(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] hcp_ids: Vec<String>,
    #[server(default)] chosen: bool,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Share).await?;
    // Who meant to choose somebody does not want a link for anybody.
    if chosen && hcp_ids.is_empty() {
        return Err(AppError::field("hcp_ids", "field.choose_hcps"));
    }
    if hcp_ids.len() > 50 {
        return Err(AppError::field("hcp_ids", "field.too_many"));
    }
    store::share(&state(), &actor, &form_key, &id, &hcp_ids).await
}

/// Revokes one of one's own links.
#[server(prefix = "/api", endpoint = "shares/revoke")]
pub async fn revoke_share(token: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::Share).await?;
    store::revoke(&state(), &actor, &token).await
}

/// The tree of an article: an HCP's (layer 2), a rep's (layer 1; by id, name or employee number), or one's own.
#[server(prefix = "/api", endpoint = "shares/tree", input = server_fn::codec::GetUrl)]
pub async fn share_tree(
    id: String,
    #[server(default)] rep: String,
    #[server(default)] hcp: String,
) -> AppResult<TreeView> {
    let actor = guard::require(Permission::ReadShares).await?;
    let state = state();
    let db = &state.db;
    let article = crate::content::store::article(db, &id).await?;
    if article.status != "published" && article.status != "withdrawn" {
        return Err(AppError::NotFound);
    }
    let mut reps = store::reps_of(db, &actor, &id).await?;
    let reps_cut = actor.role != Role::Rep && reps.len() > store::REPS_MOST;
    reps.truncate(store::REPS_MOST);
    // The tree has no beginning: its numbers are those of all time.
    let range = Range {
        from: "2000-01-01".into(),
        to: state.zone.today(),
    };
    let month = Range::last_days(&state.zone.today(), 30);
    let (of, name, metrics, trend) = if hcp.is_empty() {
        let rep = match (
            rep.is_empty(),
            reps.iter()
                .find(|(rep, _)| *rep == actor.id)
                .or(reps.first()),
        ) {
            (false, _) => {
                let picked = people::pick(db, &actor, Among::Givers, &rep).await?;
                match picked.fault.as_deref() {
                    None => picked.id,
                    Some("field.person_several") => {
                        return Err(AppError::field("rep", "field.person_several"));
                    }
                    Some(_) => return Err(AppError::NotFound),
                }
            }
            (true, Some((rep, _))) => rep.clone(),
            (true, None) => actor.id.clone(),
        };
        let name = store::staff_name(db, &actor, &rep).await?;
        let metrics = metrics::of_rep(db, &rep, Some(&id), &range).await?;
        let trend = metrics::trend_of_rep(db, &rep, Some(&id), &month).await?;
        (store::TreeOf::Rep(rep), name, metrics, trend)
    } else {
        let row = crate::hcp::store::row(db, &actor, &hcp).await?;
        if !crate::onboarding::store::may_track(db, &hcp).await? {
            return Err(AppError::Conflict("hcp.not_tracked".into()));
        }
        let sharer = format!("hcp:{hcp}");
        let metrics = metrics::of_hcp_article(db, &sharer, &id, &range).await?;
        let trend = metrics::trend_of_hcp(db, &sharer, Some(&id), &month).await?;
        (store::TreeOf::Hcp(hcp), row.name, metrics, trend)
    };
    let (links, reads) = store::tree(db, &actor, &id, &of).await?;
    Ok(TreeView {
        article_id: id,
        title: article.title,
        of: name,
        metrics,
        trend,
        cut: links.len() as i64 >= store::TREE_MOST,
        reps_cut,
        roots: rules::tree(&links, &reads),
        reps: if actor.role == Role::Rep {
            Vec::new()
        } else {
            reps
        },
    })
}

/// The report of layer 1 within scope.
#[server(prefix = "/api", endpoint = "shares/report", input = server_fn::codec::GetUrl)]
pub async fn share_report(
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] text: String,
    #[server(default)] sort: String,
    #[server(default)] page: i64,
) -> AppResult<Report> {
    let actor = guard::require(Permission::ReadShares).await?;
    let state = state();
    let range = Range::asked(&from, &to, &state.zone.today());
    Ok(metrics::report(&state, &actor, range, &text, &sort, page.max(1)).await?)
}

/// The weights of the composite index.
#[server(prefix = "/api", endpoint = "settings/index", input = server_fn::codec::GetUrl)]
pub async fn get_weights() -> AppResult<super::rules::Weights> {
    guard::require(Permission::ManageOrg).await?;
    Ok(metrics::weights(&state().db).await?)
}

/// Sets the weights of the composite index.
#[server(prefix = "/api", endpoint = "settings/save_index")]
pub async fn save_weights(
    #[server(default)] shares: String,
    #[server(default)] uv: String,
    #[server(default)] rereads: String,
    #[server(default)] finished: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    let read = |text: &str| {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|w| (0.0..=1000.0).contains(w))
    };
    let mut checks = crate::shared::error::Checks::default();
    for (text, field) in [
        (&shares, "shares"),
        (&uv, "uv"),
        (&rereads, "rereads"),
        (&finished, "finished"),
    ] {
        checks.ensure(read(text).is_some(), field, "field.weight");
    }
    checks.done()?;
    let weight = |text: &str| read(text).unwrap_or_default();
    let weights = rules::Weights {
        shares: weight(&shares),
        uv: weight(&uv),
        rereads: weight(&rereads),
        finished: weight(&finished),
    };
    store::set_weights(&state(), &actor, weights).await
}
