//! 流向申诉: the list with statistics, raising one, and one with its thread.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::{FlowNav, line_facts};
use crate::flow::api::*;
use crate::flow::model::{
    APPEAL_REASONS, Appeal, AppealForm, AppealRow, AppealStat, AppealStep, LineRow, appeal_label,
    appeal_reason_label,
};
use crate::shared::{Permission, Role};
use crate::ui::boot::{boot, refresh};
use crate::ui::form::{Confirm, Field, PostForm, Select, Submit, TextArea, came_back};
use crate::ui::list::{TabLinks, page_param, param, rows_or_empty};
use crate::ui::money::grouped;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// Appeals within scope.
#[component]
pub fn AppealList() -> impl IntoView {
    let (tab, page) = (param("tab"), page_param());
    let data = Resource::new(
        move || (tab.get(), page.get(), refresh()),
        |(tab, page, _)| list_appeals(tab, page),
    );
    // Nothing waits for those who only raise appeals: theirs that are open stand first.
    let decides = boot()
        .me
        .is_some_and(|me| me.role == Role::Manager || me.role.may(Permission::OperateFlow));
    let first = if decides {
        vec![
            ("", tr!("flow.appeal.waiting")),
            ("open", tr!("flow.appeal.all_open")),
        ]
    } else {
        vec![("", tr!("flow.appeal.all_open"))]
    };
    let rest = [
        ("mine", tr!("flow.appeal.mine")),
        ("decided", tr!("flow.appeal.decided")),
    ];
    let tabs = first.into_iter().chain(rest).collect();
    view! {
        <PageTitle title=tr!("flow.appeal.title")/>
        <FlowNav here="/flow/appeals"/>
        <TabLinks path="/flow/appeals" label=tr!("flow.appeal.title") tabs=tabs/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |data| view! {
                    {rows_or_empty(data.page, tr!("flow.appeal.empty"), |rows| view! {
                        <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                            {rows.into_iter().map(|row| view! { <Item row=row/> }).collect_view()}
                        </ul>
                    })}
                    {(!data.by_reason.is_empty()).then(|| view! {
                        <div class="mt-4 grid grid-cols-1 items-start gap-x-4 lg:grid-cols-2">
                            <Stats title=tr!("flow.appeal.by_reason") rows=data.by_reason/>
                            <Stats title=tr!("flow.appeal.by_distributor") rows=data.by_distributor/>
                        </div>
                    })}
                })
            })}
        </Suspense>
    }
}

fn badge(state: &str) -> &'static str {
    match state {
        "accepted" => "badge badge-success badge-sm",
        "rejected" => "badge badge-error badge-sm",
        "withdrawn" => "badge badge-ghost badge-sm",
        _ => "badge badge-warning badge-sm",
    }
}

#[component]
fn Item(row: AppealRow) -> impl IntoView {
    let open = matches!(row.state.as_str(), "manager" | "operations");
    view! {
        <li>
            <a class="block p-3 hover:bg-base-200" href=format!("/flow/appeals/{}", row.id)>
                <span class="flex flex-wrap items-center gap-x-2">
                    <span class="me-auto min-w-0 break-words font-medium">{row.terminal}</span>
                    {(row.round > 1).then(|| view! { <span class="badge badge-outline badge-sm">{tr!("flow.appeal.second")}</span> })}
                    <span class=badge(&row.state)>{appeal_label(&row.state)}</span>
                </span>
                <span class="block text-sm">{appeal_reason_label(&row.reason)}" · "{row.product}</span>
                <span class="num block text-sm text-base-content/70">
                    {row.by}" · "{row.at}
                    {open.then(|| view! { <span class=if row.late { "ms-2 text-error" } else { "ms-2" }>{tr!("flow.appeal.due", day = row.due)}</span> })}
                    {row.late.then(|| view! { <span class="badge badge-error badge-sm ms-2">{tr!("flow.late")}</span> })}
                </span>
            </a>
        </li>
    }
}

