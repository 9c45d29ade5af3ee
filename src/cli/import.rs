//! Importing a file, and saying what became of its rows.

use std::process::ExitCode;

use super::{ImportKind, said};
use crate::flow::model::FlowReport;
use crate::importing::model::ImportReport;
use crate::importing::{self, Existing, Kind, Mode};
use crate::question::model::Format;
use crate::server::AppState;
use crate::server::guard::Actor;

pub(super) async fn import(
    state: &AppState,
    kind: ImportKind,
    file: &std::path::Path,
    mode: Mode,
    existing: Existing,
    format: Option<Format>,
    json: bool,
) -> Result<ExitCode, String> {
    let actor = Actor::system();
    let actor = &actor;
    let read = || std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()));
    let sheet = |kind: Kind| async move {
        importing::run_with(state, actor, kind, &read()?, mode, existing)
            .await
            .map_err(said)
    };
    let report = match kind {
        ImportKind::People => sheet(Kind::People).await?,
        ImportKind::Hospitals => sheet(Kind::Hospitals).await?,
        ImportKind::Assignments => sheet(Kind::Assignments).await?,
        ImportKind::Hcps => sheet(Kind::Hcps).await?,
        ImportKind::Checkins => sheet(Kind::Checkins).await?,
        ImportKind::Products => sheet(Kind::Products).await?,
        ImportKind::Flow => {
            let bytes = read()?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let report = crate::flow::import::from_file(state, actor, &name, bytes, mode)
                .await
                .map_err(said)?;
            return flow_report(&report, mode, json);
        }
        ImportKind::Questions => {
            let bytes = read()?;
            let table = crate::question::formats::table(&bytes, format).map_err(said)?;
            let hash = crate::server::crypto::sha256_hex(&bytes);
            importing::run_table(state, actor, Kind::Questions, &table, &hash, mode, existing)
                .await
                .map_err(said)?
        }
        ImportKind::Articles => importing::articles(state, actor, file, mode)
            .await
            .map_err(said)?,
    };
    if json {
        println!(
            "{}",
            serde_json::to_string(&report).map_err(|e| e.to_string())?
        );
    } else {
        print_report(&report, mode);
    }
    Ok(if report.invalid.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// Prints how the rows of a flow file were classed. Refused rows keep no others back: they are kept aside.
fn flow_report(report: &FlowReport, mode: Mode, json: bool) -> Result<ExitCode, String> {
    if json {
        let said = serde_json::json!({
            "rows": report.rows, "matched": report.matched, "suggested": report.suggested,
            "unknown": report.unknown, "repeat": report.repeat, "conflict": report.conflict,
            "invalid": report.invalid, "suggestions": report.suggestions,
        });
        println!("{said}");
    } else {
        println!(
            "{} rows: {} matched, {} suggested, {} unknown, {} known already, {} that differ from a known line, {} refused",
            report.rows,
            report.matched,
            report.suggested,
            report.unknown,
            report.repeat,
            report.conflict,
            report.invalid.len()
        );
        for invalid in &report.invalid {
            println!(
                "  row {}: {}: {}",
                invalid.row, invalid.field, invalid.reason
            );
        }
        if mode == Mode::Preview {
            println!("nothing was changed (--dry-run)");
        }
    }
    Ok(if report.invalid.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn print_report(report: &ImportReport, mode: Mode) {
    println!(
        "{} rows: {} new, {} changed, {} unchanged, {} left alone, {} refused",
        report.rows,
        report.created,
        report.updated,
        report.unchanged,
        report.skipped,
        report.invalid.len()
    );
    for invalid in &report.invalid {
        let line = invalid
            .line
            .map_or_else(String::new, |line| format!(" (line {line})"));
        println!(
            "  row {}{line}: {}: {}",
            invalid.row, invalid.field, invalid.reason
        );
    }
    match (mode, report.applied) {
        (Mode::Preview, _) => println!("nothing was changed (--dry-run)"),
        (_, false) => println!(
            "nothing was changed: mend the rows above, or leave them out with --skip-invalid"
        ),
        (_, true) => {}
    }
}
