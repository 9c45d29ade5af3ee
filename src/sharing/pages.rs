//! Pages of sharing for staff.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::*;
use super::model::{
    MadeLink, Metrics, NodeKind, RepRow, ShareView, TreeNode, TreeView, dwell_text,
};
use crate::hcp::pages::HcpLine;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, FieldMessage, PostForm, Submit};
use crate::ui::list::{FilterDays, FilterText, Filters, Pager, page_param, param};
use crate::ui::parts::{Card, DayBars, Empty, Loading, PageTitle, Stat, outcome, unbroken};

/// The numbers with what each means.
#[component]
pub fn MetricsGrid(metrics: Metrics) -> impl IntoView {
    let m = metrics;
    view! {
        <div class="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-6">
            <Stat name=tr!("metrics.shares") value=m.shares.to_string() note=tr!("metrics.of_created", n = m.created)/>
            <Stat name=tr!("metrics.pv") value=m.pv.to_string() note=tr!("metrics.self_apart", n = m.self_views)/>
            <Stat name=tr!("metrics.uv") value=m.uv.to_string()/>
            <Stat name=tr!("metrics.rereads") value=m.rereads.to_string()/>
            <Stat name=tr!("metrics.dwell") value=dwell_text(m.dwell_median_ms) note=tr!("metrics.dwell_of", n = crate::ui::money::grouped(m.dwell_views))/>
            <Stat name=tr!("metrics.finished") value=m.finished.to_string()/>
        </div>
        <details class="mt-2 text-sm text-base-content/70">
            <summary class="cursor-pointer">{tr!("metrics.what")}</summary>
            <ul class="mt-1 list-disc ps-5">
                <li>{tr!("metrics.pv_means")}</li>
                <li>{tr!("metrics.uv_means")}</li>
                <li>{tr!("metrics.rereads_means")}</li>
                <li>{tr!("metrics.shares_means")}</li>
                <li>{tr!("metrics.dwell_means")}</li>
                <li>{tr!("metrics.finished_means")}</li>
            </ul>
        </details>
    }
}

fn id_param() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()))
}

/// 分享: choosing HCPs or just making a link, and one's own links.
#[component]
pub fn ShareArticle() -> impl IntoView {
    let (id, made, text) = (id_param(), param("made"), param("text"));
    let data = Resource::new(
        move || (id.get(), made.get(), text.get(), refresh()),
        |(id, made, text, _)| share_page(id, made, text),
    );
    view! {
        <PageTitle title=tr!("share.title")>
            <a class="btn btn-sm" href=move || format!("/articles/{}", id.get())>{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, move |data| view! { <ShareCards id=id.get_untracked() text=text.get_untracked() data=data/> })
            })}
        </Suspense>
    }
}

#[component]
fn ShareCards(id: String, text: String, data: ShareView) -> impl IntoView {
    let here = format!("/articles/{id}/share");
    let id = StoredValue::new(id);
    let title = StoredValue::new(data.title.clone());
    let (shown, rest): (Vec<MadeLink>, Vec<MadeLink>) =
        data.links.into_iter().partition(|l| l.svg.is_some());
    view! {
        <p class="mb-4 font-semibold">{data.title.clone()}</p>
        {(data.audience == "professional").then(|| view! { <p class="alert alert-info mb-4 py-2">{tr!("share.professional")}</p> })}
        {shown.into_iter().map(|link| view! { <Card title=tr!("share.made")><LinkQr link=link title=title.get_value()/></Card> }).collect_view()}
        <Card title=tr!("share.new")>
            <PostForm to=MakeShare::url()>
                <input type="hidden" name="id" value=id.get_value()/>
                <Submit label=tr!("share.just_link")/>
            </PostForm>
            <div class="divider my-3 text-sm">{tr!("share.or_choose")}</div>
            <form method="get" action=here class="mb-3 flex gap-2" role="search" autocomplete="off">
                <input type="search" name="text" class="input w-full" placeholder=tr!("hcp.search") aria-label=tr!("hcp.search") value=text/>
                <button class="btn">{tr!("ui.search")}</button>
            </form>
            <p class="mb-2 text-sm text-base-content/70">{tr!("share.only_agreed")}</p>
            {if data.hcps.is_empty() {
                view! { <Empty text=tr!("hcp.empty")/> }.into_any()
            } else {
                view! {
                    <PostForm to=MakeShare::url()>
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="chosen" value="true"/>
                        <ul class="mb-3 max-h-96 divide-y divide-base-300 overflow-y-auto">
                            {data.hcps.into_iter().map(|h| view! {
                                <li>
                                    <label class="flex cursor-pointer items-center gap-3 py-2">
                                        <input type="checkbox" class="checkbox" name="hcp_ids[]" value=h.id.clone()/>
                                        <span class="grow"><HcpLine hcp=h/></span>
                                    </label>
                                </li>
                            }).collect_view()}
                        </ul>
                        <FieldMessage name="hcp_ids"/>
                        <Submit label=tr!("share.for_chosen")/>
                    </PostForm>
                }.into_any()
            }}
        </Card>
        {(!rest.is_empty()).then(|| view! {
            <Card title=tr!("share.mine")>
                <ul class="divide-y divide-base-300">
                    {rest.into_iter().map(|link| view! { <LinkItem link=link/> }).collect_view()}
                </ul>
            </Card>
        })}
    }
}

