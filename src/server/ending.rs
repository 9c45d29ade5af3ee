//! The word that this server is to stop, for everything that would go on for long.

use std::time::Duration;

use tokio::sync::watch;

/// Said once; whoever asks later hears it too.
#[derive(Debug, Clone, Default)]
pub struct Ending(watch::Sender<bool>);

impl Ending {
    /// The server is to stop.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is.
    pub fn begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is.
    pub async fn wait(&self) {
        let mut begun = self.0.subscribe();
        // It cannot fail: the sender lives as long as `self`.
        let _ = begun.wait_for(|begun| *begun).await;
    }

    /// Waits for so long, but not on into the end; whether that has begun.
    pub async fn within(&self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_later_hears_it_too() {
        let ending = Ending::default();
        assert!(!ending.within(Duration::from_millis(1)).await);
        let waits = tokio::spawn({
            let ending = ending.clone();
            async move { ending.wait().await }
        });
        ending.begin();
        waits.await.expect("ends");
        assert!(ending.begun() && ending.within(Duration::from_secs(60)).await);
    }
}
