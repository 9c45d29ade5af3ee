//! 数据看板.

use leptos::prelude::*;

use super::filters::{Changed, Days, Narrow, options};
use super::{Formula, InsightNav, figure, linked, remember_board, slice_param};
use crate::insight::api::insight_board;
use crate::insight::model::{Board, BoardFilter, Number, Ranking, change, shown};
use crate::ui::boot::refresh;
use crate::ui::chart::{Chart, ChartKind};
use crate::ui::list::{FilterDays, FilterSelect, param};
use crate::ui::parts::{Busy, Loading, PageTitle, outcome, pending, unbroken};

/// A board with its filter in the address.
#[component]
pub fn Dashboard() -> impl IntoView {
    let slice = slice_param();
    let (board, compare) = (param("board"), param("compare"));
    let (span, span0) = (param("span"), param("span0"));
    let (from2, to2, unit2) = (param("from2"), param("to2"), param("unit2"));
    let filter = Memo::new(move |_| BoardFilter {
        board: board.get(),
        span: span.get(),
        span0: span0.get(),
        slice: slice.get(),
        compare: compare.get(),
        from2: from2.get(),
        to2: to2.get(),
        unit2: unit2.get(),
    });
    let data = Resource::new(
        move || (filter.get(), refresh()),
        |(filter, _)| insight_board(filter),
    );
    let busy = RwSignal::new(false);
    view! {
        <PageTitle title=tr!("insight.title")/>
        <InsightNav here="/insight"/>
        <Busy busy=busy/>
        <div aria-busy=move || busy.get().then_some("true")>
            <Transition fallback=Loading nostrip:set_pending=pending(busy)>
                {move || Suspend::new(async move {
                    outcome(data.await, |board| view! { <Whole board=board/> })
                })}
            </Transition>
        </div>
    }
}

#[component]
fn Whole(board: Board) -> impl IntoView {
    let filter = board.filter.clone();
    remember_board(filter.on(&filter.board));
    let tabs = (board.boards.len() > 1).then(|| {
        let links = board
            .boards
            .iter()
            .map(|(code, name)| {
                let here = *code == filter.board;
                let class = if here { "tab tab-active" } else { "tab" };
                view! { <a class=class aria-current=here.then_some("page") href=filter.on(code)>{name.clone()}</a> }
            })
            .collect_view();
        view! { <nav class="tabs tabs-border mb-4 flex-wrap" aria-label=tr!("insight.boards")>{links}</nav> }
    });
    let words = std::iter::once(board.days)
        .chain(board.narrowed.iter().cloned())
        .chain(std::iter::once(tr!(
            "insight.compared_with",
            what = board.compared
        )))
        .collect::<Vec<_>>()
        .join(" · ");
    let compares = filter.compare != "before";
    let clear = (!board.narrowed.is_empty() || compares).then(|| {
        let href = format!("/insight?board={}", board.filter.board);
        view! { <a class="link inline-flex min-h-10 items-center" href=href>{tr!("insight.clear")}</a> }
    });
    let groups = board.groups.iter().map(|(head, _)| head.clone());
    let charts = board.charts.iter().map(|chart| match chart.kind {
        ChartKind::Line => tr!("insight.over_time", name = chart.title),
        _ => chart.title.clone(),
    });
    let parts: Vec<(String, String)> = groups
        .enumerate()
        .map(|(i, name)| (format!("group-{i}"), name))
        .chain(
            charts
                .enumerate()
                .map(|(i, name)| (format!("chart-{i}"), name)),
        )
        .chain(
            board
                .rankings
                .iter()
                .map(|ranking| (format!("ranking-{}", ranking.by), ranking.title.clone())),
        )
        .collect();
    let groups = board
        .groups
        .into_iter()
        .enumerate()
        .map(|(i, (head, numbers))| {
            view! {
                <section id=format!("group-{i}") class="mb-4 scroll-mt-2">
                    <h2 class="mb-2 text-base font-semibold">{head}</h2>
                    <div class="grid grid-cols-[repeat(auto-fit,minmax(9.5rem,1fr))] gap-2">
                        {numbers.into_iter().map(|n| view! { <Figure number=n against=board.against.clone()/> }).collect_view()}
                    </div>
                </section>
            }
        })
        .collect_view();
    let charts = board
        .charts
        .into_iter()
        .enumerate()
        .map(|(i, data)| view! { <div id=format!("chart-{i}") class="min-w-0 scroll-mt-2 rounded-box border border-base-300 bg-base-100 p-4 lg:last:odd:col-span-2"><Chart data=data/></div> })
        .collect_view();
    let rankings = board
        .rankings
        .into_iter()
        .map(|ranking| view! { <Ranked ranking=ranking/> })
        .collect_view();
    let (choices, changed) = (board.choices, board.changed);
    // A closure's fields are made anew: they do not keep what was chosen in them for another address.
    let asked = move || {
        let (filter, choices, changed) = (filter.clone(), choices.clone(), changed.clone());
        view! { <Asked filter=filter choices=choices changed=changed/> }
    };
    view! {
        {tabs}
        {asked}
        <p class="num mb-1 flex flex-wrap items-center gap-x-3 text-sm text-base-content/80"><span>{words}</span>{clear}</p>
        <p class="mb-4 text-sm text-base-content/70">{tr!("insight.press_numbers")}{board.unfinished.then(|| format!(" {}", tr!("insight.unfinished")))}</p>
        <Jumps parts=parts/>
        {groups}
        <div class="mb-4 grid items-start gap-4 lg:grid-cols-2">{charts}</div>
        {rankings}
    }
}

