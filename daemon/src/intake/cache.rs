//! Job: the rules' memory, ahead of what is committed.
//! Takes: what the outbox kept, moved on by each decision.
//! Gives: the memory of any subject that the last groups touched, without a look at the disk.
//! Never: forgets what is not committed yet: see `YOUNG_MAX`.

use std::collections::HashMap;
use std::sync::Arc;

use contract::{FeedName, RuleName};

use crate::delivery::{AlarmMemory, SubjectMemory};

/// How many subjects are young at once; the generation before is kept beside them. At most three
/// groups of `EVENTS_MAX` are uncommitted, fewer than one generation holds.
pub(crate) const YOUNG_MAX: usize = 4 * super::EVENTS_MAX;

type SubjectKey = (FeedName, Arc<str>);

/// The rules' memory, ahead of what is committed.
#[derive(Default)]
pub(crate) struct Cache {
    young: HashMap<SubjectKey, Option<Arc<SubjectMemory>>>,
    old: HashMap<SubjectKey, Option<Arc<SubjectMemory>>>,
    alarms: HashMap<(RuleName, Arc<str>), Option<AlarmMemory>>,
}

impl Cache {
    /// A subject's memory; `None` means that it must be looked up, `Some(None)` that there is none.
    pub(crate) fn subject(&mut self, key: &SubjectKey) -> Option<Option<Arc<SubjectMemory>>> {
        if let Some(known) = self.young.get(key) {
            return Some(known.clone());
        }
        let known = self.old.remove(key)?;
        self.keep_subject(key.clone(), known.clone());
        Some(known)
    }

    /// Keeps a subject's memory.
    pub(crate) fn keep_subject(&mut self, key: SubjectKey, memory: Option<Arc<SubjectMemory>>) {
        if self.young.len() >= YOUNG_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, memory);
    }

    /// An alarm's memory; `None` means that it must be looked up.
    pub(crate) fn alarm(&self, rule: &RuleName, subject: &Arc<str>) -> Option<Option<AlarmMemory>> {
        self.alarms.get(&(rule.clone(), Arc::clone(subject))).cloned()
    }

    /// Keeps an alarm's memory. There are as many as alarm rules and feeds, so all are kept.
    pub(crate) fn keep_alarm(
        &mut self,
        rule: RuleName,
        subject: Arc<str>,
        alarm: Option<AlarmMemory>,
    ) {
        self.alarms.insert((rule, subject), alarm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> SubjectKey {
        ("feed".into(), format!("B{n}").into())
    }

    #[test]
    fn what_the_last_three_groups_touched_is_still_known() {
        let mut cache = Cache::default();
        for n in 0..10 * super::super::EVENTS_MAX {
            cache.keep_subject(key(n), None);
            let back = n.saturating_sub(3 * super::super::EVENTS_MAX - 1);
            assert_eq!(cache.subject(&key(back)), Some(None), "{n}");
        }
    }

    #[test]
    fn the_cache_is_bounded() {
        let mut cache = Cache::default();
        for n in 0..20 * YOUNG_MAX {
            cache.keep_subject(key(n), None);
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * YOUNG_MAX);
        assert_eq!(cache.subject(&key(0)), None);
    }
}
