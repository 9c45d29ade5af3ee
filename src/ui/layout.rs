//! The frame of staff pages: a bottom dock on phones, a sidebar on desktops.

use leptos::prelude::*;
use leptos_router::components::Outlet;

use super::boot::{Notice, Refresh, boot};
use super::icon::Icon;
use super::nav::{entries, groups, part, section};
use super::parts::{ErrorView, Toast};
use crate::shared::AppError;

/// The frame around every staff page; without a session only the way to sign in.
#[component]
pub fn StaffLayout() -> impl IntoView {
    if boot().me.is_none() {
        return view! { <ErrorView error=AppError::Unauthenticated/> }.into_any();
    }
    provide_context(Refresh(RwSignal::new(0)));
    let notice = Notice(RwSignal::new(None));
    provide_context(notice);
    // A notice belongs to the page it came with.
    let location = leptos_router::hooks::use_location();
    Effect::new(move |before: Option<String>| {
        let path = location.pathname.get();
        if before.is_some_and(|b| b != path) && notice.0.with_untracked(Option::is_some) {
            set_timeout(
                move || notice.0.set(None),
                std::time::Duration::from_secs(6),
            );
        }
        path
    });
    // A page that the role may not open says so at once, also where nothing on it asks the server.
    let role = boot().me.map(|me| me.role);
    let allowed = Memo::new(move |_| {
        let permission = crate::app::page_permission(&location.pathname.get());
        role.is_some_and(|role| role.may(permission))
    });
    let section = Memo::new(move |_| section(&location.pathname.get()));
    // What stands in no dock is reached from one's own page.
    let in_dock: Vec<&'static str> = entries()
        .iter()
        .filter(|e| e.dock)
        .map(|e| e.href)
        .collect();
    let docked = Memo::new(move |_| {
        let section = section.get();
        in_dock
            .iter()
            .find(|href| **href == section)
            .copied()
            .unwrap_or("/account")
    });
    let sidebar = groups(entries())
        .into_iter()
        .map(|(group, entries)| {
            let links = entries
                .into_iter()
                .map(|entry| {
                    view! {
                        <li>
                            <a href=entry.href aria-current=move || (section.get() == part(entry.href)).then_some("page") class="flex items-center gap-3 rounded-field px-3 py-1.5 hover:bg-base-300 aria-[current=page]:bg-primary aria-[current=page]:text-primary-content [&>svg]:shrink-0">
                                <Icon name=entry.icon/>
                                {entry.label}
                            </a>
                        </li>
                    }
                })
                .collect_view();
            let label = group.label();
            view! {
                {(!label.is_empty()).then(|| view! { <div class="mt-3 px-3 text-xs text-base-content/70">{label}</div> })}
                <ul>{links}</ul>
            }
        })
        .collect_view();
    // The list may be longer than the screen.
    let aside = NodeRef::new();
    show_section(aside, section);
    let dock = entries()
        .into_iter()
        .filter(|entry| entry.dock)
        .map(|entry| {
            view! {
                <a href=entry.href aria-current=move || (docked.get() == entry.href).then_some("page") class="flex flex-1 flex-col items-center gap-0.5 py-2 text-xs aria-[current=page]:text-primary aria-[current=page]:font-semibold">
                    <Icon name=entry.icon/>
                    {entry.label}
                </a>
            }
        })
        .collect_view();
    let company = boot().company;
    view! {
        <a href="#main" class="sr-only focus:not-sr-only">{tr!("ui.skip")}</a>
        <div class="flex min-h-dvh bg-base-200">
            <aside node_ref=aside class="print:hidden sticky top-0 hidden h-dvh w-56 shrink-0 flex-col overflow-y-auto border-e border-base-300 bg-base-100 p-3 lg:flex">
                <div class="mb-4 px-3 py-2">
                    <div class="text-lg font-semibold">{tr!("app.name")}</div>
                    <div class="text-xs text-base-content/70">{company}</div>
                </div>
                <nav aria-label=tr!("nav.main")>{sidebar}</nav>
            </aside>
            <main id="main" class="mx-auto min-w-0 w-full max-w-6xl flex-1 p-4 pb-24 lg:p-6">
                <Toast/>
                <Show when=move || allowed.get() fallback=|| view! { <ErrorView error=AppError::Forbidden/> }>
                    <Outlet/>
                </Show>
            </main>
        </div>
        <nav class="print:hidden fixed inset-x-0 bottom-0 z-20 flex border-t border-base-300 bg-base-100 pb-[env(safe-area-inset-bottom)] lg:hidden" aria-label=tr!("nav.main")>
            {dock}
        </nav>
    }
    .into_any()
}

/// Scrolls the sidebar until the entry of this page is in sight.
fn show_section(aside: NodeRef<leptos::html::Aside>, section: Memo<String>) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        Effect::new(move |_| {
            section.track();
            request_animation_frame(move || {
                let Some(aside) = aside.try_get_untracked().flatten() else {
                    return;
                };
                let here = aside.query_selector("[aria-current=page]").ok().flatten();
                let here = here.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok());
                if let Some(link) = here {
                    let (top, height) = (link.offset_top(), aside.client_height());
                    let seen =
                        aside.scroll_top()..aside.scroll_top() + height - link.offset_height();
                    if !seen.contains(&top) {
                        aside.set_scroll_top(top - height / 2);
                    }
                }
            });
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (aside, section);
}
