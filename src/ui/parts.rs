//! Small pieces of pages.

use leptos::prelude::*;

use super::boot::Notice;
use super::money::grouped;
use crate::shared::AppError;

/// The heading of a page with its actions.
#[component]
pub fn PageTitle(
    #[prop(into)] title: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <leptos_meta::Title text=title.clone()/>
        <div class="page-title mb-4 flex flex-wrap items-center gap-2">
            <h1 class="me-auto text-xl font-semibold">{title}</h1>
            {children.map(|c| c())}
        </div>
    }
}

/// Who did something: somebody's name, or what the command line and HCPs themselves are called.
pub fn who(name: String) -> String {
    match name.as_str() {
        crate::shared::SYSTEM => tr!("ui.by_system"),
        crate::shared::HCP_THEMSELVES => tr!("ui.by_hcp"),
        _ => name,
    }
}

/// A box that groups what belongs together.
#[component]
pub fn Card(#[prop(optional, into)] title: String, children: Children) -> impl IntoView {
    view! {
        <section class="mb-4 rounded-box border border-base-300 bg-base-100 p-4">
            {(!title.is_empty()).then(|| view! { <h2 class="mb-3 text-base font-semibold">{title}</h2> })}
            {children()}
        </section>
    }
}

/// What a list shows when it has nothing.
#[component]
pub fn Empty(
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="rounded-box border border-dashed border-base-300 p-8 text-center text-base-content/70">
            <p>{text}</p>
            {children.map(|c| view! { <div class="mt-3">{c()}</div> })}
        </div>
    }
}

/// What stands in place of data that is on its way.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <div class="flex items-center gap-2 p-6 text-base-content/70" role="status">
            <span class="loading loading-dots"></span>
            {tr!("ui.loading")}
        </div>
    }
}

/// A thin bar on top of the screen while newer data are on their way to what stays shown.
#[component]
pub fn Busy(busy: RwSignal<bool>) -> impl IntoView {
    let label = StoredValue::new(tr!("ui.loading"));
    move || {
        busy.get().then(|| {
            view! { <div class="busy-bar print:hidden" role="progressbar" aria-label=label.get_value()></div> }
        })
    }
}

/// What a `Transition` tells of its loading, for [`Busy`]. Only in the browser: a page from the server has all its data,
/// and would keep a mark that was set while it waited for them; the task that tells it panics there now and then, when it
/// reads what is being written.
pub fn pending(busy: RwSignal<bool>) -> Option<SignalSetter<bool>> {
    cfg!(feature = "hydrate").then(|| SignalSetter::map(move |pending| busy.set(pending)))
}

/// An error in place of a page or a part of it; on the server it also sets the status.
#[component]
pub fn ErrorView(error: AppError) -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::server::web::set_status(&error);
    let again = matches!(error, AppError::Unauthenticated);
    // What was asked for by the address has no field beside which it could stand.
    let said = match &error {
        AppError::Invalid(fields) if !fields.is_empty() => fields
            .iter()
            .map(|f| super::locale::filled(&f.key, &f.args))
            .collect::<Vec<_>>()
            .join(" "),
        error => error.message(),
    };
    view! {
        <leptos_meta::Title text=error.message()/>
        <div class="mx-auto max-w-md py-12 text-center">
            <p class="num text-4xl font-semibold text-base-content/60">{error.status()}</p>
            <p class="mt-3">{said}</p>
            <p class="mt-6">
                {if again {
                    let here = leptos_router::hooks::use_location();
                    let (path, search) = (here.pathname.get_untracked(), here.search.get_untracked());
                    let search = search.trim_start_matches('?');
                    let next = crate::shared::escaped(&match search {
                        "" => path,
                        search => format!("{path}?{search}"),
                    });
                    view! { <a class="btn btn-primary" rel="external" href=format!("/sign-in?next={next}")>{tr!("sign_in.title")}</a> }.into_any()
                } else {
                    view! { <a class="btn" href="/">{tr!("ui.to_start")}</a> }.into_any()
                }}
            </p>
        </div>
    }
}

/// Shows the outcome of a load: the view of the data, or the error.
pub fn outcome<T, V: IntoView + 'static>(
    result: Result<T, AppError>,
    show: impl FnOnce(T) -> V,
) -> AnyView {
    match result {
        Ok(data) => show(data).into_any(),
        Err(error) => view! { <ErrorView error=error/> }.into_any(),
    }
}

