//! The first page after sign-in.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::api::*;
use super::model::{
    ArticleCounts, Desk, HcpCounts, Headline, Metrics, Month, PlanRow, RecentRead, TeamDay, Todo,
};
use crate::shared::Permission;
use crate::sharing::pages::MetricsGrid;
use crate::ui::boot::{boot, may, refresh};
use crate::ui::form::{PostForm, Submit};
use crate::ui::list::param;
use crate::ui::parts::{Card, Empty, Loading, PageTitle, Stat, outcome};
use crate::visit::model::warning_label;

/// 工作台.
#[component]
pub fn Workbench() -> impl IntoView {
    let desk = Resource::new(refresh, |_| my_desk());
    let arranging = param("arrange");
    listen();
    let boot = boot();
    let name = boot
        .me
        .as_ref()
        .map(|me| me.name.clone())
        .unwrap_or_default();
    let role = boot
        .me
        .as_ref()
        .map(|me| me.role.label())
        .unwrap_or_default();
    view! {
        <PageTitle title=tr!("nav.workbench")>
            {move || if arranging.with(String::is_empty) {
                view! { <a class="btn btn-ghost btn-sm min-h-10" href="/?arrange=1">{tr!("workbench.arrange")}</a> }
            } else {
                view! { <a class="btn btn-primary btn-sm min-h-10" href="/">{tr!("workbench.arranged")}</a> }
            }}
        </PageTitle>
        <p class="mb-4"><span class="font-semibold">{name}</span>" · "<span class="text-base-content/70">{role}" · "<span class="num">{boot.today}</span></span></p>
        // What was shown stays while newer numbers are on their way.
        <Transition fallback=Loading>
            {move || {
                let arranging = !arranging.with(String::is_empty);
                Suspend::new(async move {
                    outcome(desk.await, move |desk| if arranging {
                        view! { <Arrange layout=desk.layout/> }.into_any()
                    } else {
                        view! { <DeskCards desk=desk/> }.into_any()
                    })
                })
            }}
        </Transition>
    }
}

/// Loads the numbers anew when the server says that something changed, and when the page is shown again.
fn listen() {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        use wasm_bindgen::prelude::Closure;
        let Some(refresh) = use_context::<crate::ui::boot::Refresh>() else {
            return;
        };
        Effect::new(move |_| {
            let Ok(source) = web_sys::EventSource::new("/live") else {
                return;
            };
            let changed = Closure::<dyn FnMut()>::new(move || refresh.0.update(|n| *n += 1));
            let _ = source
                .add_event_listener_with_callback("changed", changed.as_ref().unchecked_ref());
            let kept = StoredValue::new_local(Some((source, changed)));
            on_cleanup(move || {
                if let Some((source, _changed)) = kept.try_update_value(Option::take).flatten() {
                    source.close();
                }
            });
        });
        let shown = window_event_listener(leptos::ev::visibilitychange, move |_| {
            if !document().hidden() {
                refresh.0.update(|n| *n += 1);
            }
        });
        on_cleanup(move || shown.remove());
    }
}

/// The name of a card.
fn card_label(card: &str) -> String {
    match card {
        "todo" => tr!("workbench.todo"),
        "plans" => tr!("workbench.plans"),
        "team" => tr!("workbench.team"),
        "board" => tr!("insight.title"),
        "hcps" => tr!("nav.hcps"),
        "articles" => tr!("nav.articles"),
        "company" => tr!("workbench.company"),
        "sharing" => tr!("workbench.sharing"),
        _ => tr!("workbench.recent"),
    }
}

