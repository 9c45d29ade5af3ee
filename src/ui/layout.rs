//! The frame of staff pages: a bottom dock on phones, a sidebar on desktops.

use leptos::prelude::*;
use leptos_router::components::Outlet;

use super::boot::{Notice, Refresh, boot};
use super::icon::Icon;
use super::parts::{ErrorView, Toast};
use crate::shared::{AppError, Permission};

/// An entry of the navigation.
pub struct Entry {
    pub href: &'static str,
    icon: &'static str,
    pub label: String,
    /// Whether it stands in the dock of phones.
    pub dock: bool,
}

/// The entries that the signed-in member may open.
pub fn entries() -> Vec<Entry> {
    let boot = boot();
    let mut entries = vec![Entry {
        href: "/",
        icon: "home",
        label: tr!("nav.workbench"),
        dock: true,
    }];
    let mut add = |permission, href, icon, label, dock| {
        if boot.may(permission) {
            entries.push(Entry {
                href,
                icon,
                label,
                dock,
            });
        }
    };
    add(
        Permission::ReadInsight,
        "/insight",
        "insight",
        tr!("insight.title"),
        false,
    );
    add(
        Permission::ReadHcps,
        "/hcps",
        "people",
        tr!("nav.hcps"),
        true,
    );
    add(
        Permission::ReadArticles,
        "/articles",
        "article",
        tr!("nav.articles"),
        true,
    );
    add(
        Permission::Learn,
        "/learning",
        "learn",
        tr!("nav.learning"),
        true,
    );
    add(
        Permission::Workbench,
        "/plans",
        "calendar",
        tr!("plan.title"),
        false,
    );
    add(
        Permission::ReadVisits,
        "/visits",
        "visit",
        tr!("visit.records"),
        false,
    );
    add(
        Permission::CheckIn,
        "/checkins",
        "place",
        tr!("visit.sheet"),
        false,
    );
    add(
        Permission::ReadProducts,
        "/products",
        "product",
        tr!("product.title"),
        false,
    );
    // Where somebody's work on flow begins.
    let (permission, start) = if boot.may(Permission::ConfirmFlow) {
        (Permission::ConfirmFlow, "/flow")
    } else if boot.may(Permission::OperateFlow) {
        (Permission::OperateFlow, "/flow/matching")
    } else {
        (Permission::ReadFlow, "/flow/report")
    };
    add(permission, start, "flow", tr!("flow.title"), false);
    add(
        Permission::ReadShares,
        "/shares",
        "chart",
        tr!("nav.shares"),
        false,
    );
    add(
        Permission::MakeCodes,
        "/codes",
        "code",
        tr!("nav.codes"),
        false,
    );
    add(
        Permission::ReadTerminals,
        "/terminals",
        "hospital",
        tr!("nav.terminals"),
        false,
    );
    add(
        Permission::ConsentTexts,
        "/consents",
        "consent",
        tr!("nav.consents"),
        false,
    );
    add(
        Permission::ManageOrg,
        "/people",
        "org",
        tr!("nav.people"),
        false,
    );
    add(
        Permission::ReadResults,
        "/courses",
        "course",
        tr!("nav.courses"),
        false,
    );
    add(
        Permission::ReadResults,
        "/exams",
        "exam",
        tr!("nav.exams"),
        false,
    );
    add(
        Permission::WriteQuestions,
        "/questions",
        "question",
        tr!("nav.questions"),
        false,
    );
    add(
        Permission::OwnImports,
        "/import",
        "import",
        tr!("nav.import"),
        false,
    );
    add(Permission::ManageOrg, "/sms", "sms", tr!("nav.sms"), false);
    add(
        Permission::ManageOrg,
        "/settings",
        "settings",
        tr!("nav.settings"),
        false,
    );
    add(
        Permission::ReadAudit,
        "/audit",
        "audit",
        tr!("nav.audit"),
        false,
    );
    add(
        Permission::Workbench,
        "/inbox",
        "inbox",
        tr!("inbox.title"),
        false,
    );
    add(
        Permission::Workbench,
        "/memos",
        "memo",
        tr!("memo.title"),
        false,
    );
    add(
        Permission::Workbench,
        "/adverse-events",
        "alert",
        tr!("safety.title"),
        false,
    );
    add(
        Permission::Workbench,
        "/month",
        "month",
        tr!("month.title"),
        false,
    );
    add(
        Permission::Workbench,
        "/complaints",
        "feedback",
        tr!("complaint.title"),
        false,
    );
    add(
        Permission::OwnAccount,
        "/account",
        "me",
        tr!("nav.account"),
        true,
    );
    entries
}

/// The entry of the navigation to which a page belongs.
fn section(path: &str) -> String {
    match path.split('/').nth(1).unwrap_or_default() {
        "groups" | "requests" | "transfers" | "duplicates" | "merges" | "coverage" => {
            "/hcps".into()
        }
        "record" => "/learning".into(),
        "comments" => "/courses".into(),
        "tasks" => "/plans".into(),
        "units" => "/people".into(),
        first => format!("/{first}"),
    }
}

/// The part of the application that an entry leads into.
fn part(href: &str) -> &str {
    href.match_indices('/')
        .nth(1)
        .map_or(href, |(at, _)| &href[..at])
}

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
    let sidebar = entries()
        .into_iter()
        .map(|entry| {
            view! {
                <li>
                    <a href=entry.href aria-current=move || (section.get() == part(entry.href)).then_some("page") class="flex items-center gap-3 rounded-field px-3 py-2 hover:bg-base-300 aria-[current=page]:bg-primary aria-[current=page]:text-primary-content [&>svg]:shrink-0">
                        <Icon name=entry.icon/>
                        {entry.label}
                    </a>
                </li>
            }
        })
        .collect_view();
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
            <aside class="print:hidden sticky top-0 hidden h-dvh w-56 shrink-0 flex-col overflow-y-auto border-e border-base-300 bg-base-100 p-3 lg:flex">
                <div class="mb-4 px-3 py-2">
                    <div class="text-lg font-semibold">{tr!("app.name")}</div>
                    <div class="text-xs text-base-content/70">{company}</div>
                </div>
                <nav aria-label=tr!("nav.main")><ul class="flex flex-col gap-1">{sidebar}</ul></nav>
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
