//! One exam: its paper, audience and what can be done with it.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::{StateBadge, id_param, window};
use crate::exam::api::{AddPool, AdvanceExam, ChangePart, get_exam, list_pool_choices};
use crate::exam::model::{ExamState, ExamView, PartRow, percent, review_label};
use crate::question::model::{Kind, difficulty_label};
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Confirm, Field, PostForm, Select, Submit};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, Stat, outcome};

/// One exam.
#[component]
pub fn ExamPage() -> impl IntoView {
    let id = id_param();
    let exam = Resource::new(move || (id.get(), refresh()), |(id, _)| get_exam(id));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(exam.await, |exam| view! { <Cards exam=exam/> }) })}
        </Suspense>
    }
}

#[component]
fn Cards(exam: ExamView) -> impl IntoView {
    let writes = may(Permission::WriteExams);
    let row = exam.row;
    let id = StoredValue::new(row.id);
    let draft = row.state == ExamState::Draft;
    let input = exam.input;
    let limit = if input.minutes > 0 {
        tr!("exam.minutes_n", n = input.minutes)
    } else {
        tr!("exam.no_limit")
    };
    let tries = if input.attempts > 0 {
        input.attempts.to_string()
    } else {
        tr!("exam.any_number")
    };
    let facts = [
        (tr!("exam.window"), window(row.opens, row.closes)),
        (tr!("exam.minutes"), limit),
        (tr!("exam.attempts"), tries),
        (tr!("exam.pass_percent"), format!("{}%", input.pass_percent)),
        (tr!("exam.review"), review_label(&input.review)),
        (tr!("audience.title"), exam.audience.join(&tr!("ui.comma"))),
    ];
    let (questions, points) = (exam.questions, exam.points);
    let state = row.state;
    view! {
        <PageTitle title=row.title>
            <StateBadge state=state/>
            <a class="btn btn-sm min-h-10" href="/exams">{tr!("exam.all")}</a>
            {writes.then(|| view! { <a class="btn btn-sm min-h-10" href=format!("/exams/{}/edit", id.get_value())>{tr!("exam.edit")}</a> })}
        </PageTitle>
        {exam.makeup_of.map(|(of, title)| view! {
            <p class="mb-3 text-sm">{tr!("exam.makeup_of")}" "<a class="link" href=format!("/exams/{of}")>{title}</a></p>
        })}
        {(!draft).then(|| view! {
            <div class="mb-4 grid grid-cols-2 gap-2 sm:grid-cols-4">
                <Stat name=tr!("exam.assigned") value=row.assigned.to_string()/>
                <Stat name=tr!("exam.taken") value=row.taken.to_string() note=percent(row.taken, row.assigned)/>
                <Stat name=tr!("exam.passed") value=row.passed.to_string() note=percent(row.passed, row.assigned)/>
                <Stat name=tr!("exam.unmarked") value=row.unmarked.to_string()/>
            </div>
            <p class="mb-4 flex flex-wrap gap-2">
                <a class="btn btn-primary min-h-10" href=format!("/exams/{}/results", id.get_value())>{tr!("exam.results")}</a>
                {writes.then(|| view! {
                    <a class="btn min-h-10" href=format!("/exams/{}/accuracy", id.get_value())>{tr!("exam.accuracy")}</a>
                    {(row.unmarked > 0).then(|| view! { <a class="btn min-h-10" href=format!("/exams/marking?exam={}", id.get_value())>{tr!("exam.marking")}</a> })}
                })}
            </p>
        })}
        <div class="grid items-start gap-x-4 lg:grid-cols-3">
            <div class="lg:col-span-2">
                <Card title=tr!("exam.paper")>
                    <p class="num mb-3 text-sm text-base-content/70">{tr!("exam.paper_sum", questions = questions, points = points)}</p>
                    // The questions are for those who write exams.
                    {if !writes {
                        ().into_any()
                    } else if exam.parts.is_empty() {
                        view! { <Empty text=tr!("exam.no_parts")/> }.into_any()
                    } else {
                        view! {
                            <ol class="divide-y divide-base-300">
                                {exam.parts.into_iter().enumerate().map(|(i, part)| view! { <Part part=part first={i == 0} editable={draft && writes}/> }).collect_view()}
                            </ol>
                        }.into_any()
                    }}
                </Card>
                {(draft && writes).then(|| view! { <AddPart id=id/> })}
            </div>
            <div>
                <Card title=tr!("exam.settings")>
                    <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
                        {facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| view! {
                            <dt class="text-base-content/70">{name}</dt><dd class="num min-w-0 break-words">{value}</dd>
                        }).collect_view()}
                    </dl>
                </Card>
                {writes.then(|| view! { <Card title=tr!("exam.acts")><Acts id=id state=state/></Card> })}
                {(!exam.makeups.is_empty()).then(|| view! {
                    <Card title=tr!("exam.makeups")>
                        <ul class="space-y-2">
                            {exam.makeups.iter().map(|(id, title)| view! { <li><a class="link" href=format!("/exams/{id}")>{title.clone()}</a></li> }).collect_view()}
                        </ul>
                    </Card>
                })}
            </div>
        </div>
    }
}

