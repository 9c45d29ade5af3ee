//! Pages of exams: one's own, those of trainers, results and marking.

mod exam;
mod form;
mod list;
mod marking;
mod mine;
mod results;

pub use exam::ExamPage;
pub use form::{ExamEdit, ExamNew};
pub use list::ExamList;
pub use marking::MarkingQueue;
pub use mine::MyExams;
pub use results::{ExamAccuracy, ExamResults};

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The id in the address.
fn id_param() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()))
}

/// The state of an exam as a badge.
#[component]
fn StateBadge(state: super::model::ExamState) -> impl IntoView {
    use super::model::ExamState as S;
    let class = match state {
        S::Draft => "badge badge-ghost",
        S::Ahead => "badge badge-info",
        S::Open => "badge badge-success",
        S::Closed => "badge badge-neutral",
    };
    view! { <span class=class>{state.label()}</span> }
}

/// The window of an exam in words.
fn window(opens: Option<String>, closes: Option<String>) -> String {
    match (opens, closes) {
        (Some(from), Some(to)) => tr!("exam.from_to", from = from, to = to),
        (Some(from), None) => tr!("exam.from", from = from),
        (None, Some(to)) => tr!("exam.until", to = to),
        (None, None) => tr!("exam.any_time"),
    }
}
