//! Pages of terminals: the list, one terminal, its form.

mod form;
mod list;
mod page;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::api::AssignTerminal;
use crate::ui::boot::boot;
use crate::ui::form::{Field, PostForm, Submit};

pub use form::{TerminalEdit, TerminalNew};
pub use list::TerminalList;
pub use page::TerminalView;

/// Province and city, or that they are missing.
fn region(province: &str, city: &str) -> String {
    match (province, city) {
        ("", _) => tr!("terminals.no_province"),
        (province, city) if province == city => province.to_owned(),
        (province, city) => format!("{province} {city}"),
    }
}

/// Gives a terminal to somebody of the page's list `reps`.
#[component]
fn AssignForm(terminal_id: String) -> impl IntoView {
    view! {
        <details class="mt-1">
            <summary class="cursor-pointer py-2 text-sm link">{tr!("terminals.assign")}</summary>
            <PostForm to=AssignTerminal::url() class="mt-2 grid max-w-xl gap-x-3 sm:grid-cols-3 items-end">
                <input type="hidden" name="terminal_id" value=terminal_id/>
                <Field name="staff" label=tr!("terminals.owner") list="reps" required=true/>
                <Field name="from" label=tr!("terminals.from") kind="date" value=boot().today/>
                <div class="mb-3"><Submit label=tr!("ui.save") class="btn"/></div>
            </PostForm>
        </details>
    }
}

/// The list that [`AssignForm`] suggests from; once a page.
#[component]
fn Reps(reps: Vec<String>) -> impl IntoView {
    view! {
        <datalist id="reps">
            {reps.into_iter().map(|r| view! { <option value=r></option> }).collect_view()}
        </datalist>
    }
}
