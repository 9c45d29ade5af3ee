//! The form of a question.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::question::api::{SaveQuestion, get_question, list_categories};
use crate::question::model::{Draft, Kind, MIDDLE, QuestionView, difficulty_label};
use crate::ui::form::{Field, PostForm, Select, Submit, TextArea};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 新建试题
#[component]
pub fn QuestionNew() -> impl IntoView {
    view! {
        <PageTitle title=tr!("question.new")/>
        <QuestionForm question=None/>
    }
}

/// Changing a question, which makes a version.
#[component]
pub fn QuestionEdit() -> impl IntoView {
    let params = use_params_map();
    let question = Resource::new(
        move || params.with(|p| p.get("id").unwrap_or_default()),
        |id| get_question(id, 0),
    );
    view! {
        <PageTitle title=tr!("question.edit")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(question.await, |question| view! { <QuestionForm question=Some(question)/> })
            })}
        </Suspense>
    }
}

#[component]
fn QuestionForm(question: Option<QuestionView>) -> impl IntoView {
    let categories = Resource::new(|| (), |()| list_categories());
    let kinds = Kind::ALL
        .into_iter()
        .map(|k| (k.code().to_owned(), k.label()))
        .collect::<Vec<_>>();
    let hard = (1..=5)
        .map(|n: i64| (n.to_string(), difficulty_label(n)))
        .collect::<Vec<_>>();
    let back = question.as_ref().map_or_else(
        || "/questions".to_owned(),
        |q| format!("/questions/{}", q.id),
    );
    let known = question.as_ref().map(|q| (q.id.clone(), q.latest));
    let (options, answer) = question
        .as_ref()
        .map(|q| q.draft.body.written())
        .unwrap_or_default();
    let hardness = question.as_ref().map_or(MIDDLE, |q| q.draft.difficulty);
    let draft = StoredValue::new(question.map(|q| q.draft));
    let text = move |get: fn(&Draft) -> String| {
        draft.with_value(|d| d.as_ref().map(get).unwrap_or_default())
    };
    // A further line of an option is told from a new option by its indent.
    let options: Vec<String> = options.iter().map(|o| o.replace('\n', "\n  ")).collect();
    let options = options.join("\n");
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let categories = categories.await.unwrap_or_default();
                view! {
                    <datalist id="categories">
                        {categories.into_iter().map(|c| view! { <option value=c></option> }).collect_view()}
                    </datalist>
                }
            })}
        </Suspense>
        <Card>
            <PostForm to=SaveQuestion::url()>
                {known.map(|(id, latest)| view! {
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="seen" value=latest.to_string()/>
                })}
                <Select name="kind" label=tr!("question.kind_label") options=kinds value=text(|d| d.body.kind().code().to_owned())/>
                <TextArea name="stem" label=tr!("question.stem") value=text(|d| d.stem.clone()) rows=3/>
                <TextArea name="options" label=tr!("question.options") value=options hint=tr!("question.options_hint") rows=5/>
                <TextArea name="answer" label=tr!("question.answer") value=answer hint=tr!("question.answer_hint") rows=2/>
                <TextArea name="explanation" label=tr!("question.explanation") value=text(|d| d.explanation.clone()) rows=3/>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="category" label=tr!("question.category") value=text(|d| d.category.clone()) list="categories" hint=tr!("question.category_hint")/>
                    <Field name="tags" label=tr!("question.tags") value=text(|d| d.tags.join("、")) hint=tr!("article.tags_hint")/>
                    <Select name="difficulty" label=tr!("question.difficulty") options=hard value=hardness.to_string()/>
                    <Field name="code" label=tr!("question.code") value=text(|d| d.code.clone())/>
                    <Field name="title" label=tr!("question.name") value=text(|d| d.title.clone())/>
                </div>
                <div class="flex flex-wrap gap-2">
                    <Submit label=tr!("ui.save") class="btn btn-primary min-h-10"/>
                    <a class="btn min-h-10" href=back>{tr!("hcp_form.cancel")}</a>
                </div>
            </PostForm>
        </Card>
    }
}
