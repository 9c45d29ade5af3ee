//! The one error type that crosses from server to browser.
//!
//! Use `Invalid` for what a person typed, `Conflict` where the state of things forbids the act, `NotFound` for what
//! is not there or not the asker's to see, `Forbidden` only where the role itself may not. What went wrong inside is
//! logged under a reference and shown as `Internal` with that reference alone.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// A message for one field of a form, as a locale key with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the form; empty for the form as a whole.
    pub field: String,
    /// Key of the message in the locale files.
    pub key: String,
    /// Values for the `%{name}` places of the message.
    pub args: Vec<(String, String)>,
}

/// Why a request was not carried out. Each kind has one HTTP status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum AppError {
    /// 401: nobody is signed in.
    #[error("not signed in")]
    Unauthenticated,
    /// 403: the role may not do this.
    #[error("not permitted")]
    Forbidden,
    /// 404: not there, or somebody else's.
    #[error("not found")]
    NotFound,
    /// 409: the state of things forbids it; the locale key says what to do.
    #[error("conflict: {0}")]
    Conflict(String),
    /// 422: messages for fields.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// 429: wait this many seconds.
    #[error("too many requests")]
    TooMany(u64),
    /// 500: logged under this reference.
    #[error("internal error {0}")]
    Internal(String),
    /// The request did not reach the server or its answer could not be read.
    #[error("network: {0}")]
    Network(String),
}

impl AppError {
    /// One message for one field.
    pub fn field(field: &str, key: &str) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.into(),
            key: key.into(),
            args: Vec::new(),
        }])
    }

    /// The HTTP status that goes with this error.
    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict(_) => 409,
            Self::Invalid(_) => 422,
            Self::TooMany(_) => 429,
            Self::Internal(_) => 500,
            Self::Network(_) => 400,
        }
    }

    /// The message for the error as a whole, in the current language.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthenticated => tr!("error.unauthenticated"),
            Self::Forbidden => tr!("error.forbidden"),
            Self::NotFound => tr!("error.not_found"),
            Self::Conflict(key) => crate::ui::locale::lookup(key),
            Self::Invalid(fields) => fields
                .iter()
                .find(|f| f.field.is_empty())
                .map(|f| crate::ui::locale::filled(&f.key, &f.args))
                .unwrap_or_else(|| tr!("error.invalid")),
            Self::TooMany(seconds) => tr!("error.too_many", seconds = seconds),
            Self::Internal(reference) => tr!("error.internal", reference = reference),
            Self::Network(_) => tr!("error.network"),
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Self::Invalid(Vec::new()),
            other => Self::Network(other.to_string()),
        }
    }
}

/// Collects messages for fields and ends in an error if there are any.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    /// Adds the message unless `ok`.
    pub fn ensure(&mut self, ok: bool, field: &str, key: &str) -> &mut Self {
        if !ok {
            self.0.push(FieldError {
                field: field.into(),
                key: key.into(),
                args: Vec::new(),
            });
        }
        self
    }

    /// Requires a text of 1 to `max` characters.
    pub fn text(&mut self, value: &str, field: &str, max: usize) -> &mut Self {
        self.ensure(!value.trim().is_empty(), field, "field.required");
        self.ensure(value.chars().count() <= max, field, "field.too_long")
    }

    /// `Err(Invalid)` if anything was found.
    pub fn done(&mut self) -> Result<(), AppError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(AppError::Invalid(std::mem::take(&mut self.0)))
        }
    }
}
