//! Server functions of learning. Playing and answering have plain routes.

use leptos::{server, server_fn};

use super::model::{Coverage, LearningDesk, Record};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::{coverage, record},
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// The courses that are meant for the actor, and the cards due today.
#[server(prefix = "/api", endpoint = "learning/mine", input = server_fn::codec::GetUrl)]
pub async fn my_learning() -> AppResult<LearningDesk> {
    let actor = guard::require(Permission::Learn).await?;
    record::mine(&state(), &actor).await
}

/// The coverage of a course within scope. `state_is` is missing, overdue, completed or empty.
#[server(prefix = "/api", endpoint = "learning/coverage", input = server_fn::codec::GetUrl)]
pub async fn course_coverage(
    id: String,
    #[server(default)] text: String,
    #[server(default)] unit: String,
    #[server(default)] state_is: String,
    #[server(default)] page: i64,
) -> AppResult<Coverage> {
    let actor = guard::require(Permission::ReadResults).await?;
    let filter = coverage::Filter {
        text,
        unit,
        state: state_is,
    };
    coverage::page(&state(), &actor, &id, &filter, page.max(1)).await
}

/// Reminds those within scope who have not completed a course, as far as the filter leaves them.
#[server(prefix = "/api", endpoint = "learning/remind")]
pub async fn remind(
    id: String,
    #[server(default)] text: String,
    #[server(default)] unit: String,
    #[server(default)] state_is: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ReadResults).await?;
    let filter = coverage::Filter {
        text,
        unit,
        state: state_is,
    };
    coverage::remind(&state(), &actor, &id, &filter).await
}

/// 学习考试记录: one's own, or of somebody within scope.
#[server(prefix = "/api", endpoint = "learning/record", input = server_fn::codec::GetUrl)]
pub async fn learning_record(
    #[server(default)] person: String,
    #[server(default)] page: i64,
) -> AppResult<Record> {
    let actor = guard::require(Permission::Learn).await?;
    record::record(&state(), &actor, &person, Some(page.max(1))).await
}
