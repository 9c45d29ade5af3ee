//! Who learns: staff, or an HCP by the browser they bound.

use crate::onboarding;
use crate::server::AppState;
use crate::server::guard::Actor;
use crate::server::web::Visit;
use crate::shared::{AppError, Permission};

/// Somebody who learns.
#[derive(Debug, Clone)]
pub enum Learner {
    Staff(Actor),
    /// An onboarded HCP.
    Hcp(String),
}

impl From<&Actor> for Learner {
    fn from(actor: &Actor) -> Self {
        Learner::Staff(actor.clone())
    }
}

impl Learner {
    /// As whom progress is kept: `staff:ID` or `hcp:ID`.
    pub fn key(&self) -> String {
        match self {
            Learner::Staff(actor) => format!("staff:{}", actor.id),
            Learner::Hcp(id) => format!("hcp:{id}"),
        }
    }

    /// Who is behind a request. `Unauthenticated` for nobody, and for an HCP who is not onboarded.
    pub async fn of(state: &AppState, visit: &Visit) -> Result<Learner, AppError> {
        if let Some(actor) = &visit.actor {
            actor.check(Permission::Learn)?;
            return Ok(Learner::Staff(actor.clone()));
        }
        match &visit.hcp {
            Some(hcp) if onboarding::store::is_onboarded(&state.db, hcp).await? => {
                Ok(Learner::Hcp(hcp.clone()))
            }
            _ => Err(AppError::Unauthenticated),
        }
    }
}