#[component]
fn LinkQr(link: MadeLink, title: String) -> impl IntoView {
    let for_whom = link
        .recipient
        .clone()
        .map(|name| tr!("share.for", name = name));
    view! {
        <div class="text-center">
            {for_whom}
            <div class="mx-auto my-3 aspect-square w-full max-w-64 rounded-box bg-white p-3 [&>svg]:h-full [&>svg]:w-full" role="img" aria-label=tr!("share.qr") inner_html=link.svg.unwrap_or_default()></div>
            <input class="input w-full max-w-md" readonly value=link.url.clone() aria-label=tr!("read.link")/>
            <PassOn url=link.url title=title/>
        </div>
    }
}

/// Copying and the phone's share sheet, where the browser has them; the field above works everywhere.
#[component]
pub fn PassOn(url: String, title: String) -> impl IntoView {
    let said = RwSignal::new(None::<String>);
    let (copy_url, share_url) = (url.clone(), url);
    let copy = move |_| pass_on(copy_url.clone(), None, said);
    let share = move |_| pass_on(share_url.clone(), Some(title.clone()), said);
    view! {
        <div class="mt-3 flex justify-center gap-2">
            <button type="button" class="btn" on:click=copy>{tr!("share.copy")}</button>
            <button type="button" class="btn btn-primary" on:click=share>{tr!("share.sheet")}</button>
        </div>
        <p class="mt-2 min-h-6 text-sm" role="status">{move || said.get()}</p>
    }
}

#[cfg(not(feature = "hydrate"))]
fn pass_on(_url: String, _title: Option<String>, _said: RwSignal<Option<String>>) {}

#[cfg(feature = "hydrate")]
fn pass_on(url: String, title: Option<String>, said: RwSignal<Option<String>>) {
    use js_sys::{Function, Object, Promise, Reflect};
    use wasm_bindgen::{JsCast, JsValue};
    let copied = if title.is_some() {
        tr!("share.done")
    } else {
        tr!("share.copied")
    };
    let by_hand = tr!("share.by_hand");
    leptos::task::spawn_local(async move {
        // Asked for by name: WeChat's browser and plain http have neither.
        let call = |on: JsValue, name: &str, argument: JsValue| -> Option<Promise> {
            let function: Function = Reflect::get(&on, &name.into()).ok()?.dyn_into().ok()?;
            function.call1(&on, &argument).ok()?.dyn_into().ok()
        };
        let navigator: JsValue = window().navigator().into();
        let done = match title {
            Some(title) => {
                let data = Object::new();
                let _ = Reflect::set(&data, &"title".into(), &title.into());
                let _ = Reflect::set(&data, &"url".into(), &url.clone().into());
                call(navigator, "share", data.into())
            }
            None => Reflect::get(&navigator, &"clipboard".into())
                .ok()
                .filter(JsValue::is_object)
                .and_then(|clipboard| call(clipboard, "writeText", url.into())),
        };
        let ok = match done {
            Some(promise) => wasm_bindgen_futures::JsFuture::from(promise).await.is_ok(),
            None => false,
        };
        said.set(Some(if ok { copied } else { by_hand }));
    });
}

