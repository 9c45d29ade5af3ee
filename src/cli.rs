//! Commands: serve, migrate, demo, import, export, admin, audit, rollup, backup, restore, doctor, routes, version.

mod upkeep;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use leptos::config::LeptosOptions;
use tokio::task::JoinSet;

use crate::flow::model::FlowReport;
use crate::identity::{password, rules, store, units};
use crate::importing::model::ImportReport;
use crate::importing::{self, Existing, Kind, Mode};
use crate::question::model::Format;
use crate::server::config::Config;
use crate::server::ending::Ending;
use crate::server::guard::Actor;
use crate::server::{AppState, audit, http, jobs, live, metrics, router};
use crate::shared::{AppError, Role};

/// Mailuo 脉络: learning, HCPs, content and field work for pharmaceutical companies.
#[derive(Debug, Parser)]
#[command(name = "mailuo", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// Configuration file
    #[arg(
        long,
        global = true,
        env = "MAILUO_CONFIG",
        default_value = "Leptos.toml"
    )]
    config: PathBuf,
    /// postgres://…; without it SQLite in the data directory
    #[arg(
        long,
        global = true,
        env = "MAILUO_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
    /// Folder of the database, the key and uploaded files
    #[arg(long, global = true, env = "MAILUO_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, global = true, env = "MAILUO_ADDR")]
    addr: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Bring the database up to this version
    Migrate,
    /// Fill an empty database with demo data
    Demo {
        #[arg(long, value_enum, default_value_t = Scale::Small)]
        scale: Scale,
        /// The same seed makes the same data
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Import a spreadsheet, questions, or a folder of articles
    Import {
        #[arg(value_enum)]
        kind: ImportKind,
        /// CSV (UTF-8 or GB18030) or XLSX; for questions also GIFT, Aiken or plain text; for articles a folder of
        /// Markdown files
        file: PathBuf,
        /// What happens to HCPs and questions on file
        #[arg(long, value_enum, default_value_t = ImportMode::Overwrite)]
        mode: ImportMode,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// Import the valid rows although others are refused
        #[arg(long)]
        skip_invalid: bool,
        /// Of a file of questions; told by its content if not given
        #[arg(long, value_enum)]
        format: Option<QuestionFormat>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write questions or the sheet of check-ins to a file
    Export {
        #[arg(value_enum)]
        kind: ExportKind,
        /// Of questions
        #[arg(long, value_enum, required_if_eq("kind", "questions"))]
        format: Option<QuestionFormat>,
        /// Of check-ins: YYYY-MM
        #[arg(long, required_if_eq("kind", "checkins"))]
        month: Option<String>,
        /// Only those of this category and below it
        #[arg(long, default_value = "")]
        category: String,
        file: PathBuf,
    },
    /// Administrators
    #[command(subcommand)]
    Admin(AdminCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Sums that reports read
    #[command(subcommand)]
    Rollup(RollupCommand),
    /// Copy database and files to a folder while the server runs, and check the copy
    Backup {
        /// New, empty, or of an earlier backup
        folder: PathBuf,
        /// Put the key in too: whoever has the folder can then read what is sealed
        #[arg(long)]
        with_key: bool,
    },
    /// Put a backup into an empty data directory and database
    Restore { folder: PathBuf },
    /// Check configuration, database, disk and migrations, and say how to mend what is wrong
    Doctor,
    /// List the pages with the roles that may open them
    Routes {
        /// Print one JSON object with an example address of each
        #[arg(long)]
        json: bool,
    },
    /// Print the version
    Version,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Scale {
    /// 5,000 HCPs, two months of sharing
    Small,
    /// 10,000 HCPs, a million views
    Medium,
    /// 100,000 HCPs, 3,000 people, 200,000 views
    Large,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ImportKind {
    People,
    Hospitals,
    Assignments,
    Hcps,
    Questions,
    Checkins,
    Products,
    /// Lines of goods from distributors; prints how each row was classed
    Flow,
    Articles,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExportKind {
    Questions,
    /// The monthly sheet, CSV or XLSX by the file's name
    Checkins,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum QuestionFormat {
    Gift,
    Aiken,
    Xlsx,
    /// Plain text as Chinese exam papers have it
    Text,
}

impl From<QuestionFormat> for Format {
    fn from(format: QuestionFormat) -> Self {
        match format {
            QuestionFormat::Gift => Format::Gift,
            QuestionFormat::Aiken => Format::Aiken,
            QuestionFormat::Xlsx => Format::Xlsx,
            QuestionFormat::Text => Format::Text,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ImportMode {
    /// Only what is empty is filled
    Fill,
    /// What the file says replaces what is there; an empty cell erases nothing
    Overwrite,
    /// They stay as they are
    Skip,
}

impl From<ImportMode> for Existing {
    fn from(mode: ImportMode) -> Self {
        match mode {
            ImportMode::Fill => Existing::Fill,
            ImportMode::Overwrite => Existing::Overwrite,
            ImportMode::Skip => Existing::Skip,
        }
    }
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make an administrator (and the company's unit, if there is none)
    Create {
        #[arg(long)]
        name: String,
        /// Mobile number
        #[arg(long)]
        phone: String,
        /// Name of the company's unit
        #[arg(long, default_value = "公司")]
        company: String,
        /// Password; read from MAILUO_ADMIN_PASSWORD if not given
        #[arg(long, env = "MAILUO_ADMIN_PASSWORD", hide_env_values = true)]
        password: String,
    },
}

#[derive(Debug, Subcommand)]
enum RollupCommand {
    /// Count all kept sums from their rows, write them anew, and say how many differed
    Rebuild,
    /// Count all kept sums from their rows and say how many differ, without changing any
    Check,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Read the whole chain and check every link
    Verify,
}

/// Runs the command line.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli).await {
        Ok(code) => code,
        Err(message) => {
            eprintln!("mailuo: {message}");
            ExitCode::from(1)
        }
    }
}

fn configuration(common: &Common) -> Result<Config, String> {
    let mut config = Config::load(&common.config)?;
    if let Some(url) = &common.database_url {
        config.database.url.clone_from(url);
    }
    if let Some(dir) = &common.data_dir {
        config.files.data_dir.clone_from(dir);
    }
    if let Some(addr) = common.addr {
        config.server.addr = addr;
    }
    Ok(config)
}

fn leptos_options(common: &Common) -> Result<LeptosOptions, String> {
    if common.config.exists() {
        let file = common.config.to_string_lossy();
        return leptos::config::get_configuration(Some(&file))
            .map(|c| c.leptos_options)
            .map_err(|e| e.to_string());
    }
    Ok(LeptosOptions::builder()
        .output_name("mailuo")
        .hash_files(true)
        .site_root(std::env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| "target/site".into()))
        .build())
}

async fn dispatch(cli: Cli) -> Result<ExitCode, String> {
    if let Command::Version = cli.command {
        println!("mailuo {}", env!("CARGO_PKG_VERSION"));
        return Ok(ExitCode::SUCCESS);
    }
    let config = configuration(&cli.common)?;
    init_log(&config, matches!(cli.command, Command::Serve));
    if let Command::Doctor = cli.command {
        return Ok(upkeep::doctor(&config).await);
    }
    if let Command::Restore { folder } = &cli.command {
        return upkeep::restore(&config, folder).await;
    }
    let state = AppState::open(config, leptos_options(&cli.common)?).await?;
    match cli.command {
        Command::Serve => serve(state).await,
        Command::Migrate => {
            println!("the {} database is up to date", state.db.engine());
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo { scale, seed } => {
            crate::demo::load(&state, scale, seed).await.map_err(said)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Import {
            kind,
            file,
            mode: existing,
            dry_run,
            skip_invalid,
            format,
            json,
        } => {
            let mode = match (dry_run, skip_invalid) {
                (true, _) => Mode::Preview,
                (false, true) => Mode::SkipInvalid,
                (false, false) => Mode::All,
            };
            let format = format.map(Format::from);
            import(&state, kind, &file, mode, existing.into(), format, json).await
        }
        Command::Export {
            kind: ExportKind::Checkins,
            month,
            file,
            ..
        } => {
            let filter = crate::visit::store::Filter {
                month: month.unwrap_or_default(),
                ..Default::default()
            };
            let xlsx = file.extension().is_some_and(|e| e == "xlsx");
            let bytes = crate::visit::sheet::file(&state, &Actor::system(), &filter, xlsx)
                .await
                .map_err(said)?;
            std::fs::write(&file, bytes).map_err(|e| format!("{}: {e}", file.display()))?;
            println!("written to {}", file.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Export {
            kind: ExportKind::Questions,
            format,
            category,
            file,
            ..
        } => {
            let format = format.ok_or("questions need a --format")?;
            let filter = crate::question::store::Filter {
                category,
                ..Default::default()
            };
            let actor = Actor::system();
            let (bytes, left) =
                crate::question::export::file(&state, &actor, &filter, format.into())
                    .await
                    .map_err(said)?;
            std::fs::write(&file, bytes).map_err(|e| format!("{}: {e}", file.display()))?;
            if left > 0 {
                eprintln!("{left} questions are left out: the format has no place for them");
            }
            println!("written to {}", file.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Admin(AdminCommand::Create {
            name,
            phone,
            company,
            password,
        }) => {
            create_admin(&state, &name, &phone, &company, password).await?;
            println!("{name} can sign in with that phone and password");
            Ok(ExitCode::SUCCESS)
        }
        Command::Rollup(RollupCommand::Rebuild) => {
            for (table, differed) in crate::insight::rollup::rebuild(&state)
                .await
                .map_err(said)?
            {
                println!("{table}: {differed} rows differed");
            }
            println!("all written anew");
            Ok(ExitCode::SUCCESS)
        }
        Command::Rollup(RollupCommand::Check) => {
            let found = crate::insight::rollup::recount(&state)
                .await
                .map_err(said)?;
            for (table, differing) in &found {
                println!("{table}: {differing} rows differ");
            }
            Ok(ExitCode::from(u8::from(found.iter().any(|(_, n)| *n > 0))))
        }
        Command::Backup { folder, with_key } => upkeep::backup(&state, &folder, with_key).await,
        Command::Audit(AuditCommand::Verify) => {
            let verdict = audit::verify(&state.db, &state.keys)
                .await
                .map_err(|e| e.to_string())?;
            match verdict.fault {
                None => {
                    println!("{} rows, the chain is whole", verdict.rows);
                    Ok(ExitCode::SUCCESS)
                }
                Some(fault) => {
                    println!("after {} good rows: {fault}", verdict.rows);
                    Ok(ExitCode::from(2))
                }
            }
        }
        Command::Routes { json } => {
            let list = crate::demo::routes::list(&state).await.map_err(said)?;
            if json {
                println!(
                    "{}",
                    serde_json::to_string(&list).map_err(|e| e.to_string())?
                );
            } else {
                for route in &list.routes {
                    println!("{:32} {}", route.path, route.roles.join(", "));
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor | Command::Restore { .. } | Command::Version => Ok(ExitCode::SUCCESS),
    }
}

fn said(error: AppError) -> String {
    match &error {
        AppError::Invalid(faults) => faults.first().map_or_else(
            || error.message(),
            |f| crate::ui::locale::filled(&f.key, &f.args),
        ),
        AppError::Conflict(_) => error.message(),
        other => other.to_string(),
    }
}

fn init_log(config: &Config, serving: bool) {
    use tracing_subscriber::EnvFilter;
    let level = if serving { "info,sqlx=warn" } else { "warn" };
    let filter = EnvFilter::try_from_env("RUST_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if config.server.log_format == "json" {
        let _ = builder.json().try_init();
    } else {
        let _ = builder.compact().try_init();
    }
}

/// How long the work in the background is waited for after the last request.
const WORK_ENDS: Duration = Duration::from_secs(5);

async fn serve(state: AppState) -> Result<ExitCode, String> {
    let addr = state.config.server.addr;
    if !addr.ip().is_loopback() && !state.config.server.trusted_proxy {
        return Err(format!(
            "{addr} is not a loopback address. Browsers give no location, clipboard or share sheet over plain http, \
             and cookies would travel in the open: put a proxy that ends TLS in front, and set trusted_proxy = true"
        ));
    }
    let _lock = lock(&state)?;
    let listener = listen(&addr.to_string()).await?;
    let counted = match state.config.metrics.addr.as_str() {
        "" => None,
        addr => Some(listen(addr).await?),
    };
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    tracing::info!(%address, engine = state.db.engine(), version = env!("CARGO_PKG_VERSION"), "serving");
    if let Some(listener) = counted {
        let router = metrics::router(state.clone());
        // It answers while the other requests are finished, and ends with the process.
        tokio::spawn(http::serve(
            listener,
            router,
            Ending::default(),
            Duration::ZERO,
        ));
    }
    live::share(&state.db, &state.live);
    let ending = state.ending.clone();
    tokio::spawn(async move {
        stop_signal().await;
        ending.begin();
    });
    let mut work = JoinSet::new();
    work.spawn(jobs::run(state.clone()));
    work.spawn(jobs::expire_attempts(state.clone()));
    work.spawn(jobs::refresh_sums(state.clone()));
    work.spawn(crate::importing::worker::run(state.clone()));
    let grace = Duration::from_secs(state.config.server.drain_seconds);
    let app = router::router(state.clone());
    http::serve(listener, app, state.ending.clone(), grace).await;
    // A round may take longer than anybody waits. What is cut off in its midst rolls back and is done by the next.
    let ends = async { while work.join_next().await.is_some() {} };
    if tokio::time::timeout(WORK_ENDS, ends).await.is_err() {
        tracing::info!("the work in the background is cut off");
    }
    work.shutdown().await;
    state.db.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn listen(addr: &str) -> Result<tokio::net::TcpListener, String> {
    tokio::net::TcpListener::bind(addr)
        .await
        .map_err(|e| format!("cannot listen on {addr}: {e}"))
}

/// Keeps a second server from the same SQLite file; the lock ends with the process, however it ends.
fn lock(state: &AppState) -> Result<Option<std::fs::File>, String> {
    if state.db.engine() != "sqlite" {
        return Ok(None);
    }
    let path = state.config.files.data_dir.join("serve.lock");
    let file = std::fs::File::create(&path)
        .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    file.try_lock().map_err(|_| {
        format!(
            "another server uses {}: stop it, or use Postgres for several",
            state.config.files.data_dir.display()
        )
    })?;
    Ok(Some(file))
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
    tracing::info!("stopping: requests under way are finished");
}

async fn import(
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

async fn create_admin(
    state: &AppState,
    name: &str,
    phone: &str,
    company: &str,
    password: String,
) -> Result<(), String> {
    let phone = rules::phone(phone).ok_or("the phone must be a mobile number of 11 digits")?;
    if let Some(fault) = rules::password_fault(&password, false) {
        return Err(crate::ui::locale::lookup(fault));
    }
    let hash = password::hash(password).await.map_err(said)?;
    let mut tx = state.db.begin().await.map_err(|e| e.to_string())?;
    let roots: Option<(String,)> = crate::server::db::q(
        "SELECT id FROM org_unit WHERE parent_id IS NULL ORDER BY created_at LIMIT 1",
    )
    .optional(&mut tx)
    .await
    .map_err(|e| e.to_string())?;
    let unit_id = match roots {
        Some((id,)) => id,
        None => units::ensure_unit(&mut tx, None, company, "company")
            .await
            .map_err(|e| e.to_string())?,
    };
    let input = store::PersonInput {
        name: name.to_owned(),
        role: Role::Admin,
        unit_id,
        phone: Some(phone),
        employee_no: None,
        manages: None,
        password_hash: Some(hash),
    };
    store::insert_person(state, &mut tx, &Actor::system(), &input)
        .await
        .map_err(|e| match e {
            AppError::Invalid(faults) => faults
                .first()
                .map(|f| crate::ui::locale::filled(&f.key, &f.args))
                .unwrap_or_default(),
            other => said(other),
        })?;
    tx.commit().await.map_err(|e| e.to_string())
}