#[component]
fn Acts(id: StoredValue<String>, state: ExamState) -> impl IntoView {
    let plain = move |step: &'static str, label: String| {
        view! {
            <PostForm to=AdvanceExam::url()>
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="step" value=step/>
                <Submit label=label class="btn btn-sm min-h-10"/>
            </PostForm>
        }
    };
    let asked = move |step: &'static str, label: String, explain: String, class: &'static str| {
        view! {
            <Confirm to=AdvanceExam::url() label=label explain=explain class=class>
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="step" value=step/>
            </Confirm>
        }
    };
    view! {
        <div class="flex flex-wrap gap-2">
            {match state {
                ExamState::Draft => asked("publish", tr!("exam.publish"), tr!("exam.publish_explain"), "btn btn-sm btn-primary min-h-10").into_any(),
                ExamState::Closed => plain("reopen", tr!("exam.reopen")).into_any(),
                _ => asked("end", tr!("exam.end"), tr!("exam.end_explain"), "btn btn-sm btn-outline btn-error min-h-10").into_any(),
            }}
            {(state != ExamState::Draft).then(|| plain("makeup", tr!("exam.makeup")))}
            {plain("copy", tr!("exam.copy"))}
        </div>
    }
}

#[component]
fn Part(part: PartRow, first: bool, editable: bool) -> impl IntoView {
    let id = StoredValue::new(part.id);
    let what = match &part.question_id {
        Some(question) => view! { <a class="link break-words" href=format!("/questions/{question}")>{part.stem.clone()}</a> }.into_any(),
        None => {
            let mut words = vec![if part.category.is_empty() { tr!("question.any_category") } else { part.category.clone() }];
            words.extend(Kind::parse(&part.kind).map(Kind::label));
            if !part.tag.is_empty() {
                words.push(part.tag.clone());
            }
            if part.difficulty > 0 {
                words.push(difficulty_label(part.difficulty));
            }
            let text = tr!("exam.draws", n = part.draws, of = part.available);
            view! { <span class="font-medium">{words.join(" · ")}</span>" "<span class="num text-sm">{text}</span> }.into_any()
        }
    };
    let few = part.available < part.draws;
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
            <span class="me-auto min-w-0">{what}</span>
            {few.then(|| view! { <span class="badge badge-error">{tr!("exam.too_few")}</span> })}
            <span class="num text-sm text-base-content/70">{tr!("exam.points_each", n = part.points)}</span>
            {editable.then(|| view! {
                <span class="flex gap-1">
                    {(!first).then(|| view! {
                        <PostForm to=ChangePart::url()>
                            <input type="hidden" name="part" value=id.get_value()/>
                            <input type="hidden" name="up" value="true"/>
                            <Submit label=tr!("exam.up") class="btn btn-sm btn-ghost min-h-10"/>
                        </PostForm>
                    })}
                    <PostForm to=ChangePart::url()>
                        <input type="hidden" name="part" value=id.get_value()/>
                        <Submit label=tr!("exam.remove") class="btn btn-sm btn-ghost min-h-10"/>
                    </PostForm>
                </span>
            })}
        </li>
    }
}

#[component]
fn AddPart(id: StoredValue<String>) -> impl IntoView {
    let choices = Resource::new(refresh, |_| list_pool_choices());
    let any = |label: String| vec![(String::new(), label)];
    view! {
        <Card title=tr!("exam.add_pool")>
            <p class="mb-3 text-sm text-base-content/70">{tr!("exam.add_pool_hint")}</p>
            <Suspense fallback=Loading>
                {move || Suspend::new(async move {
                    let choices = choices.await.unwrap_or_default();
                    let mut categories = any(tr!("question.any_category"));
                    categories.extend(choices.categories.into_iter().map(|c| (c.clone(), c)));
                    let mut tags = any(tr!("question.any_tag"));
                    tags.extend(choices.tags.into_iter().map(|t| (t.clone(), t)));
                    let mut kinds = any(tr!("question.any_kind"));
                    kinds.extend(Kind::ALL.into_iter().map(|k| (k.code().to_owned(), k.label())));
                    let mut hard = vec![("0".to_owned(), tr!("question.any_difficulty"))];
                    hard.extend((1..=5).map(|n: i64| (n.to_string(), difficulty_label(n))));
                    view! {
                        <PostForm to=AddPool::url() class="grid gap-x-4 sm:grid-cols-3">
                            <input type="hidden" name="id" value=id.get_value()/>
                            <Select name="category" label=tr!("question.category") options=categories/>
                            <Select name="kind" label=tr!("question.kind_label") options=kinds/>
                            <Select name="tag" label=tr!("question.tags") options=tags/>
                            <Select name="difficulty" label=tr!("question.difficulty") options=hard/>
                            <Field name="draws" kind="number" mode="numeric" label=tr!("exam.draw_count") value="5"/>
                            <Field name="points" kind="number" mode="numeric" label=tr!("exam.points") value="2"/>
                            <div><Submit label=tr!("exam.add") class="btn btn-primary"/></div>
                        </PostForm>
                    }
                })}
            </Suspense>
        </Card>
    }
}
