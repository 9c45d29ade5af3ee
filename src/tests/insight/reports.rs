//! Reports and workbooks against recounts.

use std::collections::BTreeSet;
use std::io::Cursor;

use axum::http::StatusCode;
use calamine::{Reader, Xlsx};
use mailuo::insight::model::{Report, ReportFilter, ReportRow, Slice, address};
use mailuo::insight::{registry, report, rows};
use mailuo::server::collation::compare;
use mailuo::server::guard::Actor;
use mailuo::shared::page::PAGE_SIZE;
use mailuo::shared::{Permission, Role};
use mailuo::ui::locale::lookup;

use super::boards::{Found, asked, fraction, subject, weight};
use super::lines::{Data, Line};
use super::recount::{How, Recount, fact_of, how};
use super::world::{World, actor_of};
use super::{askers, drill, last_days, slices_of, worst};
use crate::support::{Answer, TestApp};

/// All pages of a report.
pub async fn whole(
    app: &TestApp,
    actor: &Actor,
    filter: &ReportFilter,
) -> (Report, Vec<ReportRow>) {
    let read = |page| report::report(&app.state, actor, filter.clone(), page);
    let first = read(1).await;
    let first = first.unwrap_or_else(|e| panic!("{:?} {filter:?}: {e}", actor.role));
    let mut all = first.page.rows.clone();
    for page in 2..=first.page.pages() {
        all.extend(read(page).await.expect("is read").page.rows);
    }
    let subjects = all.iter().filter(|row| !row.group).count() as i64;
    assert_eq!(subjects, first.page.total, "{filter:?}");
    (first, all)
}

fn filters(actor: &Actor, slice: &Slice) -> Vec<ReportFilter> {
    let of = |by: &str, group: &str, columns: &str| ReportFilter {
        by: by.into(),
        group: group.into(),
        columns: columns.into(),
        slice: slice.clone(),
        ..ReportFilter::default()
    };
    let mut out = vec![of("rep", "", ""), of("rep", "unit", "")];
    if actor.role.may(Permission::ReadShares) {
        out.extend([
            of("rep", "role", "shares,open_rate,links_read,people,dau,mau"),
            of("article", "", ""),
            of("article", "audience", "uv,pv,hcp_readers"),
        ]);
    }
    if actor.role.may(Permission::ReadResults) {
        out.extend([of("course", "", ""), of("course", "category", "")]);
    }
    if actor.role.may(Permission::ReadHcps) {
        out.extend([
            of(
                "rep",
                "",
                "hcps,hcps_onboarded,onboarding_rate,withdrawals,invitations",
            ),
            of("hcp", "", ""),
            of("hcp", "", "finish_rate,open_rate,links_read"),
            of("hcp", "province", "pv,created,shares,met"),
            of("hcp", "specialty", "met,passed,rereads,invitations,planned"),
        ]);
    }
    out
}

/// Whether a line falls under a group of a report, by the group's name.
fn in_group(recount: &Recount<'_>, group: &str, name: &str, line: &Line) -> bool {
    let data = recount.data;
    let person = |line: &Line| {
        data.staff
            .iter()
            .find(|s| Some(&s.id) == line.person.as_ref())
    };
    let hcp = |line: &Line| {
        data.hcps
            .get(&line.hcp)
            .filter(|hcp| recount.sees_hcp(hcp))
            .cloned()
    };
    let called = |text: &str| {
        if text.is_empty() {
            lookup("insight.none") == name
        } else {
            text == name
        }
    };
    match group {
        "unit" => person(line).is_some_and(|s| data.units[&s.unit] == name),
        "role" => person(line)
            .and_then(|s| Role::parse(&s.role))
            .is_some_and(|role| role.label() == name),
        "audience" => data.articles.iter().any(|(id, _, audience)| {
            *id == line.article && mailuo::content::model::audience_label(audience) == name
        }),
        "category" => data.courses.iter().any(|(id, _, category)| {
            *id == line.course && mailuo::course::model::category_label(category) == name
        }),
        "province" => hcp(line).is_some_and(|h| called(&h.province)),
        "specialty" => hcp(line).is_some_and(|h| called(&h.specialty)),
        other => panic!("nothing is grouped by {other}"),
    }
}