/// Links to the parts of a board, which is many screens long on a phone: their ids and names.
#[component]
fn Jumps(parts: Vec<(String, String)>) -> impl IntoView {
    let links = parts
        .into_iter()
        .map(|(id, name)| view! { <a class="btn btn-sm min-h-10 shrink-0" href=format!("#{id}")>{name}</a> })
        .collect_view();
    view! { <nav class="-mx-4 mb-3 flex gap-2 overflow-x-auto px-4 py-1 max-sm:pe-10 max-sm:mask-r-from-[calc(100%-2.5rem)] sm:flex-wrap lg:hidden print:hidden" aria-label=tr!("insight.jump")>{links}</nav> }
}

/// The filters of a board.
#[component]
fn Asked(
    filter: BoardFilter,
    choices: crate::insight::model::Choices,
    changed: Vec<String>,
) -> impl IntoView {
    let compares = [
        ("year", tr!("insight.compare.year")),
        ("days", tr!("insight.compare.days")),
        ("unit", tr!("insight.compare.unit")),
    ];
    let units = choices.units.clone();
    // What is seldom needed is folded, unless it is in use.
    let open = filter.compare != "before"
        || !filter.slice.unit.is_empty()
        || !filter.slice.province.is_empty()
        || !filter.slice.specialty.is_empty()
        || !filter.slice.product.is_empty();
    view! {
        <form method="get" action="/insight" class="mb-4 rounded-box border border-base-300 bg-base-100 p-3" role="search" autocomplete="off">
            <input type="hidden" name="board" value=filter.board/>
            <div class="flex flex-wrap items-end gap-2">
                <Days slice=filter.slice.clone() span=filter.span.clone()/>
                <button class="btn btn-primary">{tr!("ui.show")}</button>
            </div>
            <Changed notices=changed/>
            <details class="mt-2" open=open>
                <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("insight.more_filters")}</summary>
                <div class="mt-1 flex flex-wrap items-end gap-2">
                    <Narrow choices=choices/>
                </div>
                <div class="mt-3 flex flex-wrap items-end gap-2">
                    <FilterSelect name="compare" label=tr!("insight.compare.before") options=options(compares)/>
                    <FilterDays names=["from2", "to2"] labels=[tr!("insight.compare.from"), tr!("insight.compare.to")] values=[filter.from2.into(), filter.to2.into()]/>
                    <FilterSelect name="unit2" label=tr!("insight.compare.which_unit") options=units/>
                </div>
            </details>
        </form>
    }
}

