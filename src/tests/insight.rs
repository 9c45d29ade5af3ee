//! Dashboards: every number is a recount, leads to as many rows, and tells nobody of what is somebody else's.

mod batches;
mod boards;
mod field;
mod lines;
mod recount;
mod reports;
mod sharing;
mod sums;
mod team;
mod world;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use futures::future::join_all;
use mailuo::insight::model::{BoardFilter, Headline, ReportFilter, Slice};
use mailuo::insight::registry::MEASURES;
use mailuo::insight::rows::Window;
use mailuo::insight::slice::Asker;
use mailuo::insight::{board, report, rows};
use mailuo::server::guard::Actor;
use mailuo::server::time::shift_day;
use mailuo::shared::page::PAGE_SIZE;
use mailuo::shared::{AppError, Permission, Role};
use mailuo::workbench;

use boards::{Found, asked, boards};
use lines::Data;
use recount::{Recount, unknown};
use world::{World, actor_of};

use crate::support::TestApp;

/// All who look at boards: one of each role, the manager of the other region, and one who works in one region and
/// manages a district of the other.
async fn askers(app: &TestApp, world: &World) -> Vec<Actor> {
    let mut out = Vec::new();
    for role in Role::ALL {
        if role.may(Permission::ReadInsight) {
            out.push(app.actor(role).await);
        }
    }
    for id in [&world.manager_b, &world.crossing] {
        out.push(actor_of(app, id).await);
    }
    out
}

/// So many days up to today.
fn last_days(app: &TestApp, days: i64) -> Slice {
    let today = app.state.zone.today();
    Slice {
        from: shift_day(&today, 1 - days),
        to: today,
        ..Slice::default()
    }
}

/// The same, of one unit.
fn narrowed_to_unit(app: &TestApp, days: i64) -> Slice {
    Slice {
        unit: app.units.district_a.clone(),
        ..last_days(app, days)
    }
}

/// What a board is asked for, by a name: days, units, people, and all else that narrows, within the scope of the asker.
fn slices_of(
    app: &TestApp,
    world: &World,
    recount: &Recount<'_>,
    actor: &Actor,
) -> Vec<(&'static str, BoardFilter)> {
    let units = &app.units;
    let (unit, other, person) = if actor.role.sees_company() {
        (&units.region_a, &world.region_b, &world.field[4])
    } else if actor.id == world.manager_b {
        (&world.region_b, &units.district_b, &world.field[4])
    } else {
        (&units.district_a, &units.district_a, &world.field[0])
    };
    let seen = |ids: &[String]| {
        let mut ids = ids.iter();
        ids.find(|id| recount.sees_hcp(&recount.data.hcps[*id]))
            .cloned()
    };
    let base = last_days(app, 30);
    let of = |slice: Slice| BoardFilter {
        slice,
        ..BoardFilter::default()
    };
    let text = |value: &str| value.to_owned();
    let of_month: i64 = base.to[8..].parse().expect("a day of a month");
    let month_end = shift_day(&base.to, -of_month);
    let mut out = vec![
        ("30 days", BoardFilter::default()),
        ("today", of(last_days(app, 1))),
        ("70 days", of(last_days(app, 70))),
        ("200 days", of(last_days(app, 200))),
        (
            "last day of a month",
            of(Slice {
                from: month_end.clone(),
                to: month_end,
                ..Slice::default()
            }),
        ),
        (
            "last month",
            BoardFilter {
                span: text("last_month"),
                ..BoardFilter::default()
            },
        ),
        (
            "this month",
            BoardFilter {
                span: text("month"),
                ..BoardFilter::default()
            },
        ),
        (
            "quarter against other days",
            BoardFilter {
                span: text("quarter"),
                compare: text("days"),
                from2: shift_day(&base.to, -66),
                to2: shift_day(&base.to, -31),
                ..BoardFilter::default()
            },
        ),
        (
            "week against a year ago",
            BoardFilter {
                span: text("week"),
                compare: text("year"),
                ..BoardFilter::default()
            },
        ),
        (
            "unit",
            of(Slice {
                unit: unit.clone(),
                ..base.clone()
            }),
        ),
        (
            "unit against unit",
            BoardFilter {
                slice: Slice {
                    unit: unit.clone(),
                    ..last_days(app, 45)
                },
                compare: text("unit"),
                unit2: other.clone(),
                ..BoardFilter::default()
            },
        ),
        (
            "person",
            of(Slice {
                person: person.clone(),
                ..base.clone()
            }),
        ),
        (
            "province",
            of(Slice {
                province: text("浙江省"),
                ..base.clone()
            }),
        ),
        (
            "specialty",
            of(Slice {
                specialty: text("内分泌科"),
                ..last_days(app, 70)
            }),
        ),
        (
            "department",
            of(Slice {
                specialty: text("老年科"),
                unit: unit.clone(),
                ..last_days(app, 70)
            }),
        ),
        (
            "product",
            of(Slice {
                product: world.products[0].clone(),
                ..base.clone()
            }),
        ),
        (
            "product and article",
            of(Slice {
                product: world.products[1].clone(),
                article: world.articles[1].clone(),
                ..last_days(app, 70)
            }),
        ),
        (
            "article",
            of(Slice {
                article: world.articles[0].clone(),
                ..last_days(app, 70)
            }),
        ),
        (
            "course",
            of(Slice {
                course: world.courses[1].clone(),
                ..base.clone()
            }),
        ),
        (
            "unit and province",
            of(Slice {
                unit: other.clone(),
                province: text("福建省"),
                ..last_days(app, 70)
            }),
        ),
    ];
    if actor.role.may(Permission::ReadHcps) {
        for (name, hcps) in [
            ("named HCP", &world.named),
            ("HCP who withdrew", &world.withdrew),
        ] {
            if let Some(hcp) = seen(hcps) {
                let slice = Slice {
                    hcp,
                    ..last_days(app, 70)
                };
                out.push((name, of(slice)));
            }
        }
    }
    out
}

