//! 覆盖率 of a course.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::exam::model::percent;
use crate::learning::api::{Remind, course_coverage};
use crate::learning::model::{Coverage, PersonCoverage, UnitCoverage};
use crate::ui::boot::refresh;
use crate::ui::form::Confirm;
use crate::ui::list::{FilterSelect, FilterText, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, Stat, outcome};

/// The coverage of a course: in all, by unit, and the people behind it.
#[component]
pub fn CourseCoverage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    let (text, unit, state_is, page) = (param("text"), param("unit"), param("state"), page_param());
    let data = Resource::new(
        move || {
            (
                id.get(),
                text.get(),
                unit.get(),
                state_is.get(),
                page.get(),
                refresh(),
            )
        },
        |(id, text, unit, state_is, page, _)| course_coverage(id, text, unit, state_is, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, move |coverage| {
                    let asked = (text.get_untracked(), unit.get_untracked(), state_is.get_untracked());
                    view! { <Shown coverage=coverage asked=asked/> }
                })
            })}
        </Suspense>
    }
}

#[component]
fn Shown(coverage: Coverage, asked: (String, String, String)) -> impl IntoView {
    let (id, title) = coverage.course;
    let (text, unit, state_is) = asked;
    let here = format!("/courses/{id}/coverage");
    let file = format!("/courses/{id}/coverage.xlsx?text={text}&unit={unit}&state={state_is}");
    let rate = percent(coverage.completed, coverage.assigned);
    let lessons = coverage.lessons;
    let unit_name = coverage
        .units
        .iter()
        .find(|u| u.unit_id == unit)
        .map(|u| u.unit.clone());
    let (here, id, unit) = (
        StoredValue::new(here),
        StoredValue::new(id),
        StoredValue::new(unit),
    );
    let missing = coverage.assigned - coverage.completed;
    let states = vec![
        ("missing".to_owned(), tr!("learn_coverage.missing")),
        ("overdue".to_owned(), tr!("learn_coverage.overdue")),
        ("completed".to_owned(), tr!("learn.completed")),
    ];
    let asked = StoredValue::new((text, state_is));
    view! {
        <PageTitle title=tr!("learn_coverage.title_of", title = title)>
            <a class="btn btn-sm min-h-10" href=format!("/courses/{}", id.get_value())>{tr!("course.back")}</a>
            <a class="btn btn-sm min-h-10" rel="external" href=file download="">{tr!("learn_coverage.export")}</a>
        </PageTitle>
        <div class="mb-4 grid grid-cols-2 gap-2 lg:grid-cols-4">
            <Stat name=tr!("learn_coverage.rate") value=rate note=tr!("learn_coverage.of", completed = coverage.completed, assigned = coverage.assigned)/>
            <Stat name=tr!("learn_coverage.missing") value=missing.to_string()/>
            <Stat name=tr!("learn_coverage.overdue") value=coverage.overdue.to_string()/>
            <Stat name=tr!("course.version") value=coverage.version.to_string()/>
        </div>
        <p class="mb-4 text-sm text-base-content/70">{tr!("learn_coverage.means")}</p>
        <div class="grid items-start gap-4 lg:grid-cols-[1fr_2fr]">
            <Card title=tr!("learn_coverage.by_unit")>
                <ul class="divide-y divide-base-300">
                    {coverage.units.into_iter().map(|row| view! { <Unit row=row chosen=unit.get_value() here=here.get_value()/> }).collect_view()}
                </ul>
            </Card>
            <section>
                <form method="get" action=here.get_value() class="mb-3 flex flex-wrap items-end gap-2" role="search" autocomplete="off">
                    {(!unit.get_value().is_empty()).then(|| view! { <input type="hidden" name="unit" value=unit.get_value()/> })}
                    <FilterText name="text" label=tr!("learn_coverage.search")/>
                    <FilterSelect name="state" label=tr!("learn_coverage.any_state") options=states/>
                    <button class="btn btn-primary">{tr!("ui.search")}</button>
                </form>
                {unit_name.map(|name| view! {
                    <p class="mb-3 flex flex-wrap items-center gap-2"><span class="badge badge-primary">{name}</span><a class="link" href=here.get_value()>{tr!("learn_coverage.all_units")}</a></p>
                })}
                {(missing > 0).then(|| view! {
                    <div class="mb-3">
                        <Confirm to=Remind::url() label=tr!("learn_coverage.remind") explain=tr!("learn_coverage.remind_explain") class="btn btn-sm btn-primary min-h-10">
                            <input type="hidden" name="id" value=id.get_value()/>
                            <input type="hidden" name="text" value=asked.get_value().0/>
                            <input type="hidden" name="unit" value=unit.get_value()/>
                            <input type="hidden" name="state_is" value=asked.get_value().1/>
                        </Confirm>
                    </div>
                })}
                {rows_or_empty(coverage.people, tr!("learn_coverage.nobody"), move |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| view! { <Person row=row lessons=lessons/> }).collect_view()}
                    </ul>
                })}
            </section>
        </div>
    }
}

#[component]
fn Unit(row: UnitCoverage, chosen: String, here: String) -> impl IntoView {
    let rate = percent(row.completed, row.assigned);
    let share = row.completed * 100 / row.assigned.max(1);
    let class = if row.unit_id == chosen {
        "block rounded-field bg-base-200 px-2 py-2"
    } else {
        "block rounded-field px-2 py-2 hover:bg-base-200"
    };
    view! {
        <li>
            <a class=class href=format!("{here}?unit={}", row.unit_id)>
                <span class="flex items-center gap-2">
                    <span class="me-auto min-w-0 break-words">{row.unit}</span>
                    {(row.overdue > 0).then(|| view! { <span class="num badge badge-error badge-sm">{tr!("learn_coverage.overdue_n", n = row.overdue)}</span> })}
                    <span class="num text-sm">{rate}" "<span class="text-base-content/70">{format!("{}/{}", row.completed, row.assigned)}</span></span>
                </span>
                <progress class="progress progress-primary w-full" value=share.to_string() max="100" aria-hidden="true"></progress>
            </a>
        </li>
    }
}

#[component]
fn Person(row: PersonCoverage, lessons: i64) -> impl IntoView {
    let standing = match (&row.completed, row.overdue) {
        (Some(at), _) => {
            view! { <span class="num badge badge-success">{tr!("learn.completed_at", at = at)}</span> }
        }
        (None, true) => {
            view! { <span class="num badge badge-error">{tr!("learn_coverage.overdue")}</span> }
        }
        (None, false) => {
            view! { <span class="num badge badge-ghost">{tr!("learn.lessons_done", done = row.lessons_done, of = lessons)}</span> }
        }
    };
    let reminded = row.reminded.map(|(at, read)| {
        let read = if read {
            tr!("inbox.read")
        } else {
            tr!("inbox.unread")
        };
        tr!("learn_coverage.reminded", at = at, read = read)
    });
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
            <span class="me-auto min-w-0">
                <a class="link link-hover font-medium" href=format!("/record?person={}", row.staff_id)>{row.name}</a>
                <span class="num block text-sm text-base-content/70">{row.employee_no}" · "{row.unit}</span>
                {reminded.map(|line| view! { <span class="num block text-sm text-base-content/70">{line}</span> })}
            </span>
            {row.due.filter(|_| row.completed.is_none()).map(|day| view! { <span class="num text-sm">{tr!("learn.due_by", day = day)}</span> })}
            {standing}
        </li>
    }
}
