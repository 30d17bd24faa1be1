//! Job: the rules' memory, ahead of what is committed.
//! Takes: what the outbox kept, moved on by each decision.
//! Gives: the memory of any subject that the last groups touched, without a look at the disk.
//! Never: forgets what is not committed yet: see `YOUNG_MAX`.

use std::collections::HashMap;

use crate::delivery::MemoryKey;
use crate::outbox::Loaded;

/// How many memories are young at once; the generation before is kept beside them. At most three
/// groups are uncommitted, each of fewer than twice `EVENTS_MAX` events: a batch may come on top
/// of one that is nearly full. One generation holds more, alarms included.
const YOUNG_MAX: usize = 8 * super::EVENTS_MAX;

/// The rules' memory, ahead of what is committed.
#[derive(Default)]
pub(crate) struct Cache {
    young: HashMap<MemoryKey, Loaded>,
    old: HashMap<MemoryKey, Loaded>,
}

impl Cache {
    /// What is known under a key; without it the outbox must be asked.
    pub(crate) fn known(&mut self, key: &MemoryKey) -> Option<Loaded> {
        if let Some(known) = self.young.get(key) {
            return Some(known.clone());
        }
        let (key, known) = self.old.remove_entry(key)?;
        self.keep(&key, known.clone());
        Some(known)
    }

    /// Keeps what is known under a key.
    pub(crate) fn keep(&mut self, key: &MemoryKey, known: Loaded) {
        if self.young.len() >= YOUNG_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key.clone(), known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::EVENTS_MAX;

    const NONE: Loaded = Loaded::Subject(None);

    fn key(n: usize) -> MemoryKey {
        MemoryKey::Subject("feed".into(), format!("B{n}").into())
    }

    #[test]
    fn what_the_last_three_groups_touched_is_still_known() {
        let mut cache = Cache::default();
        let most = 3 * (2 * EVENTS_MAX - 1);
        for n in 0..20 * YOUNG_MAX {
            cache.keep(&key(n), NONE);
            let back = n.saturating_sub(most - 1);
            let known = cache.young.contains_key(&key(back)) || cache.old.contains_key(&key(back));
            assert!(known, "{n}");
        }
    }

    #[test]
    fn the_cache_is_bounded() {
        let mut cache = Cache::default();
        for n in 0..20 * YOUNG_MAX {
            cache.keep(&key(n), NONE);
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * YOUNG_MAX);
        assert_eq!(cache.known(&key(0)), None);
        assert_eq!(cache.known(&key(20 * YOUNG_MAX - 1)), Some(NONE));
    }
}