/// The notice of the last write, at the top of the page.
#[component]
pub fn Toast() -> impl IntoView {
    let notice = expect_context::<Notice>();
    let query = leptos_router::hooks::use_query_map();
    // Without JavaScript the notice comes by the address, as one of the known keys only.
    let shown = move || {
        notice
            .0
            .get()
            .or_else(|| query.with(|q| q.get("done")))
            .filter(|key| key.starts_with("notice.") && super::locale::lookup(key) != *key)
    };
    view! {
        <div aria-live="polite">
            {move || {
                shown()
                    .map(|key| {
                        // What was not written yet does not look like success.
                        let kept_back = matches!(key.as_str(), "notice.similar_found" | "notice.choose_hospital");
                        let class = if kept_back { "alert alert-warning mb-4 py-2 print:hidden" } else { "alert alert-success mb-4 py-2 print:hidden" };
                        view! {
                            <div class=class role="status">
                                {super::locale::lookup(&key)}
                            </div>
                        }
                    })
            }}
        </div>
    }
}

/// One number with its name, and a note that says what it counts.
#[component]
pub fn Stat(
    #[prop(into)] name: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] note: String,
) -> impl IntoView {
    // A plain number as the dashboards show it.
    let value = value.parse().map_or(value, grouped);
    view! {
        <div class="min-w-0 rounded-box border border-base-300 bg-base-100 px-3 py-3">
            <div class="text-sm break-normal text-base-content/70">{name}</div>
            <div class="num text-2xl font-semibold">{value}</div>
            {(!note.is_empty()).then(|| view! { <div class="text-xs text-base-content/70">{note}</div> })}
        </div>
    }
}

/// Text that breaks between its parts alone: at ` · ` where it has such, else at spaces.
pub fn unbroken(text: &str) -> AnyView {
    let (at, dot) = if text.contains(" · ") {
        (" · ", " ·")
    } else {
        (" ", "")
    };
    let mut parts = text.split(at).peekable();
    let mut out = Vec::new();
    while let Some(part) = parts.next() {
        let end = parts.peek().is_some();
        let part = format!("{part}{}", if end { dot } else { "" });
        out.push(view! { <span class="whitespace-nowrap">{part}</span>{end.then_some(" ")} });
    }
    out.into_any()
}

/// A bar for each day as a small SVG; the same numbers stand in the table below it.
#[component]
pub fn DayBars(
    /// What is counted.
    #[prop(into)]
    name: String,
    /// Day `YYYY-MM-DD` and count, in order.
    days: Vec<(String, i64)>,
) -> impl IntoView {
    let most = days.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let count = days.len().max(1);
    let width = 600.0;
    let step = width / count as f64;
    let bars = days
        .iter()
        .enumerate()
        .map(|(i, (day, n))| {
            let height = 96.0 * *n as f64 / most.max(1) as f64;
            let title = format!("{day}: {n}");
            view! {
                <rect x=format!("{:.1}", i as f64 * step) y=format!("{:.1}", 100.0 - height)
                    width=format!("{:.1}", (step - 1.0).max(0.5)) height=format!("{height:.1}") fill="currentColor">
                    <title>{title}</title>
                </rect>
            }
        })
        .collect_view();
    let first = days.first().map(|(d, _)| d.clone()).unwrap_or_default();
    let last = days.last().map(|(d, _)| d.clone()).unwrap_or_default();
    let label = tr!(
        "ui.chart_label",
        name = name,
        from = first,
        to = last,
        most = most
    );
    view! {
        <figure>
            <p class="num text-end text-xs text-base-content/70">{tr!("ui.chart_most", most = most)}</p>
            <svg viewBox="0 0 600 100" preserveAspectRatio="none" class="h-28 w-full text-primary" role="img" aria-label=label>
                {bars}
            </svg>
            <figcaption class="num flex justify-between text-xs text-base-content/70">
                <span>{first}</span>
                <span>{last}</span>
            </figcaption>
            <details class="mt-2">
                <summary class="cursor-pointer text-sm">{tr!("ui.as_table")}</summary>
                <table class="table table-xs num mt-1">
                    <thead><tr><th>{tr!("ui.day")}</th><th>{name}</th></tr></thead>
                    <tbody>
                        {days.into_iter().rev().map(|(day, n)| view! { <tr><td>{day}</td><td>{n}</td></tr> }).collect_view()}
                    </tbody>
                </table>
            </details>
        </figure>
    }
}
