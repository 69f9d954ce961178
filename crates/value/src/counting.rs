//! The purchases expected of a customer who is alive, as a series with positive terms only.
//!
//! Every `stride`-th event of a Poisson process of rate λ is a purchase, `phase` events having passed since the last
//! one; λ ~ gamma(n, β). The number M of events in t weeks is negative binomial, with z = t/(β+t)
//! P(M=m) = (1−z)ⁿ (n)ₘ zᵐ/m!, and makes K = ⌊(phase+M)/stride⌋ purchases. The i-th of them happens only if none of
//! the i−1 before ended the relation, which has probability σᵢ₋₁ = (kept)₍ᵢ₋₁₎/(kept+lost)₍ᵢ₋₁₎. Hence
//!
//! E[purchases] = Σₘ P(M=m) S(K), S(K) = Σ₍ᵢ≤K₎ σᵢ₋₁, and E[purchases²] = Σₘ P(M=m) Σ₍ᵢ≤K₎ (2i−1) σᵢ₋₁.
//!
//! With stride 1, kept = b+x, lost = a and n = r+x this equals eq. (10) of Fader, Hardie & Lee (2005),
//! (a+b+x−1)/(a−1) [1 − (1−z)ⁿ ₂F₁(n, b+x; a+b+x−1; z)], term by term, but has no singularity at a = 1; with lost = 0
//! nobody stops. Relative error about 1e-14.
//!
//! S(K) and (n+m)/(m+1), the quotient of successive weights without z, are the same for all horizons: m is the outer
//! loop, and the inner one over the horizons is plain arithmetic on slices, which the compiler turns into vectors.

/// Below this logarithm the series cannot start (e⁻⁷⁰⁸ is the smallest double).
const SMALLEST_START: f64 = -650.0;
/// Weights beyond this are scaled down while the first terms are too small for a double.
const LARGEST: f64 = 1e250;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    Mean,
    Square,
}

/// What the series needs of model and customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Future {
    pub n: f64,
    pub beta: f64,
    pub kept: f64,
    pub lost: f64,
    pub stride: u32,
    /// Below `stride`.
    pub phase: u32,
    pub moment: Moment,
}

/// One entry per horizon.
struct Lanes {
    z: Vec<f64>,
    /// P(M=m).
    weight: Vec<f64>,
    sum: Vec<f64>,
}

/// S(K) as m grows.
struct Purchases {
    so_far: f64,
    survival: f64,
    count: f64,
    until_next: u32,
}

impl Future {
    /// The expectation for each t of `weeks`, which ascend.
    pub fn expect(&self, weeks: &[f64]) -> Vec<f64> {
        debug_assert!(weeks.is_sorted(), "horizons must ascend");
        let start = |t: f64| -self.n * (t.max(0.0) / self.beta).ln_1p();
        // A longer horizon starts lower.
        let usual = weeks.partition_point(|t| start(*t) >= SMALLEST_START);
        let mut lanes = Lanes {
            z: weeks[..usual].iter().map(|t| t.max(0.0) / (self.beta + t.max(0.0))).collect(),
            weight: weeks[..usual].iter().map(|t| start(*t).exp()).collect(),
            sum: vec![0.0; usual],
        };
        self.add_up(&mut lanes);
        let plain = self.stride == 1 && self.lost > 0.0 && self.moment == Moment::Mean;
        let heavy = weeks[usual..].iter().map(|t| {
            if plain { self.purchases_of_heavy_buyer(*t) } else { self.add_up_scaled(*t, start(*t)) }
        });
        lanes.sum.into_iter().chain(heavy).collect()
    }

    fn purchases(&self) -> Purchases {
        Purchases { so_far: 0.0, survival: 1.0, count: 0.0, until_next: self.stride - self.phase }
    }

