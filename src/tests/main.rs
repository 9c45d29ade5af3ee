//! Integration tests. Those that touch the database run on SQLite and on a real Postgres.

#[macro_use]
mod support;

mod access;
mod articles;
mod audit;
mod backup;
mod checkins;
mod codes;
mod colleagues;
mod consents;
mod courses;
mod crash;
mod demo;
mod drain;
mod duplicate;
mod exams;
mod flow;
mod foreign;
mod forms;
mod hcp_list;
mod hcp_record;
mod hcp_timeline;
mod identity;
mod import_hcps;
mod import_jobs;
mod imports;
mod insight;
mod learning;
mod locales;
mod merging;
mod metrics;
mod onboarding;
mod ownership;
mod permissions;
mod question_formats;
mod questions;
mod registration;
mod scope;
mod terminals;
mod tracking;
mod two_servers;
mod visits;
