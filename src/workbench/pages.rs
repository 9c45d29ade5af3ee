//! The first page after sign-in, and the page of imports.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::api::*;
use super::model::{ArticleCounts, Desk, HcpCounts, ImportReport};
use crate::shared::Permission;
use crate::sharing::pages::MetricsGrid;
use crate::ui::boot::{boot, may, refresh};
use crate::ui::form::{Checkbox, PostForm, Submit};
use crate::ui::list::param;
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
    let nothing = desk.hcps.is_none() && desk.articles.is_none() && desk.people.is_none();
    view! {
        {may(Permission::Share).then(|| view! {
            <nav class="mb-4 grid grid-cols-2 gap-2 sm:max-w-md" aria-label=tr!("workbench.quick")>
                <a class="btn btn-primary" href="/hcps?state=listed">{tr!("workbench.invite")}</a>
                <a class="btn btn-secondary" href="/articles">{tr!("workbench.share")}</a>
            </nav>
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

fn kinds() -> Vec<(&'static str, String, &'static str)> {
    vec![
        (
            "people",
            tr!("import.people"),
            "姓名, 手机号, 角色, 部门, 工号, 管理部门",
        ),
        (
            "hospitals",
            tr!("import.hospitals"),
            "终端编码, 终端名称, 类型, 省份, 城市, 地址, 等级, 纬度, 经度",
        ),
        (
            "assignments",
            tr!("import.assignments"),
            "终端编码, 负责人手机号, 开始日期",
        ),
        (
            "hcps",
            tr!("import.hcps"),
            "姓名, 手机号, 医院, 科室, 职称, 性别, 省份, 城市",
        ),
    ]
}

/// 数据导入: upload, preview, apply.
#[component]
pub fn ImportPage() -> impl IntoView {
    let (kind, file, fault) = (param("kind"), param("file"), param("fault"));
    let preview = Resource::new(
        move || (kind.get(), file.get(), refresh()),
        |(kind, file, _)| async move {
            if file.is_empty() {
                Ok(None)
            } else {
                preview_import(kind, file).await.map(Some)
            }
        },
    );
    let chosen = kind.get_untracked();
    let options = kinds();
    view! {
        <PageTitle title=tr!("import.title")/>
        <Card title=tr!("import.upload")>
            {move || (fault.get() == "empty").then(|| view! { <p class="alert alert-error mb-3 py-2" role="alert">{tr!("import.no_file")}</p> })}
            <form method="post" action="/import/upload" enctype="multipart/form-data" class="flex flex-wrap items-end gap-3">
                <label>
                    <span class="mb-1 block text-sm font-medium">{tr!("import.kind")}</span>
                    <select name="kind" class="select">
                        {options.iter().map(|(code, label, _)| {
                            let selected = *code == chosen;
                            view! { <option value=*code selected=selected>{label.clone()}</option> }
                        }).collect_view()}
                    </select>
                </label>
                <label>
                    <span class="mb-1 block text-sm font-medium">{tr!("import.file")}</span>
                    <input type="file" name="file" class="file-input" accept=".csv,.xlsx,.xls" required/>
                </label>
                <button class="btn btn-primary">{tr!("import.check")}</button>
            </form>
            <details class="mt-3 text-sm">
                <summary class="cursor-pointer">{tr!("import.columns")}</summary>
                <dl class="mt-1">
                    {options.into_iter().map(|(_, label, columns)| view! { <dt class="font-medium">{label}</dt><dd class="mb-1">{columns}</dd> }).collect_view()}
                </dl>
                <p>{tr!("import.formats")}</p>
            </details>
        </Card>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(preview.await, move |report| report.map(|report| {
                    view! { <Preview kind=kind.get_untracked() file=file.get_untracked() report=report/> }
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Preview(kind: String, file: String, report: ImportReport) -> impl IntoView {
    let invalid = report.invalid.len();
    let changes = report.created + report.updated;
    let shown = report.invalid.iter().take(500).cloned().collect::<Vec<_>>();
    view! {
        <Card title=tr!("import.preview")>
            <div class="grid grid-cols-2 gap-2 sm:grid-cols-5">
                <Stat name=tr!("import.rows") value=report.rows.to_string()/>
                <Stat name=tr!("import.created") value=report.created.to_string()/>
                <Stat name=tr!("import.updated") value=report.updated.to_string()/>
                <Stat name=tr!("import.unchanged") value=report.unchanged.to_string()/>
                <Stat name=tr!("import.invalid") value=invalid.to_string()/>
            </div>
            {if changes == 0 {
                view! { <p class="mt-4">{tr!("import.nothing_to_do")}</p> }.into_any()
            } else {
                view! {
                    <PostForm to=ApplyImport::url() class="mt-4">
                        <input type="hidden" name="kind" value=kind/>
                        <input type="hidden" name="file" value=file/>
                        {(invalid > 0).then(|| view! { <Checkbox name="skip_invalid" label=tr!("import.skip_invalid", n = invalid)/> })}
                        <Submit label=tr!("import.apply", n = changes)/>
                    </PostForm>
                }.into_any()
            }}
        </Card>
        {(invalid > 0).then(|| view! {
            <Card title=tr!("import.invalid")>
                <div tabindex="0" role="region" aria-label=tr!("import.invalid") class="overflow-x-auto">
                    <table class="table table-sm">
                        <thead><tr><th>{tr!("import.row")}</th><th>{tr!("import.field")}</th><th>{tr!("import.reason")}</th></tr></thead>
                        <tbody>
                            {shown.into_iter().map(|i| view! { <tr><td class="num">{i.row}</td><td>{i.field}</td><td>{i.reason}</td></tr> }).collect_view()}
                        </tbody>
                    </table>
                </div>
                {(invalid > 500).then(|| view! { <p class="mt-2 text-sm">{tr!("import.more_invalid", n = invalid - 500)}</p> })}
            </Card>
        })}
    }
}
