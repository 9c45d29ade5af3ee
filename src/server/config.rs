//! The server's configuration: `Leptos.toml`, overridden by `MAILUO_*`, overridden by the command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// Everything that can be configured; each default is the one written in `Leptos.toml`.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub files: Files,
    pub session: Session,
    pub sms: Sms,
    pub metrics: Metrics,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address to listen on.
    pub addr: SocketAddr,
    /// Origin in QR codes and share links; empty: that of the request.
    pub public_url: String,
    /// Whether a TLS-ending proxy stands before the server and sets X-Forwarded-For and -Proto.
    pub trusted_proxy: bool,
    /// The company on whose behalf doctors are invited.
    pub company: String,
    /// IANA time zone of all days.
    pub time_zone: String,
    /// "json" or "text".
    pub log_format: String,
    /// How long new connections are still taken once the server is to stop.
    pub drain_seconds: u64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Empty for SQLite in the data directory.
    pub url: String,
    pub max_connections: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    pub data_dir: PathBuf,
    pub max_upload_mib: usize,
    /// Largest film, recording or slides, sent in pieces.
    pub max_media_mib: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    pub idle_days: i64,
    pub max_days: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    pub provider: String,
    pub phone_daily_cap: i64,
    pub address_hourly_cap: i64,
}

#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Address at which Prometheus finds them; empty: none.
    pub addr: String,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 3000)),
            public_url: String::new(),
            trusted_proxy: false,
            company: "脉络演示制药".into(),
            time_zone: "Asia/Shanghai".into(),
            log_format: "text".into(),
            drain_seconds: 0,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: String::new(),
            max_connections: 8,
        }
    }
}

impl Default for Files {
    fn default() -> Self {
        Self {
            data_dir: "data".into(),
            max_upload_mib: 32,
            max_media_mib: 2_048,
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            idle_days: 7,
            max_days: 30,
        }
    }
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            provider: "log".into(),
            phone_daily_cap: 20,
            address_hourly_cap: 600,
        }
    }
}

impl std::fmt::Debug for Database {
    /// Hides the password of a URL.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = match (self.url.find("://"), self.url.rfind('@')) {
            (Some(scheme), Some(at)) if scheme + 3 < at => {
                format!("{}***{}", &self.url[..scheme + 3], &self.url[at..])
            }
            _ => self.url.clone(),
        };
        f.debug_struct("Database")
            .field("url", &url)
            .field("max_connections", &self.max_connections)
            .finish()
    }
}

impl Config {
    /// Reads `file` (which may be missing) and the environment.
    pub fn load(file: &Path) -> Result<Config, String> {
        Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::file(file))
            .merge(
                Env::prefixed("MAILUO_")
                    .filter(|key| key.as_str().contains("__"))
                    .split("__"),
            )
            .extract()
            .map_err(|e| format!("{}: {e}", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_file() {
        let file = Config::load(Path::new("Leptos.toml")).expect("Leptos.toml is read");
        assert_eq!(format!("{file:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn the_file_agrees_with_cargo_toml() {
        let read = |path: &str| -> serde_json::Value {
            Figment::from(Toml::file(path)).extract().expect("is TOML")
        };
        let build = read("Cargo.toml")["workspace"]["metadata"]["leptos"][0].clone();
        let server = read("Leptos.toml")["package"]["metadata"]["leptos"].clone();
        for (key, value) in server.as_object().expect("a table") {
            assert_eq!(Some(value), build.get(key), "{key}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let database = Database {
            url: "postgres://u:secret@h/d".into(),
            max_connections: 1,
        };
        assert!(!format!("{database:?}").contains("secret"));
    }
}
