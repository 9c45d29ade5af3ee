//! Plain pages without wasm that work without a line: checking in, and recording a visit. The script of the first reads the
//! position only when the button is pressed; both keep what could not be sent, and bring the service worker.

mod record;
mod record_page;

use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use leptos::prelude::*;
use serde::Deserialize;

use super::model::CheckinRow;
use super::pages::Stop;
use super::rules::Position;
use super::store::{self, Filter, NewCheckin};
use super::{photo, place, sheet};
use crate::server::guard::Actor;
use crate::server::web::{self, Visit, see_other};
use crate::server::{AppState, crypto};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/checkin", get(show).post(send))
        .route("/checkin/near", get(near))
        .route("/checkin/consent", post(withdraw))
        .route("/checkins/{id}/photo", get(photo))
        .route("/checkins/sheet.xlsx", get(workbook))
        .route("/sw.js", get(worker_script))
        .merge(record::routes())
}

fn worker(visit: &Visit) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::CheckIn)?;
    Ok(actor)
}

fn refuse(visit: &Visit, error: &AppError) -> Response {
    if *error == AppError::Unauthenticated {
        return see_other("/sign-in?next=/checkin");
    }
    visit.error(error)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// "1": a check-in was just stored.
    done: String,
}

/// The service worker, under a name for its kept pages that changes with all that they are made of.
async fn worker_script() -> Response {
    static SCRIPT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let source = include_str!("../sw.js");
        let parts = [
            source,
            include_str!("../../../public/js/outbox.js"),
            include_str!("../../../public/js/checkin.js"),
            include_str!("../../../public/js/visit.js"),
            env!("CARGO_PKG_VERSION"),
        ];
        let version =
            crypto::sha256_hex(format!("{}{}", parts.concat(), web::stylesheet()).as_bytes());
        source.replace("VERSION", &version[..12])
    });
    let mut response = SCRIPT.clone().into_response();
    response.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        axum::http::HeaderValue::from_static("text/javascript; charset=utf-8"),
    );
    response
}

/// Withdraws the agreement that one's place is read.
async fn withdraw(State(state): State<AppState>, visit: Visit) -> Response {
    let made = async {
        let actor = worker(&visit)?;
        store::disagree(&state.db, actor).await?;
        Ok(see_other("/checkin"))
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, &error))
}

/// `/checkin`: the words about the position, one press, and the day as a line of stops.
async fn show(State(state): State<AppState>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let made = async {
        let actor = worker(&visit)?;
        Ok(page(
            &visit,
            look(&state, actor).await?,
            asked.done == "1",
            None,
        ))
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, &error))
}

/// All that the page shows.
struct Shown {
    who: String,
    today: String,
    rows: Vec<CheckinRow>,
    places: Vec<(String, String, Option<f64>)>,
    agreed: bool,
}

async fn look(state: &AppState, actor: &Actor) -> Result<Shown, AppError> {
    let today = state.zone.today();
    Ok(Shown {
        who: actor.id.clone(),
        rows: store::of_day(state, actor, &today).await?,
        places: place::near(state, actor, None).await?,
        agreed: store::agreed(&state.db, actor).await?,
        today,
    })
}

