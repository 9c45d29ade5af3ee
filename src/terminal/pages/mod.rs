//! Pages of terminals: the list, one terminal, its form, giving many at once.

mod form;
mod list;
mod moves;
mod page;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::api::AssignTerminal;
use crate::ui::boot::boot;
use crate::ui::form::{Field, PostForm, Submit, came_back};

pub use form::{TerminalEdit, TerminalNew};
pub use list::TerminalList;
pub use moves::TerminalMove;
pub use page::TerminalView;

/// Province and city, or that they are missing.
fn region(province: &str, city: &str) -> String {
    match (province, city) {
        ("", _) => tr!("terminals.no_province"),
        (province, city) if province == city => province.to_owned(),
        (province, city) => format!("{province} {city}"),
    }
}

/// Provinces with their names, for choosing.
fn province_choices(provinces: Vec<String>) -> Vec<(String, String)> {
    let label = |p: &str| match p {
        "-" => tr!("terminals.no_province"),
        p => p.to_owned(),
    };
    provinces
        .into_iter()
        .map(|p| (p.clone(), label(&p)))
        .collect()
}

/// Gives a terminal to somebody of the page's list `reps` in a line of its list `lines`.
#[component]
fn AssignForm(terminal_id: String) -> impl IntoView {
    let open = came_back(AssignTerminal::url(), &terminal_id).is_some();
    view! {
        <details class="mt-1" open=open>
            <summary class="cursor-pointer py-2 text-sm link">{tr!("terminals.assign")}</summary>
            <PostForm to=AssignTerminal::url() about=terminal_id.clone() class="mt-2 grid max-w-3xl gap-x-3 sm:grid-cols-4 items-end">
                <input type="hidden" name="terminal_id" value=terminal_id/>
                <Field name="staff" label=tr!("terminals.owner") list="reps" required=true/>
                <Field name="line" label=tr!("terminals.line") list="lines"/>
                <Field name="from" label=tr!("terminals.from") kind="date" value=boot().today/>
                <div class="mb-3"><Submit label=tr!("ui.save") class="btn"/></div>
            </PostForm>
        </details>
    }
}

/// The list of people that forms suggest from; once a page.
#[component]
fn Reps(reps: Vec<String>) -> impl IntoView {
    view! {
        <datalist id="reps">
            {reps.into_iter().map(|r| view! { <option value=r></option> }).collect_view()}
        </datalist>
    }
}

/// The list of business lines that forms suggest from; once a page.
#[component]
pub fn LineChoices(lines: Vec<String>) -> impl IntoView {
    view! {
        <datalist id="lines">
            {lines.into_iter().map(|l| view! { <option value=l></option> }).collect_view()}
        </datalist>
    }
}
