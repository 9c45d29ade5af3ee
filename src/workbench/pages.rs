//! The first page after sign-in.

use leptos::prelude::*;

use super::api::*;
use super::model::{ArticleCounts, Desk, HcpCounts};
use crate::shared::Permission;
use crate::sharing::pages::MetricsGrid;
use crate::ui::boot::{boot, may, refresh};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, Stat, outcome};

/// 工作台.
#[component]
pub fn Workbench() -> impl IntoView {
    let desk = Resource::new(refresh, |_| my_desk());
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
        <PageTitle title=tr!("nav.workbench")/>
        <p class="mb-4"><span class="font-semibold">{name}</span>" · "<span class="text-base-content/70">{role}" · "<span class="num">{boot.today}</span></span></p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(desk.await, |desk| view! { <DeskCards desk=desk/> }) })}
        </Suspense>
    }
}

#[component]
fn DeskCards(desk: Desk) -> impl IntoView {
    let nothing = desk.todo.is_empty()
        && desk.hcps.is_none()
        && desk.articles.is_none()
        && desk.people.is_none();
    view! {
        {(may(Permission::Share) || may(Permission::CheckIn)).then(|| view! {
            <nav class="mb-4 grid grid-cols-3 gap-2 sm:max-w-md" aria-label=tr!("workbench.quick")>
                {may(Permission::CheckIn).then(|| view! { <a class="btn btn-primary min-h-12 px-2" rel="external" href="/checkin">{tr!("visit.checkin")}</a> })}
                {may(Permission::Share).then(|| view! {
                    <a class="btn btn-secondary min-h-12 px-2" href="/articles">{tr!("workbench.share")}</a>
                    <a class="btn min-h-12 px-2" href="/hcps?state=listed">{tr!("workbench.invite")}</a>
                })}
            </nav>
        })}
        {(!desk.todo.is_empty()).then(|| view! {
            <Card title=tr!("workbench.todo")>
                <ul class="divide-y divide-base-300">
                    {desk.todo.into_iter().map(|todo| {
                        let (href, text) = match todo.kind.as_str() {
                            "exams" => ("/learning", tr!("workbench.exams", n = todo.n)),
                            "courses" => ("/learning", tr!("workbench.courses", n = todo.n)),
                            "courses_overdue" => ("/learning", tr!("workbench.courses_overdue", n = todo.n)),
                            "cards" => ("/review", tr!("workbench.cards", n = todo.n)),
                            "inbox" => ("/inbox", tr!("workbench.inbox", n = todo.n)),
                            "comments" => ("/comments", tr!("workbench.comments", n = todo.n)),
                            "behind" => ("/courses?state=required", tr!("workbench.behind", n = todo.n)),
                            "course_review" => ("/courses?state=review", tr!("workbench.course_review", n = todo.n)),
                            "article_review" => ("/articles?status=in_review", tr!("workbench.article_review", n = todo.n)),
                            "marking" => ("/exams/marking", tr!("workbench.marking", n = todo.n)),
                            "requests" => ("/requests", tr!("workbench.requests", n = todo.n)),
                            "leavers" => ("/transfers", tr!("workbench.leavers", n = todo.n)),
                            _ => ("/duplicates", tr!("workbench.duplicates", n = todo.n)),
                        };
                        // A plain page is not the router's.
                        let rel = (href == "/review").then_some("external");
                        view! { <li><a class="link link-hover flex min-h-10 items-center" rel=rel href=href>{text}</a></li> }
                    }).collect_view()}
                </ul>
            </Card>
        })}
        {nothing.then(|| view! {
            <Empty text=tr!("workbench.nothing")><a class="btn" href="/articles">{tr!("nav.articles")}</a></Empty>
        })}
        {desk.hcps.map(|counts| view! { <HcpCard counts=counts/> })}
        {desk.articles.map(|counts| view! { <ArticleCard counts=counts/> })}
        {(desk.people.is_some()).then(|| view! {
            <Card title=tr!("workbench.company")>
                <div class="grid grid-cols-2 gap-2 sm:max-w-md">
                    <a href="/people"><Stat name=tr!("workbench.people") value=desk.people.unwrap_or(0).to_string()/></a>
                    <a href="/terminals?assigned=no"><Stat name=tr!("workbench.unassigned") value=desk.unassigned.unwrap_or(0).to_string()/></a>
                </div>
            </Card>
        })}
        {desk.sharing.map(|metrics| view! {
            <Card title=tr!("workbench.sharing")>
                <MetricsGrid metrics=metrics/>
                <a class="btn btn-sm mt-3" href="/shares">{tr!("nav.shares")}</a>
            </Card>
            <Card title=tr!("workbench.recent")>
                {if desk.recent.is_empty() {
                    view! { <p class="text-base-content/70">{tr!("workbench.no_recent")}</p> }.into_any()
                } else {
                    view! {
                        <ul class="divide-y divide-base-300">
                            {desk.recent.into_iter().map(|r| view! {
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
        })}
    }
}

#[component]
fn HcpCard(counts: HcpCounts) -> impl IntoView {
    let all = counts.listed + counts.invited + counts.onboarded;
    view! {
        <Card title=tr!("workbench.hcps", n = all)>
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