/// The page; `fault` is what was wrong with a photo that was sent.
fn page(visit: &Visit, shown: Shown, done: bool, fault: Option<AppError>) -> Response {
    let Shown {
        who,
        today,
        rows,
        places,
        agreed,
    } = shown;
    let nowhere = done && rows.last().is_some_and(|row| row.terminal_id.is_none());
    let status = fault.as_ref().map_or(StatusCode::OK, web::status);
    let id = crypto::random_token(16).replace('_', "-");
    visit.page_with(status, || tr!("visit.checkin"), || {
        let fault = fault.and_then(|error| match error {
            AppError::Invalid(fields) => fields.first().map(|f| crate::ui::locale::filled(&f.key, &f.args)),
            _ => None,
        });
        view! {
            <main>
                <p class="mb-2"><a class="link" href="/">{tr!("visit.to_desk")}</a></p>
                <h1 class="text-xl font-semibold">{tr!("visit.checkin")}" "<span class="num text-base font-normal text-base-content/70">{today}</span></h1>
                {done.then(|| view! { <p role="status" class="alert alert-success my-3 py-2">{tr!("visit.done")}</p> })}
                {nowhere.then(|| view! { <p role="status" class="alert alert-warning my-3 py-2">{tr!("visit.no_terminal_found")}</p> })}
                // domain, Visits: said before the position is asked for.
                <p class="my-3 rounded-box bg-base-200 p-3 text-sm">{tr!("visit.privacy")}</p>
                <form method="post" action="/checkin" id="checkin" enctype="multipart/form-data" autocomplete="off" data-waiting=tr!("visit.locating") data-sending=tr!("visit.sending")
                    data-queued=tr!("visit.queued") data-denied=tr!("visit.denied") data-metres=tr!("visit.metres") data-failed=tr!("visit.failed") data-photo=tr!("field.photo") data-nowhere=tr!("visit.nowhere") data-who=who>
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="latitude" value=""/>
                    <input type="hidden" name="longitude" value=""/>
                    <input type="hidden" name="accuracy" value=""/>
                    <input type="hidden" name="device_at" value=""/>
                    <label class="mb-3 block">
                        <span class="mb-1 block text-sm font-medium">{tr!("visit.terminal")}</span>
                        <select name="terminal" class="select w-full" id="terminal">
                            <option value="">{tr!("visit.nearest")}</option>
                            {places.into_iter().map(|(id, name, _)| view! { <option value=id>{name}</option> }).collect_view()}
                        </select>
                        <button type="button" id="sort" class="btn btn-sm mt-2 min-h-10" hidden>{tr!("visit.sort_near")}</button>
                    </label>
                    <label class="mb-3 block">
                        <span class="mb-1 block text-sm font-medium">{tr!("visit.photo")}</span>
                        <input type="file" name="file" accept="image/*" capture="environment" class="file-input w-full"/>
                        {fault.map(|text| view! { <span class="mt-1 block text-sm text-error" role="alert">{text}</span> })}
                    </label>
                    {if agreed {
                        view! { <input type="hidden" name="agree" value="true"/> }.into_any()
                    } else {
                        view! {
                            <label class="mb-3 flex min-h-11 items-center gap-3">
                                <input type="checkbox" name="agree" value="true" class="checkbox" required/>
                                <span>{tr!("visit.agree")}</span>
                            </label>
                        }.into_any()
                    }}
                    <div class="grid grid-cols-2 gap-2">
                        <button class="btn btn-primary min-h-14" name="kind" value="in">{tr!("visit.kind_in")}</button>
                        <button class="btn min-h-14" name="kind" value="out">{tr!("visit.kind_out")}</button>
                    </div>
                    <p id="said" class="mt-2 min-h-6 text-sm" role="status"></p>
                </form>
                <section class="mt-4">
                    <h2 class="text-base font-semibold">{tr!("visit.today", n = rows.len())}</h2>
                    {if rows.is_empty() {
                        view! { <p class="mt-2 text-base-content/70">{tr!("visit.none_today")}</p> }.into_any()
                    } else {
                        view! { <ol class="timeline-stops mt-2 border-s-2 border-base-300 ps-4">{rows.into_iter().map(|row| view! { <Stop row=row/> }).collect_view()}</ol> }.into_any()
                    }}
                </section>
                <p class="mt-6 flex flex-wrap gap-2">
                    <a class="btn" href="/visits/new">{tr!("visit.record")}</a>
                    <a class="btn" href="/checkins">{tr!("visit.sheet")}</a>
                </p>
                {agreed.then(|| view! {
                    <form method="post" action="/checkin/consent" class="mt-4">
                        <button class="link text-sm">{tr!("visit.withdraw")}</button>
                    </form>
                })}
            </main>
            <script src="/js/outbox.js" defer></script>
            <script src="/js/checkin.js" defer></script>
        }
    })
}

/// What a form or the outbox sent.
#[derive(Debug, Default)]
struct Sent {
    id: String,
    kind: String,
    terminal: String,
    latitude: String,
    longitude: String,
    accuracy: String,
    device_at: String,
    agree: String,
    /// Who pressed, from the script: another may have signed in since.
    who: String,
    /// The script wants JSON.
    scripted: String,
    photo: Option<Vec<u8>>,
}