fn group_row(found: &mut Found<'_>, report: &Report, row: &ReportRow) {
    let recount = found.recount.expect("compares");
    let filter = &report.filter;
    // A unit with others below it holds its own people alone.
    let name = row.cells[0].text.trim_end_matches("（本级）");
    for (cell, meaning) in row.cells.iter().skip(1).zip(&report.columns) {
        let count = |id: &str| {
            recount.count_if(id, &filter.slice, &|line| {
                in_group(recount, &filter.group, name, line)
            })
        };
        let (shown, counted) = match how(&meaning.id) {
            How::Share(part, whole) => {
                let of = count(whole);
                let counted = if of == 0 { (0, 0) } else { (count(part), of) };
                (fraction(&cell.text), counted)
            }
            _ => {
                let n = cell.text.replace(',', "").parse().expect("a number");
                ((n, 0), (count(&meaning.id), 0))
            }
        };
        found.expect(shown == counted, || {
            format!("{} of {name}: {shown:?}, is {counted:?}", meaning.id)
        });
    }
}

/// Cells and sums of a report; that its rows are named, seen and in order.
fn check(found: &mut Found<'_>, report: &Report, rows: &[ReportRow]) {
    let recount = found.recount.expect("compares");
    let (data, filter) = (recount.data, &report.filter);
    let heads: Vec<&str> = report.columns.iter().map(|m| m.name.as_str()).collect();
    for (cell, head) in report.sum.iter().skip(1).zip(&heads) {
        found.cell(cell, head);
    }
    let mut listed = BTreeSet::new();
    for row in rows {
        found.expect(row.cells.len() == heads.len() + 1, || "cells".into());
        if row.group {
            group_row(found, report, row);
            continue;
        }
        for (cell, head) in row.cells.iter().skip(1).zip(&heads) {
            found.cell(cell, head);
        }
        let (_, mut slice) = asked(row.cells[1].href.as_deref().expect("leads to rows"));
        let id = subject(&mut slice, &filter.by).clone();
        found.expect(name_of(data, &filter.by, &id) == row.cells[0].text, || {
            format!("{id} is called {}", row.cells[0].text)
        });
        if filter.by == "hcp" {
            let sees = recount.sees_hcp(&data.hcps[&id]);
            found.expect(sees, || format!("{id} is not for them to see"));
        }
        found.expect(listed.insert(id.clone()), || format!("{id} stands twice"));
    }
    // Whoever has something in the first column is there, unless a name was asked for.
    if filter.text.is_empty() {
        let column = &report.columns[0].id;
        for id in ids(data, &filter.by) {
            // An HCP who is shared with the team may belong to somebody outside it.
            let hidden = match filter.by.as_str() {
                "hcp" => !recount.sees_hcp(&data.hcps[id]),
                "rep" => !recount.sees(Some(id)),
                _ => false,
            };
            let mut slice = filter.slice.clone();
            *subject(&mut slice, &filter.by) = id.clone();
            let missing = !hidden && !listed.contains(id) && weight(recount, column, &slice) > 0;
            let counts = filter.sort.trim_start_matches('-') == column || filter.by == "hcp";
            let asked_for = subject(&mut filter.slice.clone(), &filter.by).clone();
            let other = !asked_for.is_empty() && asked_for != *id;
            found.expect(!missing || !counts || other, || {
                format!("{id} has {column} and is not listed")
            });
        }
    }
}

fn ids<'d>(data: &'d Data, by: &str) -> Vec<&'d String> {
    match by {
        "article" => data.articles.iter().map(|(id, ..)| id).collect(),
        "course" => data.courses.iter().map(|(id, ..)| id).collect(),
        "hcp" => data.hcps.keys().collect(),
        _ => data.staff.iter().map(|s| &s.id).collect(),
    }
}

fn name_of(data: &Data, by: &str, id: &str) -> String {
    let titled = |all: &[(String, String, String)]| {
        all.iter()
            .find(|(of, ..)| of == id)
            .map(|(_, title, _)| title.clone())
    };
    match by {
        "article" => titled(&data.articles),
        "course" => titled(&data.courses),
        "hcp" => data.hcps.get(id).map(|h| h.called.clone()),
        _ => data
            .staff
            .iter()
            .find(|s| s.id == id)
            .map(|s| s.called.clone()),
    }
    .unwrap_or_default()
}

