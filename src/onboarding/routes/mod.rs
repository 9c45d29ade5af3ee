//! The ways in: a personal code, a public code, and registering without either. Plain pages, no wasm.

mod join;
mod parts;
mod personal;
mod registration;
mod screens;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::consent::Texts;
use super::model::CoverageBy;
use super::store::Consents;
use crate::server::AppState;
use crate::server::web::{self, Visit};
use crate::shared::{AppError, AppResult, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/i/{token}", get(personal::page).post(personal::step))
        .route("/onboard", get(registration::page).post(registration::step))
        .route("/join/hospitals", get(join::hospitals))
        .route("/join/{code}", get(join::page).post(join::step))
        .route("/join/{code}/seen", post(join::seen))
        .route("/coverage.xlsx", get(coverage))
        .merge(super::own_page::routes())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    by: String,
    sort: String,
}

/// Coverage as a workbook.
async fn coverage(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    let made = async {
        let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
        actor.check(Permission::ReadHcps)?;
        let by = CoverageBy::parse(&asked.by);
        let owner = leptos::prelude::Owner::new();
        let book = owner.with(|| {
            leptos::prelude::provide_context(visit.locale);
            let book = super::coverage::workbook(&state, actor, by, &asked.sort);
            leptos::reactive::computed::ScopedFuture::new_untracked(book)
        });
        web::xlsx(&format!("mailuo-coverage-{}.xlsx", by.code()), book.await?)
    };
    made.await.unwrap_or_else(|error| visit.error(&error))
}

/// The form of all ways in. Each screen shows a part of it and carries the rest along, so that nothing typed is lost
/// by going back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Onboarding {
    /// Which button was pressed.
    step: String,
    /// The purposes whose boxes were ticked because the HCP agreed to them before; it is only shown.
    before: String,
    profile: bool,
    push: bool,
    tracking: bool,
    /// The versions of the texts that were shown with the boxes.
    texts: String,
    phone: String,
    code: String,
    /// A phone that was verified, sealed by the server.
    verified: String,
    name: String,
    hospital: String,
    /// The hospital as typed when `terminal_id` was chosen for it; typed anew, the choice is void.
    asked: String,
    /// A terminal's id, `none` where none of those shown was it, or empty.
    terminal_id: String,
    department: String,
    title: String,
    next: String,
    /// The personal code that was found without a usable phone.
    claims: String,
    /// As whom the funnel of a public code counts this visitor, signed by the server.
    visitor: String,
}

impl Onboarding {
    fn consents(&self) -> Consents {
        Consents {
            profile: self.profile,
            push: self.push,
            tracking: self.tracking,
        }
    }

    /// Ticks what the HCP agreed to before: who comes with another browser is not asked anew, and an empty box takes
    /// nothing back unseen.
    fn recall(&mut self, standing: &[String]) {
        for (purpose, ticked) in [
            ("profile", &mut self.profile),
            ("push", &mut self.push),
            ("tracking", &mut self.tracking),
        ] {
            *ticked |= standing.iter().any(|s| s == purpose);
        }
        self.before = standing.join(" ");
    }

    /// What was agreed to must hold the profile, and be about the texts in force.
    fn agreed(&self, texts: &Texts) -> AppResult<()> {
        if !self.texts.is_empty() && self.texts != texts.shown() {
            Err(AppError::field("profile", "field.consent_changed"))
        } else if self.profile {
            Ok(())
        } else {
            Err(AppError::field("profile", "consent.profile_needed"))
        }
    }

    /// The choice of a hospital, unless another was typed since.
    fn chosen(&self) -> &str {
        if self.asked.is_empty() || self.asked == self.hospital {
            &self.terminal_id
        } else {
            ""
        }
    }

    /// All that is carried from screen to screen.
    fn carried(&self) -> [(&'static str, String); 15] {
        let ticked = |on: bool| if on { "true" } else { "" }.to_owned();
        [
            ("next", self.next.clone()),
            ("claims", self.claims.clone()),
            ("visitor", self.visitor.clone()),
            ("verified", self.verified.clone()),
            ("name", self.name.clone()),
            ("hospital", self.hospital.clone()),
            ("asked", self.asked.clone()),
            ("terminal_id", self.terminal_id.clone()),
            ("department", self.department.clone()),
            ("title", self.title.clone()),
            ("profile", ticked(self.profile)),
            ("push", ticked(self.push)),
            ("tracking", ticked(self.tracking)),
            ("texts", self.texts.clone()),
            ("before", self.before.clone()),
        ]
    }
}
