//! Minimising a smooth function of a few parameters inside a box, and the curvature at the minimum.
//!
//! BFGS with gradient projection: a parameter standing at its limit whose gradient pushes outwards is held
//! there (active set), the others move along −H∇f; steps are halved until the Armijo condition holds
//! (Nocedal & Wright, *Numerical Optimization*, ch. 6 and 16.7).

/// Limits of each parameter, lower and upper.
pub type Limits<const N: usize> = [(f64, f64); N];

/// A function of N parameters that returns its value and its gradient.
pub type Objective<'a, const N: usize> = dyn FnMut(&[f64; N]) -> (f64, [f64; N]) + 'a;

#[derive(Clone, Copy, Debug)]
pub struct Minimum<const N: usize> {
    pub at: [f64; N],
    pub value: f64,
    pub gradient: [f64; N],
    /// Function evaluations used.
    pub evaluations: u32,
    /// Whether the gradient of the free parameters vanished.
    pub converged: bool,
}

/// The largest gradient component that counts as zero; f is expected to be a mean per customer, of order 1.
const GRADIENT_TOLERANCE: f64 = 1e-9;
/// Rounding may stop the descent before the tolerance; this gradient still moves log parameters by about 1e-5.
const GOOD_ENOUGH: f64 = 1e-7;
/// Rounding in the sum over customers, relative.
const NOISE: f64 = 1e-12;
/// Minima closer than this in value are the same.
const SAME: f64 = 1e-9;
const MAX_ITERATIONS: u32 = 300;
const MAX_STEP: f64 = 2.0;

/// Finds a local minimum of `f`, which returns value and gradient, from `start`.
/// Points where `f` is not finite are avoided; with `start` itself not finite the result is not converged.
pub fn minimize<const N: usize>(f: &mut Objective<N>, start: [f64; N], limits: &Limits<N>) -> Minimum<N> {
    descend(f, start, None, limits)
}

/// [`minimize`], beginning with an inverse Hessian if one is known.
fn descend<const N: usize>(
    f: &mut Objective<N>,
    start: [f64; N],
    known: Option<[[f64; N]; N]>,
    limits: &Limits<N>,
) -> Minimum<N> {
    let mut at = clamp(start, limits);
    let (mut value, mut gradient) = f(&at);
    let mut evaluations = 1;
    let mut fresh = known.is_none();
    let mut inverse = known.unwrap_or_else(identity);
    let mut moving = [true; N];
    for _ in 0..MAX_ITERATIONS {
        let free = free(&at, &gradient, limits);
        if largest(&gradient, &free) < GRADIENT_TOLERANCE || !value.is_finite() {
            break;
        }
        if free != moving {
            // Curvature learnt with other parameters held misleads.
            (inverse, fresh, moving) = (identity(), true, free);
        }
        let step = direction(&inverse, &gradient, &free);
        let Some(next) = search(f, &at, value, &gradient, &step, limits, &mut evaluations) else {
            if fresh {
                break;
            }
            (inverse, fresh) = (identity(), true);
            continue;
        };
        let moved: [f64; N] = std::array::from_fn(|i| next.at[i] - at[i]);
        let turned: [f64; N] =
            std::array::from_fn(|i| if free[i] { next.gradient[i] - gradient[i] } else { 0.0 });
        fresh = !update(&mut inverse, &moved, &turned, fresh);
        (at, value, gradient) = (next.at, next.value, next.gradient);
    }
    let converged = largest(&gradient, &free(&at, &gradient, limits)) < GOOD_ENOUGH;
    Minimum { at, value, gradient, evaluations, converged }
}

/// Minimises from one start after the other until two of them agree on the lowest value, or none is left.
/// `None` if no descent converged.
pub fn minimize_from<const N: usize>(
    f: &mut Objective<N>,
    starts: &[[f64; N]],
    limits: &Limits<N>,
) -> Option<Minimum<N>> {
    let mut best: Option<Minimum<N>> = None;
    for start in starts {
        let found = minimize(f, *start, limits);
        match &best {
            _ if !found.converged || !found.value.is_finite() => {}
            Some(known) if (known.value - found.value).abs() < SAME => return best,
            Some(known) if known.value < found.value => {}
            _ => best = Some(found),
        }
    }
    best
}

