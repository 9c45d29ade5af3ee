//! Server functions of onboarding.

use leptos::{server, server_fn};

use super::model::{
    CodeRow, CodeView, ConsentView, Coverage, InvitationView, PendingRow, PurposeTexts, RefusedRow,
    SheetView,
};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::consent::{self, By, NewText},
    super::model::{CoverageBy, InvitationCode},
    super::{codes, coverage, hospital, invitation, registrations},
    crate::identity::rules::clean,
    crate::server::{AppState, guard, state::state, web},
    crate::shared::error::Checks,
    crate::shared::{AppError, Permission},
    crate::sharing,
    leptos::prelude::*,
};

/// Scheme and host for what is scanned or sent.
#[cfg(feature = "ssr")]
fn origin(state: &AppState) -> AppResult<String> {
    let parts = use_context::<axum::http::request::Parts>().ok_or(AppError::NotFound)?;
    Ok(web::origin(state, &parts.headers, &parts.extensions))
}

// personal codes -------------------------------------------------------------------------------------------------

/// Makes a personal code.
#[server(prefix = "/api", endpoint = "hcps/invite")]
pub async fn invite_hcp(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::InviteHcps).await?;
    invitation::invite(&state(), &actor, &id).await
}

/// Revokes the personal code that stands.
#[server(prefix = "/api", endpoint = "hcps/revoke_invitation")]
pub async fn revoke_invitation(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::InviteHcps).await?;
    invitation::revoke_invitations(&state(), &actor, &id).await
}

/// The personal code that stands, as a QR code.
#[server(prefix = "/api", endpoint = "hcps/code", input = server_fn::codec::GetUrl)]
pub async fn get_invitation(id: String) -> AppResult<InvitationView> {
    let actor = guard::require(Permission::InviteHcps).await?;
    let state = state();
    let hcp = crate::hcp::store::row(&state.db, &actor, &id).await?;
    let origin = origin(&state)?;
    let code = match invitation::open_invitation(&state.db, &actor, &id).await? {
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

/// One's own personal codes made in bulk, to be printed.
#[server(prefix = "/api", endpoint = "hcps/sheet", input = server_fn::codec::GetUrl)]
pub async fn get_sheet(#[server(default)] page: i64) -> AppResult<SheetView> {
    let actor = guard::require(Permission::InviteHcps).await?;
    let state = state();
    let origin = origin(&state)?;
    invitation::sheet(&state, &actor, &origin, page.max(1)).await
}

// registrations --------------------------------------------------------------------------------------------------

/// Self-registered HCPs that wait for a steward.
#[server(prefix = "/api", endpoint = "hcps/pending", input = server_fn::codec::GetUrl)]
pub async fn list_pending(#[server(default)] page: i64) -> AppResult<Page<PendingRow>> {
    guard::require(Permission::StewardHcps).await?;
    Ok(registrations::pending(&state(), page.max(1)).await?)
}

/// Registrations that were turned down.
#[server(prefix = "/api", endpoint = "hcps/refused", input = server_fn::codec::GetUrl)]
pub async fn list_refused(#[server(default)] page: i64) -> AppResult<Page<RefusedRow>> {
    guard::require(Permission::StewardHcps).await?;
    Ok(registrations::refused(&state(), page.max(1)).await?)
}

/// The steward's decision about a registration: `approve`, `reject` with a reason, or the id of the HCP that it is.
#[server(prefix = "/api", endpoint = "hcps/decide")]
pub async fn decide_pending(
    id: String,
    #[server(default)] decision: String,
    #[server(default)] reason: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::StewardHcps).await?;
    match decision.as_str() {
        "approve" => registrations::approve(&state(), &actor, &id).await,
        "reject" => registrations::reject(&state(), &actor, &id, &reason).await,
        "" => Err(AppError::field("decision", "field.required")),
        into => registrations::merge(&state(), &actor, &id, into).await,
    }
}

// public codes ---------------------------------------------------------------------------------------------------

/// Public codes within scope with their funnels.
#[server(prefix = "/api", endpoint = "codes/list", input = server_fn::codec::GetUrl)]
pub async fn list_codes(#[server(default)] page: i64) -> AppResult<Page<CodeRow>> {
    let actor = guard::require(Permission::MakeCodes).await?;
    Ok(codes::list(&state(), &actor, page.max(1)).await?)
}

/// One public code with its QR code and the HCPs who came through it.
#[server(prefix = "/api", endpoint = "codes/get", input = server_fn::codec::GetUrl)]
pub async fn get_code(id: String, #[server(default)] page: i64) -> AppResult<CodeView> {
    let actor = guard::require(Permission::MakeCodes).await?;
    let state = state();
    let origin = origin(&state)?;
    codes::view(&state, &actor, &id, &origin, page.max(1)).await
}

/// Hospitals that the form of a new public code suggests.
#[server(prefix = "/api", endpoint = "codes/hospitals", input = server_fn::codec::GetUrl)]
pub async fn own_hospitals() -> AppResult<Vec<String>> {
    let actor = guard::require(Permission::MakeCodes).await?;
    Ok(hospital::own(&state().db, &actor).await?)
}

/// Makes a public code.
#[server(prefix = "/api", endpoint = "codes/make")]
pub async fn make_code(
    #[server(default)] form_key: String,
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] hospital: String,
    #[server(default)] expires: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::MakeCodes).await?;
    let new = codes::NewCode {
        name: clean(&name),
        kind,
        hospital: clean(&hospital),
        expires,
    };
    codes::make(&state(), &actor, &form_key, &new).await
}

/// Changes a public code: `close`, `reopen`, or `extend` with the last day on which it works (empty: no end).
#[server(prefix = "/api", endpoint = "codes/change")]
pub async fn change_code(
    id: String,
    #[server(default)] act: String,
    #[server(default)] expires: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::MakeCodes).await?;
    let act = match act.as_str() {
        "close" => codes::Act::Close,
        "reopen" => codes::Act::Reopen,
        "extend" => codes::Act::Extend(expires),
        _ => return Err(AppError::field("act", "field.required")),
    };
    codes::change(&state(), &actor, &id, &act).await
}

// consents -------------------------------------------------------------------------------------------------------

/// The consents of one HCP.
#[server(prefix = "/api", endpoint = "consents/of", input = server_fn::codec::GetUrl)]
pub async fn consents_of(id: String) -> AppResult<ConsentView> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let state = state();
    crate::hcp::store::row(&state.db, &actor, &id).await?;
    Ok(ConsentView {
        rows: consent::consents(&state, &id).await?,
        may_withdraw: actor.role.may(Permission::WithdrawConsents),
    })
}