/// The rows below each other by a column, upwards or downwards.
async fn sorts(app: &TestApp, actor: &Actor, found: &mut Found<'_>, filter: &ReportFilter) {
    let recount = found.recount.expect("compares");
    let (usual, _) = whole(app, actor, filter).await;
    for meaning in usual.columns.iter().take(3) {
        for down in [false, true] {
            let sort = format!("{}{}", if down { "-" } else { "" }, meaning.id);
            let sorted = ReportFilter {
                sort: sort.clone(),
                ..filter.clone()
            };
            let (_, rows) = whole(app, actor, &sorted).await;
            let values: Vec<i64> = rows
                .iter()
                .map(|row| {
                    let (_, slice) = asked(row.cells[1].href.as_deref().expect("leads"));
                    weight(recount, &meaning.id, &slice)
                })
                .collect();
            let in_order = values.is_sorted_by(|a, b| if down { a >= b } else { a <= b });
            found.expect(in_order, || format!("{sort} gives {values:?}"));
        }
    }
    let by_name = ReportFilter {
        sort: "name".into(),
        ..filter.clone()
    };
    let (_, rows) = whole(app, actor, &by_name).await;
    let names: Vec<String> = rows.iter().map(|row| row.cells[0].text.clone()).collect();
    found.expect(names.is_sorted_by(|a, b| compare(a, b).is_le()), || {
        format!("names come as {names:?}")
    });
    let Some(part) = names.get(names.len() / 2).and_then(|n| n.chars().last()) else {
        return;
    };
    let narrowed = ReportFilter {
        text: part.to_string(),
        ..by_name
    };
    let (report, rows) = whole(app, actor, &narrowed).await;
    let left: Vec<String> = rows.iter().map(|row| row.cells[0].text.clone()).collect();
    let expected: Vec<String> = names.into_iter().filter(|n| n.contains(part)).collect();
    found.expect(left == expected, || format!("{part} finds {left:?}"));
    found.expect(report.sum.is_empty(), || "a sum of others".into());
}

/// The cells of both sheets of a workbook.
fn sheets(answer: &Answer) -> [Vec<Vec<String>>; 2] {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let mut book: Xlsx<Cursor<Vec<u8>>> =
        Xlsx::new(Cursor::new(answer.bytes.clone())).expect("is a workbook");
    assert_eq!(book.sheet_names().len(), 2);
    [0, 1].map(|n| {
        book.worksheet_range_at(n)
            .expect("has the sheet")
            .expect("is read")
            .rows()
            .map(|row| row.iter().map(ToString::to_string).collect())
            .collect()
    })
}

/// An address of a report.
fn asking(path: &str, filter: &ReportFilter) -> String {
    let first = [
        ("by", filter.by.as_str()),
        ("group", filter.group.as_str()),
        ("columns", filter.columns.as_str()),
        ("sort", filter.sort.as_str()),
        ("text", filter.text.as_str()),
    ];
    let first: Vec<(&str, &str)> = first.into_iter().filter(|(_, v)| !v.is_empty()).collect();
    address(path, &first, &filter.slice)
}

async fn workbooks(app: &TestApp, actor: &Actor, filter: &ReportFilter) {
    let cookie = app.session(&actor.id).await;
    let (report, rows) = whole(app, actor, filter).await;
    let [cells, notes] = sheets(
        &app.get(&asking("/insight/report.xlsx", filter), &cookie)
            .await,
    );
    let groups: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.group)
        .map(|row| row.cells[0].text.as_str())
        .collect();
    let sum = usize::from(!report.sum.is_empty());
    let lines = 1 + report.page.total as usize + groups.len() + sum;
    assert_eq!(cells.len(), lines, "{filter:?}");
    assert_eq!(cells[0].len(), report.columns.len() + 1);
    for (head, meaning) in cells[0].iter().skip(1).zip(&report.columns) {
        assert_eq!(*head, meaning.name);
        // What each column means stands on the second sheet.
        let explained = notes.iter().any(|n| n[0].contains(&meaning.formula));
        assert!(explained, "{} in {notes:?}", meaning.id);
    }
    // Shares are numbers that Excel can reckon with.
    let text = cells[1..].iter().flat_map(|row| &row[1..]);
    for cell in text.filter(|cell| cell.as_str() != "—") {
        assert!(cell.parse::<f64>().is_ok(), "{cell:?} in {filter:?}");
    }
    assert!(
        notes.iter().any(|n| n[0].contains(&actor.name)),
        "{notes:?}"
    );
    // The names are those of the pages, in their order.
    let written: Vec<&String> = cells[1..cells.len() - sum].iter().map(|r| &r[0]).collect();
    let mut last = None;
    let shown: Vec<&String> = rows
        .iter()
        .filter(|row| {
            let again = row.group && last == Some(&row.cells[0].text);
            if row.group {
                last = Some(&row.cells[0].text);
            }
            !again
        })
        .map(|row| &row.cells[0].text)
        .collect();
    assert_eq!(written, shown, "{filter:?}");
}

