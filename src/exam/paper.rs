//! Drawing a paper, and the order in which it shows what there is to choose.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{SliceRandom, index};
use serde::{Deserialize, Serialize};

use crate::question::model::{Body, Draft};

/// One question of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    #[serde(rename = "q")]
    pub question_id: String,
    #[serde(rename = "v")]
    pub version: i64,
    #[serde(rename = "p")]
    pub points: i64,
    /// The seed of the order in which its options are shown; 0 leaves them as they are.
    #[serde(rename = "s")]
    pub seed: u64,
}

/// A part to draw from.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Ids and versions.
    pub candidates: Vec<(String, i64)>,
    pub draws: usize,
    pub points: i64,
}

/// Draws a paper. No question comes twice, though pools overlap: the smaller pools draw first.
pub fn draw(
    pools: &[Pool],
    shuffle_questions: bool,
    shuffle_options: bool,
    seed: u64,
) -> Vec<Item> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut taken = std::collections::HashSet::new();
    let mut drawn: Vec<Vec<Item>> = vec![Vec::new(); pools.len()];
    let mut order: Vec<usize> = (0..pools.len()).collect();
    order.sort_by_key(|i| pools[*i].candidates.len());
    for i in order {
        let pool = &pools[i];
        // As many more as are taken already: enough remain, and a pool of any size costs only what it draws.
        let amount = (pool.draws + taken.len()).min(pool.candidates.len());
        let mut chosen: Vec<&(String, i64)> =
            index::sample(&mut rng, pool.candidates.len(), amount)
                .iter()
                .map(|place| &pool.candidates[place])
                .filter(|(id, _)| !taken.contains(id))
                .take(pool.draws)
                .collect();
        if !shuffle_questions {
            chosen.sort();
        }
        for (id, version) in chosen {
            taken.insert(id.clone());
            drawn[i].push(Item {
                question_id: id.clone(),
                version: *version,
                points: pool.points,
                seed: 0,
            });
        }
    }
    let mut items: Vec<Item> = drawn.into_iter().flatten().collect();
    if shuffle_questions {
        items.shuffle(&mut rng);
    }
    if shuffle_options {
        for item in &mut items {
            item.seed = rand::Rng::random::<u32>(&mut rng).max(1).into();
        }
    }
    items
}

/// The places of a question's options in the order in which they are shown. What is to be put in order or matched is
/// always mixed.
pub fn order(draft: &Draft, seed: u64) -> Vec<usize> {
    let (count, always) = match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => (choices.len(), false),
        Body::Ordering { items } => (items.len(), true),
        Body::Matching { pairs, extra } => (pairs.len() + extra.len(), true),
        _ => (0, false),
    };
    let mut places: Vec<usize> = (0..count).collect();
    if seed == 0 && !always {
        return places;
    }
    // Without a seed of its own the stem gives one: the same for everybody, and not the right order.
    let seed = if seed == 0 {
        draft
            .stem
            .bytes()
            .fold(7, |sum: u64, b| sum.wrapping_mul(31).wrapping_add(b.into()))
    } else {
        seed
    };
    let mut rng = StdRng::seed_from_u64(seed);
    for _ in 0..8 {
        places.shuffle(&mut rng);
        if !always || places.iter().enumerate().any(|(i, place)| i != *place) {
            break;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(ids: std::ops::Range<usize>, draws: usize) -> Pool {
        Pool {
            candidates: ids.map(|i| (format!("q{i:03}"), 1)).collect(),
            draws,
            points: 2,
        }
    }

    #[test]
    fn a_paper_is_drawn_without_repeats() {
        let pools = [pool(0..50, 10), pool(0..5, 5)];
        let paper = draw(&pools, true, true, 42);
        assert_eq!(paper.len(), 15);
        let mut ids: Vec<&str> = paper.iter().map(|i| i.question_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 15, "the small pool drew first");
        assert_eq!(
            draw(&pools, true, true, 42),
            paper,
            "the same seed, the same paper"
        );
        assert_ne!(draw(&pools, true, true, 43), paper);
        let fixed = draw(&pools, false, false, 1);
        assert!(fixed.iter().all(|i| i.seed == 0));
        assert!(
            fixed[..10]
                .windows(2)
                .all(|w| w[0].question_id < w[1].question_id)
        );
    }

    #[test]
    fn what_is_to_be_ordered_is_never_shown_in_order() {
        let draft = Draft {
            code: String::new(),
            title: String::new(),
            stem: "排序".into(),
            body: Body::Ordering {
                items: ["一", "二", "三"].map(str::to_owned).to_vec(),
            },
            explanation: String::new(),
            category: String::new(),
            tags: Vec::new(),
            difficulty: 3,
            images: Vec::new(),
        };
        for seed in 0..200 {
            let places = order(&draft, seed);
            assert_ne!(places, [0, 1, 2], "{seed}");
            let mut sorted = places;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
        }
    }
}
