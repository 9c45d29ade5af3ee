//! What every request can reach.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use leptos::prelude::LeptosOptions;

use super::config::Config;
use super::crypto::{Keys, private_folder};
use super::db::Db;
use super::ending::Ending;
use super::live::Live;
use super::metrics::Metrics;
use super::sms::SmsProvider;
use super::time::Zone;
use crate::exam::writer::ExamWriter;
use crate::flow::import::KeptMatcher;
use crate::learning::watch::Watcher;
use crate::sharing::tracker::Tracker;

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

/// The parts of [`AppState`].
pub struct Inner {
    pub db: Db,
    pub config: Config,
    pub keys: Keys,
    pub zone: Zone,
    pub sms: Box<dyn SmsProvider>,
    pub tracker: Tracker,
    pub exams: ExamWriter,
    pub matcher: KeptMatcher,
    pub watch: Watcher,
    pub live: Live,
    pub metrics: Metrics,
    pub ending: Ending,
    pub leptos: LeptosOptions,
}

impl Deref for AppState {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl AppState {
    /// Opens everything that `config` names and migrates the database.
    pub async fn open(config: Config, leptos: LeptosOptions) -> Result<AppState, String> {
        let dir = &config.files.data_dir;
        private_folder(dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
        let db = Db::open(&config.database.url, dir, config.database.max_connections).await?;
        db.migrate().await?;
        let keys = Keys::load(dir)?;
        let zone = Zone::named(&config.server.time_zone)?;
        let sms = super::sms::provider(&config)?;
        let tracker = Tracker::start(db.clone(), zone.clone());
        let exams = ExamWriter::start(db.clone());
        let watch = Watcher::start(db.clone());
        Ok(AppState(Arc::new(Inner {
            db,
            config,
            keys,
            zone,
            sms,
            tracker,
            exams,
            matcher: KeptMatcher::default(),
            watch,
            live: Live::default(),
            metrics: Metrics::new()?,
            ending: Ending::default(),
            leptos,
        })))
    }

    /// The cap on an upload in bytes.
    pub fn max_upload(&self) -> usize {
        self.config.files.max_upload_mib * 1024 * 1024
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

/// The state in the context of a server function or a page.
pub fn state() -> AppState {
    leptos::prelude::expect_context::<AppState>()
}
