//! 拜访记录.

use leptos::prelude::*;

use super::{Flags, stars_text};
use crate::shared::{Permission, Role};
use crate::ui::boot::{boot, may, refresh};
use crate::ui::list::{
    FilterDays, FilterSelect, FilterText, Filters, page_param, param, rows_or_empty,
};
use crate::ui::parts::{Loading, PageTitle, outcome};
use crate::visit::api::list_visits;
use crate::visit::model::{REVIEWS, VisitRow, channel_label, review_label};

/// Records of visits within scope.
#[component]
pub fn VisitList() -> impl IntoView {
    let (text, state, from, to) = (param("text"), param("state"), param("from"), param("to"));
    let (hcp, person, page) = (param("hcp"), param("person"), page_param());
    let visits = Resource::new(
        move || {
            (
                text.get(),
                state.get(),
                (from.get(), to.get()),
                (hcp.get(), person.get()),
                page.get(),
                refresh(),
            )
        },
        |(text, state, (from, to), (hcp, person), page, _)| {
            list_visits(text, String::new(), from, to, state, hcp, person, page)
        },
    );
    let alone = boot()
        .me
        .is_some_and(|me| matches!(me.role, Role::Rep | Role::OtcRep | Role::TradeRep));
    let mut states = Vec::new();
    if may(Permission::ReviewVisits) {
        states.push(("waiting".to_owned(), tr!("visit.state_waiting")));
    }
    states.extend(REVIEWS.iter().map(|s| ((*s).to_owned(), review_label(s))));
    states.push(("flagged".to_owned(), tr!("visit.state_flagged")));
    view! {
        <PageTitle title=tr!("visit.records")>
            {may(Permission::RecordVisits).then(|| view! { <a class="btn btn-sm btn-primary min-h-10" rel="external" href="/visits/new">{tr!("visit.record")}</a> })}
            <a class="btn btn-sm min-h-10" href="/visits/compare">{tr!("visit.compare")}</a>
        </PageTitle>
        <Filters action="/visits">
            {(!alone).then(|| view! { <FilterText name="text" label=tr!("visit.search")/> })}
            <FilterSelect name="state" called=tr!("visit.state") label=tr!("visit.any_state") options=states/>
            <FilterDays labels=[tr!("visit.from"), tr!("visit.to")] values=[from.into(), to.into()]/>
            <input type="hidden" name="person" value=person.get_untracked() prop:value=person/>
            <input type="hidden" name="hcp" value=hcp.get_untracked() prop:value=hcp/>
        </Filters>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(visits.await, |page| rows_or_empty(page, tr!("visit.no_records"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| {
                            let href = format!("/visits/{}", row.id);
                            view! { <li><a class="block p-3 hover:bg-base-200" href=href><Summary row=row/></a></li> }
                        }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

/// Who met whom, when and where.
#[component]
pub fn Summary(row: VisitRow) -> impl IntoView {
    let mut met: Vec<String> = row.hcps.into_iter().map(|(_, name)| name).collect();
    if row.others > 0 {
        met.push(tr!("visit.others", n = row.others));
    }
    let met = if met.is_empty() {
        tr!("visit.nobody_named")
    } else {
        met.join(&tr!("ui.comma"))
    };
    let place = if row.place.is_empty() {
        tr!("visit.no_terminal")
    } else {
        row.place
    };
    view! {
        <span class="flex flex-wrap items-center gap-2">
            <span class="break-words font-medium">{met}</span>
            <span class="badge badge-ghost badge-sm">{channel_label(&row.channel)}</span>
            // What somebody has to do stands out.
            <span class=if row.review == "change" { "badge badge-warning badge-sm" } else { "badge badge-outline badge-sm" }>{review_label(&row.review)}</span>
            {row.stars.map(|n| view! { <span class="text-sm" role="img" aria-label=tr!("visit.stars_n", n = n)>{stars_text(n)}</span> })}
        </span>
        <span class="num block text-sm text-base-content/70">{row.day}" "{row.time}" · "{place}{(!row.mine).then(|| format!(" · {} · {}", row.by, row.unit))}</span>
        <Flags flags=row.flags/>
    }
}