/// Minimises `f`, the mean of many terms, from where `sample`, the mean of some of them, has its minimum and with the
/// curvature found there: a few evaluations of `f` are enough. `None` unless both minima are inside the box with
/// curvature in all directions; then only a search over everything can tell.
pub fn minimize_near_sample<const N: usize>(
    f: &mut Objective<N>,
    sample: &mut Objective<N>,
    starts: &[[f64; N]],
    limits: &Limits<N>,
) -> Option<Minimum<N>> {
    let inside = |at: &[f64; N]| at.iter().zip(limits).all(|(x, (low, high))| low < x && x < high);
    let near = minimize_from(sample, starts, limits).filter(|found| inside(&found.at))?;
    let inverse = invert(&hessian(sample, &near.at), &[true; N])?;
    Some(descend(f, near.at, Some(inverse), limits)).filter(|found| found.converged && inside(&found.at))
}

struct Point<const N: usize> {
    at: [f64; N],
    value: f64,
    gradient: [f64; N],
}

fn clamp<const N: usize>(x: [f64; N], limits: &Limits<N>) -> [f64; N] {
    std::array::from_fn(|i| x[i].clamp(limits[i].0, limits[i].1))
}

fn identity<const N: usize>() -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { 1.0 } else { 0.0 }))
}

fn free<const N: usize>(at: &[f64; N], gradient: &[f64; N], limits: &Limits<N>) -> [bool; N] {
    std::array::from_fn(|i| {
        let held_low = at[i] <= limits[i].0 && gradient[i] > 0.0;
        let held_high = at[i] >= limits[i].1 && gradient[i] < 0.0;
        !(held_low || held_high)
    })
}

/// −H∇f over the free parameters; steepest descent where that is not downhill.
fn direction<const N: usize>(inverse: &[[f64; N]; N], gradient: &[f64; N], free: &[bool; N]) -> [f64; N] {
    let g: [f64; N] = std::array::from_fn(|i| if free[i] { gradient[i] } else { 0.0 });
    let mut step: [f64; N] = std::array::from_fn(|i| if free[i] { -dot(&inverse[i], &g) } else { 0.0 });
    let slope = dot(&step, &g);
    if slope.is_nan() || slope >= 0.0 {
        step = g.map(|x| -x);
    }
    let length = step.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    if length > MAX_STEP { step.map(|s| s * MAX_STEP / length) } else { step }
}

/// Halves the step until the value falls enough. `None`: no progress possible along this direction.
fn search<const N: usize>(
    f: &mut Objective<N>,
    at: &[f64; N],
    value: f64,
    gradient: &[f64; N],
    step: &[f64; N],
    limits: &Limits<N>,
    evaluations: &mut u32,
) -> Option<Point<N>> {
    let mut scale = 1.0;
    for _ in 0..30 {
        let next = clamp(std::array::from_fn(|i| at[i] + scale * step[i]), limits);
        let fall: f64 = (0..N).map(|i| gradient[i] * (next[i] - at[i])).sum();
        if next == *at {
            return None;
        }
        let (next_value, next_gradient) = f(&next);
        *evaluations += 1;
        // Near the minimum the fall drowns in rounding; there a smaller gradient is progress.
        let flat = (next_value - value).abs() <= NOISE * (1.0 + value.abs())
            && norm(&next_gradient) < norm(gradient);
        if next_value.is_finite() && (next_value <= value + 1e-4 * fall || flat) {
            return Some(Point { at: next, value: next_value, gradient: next_gradient });
        }
        scale *= 0.5;
    }
    None
}

/// The BFGS update of the inverse Hessian; refuses (false) where the curvature along the step is not positive.
fn update<const N: usize>(
    inverse: &mut [[f64; N]; N],
    moved: &[f64; N],
    turned: &[f64; N],
    fresh: bool,
) -> bool {
    let curvature = dot(moved, turned);
    if curvature.is_nan() || curvature <= 1e-12 * norm(moved) * norm(turned) {
        return !fresh;
    }
    if fresh {
        let scale = curvature / dot(turned, turned);
        *inverse = identity::<N>().map(|row| row.map(|x| x * scale));
    }
    let h_y: [f64; N] = std::array::from_fn(|i| dot(&inverse[i], turned));
    let factor = (1.0 + dot(turned, &h_y) / curvature) / curvature;
    for i in 0..N {
        for j in 0..N {
            inverse[i][j] +=
                factor * moved[i] * moved[j] - (h_y[i] * moved[j] + moved[i] * h_y[j]) / curvature;
        }
    }
    true
}

