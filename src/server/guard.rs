//! Who asks, and whether they may.
//!
//! Every server function begins with `let actor = guard::require(Permission::X).await?;`. Stores that write take the
//! [`Actor`], so forgetting the guard does not compile.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use super::db::Query;
use crate::shared::{AppError, Permission, Role};

/// The signed-in staff member behind a request.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub unit_id: String,
    pub locale: String,
    pub theme: String,
    /// Id of the session; empty for the command line.
    pub session_id: String,
    /// Where the request came from.
    pub address: String,
}

impl Actor {
    /// The command line, which acts as the system.
    pub fn system() -> Actor {
        Actor {
            id: crate::shared::SYSTEM.into(),
            name: crate::shared::SYSTEM.into(),
            role: Role::Admin,
            unit_id: String::new(),
            locale: "zh-CN".into(),
            theme: "system".into(),
            session_id: String::new(),
            address: "local".into(),
        }
    }

    /// `Forbidden` unless the role has the permission.
    pub fn check(&self, permission: Permission) -> Result<(), AppError> {
        if self.role.may(permission) {
            Ok(())
        } else {
            Err(AppError::Forbidden)
        }
    }

    /// Appends a condition that keeps only rows whose `column` (a staff id) lies within this actor's scope: all for
    /// roles that see the company, the subtree of the managed units for managers, else the actor alone.
    pub fn scope(&self, query: &mut Query, column: &str) {
        if self.role.sees_company() {
            query.push("1 = 1");
        } else if self.role == Role::Manager {
            let me = query.arg(&self.id);
            query.push(&format!(
                "({column} = {me} OR {column} IN (SELECT scope_s.id FROM unit_manager scope_m \
                 JOIN org_closure scope_c ON scope_c.ancestor_id = scope_m.unit_id \
                 JOIN staff scope_s ON scope_s.unit_id = scope_c.descendant_id WHERE scope_m.staff_id = {me}))"
            ));
        } else {
            let me = query.arg(&self.id);
            query.push(&format!("{column} = {me}"));
        }
    }
}

/// The actor of the request in context, if somebody is signed in.
pub fn actor() -> Option<Actor> {
    use_context::<Parts>()?
        .extensions
        .get::<Option<Actor>>()
        .cloned()
        .flatten()
}

/// The actor of the request, who must have the permission.
pub async fn require(permission: Permission) -> Result<Actor, AppError> {
    let actor = actor().ok_or(AppError::Unauthenticated)?;
    actor.check(permission)?;
    Ok(actor)
}
