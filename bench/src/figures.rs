//! Job: the figures of all runs, by measure and contestant.
//! Takes: one reading after the other.
//! Gives: medians, and whether a floor is met.
//! Never: averages: one disturbed run in three must not show.

use serde_json::{Value, json};

/// What is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    /// Rates.
    More,
    /// Times, memory, losses.
    Less,
}

/// What a figure measures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measure {
    /// In words, and the same for every run of it.
    pub(crate) name: String,
    /// Of the value.
    pub(crate) unit: &'static str,
    /// Which way is better.
    pub(crate) better: Better,
    /// What Deskbell must reach at least, or may cost at most.
    pub(crate) floor: Option<f64>,
}

impl Measure {
    /// Names a measure where more is better.
    pub(crate) fn more(name: impl Into<String>, unit: &'static str) -> Measure {
        Measure { name: name.into(), unit, better: Better::More, floor: None }
    }

    /// Names a measure where less is better.
    pub(crate) fn less(name: impl Into<String>, unit: &'static str) -> Measure {
        Measure { name: name.into(), unit, better: Better::Less, floor: None }
    }

    /// Adds the floor.
    pub(crate) fn floor(mut self, floor: f64) -> Measure {
        self.floor = Some(floor);
        self
    }

    fn is_met(&self, value: f64) -> Option<bool> {
        self.floor.map(|floor| match self.better {
            Better::More => value >= floor,
            Better::Less => value <= floor,
        })
    }
}

/// One measure's readings.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) measure: Measure,
    readings: Vec<(String, Vec<f64>)>,
}

impl Figure {
    /// Gives the median of a contestant's readings.
    pub(crate) fn median(&self, contestant: &str) -> Option<f64> {
        let (_, values) = self.readings.iter().find(|(name, _)| name == contestant)?;
        median(values)
    }

    /// Says whether the floor is met by `contestant`; `None` without a floor or a reading.
    pub(crate) fn is_met(&self, contestant: &str) -> Option<bool> {
        self.measure.is_met(self.median(contestant)?)
    }

    /// Says how many times better `one` is than `other`.
    pub(crate) fn ratio(&self, one: &str, other: &str) -> Option<f64> {
        let (one, other) = (self.median(one)?, self.median(other)?);
        let (large, small) = match self.measure.better {
            Better::More => (one, other),
            Better::Less => (other, one),
        };
        (small > 0.0).then(|| large / small)
    }
}

/// All figures, in the order in which they were first read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// Each measure once.
    pub(crate) all: Vec<Figure>,
    /// What the reader of the figures must know: runs that were cut, failed or lost something.
    pub(crate) remarks: Vec<String>,
}

impl Figures {
    /// Adds a reading.
    pub(crate) fn read(&mut self, contestant: &str, measure: Measure, value: f64) {
        let at = self.all.iter().position(|figure| figure.measure.name == measure.name);
        let at = at.unwrap_or_else(|| {
            self.all.push(Figure { measure, readings: Vec::new() });
            self.all.len() - 1
        });
        let readings = &mut self.all[at].readings;
        match readings.iter_mut().find(|(name, _)| name == contestant) {
            Some((_, values)) => values.push(value),
            None => readings.push((contestant.to_owned(), vec![value])),
        }
    }

    /// Adds what must be known of a run, if there is anything.
    pub(crate) fn remark(&mut self, run: &str, words: Option<String>) {
        self.remarks.extend(words.map(|words| format!("{run}: {words}")));
    }

    /// Renders everything, each reading included.
    pub(crate) fn json(&self) -> Value {
        let figures = self.all.iter().map(|figure| {
            let readings: serde_json::Map<String, Value> = figure
                .readings
                .iter()
                .map(|(name, values)| {
                    let met = figure.is_met(name);
                    let met = if name == "deskbell" { met } else { None };
                    (name.clone(), json!({ "median": median(values), "runs": values, "met": met }))
                })
                .collect();
            json!({
                "measure": figure.measure.name,
                "unit": figure.measure.unit,
                "floor": figure.measure.floor,
                "readings": readings,
            })
        });
        json!({ "figures": figures.collect::<Vec<_>>(), "remarks": self.remarks })
    }
}

/// Gives the middle of some values, which need no order; `None` of none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 50.0)
}

/// Gives the value below which `percent` of the sorted values lie; `None` of none.
pub(crate) fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    Some(sorted[rank.saturating_sub(1).min(last)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<f64> = (1..=1_000).map(f64::from).collect();
        for (percent, expected) in [(0.0, 1.0), (50.0, 500.0), (99.0, 990.0), (99.9, 999.0)] {
            assert_eq!(percentile(&sorted, percent), Some(expected), "{percent} %");
        }
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn one_disturbed_run_in_three_does_not_show() {
        assert_eq!(median(&[10.0, 900.0, 11.0]), Some(11.0));
    }

    #[test]
    fn a_ratio_above_one_is_always_better() {
        let mut figures = Figures::default();
        for (name, rate, ms) in [("deskbell", 300.0, 2.0), ("node", 100.0, 8.0)] {
            figures.read(name, Measure::more("rate", "events/s").floor(250.0), rate);
            figures.read(name, Measure::less("latency", "ms").floor(1.0), ms);
        }
        let ratios: Vec<_> =
            figures.all.iter().map(|figure| figure.ratio("deskbell", "node")).collect();
        assert_eq!(ratios, [Some(3.0), Some(4.0)]);
        let met: Vec<_> = figures.all.iter().map(|figure| figure.is_met("deskbell")).collect();
        assert_eq!(met, [Some(true), Some(false)]);
    }
}
