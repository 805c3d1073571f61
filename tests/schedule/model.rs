//! What each id's row may be after the calls so far, as far as anybody can know it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pure_rooms::schedule::BarrierKind;

use crate::{
    bench::Came,
    world::{Call, KEYS, World},
};

impl World {
    /// Replays the calls in their order.
    pub fn check(&self) {
        let mut outcomes: HashMap<u64, Came> = HashMap::new();
        for (sequence, came) in &self.bench.outcomes {
            let earlier = outcomes.insert(*sequence, came.clone());
            assert_eq!(earlier, None, "#{sequence} has two outcomes");
        }
        let mut models: BTreeMap<u8, Model> = (0..KEYS).map(|key| (key, Model::default())).collect();
        for (sequence, call) in self.calls.iter().enumerate() {
            let sequence = sequence as u64;
            let outcome = outcomes.get(&sequence);
            match *call {
                Call::Get(key) => {
                    let came = outcome.unwrap_or_else(|| panic!("the get #{sequence} has no outcome"));
                    if let Came::Row(row) = came {
                        let model = &models[&key];
                        assert!(model.allows(*row), "#{sequence} saw {row:?} of {key}, where {model:?}");
                    }
                }
                Call::Set(key) => {
                    let came = outcome.unwrap_or_else(|| panic!("the set #{sequence} has no outcome"));
                    models.get_mut(&key).unwrap().write(Some(sequence), came);
                }
                Call::Destroy(key) => {
                    let came = outcome.unwrap_or_else(|| panic!("the destroy #{sequence} has no outcome"));
                    models.get_mut(&key).unwrap().write(None, came);
                }
                Call::Touch(_) => assert!(outcome.is_some(), "the touch #{sequence} has no outcome"),
                Call::Barrier(kind) => {
                    let done = self.done.contains(&sequence);
                    assert!(done || outcome.is_some(), "the barrier #{sequence} has no outcome");
                    if kind == BarrierKind::Clear {
                        let came = if done { Came::Removed(true) } else { outcome.unwrap().clone() };
                        models.values_mut().for_each(|model| model.clear(&came));
                    }
                }
            }
        }
        for (key, model) in models {
            let row = self.rows.get(&key).copied();
            assert!(model.allows(row), "in the end {key} is {row:?}, where {model:?}");
        }
    }
}

/// What an id's row may be.
#[derive(Debug)]
struct Model {
    possible: BTreeSet<Option<u64>>,
    /// What writes of unknown outcome may still bring.
    late: BTreeSet<Option<u64>>,
    /// A clear that was given up may still empty the row.
    late_clear: bool,
}

impl Default for Model {
    fn default() -> Self {
        Self { possible: BTreeSet::from([None]), late: BTreeSet::new(), late_clear: false }
    }
}

impl Model {
    fn allows(&self, row: Option<u64>) -> bool {
        self.possible.contains(&row) || self.late.contains(&row) || (self.late_clear && row.is_none())
    }

    fn write(&mut self, row: Option<u64>, came: &Came) {
        match came {
            Came::Failed("refused" | "rejected" | "not sent" | "withdrawn") => {}
            Came::Failed(
                "not confirmed" | "interrupted" | "unanswered" | "abandoned" | "outcome unknown",
            ) => {
                self.late.insert(row);
            }
            Came::Failed(other) => panic!("not the error of a write: {other}"),
            _ => {
                self.possible = BTreeSet::from([row]);
                self.late.clear();
            }
        }
    }

    fn clear(&mut self, came: &Came) {
        match came {
            Came::Failed("not sent") => {}
            Came::Failed(_) => self.late_clear = true,
            _ => {
                self.possible = BTreeSet::from([None]);
                self.late.clear();
            }
        }
    }
}