/// The cards to be put in order and hidden.
#[component]
fn Arrange(layout: Vec<String>) -> impl IntoView {
    let last = layout.len().saturating_sub(1);
    view! {
        <Card>
            <p class="mb-3 text-sm text-base-content/70">{tr!("workbench.arrange_hint")}</p>
            <ol class="divide-y divide-base-300">
                {layout.into_iter().enumerate().map(|(i, card)| {
                    let hidden = card.starts_with('-');
                    let code = StoredValue::new(card.trim_start_matches('-').to_owned());
                    let label = card_label(&code.get_value());
                    let button = move |act: &'static str, text: String| view! {
                        <PostForm to=ArrangeDesk::url()>
                            <input type="hidden" name="card" value=code.get_value()/>
                            <input type="hidden" name="act" value=act/>
                            <Submit label=text class="btn btn-sm min-h-10"/>
                        </PostForm>
                    };
                    view! {
                        <li class="flex flex-wrap items-center justify-end gap-2 py-2">
                            <span class="me-auto" class:text-base-content=!hidden class:line-through=hidden>{label}</span>
                            {(i > 0).then(|| button("up", tr!("workbench.up")))}
                            {(i < last).then(|| button("down", tr!("workbench.down")))}
                            {if hidden { button("show", tr!("workbench.show")) } else { button("hide", tr!("workbench.hide")) }}
                        </li>
                    }
                }).collect_view()}
            </ol>
            <PostForm to=ArrangeDesk::url() class="mt-3">
                <input type="hidden" name="act" value="reset"/>
                <Submit label=tr!("workbench.reset") class="btn btn-ghost btn-sm min-h-10"/>
            </PostForm>
        </Card>
    }
}

#[component]
fn DeskCards(desk: Desk) -> impl IntoView {
    let nothing = desk.todo.is_empty()
        && desk.board.is_empty()
        && desk.hcps.is_none()
        && desk.articles.is_none()
        && desk.people.is_none();
    let layout = desk.layout.clone();
    let mut desk = desk;
    let cards = layout
        .iter()
        .map(|card| match card.as_str() {
            "todo" => todo_card(std::mem::take(&mut desk.todo)),
            "plans" => desk.plans.take().map(plans_card),
            "team" => desk.team.take().map(team_card),
            "board" => board_card(std::mem::take(&mut desk.board)),
            "hcps" => desk
                .hcps
                .take()
                .map(|counts| view! { <HcpCard counts=counts/> }.into_any()),
            "articles" => desk
                .articles
                .take()
                .map(|counts| view! { <ArticleCard counts=counts/> }.into_any()),
            "company" => desk
                .people
                .map(|people| company_card(people, desk.unassigned.unwrap_or(0))),
            "sharing" => desk.sharing.clone().map(sharing_card),
            "recent" => desk
                .sharing
                .is_some()
                .then(|| recent_card(std::mem::take(&mut desk.recent))),
            _ => None,
        })
        .collect_view();
    view! {
        // On a phone three beside each other, and what is left fills the row.
        <nav class="mb-4 flex flex-wrap gap-2 break-normal *:grow *:basis-[30%] sm:max-w-2xl sm:*:max-w-40 sm:*:basis-0" aria-label=tr!("workbench.quick")>
            {may(Permission::RecordVisits).then(|| view! {
                <a class="btn btn-primary min-h-12 px-2" rel="external" href="/checkin">{tr!("visit.checkin")}</a>
                <a class="btn btn-primary min-h-12 px-2" rel="external" href="/visits/new">{tr!("visit.record")}</a>
            })}
            {may(Permission::Share).then(|| view! { <a class="btn btn-secondary min-h-12 px-2" href="/articles">{tr!("workbench.share")}</a> })}
            {may(Permission::InviteHcps).then(|| view! { <a class="btn min-h-12 px-2" href="/hcps?state=listed">{tr!("workbench.invite")}</a> })}
            <a class="btn min-h-12 px-2" href="/adverse-events/new">{tr!("safety.report")}</a>
        </nav>
        {nothing.then(|| view! {
            <Empty text=tr!("workbench.nothing")><a class="btn" href="/articles">{tr!("nav.articles")}</a></Empty>
        })}
        {cards}
    }
}