    /// One more event.
    fn advance(&self, purchases: &mut Purchases) {
        purchases.until_next -= 1;
        if purchases.until_next > 0 {
            return;
        }
        purchases.until_next = self.stride;
        let weight = if self.moment == Moment::Mean { 1.0 } else { 2.0 * purchases.count + 1.0 };
        purchases.so_far += weight * purchases.survival;
        purchases.survival *= (self.kept + purchases.count) / (self.kept + self.lost + purchases.count);
        purchases.count += 1.0;
    }

    /// An upper bound of S(K+1)/S(K).
    fn growth_of_purchases(&self, purchases: &Purchases) -> f64 {
        let growth = 1.0 + 1.0 / purchases.count;
        if self.moment == Moment::Mean { growth } else { growth * growth }
    }

    fn add_up(&self, lanes: &mut Lanes) {
        // The horizons before this one are done: the shorter, the sooner.
        let mut first = 0;
        let mut purchases = self.purchases();
        let mut m = 0.0;
        while first < lanes.z.len() {
            let growth = (self.n + m) / (m + 1.0);
            self.advance(&mut purchases);
            m += 1.0;
            let so_far = purchases.so_far;
            let open = lanes.z[first..].iter().zip(&mut lanes.weight[first..]).zip(&mut lanes.sum[first..]);
            for ((z, weight), sum) in open {
                *weight *= z * growth;
                *sum += *weight * so_far;
            }
            // Past the hump all later quotients of terms lie below this one.
            let more = self.growth_of_purchases(&purchases);
            while first < lanes.z.len() {
                let z = lanes.z[first];
                let later = z.max(z * growth) * more;
                let term = lanes.weight[first] * so_far;
                if purchases.count == 0.0 && z > 0.0
                    || later >= 1.0
                    || term > 1e-16 * lanes.sum[first] * (1.0 - later)
                {
                    break;
                }
                first += 1;
            }
        }
    }

    /// The same where (1−z)ⁿ = e^start underflows: the first terms, far below the hump, are scaled up and not counted.
    fn add_up_scaled(&self, t: f64, start: f64) -> f64 {
        let z = t / (self.beta + t);
        let mut offset = start;
        let (mut weight, mut sum, mut m) = (1.0_f64, 0.0_f64, 0.0);
        let mut purchases = self.purchases();
        loop {
            let growth = (self.n + m) / (m + 1.0);
            self.advance(&mut purchases);
            m += 1.0;
            weight *= z * growth;
            if weight > LARGEST {
                weight /= LARGEST;
                sum /= LARGEST;
                offset += LARGEST.ln();
            }
            let term = weight * purchases.so_far;
            sum += term;
            let later = z.max(z * growth) * self.growth_of_purchases(&purchases);
            if purchases.count > 0.0 && later < 1.0 && term <= 1e-16 * sum * (1.0 - later) {
                return (sum.ln() + offset).exp();
            }
        }
    }

    /// [`Moment::Mean`] of stride 1 where (1−z)ⁿ underflows (n in the hundreds), after Euler's transform of the paper's
    /// ₂F₁: with c = a+b+x−1, ε = a−1, L = ln(1−z) and G = Σₖ≥₁ (c−n)ₖ (1+ε)₍ₖ₋₁₎ zᵏ / ((c)ₖ k!),
    /// E = −c [ (e^(εL) − 1)/ε + e^(εL) G ].
    fn purchases_of_heavy_buyer(&self, weeks: f64) -> f64 {
        let c = self.kept + self.lost - 1.0;
        let epsilon = self.lost - 1.0;
        let z = weeks / (self.beta + weeks);
        let log = -(weeks / self.beta).ln_1p();
        let mut term = (c - self.n) / c * z;
        let mut sum = term;
        let mut k = 1.0;
        while term.abs() > 1e-17 * sum.abs() * (1.0 - z) && k < 1e6 {
            term *= (c - self.n + k) * (epsilon + k) / ((c + k) * (k + 1.0)) * z;
            sum += term;
            k += 1.0;
        }
        let power = if epsilon.abs() < 1e-12 { log } else { (epsilon * log).exp_m1() / epsilon };
        (-c * (power + (epsilon * log).exp() * sum)).max(0.0)
    }

