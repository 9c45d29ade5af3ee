//! A new transfer: choose, see what would happen, give the reason, apply. The choice stands in the address.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::{Choices, MovedList};
use crate::hcp::pages::HcpLine;
use crate::ownership::api::*;
use crate::ownership::model::{
    GROUPS_MOST, NAMES_MOST, Pick, TransferForm, TransferPreview, left_out_text, transfer_kind,
};
use crate::ui::boot::refresh;
use crate::ui::form::{FieldMessage, PostForm, Submit, TextArea};
use crate::ui::list::{AskField, param};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, Stat, outcome};

/// 转移客户: all of a colleague's, by rule, or the picked ones.
#[component]
pub fn TransferNew() -> impl IntoView {
    let (kind, from, to, hospital) = (param("kind"), param("from"), param("to"), param("hospital"));
    let (department, which, hcp) = (param("department"), param("which"), param("hcp"));
    let form = Resource::new(
        move || {
            (
                kind.get(),
                from.get(),
                to.get(),
                hospital.get(),
                department.get(),
                which.get(),
                hcp.get(),
                refresh(),
            )
        },
        |(kind, from, to, hospital, department, which, hcp, _)| {
            plan_transfer(kind, from, to, hospital, department, which, hcp)
        },
    );
    view! {
        <PageTitle title=tr!("ownership.transfer.new")>
            <a class="btn" href="/transfers">{tr!("ownership.transfer.all")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(form.await, |data| view! { <Body data=data/> }) })}
        </Suspense>
    }
}

#[component]
fn Body(data: TransferForm) -> impl IntoView {
    let (hospital, department, which) = (
        param("hospital").get_untracked(),
        param("department").get_untracked(),
        param("which").get_untracked(),
    );
    let hcp = data.hcp.as_ref().map(|h| h.id.clone()).unwrap_or_default();
    let asked: Vec<(&'static str, String)> = vec![
        ("kind", data.kind.clone()),
        ("from", data.from.id.clone()),
        ("to", data.to.id.clone()),
        ("hospital", hospital.clone()),
        ("department", department.clone()),
        ("which", which.clone()),
        ("hcp", hcp.clone()),
    ];
    let here = data.kind.clone();
    let tabs = ["person", "rule", "selection"]
        .map(|code| {
            let current = (code == here).then_some("page");
            let class = if code == here { "btn btn-primary min-h-10 px-3" } else { "btn btn-ghost min-h-10 px-3" };
            view! {
                <a class=class aria-current=current href=format!("/transfers/new?kind={code}")>{transfer_kind(code)}</a>
            }
        })
        .collect_view();
    let left = data.from.left;
    let fields = match data.kind.as_str() {
        "rule" => view! { <RuleFields all=which == "all"/> }.into_any(),
        "selection" => view! {
            {match data.hcp {
                Some(row) => view! {
                    <input type="hidden" name="hcp" value=hcp/>
                    <div class="sm:col-span-2"><HcpLine hcp=row/></div>
                }.into_any(),
                None => view! {
                    <div class="flex flex-wrap items-center gap-3 sm:col-span-2">
                        <span class="num">{tr!("ownership.transfer.picked", n = data.picked)}</span>
                        <a class="btn" href="/hcps">{tr!("ownership.transfer.pick")}</a>
                    </div>
                }.into_any(),
            }}
            <Typed name="to" label=tr!("ownership.transfer.to") pick=data.to.clone() list="transfer-owners"/>
        }
        .into_any(),
        _ => view! {
            <Typed name="from" label=tr!("ownership.transfer.from") pick=data.from.clone() list="transfer-givers"/>
            <Typed name="to" label=tr!("ownership.transfer.to") pick=data.to.clone() list="transfer-owners"/>
            <Typed name="hospital" label=tr!("ownership.transfer.hospital") pick=typed(hospital) list="transfer-hospitals"/>
            <Typed name="department" label=tr!("ownership.transfer.department") pick=typed(department) list="transfer-departments"/>
        }
        .into_any(),
    };
    view! {
        <nav class="mb-4 flex flex-wrap gap-1" aria-label=tr!("ownership.transfer.kind")>{tabs}</nav>
        <Card>
            <form method="get" action="/transfers/new" class="grid gap-3 sm:grid-cols-2">
                <input type="hidden" name="kind" value=data.kind/>
                {fields}
                <div class="sm:col-span-2"><button class="btn btn-primary">{tr!("ownership.transfer.preview")}</button></div>
            </form>
            {left.then(|| view! { <p class="mt-2 text-sm text-base-content/70">{tr!("ownership.transfer.from_left")}</p> })}
        </Card>
        <Choices id="transfer-givers" texts=data.givers/>
        <Choices id="transfer-owners" texts=data.owners/>
        <Choices id="transfer-hospitals" texts=data.hospitals/>
        <Choices id="transfer-departments" texts=data.departments/>
        {data.preview.map(|preview| view! { <Preview preview=preview asked=asked/> })}
    }
}

