//! Recording a visit: one page of taps. Its script keeps the draft, opens material and times it, records a voice note, hints
//! at words that want another form, and sends through the outbox. Without it the form posts as it stands.

use axum::extract::{Multipart, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::record_page::{Form, Given, Person, page};
use super::refuse;
use crate::content;
use crate::hcp;
use crate::server::AppState;
use crate::server::db::{DbResult, q};
use crate::server::guard::Actor;
use crate::server::web::{self, Visit, see_other};
use crate::shared::{AppError, Permission};
use crate::visit::place;
use crate::visit::records::{self, NewVisit};

/// The routes of records.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/visits/new", get(show))
        .route("/visits", post(send))
        .route("/visits/people", get(people))
        .route("/visits/materials/{id}", get(material))
        .route("/visits/{id}/voice", get(voice))
}

/// What the record's page says after it was stored.
const RECORDED: &str = "notice.visit_recorded";
/// HCPs that the form offers at most.
const PEOPLE_MOST: i64 = 200;
/// Material that the form offers at most: the latest.
const MATERIAL_MOST: i64 = 40;

fn recorder(visit: &Visit) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::RecordVisits)?;
    Ok(actor)
}

fn turned_away(visit: &Visit, error: &AppError) -> Response {
    if *error == AppError::Unauthenticated {
        return see_other("/sign-in?next=/visits/new");
    }
    refuse(visit, error)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    terminal: String,
    hcp: String,
    plan: String,
}

/// HCPs within scope who work at a terminal, one's own first.
async fn people_at(
    state: &AppState,
    actor: &Actor,
    terminal: &str,
) -> Result<Vec<Person>, AppError> {
    let mut query = q("SELECT h.id, h.name, h.department FROM hcp h WHERE ");
    hcp::store::scope(actor, &mut query);
    query.push_with(
        " AND h.state <> 'merged' AND h.terminal_id = ? ORDER BY CASE WHEN h.owner_id = ? THEN 0 ELSE 1 END, h.pinyin, h.id",
        [terminal, &actor.id],
    );
    query.push_with(" LIMIT ?", [PEOPLE_MOST]);
    Ok(query.all(&state.db).await?)
}

/// Where one most likely is: the plan's place, the HCP's, that of the last check-in of today, or of the day's next plan.
async fn place(
    state: &AppState,
    actor: &Actor,
    asked: &Asked,
) -> Result<(String, Vec<String>), AppError> {
    let db = &state.db;
    let mut chosen = Vec::new();
    let mut terminal = asked.terminal.clone();
    if !asked.plan.is_empty() {
        let (at, hcp): (Option<String>, Option<String>) =
            q("SELECT terminal_id, hcp_id FROM visit_plan WHERE id = $1 AND staff_id = $2")
                .bind(&asked.plan)
                .bind(&actor.id)
                .one(db)
                .await?;
        if terminal.is_empty() {
            terminal = at.unwrap_or_default();
        }
        chosen.extend(hcp);
    }
    if !asked.hcp.is_empty() {
        hcp::store::row(db, actor, &asked.hcp).await?;
        let (at,): (Option<String>,) = q("SELECT terminal_id FROM hcp WHERE id = $1")
            .bind(&asked.hcp)
            .one(db)
            .await?;
        if terminal.is_empty() {
            terminal = at.unwrap_or_default();
        }
        chosen.push(asked.hcp.clone());
    }
    if terminal.is_empty() {
        let last: Option<(String,)> = q(
            "SELECT terminal_id FROM checkin WHERE staff_id = $1 AND day = $2 AND terminal_id IS NOT NULL ORDER BY at DESC LIMIT 1",
        )
        .bind(&actor.id)
        .bind(state.zone.today())
        .optional(db)
        .await?;
        terminal = last.map(|(id,)| id).unwrap_or_default();
    }
    if terminal.is_empty() {
        let next: Option<(String,)> = q(
            "SELECT terminal_id FROM visit_plan WHERE staff_id = $1 AND day = $2 AND terminal_id IS NOT NULL AND visit_id IS NULL \
             AND cancelled_at IS NULL ORDER BY CASE WHEN starts = '' THEN 1 ELSE 0 END, starts, id LIMIT 1",
        )
        .bind(&actor.id)
        .bind(state.zone.today())
        .optional(db)
        .await?;
        terminal = next.map(|(id,)| id).unwrap_or_default();
    }
    Ok((terminal, chosen))
}