on_both!(reports_are_recounts, |app| {
    let world = World::build(&app).await;
    let actors = askers(&app, &world).await;
    let data = Data::load(&app).await;
    let mut wrong = Vec::new();
    for actor in &actors {
        let recount = Recount::new(&data, actor);
        let mut found = Found {
            recount: Some(&recount),
            ..Found::default()
        };
        for (name, filter) in slices_of(&app, &world, &recount, actor) {
            if !matches!(
                name,
                "30 days" | "70 days" | "unit" | "product" | "specialty"
            ) {
                continue;
            }
            let mut slice = filter.slice;
            if slice.from.is_empty() {
                slice = last_days(&app, 30);
            }
            for filter in filters(actor, &slice) {
                found.place = format!("{:?} {} {name} {}", actor.role, filter.by, filter.group);
                let (report, rows) = whole(&app, actor, &filter).await;
                check(&mut found, &report, &rows);
                if filter.group.is_empty() && name == "30 days" {
                    sorts(&app, actor, &mut found, &filter).await;
                }
            }
        }
        wrong.extend(drill(&app, actor, &found.shown, 400).await);
        wrong.append(&mut found.wrong);
    }
    assert!(wrong.is_empty(), "{}", worst(&wrong));
});

on_both!(workbooks_hold_what_the_pages_show, |app| {
    let world = World::build(&app).await;
    for id in [&world.manager_b, &app.id_of(Role::Admin).await] {
        let actor = actor_of(&app, id).await;
        for filter in filters(&actor, &last_days(&app, 70)) {
            workbooks(&app, &actor, &filter).await;
        }
        let cookie = app.session(id).await;
        let exported = "SELECT COUNT(*) FROM audit_log WHERE action = 'insight.export'";
        for measure in [
            "pv", "uv", "shares", "visits", "met", "learners", "hcps", "lines",
        ] {
            let slice = last_days(&app, 70);
            let page = rows::page(&app.state, &actor, measure, slice.clone(), 1).await;
            let page = page.expect("is read");
            let path = registry::measure(measure)
                .expect("is a measure")
                .rows_of(&slice)
                .replace("/insight/rows?", "/insight/rows.xlsx?");
            let before = app.count(exported).await;
            let [cells, notes] = sheets(&app.get(&path, &cookie).await);
            assert_eq!(app.count(exported).await, before + 1, "is audited");
            assert_eq!(cells.len() as i64, 1 + page.page.total, "{measure}");
            let heads: Vec<&String> = page.heads.iter().map(|(head, _)| head).collect();
            assert_eq!(cells[0].iter().collect::<Vec<_>>(), heads, "{measure}");
            let shown = page.page.rows.iter().map(|row| row[0].text.clone());
            let written = cells[1..].iter().map(|row| row[0].clone());
            let written: Vec<String> = written.take(PAGE_SIZE as usize).collect();
            assert_eq!(written, shown.collect::<Vec<_>>(), "{measure}");
            let formula = &page.meaning.formula;
            assert!(notes.iter().any(|n| n[0] == *formula), "{notes:?}");
        }
    }
    // Who may not look at the boards gets no workbook either.
    for role in Role::ALL {
        let cookie = app.cookie(role).await;
        for path in [
            "/insight/report.xlsx?by=rep",
            "/insight/rows.xlsx?measure=people",
        ] {
            let answer = app.get(path, &cookie).await;
            let may = role.may(Permission::ReadInsight);
            // Of a trainer's report nothing of the usual columns is left but coverage.
            assert_eq!(answer.status == StatusCode::OK, may, "{role:?} {path}");
            assert_eq!(answer.status == StatusCode::FORBIDDEN, !may, "{role:?}");
        }
    }
});

/// What is counted of somebody's reading is told of nobody who took back that they are named, however it is asked for.
pub async fn tells_of_nobody(app: &TestApp, actor: &Actor, hcps: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for hcp in hcps {
        for measure in [
            "pv",
            "uv",
            "rereads",
            "finished",
            "passed",
            "shares",
            "links_read",
        ] {
            debug_assert!(matches!(fact_of(measure), "view" | "link" | "passed"));
            let slice = Slice {
                hcp: hcp.clone(),
                ..last_days(app, 70)
            };
            let page = rows::page(&app.state, actor, measure, slice, 1).await;
            if let Ok(rows) = page
                && rows.page.total > 0
            {
                wrong.push(format!(
                    "{:?} is told {} {measure} of {hcp}, who took it back",
                    actor.role, rows.page.total
                ));
            }
        }
    }
    wrong
}
