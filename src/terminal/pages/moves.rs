//! 批量移交: giving many terminals at once. The choice stands in the address; what would happen is shown first.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::{LineChoices, Reps, province_choices};
use crate::terminal::api::{MoveTerminals, plan_move};
use crate::terminal::model::{MoveForm, MovePreview, TerminalFilter, kind_label, line_label};
use crate::ui::boot::refresh;
use crate::ui::form::{FieldMessage, PostForm, Submit};
use crate::ui::list::{AskField, FilterSelect, FilterText, param};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, Stat, outcome};

/// A move: choose terminals, receiver and day, see what would happen, carry it out.
#[component]
pub fn TerminalMove() -> impl IntoView {
    let (text, province, kind, level) = (
        param("text"),
        param("province"),
        param("kind"),
        param("level"),
    );
    let (holder, line, to, from) = (param("holder"), param("line"), param("to"), param("from"));
    let data = Resource::new(
        move || {
            let filter = TerminalFilter {
                text: text.get(),
                province: province.get(),
                kind: kind.get(),
                level: level.get(),
                holder: holder.get(),
                line: line.get(),
                ..TerminalFilter::default()
            };
            (filter, to.get(), from.get(), refresh())
        },
        |(filter, to, from, _)| plan_move(filter, to, from),
    );
    view! {
        <PageTitle title=tr!("terminals.move")>
            <a class="btn btn-sm min-h-10" href="/terminals">{tr!("terminals.all")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(data.await, |data| view! { <Body data=data/> }) })}
        </Suspense>
    }
}

#[component]
fn Body(data: MoveForm) -> impl IntoView {
    let MoveForm {
        filter,
        to,
        from,
        faults,
        provinces,
        kinds,
        levels,
        lines,
        reps,
        preview,
    } = data;
    let fault = move |field: &str| {
        let found = faults.iter().find(|(of, _)| of == field);
        found.map(|(_, key)| crate::ui::locale::lookup(key))
    };
    let kinds = kinds
        .into_iter()
        .map(|k| (k.clone(), kind_label(&k)))
        .collect();
    let levels = levels.into_iter().map(|l| (l.clone(), l)).collect();
    let asked = [
        ("text", filter.text.clone()),
        ("province", filter.province.clone()),
        ("kind", filter.kind.clone()),
        ("level", filter.level.clone()),
        ("holder", filter.holder.clone()),
        ("line", filter.line.clone()),
        ("to", to.clone()),
        ("from", from.clone()),
    ];
    let day = from.clone();
    view! {
        <Reps reps=reps/>
        <LineChoices lines=lines/>
        <Card>
            <form method="get" action="/terminals/move" role="search" autocomplete="off">
                <fieldset class="mb-3">
                    <legend class="mb-2 font-medium">{tr!("terminals.which")}</legend>
                    <div class="flex flex-wrap gap-2">
                        <FilterText name="text" label=tr!("terminals.search")/>
                        <FilterSelect name="province" label=tr!("terminals.any_province") options=province_choices(provinces)/>
                        <FilterSelect name="kind" label=tr!("terminals.any_kind") options=kinds/>
                        <FilterSelect name="level" label=tr!("terminals.any_level") options=levels/>
                    </div>
                </fieldset>
                <div class="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
                    <AskField name="holder" label=tr!("terminals.of_holder") value=filter.holder fault=fault("holder") list="reps"/>
                    <AskField name="line" label=tr!("terminals.line") value=filter.line fault=fault("line") list="lines"/>
                    <AskField name="to" label=tr!("terminals.receiver") value=to fault=fault("to") list="reps" required=true/>
                    <AskField name="from" label=tr!("terminals.from") value=from fault=fault("from") kind="date" required=true/>
                </div>
                <p class="mt-2 text-sm text-base-content/70">{tr!("terminals.move_hint")}</p>
                <button class="btn btn-primary mt-3">{tr!("terminals.move_preview")}</button>
            </form>
        </Card>
        {preview.map(|preview| view! { <Preview preview=preview asked=asked.to_vec() day=day/> })}
    }
}

#[component]
fn Preview(preview: MovePreview, asked: Vec<(&'static str, String)>, day: String) -> impl IntoView {
    let MovePreview {
        moving,
        same,
        later,
        givers,
        rows,
        too_many,
    } = preview;
    let line = asked
        .iter()
        .find(|(name, _)| *name == "line")
        .filter(|(_, line)| !line.is_empty())
        .map_or_else(|| line_label("default"), |(_, line)| line.clone());
    let shown = rows.len() as i64;
    view! {
        <div class="mb-4 grid grid-cols-1 gap-2 sm:grid-cols-3">
            <Stat name=tr!("terminals.will_move") value=moving.to_string() note=tr!("terminals.will_move_in", line = line, day = day)/>
            <Stat name=tr!("terminals.stay_same") value=same.to_string()/>
            <Stat name=tr!("terminals.stay_later") value=later.to_string() note=tr!("terminals.stay_later_hint")/>
        </div>
        {(moving == 0).then(|| view! { <Empty text=tr!("terminals.nothing_moves")/> })}
        {too_many.then(|| view! { <p class="alert alert-warning mb-4 py-2" role="alert">{tr!("terminals.move_many")}</p> })}
        {(moving > 0).then(|| view! {
            <Card title=tr!("terminals.givers")>
                <ul class="divide-y divide-base-300">
                    {givers.into_iter().map(|(name, n)| view! {
                        <li class="flex flex-wrap gap-x-3 py-1">
                            <span class="me-auto">{name.unwrap_or_else(|| tr!("terminals.unassigned"))}</span>
                            <span class="num">{tr!("terminals.count", n = n)}</span>
                        </li>
                    }).collect_view()}
                </ul>
                {(!too_many).then(|| view! {
                    <PostForm to=MoveTerminals::url() class="mt-4">
                        {asked.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
                        <input type="hidden" name="seen" value=moving.to_string()/>
                        <FieldMessage name="to"/>
                        <Submit label=tr!("terminals.move_apply", n = moving)/>
                    </PostForm>
                })}
            </Card>
            <Card title=tr!("terminals.moving")>
                {(moving > shown).then(|| view! { <p class="mb-2 text-sm text-base-content/70">{tr!("terminals.first", n = shown)}</p> })}
                <ul class="divide-y divide-base-300">
                    {rows.into_iter().map(|row| view! {
                        <li class="flex flex-wrap items-center gap-x-3 py-1">
                            <a class="link min-w-0 break-words" href=format!("/terminals/{}", row.id)>{row.name}</a>
                            <span class="num me-auto text-sm text-base-content/70">{row.code}" · "{row.city}</span>
                            {(row.free > 0).then(|| view! { <span class="num text-sm">{tr!("terminals.free_hcps", n = row.free)}</span> })}
                            <span class="badge badge-ghost">{row.holder.unwrap_or_else(|| tr!("terminals.unassigned"))}</span>
                        </li>
                    }).collect_view()}
                </ul>
            </Card>
        })}
    }
}