#[component]
fn LinkItem(link: MadeLink) -> impl IntoView {
    let to = match link.recipient.clone() {
        Some(name) => tr!("share.for", name = name),
        None if link.personal => tr!("share.for_former"),
        None => tr!("share.anyone"),
    };
    let state = match (link.revoked, link.opened) {
        _ if link.untracked => {
            view! { <span class="badge badge-ghost">{tr!("share.untracked")}</span> }
        }
        (true, _) => view! { <span class="badge badge-error">{tr!("share.revoked")}</span> },
        (false, true) => view! { <span class="badge badge-success">{tr!("share.opened")}</span> },
        (false, false) => view! { <span class="badge badge-ghost">{tr!("share.unopened")}</span> },
    };
    view! {
        <li class="flex flex-wrap items-center gap-2 py-2">
            <span class="me-auto">
                {to}" "{state}
                <span class="num block text-sm text-base-content/70">{link.created}{(!link.untracked).then(|| format!(" · PV {} · UV {}", link.pv, link.uv))}</span>
            </span>
            <a class="btn btn-sm" href=format!("?made={}", link.token)>{tr!("share.show")}</a>
            {(!link.revoked).then(|| view! {
                <Confirm to=RevokeShare::url() label=tr!("share.revoke") explain=tr!("share.revoke_explain")>
                    <input type="hidden" name="token" value=link.token/>
                </Confirm>
            })}
        </li>
    }
}

/// 传播树: the tree of an article.
#[component]
pub fn ArticleTree() -> impl IntoView {
    let (id, rep, hcp) = (id_param(), param("rep"), param("hcp"));
    let tree = Resource::new(
        move || (id.get(), rep.get(), hcp.get()),
        |(id, rep, hcp)| share_tree(id, rep, hcp),
    );
    view! {
        <PageTitle title=tr!("tree.title")>
            <a class="btn btn-sm" href=move || format!("/articles/{}", id.get())>{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(tree.await, |tree| view! { <TreeCards tree=tree/> }) })}
        </Suspense>
    }
}

#[component]
fn TreeCards(tree: TreeView) -> impl IntoView {
    let action = format!("/articles/{}/tree", tree.article_id);
    let chosen = param("rep").get_untracked();
    view! {
        <p class="font-semibold">{tree.title}</p>
        <p class="mb-4 text-base-content/70">{tr!("tree.of", name = tree.of)}</p>
        {if tree.reps_cut {
            // Too many to choose among.
            view! {
                <form method="get" action=action class="mb-4 flex flex-wrap items-end gap-2">
                    <label class="text-sm">
                        <span class="mb-1 block text-base-content/70">{tr!("tree.rep_typed")}</span>
                        <input type="text" name="rep" class="input" autocomplete="off" list="tree-reps" required/>
                    </label>
                    <datalist id="tree-reps">
                        {tree.reps.into_iter().map(|(_, name)| view! { <option value=name></option> }).collect_view()}
                    </datalist>
                    <button class="btn">{tr!("ui.show")}</button>
                </form>
            }.into_any()
        } else {
            (tree.reps.len() > 1).then(|| view! {
                <form method="get" action=action class="mb-4 flex gap-2">
                    <select name="rep" class="select" aria-label=tr!("tree.rep")>
                        {tree.reps.into_iter().map(|(id, name)| {
                            let selected = id == chosen;
                            view! { <option value=id selected=selected>{name}</option> }
                        }).collect_view()}
                    </select>
                    <button class="btn">{tr!("ui.show")}</button>
                </form>
            }).into_any()
        }}
        <Card><MetricsGrid metrics=tree.metrics/></Card>
        <Card title=tr!("tree.by_day")><DayBars name=tr!("metrics.pv") days=tree.trend/></Card>
        <Card title=tr!("tree.title")>
            {tree.cut.then(|| view! { <p class="alert alert-warning mb-3 py-2">{tr!("tree.cut")}</p> })}
            {if tree.roots.is_empty() {
                view! { <Empty text=tr!("tree.empty")/> }.into_any()
            } else {
                view! {
                    <p class="mb-2 text-sm text-base-content/70">{tr!("tree.how")}</p>
                    <ul class="tree !m-0 !border-0 !p-0">{tree.roots.into_iter().map(|n| node(n, 0)).collect_view()}</ul>
                }.into_any()
            }}
        </Card>
    }
}

