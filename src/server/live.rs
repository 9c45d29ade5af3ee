//! Tells open pages that something of theirs has changed, so that they load their numbers anew. Within one server: a page
//! that hangs on another one learns of it when it is shown again.

use std::sync::Arc;

use tokio::sync::broadcast;

/// Sends the ids of staff whose first page changed.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<Arc<[String]>>);

impl Default for Live {
    fn default() -> Self {
        // Who falls behind by more than this loads anew all the same.
        Live(broadcast::channel(256).0)
    }
}

impl Live {
    /// Something of this member changed.
    pub fn tell(&self, staff_id: &str) {
        self.tell_all(vec![staff_id.to_owned()]);
    }

    /// Something of these members changed.
    pub fn tell_all(&self, staff: Vec<String>) {
        // Nobody listens: nothing to do.
        let _ = self.0.send(staff.into());
    }

    /// What changes from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<[String]>> {
        self.0.subscribe()
    }
}