/// The first of what is wrong, and how much there is.
fn worst(wrong: &[String]) -> String {
    let first: Vec<&str> = wrong.iter().take(60).map(String::as_str).collect();
    format!("{} wrong:\n{}", wrong.len(), first.join("\n"))
}

/// Opens the rows behind an address: as many as were shown. What a fact does not know is refused.
async fn open(app: &TestApp, actor: &Actor, href: &str, n: i64, all: bool) -> Option<String> {
    let (measure, slice) = asked(href);
    let refuses = unknown(&measure, &slice)
        .iter()
        .any(|name| matches!(*name, "article" | "course" | "hcp"));
    let read = |page| rows::page(&app.state, actor, &measure, slice.clone(), page);
    let first = match read(1).await {
        Err(AppError::Invalid(_)) if refuses => return None,
        Err(error) => return Some(format!("{:?}: {href} is {n}: {error}", actor.role)),
        Ok(_) if refuses => return Some(format!("{href} is not narrowed and not refused")),
        Ok(first) => first,
    };
    let total = first.page.total;
    if total != n || first.slice != slice {
        return Some(format!("{:?}: {href} shows {n}, opens {total}", actor.role));
    }
    let mut listed = first.page.rows.len() as i64;
    if listed != total.min(PAGE_SIZE) {
        return Some(format!(
            "{href} lists {listed} of {total} on its first page"
        ));
    }
    if all {
        for page in 2..=first.page.pages() {
            listed += read(page)
                .await
                .map_or(-1, |rows| rows.page.rows.len() as i64);
        }
        if listed != total {
            return Some(format!("{href} lists {listed} of {total} on all pages"));
        }
        let beyond = read(9_999).await.map(|rows| rows.page.page);
        if beyond.as_ref().ok() != Some(&first.page.pages()) {
            return Some(format!("{href} is {beyond:?} past its end"));
        }
    }
    None
}

