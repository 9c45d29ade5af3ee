//! The form of a course.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::path_param;
use crate::audience::{AudienceChoices, AudienceFields};
use crate::course::api::{SaveCourse, get_course, list_course_choices};
use crate::course::model::{CATEGORIES, CourseInput, DUE_KINDS, category_label, due_label};
use crate::ui::form::{Checkbox, Field, PostForm, Select, Submit, TextArea};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 新建课程
#[component]
pub fn CourseNew() -> impl IntoView {
    let choices = Resource::new(|| (), |()| list_course_choices());
    view! {
        <PageTitle title=tr!("course.new")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(choices.await, |choices| {
                    let input = CourseInput {
                        category: "general".into(),
                        due_kind: "assigned".into(),
                        due_days: 14,
                        ..CourseInput::default()
                    };
                    view! { <CourseForm known=None input=input choices=choices/> }
                })
            })}
        </Suspense>
    }
}

/// Changing a course.
#[component]
pub fn CourseEdit() -> impl IntoView {
    let id = path_param("id");
    let course = Resource::new(
        move || id.get(),
        |id| async move {
            let view = get_course(id).await?;
            Ok::<_, crate::shared::AppError>((view, list_course_choices().await?))
        },
    );
    view! {
        <PageTitle title=tr!("course.edit")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(course.await, |(view, choices)| {
                    let known = Some((view.row.id, view.updated_at));
                    view! { <CourseForm known=known input=view.input choices=choices/> }
                })
            })}
        </Suspense>
    }
}

#[component]
fn CourseForm(
    known: Option<(String, i64)>,
    input: CourseInput,
    choices: AudienceChoices,
) -> impl IntoView {
    let back = known
        .as_ref()
        .map_or_else(|| "/courses".to_owned(), |(id, _)| format!("/courses/{id}"));
    let categories = CATEGORIES
        .map(|c| (c.to_owned(), category_label(c)))
        .to_vec();
    let dues = DUE_KINDS.map(|d| (d.to_owned(), due_label(d))).to_vec();
    let days = if input.due_days > 0 {
        input.due_days.to_string()
    } else {
        String::new()
    };
    view! {
        <PostForm to=SaveCourse::url()>
            {known.map(|(id, seen)| view! {
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="seen" value=seen.to_string()/>
            })}
            <Card>
                <Field name="title" label=tr!("course.name") value=input.title required=true/>
                <TextArea name="summary" label=tr!("course.summary") value=input.summary rows=3/>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Select name="category" label=tr!("course.category") options=categories value=input.category/>
                    <Field name="lecturer" label=tr!("course.lecturer") value=input.lecturer hint=tr!("course.lecturer_hint")/>
                </div>
                <Checkbox name="required" label=tr!("course.required_label") checked=input.required/>
                <Checkbox name="no_skip" label=tr!("course.no_skip_label") checked=input.no_skip/>
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Select name="due_kind" label=tr!("course.due") options=dues value=input.due_kind/>
                    <Field name="due_days" mode="numeric" label=tr!("course.due_days") value=days hint=tr!("course.due_days_hint")/>
                    <Field name="due_on" kind="date" label=tr!("course.due_on") value=input.due_on hint=tr!("course.due_on_hint")/>
                </div>
            </Card>
            <Card title=tr!("course.staff_audience")>
                <AudienceFields audience=input.audience choices=choices/>
            </Card>
            <Card title=tr!("course.hcp_audience")>
                <p class="mb-3 text-sm text-base-content/70">{tr!("course.hcp_audience_hint")}</p>
                <Checkbox name="all_hcps" label=tr!("course.audience_hcps") checked=input.all_hcps/>
                <TextArea name="specialties" label=tr!("course.specialties") value=input.specialties hint=tr!("course.specialties_hint") rows=2/>
            </Card>
            <div class="flex flex-wrap gap-2">
                <Submit label=tr!("ui.save") class="btn btn-primary min-h-10"/>
                <a class="btn min-h-10" href=back>{tr!("hcp_form.cancel")}</a>
            </div>
        </PostForm>
    }
}
