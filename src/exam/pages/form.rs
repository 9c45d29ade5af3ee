//! The form of an exam.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::id_param;
use crate::audience::{AudienceChoices, AudienceFields};
use crate::exam::api::{SaveExam, get_exam, list_exam_choices};
use crate::exam::model::{ExamInput, REVIEWS, review_label};
use crate::ui::form::{Checkbox, Field, PostForm, Select, Submit, TextArea};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 新建考试
#[component]
pub fn ExamNew() -> impl IntoView {
    let choices = Resource::new(|| (), |()| list_exam_choices());
    view! {
        <PageTitle title=tr!("exam.new")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(choices.await, |choices| {
                    let input = ExamInput {
                        minutes: 30,
                        attempts: 1,
                        pass_percent: 60,
                        shuffle_questions: true,
                        shuffle_options: true,
                        review: "wrong".into(),
                        ..ExamInput::default()
                    };
                    view! { <ExamForm known=None input=input choices=choices/> }
                })
            })}
        </Suspense>
    }
}

/// Changing an exam.
#[component]
pub fn ExamEdit() -> impl IntoView {
    let id = id_param();
    let exam = Resource::new(
        move || id.get(),
        |id| async move {
            let view = get_exam(id).await?;
            Ok::<_, crate::shared::AppError>((view, list_exam_choices().await?))
        },
    );
    view! {
        <PageTitle title=tr!("exam.edit_title")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(exam.await, |(view, choices)| {
                    let known = Some((view.row.id, view.updated_at));
                    view! { <ExamForm known=known input=view.input choices=choices/> }
                })
            })}
        </Suspense>
    }
}

#[component]
fn ExamForm(
    known: Option<(String, i64)>,
    input: ExamInput,
    choices: AudienceChoices,
) -> impl IntoView {
    let back = known
        .as_ref()
        .map_or_else(|| "/exams".to_owned(), |(id, _)| format!("/exams/{id}"));
    let reviews = REVIEWS
        .map(|review| (review.to_owned(), review_label(review)))
        .to_vec();
    view! {
        <PostForm to=SaveExam::url()>
            {known.map(|(id, seen)| view! {
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="seen" value=seen.to_string()/>
            })}
            <Card>
                <Field name="title" label=tr!("exam.name") value=input.title required=true/>
                <TextArea name="intro" label=tr!("exam.intro") value=input.intro rows=2/>
                <div class="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
                    <Field name="opens" kind="datetime-local" label=tr!("exam.opens") value=input.opens hint=tr!("exam.opens_hint")/>
                    <Field name="closes" kind="datetime-local" label=tr!("exam.closes") value=input.closes/>
                    <Field name="minutes" kind="number" mode="numeric" label=tr!("exam.minutes") value=input.minutes.to_string() hint=tr!("exam.minutes_hint")/>
                    <Field name="attempts" kind="number" mode="numeric" label=tr!("exam.attempts") value=input.attempts.to_string() hint=tr!("exam.attempts_hint")/>
                    <Field name="pass_percent" kind="number" mode="numeric" label=tr!("exam.pass_percent") value=input.pass_percent.to_string()/>
                    <Select name="review" label=tr!("exam.review") options=reviews value=input.review/>
                </div>
                <Checkbox name="shuffle_questions" label=tr!("exam.shuffle_questions") checked=input.shuffle_questions/>
                <Checkbox name="shuffle_options" label=tr!("exam.shuffle_options") checked=input.shuffle_options/>
            </Card>
            <Card title=tr!("audience.title")>
                <AudienceFields audience=input.audience choices=choices/>
            </Card>
            <div class="flex flex-wrap gap-2">
                <Submit label=tr!("ui.save") class="btn btn-primary min-h-10"/>
                <a class="btn min-h-10" href=back>{tr!("hcp_form.cancel")}</a>
            </div>
        </PostForm>
    }
}
