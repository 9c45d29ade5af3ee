//! Server functions of one HCP.

use leptos::{server, server_fn};

use super::model::{EntryCheck, HcpRecord, HcpView, NoteRow, Portrait, Timeline, Workplace};
use crate::shared::history::ChangeRow;
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::model::HcpInput,
    super::record::{self, create, draft, input, update, view},
    super::{notes, store, timeline},
    crate::server::{guard, history, state::state},
    crate::shared::Permission,
};

/// One HCP: what is known of them.
#[server(prefix = "/api", endpoint = "hcps/get", input = server_fn::codec::GetUrl)]
pub async fn get_hcp(id: String) -> AppResult<HcpView> {
    let actor = guard::require(Permission::ReadHcps).await?;
    view::view(&state(), &actor, &id).await
}

/// What came of the HCP's own links in the last 30 or 90 days.
#[server(prefix = "/api", endpoint = "hcps/portrait", input = server_fn::codec::GetUrl)]
pub async fn get_portrait(id: String, #[server(default)] days: i64) -> AppResult<Portrait> {
    let actor = guard::require(Permission::ReadHcps).await?;
    view::portrait(&state(), &actor, &id, days).await
}

/// A stretch of the HCP's timeline; `kinds` are codes with commas between, none for all.
#[server(prefix = "/api", endpoint = "hcps/timeline", input = server_fn::codec::GetUrl)]
pub async fn get_timeline(
    id: String,
    #[server(default)] kinds: String,
    #[server(default)] before: String,
) -> AppResult<Timeline> {
    let actor = guard::require(Permission::ReadHcps).await?;
    timeline::of(&state(), &actor, &id, &kinds, &before).await
}

/// A page of what was changed on the HCP's record.
#[server(prefix = "/api", endpoint = "hcps/changes", input = server_fn::codec::GetUrl)]
pub async fn get_changes(
    id: String,
    #[server(default)] page: i64,
) -> AppResult<(String, Page<ChangeRow>)> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let state = state();
    let row = store::row(&state.db, &actor, &id).await?;
    Ok((row.name, history::of(&state, &id, page.max(1)).await?))
}

/// A page of the notes about the HCP.
#[server(prefix = "/api", endpoint = "hcps/notes", input = server_fn::codec::GetUrl)]
pub async fn list_notes(id: String, #[server(default)] page: i64) -> AppResult<Page<NoteRow>> {
    let actor = guard::require(Permission::ReadHcps).await?;
    notes::list(&state(), &actor, &id, page.max(1)).await
}

/// Adds a note.
#[server(prefix = "/api", endpoint = "hcps/add_note")]
pub async fn add_note(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] text: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    notes::add(&state(), &actor, &form_key, &id, &text).await
}

/// Deletes one of one's own notes.
#[server(prefix = "/api", endpoint = "hcps/delete_note")]
pub async fn delete_note(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    notes::delete(&state(), &actor, &id).await
}

/// An HCP for their form.
#[server(prefix = "/api", endpoint = "hcps/record", input = server_fn::codec::GetUrl)]
pub async fn get_record(id: String) -> AppResult<HcpRecord> {
    let actor = guard::require(Permission::WriteHcps).await?;
    record::record(&state(), &actor, &id).await
}

/// A form that was sent and came back, with what it needs to be looked at again; the empty form without `check`.
#[server(prefix = "/api", endpoint = "hcps/entry_check", input = server_fn::codec::GetUrl)]
pub async fn check_entry(#[server(default)] check: String) -> AppResult<EntryCheck> {
    let actor = guard::require(Permission::WriteHcps).await?;
    if check.is_empty() {
        return Ok(draft::blank(&actor));
    }
    draft::entry_check(&state(), &actor, &check).await
}

/// Hospitals that a text of two or more characters finds, at most ten.
#[server(prefix = "/api", endpoint = "hcps/suggest_hospitals", input = server_fn::codec::GetUrl)]
pub async fn suggest_hospitals(#[server(default)] text: String) -> AppResult<Vec<String>> {
    let actor = guard::require(Permission::WriteHcps).await?;
    Ok(input::suggestions(&state().db, actor.role, &text).await?)
}

/// Enters an HCP, or with `id` changes one, who must stand as they did at `seen`.
#[server(prefix = "/api", endpoint = "hcps/enter")]
pub async fn enter_hcp(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] seen: i64,
    #[server(default)] confirmed: bool,
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] sex: String,
    #[server(default)] phone: String,
    #[server(default)] no_phone: bool,
    #[server(default)] hospital: String,
    #[server(default)] terminal_id: String,
    #[server(default)] department: String,
    #[server(default)] title: String,
    #[server(default)] specialty: String,
    #[server(default)] workplaces: Vec<Workplace>,
    #[server(default)] tags: String,
    #[server(default)] preferred_times: String,
    #[server(default)] email: String,
    #[server(default)] office_phone: String,
    #[server(default)] code: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    let input = HcpInput {
        name,
        kind,
        sex,
        phone,
        no_phone,
        hospital,
        terminal_id,
        department,
        title,
        specialty,
        workplaces,
        tags,
        preferred_times,
        email,
        office_phone,
        code,
    };
    if id.is_empty() {
        create::create(&state(), &actor, &form_key, &input, confirmed).await
    } else {
        update::update(&state(), &actor, &form_key, &id, &input, seen).await
    }
}

/// Writes down who looks at a full phone number, and shows it.
#[server(prefix = "/api", endpoint = "hcps/reveal_phone")]
pub async fn reveal_phone(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::RevealPhones).await?;
    store::reveal_phone(&state(), &actor, &id).await
}
