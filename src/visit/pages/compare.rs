//! 拜访对比: people or weeks side by side.

use leptos::prelude::*;

use crate::ui::list::{
    FilterDays, FilterSelect, FilterText, Filters, page_param, param, rows_or_empty,
};
use crate::ui::parts::{Loading, PageTitle, Stat, outcome};
use crate::visit::api::compare_visits;
use crate::visit::model::{CompareRow, Comparison};

/// People or weeks within scope, in several dimensions; each share with its fraction.
#[component]
pub fn VisitCompare() -> impl IntoView {
    let (from, to, by) = (param("from"), param("to"), param("by"));
    let (text, sort, page) = (param("text"), param("sort"), page_param());
    let found = Resource::new(
        move || {
            (
                (from.get(), to.get()),
                by.get(),
                text.get(),
                sort.get(),
                page.get(),
            )
        },
        |((from, to), by, text, sort, page)| {
            compare_visits(from, to, by, String::new(), text, sort, page)
        },
    );
    // The first of each is what is shown unless something else is asked for.
    let ways = vec![("week".to_owned(), tr!("visit.by_week"))];
    let sorts = vec![
        ("met".to_owned(), tr!("visit.sort_met")),
        ("kept".to_owned(), tr!("visit.sort_kept")),
        ("checked_in".to_owned(), tr!("visit.sort_checked_in")),
        ("stars".to_owned(), tr!("visit.sort_stars")),
    ];
    view! {
        <PageTitle title=tr!("visit.compare")>
            <a class="btn btn-sm min-h-10" href="/visits">{tr!("visit.records")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || {
                let (ways, sorts) = (ways.clone(), sorts.clone());
                Suspend::new(async move { outcome(found.await, move |found| { let (from, to) = (found.from.clone(), found.to.clone()); view! {
                    <Filters action="/visits/compare">
                        <FilterText name="text" label=tr!("visit.search")/>
                        <FilterSelect name="by" called=tr!("ui.grouping") label=tr!("visit.by_person") options=ways/>
                        <FilterSelect name="sort" called=tr!("ui.ordering") label=tr!("visit.sort_first") options=sorts/>
                        <FilterDays labels=[tr!("visit.from"), tr!("visit.to")] values=[from.into(), to.into()]/>
                    </Filters>
                    <Shown found=found by_week=by.get_untracked() == "week"/>
                } }) })
            }}
        </Suspense>
    }
}

/// A share and its fraction; "—" where there is nothing to share.
fn share(part: i64, whole: i64) -> (String, String) {
    if whole == 0 {
        return ("—".to_owned(), String::new());
    }
    let percent = format!("{:.0}%", part as f64 * 100.0 / whole as f64);
    (percent, format!("{part}/{whole}"))
}

/// An average and of how many.
fn average(sum: i64, n: i64) -> (String, String) {
    if n == 0 {
        return ("—".to_owned(), String::new());
    }
    let average = format!("{:.1}", sum as f64 / n as f64);
    (average, tr!("visit.of_reviews", n = n))
}

/// A number of the table with what it is of.
#[component]
fn Of(number: (String, String)) -> impl IntoView {
    let (number, of) = number;
    view! {
        <td class="num text-end">{number}{(!of.is_empty()).then(|| view! { <span class="ms-1 text-sm text-base-content/70">{of}</span> })}</td>
    }
}

#[component]
fn Shown(found: Comparison, by_week: bool) -> impl IntoView {
    let total = found.total;
    let (kept, of_planned) = share(total.kept, total.planned);
    let (stars, of_starred) = average(total.stars, total.starred);
    view! {
        <p class="num mb-2 text-sm text-base-content/70">{found.from}" – "{found.to}</p>
        <div class="mb-4 grid grid-cols-2 gap-2 sm:grid-cols-4">
            <Stat name=tr!("visit.sort_visits") value=total.visits.to_string()/>
            <Stat name=tr!("visit.sort_met") value=total.met.to_string()/>
            <Stat name=tr!("visit.sort_kept") value=kept note=of_planned/>
            <Stat name=tr!("visit.sort_stars") value=stars note=of_starred/>
        </div>
        {rows_or_empty(found.rows, tr!("visit.no_records"), |rows| view! {
            <div class="overflow-x-auto rounded-box border border-base-300 bg-base-100" tabindex="0" role="region" aria-label=tr!("visit.compare")>
                <table class="table">
                    <thead>
                        <tr>
                            <th>{if by_week { tr!("visit.of_week") } else { tr!("visit.of_person") }}</th>
                            <th class="text-end">{tr!("visit.sort_visits")}</th>
                            <th class="text-end">{tr!("visit.sort_met")}</th>
                            <th class="text-end">{tr!("visit.materials")}</th>
                            <th class="text-end">{tr!("visit.sort_kept")}</th>
                            <th class="text-end">{tr!("visit.sort_checked_in")}</th>
                            <th class="text-end">{tr!("visit.sort_stars")}</th>
                        </tr>
                    </thead>
                    <tbody>{rows.into_iter().map(|row| view! { <Line row=row/> }).collect_view()}</tbody>
                </table>
            </div>
        })}
    }
}

#[component]
fn Line(row: CompareRow) -> impl IntoView {
    let name = if row.name.is_empty() {
        view! { <span class="num">{tr!("visit.week_of", day = &row.key)}</span> }.into_any()
    } else {
        let href = format!("/visits?person={}", row.key);
        view! {
            <a class="link whitespace-nowrap" href=href>{row.name}</a>
            <span class="block text-sm text-base-content/70">{row.unit}</span>
        }
        .into_any()
    };
    view! {
        <tr>
            <td>{name}</td>
            <td class="num text-end">{row.visits}</td>
            <td class="num text-end">{row.met}</td>
            <td class="num text-end">{row.materials}</td>
            <Of number=share(row.kept, row.planned)/>
            <Of number=share(row.checked_in, row.visits)/>
            <Of number=average(row.stars, row.starred)/>
        </tr>
    }
}
