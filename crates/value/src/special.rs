//! Special functions that libm lacks, for positive arguments.

/// ψ(x) = d/dx ln Γ(x) for x > 0, relative error < 1e-14 (absolute near the root x ≈ 1.4616).
///
/// ψ(x) = ψ(x+1) − 1/x lifts x to ≥ 10; there the asymptotic series with Bernoulli numbers
/// ln x − 1/(2x) − Σ B₂ₖ/(2k x²ᵏ) (Abramowitz & Stegun 6.3.18) has a remainder below 1e-16.
pub fn digamma(x: f64) -> f64 {
    let mut shift = 0.0;
    let mut x = x;
    while x < 10.0 {
        shift += 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let tail = y
        * (1.0 / 12.0
            - y * (1.0 / 120.0
                - y * (1.0 / 252.0
                    - y * (1.0 / 240.0 - y * (1.0 / 132.0 - y * (691.0 / 32760.0 - y * (1.0 / 12.0)))))));
    x.ln() - 0.5 / x - tail - shift
}

/// ln Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The remainder of Stirling's formula, ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π], for x > 0; about 1/(12x).
///
/// From x = 10 its asymptotic series (Abramowitz & Stegun 6.1.41), which keeps full precision where the difference
/// cancels; absolute error below 1e-15.
pub fn stirling_remainder(x: f64) -> f64 {
    if x < 10.0 {
        let half_ln_tau = 0.5 * std::f64::consts::TAU.ln();
        return ln_gamma(x) - ((x - 0.5) * x.ln() - x + half_ln_tau);
    }
    let y = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - y * (1.0 / 360.0
            - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y * (1.0 / 1188.0 - y * 691.0 / 360_360.0))));
    series / x
}

/// ln(1 + eᵈ) and its derivative eᵈ/(1 + eᵈ), without overflow for any d.
pub fn softplus(d: f64) -> (f64, f64) {
    let e = (-d.abs()).exp();
    let slope = if d >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
    (d.max(0.0) + e.ln_1p(), slope)
}

/// The rising factorial (s)ₖ = s(s+1)…(s+k−1) = Γ(s+k)/Γ(s) for k = 0..=`up_to`, as ln (s)ₖ and d/ds ln (s)ₖ.
///
/// Summing logarithms keeps full precision where lnΓ(s+k) − lnΓ(s) would cancel (s large).
pub struct RisingFactorial {
    pub ln: Vec<f64>,
    pub slope: Vec<f64>,
}

impl RisingFactorial {
    pub fn table(s: f64, up_to: u32) -> Self {
        let (mut ln, mut slope) = (vec![0.0], vec![0.0]);
        let (mut sum, mut inverse) = (0.0, 0.0);
        for k in 0..up_to {
            let term = s + f64::from(k);
            sum += term.ln();
            inverse += 1.0 / term;
            ln.push(sum);
            slope.push(inverse);
        }
        Self { ln, slope }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        let error = (found - expected).abs() / expected.abs().max(1e-300);
        assert!(error < tolerance, "{found} is not {expected}: {error:e}");
    }

    #[test]
    fn digamma_meets_its_known_values() {
        const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
        close(digamma(1.0), -EULER_GAMMA, 1e-14);
        close(digamma(0.5), -EULER_GAMMA - 2.0 * 2.0_f64.ln(), 1e-14);
        let harmonic: f64 = (1..100).map(|k| 1.0 / f64::from(k)).sum();
        close(digamma(100.0), harmonic - EULER_GAMMA, 1e-14);
        close(digamma(1e-6), -1_000_000.577_214_02, 1e-14);
    }

    #[test]
    fn stirling_remainder_is_continuous_and_exact() {
        let below = stirling_remainder(10.0 - 1e-9);
        assert!((below - stirling_remainder(10.0)).abs() < 1e-11, "{below}");
        // ln Γ(20) = ln 19!
        let factorial: f64 = (1..=19).map(|k| f64::from(k).ln()).sum();
        let stirling = 19.5 * 20.0_f64.ln() - 20.0 + 0.5 * std::f64::consts::TAU.ln();
        assert!((stirling + stirling_remainder(20.0) - factorial).abs() < 1e-13);
        close(stirling_remainder(1e6), 1.0 / 12e6 - 1.0 / 360e18, 1e-14);
    }

    #[test]
    fn rising_factorial_is_a_quotient_of_gammas() {
        let table = RisingFactorial::table(0.3, 8);
        close(table.ln[8], ln_gamma(8.3) - ln_gamma(0.3), 1e-13);
        close(table.slope[8], digamma(8.3) - digamma(0.3), 1e-13);
    }

    #[test]
    fn softplus_survives_extremes() {
        assert_eq!(softplus(-1e4), (0.0, 0.0));
        assert_eq!(softplus(1e4), (1e4, 1.0));
        close(softplus(0.3).0, (1.0 + 0.3_f64.exp()).ln(), 1e-15);
    }
}