fn node(node: TreeNode, depth: u32) -> AnyView {
    let name = match (node.kind, node.name.is_empty()) {
        (NodeKind::Root, true) => tr!("tree.root", day = node.since),
        (NodeKind::Root, false) => tr!("tree.root_for", name = node.name, day = node.since),
        (NodeKind::Hcp, _) => node.name.clone(),
        (NodeKind::OtherHcp, _) => tr!("tree.other_hcp"),
        (NodeKind::Visitors, _) => tr!("tree.visitors", n = node.people),
    };
    let facts = [
        (node.kind != NodeKind::Root).then(|| tr!("tree.reads", n = node.reads)),
        (node.created > 0 && node.kind != NodeKind::Root)
            .then(|| tr!("tree.shared", n = node.shares, created = node.created)),
        (node.total_pv > 0).then(|| tr!("tree.below", pv = node.total_pv, uv = node.total_uv)),
        (node.total_pv > 0 && node.kind != NodeKind::Root)
            .then(|| tr!("tree.direct", pv = node.pv, uv = node.uv)),
        (node.total_rereads > 0).then(|| tr!("tree.rereads", n = node.total_rereads)),
        node.dwell_median_ms
            .map(|ms| tr!("tree.dwell", time = dwell_text(Some(ms)))),
    ];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let facts =
        view! { <span class="num block text-sm text-base-content/70">{unbroken(&facts)}</span> };
    let page = node.hcp_id.map(|id| format!("/hcps/{id}"));
    if node.children.is_empty() {
        return match page {
            Some(href) => view! { <li class="py-1 ps-[1.1rem]"><a class="link link-hover font-medium" href=href>{name}</a>{facts}</li> }.into_any(),
            None => view! { <li class="py-1 ps-[1.1rem]"><span class="font-medium">{name}</span>{facts}</li> }.into_any(),
        };
    }
    // A link has no place inside a summary: it stands as the first line of what opens.
    let link = page.map(|href| view! { <p class="py-1 ps-[1.1rem]"><a class="link text-sm" href=href>{tr!("tree.open_hcp")}</a></p> });
    let children = node
        .children
        .into_iter()
        .map(|child| self::node(child, depth + 1))
        .collect_view();
    view! {
        <li class="py-1">
            <details open=depth < 2>
                <summary><span class="font-medium">{name}</span>{facts}</summary>
                {link}
                <ul>{children}</ul>
            </details>
        </li>
    }
    .into_any()
}

/// 分享报表: layer 1 of the reps within scope.
#[component]
pub fn ShareReport() -> impl IntoView {
    let (from, to, text, sort, page) = (
        param("from"),
        param("to"),
        param("text"),
        param("sort"),
        page_param(),
    );
    let report = Resource::new(
        move || (from.get(), to.get(), text.get(), sort.get(), page.get()),
        |(from, to, text, sort, page)| share_report(from, to, text, sort, page),
    );
    let query = use_query_map();
    view! {
        <PageTitle title=tr!("shares.title")>
            <a class="btn btn-sm" rel="external" download="" href=move || format!("/shares/export.xlsx{}", query.with(|q| q.to_query_string()))>{tr!("ui.export")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(report.await, |report| view! {
                    <Filters action="/shares">
                        <FilterDays labels=[tr!("ui.from"), tr!("ui.to")] values=[report.from.clone().into(), report.to.clone().into()]/>
                        <FilterText name="text" label=tr!("shares.search")/>
                    </Filters>
                    <Card title=tr!("shares.total")><MetricsGrid metrics=report.total/></Card>
                    <Card title=tr!("tree.by_day")><DayBars name=tr!("metrics.pv") days=report.trend/></Card>
                    {if report.page.rows.is_empty() {
                        view! { <Empty text=tr!("shares.empty")/> }.into_any()
                    } else {
                        let rows = report.page.rows.clone();
                        view! {
                            <ReportTable rows=rows/>
                            <p class="mt-2 text-sm text-base-content/70">{tr!("shares.uv_note")}" "{report.formula}</p>
                            <Pager page=report.page/>
                        }.into_any()
                    }}
                })
            })}
        </Suspense>
    }
}

