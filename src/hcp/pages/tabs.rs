//! The tabs of an HCP's page that load data of their own.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::hcp::api::*;
use crate::hcp::model::{NoteRow, Portrait, PortraitNumbers, Timeline};
use crate::shared::{AppError, Permission};
use crate::sharing::pages::MetricsGrid;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Confirm, PostForm, Submit, TextArea};
use crate::ui::list::{page_param, param, rows_or_empty};
use crate::ui::parts::{Card, DayBars, Empty, Loading, outcome};

/// A part of the page; where the HCP is not found the page's head says so already.
fn part<T, V: IntoView + 'static>(
    result: Result<T, AppError>,
    show: impl FnOnce(T) -> V,
) -> AnyView {
    match result {
        Err(AppError::NotFound) => ().into_any(),
        result => outcome(result, show),
    }
}

/// 轨迹: all that happened with the HCP, the latest first.
#[component]
pub fn TimelineTab(id: Memo<String>) -> impl IntoView {
    let (kinds, before) = (param("kinds"), param("before"));
    let timeline = Resource::new(
        move || (id.get(), kinds.get(), before.get(), refresh()),
        |(id, kinds, before, _)| get_timeline(id, kinds, before),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                part(timeline.await, |data| view! {
                    <TimelineCards id=id.get_untracked() kinds=kinds.get_untracked() paged=!before.get_untracked().is_empty() timeline=data/>
                })
            })}
        </Suspense>
    }
}

#[component]
fn TimelineCards(id: String, kinds: String, paged: bool, timeline: Timeline) -> impl IntoView {
    let chosen: Vec<String> = timeline
        .kinds
        .iter()
        .filter(|(code, _)| kinds.split(',').any(|k| k == code))
        .map(|(code, _)| code.clone())
        .collect();
    let base = format!("/hcps/{id}?tab=timeline");
    let chip = |href: String, label: String, on: bool| {
        let class = if on {
            "btn btn-sm btn-primary min-h-10"
        } else {
            "btn btn-sm btn-outline min-h-10"
        };
        view! { <li><a class=class href=href aria-current=on.then_some("true")>{label}</a></li> }
    };
    let all = chip(base.clone(), tr!("timeline.all"), chosen.is_empty());
    let chips = timeline
        .kinds
        .iter()
        .map(|(code, label)| {
            let on = chosen.contains(code);
            // Pressed, a kind is added to the chosen ones or taken from them.
            let mut next: Vec<&str> = chosen
                .iter()
                .map(String::as_str)
                .filter(|k| k != code)
                .collect();
            if !on {
                next.push(code);
            }
            chip(
                format!("{base}&kinds={}", next.join(",")),
                label.clone(),
                on,
            )
        })
        .collect_view();
    let here = format!("{base}&kinds={}", chosen.join(","));
    let older = timeline
        .next
        .map(|next| view! { <a class="btn min-h-10" href=format!("{here}&before={next}")>{tr!("timeline.older")}</a> });
    let newest = paged
        .then(|| view! { <a class="btn btn-ghost min-h-10" href=here.clone()>{tr!("timeline.newest")}</a> });
    let entries = if timeline.entries.is_empty() {
        view! { <Empty text=tr!("timeline.empty")/> }.into_any()
    } else {
        view! {
            <ol class="ms-1">
                {timeline.entries.into_iter().map(|e| view! {
                    <li class="border-s-2 border-base-300 pb-4 ps-4">
                        <div class="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-base-content/70">
                            <span class="num">{e.at}</span>
                            <span class="badge badge-ghost badge-sm">{e.kind}</span>
                            {(!e.by.is_empty()).then(|| view! { <span>{e.by.clone()}</span> })}
                        </div>
                        <div class="mt-1 break-words">
                            {e.text}
                            {e.link.map(|(href, title)| view! { " "<a class="link" href=href>{title}</a> })}
                        </div>
                        {(!e.detail.is_empty()).then(|| view! { <div class="whitespace-pre-line break-words text-sm text-base-content/70">{e.detail.clone()}</div> })}
                    </li>
                }).collect_view()}
            </ol>
        }
        .into_any()
    };
    view! {
        <nav class="mb-4" aria-label=tr!("timeline.kinds")>
            <ul class="flex flex-wrap gap-1">{all}{chips}</ul>
        </nav>
        {entries}
        <div class="flex flex-wrap gap-2">{newest}{older}</div>
    }
}

/// 画像: layer 2 with its trend, beside the stretch before.
#[component]
pub fn PortraitTab(id: Memo<String>) -> impl IntoView {
    let days = param("days");
    let portrait = Resource::new(
        move || (id.get(), days.get(), refresh()),
        |(id, days, _)| get_portrait(id, days.parse().unwrap_or(30)),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                part(portrait.await, |data| view! { <PortraitCards id=id.get_untracked() portrait=data/> })
            })}
        </Suspense>
    }
}

