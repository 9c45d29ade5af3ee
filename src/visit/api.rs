//! Server functions of field work. Checking in has plain routes, whose addresses do not change: a phone that was
//! offline posts to them days later.

use leptos::{server, server_fn};

use super::model::{Calendar, Comparison, PlanChoices, Sheet, VisitRow, VisitView};
use super::rules::Settings;
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::{plans, records, review, settings, store},
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// The monthly sheet within scope; without `month` this month's.
#[server(prefix = "/api", endpoint = "checkins/sheet", input = server_fn::codec::GetUrl)]
pub async fn checkin_sheet(
    #[server(default)] month: String,
    #[server(default)] text: String,
    #[server(default)] unit: String,
    #[server(default)] page: i64,
) -> AppResult<Sheet> {
    let actor = guard::require(Permission::CheckIn).await?;
    let state = state();
    let month = if month.is_empty() {
        state.zone.today()[..7].to_owned()
    } else {
        month
    };
    let filter = store::Filter { month, text, unit };
    store::sheet(&state, &actor, &filter, Some(page.max(1))).await
}

/// Records of visits within scope, the latest first. `state` is new, reviewed, change or answered; waiting for those of the
/// team that wait for a review; flagged for those whose text suggests something.
#[server(prefix = "/api", endpoint = "visits/list", input = server_fn::codec::GetUrl)]
pub async fn list_visits(
    #[server(default)] text: String,
    #[server(default)] unit: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] state: String,
    #[server(default)] hcp: String,
    #[server(default)] person: String,
    #[server(default)] page: i64,
) -> AppResult<Page<VisitRow>> {
    let actor = guard::require(Permission::ReadVisits).await?;
    let filter = records::Filter {
        text,
        unit,
        from,
        to,
        state,
        hcp,
        person,
    };
    records::list(&crate::server::state::state(), &actor, &filter, page.max(1)).await
}

/// One record within scope.
#[server(prefix = "/api", endpoint = "visits/get", input = server_fn::codec::GetUrl)]
pub async fn get_visit(id: String) -> AppResult<VisitView> {
    let actor = guard::require(Permission::ReadVisits).await?;
    records::get(&state(), &actor, &id).await
}

/// Gives one to five stars to a record of one's team; `change` asks that something be changed.
#[server(prefix = "/api", endpoint = "visits/review")]
pub async fn review_visit(
    id: String,
    #[server(default)] stars: i64,
    #[server(default)] comment: String,
    #[server(default)] change: bool,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ReviewVisits).await?;
    review::give(&state(), &actor, &id, stars, &comment, change).await
}

/// Adds to one's own record what a manager asked for.
#[server(prefix = "/api", endpoint = "visits/supplement")]
pub async fn supplement_visit(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] supplement: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::RecordVisits).await?;
    review::supplement(&state(), &actor, &form_key, &id, &supplement).await
}

/// Compares people, or with `by=week` weeks, within scope; without days the last four weeks.
#[server(prefix = "/api", endpoint = "visits/compare", input = server_fn::codec::GetUrl)]
pub async fn compare_visits(
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] by: String,
    #[server(default)] unit: String,
    #[server(default)] text: String,
    #[server(default)] sort: String,
    #[server(default)] page: i64,
) -> AppResult<Comparison> {
    let actor = guard::require(Permission::ReadVisits).await?;
    let asked = review::Asked {
        from,
        to,
        by,
        unit,
        text,
        sort,
    };
    review::compare(&state(), &actor, &asked, page.max(1)).await
}

/// The week of a day, or with `month` its month: plans, to-dos, what was done. With `person` that of somebody within scope.
#[server(prefix = "/api", endpoint = "plans/calendar", input = server_fn::codec::GetUrl)]
pub async fn get_calendar(
    #[server(default)] day: String,
    #[server(default)] month: bool,
    #[server(default)] person: String,
) -> AppResult<Calendar> {
    let actor = guard::require(Permission::Workbench).await?;
    if !person.is_empty() {
        actor.check(Permission::ReadVisits)?;
    }
    plans::calendar(&state(), &actor, &day, month, &person).await
}

/// What the form of a plan offers for a day; `hcp` is one asked for, `text` searches others.
#[server(prefix = "/api", endpoint = "plans/choices", input = server_fn::codec::GetUrl)]
pub async fn get_plan_choices(
    #[server(default)] day: String,
    #[server(default)] hcp: String,
    #[server(default)] text: String,
) -> AppResult<PlanChoices> {
    let actor = guard::require(Permission::RecordVisits).await?;
    plans::choices(&state(), &actor, &day, &hcp, &text).await
}

/// Plans a visit to an HCP or a terminal; with `repeat` (weekly, biweekly, monthly) several until a day.
#[server(prefix = "/api", endpoint = "plans/add")]
pub async fn add_plan(
    #[server(default)] form_key: String,
    #[server(default)] terminal: String,
    #[server(default)] hcp: String,
    #[server(default)] day: String,
    #[server(default)] starts: String,
    #[server(default)] channel: String,
    #[server(default)] note: String,
    #[server(default)] repeat: String,
    #[server(default)] until: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::RecordVisits).await?;
    let new = plans::NewPlan {
        terminal_id: terminal,
        hcp_id: hcp,
        day,
        starts,
        channel,
        note,
        repeat,
        until,
    };
    plans::add(&state(), &actor, &form_key, new).await
}

/// Cancels a plan of one's own, with `following` all that repeat it from then on.
#[server(prefix = "/api", endpoint = "plans/cancel")]
pub async fn cancel_plan(id: String, #[server(default)] following: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::RecordVisits).await?;
    plans::cancel(&state(), &actor, &id, following).await
}

/// Moves a plan of one's own to another day or time.
#[server(prefix = "/api", endpoint = "plans/move")]
pub async fn move_plan(
    id: String,
    #[server(default)] day: String,
    #[server(default)] starts: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::RecordVisits).await?;
    plans::shift(&state(), &actor, &id, &day, &starts).await
}

/// The settings of field work.
#[server(prefix = "/api", endpoint = "settings/field", input = server_fn::codec::GetUrl)]
pub async fn field_settings() -> AppResult<Settings> {
    guard::require(Permission::ManageOrg).await?;
    let db = &state().db;
    Ok(Settings {
        limits: store::limits(db).await?,
        goals: plans::goals(db).await?,
    })
}

/// Sets what is flagged at a check-in, and how often an HCP should and may be visited in a month.
#[server(prefix = "/api", endpoint = "settings/save_field")]
pub async fn save_field_settings(
    #[server(default)] radius_m: String,
    #[server(default)] accuracy_m: String,
    #[server(default)] speed_kmh: String,
    #[server(default)] same_place: String,
    #[server(default)] goal: String,
    #[server(default)] cap: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    let texts = [
        ("radius_m", radius_m),
        ("accuracy_m", accuracy_m),
        ("speed_kmh", speed_kmh),
        ("same_place", same_place),
        ("goal", goal),
        ("cap", cap),
    ];
    settings::save(&state(), &actor, &texts).await
}