/// Published material that may be shown today, the latest first: id and title.
async fn materials(state: &AppState) -> DbResult<Vec<(String, String)>> {
    q("SELECT id, title FROM article WHERE status = 'published' AND expires_on >= $1 ORDER BY published_at DESC, id LIMIT $2")
        .bind(state.zone.today())
        .bind(MATERIAL_MOST)
        .all(&state.db)
        .await
}

/// `/visits/new`.
async fn show(State(state): State<AppState>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let made = async {
        let actor = recorder(&visit)?;
        let form = form(&state, actor, &asked).await?;
        Ok(page(&visit, form, &Given::default()))
    };
    made.await
        .unwrap_or_else(|error: AppError| turned_away(&visit, &error))
}

async fn form(state: &AppState, actor: &Actor, asked: &Asked) -> Result<Form, AppError> {
    let (mut terminal, mut chosen) = place(state, actor, asked).await?;
    let mut places: Vec<(String, String)> = place::near(state, actor, None)
        .await?
        .into_iter()
        .map(|(id, name, _)| (id, name))
        .collect();
    // Where an HCP works, or a plan leads, may be looked after by somebody else; any other place is not theirs to name.
    let led = asked.terminal.is_empty();
    if !terminal.is_empty() && !led && !places.iter().any(|(id, _)| *id == terminal) {
        terminal.clear();
    }
    if !terminal.is_empty() && !places.iter().any(|(id, _)| *id == terminal) {
        let name: Option<(String,)> = q("SELECT name FROM terminal WHERE id = $1")
            .bind(&terminal)
            .optional(&state.db)
            .await?;
        places.extend(name.map(|(name,)| (terminal.clone(), name)));
    }
    let mut people = people_at(state, actor, &terminal).await?;
    for id in &chosen {
        if !people.iter().any(|(known, _, _)| known == id)
            && let Ok(row) = hcp::store::row(&state.db, actor, id).await
        {
            people.insert(0, (row.id, row.name, row.department));
        }
    }
    chosen.dedup();
    Ok(Form {
        who: actor.id.clone(),
        plan: asked.plan.clone(),
        terminal,
        places,
        people,
        chosen,
        materials: materials(state).await?,
        companions: records::companions(state, actor).await?,
    })
}

/// HCPs at a terminal, for the script: id, name, department.
async fn people(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    let made = async {
        let actor = recorder(&visit)?;
        Ok(Json(people_at(&state, actor, &asked.terminal).await?).into_response())
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}

/// A published article as a part of the page, to be shown to the HCP.
async fn material(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        recorder(&visit)?;
        let article = content::store::article(&state.db, &id).await?;
        if article.status != "published" || article.expires_on < state.zone.today() {
            return Err(AppError::NotFound);
        }
        Ok(visit.fragment(|| {
            view! {
                <article class="prose-zh">
                    <h2>{article.title}</h2>
                    <p class="num text-sm">{crate::content::pages::approval_line(&article.approval_no, &article.expires_on)}</p>
                    <div inner_html=article.body_html></div>
                </article>
            }
        }))
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}

/// The voice note of a record within scope.
async fn voice(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
        actor.check(Permission::ReadVisits)?;
        let (kind, bytes) = records::voice(&state, actor, &id).await?;
        Ok(web::ranged(&visit.headers, &kind, bytes))
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}

/// What a form or the outbox sent.
#[derive(Default)]
struct Sent {
    new: NewVisit,
    /// Seconds that material was shown, by its id.
    seconds: Vec<(String, i64)>,
    who: String,
    scripted: bool,
    /// The form alone is asked for again, with the people of another terminal.
    again: bool,
}

async fn read(mut parts: Multipart) -> Result<Sent, AppError> {
    let broken = |_| AppError::Conflict("error.visit_broken".into());
    let mut sent = Sent::default();
    let mut soon = String::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let bytes = part.bytes().await.map_err(broken)?;
            sent.new.voice = Some(bytes.to_vec()).filter(|b| !b.is_empty());
            continue;
        }
        let text = part.text().await.map_err(broken)?;
        let some = |text: String| Some(text).filter(|t| !t.is_empty());
        match name.as_str() {
            "id" => sent.new.id = text,
            "plan" => sent.new.plan_id = some(text),
            "terminal" => sent.new.terminal_id = some(text),
            "channel" => sent.new.channel = text,
            "hcp" => sent.new.hcps.extend(some(text)),
            "topic" => sent.new.topics.extend(some(text)),
            "material" => sent.new.materials.extend(some(text).map(|id| (id, None))),
            "feedback" => sent.new.feedback = text,
            "note" => sent.new.note = text,
            "wish" => sent.new.wish = text,
            "next" => soon = text,
            "next_day" => sent.new.next_day = text,
            "companion" => sent.new.accompanied_by = some(text),
            "device_at" => sent.new.device_at = text.trim().parse().ok(),
            "who" => sent.who = text,
            "scripted" => sent.scripted = text == "1",
            "again" => sent.again = text == "1",
            other => {
                if let Some(id) = other.strip_prefix("seconds:")
                    && let Ok(seconds) = text.trim().parse()
                {
                    sent.seconds.push((id.to_owned(), seconds));
                }
            }
        }
        if sent.new.hcps.len()
            + sent.new.topics.len()
            + sent.new.materials.len()
            + sent.seconds.len()
            > 500
        {
            return Err(AppError::Conflict("error.visit_broken".into()));
        }
    }
    // A day that was typed goes before one that was tapped.
    if sent.new.next_day.is_empty() {
        sent.new.next_day = soon;
    }
    for (id, seconds) in &sent.seconds {
        if let Some(shown) = sent.new.materials.iter_mut().find(|(known, _)| known == id) {
            shown.1 = Some(*seconds);
        }
    }
    Ok(sent)
}

