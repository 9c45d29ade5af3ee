//! Two HCPs side by side, and what is to become of them.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::list::Reasons;
use crate::duplicate::api::*;
use crate::duplicate::model::{FieldPair, PairView, label};
use crate::hcp::pages::StateBadge;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, FieldMessage, PostForm, Submit};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 对比: a pair, field by field, with the choice of what stays.
#[component]
pub fn DuplicatePair() -> impl IntoView {
    let params = use_params_map();
    let pair = Resource::new(
        move || (params.with(|p| p.get("id").unwrap_or_default()), refresh()),
        |(id, _)| get_pair(id),
    );
    view! {
        <PageTitle title=tr!("duplicate.compare")>
            <a class="btn btn-sm" href="/duplicates">{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(pair.await, |view| view! { <Comparison view=view/> }) })}
        </Suspense>
    }
}

/// The columns: on phones the two values stand below the field's name.
const COLUMNS: &str = "grid gap-x-3 gap-y-1 py-2 sm:grid-cols-[8rem_1fr_1fr]";

#[component]
fn Comparison(view: PairView) -> impl IntoView {
    let pair = view.pair;
    let id = StoredValue::new(pair.id.clone());
    let (a, b) = (pair.a.id.clone(), pair.b.id.clone());
    let names = [
        (pair.a.name, pair.a.state, pair.a.withdrew),
        (pair.b.name, pair.b.state, pair.b.withdrew),
    ];
    let sides = [a.clone(), b.clone()]
        .into_iter()
        .zip(names)
        .zip([tr!("duplicate.first"), tr!("duplicate.second")])
        .map(|((hcp, (name, state, withdrew)), side)| {
            view! {
                <a class="flex min-h-10 flex-wrap items-center gap-2 rounded-box bg-base-200 px-3 py-2" href=format!("/hcps/{hcp}")>
                    <span class="text-sm text-base-content/70">{side}</span>
                    <span class="link font-semibold">{name}</span>
                    <StateBadge state=state withdrew=withdrew/>
                </a>
            }
        })
        .collect_view();
    let attached = view
        .attached_a
        .named()
        .into_iter()
        .zip(view.attached_b.named())
        .map(|((name, a), (_, b))| {
            view! {
                <tr><th scope="row" class="font-normal">{name}</th><td class="num">{a}</td><td class="num">{b}</td></tr>
            }
        })
        .collect_view();
    let open = pair.status == "open";
    let keep_b = view.keep_b;
    let fields = {
        let (a, b) = (a.clone(), b.clone());
        move || {
            view.fields
                .into_iter()
                .map(|field| view! { <FieldRow field=field a=a.clone() b=b.clone() open=open/> })
                .collect_view()
        }
    };
    let attached = view! {
        <Card title=tr!("duplicate.attached.title")>
            <div class="overflow-x-auto" tabindex="0" role="region" aria-label=tr!("duplicate.attached.title")>
                <table class="table table-sm">
                    <thead><tr><td></td><th>{tr!("duplicate.first")}</th><th>{tr!("duplicate.second")}</th></tr></thead>
                    <tbody>{attached}</tbody>
                </table>
            </div>
            <p class="mt-2 text-sm text-base-content/70">{tr!("duplicate.attached.explain")}</p>
        </Card>
    };
    let head = view! {
        <div class="mb-3"><Reasons score=pair.score reasons=pair.reasons/></div>
        <div class=COLUMNS><span class="hidden sm:block"></span>{sides}</div>
    };
    match pair.status.as_str() {
        "open" => view! {
            <PostForm to=MergePair::url()>
                // The first button of a form is what Enter presses: this one does nothing, so that nobody merges by it.
                <button type="submit" disabled=true class="hidden" aria-hidden="true"></button>
                <input type="hidden" name="id" value=id.get_value()/>
                <Card>
                    {head}
                    <div class="divide-y divide-base-300">{fields()}</div>
                </Card>
                {attached}
                <Card title=tr!("duplicate.keep")>
                    <div role="radiogroup" aria-label=tr!("duplicate.keep") class="grid gap-2 sm:grid-cols-2">
                        <Choice name="keep".into() value=a checked={!keep_b} text=tr!("duplicate.keep_first")/>
                        <Choice name="keep".into() value=b checked=keep_b text=tr!("duplicate.keep_second")/>
                    </div>
                    <FieldMessage name="keep"/>
                    <p class="mt-2 text-sm text-base-content/70">{tr!("duplicate.keep_explain")}</p>
                    <details class="mt-3">
                        <summary class="btn btn-primary list-none">{tr!("duplicate.merge")}</summary>
                        <div class="mt-2 rounded-box border border-base-300 p-4">
                            <p class="mb-3 text-sm">{tr!("duplicate.merge_explain")}</p>
                            <Submit label=tr!("duplicate.merge_confirm") class="btn btn-error"/>
                        </div>
                    </details>
                </Card>
            </PostForm>
            <Confirm to=DecidePair::url() label=tr!("duplicate.apart") explain=tr!("duplicate.apart_explain") class="btn btn-outline">
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="apart" value="true"/>
            </Confirm>
        }.into_any(),
        status => {
            let apart = status == "apart";
            view! {
                <div class="alert mb-4 flex flex-wrap items-center gap-2" role="status">
                    <span class="me-auto">{if apart { tr!("duplicate.is_apart") } else { tr!("duplicate.is_merged") }}</span>
                    {if apart {
                        view! {
                            <PostForm to=DecidePair::url()>
                                <input type="hidden" name="id" value=id.get_value()/>
                                <Submit label=tr!("duplicate.reopen") class="btn btn-sm"/>
                            </PostForm>
                        }.into_any()
                    } else {
                        view! { <a class="btn btn-sm" href="/merges">{tr!("duplicate.merges")}</a> }.into_any()
                    }}
                </div>
                <Card>
                    {head}
                    <div class="divide-y divide-base-300">{fields()}</div>
                </Card>
                {attached}
            }.into_any()
        }
    }
}