/// Opens the rows behind many addresses, or at most about so many of them; gives what is wrong.
async fn drill(
    app: &TestApp,
    actor: &Actor,
    shown: &BTreeMap<String, i64>,
    most: usize,
) -> Vec<String> {
    let step = shown.len().div_ceil(most).max(1);
    let picked: Vec<(usize, (&String, &i64))> = shown.iter().step_by(step).enumerate().collect();
    let mut wrong = Vec::new();
    for some in picked.chunks(8) {
        let opened = some
            .iter()
            .map(|(i, (href, n))| open(app, actor, href, **n, **n > PAGE_SIZE && i % 5 == 0));
        wrong.extend(join_all(opened).await.into_iter().flatten());
    }
    wrong
}

on_both!(every_number_is_a_recount, |app| {
    let world = World::build(&app).await;
    let actors = askers(&app, &world).await;
    let data = Data::load(&app).await;
    // There is something to count of everything.
    for (fact, lines) in &data.facts {
        assert!(lines.len() > 5, "{} {fact}", lines.len());
    }
    let mut wrong = Vec::new();
    for actor in &actors {
        let recount = Recount::new(&data, actor);
        let mut found = Found {
            recount: Some(&recount),
            ..Found::default()
        };
        for (name, filter) in slices_of(&app, &world, &recount, actor) {
            for (board, other) in boards(&app, actor, &filter).await {
                found.place = format!("{:?} {} {name}", actor.role, board.filter.board);
                found.board(&board, &other);
            }
        }
        wrong.append(&mut found.wrong);
    }
    assert!(wrong.is_empty(), "{}", worst(&wrong));
});

on_both!(every_drill_down_has_as_many_rows, |app| {
    let world = World::build(&app).await;
    let actors = askers(&app, &world).await;
    let data = Data::load(&app).await;
    let mut wrong = Vec::new();
    for actor in &actors {
        let recount = Recount::new(&data, actor);
        let mut found = Found::default();
        for (name, filter) in slices_of(&app, &world, &recount, actor) {
            let asks = matches!(
                name,
                "30 days" | "unit against unit" | "specialty" | "article" | "named HCP"
            );
            if asks {
                for (board, other) in boards(&app, actor, &filter).await {
                    found.board(&board, &other);
                }
            }
        }
        wrong.append(&mut found.wrong);
        wrong.extend(drill(&app, actor, &found.shown, 2_000).await);
    }
    assert!(wrong.is_empty(), "{}", worst(&wrong));
});

on_both!(the_first_page_has_the_first_numbers_of_a_board, |app| {
    let _world = World::build(&app).await;
    for role in Role::ALL {
        let actor = app.actor(role).await;
        let desk = workbench::store::desk(&app.state, &actor).await;
        let shown = desk.expect("a desk").board;
        if !matches!(role, Role::Trainer | Role::Compliance) {
            assert!(shown.is_empty(), "{role:?}");
            continue;
        }
        let board = board::board(&app.state, &actor, BoardFilter::default()).await;
        let (_, numbers) = &board.expect("a board").groups[0];
        assert!(numbers.iter().any(|number| number.now.n > 0), "{role:?}");
        let expected: Vec<Headline> = numbers
            .iter()
            .map(|number| Headline {
                name: number.meaning.name.clone(),
                text: number.text(),
                href: number.now.href.clone(),
            })
            .collect();
        assert_eq!(shown, expected, "{role:?}");
    }
});

on_both!(lists_walked_along_their_order_hold_the_same_rows, |app| {
    let world = World::build(&app).await;
    let mut compared = 0;
    for actor in askers(&app, &world).await {
        let asker = Asker::new(&app.state, &actor).await.expect("is read");
        for measure in MEASURES.iter().filter(|m| m.may(&actor)) {
            let walked = !measure.fact().walked.is_empty() && measure.share().is_none();
            for slice in [last_days(&app, 70), narrowed_to_unit(&app, 70)] {
                let read = async |many, from| {
                    let window = Window {
                        limit: 20,
                        from,
                        many,
                    };
                    let read = rows::read(&asker, measure, &slice, window).await;
                    read.expect("is read")
                };
                for from in [0, 20].into_iter().filter(|_| walked) {
                    let (walked, gathered) = (read(true, from).await, read(false, from).await);
                    assert_eq!(walked, gathered, "{} as {:?}", measure.id, actor.role);
                    compared += walked.len();
                }
            }
        }
    }
    assert!(compared > 400, "only {compared} rows were there to compare");
});