/// A record, from the form or the outbox.
async fn send(State(state): State<AppState>, visit: Visit, parts: Multipart) -> Response {
    let actor = match recorder(&visit) {
        Ok(actor) => actor,
        Err(error) => return turned_away_json(&visit, &error),
    };
    let sent = match read(parts).await {
        Ok(sent) => sent,
        Err(error) => return (web::status(&error), Json(error)).into_response(),
    };
    if !sent.who.is_empty() && sent.who != actor.id {
        let error = AppError::Unauthenticated;
        return (web::status(&error), Json(error)).into_response();
    }
    let id = sent.new.id.clone();
    let asked = Asked {
        terminal: sent.new.terminal_id.clone().unwrap_or_default(),
        plan: sent.new.plan_id.clone().unwrap_or_default(),
        ..Asked::default()
    };
    if sent.again {
        return match form(&state, actor, &asked).await {
            Ok(form) => page(
                &visit,
                form,
                &Given {
                    new: sent.new,
                    error: None,
                },
            ),
            Err(error) => turned_away(&visit, &error),
        };
    }
    let saved = records::save(&state, actor, sent.new.clone()).await;
    match saved {
        Ok(()) if sent.scripted => Json(json!({ "id": id })).into_response(),
        Ok(()) => see_other(&format!("/visits/{id}?done={RECORDED}")),
        Err(error) if sent.scripted => {
            let said = visit.speaking(async { said(&error) }).await;
            (web::status(&error), Json(json!({ "message": said }))).into_response()
        }
        // Without the script the form comes again as it was sent.
        Err(error @ (AppError::Invalid(_) | AppError::Conflict(_))) => {
            match form(&state, actor, &asked).await {
                Ok(form) => page(
                    &visit,
                    form,
                    &Given {
                        new: sent.new,
                        error: Some(error),
                    },
                ),
                Err(other) => turned_away(&visit, &other),
            }
        }
        Err(error) => turned_away(&visit, &error),
    }
}

/// Nobody is signed in, or the role may not: the outbox reads the status, a browser is led to sign in.
fn turned_away_json(visit: &Visit, error: &AppError) -> Response {
    let plain = visit
        .headers
        .get("sec-fetch-mode")
        .is_some_and(|mode| mode == "navigate");
    if plain {
        turned_away(visit, error)
    } else {
        (web::status(error), Json(error.clone())).into_response()
    }
}

/// All that an error says.
fn said(error: &AppError) -> String {
    match error {
        AppError::Invalid(fields) if !fields.is_empty() => fields
            .iter()
            .map(|f| crate::ui::locale::filled(&f.key, &f.args))
            .collect::<Vec<_>>()
            .join(&tr!("ui.semicolon")),
        AppError::NotFound => tr!("visit.gone"),
        error => error.message(),
    }
}