fn largest<const N: usize>(gradient: &[f64; N], free: &[bool; N]) -> f64 {
    let all = gradient.iter().zip(free);
    // Not `f64::max`, which would hide a NaN.
    all.filter(|(_, free)| **free).fold(0.0, |m, (g, _)| if g.abs() <= m { m } else { g.abs() })
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm<const N: usize>(a: &[f64; N]) -> f64 {
    dot(a, a).sqrt()
}

/// The Hessian from central differences of the gradient, symmetrised; error O(h²) with h = 1e-4.
pub fn hessian<const N: usize>(f: &mut Objective<N>, at: &[f64; N]) -> [[f64; N]; N] {
    const H: f64 = 1e-4;
    let rows: [[f64; N]; N] = std::array::from_fn(|i| {
        let (mut above, mut below) = (*at, *at);
        above[i] += H;
        below[i] -= H;
        let (up, down) = (f(&above).1, f(&below).1);
        std::array::from_fn(|j| (up[j] - down[j]) / (2.0 * H))
    });
    std::array::from_fn(|i| std::array::from_fn(|j| 0.5 * (rows[i][j] + rows[j][i])))
}

/// The inverse of a symmetric positive definite matrix restricted to the `free` rows and columns (zero
/// elsewhere), by Cholesky's decomposition. `None` if it is not positive definite.
pub fn invert<const N: usize>(matrix: &[[f64; N]; N], free: &[bool; N]) -> Option<[[f64; N]; N]> {
    let entry = |i: usize, j: usize| match (free[i] && free[j], i == j) {
        (true, _) => matrix[i][j],
        (false, same) => f64::from(u8::from(same)),
    };
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = entry(i, j) - sum;
            if i != j {
                lower[i][j] = rest / lower[j][j];
            } else if rest > 0.0 {
                lower[i][i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    let columns: [[f64; N]; N] = std::array::from_fn(|c| solve(&lower, c));
    Some(std::array::from_fn(|i| {
        std::array::from_fn(|j| if free[i] && free[j] { columns[j][i] } else { 0.0 })
    }))
}

/// Solves L Lᵀ y = e_c.
fn solve<const N: usize>(lower: &[[f64; N]; N], c: usize) -> [f64; N] {
    let mut y = [0.0; N];
    for i in 0..N {
        let sum: f64 = (0..i).map(|k| lower[i][k] * y[k]).sum();
        y[i] = (f64::from(u8::from(i == c)) - sum) / lower[i][i];
    }
    for i in (0..N).rev() {
        let sum: f64 = (i + 1..N).map(|k| lower[k][i] * y[k]).sum();
        y[i] = (y[i] - sum) / lower[i][i];
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock(p: &[f64; 2]) -> (f64, [f64; 2]) {
        let (x, y) = (p[0], p[1]);
        let value = (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        (value, [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)])
    }

    #[test]
    fn the_curved_valley_is_followed_to_its_end() {
        let found = minimize(&mut rosenbrock, [-1.2, 1.0], &[(-10.0, 10.0); 2]);
        assert!(found.converged, "{found:?}");
        assert!((found.at[0] - 1.0).abs() < 1e-7 && (found.at[1] - 1.0).abs() < 1e-7, "{found:?}");
    }

    #[test]
    fn a_minimum_outside_the_box_is_met_at_the_limit() {
        let found = minimize(&mut rosenbrock, [-1.2, 0.4], &[(-10.0, 10.0), (-10.0, 0.5)]);
        assert!(found.converged, "{found:?}");
        assert_eq!(found.at[1], 0.5);
        assert!((found.at[0] - 0.709).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn a_function_without_a_value_at_the_start_is_not_converged() {
        let found = minimize(&mut |_: &[f64; 1]| (f64::NAN, [f64::NAN]), [0.0], &[(-1.0, 1.0)]);
        assert!(!found.converged);
    }

    #[test]
    fn inverse_times_matrix_is_one_on_the_free_part() {
        let matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]];
        let inverse = invert(&matrix, &[true, false, true]).expect("positive definite");
        assert!((inverse[0][0] * 4.0 + inverse[0][2] * 0.5 - 1.0).abs() < 1e-14);
        assert!((inverse[0][0] * 0.5 + inverse[0][2] * 2.0).abs() < 1e-14);
        assert_eq!(inverse[1], [0.0; 3]);
        assert!(invert(&[[1.0, 2.0], [2.0, 1.0]], &[true, true]).is_none());
    }

    #[test]
    fn hessian_of_the_valley_is_known() {
        let found = hessian(&mut rosenbrock, &[1.0, 1.0]);
        for (row, expected) in found.iter().zip([[802.0, -400.0], [-400.0, 200.0]]) {
            for (x, y) in row.iter().zip(expected) {
                assert!((x - y).abs() < 1e-4, "{found:?}");
            }
        }
    }
}
