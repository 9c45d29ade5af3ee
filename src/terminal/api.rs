//! Server functions of terminals.

use leptos::{server, server_fn};

use super::model::{MoveForm, TerminalFilter, TerminalPage, TerminalView, WindowInput};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::model::{Master, Record, STATUSES},
    super::{assignment, moves, record, rules, store},
    crate::identity::rules::clean,
    crate::server::{guard, state::state, time},
    crate::shared::error::{Checks, FieldError},
    crate::shared::{AppError, Permission},
};

/// Terminals with who looks after them.
#[server(prefix = "/api", endpoint = "terminals/list", input = server_fn::codec::GetUrl)]
pub async fn list_terminals(
    #[server(flatten)] filter: TerminalFilter,
    #[server(default)] page: i64,
) -> AppResult<TerminalPage> {
    let actor = guard::require(Permission::ReadTerminals).await?;
    Ok(store::list(&state().db, &actor, &filter, page.max(1)).await?)
}

/// One terminal with a page of its history.
#[server(prefix = "/api", endpoint = "terminals/get", input = server_fn::codec::GetUrl)]
pub async fn get_terminal(id: String, #[server(default)] page: i64) -> AppResult<TerminalView> {
    let actor = guard::require(Permission::ReadTerminals).await?;
    record::view(&state(), &actor, &id, page.max(1)).await
}

/// Enters a terminal, or with an `id` changes one; `seen` is its `updated_at` when the form was made.
#[server(prefix = "/api", endpoint = "terminals/save")]
pub async fn save_terminal(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] seen: i64,
    #[server(default)] code: String,
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] level: String,
    #[server(default)] province: String,
    #[server(default)] city: String,
    #[server(default)] address: String,
    #[server(default)] phone: String,
    #[server(default)] note: String,
    #[server(default)] status: String,
    #[server(default)] parent: String,
    #[server(default)] latitude: String,
    #[server(default)] longitude: String,
    #[server(default)] datum: String,
    #[server(default)] aliases: String,
    #[server(default)] departments: String,
    #[server(default)] windows: Vec<WindowInput>,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    let state = state();
    let mut master = Master {
        code: clean(&code),
        name: clean(&name),
        kind,
        level: clean(&level),
        province: clean(&province),
        city: clean(&city),
        address: clean(&address),
        phone: clean(&phone),
        note: note.trim().replace("\r\n", "\n"),
        status: if status.is_empty() {
            STATUSES[0].to_owned()
        } else {
            status
        },
        parent: clean(&parent),
        ..Master::default()
    };
    let mut checks = Checks::default();
    checks
        .text(&master.code, "code", 40)
        .text(&master.name, "name", 80)
        .text(&master.kind, "kind", 20)
        .ensure(
            STATUSES.contains(&master.status.as_str()),
            "status",
            "field.required",
        );
    for (value, field, most) in [
        (&master.level, "level", 20),
        (&master.province, "province", 20),
        (&master.city, "city", 30),
        (&master.address, "address", 120),
        (&master.phone, "phone", 40),
        (&master.note, "note", 500),
    ] {
        checks.ensure(value.chars().count() <= most, field, "field.too_long");
    }
    match rules::coordinates(&latitude, &longitude, &datum) {
        Ok(Some((latitude, longitude, datum))) => {
            (master.latitude, master.longitude) = (Some(latitude), Some(longitude));
            master.datum = Some(datum);
        }
        Ok(None) => {}
        Err((field, key)) => {
            checks.ensure(false, field, key);
        }
    }
    let aliases = rules::lines(&aliases, rules::ALIASES, rules::ALIAS_LENGTH);
    checks.ensure(aliases.is_some(), "aliases", "field.aliases");
    let departments = rules::lines(&departments, rules::DEPARTMENTS, rules::DEPARTMENT_LENGTH);
    checks.ensure(departments.is_some(), "departments", "field.departments");
    let windows = rules::windows(&windows);
    let mut faults = match checks.done() {
        Err(AppError::Invalid(faults)) => faults,
        _ => Vec::new(),
    };
    if let Err(fault) = &windows {
        faults.push(FieldError {
            field: "windows".into(),
            key: fault.key.into(),
            args: vec![("row".into(), fault.row.to_string())],
        });
    }
    if !faults.is_empty() {
        return Err(AppError::Invalid(faults));
    }
    let sorted = |words: Option<Vec<String>>| {
        let mut words = words.unwrap_or_default();
        words.sort_unstable();
        words
    };
    let mut aliases = sorted(aliases);
    aliases.retain(|alias| *alias != master.name);
    let record = Record {
        master,
        aliases,
        departments: sorted(departments),
        windows: windows.unwrap_or_default(),
    };
    if id.is_empty() {
        record::create(&state, &actor, &form_key, &record).await
    } else {
        record::update(&state, &actor, &form_key, &id, seen, &record).await
    }
}

/// Gives a terminal in a business line, without one in the main line, to a person.
#[server(prefix = "/api", endpoint = "terminals/assign")]
pub async fn assign_terminal(
    terminal_id: String,
    #[server(default)] staff: String,
    #[server(default)] line: String,
    #[server(default)] from: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    if !time::is_day(&from) {
        return Err(AppError::field("from", "field.day"));
    }
    let line = rules::line_of(&line);
    assignment::assign_one(&state(), &actor, &terminal_id, staff.trim(), &line, &from).await
}

/// What giving all terminals of a filter to somebody would do; `filter.line` is the business line.
#[server(prefix = "/api", endpoint = "terminals/plan_move", input = server_fn::codec::GetUrl)]
pub async fn plan_move(
    #[server(flatten)] filter: TerminalFilter,
    #[server(default)] to: String,
    #[server(default)] from: String,
) -> AppResult<MoveForm> {
    let actor = guard::require(Permission::ManageOrg).await?;
    moves::form(&state(), &actor, filter, to.trim(), &from).await
}

/// Gives all terminals of a filter to somebody from a day on; `seen` is how many the preview showed.
#[server(prefix = "/api", endpoint = "terminals/move")]
pub async fn move_terminals(
    #[server(default)] form_key: String,
    #[server(flatten)] filter: TerminalFilter,
    #[server(default)] to: String,
    #[server(default)] from: String,
    #[server(default)] seen: i64,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    moves::apply(&state(), &actor, &form_key, filter, to.trim(), &from, seen).await
}
