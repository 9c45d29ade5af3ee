//! 签到表.

use leptos::prelude::*;

use crate::ui::boot::boot;
use crate::ui::list::{FilterText, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, Stat, outcome};
use crate::visit::api::checkin_sheet;
use crate::visit::model::{CheckinRow, Offset, Sheet, SheetDay, flag_label};

/// The monthly sheet of check-ins within scope, a day as a line of stops.
#[component]
pub fn CheckinSheet() -> impl IntoView {
    let (month, text, page) = (param("month"), param("text"), page_param());
    let sheet = Resource::new(
        move || (month.get(), text.get(), page.get()),
        |(month, text, page)| checkin_sheet(month, text, String::new(), page),
    );
    let this_month = boot().today.get(..7).unwrap_or_default().to_owned();
    let shown = move || {
        let asked = month.get();
        if asked.is_empty() {
            this_month.clone()
        } else {
            asked
        }
    };
    let file = {
        let shown = shown.clone();
        move || format!("/checkins/sheet.xlsx?month={}&text={}", shown(), text.get())
    };
    view! {
        <PageTitle title=tr!("visit.sheet")>
            <a class="btn btn-sm btn-primary min-h-10" rel="external" href="/checkin">{tr!("visit.checkin")}</a>
            <a class="btn btn-sm min-h-10" rel="external" download="" href=file>{tr!("visit.export")}</a>
        </PageTitle>
        <form method="get" action="/checkins" class="mb-4 flex flex-wrap items-end gap-2" role="search" autocomplete="off">
            <label>
                <span class="sr-only">{tr!("visit.month")}</span>
                <input type="month" name="month" class="input w-44" value=shown.clone() prop:value=shown/>
            </label>
            <FilterText name="text" label=tr!("visit.search")/>
            <button class="btn btn-primary">{tr!("ui.search")}</button>
        </form>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(sheet.await, |sheet| view! { <Shown sheet=sheet/> }) })}
        </Suspense>
    }
}

#[component]
fn Shown(sheet: Sheet) -> impl IntoView {
    view! {
        <div class="mb-4 grid grid-cols-3 gap-2">
            <Stat name=tr!("visit.checkins") value=sheet.checkins.to_string()/>
            <Stat name=tr!("visit.people") value=sheet.people.to_string()/>
            <Stat name=tr!("visit.flagged") value=sheet.flagged.to_string()/>
        </div>
        {rows_or_empty(sheet.days, tr!("visit.none_month"), |days| view! {
            <ul class="space-y-3">{days.into_iter().map(|day| view! { <Day day=day/> }).collect_view()}</ul>
        })}
    }
}

#[component]
fn Day(day: SheetDay) -> impl IntoView {
    let count = day.rows.len();
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 p-4">
            <div class="flex flex-wrap items-center gap-x-3">
                <span class="font-medium">{day.name}</span>
                <span class="num text-sm text-base-content/70">{day.account}" · "{day.unit}</span>
                <span class="num ms-auto">{day.day}</span>
                <span class="num badge badge-ghost">{tr!("visit.count", n = count)}</span>
            </div>
            <ol class="mt-2 border-s-2 border-base-300 ps-4">
                {day.rows.into_iter().map(|row| view! { <Stop row=row/> }).collect_view()}
            </ol>
        </li>
    }
}

/// A check-in as one stop of a day.
#[component]
pub fn Stop(row: CheckinRow) -> impl IntoView {
    let kind = if row.kind == "in" {
        tr!("visit.kind_in")
    } else {
        tr!("visit.kind_out")
    };
    let place = if row.place.is_empty() {
        tr!("visit.no_terminal")
    } else {
        row.place
    };
    let facts: Vec<String> = [
        row.distance
            .map(|m| tr!("visit.distance", n = format!("{m:.0}"))),
        row.accuracy
            .map(|m| tr!("visit.accuracy", n = format!("{m:.0}"))),
        row.received.map(|at| tr!("visit.received", at = at)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let photo = row.photo.then(|| format!("/checkins/{}/photo", row.id));
    view! {
        <li class="py-2">
            <div class="flex items-start gap-3">
                <div class="min-w-0 grow">
                    <span class="num font-medium">{row.time}</span>" "{kind}" · "<span class="break-words">{place}</span>
                    {(!facts.is_empty()).then(|| view! { <span class="num block text-sm text-base-content/70">{facts.join(" · ")}</span> })}
                    {row.flags.iter().map(|flag| view! { <span class="badge badge-warning badge-sm me-1">{flag_label(flag)}</span> }).collect_view()}
                    {photo.map(|href| view! { <a class="link block text-sm" rel="external" href=href>{tr!("visit.see_photo")}</a> })}
                </div>
                {row.offset.map(|offset| view! { <SmallPlan offset=offset accuracy=row.accuracy.unwrap_or_default()/> })}
            </div>
        </li>
    }
}

/// A simple plan without any outside service: the terminal in the middle of the circle within which one counts as there,
/// and where the phone was, in the circle of its accuracy. North is up.
#[component]
fn SmallPlan(offset: Offset, accuracy: f64) -> impl IntoView {
    // What lies far outside stands at the edge, in its direction.
    let reach = offset.east.hypot(offset.north);
    let half = (offset.radius * 1.3).max((reach + accuracy).min(offset.radius * 4.0));
    let scale = 40.0 / half;
    let held = if reach > half { half / reach } else { 1.0 };
    let (x, y) = (
        50.0 + offset.east * held * scale,
        50.0 - offset.north * held * scale,
    );
    let there = reach <= offset.radius;
    let label = tr!(
        "visit.plan_label",
        n = format!("{reach:.0}"),
        radius = format!("{:.0}", offset.radius)
    );
    let dot = if there { "text-primary" } else { "text-error" };
    view! {
        <svg viewBox="0 0 100 100" class="size-20 shrink-0 rounded-box border border-base-300 bg-base-100" role="img" aria-label=label>
            <circle cx="50" cy="50" r=format!("{:.1}", offset.radius * scale) class="fill-none stroke-current text-base-content/60" stroke-dasharray="3 2"/>
            <path d="M47 50h6M50 47v6" class="stroke-current" stroke-width="1.5"/>
            <g class=dot>
                <circle cx=format!("{x:.1}") cy=format!("{y:.1}") r=format!("{:.1}", (accuracy * scale).clamp(3.0, 40.0)) class="fill-current" opacity="0.2"/>
                <circle cx=format!("{x:.1}") cy=format!("{y:.1}") r="2.5" class="fill-current"/>
            </g>
        </svg>
    }
}