/// How appeals stand by something.
#[component]
fn Stats(title: String, rows: Vec<AppealStat>) -> impl IntoView {
    view! {
        <Card title=title.clone()>
            <div tabindex="0" role="region" aria-label=title class="overflow-x-auto">
                <table class="table table-sm">
                    <thead><tr>
                        <th>{tr!("flow.appeal.of")}</th><th class="text-end">{tr!("flow.appeal.raised")}</th><th class="text-end">{tr!("flow.appeal.all_open")}</th>
                        <th class="text-end">{tr!("flow.appeal.is_accepted")}</th><th class="text-end">{tr!("flow.appeal.is_rejected")}</th>
                    </tr></thead>
                    <tbody>
                        {rows.into_iter().map(|row| view! {
                            <tr><td class="min-w-32">{row.name}</td><td class="num text-end">{row.raised}</td><td class="num text-end">{row.open}</td>
                                <td class="num text-end">{row.accepted}</td><td class="num text-end">{row.rejected}</td></tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </Card>
    }
}

/// A line of goods that is appealed.
fn about(line: &LineRow) -> impl IntoView + use<> {
    let what = format!("{} {}", line.product, line.specification);
    let quantity = format!("{} {}", grouped(line.quantity), line.unit);
    view! {
        <p class="flex flex-wrap items-center gap-x-2">
            <span class="me-auto min-w-0 break-words">{what}</span>
            <span class="num font-semibold">{quantity}</span>
        </p>
        {line_facts(line)}
    }
}

/// Raising an appeal: about `?line=`, or about one that is missing at `?terminal=`.
#[component]
pub fn AppealNew() -> impl IntoView {
    let (line, terminal) = (param("line"), param("terminal"));
    let data = Resource::new(
        move || (terminal.get(), line.get()),
        |(terminal, line)| async move {
            let lines = get_terminal_lines(terminal, String::new(), 1).await?;
            let choices = appeal_choices(line).await?;
            Ok::<_, crate::shared::AppError>((lines, choices))
        },
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let line = line.get_untracked();
                outcome(data.await, move |(lines, choices)| {
                    let AppealForm { line: goods, products, distributors } = choices;
                    let missing = line.is_empty();
                    let title = if missing { tr!("flow.appeal.missing_line") } else { tr!("flow.appeal.raise") };
                    let reasons = APPEAL_REASONS
                        .into_iter()
                        .filter(|reason| (*reason == "missing") == missing)
                        .map(|reason| (reason.to_owned(), appeal_reason_label(reason)))
                        .collect::<Vec<_>>();
                    let month = goods.as_ref().map_or(lines.month, |line| line.month.clone());
                    let back = format!("/flow/terminals/{}?month={month}", lines.terminal_id);
                    let reasons = if missing {
                        reasons
                    } else {
                        std::iter::once((String::new(), tr!("flow.appeal.choose"))).chain(reasons).collect()
                    };
                    view! {
                        <PageTitle title=title><a class="btn btn-sm min-h-10" href=back>{tr!("ui.back")}</a></PageTitle>
                        <Card>
                            <p class="mb-1 font-medium">{lines.terminal}</p>
                            {goods.map(|line| view! { <div class="mb-3">{about(&line)}</div> })}
                            <PostForm to=RaiseAppeal::url() about=line.clone() class="max-w-xl">
                                <input type="hidden" name="line_id" value=line/>
                                <input type="hidden" name="terminal_id" value=lines.terminal_id/>
                                <Select name="reason" label=tr!("flow.appeal.reason") options=reasons required=true/>
                                {missing.then(|| {
                                    let first = |text: String| std::iter::once((String::new(), text));
                                    view! {
                                        <Select name="product_id" label=tr!("flow.report.product") required=true options=first(tr!("flow.appeal.choose")).chain(products).collect()/>
                                        <Select name="distributor_id" label=tr!("flow.report.distributor") required=true options=first(tr!("flow.appeal.choose")).chain(distributors).collect()/>
                                        <Field name="sold_on" kind="date" label=tr!("flow.line.day") required=true/>
                                        <Field name="document_no" label=tr!("flow.line.document")/>
                                    }
                                })}
                                <Field name="quantity" mode="text" label=tr!("flow.appeal.should_be") hint=tr!("flow.appeal.should_be_hint") required=missing/>
                                <TextArea name="body" label=tr!("flow.appeal.body") hint=tr!("flow.appeal.body_hint") required=true/>
                                <Submit label=tr!("flow.appeal.send")/>
                            </PostForm>
                        </Card>
                    }
                })
            })}
        </Suspense>
    }
}

/// One appeal with its thread.
#[component]
pub fn AppealView() -> impl IntoView {
    let params = use_params_map();
    let data = Resource::new(
        move || (params.with(|p| p.get("id").unwrap_or_default()), refresh()),
        |(id, _)| get_appeal(id),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |appeal| view! { <Whole appeal=appeal/> })
            })}
        </Suspense>
    }
}

