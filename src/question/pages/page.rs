//! One question.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::Answers;
use crate::exam::api::{AddQuestion, draft_exams};
use crate::question::api::{ArchiveQuestion, RemoveImage, get_question};
use crate::question::model::{QuestionView, difficulty_label};
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, PostForm, Select, Submit};
use crate::ui::list::param;
use crate::ui::parts::{Card, Loading, PageTitle, outcome, who};

/// A question with its answer, pictures, versions and twins.
#[component]
pub fn QuestionPage() -> impl IntoView {
    let params = use_params_map();
    let version = param("version");
    let question = Resource::new(
        move || {
            let id = params.with(|p| p.get("id").unwrap_or_default());
            (id, version.get(), refresh())
        },
        |(id, version, _)| get_question(id, version.parse().unwrap_or(0)),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(question.await, |view| view! { <Cards view=view/> }) })}
        </Suspense>
    }
}

#[component]
fn Cards(view: QuestionView) -> impl IntoView {
    let id = StoredValue::new(view.id.clone());
    let draft = view.draft;
    let newest = view.version == view.latest;
    let kind = draft.body.kind().label();
    let facts = [
        (tr!("question.category"), draft.category),
        (
            tr!("question.difficulty"),
            difficulty_label(draft.difficulty),
        ),
        (tr!("question.tags"), draft.tags.join(&tr!("ui.comma"))),
        (tr!("question.code"), draft.code),
        (tr!("question.name"), draft.title),
    ];
    let archived = view.archived;
    view! {
        <PageTitle title=tr!("question.one", kind = kind)>
            <a class="btn btn-sm min-h-10" href="/questions">{tr!("question.all")}</a>
            {newest.then(|| view! { <a class="btn btn-sm btn-primary min-h-10" href=format!("/questions/{}/edit", id.get_value())>{tr!("question.edit")}</a> })}
        </PageTitle>
        {archived.then(|| view! { <p class="alert alert-warning mb-4">{tr!("question.is_archived")}</p> })}
        {(!newest).then(|| view! {
            <p class="alert alert-info mb-4">
                {tr!("question.earlier", n = view.version)}" "
                <a class="link" href=format!("/questions/{}", id.get_value())>{tr!("question.to_latest")}</a>
            </p>
        })}
        <div class="grid items-start gap-x-4 lg:grid-cols-3">
            <div class="lg:col-span-2">
                <Card>
                    <p class="mb-3 whitespace-pre-line break-words text-lg">{draft.stem}</p>
                    <Pictures id=id images=draft.images editable=newest/>
                    <Answers body=draft.body/>
                    {(!draft.explanation.is_empty()).then(|| view! {
                        <div class="mt-4 border-t border-base-300 pt-3">
                            <h2 class="mb-1 text-sm font-semibold">{tr!("question.explanation")}</h2>
                            <p class="whitespace-pre-line break-words">{draft.explanation.clone()}</p>
                        </div>
                    })}
                </Card>
                {newest.then(|| view! { <Upload id=id/> })}
            </div>
            <div>
                <Card>
                    <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
                        {facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| view! {
                            <dt class="text-base-content/70">{name}</dt><dd class="min-w-0 break-words">{value}</dd>
                        }).collect_view()}
                    </dl>
                    <div class="mt-4">
                        {if archived {
                            view! {
                                <PostForm to=ArchiveQuestion::url()>
                                    <input type="hidden" name="id" value=id.get_value()/>
                                    <input type="hidden" name="on" value="false"/>
                                    <Submit label=tr!("question.restore") class="btn btn-sm min-h-10"/>
                                </PostForm>
                            }.into_any()
                        } else {
                            view! {
                                <Confirm to=ArchiveQuestion::url() label=tr!("question.archive") explain=tr!("question.archive_explain")>
                                    <input type="hidden" name="id" value=id.get_value()/>
                                    <input type="hidden" name="on" value="true"/>
                                </Confirm>
                            }.into_any()
                        }}
                    </div>
                </Card>
                {(newest && !archived).then(|| view! { <ToExam id=id/> })}
                {(!view.twins.is_empty()).then(|| view! {
                    <Card title=tr!("question.twins")>
                        <ul class="space-y-2">
                            {view.twins.iter().map(|(id, stem)| view! {
                                <li><a class="link break-words" href=format!("/questions/{id}")>{stem.clone()}</a></li>
                            }).collect_view()}
                        </ul>
                    </Card>
                })}
                <Card title=tr!("question.versions")>
                    <ul class="divide-y divide-base-300">
                        {view.versions.into_iter().map(|v| {
                            let here = v.version == view.version;
                            view! {
                                <li class="py-1">
                                    <a class="flex min-h-10 flex-wrap items-center gap-x-3" aria-current=here.then_some("true")
                                        href=format!("/questions/{}?version={}", id.get_value(), v.version)>
                                        <span class=if here { "num font-semibold" } else { "num link" }>{tr!("question.version_n", n = v.version)}</span>
                                        <span class="num text-sm text-base-content/70">{v.at}" "{who(v.by)}</span>
                                    </a>
                                </li>
                            }
                        }).collect_view()}
                    </ul>
                </Card>
            </div>
        </div>
    }
}

/// Adds the question to the paper of an exam that is being put together.
#[component]
fn ToExam(id: StoredValue<String>) -> impl IntoView {
    let exams = Resource::new(refresh, |_| draft_exams());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let exams = exams.await.ok().filter(|exams| !exams.is_empty())?;
                Some(view! {
                    <Card title=tr!("exam.add_question")>
                        <PostForm to=AddQuestion::url()>
                            <input type="hidden" name="question" value=id.get_value()/>
                            <Select name="id" label=tr!("exam.which") options=exams/>
                            <Field name="points" kind="number" mode="numeric" label=tr!("exam.points") value="2"/>
                            <Submit label=tr!("exam.add") class="btn btn-sm min-h-10"/>
                        </PostForm>
                    </Card>
                })
            })}
        </Suspense>
    }
}

#[component]
fn Pictures(id: StoredValue<String>, images: Vec<String>, editable: bool) -> impl IntoView {
    (!images.is_empty()).then(|| view! {
        <ul class="mb-4 grid gap-3 sm:grid-cols-2">
            {images.into_iter().enumerate().map(|(i, image)| view! {
                <li>
                    <img class="max-h-80 rounded-box border border-base-300" src=format!("/questions/images/{image}") alt=tr!("question.picture_n", n = i + 1)/>
                    {editable.then(|| view! {
                        <PostForm to=RemoveImage::url() class="mt-1">
                            <input type="hidden" name="id" value=id.get_value()/>
                            <input type="hidden" name="image" value=image/>
                            <Submit label=tr!("question.remove_picture") class="btn btn-sm btn-ghost min-h-10"/>
                        </PostForm>
                    })}
                </li>
            }).collect_view()}
        </ul>
    })
}

#[component]
fn Upload(id: StoredValue<String>) -> impl IntoView {
    let fault = param("fault");
    view! {
        <Card title=tr!("question.add_picture")>
            {move || (fault.get() == "image").then(|| view! { <p class="alert alert-error mb-3 py-2" role="alert">{tr!("article.not_an_image")}</p> })}
            <form method="post" enctype="multipart/form-data" action=format!("/questions/{}/images", id.get_value()) class="flex flex-wrap gap-2">
                <input type="file" name="image" class="file-input w-full max-w-xl" accept="image/png,image/jpeg,image/webp,image/gif" required aria-label=tr!("article.image")/>
                <button class="btn">{tr!("article.upload")}</button>
            </form>
        </Card>
    }
}
