//! Plain routes of imports: the upload and the workbooks.

use axum::Router;
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::model::{Existing, Kind};
use super::{failed, jobs, table};
use crate::server::AppState;
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::web::{Visit, see_other, xlsx};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/import/upload", post(upload))
        .route("/import/template/{file}", get(template))
        .route("/import/{id}/failed.xlsx", get(refused))
}

fn importer(visit: &Visit) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::OwnImports)?;
    Ok(actor)
}

async fn upload(State(state): State<AppState>, visit: Visit, mut form: Multipart) -> Response {
    let actor = match importer(&visit) {
        Ok(actor) => actor,
        Err(error) => return visit.error(&error),
    };
    let (mut kind, mut mode, mut name, mut bytes) =
        (String::new(), String::new(), String::new(), Vec::new());
    loop {
        match form.next_field().await {
            Ok(Some(field)) if field.name() == Some("kind") => {
                kind = field.text().await.unwrap_or_default();
            }
            Ok(Some(field)) if field.name() == Some("mode") => {
                mode = field.text().await.unwrap_or_default();
            }
            Ok(Some(field)) if field.name() == Some("file") => {
                name = field.file_name().unwrap_or_default().to_owned();
                match field.bytes().await {
                    Ok(read) => bytes = read.to_vec(),
                    Err(error) => return error.into_response(),
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return error.into_response(),
        }
    }
    let kind = Kind::parse(&kind).unwrap_or(Kind::Hcps);
    // The others have one way only.
    let existing = if kind.has_modes() {
        Existing::parse(&mode).unwrap_or_default()
    } else {
        Existing::Overwrite
    };
    let fault = if bytes.is_empty() {
        Some("empty")
    } else if !table::is_spreadsheet(&bytes) {
        Some("unreadable")
    } else {
        None
    };
    if let Some(fault) = fault {
        let (kind, mode) = (kind.code(), existing.code());
        return see_other(&format!("/import?kind={kind}&mode={mode}&fault={fault}"));
    }
    match jobs::upload(&state, actor, kind, existing, &name, &bytes).await {
        Ok(id) => see_other(&format!("/import/{id}")),
        Err(error) => visit.error(&error),
    }
}

async fn template(visit: Visit, Path(file): Path<String>) -> Response {
    let made = || {
        let actor = importer(&visit)?;
        let kind = file
            .strip_suffix(".xlsx")
            .and_then(Kind::parse)
            .ok_or(AppError::NotFound)?;
        actor.check(kind.permission())?;
        let owner = leptos::prelude::Owner::new();
        let bytes = owner.with(|| {
            leptos::prelude::provide_context(visit.locale);
            failed::template(kind).map_err(internal)
        })?;
        xlsx(&format!("mailuo-import-{}.xlsx", kind.code()), bytes)
    };
    made().unwrap_or_else(|error| visit.error(&error))
}

async fn refused(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        let actor = importer(&visit)?;
        let bytes = failed::workbook(&state, actor, &id).await?;
        xlsx(&format!("mailuo-import-failed-{id}.xlsx"), bytes)
    };
    made.await.unwrap_or_else(|error| visit.error(&error))
}