#[component]
fn ReportTable(rows: Vec<RepRow>) -> impl IntoView {
    let query = use_query_map();
    let head = move |column: &'static str, label: String| {
        let now = query
            .with_untracked(|q| q.get("sort"))
            .unwrap_or_else(|| "-pv".into());
        let descending = now.strip_prefix('-') == Some(column);
        let next = if descending {
            column.to_owned()
        } else {
            format!("-{column}")
        };
        let mut map = query.get_untracked();
        map.replace("sort", next);
        map.remove("page");
        let mark = if descending {
            " ↓"
        } else if now == column {
            " ↑"
        } else {
            ""
        };
        let sort = if descending {
            "descending"
        } else if now == column {
            "ascending"
        } else {
            "none"
        };
        let class = if matches!(column, "name" | "unit") {
            ""
        } else {
            "text-end"
        };
        view! { <th aria-sort=sort class=class><a class="link link-hover whitespace-nowrap" href=format!("/shares{}", map.to_query_string())>{label}{mark}</a></th> }
    };
    view! {
        <div tabindex="0" role="region" aria-label=tr!("shares.title") class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
            <table class="table table-sm num">
                <thead><tr>
                    {head("name", tr!("people.name"))}
                    {head("unit", tr!("people.unit"))}
                    {head("created", tr!("metrics.created"))}
                    {head("shares", tr!("metrics.shares"))}
                    {head("pv", tr!("metrics.pv"))}
                    {head("uv", tr!("metrics.uv"))}
                    {head("rereads", tr!("metrics.rereads"))}
                    {head("dwell", tr!("metrics.dwell"))}
                    {head("finished", tr!("metrics.finished"))}
                    {head("index", tr!("metrics.index"))}
                </tr></thead>
                <tbody>
                    {rows.into_iter().map(|r| {
                        let m = r.metrics;
                        view! {
                            <tr class="hover:bg-base-200">
                                <td class="whitespace-nowrap font-medium">{r.name}</td>
                                <td class="whitespace-nowrap">{r.unit}</td>
                                <td class="text-end">{m.created}</td><td class="text-end">{m.shares}</td><td class="text-end">{m.pv}</td><td class="text-end">{m.uv}</td><td class="text-end">{m.rereads}</td>
                                <td class="whitespace-nowrap text-end">{dwell_text(m.dwell_median_ms)}</td>
                                <td class="text-end">{m.finished}</td>
                                <td class="text-end">{format!("{:.1}", r.index)}</td>
                            </tr>
                        }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

/// 设置: the weights of the composite index.
#[component]
pub fn IndexSettings() -> impl IntoView {
    let weights = Resource::new(refresh, |_| get_weights());
    view! {
        <PageTitle title=tr!("settings.title")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(weights.await, |w| view! {
                    <Card title=tr!("settings.index")>
                        <p class="mb-3 text-sm text-base-content/70">{w.formula()}</p>
                        <PostForm to=SaveWeights::url() class="max-w-sm">
                            <Field name="shares" label=tr!("metrics.shares") mode="decimal" value=w.shares.to_string()/>
                            <Field name="uv" label=tr!("metrics.uv") mode="decimal" value=w.uv.to_string()/>
                            <Field name="rereads" label=tr!("metrics.rereads") mode="decimal" value=w.rereads.to_string()/>
                            <Field name="finished" label=tr!("metrics.finished") mode="decimal" value=w.finished.to_string()/>
                            <Submit label=tr!("ui.save")/>
                        </PostForm>
                    </Card>
                })
            })}
        </Suspense>
        <crate::visit::pages::FieldSettings/>
    }
}
