//! Pages of courses for those who make, review and oversee them.

mod builder;
mod comments;
mod form;
mod lesson;
mod list;
mod upload;

pub use builder::CoursePage;
pub use comments::CommentQueue;
pub use form::{CourseEdit, CourseNew};
pub use lesson::LessonPage;
pub use list::CourseList;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::model::CourseState;

/// A parameter of the address.
fn path_param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|p| p.get(name).unwrap_or_default()))
}

/// The state of a course as a badge.
#[component]
fn StateBadge(state: CourseState) -> impl IntoView {
    let class = match state {
        CourseState::Draft => "badge badge-ghost",
        CourseState::Published => "badge badge-success",
        CourseState::Changed => "badge badge-warning",
        CourseState::Archived => "badge badge-neutral",
    };
    view! { <span class=class>{state.label()}</span> }
}