fn todo_card(todo: Vec<Todo>) -> Option<AnyView> {
    if todo.is_empty() {
        return None;
    }
    let lines = todo
        .into_iter()
        .map(|todo| {
            let (href, text) = todo_line(&todo);
            // A plain page is not the router's.
            let rel = (href == "/review").then_some("external");
            let late = todo.kind == "courses_overdue";
            view! {
                <li>
                    <a class="link link-hover flex min-h-10 items-center gap-2" rel=rel href=href>
                        <span class="me-auto" class:text-error=late>{text}</span>
                        <span aria-hidden="true" class="text-base-content/70">"›"</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    Some(
        view! { <Card title=tr!("workbench.todo")><ul class="divide-y divide-base-300">{lines}</ul></Card> }
            .into_any(),
    )
}

/// Where a to-do leads, and what it says.
fn todo_line(todo: &Todo) -> (&'static str, String) {
    match todo.kind.as_str() {
        "tasks" => ("/tasks", tr!("workbench.tasks", n = todo.n)),
        "memos" => ("/memos", tr!("workbench.memos", n = todo.n)),
        "visit_change" => (
            "/visits?state=change",
            tr!("workbench.visit_change", n = todo.n),
        ),
        "visit_review" => (
            "/visits?state=waiting",
            tr!("workbench.visit_review", n = todo.n),
        ),
        "flow_confirm" => ("/flow", tr!("workbench.flow_confirm", n = todo.n)),
        "flow_appeals" => ("/flow/appeals", tr!("workbench.flow_appeals", n = todo.n)),
        "flow_match" => ("/flow/matching", tr!("workbench.flow_match", n = todo.n)),
        "adverse_events" => (
            "/adverse-events",
            tr!("workbench.adverse_events", n = todo.n),
        ),
        "complaints" => ("/complaints/queue", tr!("workbench.complaints", n = todo.n)),
        "exams" => ("/learning", tr!("workbench.exams", n = todo.n)),
        "courses" => ("/learning", tr!("workbench.courses", n = todo.n)),
        "courses_overdue" => ("/learning", tr!("workbench.courses_overdue", n = todo.n)),
        "cards" => ("/review", tr!("workbench.cards", n = todo.n)),
        "inbox" => ("/inbox", tr!("workbench.inbox", n = todo.n)),
        "comments" => ("/comments", tr!("workbench.comments", n = todo.n)),
        "behind" => (
            "/courses?state=required",
            tr!("workbench.behind", n = todo.n),
        ),
        "course_review" => (
            "/courses?state=review",
            tr!("workbench.course_review", n = todo.n),
        ),
        "article_review" => (
            "/articles?status=in_review",
            tr!("workbench.article_review", n = todo.n),
        ),
        "marking" => ("/exams/marking", tr!("workbench.marking", n = todo.n)),
        "requests" => ("/requests", tr!("workbench.requests", n = todo.n)),
        "leavers" => ("/transfers", tr!("workbench.leavers", n = todo.n)),
        _ => ("/duplicates", tr!("workbench.duplicates", n = todo.n)),
    }
}

/// 今日拜访计划.
fn plans_card(plans: Vec<PlanRow>) -> AnyView {
    let empty = plans.is_empty();
    view! {
        <Card title=tr!("workbench.plans")>
            {empty.then(|| view! { <p class="text-base-content/70">{tr!("workbench.no_plans")}</p> })}
            <ol>
                {plans.into_iter().map(|plan| {
                    let who = plan.hcp.map(|(_, name)| format!("{name} ")).unwrap_or_default();
                    let done = plan.visit_id.is_some();
                    let href = match plan.visit_id {
                        Some(visit) => format!("/visits/{visit}"),
                        None => format!("/visits/new?plan={}", plan.id),
                    };
                    // Recording is a plain page.
                    let rel = (!done).then_some("external");
                    view! {
                        <li class="flex min-h-10 flex-wrap items-center gap-2 border-b border-base-300 py-1 last:border-0">
                            {(!plan.starts.is_empty()).then(|| view! { <span class="num">{plan.starts}</span> })}
                            <a class="link link-hover min-w-0 break-words" class:line-through=done rel=rel href=href>{who}{plan.place}</a>
                            {plan.warnings.iter().map(|w| view! { <span class="badge badge-warning badge-sm">{warning_label(w)}</span> }).collect_view()}
                        </li>
                    }
                }).collect_view()}
            </ol>
            <a class="btn btn-sm mt-3 min-h-10" href="/plans">{tr!("plan.title")}</a>
        </Card>
    }
    .into_any()
}

/// 团队今日.
fn team_card(team: TeamDay) -> AnyView {
    let today = boot().today;
    view! {
        <Card title=tr!("workbench.team")>
            <div class="grid grid-cols-2 gap-2 sm:grid-cols-3">
                <a href="/visits/compare"><Stat name=tr!("workbench.team_active") value=format!("{} / {}", team.active, team.people)/></a>
                <a href=format!("/visits?from={today}&to={today}")><Stat name=tr!("visit.sort_visits") value=team.visits.to_string()/></a>
                <a href="/checkins"><Stat name=tr!("visit.checkins") value=team.checkins.to_string()/></a>
            </div>
            {(!team.behind.is_empty()).then(|| view! {
                <h3 class="mt-3 text-sm font-semibold">{tr!("workbench.team_behind")}</h3>
                <ul>
                    {team.behind.into_iter().map(|(id, name, n)| view! {
                        <li><a class="link flex min-h-10 items-center gap-2" href=format!("/plans?person={id}")>{name}<span class="num badge badge-warning badge-sm">{tr!("workbench.behind_n", n = n)}</span></a></li>
                    }).collect_view()}
                </ul>
            })}
            <a class="btn btn-sm mt-3 min-h-10" href="/visits/compare">{tr!("visit.compare")}</a>
        </Card>
    }
    .into_any()
}

/// The first numbers of one's board, each with the way to its rows.
fn board_card(numbers: Vec<Headline>) -> Option<AnyView> {
    if numbers.is_empty() {
        return None;
    }
    Some(
        view! {
            <Card title=tr!("insight.title")>
                <div class="grid grid-cols-2 gap-2 sm:grid-cols-4">
                    {numbers.into_iter().map(|n| view! { <a href=n.href><Stat name=n.name value=n.text/></a> }).collect_view()}
                </div>
                <a class="btn btn-sm mt-3 min-h-10" href="/insight">{tr!("workbench.board")}</a>
            </Card>
        }
        .into_any(),
    )
}

fn company_card(people: i64, unassigned: i64) -> AnyView {
    view! {
        <Card title=tr!("workbench.company")>
            <div class="grid grid-cols-2 gap-2 sm:max-w-md">
                <a href="/people"><Stat name=tr!("workbench.people") value=people.to_string()/></a>
                <a href="/terminals?assigned=no"><Stat name=tr!("workbench.unassigned") value=unassigned.to_string()/></a>
            </div>
        </Card>
    }
    .into_any()
}

fn sharing_card(metrics: Metrics) -> AnyView {
    view! {
        <Card title=tr!("workbench.sharing")>
            <MetricsGrid metrics=metrics/>
            <div class="mt-3 flex flex-wrap gap-2">
                <a class="btn btn-sm min-h-10" href="/shares">{tr!("nav.shares")}</a>
                {may(Permission::ReadInsight).then(|| view! { <a class="btn btn-sm min-h-10" href="/insight">{tr!("workbench.board")}</a> })}
            </div>
        </Card>
    }
    .into_any()
}

fn recent_card(recent: Vec<RecentRead>) -> AnyView {
    view! {
        <Card title=tr!("workbench.recent")>
            {if recent.is_empty() {
                view! { <p class="text-base-content/70">{tr!("workbench.no_recent")}</p> }.into_any()
            } else {
                view! {
                    <ul class="divide-y divide-base-300">
                        {recent.into_iter().map(|r| view! {
                            <li class="py-2">
                                <a class="link link-hover font-medium" href=format!("/hcps/{}", r.hcp_id)>{r.hcp}</a>
                                " "{tr!("workbench.read")}" "
                                <a class="link link-hover" href=format!("/articles/{}", r.article_id)>{r.title}</a>
                                <span class="num block text-sm text-base-content/70">{r.at}</span>
                            </li>
                        }).collect_view()}
                    </ul>
                }.into_any()
            }}
        </Card>
    }
    .into_any()
}

/// 我的月报.
#[component]
pub fn MonthReport() -> impl IntoView {
    let (month, person) = (param("month"), param("person"));
    let report = Resource::new(
        move || (month.get(), person.get(), refresh()),
        |(month, person, _)| month_report(month, person),
    );
    view! {
        <PageTitle title=tr!("month.title")>
            {move || person.with(String::is_empty).then(|| view! { <a class="btn btn-sm min-h-10" href="/record">{tr!("month.learning")}</a> })}
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(report.await, |month| view! { <MonthCards month=month/> }) })}
        </Suspense>
    }
}

