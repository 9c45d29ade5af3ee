//! Pure rules of watching.
//!
//! domain, Learning: progress is the union of intervals really played; seeking forward does not count; seconds
//! credited never exceed the fastest allowed speed times the server's wall time since play began or since the last
//! contact, so that intervals kept offline and sent late count up to that.

/// The fastest speed that the player offers.
pub const FASTEST: i64 = 2;
/// What a page of slides is worth, in milliseconds: so long it must be looked at.
pub const PAGE_MS: i64 = 3_000;
/// Per cent of a film or recording that make it complete: the last seconds are often credits.
pub const ENOUGH_PERCENT: i64 = 95;
/// How far beyond the frontier an interval may begin where skipping ahead is not allowed: players round.
const SLACK_MS: i64 = 1_500;
/// The most wall time, as credit, that is carried from one contact to the next.
const CARRIED_MS: i64 = 60_000;

/// Intervals `[from, to)` in milliseconds, ascending and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// Out of any intervals: empty ones fall away, those that touch become one.
    pub fn of(parts: impl IntoIterator<Item = (i64, i64)>) -> Spans {
        let mut parts: Vec<(i64, i64)> = parts.into_iter().filter(|(from, to)| from < to).collect();
        parts.sort_unstable();
        let mut out: Vec<(i64, i64)> = Vec::new();
        for (from, to) in parts {
            match out.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => out.push((from, to)),
            }
        }
        Spans(out)
    }

    /// The intervals.
    pub fn parts(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// How much they cover.
    pub fn total(&self) -> i64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    /// How far it was played from the beginning without a gap. A gap of less than `SLACK_MS` is the players' rounding.
    pub fn frontier(&self) -> i64 {
        let mut end = 0;
        for (from, to) in &self.0 {
            if *from > end + SLACK_MS {
                break;
            }
            end = end.max(*to);
        }
        end
    }

    /// Adds an interval.
    pub fn add(&mut self, from: i64, to: i64) {
        *self = Spans::of(self.0.iter().copied().chain([(from, to)]));
    }

    /// The parts of `[from, to)` that are not covered yet.
    fn missing(&self, from: i64, to: i64) -> Vec<(i64, i64)> {
        let (mut out, mut at) = (Vec::new(), from);
        for (a, b) in &self.0 {
            if *b <= at {
                continue;
            }
            if *a >= to {
                break;
            }
            if *a > at {
                out.push((at, *a));
            }
            at = at.max(*b);
        }
        if at < to {
            out.push((at, to));
        }
        out
    }
}

/// The wall time of a learner, which all their playings share: two tabs do not learn twice as fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Until when wall time was turned into credit.
    pub settled_at: i64,
    /// Credit left, in milliseconds of content.
    pub budget_ms: i64,
}

/// A playing of one lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playing {
    /// When the server heard that play began.
    pub began_at: i64,
    /// Milliseconds credited to it.
    pub credited_ms: i64,
}

/// Credits what is plausible of what a player claims to have played; gives how much was new. What is not credited now
/// can be claimed again later, when more time has passed.
pub fn credit(
    account: &mut Account,
    playing: &mut Playing,
    seen: &mut Spans,
    claimed: &[(i64, i64)],
    duration_ms: i64,
    no_skip: bool,
    now: i64,
) -> i64 {
    let since = account.settled_at.max(playing.began_at);
    if now > since {
        account.budget_ms += FASTEST * (now - since);
        account.settled_at = now;
    }
    let of_playing = FASTEST * (now - playing.began_at).max(0) - playing.credited_ms;
    let mut left = account.budget_ms.min(of_playing).max(0);
    let mut new = 0;
    let within = claimed
        .iter()
        .map(|(from, to)| ((*from).clamp(0, duration_ms), (*to).clamp(0, duration_ms)));
    for (from, to) in Spans::of(within).0 {
        for (from, to) in seen.missing(from, to) {
            if left == 0 || (no_skip && from > seen.frontier() + SLACK_MS) {
                break;
            }
            let to = to.min(from + left);
            left -= to - from;
            new += to - from;
            seen.add(from, to);
        }
    }
    playing.credited_ms += new;
    account.budget_ms = (account.budget_ms - new).clamp(0, CARRIED_MS);
    new
}