/// A text that is nobody's name.
fn typed(label: String) -> Pick {
    Pick {
        label,
        ..Pick::default()
    }
}

/// A field for a colleague or a place, which names what is wrong with it.
#[component]
fn Typed(
    name: &'static str,
    #[prop(into)] label: String,
    pick: Pick,
    list: &'static str,
) -> impl IntoView {
    let fault = pick.fault.map(|key| crate::ui::locale::lookup(&key));
    let needed = matches!(name, "from" | "to");
    view! { <AskField name=name label=label value=pick.label fault=fault list=list required=needed/> }
}

#[component]
fn RuleFields(all: bool) -> impl IntoView {
    view! {
        <label class="block">
            <span class="mb-1 block text-sm font-medium">{tr!("ownership.transfer.which")}</span>
            <select name="which" class="select w-full">
                <option value="free" selected=!all>{tr!("ownership.transfer.which_free")}</option>
                <option value="all" selected=all>{tr!("ownership.transfer.which_all")}</option>
            </select>
        </label>
        <p class="self-end text-sm text-base-content/70">{tr!("ownership.transfer.rule_explain")}</p>
    }
}

#[component]
fn Preview(preview: TransferPreview, asked: Vec<(&'static str, String)>) -> impl IntoView {
    let moving = preview.moving;
    let stay: i64 = preview.left_out.iter().map(|(_, n)| n).sum();
    let reasons = preview
        .left_out
        .iter()
        .map(|(why, n)| left_out_text(why, *n))
        .collect::<Vec<_>>()
        .join(" · ");
    let numbers = view! {
        <div class="mb-4 grid gap-3 sm:grid-cols-2">
            <Stat name=tr!("ownership.transfer.will_move") value=moving.to_string()/>
            <Stat name=tr!("ownership.transfer.will_stay") value=stay.to_string() note=reasons/>
        </div>
    };
    if moving == 0 {
        return view! {
            {numbers}
            <Empty text=tr!("ownership.transfer.nothing")/>
        }
        .into_any();
    }
    view! {
        {numbers}
        <Card title=tr!("ownership.transfer.groups")>
            <ul class="divide-y divide-base-300">
                {preview.groups.into_iter().map(|g| view! {
                    <li class="flex flex-wrap gap-x-3 py-1">
                        <span class="me-auto">{g.from_name.unwrap_or_else(|| tr!("ownership.nobody"))}" → "{g.to_name}</span>
                        <span class="num">{tr!("ownership.transfer.count", n = g.n)}</span>
                    </li>
                }).collect_view()}
            </ul>
            {preview.more_groups.then(|| view! {
                <p class="mt-2 text-sm text-base-content/70">{tr!("ownership.transfer.more_groups", n = GROUPS_MOST)}</p>
            })}
        </Card>
        <Card title=tr!("ownership.transfer.confirm")>
            <PostForm to=ApplyTransfer::url()>
                {asked.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
                <input type="hidden" name="seen" value=moving.to_string()/>
                <FieldMessage name="from"/>
                <FieldMessage name="to"/>
                <TextArea name="reason" label=tr!("ownership.transfer.reason") hint=tr!("ownership.transfer.reason_hint") rows=2/>
                <Submit label=tr!("ownership.transfer.apply", n = moving)/>
            </PostForm>
        </Card>
        <Card title=tr!("ownership.transfer.hcps")>
            {(moving > NAMES_MOST).then(|| view! {
                <p class="mb-2 text-sm text-base-content/70">{tr!("ownership.transfer.first_names", n = NAMES_MOST)}</p>
            })}
            <MovedList hcps=preview.hcps/>
        </Card>
    }
    .into_any()
}
