//! Staff pages of field work.

mod compare;
mod list;
mod plans;
mod record;
mod settings;
mod sheet;

pub use compare::VisitCompare;
pub use list::VisitList;
pub use plans::Plans;
pub use record::VisitPage;
pub use settings::FieldSettings;
pub use sheet::{CheckinSheet, Stop};

use leptos::prelude::*;

use super::watch;

/// Stars as a text that is read aloud too.
fn stars_text(stars: i64) -> String {
    let full = stars.clamp(0, 5) as usize;
    format!("{}{}", "★".repeat(full), "☆".repeat(5 - full))
}

/// What the free text of a record suggests.
#[component]
fn Flags(flags: Vec<String>) -> impl IntoView {
    flags
        .into_iter()
        .map(|flag| view! { <span class="badge badge-warning badge-sm me-1 h-auto whitespace-normal text-start">{watch::label(&flag)}</span> })
        .collect_view()
}