on_both!(who_took_it_back_is_told_of_to_nobody, |app| {
    let world = World::build(&app).await;
    let data = Data::load(&app).await;
    let mut wrong = Vec::new();
    for actor in askers(&app, &world).await {
        wrong.extend(reports::tells_of_nobody(&app, &actor, &world.withdrew).await);
        // Nor does any row name them: in lists of views and links they are hidden or not there.
        for measure in ["pv", "uv", "hcp_readers", "shares", "created", "passed"] {
            let Ok(first) = rows::page(&app.state, &actor, measure, last_days(&app, 70), 1).await
            else {
                assert!(!actor.role.may(Permission::ReadShares), "{measure}");
                continue;
            };
            for page in 1..=first.page.pages() {
                let page = rows::page(&app.state, &actor, measure, last_days(&app, 70), page).await;
                for cell in page.expect("is read").page.rows.iter().flatten() {
                    let named = world.withdrew.iter().find(|hcp| {
                        let link = format!("/hcps/{hcp}");
                        cell.href.as_ref() == Some(&link)
                            || cell.text.starts_with(&data.hcps[*hcp].name)
                    });
                    wrong.extend(named.map(|hcp| format!("{measure} names {hcp}")));
                }
            }
        }
        // Who waits for a steward is named to stewards alone.
        if !actor.role.may(Permission::StewardHcps) && actor.role.may(Permission::ReadHcps) {
            let filter = ReportFilter {
                by: "hcp".into(),
                slice: last_days(&app, 70),
                ..ReportFilter::default()
            };
            let (_, rows) = reports::whole(&app, &actor, &filter).await;
            let waiting = data.hcps.values().filter(|h| h.state == "pending");
            for hcp in waiting {
                let named = rows
                    .iter()
                    .any(|row| row.cells[0].text.starts_with(&hcp.name));
                wrong.extend(named.then(|| format!("{:?} sees {}", actor.role, hcp.id)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", worst(&wrong));
});

on_both!(foreign_ids_are_not_found, |app| {
    let world = World::build(&app).await;
    let data = Data::load(&app).await;
    let manager = app.actor(Role::Manager).await;
    let recount = Recount::new(&data, &manager);
    let mut hcps: Vec<&String> = data
        .hcps
        .values()
        .filter(|h| !recount.sees_hcp(h))
        .map(|h| &h.id)
        .collect();
    hcps.sort();
    let of = |unit: &str, person: &str, hcp: &str| Slice {
        unit: unit.into(),
        person: person.into(),
        hcp: hcp.into(),
        ..last_days(&app, 30)
    };
    let mut slices = vec![
        of(&world.region_b, "", ""),
        of(&app.units.district_b, "", ""),
        of(&app.units.company, "", ""),
        of("no-such-unit", "", ""),
        of("", &world.field_b[0], ""),
        of("", &world.manager_b, ""),
        of("", "no-such-person", ""),
        // One who moved away is the other region's now.
        of("", &world.mover, ""),
        of("", "", "no-such-hcp"),
    ];
    slices.extend(hcps.iter().map(|hcp| of("", "", hcp)));
    assert!(hcps.len() > 3);
    for slice in &slices {
        let filter = BoardFilter {
            slice: slice.clone(),
            ..BoardFilter::default()
        };
        let board = board::board(&app.state, &manager, filter).await;
        assert_eq!(board.err(), Some(AppError::NotFound), "{slice:?}");
        for measure in ["pv", "visits", "met", "hcps"] {
            let page = rows::page(&app.state, &manager, measure, slice.clone(), 1).await;
            assert_eq!(page.err(), Some(AppError::NotFound), "{measure} {slice:?}");
            let file = rows::file(&app.state, &manager, measure, slice.clone()).await;
            assert_eq!(file.err(), Some(AppError::NotFound), "{measure} {slice:?}");
        }
        for by in ["rep", "article", "course", "hcp"] {
            let filter = ReportFilter {
                by: by.into(),
                slice: slice.clone(),
                ..ReportFilter::default()
            };
            let page = report::report(&app.state, &manager, filter.clone(), 1).await;
            assert_eq!(page.err(), Some(AppError::NotFound), "{by} {slice:?}");
            let file = report::file(&app.state, &manager, filter).await;
            assert_eq!(file.err(), Some(AppError::NotFound), "{by} {slice:?}");
        }
    }
    // Nor is a foreign unit compared with one's own.
    let filter = BoardFilter {
        compare: "unit".into(),
        unit2: world.region_b.clone(),
        slice: of(&app.units.region_a, "", ""),
        ..BoardFilter::default()
    };
    let board = board::board(&app.state, &manager, filter).await;
    assert_eq!(board.err(), Some(AppError::NotFound));

    // Each role sees the measures of its permissions alone, and the boards that are its own.
    for actor in askers(&app, &world).await {
        for measure in MEASURES {
            let may = actor.role.may(measure.permission)
                && (actor.role.sees_company()
                    || !matches!(
                        recount::fact_of(measure.id),
                        "article" | "event" | "open_event" | "audit"
                    ));
            let page = rows::page(&app.state, &actor, measure.id, last_days(&app, 30), 1).await;
            let found = page.map(|_| ());
            if may && measure.share().is_none() {
                assert_eq!(found, Ok(()), "{:?} {}", actor.role, measure.id);
            } else {
                assert_eq!(
                    found,
                    Err(AppError::NotFound),
                    "{:?} {}",
                    actor.role,
                    measure.id
                );
            }
        }
        let own: Vec<String> = boards(&app, &actor, &BoardFilter::default())
            .await
            .into_iter()
            .map(|(board, _)| board.filter.board)
            .collect();
        for code in [
            "manager",
            "marketer",
            "trainer",
            "compliance",
            "headquarters",
            "x",
        ] {
            let filter = BoardFilter {
                board: code.into(),
                ..BoardFilter::default()
            };
            let board = board::board(&app.state, &actor, filter).await;
            assert_eq!(board.is_ok(), own.iter().any(|o| o == code), "{code}");
        }
    }
    for measure in [
        "events",
        "open_events",
        "reveals",
        "exports",
        "articles_in_review",
        "x",
    ] {
        let page = rows::page(&app.state, &manager, measure, last_days(&app, 30), 1).await;
        assert_eq!(page.err(), Some(AppError::NotFound), "{measure}");
    }
    // A role without HCPs is not told who one is by asking for them.
    let trainer = app.actor(Role::Trainer).await;
    let filter = ReportFilter {
        by: "course".into(),
        slice: of("", "", &world.hcps[0].id),
        ..ReportFilter::default()
    };
    let told = report::report(&app.state, &trainer, filter, 1).await;
    let name = &data.hcps[&world.hcps[0].id].name;
    let narrowed = told.map(|report| report.narrowed.concat());
    assert!(!narrowed.is_ok_and(|text| text.contains(name.as_str())));

    for role in Role::ALL {
        let cookie = app.cookie(role).await;
        for path in [
            "/api/insight/board",
            "/api/insight/rows?measure=people",
            "/api/insight/report?by=rep",
            "/api/insight/measures",
        ] {
            let answer = app.get(path, &cookie).await;
            let expected = if role.may(Permission::ReadInsight) {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(answer.status, expected, "{role:?} {path} {}", answer.text());
        }
    }
    for path in ["/api/insight/board", "/insight/rows.xlsx?measure=people"] {
        let status = app.get(path, "").await.status;
        assert!(status == StatusCode::UNAUTHORIZED || status == StatusCode::SEE_OTHER);
    }
});
