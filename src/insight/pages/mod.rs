//! Pages of dashboards.

mod board;
mod filters;
mod measures;
mod report;
mod rows;

pub use board::Dashboard;
pub use measures::Measures;
pub use report::Reports;
pub use rows::Drilldown;

use leptos::prelude::*;

use super::model::{Cell, Meaning, Slice, address, meant_span};
use crate::ui::list::param;
use crate::ui::parts::unbroken;

/// The slice of the address.
pub fn slice_param() -> Memo<Slice> {
    let names = [
        "from",
        "to",
        "unit",
        "person",
        "province",
        "specialty",
        "product",
        "article",
        "course",
        "hcp",
    ];
    let params = names.map(param);
    Memo::new(move |_| {
        let [
            from,
            to,
            unit,
            person,
            province,
            specialty,
            product,
            article,
            course,
            hcp,
        ] = params.map(|p| p.get());
        Slice {
            from,
            to,
            unit,
            person,
            province,
            specialty,
            product,
            article,
            course,
            hcp,
        }
    })
}

/// The address of a report over what another page was narrowed to.
pub fn kept(path: &str, which: (&str, &str), span: &str, slice: &Slice) -> String {
    address(path, &[which, ("span", span)], &slice.kept(span))
}

/// Under this name the browser keeps the address of the board that somebody looked at last, while its window is open.
#[cfg(feature = "hydrate")]
fn last_board_name() -> String {
    let id = crate::ui::boot::boot().me.map(|me| me.id);
    format!("board:{}", id.unwrap_or_default())
}

/// Keeps the address of a board for the way back from rows.
pub fn remember_board(at: String) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Ok(Some(storage)) = window().session_storage() {
            let _ = storage.set_item(&last_board_name(), &at);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    drop(at);
}

/// The board that was looked at last; `or` where none is known.
pub fn last_board(or: String) -> RwSignal<String> {
    let back = RwSignal::new(or);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let storage = window().session_storage().ok().flatten();
        if let Some(at) = storage.and_then(|s| s.get_item(&last_board_name()).ok().flatten()) {
            back.set(at);
        }
    });
    back
}

/// What a measure means, on demand.
#[component]
pub fn Formula(meaning: Meaning) -> impl IntoView {
    view! {
        <details class="group text-xs">
            <summary class="link inline-flex min-h-10 cursor-pointer items-center text-base-content/70">{tr!("insight.formula")}</summary>
            <dl class="mt-1 space-y-1 text-base-content/80">
                <div><dt class="sr-only">{tr!("insight.formula")}</dt><dd>{meaning.formula}</dd></div>
                <div><dt class="inline text-base-content/70">{tr!("insight.grain_head")}{tr!("ui.colon")}</dt><dd class="inline">{meaning.grain}</dd></div>
                <div><dt class="inline text-base-content/70">{tr!("insight.scope_head")}{tr!("ui.colon")}</dt><dd class="inline">{meaning.scope}</dd></div>
                <div><dt class="inline text-base-content/70">{tr!("insight.tables")}{tr!("ui.colon")}</dt><dd class="inline">{unbroken(&meaning.tables)}</dd></div>
            </dl>
        </details>
    }
}

/// A value with the way to what is behind it.
pub fn linked(cell: Cell) -> AnyView {
    placed(cell, "")
}

/// The same for a figure, which stands at the right of its column.
pub fn figure(cell: Cell) -> AnyView {
    placed(cell, " justify-end")
}

fn placed(cell: Cell, place: &str) -> AnyView {
    let Some(href) = cell.href else {
        return called(&cell.text);
    };
    let class = format!(
        "inline-flex min-h-10 min-w-6 items-center underline decoration-dotted underline-offset-4 hover:decoration-solid{place}"
    );
    view! { <a class=class href=href><span>{called(&cell.text)}</span></a> }.into_any()
}

/// A name and its unit break between the two alone.
fn called(text: &str) -> AnyView {
    if text.contains(" · ") {
        unbroken(text)
    } else {
        text.to_owned().into_any()
    }
}

/// Links between the dashboards' pages, which keep what is narrowed.
#[component]
pub fn InsightNav(here: &'static str) -> impl IntoView {
    let (slice, span, span0) = (slice_param(), param("span"), param("span0"));
    let links = [
        ("/insight", tr!("insight.boards")),
        ("/insight/report", tr!("insight.reports")),
        ("/insight/measures", tr!("insight.measures")),
    ]
    .into_iter()
    .map(|(href, name)| {
        let current = (href == here).then_some("page");
        let class = if href == here {
            "btn btn-primary min-h-10 px-3"
        } else {
            "btn btn-ghost min-h-10 px-3"
        };
        let href = move || {
            let slice = slice.get();
            let span = meant_span(&span.get(), &span0.get(), &slice);
            kept(href, ("", ""), &span, &slice)
        };
        view! { <a href=href class=class aria-current=current>{name}</a> }
    })
    .collect_view();
    view! { <nav class="mb-3 flex flex-wrap gap-1" aria-label=tr!("insight.title")>{links}</nav> }
}
