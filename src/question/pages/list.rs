//! The list of questions.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::question::api::list_questions;
use crate::question::model::{Format, Kind, QuestionRow, difficulty_label};
use crate::ui::boot::refresh;
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 题库: all questions.
#[component]
pub fn QuestionList() -> impl IntoView {
    let (text, category, kind) = (param("text"), param("category"), param("kind"));
    let (tag, difficulty, state) = (param("tag"), param("difficulty"), param("state"));
    let page = page_param();
    let questions = Resource::new(
        move || {
            let filter = (text.get(), category.get(), kind.get(), tag.get());
            (filter, difficulty.get(), state.get(), page.get(), refresh())
        },
        |((text, category, kind, tag), difficulty, state, page, _)| {
            let difficulty = difficulty.parse().unwrap_or(0);
            list_questions(text, category, kind, tag, difficulty, state, page)
        },
    );
    view! {
        <PageTitle title=tr!("question.title")>
            <a class="btn btn-sm min-h-10" href="/import?kind=questions">{tr!("question.import")}</a>
            <Exports/>
            <a class="btn btn-sm btn-primary min-h-10" href="/questions/new">{tr!("question.new")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(questions.await, |data| {
                    let kinds = Kind::ALL.into_iter().map(|k| (k.code().to_owned(), k.label())).collect();
                    let same = |values: Vec<String>| values.into_iter().map(|v| (v.clone(), v)).collect::<Vec<_>>();
                    let hard = (1..=5).map(|n: i64| (n.to_string(), difficulty_label(n))).collect();
                    let states = vec![
                        ("twins".to_owned(), tr!("question.state_twins")),
                        ("pictures".to_owned(), tr!("question.state_pictures")),
                        ("archived".to_owned(), tr!("question.state_archived")),
                    ];
                    view! {
                        <Filters action="/questions">
                            <FilterText name="text" label=tr!("question.search")/>
                            <FilterSelect name="category" label=tr!("question.any_category") options=same(data.categories)/>
                            <FilterSelect name="kind" label=tr!("question.any_kind") options=kinds/>
                            <FilterSelect name="tag" label=tr!("question.any_tag") options=same(data.tags)/>
                            <FilterSelect name="difficulty" label=tr!("question.any_difficulty") options=hard/>
                            <FilterSelect name="state" label=tr!("question.any_state") options=states/>
                        </Filters>
                        {data.more.then(|| view! { <p class="mb-2 text-sm text-base-content/70">{tr!("question.more", n = data.page.total)}</p> })}
                        {rows_or_empty(data.page, tr!("question.empty"), |rows| view! {
                            <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                                {rows.into_iter().map(|row| view! { <Item row=row/> }).collect_view()}
                            </ul>
                        })}
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn Item(row: QuestionRow) -> impl IntoView {
    let kind = Kind::parse(&row.kind).map(Kind::label).unwrap_or_default();
    let category = if row.category.is_empty() {
        tr!("question.no_category")
    } else {
        row.category
    };
    view! {
        <li>
            <a class="block px-4 py-3 hover:bg-base-200" href=format!("/questions/{}", row.id)>
                <span class="line-clamp-2 font-medium break-words">{row.stem}</span>
                <span class="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-base-content/70">
                    <span class="badge badge-outline badge-sm">{kind}</span>
                    <span>{category}</span>
                    <span>{difficulty_label(row.difficulty)}</span>
                    {(row.version > 1).then(|| view! { <span class="num">{tr!("question.version_n", n = row.version)}</span> })}
                    {(!row.code.is_empty()).then(|| view! { <span class="num">{row.code}</span> })}
                    {(row.pictures > 0).then(|| view! { <span>{tr!("question.pictures_n", n = row.pictures)}</span> })}
                    {(row.twins > 0).then(|| view! { <span class="badge badge-warning badge-sm">{tr!("question.twins_n", n = row.twins)}</span> })}
                    {row.archived.then(|| view! { <span class="badge badge-ghost badge-sm">{tr!("question.archived")}</span> })}
                </span>
            </a>
        </li>
    }
}

/// What the filter leaves, as a file of each format.
#[component]
fn Exports() -> impl IntoView {
    let query = use_query_map();
    let links = Format::ALL
        .into_iter()
        .map(|format| {
            let href = move || {
                let mut map = query.get();
                map.remove("page");
                map.replace("format", format.code().to_owned());
                format!("/questions/export{}", map.to_query_string())
            };
            view! { <li><a class="block px-3 py-2 hover:bg-base-200" rel="external" download href=href>{format.label()}</a></li> }
        })
        .collect_view();
    view! {
        <details class="relative">
            <summary class="btn btn-sm min-h-10 list-none">{tr!("question.export")}</summary>
            <ul class="absolute end-0 z-10 mt-1 w-44 rounded-box border border-base-300 bg-base-100 py-1 shadow-lg">{links}</ul>
        </details>
    }
}