#[component]
fn Whole(appeal: Appeal) -> impl IntoView {
    let fault = param("fault");
    let row = appeal.row.clone();
    let open = matches!(row.state.as_str(), "manager" | "operations");
    let id = StoredValue::new(row.id.clone());
    let line_facts = appeal.line.clone().map(|line| {
        let of = format!(
            "/flow/terminals/{}?month={}",
            appeal.terminal_id, line.month
        );
        view! {
            <div class="mt-2">
                {about(&line)}
                <a class="link inline-flex min-h-10 items-center text-sm" href=of>{tr!("flow.appeal.to_line")}</a>
            </div>
        }
    });
    let claim = appeal
        .quantity
        .map(|n| tr!("flow.appeal.claims", n = grouped(n)));
    let missing = appeal
        .sold_on
        .clone()
        .map(|day| format!("{day} {}", appeal.document_no));
    let (support, decide, again, withdraw) = (
        appeal.may_support,
        appeal.may_decide,
        appeal.may_raise_again,
        appeal.may_withdraw,
    );
    let about_line = appeal.line.is_some();
    let quantity = appeal.quantity.map(|n| n.to_string()).unwrap_or_default();
    let reason = row.reason.clone();
    view! {
        <PageTitle title=tr!("flow.appeal.of_terminal", name = row.terminal)>
            <a class="btn btn-sm min-h-10" href="/flow/appeals">{tr!("flow.appeal.to_all")}</a>
        </PageTitle>
        {move || {
            let text = match fault.get().as_str() {
                "photo" => tr!("field.photo"),
                "photo_late" => tr!("flow.appeal.photo_late"),
                "photo_only" => tr!("flow.appeal.photo_lost"),
                "empty" => tr!("flow.appeal.nothing_said"),
                "long" => tr!("flow.appeal.said_too_long"),
                _ => return None,
            };
            Some(view! { <p class="alert alert-error mb-3 py-2" role="alert">{text}</p> })
        }}
        <Card>
            <p class="flex flex-wrap items-center gap-2">
                <span class="font-medium">{appeal_reason_label(&row.reason)}</span>
                <span class=badge(&row.state)>{appeal_label(&row.state)}</span>
                {(row.round > 1).then(|| view! { <span class="badge badge-outline badge-sm">{tr!("flow.appeal.second")}</span> })}
                {open.then(|| view! { <span class=if row.late { "num text-sm text-error" } else { "num text-sm" }>{tr!("flow.appeal.due", day = row.due.clone())}</span> })}
            </p>
            {line_facts}
            {(!about_line).then(|| view! { <p class="num mt-2">{row.product.clone()}" "{missing}</p> })}
            {claim.map(|text| view! { <p class="num mt-1">{text}</p> })}
            <p class="mt-2 whitespace-pre-line break-words">{appeal.body}</p>
            <p class="num mt-2 text-sm text-base-content/70">{row.by}" · "{row.at}</p>
        </Card>
        <Card title=tr!("flow.appeal.thread")>
            <ol class="divide-y divide-base-300">
                {appeal.steps.into_iter().map(|step| view! { <Step step=step/> }).collect_view()}
            </ol>
            // Words and a photo go together, so that neither is lost when the other is sent.
            <form method="post" enctype="multipart/form-data" action=format!("/flow/appeals/{}/evidence", id.get_value()) class="mt-3">
                <input type="hidden" name="form_key" value=format!("{}{} said", boot().form_key, id.get_value())/>
                <label class="mb-3 block">
                    <span class="mb-1 block text-sm font-medium">{tr!("flow.appeal.comment")}</span>
                    <textarea name="body" rows="2" maxlength="2000" class="textarea w-full"></textarea>
                </label>
                {open.then(|| view! {
                    <label class="mb-3 block">
                        <span class="mb-1 block text-sm font-medium">{tr!("flow.appeal.photo")}</span>
                        <input type="file" name="photo" class="file-input w-full" accept="image/jpeg,image/png,image/webp"/>
                    </label>
                })}
                <button class="btn">{tr!("flow.appeal.say")}</button>
            </form>
        </Card>
        {support.then(|| view! {
            <Card title=tr!("flow.appeal.your_view")>
                <PostForm to=StepAppeal::url() about=format!("{} manager", id.get_value()) class="max-w-xl">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <TextArea name="body" label=tr!("flow.appeal.opinion") hint=tr!("flow.appeal.opinion_hint") rows=2/>
                    <div class="flex flex-wrap gap-2">
                        <Submit label=tr!("flow.appeal.support") choice=("act", "support")/>
                        <Submit label=tr!("flow.appeal.oppose") choice=("act", "oppose") class="btn btn-outline btn-error"/>
                    </div>
                </PostForm>
            </Card>
        })}
        {decide.then(|| view! { <Decide id=id.get_value() about_line=about_line reason=reason quantity=quantity/> })}
        {again.then(|| view! {
            <Card title=tr!("flow.appeal.again")>
                <PostForm to=StepAppeal::url() about=format!("{} again", id.get_value()) class="max-w-xl">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="act" value="again"/>
                    <TextArea name="body" label=tr!("flow.appeal.again_why") hint=tr!("flow.appeal.again_hint") required=true/>
                    <Submit label=tr!("flow.appeal.again")/>
                </PostForm>
            </Card>
        })}
        {withdraw.then(|| view! {
            <Confirm to=StepAppeal::url() label=tr!("flow.appeal.withdraw") explain=tr!("flow.appeal.withdraw_explain") about=format!("{} withdraw", id.get_value())>
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="act" value="withdraw"/>
            </Confirm>
        })}
    }
}

