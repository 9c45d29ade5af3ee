//! Sending text messages.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::{db, time};
use crate::shared::AppError;

/// A message that was handed to the provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sms {
    /// Epoch milliseconds.
    pub at: i64,
    /// The phone number.
    pub to: String,
    pub text: String,
    /// Values of the template, such as `code`.
    pub params: serde_json::Value,
}

/// What a send ends in.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + 'a>>;

/// A way to send text messages. Implement it for the company's SMS gateway.
pub trait SmsProvider: Send + Sync {
    /// Sends one message.
    fn send(&self, to: &str, text: &str, params: serde_json::Value) -> Sending<'_>;

    /// The latest messages, newest first, where the provider keeps them.
    fn outbox(&self, limit: usize) -> Option<Vec<Sms>>;
}

/// The provider that the configuration names.
pub fn provider(config: &Config) -> Result<Box<dyn SmsProvider>, String> {
    match config.sms.provider.as_str() {
        "log" => Ok(Box::new(LogProvider {
            path: config.files.data_dir.join("sms.jsonl"),
        })),
        other => Err(format!("sms.provider {other} is not known; there is: log")),
    }
}

/// Development: appends JSON lines to a file instead of sending.
struct LogProvider {
    path: PathBuf,
}

impl SmsProvider for LogProvider {
    fn send(&self, to: &str, text: &str, params: serde_json::Value) -> Sending<'_> {
        let sms = Sms {
            at: time::now(),
            to: to.into(),
            text: text.into(),
            params,
        };
        Box::pin(async move {
            let path = self.path.clone();
            let line = serde_json::to_string(&sms).map_err(db::internal)? + "\n";
            tokio::task::spawn_blocking(move || {
                use std::io::Write;
                std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)?
                    .write_all(line.as_bytes())
            })
            .await
            .map_err(db::internal)?
            .map_err(db::internal)
        })
    }

    fn outbox(&self, limit: usize) -> Option<Vec<Sms>> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        Some(
            text.lines()
                .rev()
                .filter_map(|line| serde_json::from_str(line).ok())
                .take(limit)
                .collect(),
        )
    }
}