/// Withdraws a consent on the HCP's request; the note says how and when they asked.
#[server(prefix = "/api", endpoint = "consents/withdraw")]
pub async fn withdraw_consent(
    id: String,
    #[server(default)] purpose: String,
    #[server(default)] note: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WithdrawConsents).await?;
    let state = state();
    crate::hcp::store::row(&state.db, &actor, &id).await?;
    let note = clean(&note);
    Checks::default()
        .text(&note, "note", 200)
        .ensure(note.chars().count() != 1, "note", "field.note_short")
        .done()?;
    let by = By::Staff {
        actor: &actor,
        note: &note,
    };
    if consent::withdraw(&state, &id, &purpose, by).await? {
        Ok(Saved::stay("notice.consent_withdrawn"))
    } else {
        Err(AppError::Conflict("error.consent_not_standing".into()))
    }
}

/// The consent texts with all their versions.
#[server(prefix = "/api", endpoint = "consents/texts", input = server_fn::codec::GetUrl)]
pub async fn list_texts() -> AppResult<Vec<PurposeTexts>> {
    guard::require(Permission::ConsentTexts).await?;
    Ok(consent::list(&state()).await?)
}

/// Puts a new version of a consent text in force.
#[server(prefix = "/api", endpoint = "consents/publish")]
pub async fn publish_text(
    #[server(default)] form_key: String,
    #[server(default)] purpose: String,
    #[server(default)] version: String,
    #[server(default)] text_zh: String,
    #[server(default)] text_en: String,
    #[server(default)] sure: bool,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ConsentTexts).await?;
    let text = NewText {
        sure,
        purpose,
        version: clean(&version),
        zh: text_zh.replace("\r\n", "\n").trim().to_owned(),
        en: text_en.replace("\r\n", "\n").trim().to_owned(),
    };
    consent::publish(&state(), &actor, &form_key, &text).await
}

// coverage -------------------------------------------------------------------------------------------------------

/// How many HCPs within scope stand where, by `region`, `rep` or `specialty`.
#[server(prefix = "/api", endpoint = "coverage/list", input = server_fn::codec::GetUrl)]
pub async fn list_coverage(
    #[server(default)] by: String,
    #[server(default)] sort: String,
    #[server(default)] page: i64,
) -> AppResult<Coverage> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let by = CoverageBy::parse(&by);
    Ok(coverage::table(&state(), &actor, by, &sort, page.max(1)).await?)
}
