//! The list of courses.

use leptos::prelude::*;

use super::StateBadge;
use crate::course::api::list_courses;
use crate::course::model::{CATEGORIES, CourseRow, category_label};
use crate::exam::model::percent;
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 课程: all courses with their coverage.
#[component]
pub fn CourseList() -> impl IntoView {
    let (text, category, state_is, page) = (
        param("text"),
        param("category"),
        param("state"),
        page_param(),
    );
    let courses = Resource::new(
        move || {
            (
                text.get(),
                category.get(),
                state_is.get(),
                page.get(),
                refresh(),
            )
        },
        |(text, category, state_is, page, _)| list_courses(text, category, state_is, page),
    );
    let categories = CATEGORIES
        .map(|c| (c.to_owned(), category_label(c)))
        .to_vec();
    let states = vec![
        ("required".to_owned(), tr!("course.required")),
        ("published".to_owned(), tr!("course.state_published")),
        ("draft".to_owned(), tr!("course.state_draft")),
        ("review".to_owned(), tr!("course.in_review")),
        ("archived".to_owned(), tr!("course.state_archived")),
    ];
    view! {
        <PageTitle title=tr!("course.title")>
            {may(Permission::WriteCourses).then(|| view! {
                <a class="btn btn-sm min-h-10" href="/comments">{tr!("course.comments")}</a>
                <a class="btn btn-sm btn-primary min-h-10" href="/courses/new">{tr!("course.new")}</a>
            })}
        </PageTitle>
        <Filters action="/courses">
            <FilterText name="text" label=tr!("course.search")/>
            <FilterSelect name="category" label=tr!("course.any_category") options=categories/>
            <FilterSelect name="state" label=tr!("course.any_state") options=states/>
        </Filters>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(courses.await, |page| rows_or_empty(page, tr!("course.empty"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| view! { <Item row=row/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Item(row: CourseRow) -> impl IntoView {
    let rate = percent(row.completed, row.assigned);
    view! {
        <li>
            <a class="block px-4 py-3 hover:bg-base-200" href=format!("/courses/{}", row.id)>
                <span class="flex flex-wrap items-center gap-2">
                    <span class="me-auto min-w-0 break-words font-medium">{row.title}</span>
                    {(row.open_comments > 0).then(|| view! { <span class="num badge badge-warning">{tr!("course.open_comments", n = row.open_comments)}</span> })}
                    {row.required.then(|| view! { <span class="badge badge-primary badge-outline">{tr!("course.required")}</span> })}
                    {row.for_hcps.then(|| view! { <span class="badge badge-info">{tr!("course.for_hcps")}</span> })}
                    <StateBadge state=row.state/>
                </span>
                <span class="num mt-1 flex flex-wrap gap-x-4 text-sm text-base-content/70">
                    <span>{category_label(&row.category)}</span>
                    <span>{tr!("course.lessons_n", n = row.lessons)}</span>
                    {(row.version > 0).then(|| view! {
                        <span>{tr!("course.version_n", n = row.version)}</span>
                        {(row.assigned > 0 || !row.for_hcps).then(|| view! { <span>{tr!("learn_coverage.line", rate = rate, completed = row.completed, assigned = row.assigned)}</span> })}
                    })}
                </span>
            </a>
        </li>
    }
}