#[component]
fn PortraitCards(id: String, portrait: Portrait) -> impl IntoView {
    let days = portrait.days;
    let id = StoredValue::new(id);
    let range = |n: i64| {
        let class = if n == days {
            "btn btn-sm btn-primary min-h-10"
        } else {
            "btn btn-sm btn-outline min-h-10"
        };
        let href = format!("/hcps/{}?tab=portrait&days={n}", id.get_value());
        view! { <a class=class href=href aria-current=(n == days).then_some("true")>{tr!("hcp_page.days", n = n)}</a> }
    };
    let share = portrait.may_share.then(|| {
        view! { <a class="btn btn-sm mt-3 min-h-10" href="/articles?status=published">{tr!("hcp.share_something")}</a> }
    });
    let ranges = view! { <nav class="mb-3 flex gap-2" aria-label=tr!("hcp_page.range")>{range(30)}{range(90)}</nav> };
    match portrait.numbers {
        None => view! {
            <Card title=tr!("hcp_page.portrait")>
                <p class="text-base-content/70">{tr!("hcp.not_tracked")}</p>
                {share}
            </Card>
        }
        .into_any(),
        Some(numbers) => {
            let trees = numbers.trees.clone();
            let trend = numbers.trend.clone();
            let metrics = numbers.metrics.clone();
            let index = numbers.index.0;
            view! {
                <Card title=tr!("hcp_page.portrait_of", n = days)>
                    {ranges}
                    <MetricsGrid metrics=metrics/>
                    <p class="mt-3 text-sm">
                        {tr!("hcp.index")}" "<span class="num font-semibold">{format!("{index:.1}")}</span>
                        <span class="block text-base-content/70">{portrait.formula}</span>
                    </p>
                    <div class="mt-4"><DayBars name=tr!("metrics.pv") days=trend/></div>
                </Card>
                <Card title=tr!("hcp_page.compared")>
                    <Compared numbers=numbers days=days/>
                </Card>
                <Card title=tr!("hcp.trees")>
                    {if trees.is_empty() {
                        view! { <p class="text-base-content/70">{tr!("hcp.no_trees")}</p> }.into_any()
                    } else {
                        view! {
                            <ul class="divide-y divide-base-300">
                                {trees.into_iter().map(|t| view! {
                                    <li class="flex items-center gap-3">
                                        <a class="link link-hover me-auto py-2" href=format!("/articles/{}/tree?hcp={}", t.article_id, id.get_value())>{t.title}</a>
                                        <span class="num whitespace-nowrap text-sm text-base-content/70">{tr!("metrics.links", n = t.links)}</span>
                                    </li>
                                }).collect_view()}
                            </ul>
                        }.into_any()
                    }}
                    {share}
                </Card>
            }
            .into_any()
        }
    }
}

/// A difference with its sign; none before zero.
fn signed(n: i64) -> String {
    if n == 0 {
        n.to_string()
    } else {
        format!("{n:+}")
    }
}

/// The numbers of two stretches side by side.
#[component]
fn Compared(numbers: PortraitNumbers, days: i64) -> impl IntoView {
    let (now, before) = (numbers.metrics, numbers.before);
    let counts = [
        (tr!("metrics.created"), now.created, before.created),
        (tr!("metrics.shares"), now.shares, before.shares),
        (tr!("metrics.pv"), now.pv, before.pv),
        (tr!("metrics.uv"), now.uv, before.uv),
        (tr!("metrics.rereads"), now.rereads, before.rereads),
        (tr!("metrics.finished"), now.finished, before.finished),
    ]
    .map(|(name, now, before)| {
        (
            name,
            now.to_string(),
            before.to_string(),
            signed(now - before),
        )
    });
    let (index, index_before) = numbers.index;
    let index = (
        tr!("metrics.index"),
        format!("{index:.1}"),
        format!("{index_before:.1}"),
        format!("{:+.1}", index - index_before),
    );
    view! {
        <table class="table table-sm num">
            <thead>
                <tr>
                    <th scope="col">{tr!("hcp_page.number")}</th>
                    <th scope="col" class="text-end">{tr!("hcp_page.days", n = days)}</th>
                    <th scope="col" class="text-end">{tr!("hcp_page.days_before", n = days)}</th>
                    <th scope="col" class="text-end">{tr!("hcp_page.change")}</th>
                </tr>
            </thead>
            <tbody>
                {counts.into_iter().chain([index]).map(|(name, now, before, change)| view! {
                    <tr>
                        <th scope="row" class="font-normal">{name}</th>
                        <td class="text-end">{now}</td>
                        <td class="text-end">{before}</td>
                        <td class="text-end">{change}</td>
                    </tr>
                }).collect_view()}
            </tbody>
        </table>
    }
}

/// 备注: notes, and a field for a new one.
#[component]
pub fn NotesTab(id: Memo<String>) -> impl IntoView {
    let (page, added) = (page_param(), param("added"));
    let notes = Resource::new(
        move || (id.get(), page.get(), refresh()),
        |(id, page, _)| list_notes(id, page),
    );
    let form = may(Permission::WriteHcps).then(|| {
        view! {
            <Card title=tr!("hcp_page.note_new")>
                // Each note that was added brings an empty field.
                <For each=move || [added.get()] key=String::clone let:_added>
                    <PostForm to=AddNote::url()>
                        <input type="hidden" name="id" value=id.get_untracked()/>
                        <TextArea name="text" label=tr!("hcp_page.note") hint=tr!("hcp_page.note_hint") rows=3/>
                        <Submit label=tr!("hcp_page.note_add") class="btn btn-primary min-h-10"/>
                    </PostForm>
                </For>
            </Card>
        }
    });
    view! {
        {form}
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                part(notes.await, |page| rows_or_empty(page, tr!("hcp_page.no_notes"), |rows| view! {
                    <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                        {rows.into_iter().map(|note| view! { <Note note=note/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Note(note: NoteRow) -> impl IntoView {
    let NoteRow {
        id,
        by,
        at,
        text,
        mine,
    } = note;
    view! {
        <li class="px-4 py-3">
            <div class="flex flex-wrap items-center gap-x-3 text-sm text-base-content/70">
                <span class="font-medium">{by}</span>
                <span class="num me-auto">{at}</span>
                {mine.then(|| view! {
                    <Confirm to=DeleteNote::url() label=tr!("hcp_page.note_delete") explain=tr!("hcp_page.note_delete_explain") class="btn btn-sm btn-ghost min-h-10">
                        <input type="hidden" name="id" value=id/>
                    </Confirm>
                })}
            </div>
            <p class="whitespace-pre-line break-words">{text}</p>
        </li>
    }
}