    /// P(no purchase within t weeks): fewer events than the next purchase needs.
    pub fn p_none(&self, t: f64) -> f64 {
        let z = t.max(0.0) / (self.beta + t.max(0.0));
        let mut weight = (-self.n * (t.max(0.0) / self.beta).ln_1p()).exp();
        let mut sum = weight;
        for m in 1..(self.stride - self.phase) {
            let m = f64::from(m);
            weight *= z * (self.n + m - 1.0) / m;
            sum += weight;
        }
        sum.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future(x: u32, age: f64) -> Future {
        let n = f64::from(x);
        Future {
            n: 0.243 + n,
            beta: 4.414 + age,
            kept: 2.426 + n,
            lost: 0.793,
            stride: 1,
            phase: 0,
            moment: Moment::Mean,
        }
    }

    #[test]
    fn heavy_buyers_series_continues_the_ordinary_one() {
        for (x, age) in [(5, 30.0), (60, 30.0), (200, 100.0)] {
            for t in [0.5, 4.0, 52.0] {
                let future = future(x, age);
                let one = future.expect(&[t])[0];
                let start = -future.n * (t / future.beta).ln_1p();
                for other in [future.purchases_of_heavy_buyer(t), future.add_up_scaled(t, start)] {
                    assert!((one - other).abs() < 1e-11 * one, "x {x} t {t}: {one} {other}");
                }
            }
        }
    }

    #[test]
    fn horizons_together_are_the_horizons_one_by_one() {
        let weeks: Vec<f64> = (0..=520).map(|half| f64::from(half) / 2.0).collect();
        // The last ones cross into the heavy buyers' formulas on the way.
        for (x, age) in [(0, 1e-9), (0, 300.0), (3, 1.0), (40, 80.0), (900, 100.0)] {
            for (stride, phase, moment) in
                [(1, 0, Moment::Mean), (3, 1, Moment::Mean), (2, 0, Moment::Square)]
            {
                let future = Future { stride, phase, moment, ..future(x, age) };
                let together = future.expect(&weeks);
                for (t, found) in weeks.iter().zip(together) {
                    let alone = future.expect(&[*t])[0];
                    assert!((found - alone).abs() <= 1e-14 * alone, "x {x} t {t}: {found} {alone}");
                }
            }
        }
    }

    #[test]
    fn without_dropout_the_moments_are_those_of_the_negative_binomial() {
        for (n, beta, t) in [(0.4, 3.0, 10.0), (12.0, 60.0, 52.0), (900.0, 100.0, 300.0)] {
            let known = Future { n, beta, kept: 1.0, lost: 0.0, stride: 1, phase: 0, moment: Moment::Mean };
            let mean = n * t / beta;
            let found = known.expect(&[t])[0];
            assert!((found / mean - 1.0).abs() < 1e-11, "{found} {mean}");
            let square = Future { moment: Moment::Square, ..known }.expect(&[t])[0];
            let expected = mean + mean * mean * (n + 1.0) / n;
            assert!((square / expected - 1.0).abs() < 1e-11, "{square} {expected}");
        }
    }

    #[test]
    fn strides_share_the_events_out() {
        // Over all phases, equally likely, every third event is a third of the events.
        let events =
            Future { n: 2.0, beta: 9.0, kept: 1.0, lost: 0.0, stride: 1, phase: 0, moment: Moment::Mean };
        let third: f64 = (0..3).map(|phase| Future { stride: 3, phase, ..events }.expect(&[20.0])[0]).sum();
        assert!((third - events.expect(&[20.0])[0]).abs() < 1e-11, "{third}");
        // And buying nothing is what is left of buying something.
        let one = Future { stride: 3, phase: 1, ..events };
        let z: f64 = 20.0 / 29.0;
        let by_hand = (1.0 - z).powi(2) * (1.0 + 2.0 * z);
        assert!((one.p_none(20.0) - by_hand).abs() < 1e-14);
    }
}