/// A number with its change, its fraction, and what it means.
#[component]
fn Figure(number: Number, against: String) -> impl IntoView {
    let of = number.of.as_ref().map(|of| of.n);
    let moved = number.before.as_ref().map(|(before, whole)| {
        let whole = whole.as_ref().map(|w| w.n);
        let text = change((number.now.n, of), (before.n, whole));
        (text, shown(before.n, whole), before.href.clone())
    });
    let text = number.text();
    let good = number.good;
    // Nothing in both periods needs no words.
    let nothing = number.now.n == 0
        && number
            .before
            .as_ref()
            .is_some_and(|(before, _)| before.n == 0);
    let compared = moved.filter(|_| !nothing).map(|(text, value, href)| {
        // Said by more than the colour: an arrow, and the sign.
        let still = text.as_deref().is_none_or(|t| t.trim_start_matches(['+', '-']).starts_with("0.0"));
        let down = text.as_deref().is_some_and(|t| t.starts_with('-'));
        let class = match good {
            _ if still => "text-base-content/70",
            0 => "text-base-content/80",
            good if down == (good > 0) => "font-semibold text-error",
            _ => "font-semibold text-base-content",
        };
        let arrow = match (still, down) {
            (true, _) => "",
            (_, true) => "▼ ",
            (_, false) => "▲ ",
        };
        view! {
            <div class="text-xs">
                {text.map(|text| view! { <span class=class>{arrow}{text}</span>" " })}
                <a class="inline-flex min-h-8 items-center underline decoration-dotted underline-offset-4 text-base-content/70" href=href>{against}" "{value}</a>
            </div>
        }
    });
    let fraction = number.of.clone().map(|of| {
        let part = number.now.clone();
        view! {
            <div class="text-xs">
                <a class="inline-flex min-h-8 items-center underline decoration-dotted underline-offset-4" href=part.href>{crate::ui::money::grouped(part.n)}</a>
                " / "
                <a class="inline-flex min-h-8 items-center underline decoration-dotted underline-offset-4" href=of.href>{crate::ui::money::grouped(of.n)}</a>
            </div>
        }
    });
    let name = number.meaning.name.clone();
    let id = number.meaning.id.clone();
    let over = number.over.clone();
    let ignores = (!number.ignores.is_empty()).then(|| {
        tr!(
            "insight.ignores",
            names = number.ignores.join(&tr!("ui.comma"))
        )
    });
    view! {
        <div class="num flex min-w-0 flex-col items-start rounded-box border border-base-300 bg-base-100 px-4 py-3" data-measure=id>
            <div class="text-sm text-base-content/80">{name}</div>
            <a class="inline-flex min-h-10 items-center text-2xl font-semibold underline decoration-dotted decoration-1 underline-offset-4" href=number.now.href.clone()>{text}</a>
            // Below the number, so that those beside each other stand on one line.
            {(!over.is_empty()).then(|| view! { <div class="text-xs text-base-content/70">{unbroken(&over)}</div> })}
            {fraction}
            {compared}
            {ignores.map(|text| view! { <div class="text-xs text-base-content/70">{text}</div> })}
            <div class="mt-auto w-full"><Formula meaning=number.meaning/></div>
        </div>
    }
}

#[component]
fn Ranked(ranking: Ranking) -> impl IntoView {
    // Who has as much as the one above shares their rank.
    let (mut rank, mut above) = (0, String::new());
    let series = ranking.chart.series.iter();
    let any = series
        .flat_map(|s| &s.values)
        .any(|n| n.is_some_and(|n| n != 0.0));
    let rows = ranking
        .rows
        .into_iter()
        .enumerate()
        .map(|(i, cells)| {
            let mut cells = cells.into_iter();
            let name = cells.next().unwrap_or_default();
            let value = cells.as_slice().first().map_or_else(String::new, |cell| cell.text.clone());
            if rank == 0 || value != above {
                rank = i + 1;
                above = value;
            }
            view! {
                <tr>
                    <td class="num text-end">{any.then_some(rank)}</td>
                    <th scope="row" class="sticky start-0 z-1 min-w-32 bg-base-100 font-medium max-lg:px-2">{linked(name)}</th>
                    {cells.map(|cell| view! { <td class="num whitespace-nowrap text-end">{figure(cell)}</td> }).collect_view()}
                </tr>
            }
        })
        .collect_view();
    let label = ranking.title.clone();
    let id = format!("ranking-{}", ranking.by);
    let heads = ranking
        .heads
        .into_iter()
        .enumerate()
        .map(|(i, head)| view! { <th scope="col" class=if i == 0 { "sticky start-0 z-1 bg-base-100 max-lg:px-2" } else { "whitespace-nowrap text-end" }>{head}</th> })
        .collect_view();
    view! {
        <section id=id class="mb-4 scroll-mt-2 rounded-box border border-base-300 bg-base-100 p-4" data-ranking=ranking.by>
            <div class="mb-2 flex flex-wrap items-center gap-2">
                <h2 class="me-auto text-base font-semibold">{ranking.title}</h2>
                <span class="num text-sm text-base-content/70">{tr!("ui.rows", total = ranking.total)}</span>
                {ranking.more.map(|href| view! { <a class="btn btn-sm min-h-10" href=href>{tr!("insight.whole_report")}</a> })}
            </div>
            {(!ranking.note.is_empty()).then(|| view! { <p class="mb-2 text-sm text-base-content/70">{ranking.note}</p> })}
            // Where nobody has anything, bars would say no more than the table.
            {any.then(|| view! { <Chart data=ranking.chart/> })}
            <div tabindex="0" role="region" aria-label=label class="mt-3 overflow-x-auto">
                <table class="table">
                    <thead><tr><th scope="col" class="text-end">{tr!("insight.rank")}</th>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}