#[component]
fn MonthCards(month: Month) -> impl IntoView {
    let person = param("person").get_untracked();
    // Of somebody else, the pages that know them; the others are one's own.
    let theirs = |path: &str| -> String {
        match (person.is_empty(), path) {
            (true, _) => path.to_owned(),
            (false, "/visits") => format!("/visits?person={person}"),
            (false, "/plans?span=month") => format!("/plans?span=month&person={person}"),
            (false, "/record") => format!("/record?person={person}"),
            (false, _) => String::new(),
        }
    };
    let numbers = [
        (
            tr!("visit.sort_visits"),
            month.visits.to_string(),
            "/visits",
        ),
        (tr!("month.met"), month.met.to_string(), "/visits"),
        (
            tr!("visit.checkins"),
            month.checkins.to_string(),
            "/checkins",
        ),
        (
            tr!("visit.sort_kept"),
            format!("{} / {}", month.kept, month.planned),
            "/plans?span=month",
        ),
        (
            tr!("month.reviewed"),
            format!("{} / {}", month.reviewed, month.visits),
            "/visits",
        ),
        (
            tr!("month.shares"),
            format!("{} / {}", month.shares, month.created),
            "/shares",
        ),
        (
            tr!("month.onboarded"),
            month.onboarded.to_string(),
            "/hcps?state=onboarded",
        ),
        (tr!("month.lessons"), month.lessons.to_string(), "/record"),
        (tr!("month.exams"), month.exams.to_string(), "/record"),
    ];
    view! {
        <form method="get" action="/month" class="mb-4 flex flex-wrap items-end gap-2">
            <label>
                <span class="sr-only">{tr!("visit.month")}</span>
                <input type="month" name="month" class="input w-44" value=month.month/>
            </label>
            <input type="hidden" name="person" value=person.clone()/>
            <button class="btn btn-primary">{tr!("ui.show")}</button>
        </form>
        {month.person.map(|name| view! { <p class="mb-2 font-semibold">{name}</p> })}
        <div class="grid grid-cols-2 gap-2 sm:grid-cols-3">
            {numbers.into_iter().map(|(name, value, path)| {
                let stat = view! { <Stat name=name value=value/> };
                match theirs(path) {
                    href if href.is_empty() => stat.into_any(),
                    href => view! { <a href=href>{stat}</a> }.into_any(),
                }
            }).collect_view()}
        </div>
        <p class="mt-3 text-sm text-base-content/70">{tr!("month.explain")}</p>
    }
}

