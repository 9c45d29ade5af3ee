//! What is left to chance: numbers, days and moments, often where a day, a month or a window begins or ends.

use mailuo::server::time::{DAY, shift_day};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::TestApp;

/// What falls out of it is the same each time.
pub struct Dice {
    pub rng: StdRng,
    pub now: i64,
    pub today: String,
    /// The first millisecond of today.
    start: i64,
}

impl Dice {
    pub fn new(app: &TestApp, seed: u64) -> Dice {
        let now = mailuo::server::time::now();
        let today = app.state.zone.day(now);
        Dice {
            rng: StdRng::seed_from_u64(seed),
            now,
            start: app.state.zone.start_of(&today).expect("a day"),
            today,
        }
    }

    /// From 0 up to, but not, `below`.
    pub fn n(&mut self, below: usize) -> usize {
        self.rng.random_range(0..below)
    }

    pub fn is(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    pub fn one<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.n(from.len())]
    }

    /// Days back from today, up to 70; often where a month or a window begins or ends.
    pub fn back(&mut self) -> i64 {
        let of_month: i64 = self.today[8..].parse().expect("a day of a month");
        match self.n(5) {
            0 => *self.one(&[0, 1, 6, 7, 29, 30, 59, 60, 69]),
            1 => of_month - *self.one(&[0, 1]),
            _ => self.rng.random_range(0..70),
        }
    }

    pub fn day(&mut self) -> String {
        let back = self.back();
        shift_day(&self.today, -back)
    }

    /// A moment so many days back; often the day's first or last millisecond.
    pub fn on(&mut self, back: i64) -> i64 {
        let start = self.start - back * DAY;
        let at = match self.n(5) {
            0 => start,
            1 => start + DAY - 1,
            _ => start + self.rng.random_range(0..DAY),
        };
        at.min(self.now - 1_000)
    }

    pub fn moment(&mut self) -> i64 {
        let back = self.back();
        self.on(back)
    }
}
