//! 日程: the calendar of planned visits and to-dos.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::shared::Permission;
use crate::ui::boot::{boot, may, refresh};
use crate::ui::form::{
    Checkbox, Confirm, Field, FieldMessage, PostForm, Select, Submit, TextArea, came_back,
};
use crate::ui::list::param;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};
use crate::visit::api::*;
use crate::visit::model::{
    CHANNELS, Calendar, CalendarDay, PlanChoices, PlanRow, Suggestion, channel_label, warning_label,
};

/// A week or a month.
#[component]
pub fn Plans() -> impl IntoView {
    let (day, span, person) = (param("day"), param("span"), param("person"));
    let calendar = Resource::new(
        move || (day.get(), span.get() == "month", person.get(), refresh()),
        |(day, month, person, _)| get_calendar(day, month, person),
    );
    let (hcp, text) = (param("hcp"), param("text"));
    let choices = Resource::new(
        move || (day.get(), hcp.get(), text.get(), refresh()),
        |(day, hcp, text, _)| async move {
            if may(Permission::RecordVisits) {
                get_plan_choices(day, hcp, text).await.map(Some)
            } else {
                Ok(None)
            }
        },
    );
    let month = move || span.with(|s| s == "month");
    view! {
        <PageTitle title=tr!("plan.title")>
            <a class="btn btn-sm min-h-10" href="/tasks">{tr!("task.title")}</a>
            {may(Permission::RecordVisits).then(|| view! { <a class="btn btn-sm btn-primary min-h-10" href="#new-plan" rel="external">{tr!("plan.new")}</a> })}
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let month = month();
                outcome(calendar.await, move |calendar| view! { <Shown calendar=calendar month=month/> })
            })}
        </Suspense>
        <Suspense>
            {move || Suspend::new(async move {
                let shown = person.get().is_empty();
                match choices.await {
                    Ok(Some(choices)) if shown => view! { <NewPlan choices=choices day=day.get()/> }.into_any(),
                    _ => ().into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Shown(calendar: Calendar, month: bool) -> impl IntoView {
    let today = boot().today;
    let person = param("person").get_untracked();
    let whose = if person.is_empty() {
        String::new()
    } else {
        format!("&person={person}")
    };
    let span = format!("{}{whose}", if month { "&span=month" } else { "" });
    let first = calendar
        .days
        .first()
        .map(|d| d.day.clone())
        .unwrap_or_default();
    let last = calendar
        .days
        .last()
        .map(|d| d.day.clone())
        .unwrap_or_default();
    let other = if month {
        (
            format!("/plans?day={}{whose}", calendar.day),
            tr!("plan.week"),
        )
    } else {
        (
            format!("/plans?day={}&span=month{whose}", calendar.day),
            tr!("plan.month"),
        )
    };
    let days = calendar.days;
    let this_month = calendar.day.get(..7).unwrap_or_default().to_owned();
    let own = calendar.person.is_none();
    view! {
        {calendar.person.map(|name| view! { <p class="mb-2 font-semibold">{name}</p> })}
        <nav class="mb-3 flex flex-wrap items-center gap-2" aria-label=tr!("plan.title")>
            <a class="btn btn-sm min-h-10" href=format!("/plans?day={}{span}", calendar.before)>{if month { tr!("plan.month_before") } else { tr!("plan.week_before") }}</a>
            <a class="btn btn-sm min-h-10" href=format!("/plans?day={today}{span}")>{tr!("plan.today")}</a>
            <a class="btn btn-sm min-h-10" href=format!("/plans?day={}{span}", calendar.after)>{if month { tr!("plan.month_after") } else { tr!("plan.week_after") }}</a>
            <span class="num text-sm">{if month { this_month.clone() } else { format!("{first} – {last}") }}</span>
            <a class="btn btn-sm ms-auto min-h-10" href=other.0>{other.1}</a>
        </nav>
        {if month {
            view! { <Month days=days month=this_month today=today whose=whose/> }.into_any()
        } else {
            view! { <div class="space-y-3">{days.into_iter().map(|day| view! { <DayCard today=day.day == today day=day own=own whose=whose.clone()/> }).collect_view()}</div> }.into_any()
        }}
    }
}

/// The name of a day of the week, from 0 for Monday.
fn weekday(i: usize) -> String {
    crate::terminal::model::weekday_label(i as i64 + 1)
}

/// A month: each day with its numbers leads to its week.
#[component]
fn Month(
    days: Vec<CalendarDay>,
    month: String,
    today: String,
    /// What names somebody else in addresses.
    whose: String,
) -> impl IntoView {
    view! {
        <div class="mb-4 grid grid-cols-7 gap-px overflow-hidden rounded-box border border-base-300 bg-base-300 text-sm">
            {(0..7).map(|i| view! { <div class="overflow-hidden whitespace-nowrap bg-base-200 p-1 text-center">{weekday(i)}</div> }).collect_view()}
            {days.into_iter().map(|day| {
                let within = day.day.starts_with(&month);
                let here = day.day == today;
                let number = day.day.get(8..).unwrap_or_default().to_owned();
                let open = day.plans.iter().filter(|p| p.visit_id.is_none()).count();
                let tasks = day.tasks.iter().filter(|t| !t.3).count();
                view! {
                    <a href=format!("/plans?day={}{whose}", day.day) class=if within { "flex min-h-16 flex-col bg-base-100 p-1 hover:bg-base-200" } else { "flex min-h-16 flex-col bg-base-200 p-1 text-base-content/70" }>
                        <span class=if here { "num font-bold text-primary" } else { "num" }>{number}</span>
                        {(open > 0).then(|| view! { <span class="num badge badge-primary badge-xs">{open}<span class="sr-only">{tr!("plan.legend_plans")}</span></span> })}
                        {(tasks > 0).then(|| view! { <span class="num badge badge-warning badge-xs mt-1">{tasks}<span class="sr-only">{tr!("plan.legend_tasks")}</span></span> })}
                        {(day.visits > 0).then(|| view! { <span class="num mt-1 text-xs">{tr!("plan.visited", n = day.visits)}</span> })}
                    </a>
                }
            }).collect_view()}
        </div>
        <p class="mb-4 flex flex-wrap gap-3 text-sm text-base-content/70">
            <span><span class="badge badge-primary badge-xs me-1"></span>{tr!("plan.legend_plans")}</span>
            <span><span class="badge badge-warning badge-xs me-1"></span>{tr!("plan.legend_tasks")}</span>
        </p>
    }
}

/// A day of the week: planned visits in the order of the way, and to-dos.
#[component]
fn DayCard(
    day: CalendarDay,
    today: bool,
    own: bool,
    /// What names somebody else in addresses.
    whose: String,
) -> impl IntoView {
    let empty = day.plans.is_empty() && day.tasks.is_empty();
    let class = if today {
        "rounded-box border-2 border-primary bg-base-100 p-3"
    } else {
        "rounded-box border border-base-300 bg-base-100 p-3"
    };
    let named = crate::visit::model::weekday_of(&day.day);
    let of_day = format!("/visits?from={0}&to={0}{whose}", day.day);
    view! {
        <section class=class>
            <h2 class="num flex flex-wrap items-center gap-2 font-semibold">
                {day.day}" "{named}
                {(day.visits > 0).then(|| view! {
                    <a class="badge badge-success badge-sm" href=of_day>{tr!("plan.visited", n = day.visits)}</a>
                })}
                {(day.checkins > 0).then(|| view! { <span class="badge badge-ghost badge-sm">{tr!("plan.checked_in", n = day.checkins)}</span> })}
            </h2>
            {empty.then(|| view! { <p class="text-sm text-base-content/70">{tr!("plan.nothing")}</p> })}
            <ol>{day.plans.into_iter().map(|plan| view! { <Plan plan=plan own=own/> }).collect_view()}</ol>
            <ul>
                {day.tasks.into_iter().map(|(_, starts, title, done)| view! {
                    <li class="flex gap-2 py-1">
                        <span class="badge badge-warning badge-sm mt-1">{tr!("task.one")}</span>
                        <a class="link link-hover min-w-0 break-words" class:line-through=done href="/tasks"><span class="num">{starts}</span>" "{title}</a>
                    </li>
                }).collect_view()}
            </ul>
        </section>
    }
}

/// A planned visit with what it warns of.
#[component]
pub fn Plan(plan: PlanRow, own: bool) -> impl IntoView {
    let id = StoredValue::new(plan.id);
    let repeats = plan.repeats;
    let who = plan.hcp.map(
        |(id, name)| view! { <a class="link font-medium" href=format!("/hcps/{id}")>{name}</a>" " },
    );
    let start = plan.starts.clone();
    view! {
        <li class="border-b border-base-300 py-2 last:border-0">
            <p class="flex flex-wrap items-center gap-x-2">
                {(!plan.starts.is_empty()).then(|| view! { <span class="num font-medium">{plan.starts}</span> })}
                {who}
                <span class="break-words">{plan.place}</span>
                <span class="badge badge-ghost badge-sm">{channel_label(&plan.channel)}</span>
                {repeats.then(|| view! { <span class="badge badge-ghost badge-sm">{tr!("plan.repeats")}</span> })}
                {plan.metres.map(|m| view! { <span class="num text-sm text-base-content/70">{tr!("plan.onward", km = format!("{:.1}", m / 1000.0))}</span> })}
            </p>
            {(!plan.note.is_empty()).then(|| view! { <p class="break-words text-sm">{plan.note}</p> })}
            {plan.warnings.iter().map(|w| view! { <span class="badge badge-warning badge-sm me-1">{warning_label(w)}</span> }).collect_view()}
            {match plan.visit_id {
                Some(visit) => view! { <a class="link text-sm" href=format!("/visits/{visit}")>{tr!("plan.done")}</a> }.into_any(),
                None if own && may(Permission::RecordVisits) => view! {
                    <div class="mt-2 flex flex-wrap items-start gap-2">
                        <a class="btn btn-sm btn-primary min-h-10" rel="external" href=format!("/visits/new?plan={}", id.get_value())>{tr!("visit.record")}</a>
                        <details class="max-lg:open:basis-full" open=came_back(MovePlan::url(), &id.get_value()).is_some()>
                            <summary class="btn btn-sm min-h-10 list-none">{tr!("plan.move")}</summary>
                            <PostForm to=MovePlan::url() about=id.get_value() class="mt-2 flex flex-wrap items-end gap-x-2">
                                <input type="hidden" name="id" value=id.get_value()/>
                                <Field name="day" kind="date" label=tr!("task.day") value=plan.day required=true/>
                                <Field name="starts" kind="time" label=tr!("task.time") value=start/>
                                <div class="mb-3"><Submit label=tr!("plan.move") class="btn min-h-10"/></div>
                            </PostForm>
                        </details>
                        <Confirm to=CancelPlan::url() label=tr!("plan.cancel") explain=tr!("plan.cancel_explain")>
                            <input type="hidden" name="id" value=id.get_value()/>
                            {repeats.then(|| view! { <Checkbox name="following" label=tr!("plan.following")/> })}
                        </Confirm>
                    </div>
                }.into_any(),
                None => ().into_any(),
            }}
        </li>
    }
}

/// Whom to visit, and the form of a plan.
#[component]
fn NewPlan(choices: PlanChoices, day: String) -> impl IntoView {
    let day = if day.is_empty() { boot().today } else { day };
    let mut people = vec![(String::new(), tr!("plan.no_hcp"))];
    let searched = param("text").get_untracked();
    // Who was searched or asked for is meant.
    let chosen = choices
        .people
        .first()
        .map(|(id, _)| id.clone())
        .unwrap_or_default();
    let none_found = !searched.is_empty() && choices.people.is_empty();
    people.extend(choices.people);
    people.extend(
        choices
            .suggestions
            .iter()
            .filter(|s| s.hcp_id != chosen)
            .map(|s| (s.hcp_id.clone(), format!("{} · {}", s.name, s.hospital))),
    );
    let mut places = vec![(String::new(), tr!("plan.hcp_place"))];
    places.extend(choices.terminals);
    let channels: Vec<(String, String)> = CHANNELS
        .iter()
        .map(|c| ((*c).to_owned(), channel_label(c)))
        .collect();
    let repeats = vec![
        (String::new(), tr!("plan.once")),
        ("weekly".to_owned(), tr!("plan.weekly")),
        ("biweekly".to_owned(), tr!("plan.biweekly")),
        ("monthly".to_owned(), tr!("plan.monthly")),
    ];
    let suggestions = choices.suggestions;
    let for_day = StoredValue::new(day.clone());
    view! {
        <div class="mt-6" id="new-plan">
            {(!suggestions.is_empty()).then(|| view! {
                <Card title=tr!("plan.suggestions")>
                    <ul class="divide-y divide-base-300">
                        {suggestions.into_iter().map(|s| view! { <Suggested suggestion=s day=for_day.get_value()/> }).collect_view()}
                    </ul>
                </Card>
            })}
            <Card title=tr!("plan.new")>
                <form method="get" action="/plans" class="mb-3 flex flex-wrap items-end gap-2" role="search" autocomplete="off">
                    <input type="hidden" name="day" value=day.clone()/>
                    <label class="grow sm:max-w-80">
                        <span class="mb-1 block text-sm font-medium">{tr!("plan.search")}</span>
                        <input type="search" name="text" class="input w-full" value=searched/>
                    </label>
                    <button class="btn">{tr!("ui.search")}</button>
                </form>
                {none_found.then(|| view! { <p class="mb-3 text-sm" role="status">{tr!("plan.none_found")}</p> })}
                <PostForm to=AddPlan::url() about="new">
                    <Select name="hcp" label=tr!("plan.hcp") options=people value=chosen/>
                    <Select name="terminal" label=tr!("visit.terminal") options=places/>
                    <FieldMessage name="terminal"/>
                    <div class="grid grid-cols-2 gap-x-3">
                        <Field name="day" kind="date" label=tr!("task.day") value=day required=true/>
                        <Field name="starts" kind="time" label=tr!("task.time")/>
                        <Select name="channel" label=tr!("visit.channel") options=channels/>
                        <Select name="repeat" label=tr!("plan.repeat") options=repeats/>
                    </div>
                    <Field name="until" kind="date" label=tr!("plan.until") hint=tr!("plan.until_hint")/>
                    <TextArea name="note" label=tr!("task.note") rows=2/>
                    <Submit label=tr!("plan.add")/>
                </PostForm>
            </Card>
        </div>
    }
}

/// An HCP who is due, planned by one tap.
#[component]
fn Suggested(suggestion: Suggestion, day: String) -> impl IntoView {
    let s = suggestion;
    let short = day.get(5..).unwrap_or_default().to_owned();
    let mut why = vec![tr!("plan.why_goal", n = s.visits, goal = s.goal)];
    why.push(match s.last {
        Some(day) => tr!("plan.why_last", day = day),
        None => tr!("plan.why_never"),
    });
    if s.reads > 0 {
        why.push(tr!("plan.why_reads", n = s.reads));
    }
    if s.nearby {
        why.push(tr!("plan.why_nearby"));
    }
    view! {
        <li class="flex flex-wrap items-center gap-3 py-2">
            <div class="min-w-0 grow basis-48">
                <a class="link font-medium" href=format!("/hcps/{}", s.hcp_id)>{s.name}</a>
                <span class="ms-2 text-sm">{s.hospital}</span>
                <p class="num text-sm text-base-content/70">{why.join(" · ")}</p>
            </div>
            <PostForm to=AddPlan::url() about=s.hcp_id.clone()>
                <input type="hidden" name="hcp" value=s.hcp_id/>
                <input type="hidden" name="day" value=day/>
                <input type="hidden" name="channel" value="face"/>
                <Submit label=tr!("plan.take", day = &short) class="btn btn-sm min-h-10"/>
            </PostForm>
        </li>
    }
}
