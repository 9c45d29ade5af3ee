//! Commands: serve, migrate, demo, import, export, admin, audit, rollup, backup, restore, doctor, routes, version.

mod admin;
mod import;
mod serving;
mod upkeep;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use leptos::config::LeptosOptions;

use self::admin::create_admin;
use self::import::import;
use self::serving::serve;
use crate::importing::{Existing, Mode};
use crate::question::model::Format;
use crate::server::config::Config;
use crate::server::guard::Actor;
use crate::server::{AppState, audit, backup};
use crate::shared::AppError;

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
    if let Command::Backup { .. } | Command::Audit(_) | Command::Rollup(_) = cli.command {
        backup::there_is_one(&config)?;
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
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if config.server.log_format == "json" {
        let _ = builder.json().try_init();
    } else {
        let _ = builder.compact().try_init();
    }
}
