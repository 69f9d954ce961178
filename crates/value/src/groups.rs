//! Customers with equal (x, t_x, T) counted together, and the one way a purchase model's likelihood is maximised over
//! them: from several starts, by way of a sample where there are many, with the curvature at the maximum.

use crate::estimate::{self, Precision, Unfit, storable};
use crate::history::Observation;
use crate::optimize::{self, Limits};

/// Customers the search begins with when there are many more; the maximum is always that of all of them.
const SAMPLE: f64 = 10_000.0;

#[derive(Clone, Copy)]
pub(crate) struct Group {
    pub x: u32,
    /// Indices into `times`.
    pub last: u32,
    pub age: u32,
    pub customers: f64,
}

/// The de-duplicated sufficient statistics.
pub(crate) struct Groups {
    /// In order of (x, t_x, T).
    pub groups: Vec<Group>,
    pub times: Vec<f64>,
    pub largest_x: u32,
    pub(crate) customers: f64,
    pub repeat_customers: f64,
    mean_age: f64,
    /// Repeat purchases per customer and week, a start for r/α.
    mean_rate: f64,
}

impl Groups {
    pub(crate) fn new(observations: &[Observation]) -> Self {
        // Non-negative doubles sort like their bits.
        let mut keys: Vec<(u32, u64, u64)> = observations
            .iter()
            .filter(|seen| seen.is_consistent())
            .map(|seen| (seen.x, (seen.t_x + 0.0).to_bits(), (seen.age + 0.0).to_bits()))
            .collect();
        keys.sort_unstable();
        let mut bits: Vec<u64> = keys.iter().flat_map(|key| [key.1, key.2]).collect();
        bits.sort_unstable();
        bits.dedup();
        let index = |time: u64| bits.partition_point(|b| *b < time) as u32;
        let groups: Vec<Group> = keys
            .chunk_by(|a, b| a == b)
            .map(|same| Group {
                x: same[0].0,
                last: index(same[0].1),
                age: index(same[0].2),
                customers: same.len() as f64,
            })
            .collect();
        Self::of(groups, bits.iter().map(|b| f64::from_bits(*b)).collect())
    }

    fn of(groups: Vec<Group>, times: Vec<f64>) -> Self {
        let sum = |of: &dyn Fn(&Group) -> f64| groups.iter().map(|g| g.customers * of(g)).sum::<f64>();
        let customers = sum(&|_| 1.0);
        let weeks = sum(&|g| times[g.age as usize]);
        Self {
            largest_x: groups.iter().map(|g| g.x).max().unwrap_or(0),
            repeat_customers: sum(&|g| f64::from(u8::from(g.x > 0))),
            mean_age: if customers > 0.0 { weeks / customers } else { 0.0 },
            mean_rate: sum(&|g| f64::from(g.x)) / weeks,
            customers,
            groups,
            times,
        }
    }

    /// Every k-th customer in order of (x, t_x, T), so that the sample is like the whole; `None` where the whole is
    /// small enough itself.
    pub(crate) fn sample(&self) -> Option<Self> {
        let step = (self.customers / SAMPLE).floor();
        if step < 2.0 {
            return None;
        }
        let mut before = 0.0_f64;
        let mut taken = Vec::new();
        for group in &self.groups {
            let after = before + group.customers;
            let customers = (after / step).floor() - (before / step).floor();
            if customers > 0.0 {
                taken.push(Group { customers, ..*group });
            }
            before = after;
        }
        Some(Self::of(taken, self.times.clone()))
    }
}

/// What a search for the maximum needs to know of a model with N coordinates, the logarithms of `names`.
pub(crate) struct Search<'m, const N: usize> {
    pub names: [&'static str; N],
    pub lowest: [f64; N],
    pub highest: [f64; N],
    /// −ln L per customer and its gradient, at the coordinates.
    #[allow(clippy::type_complexity)]
    pub loss: &'m dyn Fn(&Groups, &[f64; N]) -> (f64, [f64; N]),
    /// Starts, given the repeat purchases per customer and week; not logarithms.
    pub starts: &'m dyn Fn(f64) -> Vec<[f64; N]>,
}

/// Where the likelihood has its maximum.
pub(crate) struct Peak<const N: usize> {
    pub at: [f64; N],
    pub log_likelihood: f64,
    pub precision: Precision<N>,
}

impl Groups {
    /// # Errors
    /// [`Unfit`] without customers, without a repeat buyer, without time, or if no maximum is found.
    pub(crate) fn maximise<const N: usize>(&self, search: &Search<'_, N>) -> Result<Peak<N>, Unfit> {
        if self.customers == 0.0 {
            return Err(Unfit::TooFewCustomers);
        }
        if self.mean_age == 0.0 {
            return Err(Unfit::NoTimePassed);
        }
        if self.repeat_customers == 0.0 {
            return Err(Unfit::TooFewRepeatBuyers);
        }
        let limits: Limits<N> = std::array::from_fn(|i| (search.lowest[i].ln(), search.highest[i].ln()));
        let mut objective = |at: &[f64; N]| (search.loss)(self, at);
        let near = self.sample().and_then(|sample| {
            let starts = sample.starts(search);
            let mut of_sample = |at: &[f64; N]| (search.loss)(&sample, at);
            optimize::minimize_near_sample(&mut objective, &mut of_sample, &starts, &limits)
        });
        let best = match near {
            Some(best) => best,
            None => optimize::minimize_from(&mut objective, &self.starts(search), &limits)
                .ok_or(Unfit::NotConverged)?,
        };
        let precision = estimate::precision(&mut objective, &best.at, &limits, search.names, self.customers);
        Ok(Peak { at: best.at, log_likelihood: storable(-best.value * self.customers), precision })
    }

    /// The most promising first.
    fn starts<const N: usize>(&self, search: &Search<'_, N>) -> Vec<[f64; N]> {
        let mut starts: Vec<(f64, [f64; N])> = (search.starts)(self.mean_rate)
            .into_iter()
            .map(|start| start.map(f64::ln))
            .map(|start| ((search.loss)(self, &start).0, start))
            .collect();
        starts.sort_by(|one, other| one.0.total_cmp(&other.0));
        starts.into_iter().map(|(_, start)| start).collect()
    }
}
