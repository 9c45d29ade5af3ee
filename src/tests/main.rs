//! Integration tests. Those that touch the database run on SQLite and on a real Postgres.

#[macro_use]
mod support;

mod articles;
mod audit;
mod crash;
mod forms;
mod identity;
mod imports;
mod locales;
mod onboarding;
mod permissions;
mod scope;
mod tracking;