/// Whether enough was covered.
pub fn is_enough(seen: &Spans, duration_ms: i64) -> bool {
    duration_ms > 0 && seen.total() * 100 >= duration_ms * ENOUGH_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fresh(at: i64) -> (Account, Playing, Spans) {
        let account = Account {
            settled_at: at,
            budget_ms: 0,
        };
        (
            account,
            Playing {
                began_at: at,
                credited_ms: 0,
            },
            Spans::default(),
        )
    }

    #[test]
    fn a_plain_viewer_gets_all() {
        let (mut account, mut playing, mut seen) = fresh(0);
        for beat in 1..=6 {
            let claim = [((beat - 1) * 10_000, beat * 10_000)];
            credit(
                &mut account,
                &mut playing,
                &mut seen,
                &claim,
                60_000,
                true,
                beat * 10_000,
            );
        }
        assert_eq!(seen.parts(), [(0, 60_000)]);
        assert!(is_enough(&seen, 60_000));
    }

    #[test]
    fn who_claims_all_at_once_gets_twice_the_time_that_passed() {
        let (mut account, mut playing, mut seen) = fresh(0);
        let new = credit(
            &mut account,
            &mut playing,
            &mut seen,
            &[(0, 600_000)],
            600_000,
            false,
            10_000,
        );
        assert_eq!(new, 20_000);
        let again = credit(
            &mut account,
            &mut playing,
            &mut seen,
            &[(0, 600_000)],
            600_000,
            false,
            10_000,
        );
        assert_eq!(again, 0, "replayed at once");
    }

    #[test]
    fn what_was_watched_offline_counts_when_it_is_sent() {
        let (mut account, mut playing, mut seen) = fresh(0);
        credit(
            &mut account,
            &mut playing,
            &mut seen,
            &[(0, 10_000)],
            600_000,
            true,
            10_000,
        );
        // Nine minutes without a line.
        let new = credit(
            &mut account,
            &mut playing,
            &mut seen,
            &[(0, 550_000)],
            600_000,
            true,
            550_000,
        );
        assert_eq!(new, 540_000);
    }

    #[test]
    fn skipping_ahead_is_not_credited_where_it_is_not_allowed() {
        let (mut account, mut playing, mut seen) = fresh(0);
        let claim = [(0, 5_000), (300_000, 310_000)];
        assert_eq!(
            credit(
                &mut account,
                &mut playing,
                &mut seen,
                &claim,
                600_000,
                true,
                60_000
            ),
            5_000
        );
        assert_eq!(
            credit(
                &mut account,
                &mut playing,
                &mut seen,
                &claim,
                600_000,
                false,
                60_000
            ),
            10_000
        );
        assert_eq!(seen.frontier(), 5_000);
    }

    #[test]
    fn two_tabs_share_one_wall_clock() {
        let (mut account, mut first, mut a) = fresh(0);
        let (_, mut second, mut b) = fresh(0);
        let all = [(0, 600_000)];
        let one = credit(
            &mut account,
            &mut first,
            &mut a,
            &all,
            600_000,
            false,
            60_000,
        );
        let two = credit(
            &mut account,
            &mut second,
            &mut b,
            &all,
            600_000,
            false,
            60_000,
        );
        assert_eq!((one, two), (120_000, 0));
    }

    proptest! {
        /// Whatever is claimed, in whatever order and however often: no more is credited than the clock allows, nothing
        /// outside the film, and nothing twice.
        #[test]
        fn no_claim_beats_the_clock(
            claims in prop::collection::vec(
                (0_usize..3, 0_i64..40_000, prop::collection::vec((-5_000_i64..700_000, -5_000_i64..700_000), 0..6), any::<bool>()),
                1..40,
            ),
            no_skip in any::<bool>(),
        ) {
            let duration = 600_000;
            let mut account = Account { settled_at: 0, budget_ms: 0 };
            let mut playings = [0, 7_000, 90_000].map(|began_at| Playing { began_at, credited_ms: 0 });
            let mut seen = [Spans::default(), Spans::default(), Spans::default()];
            let (mut now, mut total) = (0, 0);
            for (which, later, claim, replayed) in claims {
                now += later;
                let mut once = || credit(&mut account, &mut playings[which], &mut seen[which], &claim, duration, no_skip, now);
                total += once();
                if replayed {
                    let again = once();
                    prop_assert_eq!(again, 0, "the same claim at the same moment");
                }
            }
            let credited: i64 = seen.iter().map(Spans::total).sum();
            prop_assert!(credited <= FASTEST * now, "{credited} in {now}");
            prop_assert!(total <= credited);
            for (spans, playing) in seen.iter().zip(&playings) {
                prop_assert_eq!(spans.total(), playing.credited_ms);
                prop_assert!(playing.credited_ms <= FASTEST * (now - playing.began_at).max(0));
                prop_assert!(spans.parts().iter().all(|(a, b)| 0 <= *a && a < b && *b <= duration));
                prop_assert!(spans.parts().windows(2).all(|w| w[0].1 < w[1].0));
                if no_skip {
                    // Gaps are no wider than players round.
                    prop_assert_eq!(spans.frontier(), spans.parts().last().map_or(0, |p| p.1));
                }
            }
        }

        /// A line that loses, delays and repeats messages costs an honest viewer nothing once the last one has arrived.
        #[test]
        fn a_bad_line_costs_an_honest_viewer_nothing(
            lost in prop::collection::vec(any::<bool>(), 60),
            delays in prop::collection::vec(0_i64..4_000, 60),
            doubled in any::<bool>(),
        ) {
            let duration = 600_000;
            let (mut account, mut playing, mut seen) = fresh(0);
            // Beats every ten seconds at plain speed, each claiming all that was not acknowledged.
            for beat in 1..=60_usize {
                if lost[beat - 1] && beat != 60 {
                    continue;
                }
                let played = beat as i64 * 10_000;
                for _ in 0..=usize::from(doubled) {
                    credit(&mut account, &mut playing, &mut seen, &[(0, played)], duration, true, played + delays[beat - 1]);
                }
            }
            prop_assert_eq!(seen.total(), duration);
        }
    }
}