#[component]
fn Step(step: AppealStep) -> impl IntoView {
    let act = match step.act.as_str() {
        "raised" => tr!("flow.appeal.act_raised"),
        "again" => tr!("flow.appeal.act_again"),
        "evidence" => tr!("flow.appeal.act_evidence"),
        "supported" => tr!("flow.appeal.act_supported"),
        "opposed" => tr!("flow.appeal.act_opposed"),
        "accepted" => tr!("flow.appeal.act_accepted"),
        "rejected" => tr!("flow.appeal.act_rejected"),
        "withdrawn" => tr!("flow.appeal.act_withdrawn"),
        _ => tr!("flow.appeal.act_comment"),
    };
    let corrected = match step.correction.as_str() {
        "reverse" => tr!("flow.appeal.did_reverse"),
        "quantity" => tr!("flow.appeal.did_quantity", n = step.corrected),
        "terminal" if step.corrected.is_empty() => tr!("flow.appeal.did_unmatch"),
        "terminal" => tr!("flow.appeal.did_terminal", name = step.corrected),
        "add" => tr!("flow.appeal.did_add", n = step.corrected),
        "none" => tr!("flow.appeal.did_nothing"),
        _ => String::new(),
    };
    let src = format!("/flow/appeals/steps/{}/photo", step.id);
    let href = src.clone();
    view! {
        <li class="py-2">
            <p class="text-sm"><span class="font-medium">{step.by}</span>" "{act}<span class="num ms-2 text-base-content/70">{step.at}</span></p>
            {(!step.body.is_empty()).then(|| view! { <p class="whitespace-pre-line break-words">{step.body}</p> })}
            {(!corrected.is_empty()).then(|| view! { <p class="num text-sm font-medium">{corrected}</p> })}
            {step.photo.then(|| view! { <a href=href rel="external" target="_blank"><img src=src loading="lazy" alt=tr!("flow.appeal.photo_alt") class="mt-1 max-h-48 rounded-box"/></a> })}
        </li>
    }
}

/// What operations decide.
#[component]
fn Decide(id: String, about_line: bool, reason: String, quantity: String) -> impl IntoView {
    let usual = match reason.as_str() {
        "not_mine" => "terminal",
        "quantity" => "quantity",
        "missing" => "add",
        "duplicate" => "reverse",
        _ => "none",
    };
    let mut options = vec![("none".to_owned(), tr!("flow.appeal.correct_none"))];
    if about_line {
        options.extend([
            ("quantity".to_owned(), tr!("flow.appeal.correct_quantity")),
            ("terminal".to_owned(), tr!("flow.appeal.correct_terminal")),
            ("reverse".to_owned(), tr!("flow.appeal.correct_reverse")),
        ]);
    } else {
        options.push(("add".to_owned(), tr!("flow.appeal.correct_add")));
    }
    let about = format!("{id} decide");
    let again = came_back(DecideAppeal::url(), &about).is_some();
    view! {
        <Card title=tr!("flow.appeal.decide")>
            <PostForm to=DecideAppeal::url() about=about class="max-w-xl">
                <input type="hidden" name="id" value=id/>
                {again.then(|| view! { <p class="mb-2 text-sm">{tr!("flow.appeal.decide_again")}</p> })}
                <Select name="correction" label=tr!("flow.appeal.correction") options=options value=usual/>
                <Field name="quantity" mode="text" label=tr!("flow.appeal.should_be") value=quantity/>
                {about_line.then(|| view! { <Field name="terminal" label=tr!("flow.appeal.right_terminal") hint=tr!("flow.appeal.right_terminal_hint")/> })}
                <TextArea name="body" label=tr!("flow.appeal.grounds") hint=tr!("flow.appeal.grounds_hint") rows=2/>
                <div class="flex flex-wrap gap-2">
                    <Submit label=tr!("flow.appeal.accept") choice=("verdict", "accept")/>
                    <Submit label=tr!("flow.appeal.reject") choice=("verdict", "reject") class="btn btn-outline btn-error"/>
                </div>
            </PostForm>
        </Card>
    }
}