#[component]
fn HcpCard(counts: HcpCounts) -> impl IntoView {
    let all = counts.listed + counts.invited + counts.onboarded;
    view! {
        <Card title=tr!("workbench.hcps", n = crate::ui::money::grouped(all))>
            <div class="grid grid-cols-3 gap-2">
                <a href="/hcps?state=listed"><Stat name=tr!("hcp.state.listed") value=counts.listed.to_string()/></a>
                <a href="/hcps?state=invited"><Stat name=tr!("hcp.state.invited") value=counts.invited.to_string()/></a>
                <a href="/hcps?state=onboarded"><Stat name=tr!("hcp.state.onboarded") value=counts.onboarded.to_string()/></a>
            </div>
            {(counts.pending > 0).then(|| view! {
                <a class="alert alert-warning mt-3 py-2" href="/hcps/pending">{tr!("hcp.pending_waiting", n = counts.pending)}</a>
            })}
        </Card>
    }
}

#[component]
fn ArticleCard(counts: ArticleCounts) -> impl IntoView {
    let item = |status: &'static str, n: i64| {
        view! {
            <a href=format!("/articles?status={status}")>
                <Stat name=crate::content::model::status_label(status) value=n.to_string()/>
            </a>
        }
    };
    view! {
        <Card title=tr!("nav.articles")>
            <div class="grid grid-cols-2 gap-2 sm:grid-cols-4">
                {item("draft", counts.draft)}
                {item("in_review", counts.in_review)}
                {item("approved", counts.approved)}
                {item("published", counts.published)}
            </div>
            {(counts.expiring > 0).then(|| view! { <p class="mt-3 text-sm">{tr!("workbench.expiring", n = counts.expiring)}</p> })}
        </Card>
    }
}