async fn read(mut parts: Multipart) -> Result<Sent, AppError> {
    let broken = |_| AppError::Conflict("error.checkin_broken".into());
    let mut sent = Sent::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let bytes = part.bytes().await.map_err(broken)?;
            sent.photo = Some(bytes.to_vec()).filter(|b| !b.is_empty());
            continue;
        }
        let text = part.text().await.map_err(broken)?;
        match name.as_str() {
            "id" => sent.id = text,
            "kind" => sent.kind = text,
            "terminal" => sent.terminal = text,
            "latitude" => sent.latitude = text,
            "longitude" => sent.longitude = text,
            "accuracy" => sent.accuracy = text,
            "device_at" => sent.device_at = text,
            "agree" => sent.agree = text,
            "who" => sent.who = text,
            "scripted" => sent.scripted = text,
            _ => {}
        }
    }
    Ok(sent)
}

/// The photo of a check-in within scope.
async fn photo(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        let actor = worker(&visit)?;
        let (kind, bytes) = photo::photo(&state, actor, &id).await?;
        Ok(web::ranged(&visit.headers, &kind, bytes))
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}

/// A check-in, from the form or from the script's queue.
async fn send(State(state): State<AppState>, visit: Visit, parts: Multipart) -> Response {
    let sent = match read(parts).await {
        Ok(sent) => sent,
        Err(error) => return (web::status(&error), Json(error)).into_response(),
    };
    let scripted = sent.scripted == "1";
    let made = async {
        let actor = worker(&visit)?;
        if !sent.who.is_empty() && sent.who != actor.id {
            return Err(AppError::Unauthenticated);
        }
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let position = number(&sent.latitude).zip(number(&sent.longitude));
        // Without agreement no position is kept (domain, Compliance: location needs its own consent).
        if sent.agree == "true" {
            store::agree(&state.db, actor).await?;
        } else if !store::agreed(&state.db, actor).await? {
            return Err(AppError::Conflict("error.location_consent".into()));
        }
        let new = NewCheckin {
            id: sent.id,
            kind: sent.kind,
            terminal_id: Some(sent.terminal).filter(|id| !id.is_empty()),
            position,
            accuracy_m: number(&sent.accuracy),
            device_at: sent.device_at.trim().parse().ok(),
            photo: sent.photo,
        };
        store::save(&state, actor, &new).await
    };
    match made.await {
        Ok(row) if scripted => Json(row).into_response(),
        Ok(_) => see_other("/checkin?done=1"),
        Err(error @ AppError::Invalid(_)) if !scripted => {
            let again = async {
                let actor = worker(&visit)?;
                Ok(page(&visit, look(&state, actor).await?, false, Some(error)))
            };
            again
                .await
                .unwrap_or_else(|error: AppError| refuse(&visit, &error))
        }
        Err(error) if scripted => (web::status(&error), Json(error)).into_response(),
        Err(error) => refuse(&visit, &error),
    }
}

#[derive(Debug, Deserialize)]
struct At {
    lat: f64,
    long: f64,
}

/// One's terminals, the nearest first: id, name, metres.
async fn near(State(state): State<AppState>, visit: Visit, Query(at): Query<At>) -> Response {
    let made = async {
        let actor = worker(&visit)?;
        Ok(Json(place::near(&state, actor, Position::new(at.lat, at.long)).await?).into_response())
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SheetAsked {
    month: String,
    text: String,
    unit: String,
}

/// The sheet as XLSX.
async fn workbook(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<SheetAsked>,
) -> Response {
    let made = async {
        let actor = worker(&visit)?;
        let filter = Filter {
            month: asked.month,
            text: asked.text,
            unit: asked.unit,
        };
        let book = visit
            .speaking(sheet::file(&state, actor, &filter, true))
            .await?;
        web::xlsx(&format!("mailuo-checkins-{}.xlsx", filter.month), book)
    };
    made.await.unwrap_or_else(|error: AppError| match error {
        AppError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        error => visit.error(&error),
    })
}
