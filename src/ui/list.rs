//! Lists with filters in the address.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use super::money::grouped;
use super::parts::Empty;
use crate::shared::Page;

/// The value of a query parameter, or empty.
pub fn param(name: &'static str) -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|q| q.get(name)).unwrap_or_default())
}

/// The page number of the address, from 1.
pub fn page_param() -> Memo<i64> {
    let page = param("page");
    Memo::new(move |_| page.get().parse().unwrap_or(1))
}

/// Links between the parts of a page, by the value of `tab` in its address; the first part is that without one.
#[component]
pub fn TabLinks(
    /// Path of the page.
    path: &'static str,
    /// What the parts are of.
    #[prop(into)]
    label: String,
    /// Value of `tab` and name of each part.
    tabs: Vec<(&'static str, String)>,
) -> impl IntoView {
    let current = param("tab");
    let links = tabs
        .into_iter()
        .map(|(code, name)| {
            let href = if code.is_empty() {
                path.to_owned()
            } else {
                format!("{path}?tab={code}")
            };
            let here = move || current.with(|tab| tab == code);
            let class = move || {
                if here() {
                    "tab tab-active min-h-10"
                } else {
                    "tab min-h-10"
                }
            };
            view! { <a href=href class=class aria-current=move || here().then_some("page")>{name}</a> }
        })
        .collect_view();
    view! { <nav class="tabs tabs-border mb-3 flex-wrap" aria-label=label>{links}</nav> }
}

/// Links to the other pages of a list, keeping its filters.
#[component]
pub fn Pager<T: Clone + Send + Sync + 'static>(page: Page<T>) -> impl IntoView {
    let location = use_location();
    let query = use_query_map();
    let link = move |to: i64| {
        let mut map = query.get_untracked();
        map.replace("page", to.to_string());
        format!(
            "{}{}",
            location.pathname.get_untracked(),
            map.to_query_string()
        )
    };
    let (here, pages) = (page.page, page.pages());
    view! {
        <nav class="mt-3 flex items-center justify-between gap-2 text-sm" aria-label=tr!("ui.pages")>
            <span class="num text-base-content/70">{tr!("ui.rows", total = grouped(page.total))}</span>
            <span class="flex items-center gap-1">
                {(here > 1).then(|| view! { <a class="btn btn-sm min-h-10" href=link((here - 1).min(pages))>{tr!("ui.previous")}</a> })}
                {(pages > 1).then(|| view! { <span class="num self-center px-3">{format!("{here} / {pages}")}</span> })}
                {(here < pages).then(|| view! { <a class="btn btn-sm min-h-10" href=link(here + 1)>{tr!("ui.next")}</a> })}
            </span>
        </nav>
    }
}

/// The rows of a page with the pager below, or the empty state.
pub fn rows_or_empty<T: Clone + Send + Sync + 'static, V: IntoView + 'static>(
    page: Page<T>,
    empty: String,
    show: impl FnOnce(Vec<T>) -> V,
) -> AnyView {
    if page.rows.is_empty() && page.total == 0 {
        return view! { <Empty text=empty/> }.into_any();
    }
    let rows = page.rows.clone();
    view! {
        {show(rows)}
        <Pager page=page/>
    }
    .into_any()
}

/// A form of filters that goes to the same page by GET.
#[component]
pub fn Filters(action: &'static str, children: Children) -> impl IntoView {
    view! {
        <form method="get" action=action class="mb-4 flex flex-wrap items-end gap-2" role="search" autocomplete="off">
            {children()}
            <button class="btn btn-primary">{tr!("ui.search")}</button>
        </form>
    }
}

/// What a filter is set to: the value of the address, also once that changes, as after "back". Nothing until then where
/// the server made the field: its HTML has the value, and before the page hydrates somebody may have typed into it.
pub fn followed(value: Signal<String>) -> Memo<Option<String>> {
    #[cfg(feature = "hydrate")]
    let made_here = super::boot::is_hydrated();
    #[cfg(not(feature = "hydrate"))]
    let made_here = false;
    Memo::new(move |before: Option<&Option<String>>| {
        let now = value.get();
        (made_here || before.is_some()).then_some(now)
    })
}

/// A text filter.
#[component]
pub fn FilterText(name: &'static str, #[prop(into)] label: String) -> impl IntoView {
    let value = param(name);
    view! {
        <label class="grow basis-48 sm:max-w-80">
            <span class="sr-only">{label.clone()}</span>
            <input type="search" name=name class="input w-full" placeholder=label value=value.get_untracked() prop:value=followed(value.into())/>
        </label>
    }
}

/// A choice among values; the first entry stands for all.
#[component]
pub fn FilterSelect(
    name: &'static str,
    #[prop(into)] label: String,
    options: Vec<(String, String)>,
    /// What it is called where its first choice doesn't say.
    #[prop(optional, into)]
    called: Option<String>,
) -> impl IntoView {
    let current = param(name);
    let value = current.get_untracked();
    view! {
        <label>
            <span class="sr-only">{called.unwrap_or_else(|| label.clone())}</span>
            <select name=name class="select w-auto" prop:value=followed(current.into())>
                <option value="">{label}</option>
                {options
                    .into_iter()
                    .map(|(code, text)| {
                        let selected = code == value;
                        view! { <option value=code selected=selected>{text}</option> }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}

/// A field of a form that only asks and whose answer stands in the address, with what is wrong with its value.
#[component]
pub fn AskField(
    name: &'static str,
    #[prop(into)] label: String,
    value: String,
    fault: Option<String>,
    #[prop(optional)] list: Option<&'static str>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let wrong = fault.is_some();
    view! {
        <label class="block">
            <span class="mb-1 block text-sm font-medium">{label}{required.then(|| view! { <span class="text-error" aria-hidden="true">" *"</span> })}</span>
            <input type=kind name=name value=value list=list required=required autocomplete="off" class="input w-full" class:input-error=wrong aria-invalid=wrong.to_string()/>
            {fault.map(|text| view! { <span class="mt-1 block text-sm text-error" role="alert">{text}</span> })}
        </label>
    }
}

/// Two days from and to, which stay together.
#[component]
pub fn FilterDays(
    /// Names of the two parameters.
    #[prop(default = ["from", "to"])]
    names: [&'static str; 2],
    labels: [String; 2],
    values: [Signal<String>; 2],
) -> impl IntoView {
    let ([from, to], [label, to_label], [value, to_value]) = (names, labels, values);
    view! {
        <div class="flex gap-2">
            <FilterDay name=from label=label value=value/>
            <FilterDay name=to label=to_label value=to_value/>
        </div>
    }
}

#[component]
fn FilterDay(
    name: &'static str,
    #[prop(into)] label: String,
    value: Signal<String>,
) -> impl IntoView {
    view! {
        <label class="text-sm">
            <span class="block text-base-content/70">{label}</span>
            <input type="date" name=name class="input w-40" value=value.get_untracked() prop:value=followed(value)/>
        </label>
    }
}