/// One field of both; where they differ and one has to be chosen, with the choice.
#[component]
fn FieldRow(field: FieldPair, a: String, b: String, open: bool) -> impl IntoView {
    let name = label(&field.field);
    let equal = !field.choice && field.a == field.b;
    if open && field.choice {
        let input = format!("take[{}]", field.field);
        return view! {
            <div role="radiogroup" aria-label=name.clone() class=COLUMNS>
                <span class="self-center text-sm font-medium">{name.clone()}</span>
                <Choice name=input.clone() value=a checked={!field.from_b} text=field.a whose=tr!("duplicate.first")/>
                <Choice name=input value=b checked=field.from_b text=field.b whose=tr!("duplicate.second")/>
            </div>
        }
        .into_any();
    }
    let class = if equal {
        "text-base-content/70"
    } else {
        "font-medium"
    };
    view! {
        <div class=COLUMNS>
            <span class="text-sm text-base-content/70">{name}</span>
            {if equal {
                view! {
                    <span class=format!("{class} sm:col-span-2")>{shown(field.a)}" "<span class="text-sm">{tr!("duplicate.equal")}</span></span>
                }.into_any()
            } else {
                let whose = |label: String| view! { <span class="me-2 text-sm text-base-content/70 sm:hidden">{label}</span> };
                view! {
                    <span class=class>{whose(tr!("duplicate.first"))}{shown(field.a)}</span>
                    <span class=class>{whose(tr!("duplicate.second"))}{shown(field.b)}</span>
                }.into_any()
            }}
        </div>
    }
    .into_any()
}

fn shown(text: String) -> String {
    if text.is_empty() {
        tr!("record.empty")
    } else {
        text
    }
}

#[component]
fn Choice(
    name: String,
    value: String,
    checked: bool,
    text: String,
    /// On phones, where the two lie below each other: of which of them it is.
    #[prop(optional, into)]
    whose: String,
) -> impl IntoView {
    view! {
        <label class="flex min-h-10 cursor-pointer items-center gap-2 rounded-box border border-base-300 px-3 py-2 has-checked:border-primary">
            <input type="radio" class="radio radio-sm" name=name value=value checked=checked/>
            {(!whose.is_empty()).then(|| view! { <span class="text-sm text-base-content/70 sm:hidden">{whose}</span> })}
            <span class="min-w-0 break-all">{shown(text)}</span>
        </label>
    }
}
