//! Systems of linear equations with a positive definite matrix, as the second derivatives of a likelihood are.

/// What is left of a diagonal entry once the columns before it are taken out; less of it than this is nothing but rounding.
const LEAST: f64 = 1e-10;

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// x with `matrix` x = `right` (Cholesky's method); the error is the number of the first column that follows from those before.
pub(crate) fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Result<Vec<f64>, usize> {
    let n = right.len();
    let mut root = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let rest = matrix[i][j] - dot(&root[i][..j], &root[j][..j]);
            if i != j {
                root[i][j] = rest / root[j][j];
            } else if rest > LEAST * matrix[i][i].abs() {
                root[i][i] = rest.sqrt();
            } else {
                return Err(i);
            }
        }
    }
    let mut x = right.to_vec();
    for i in 0..n {
        x[i] = (x[i] - dot(&root[i][..i], &x[..i])) / root[i][i];
    }
    for i in (0..n).rev() {
        let later: f64 = (i + 1..n).map(|j| root[j][i] * x[j]).sum();
        x[i] = (x[i] - later) / root[i][i];
    }
    Ok(x)
}

/// The inverse.
pub(crate) fn inverse(matrix: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, usize> {
    let n = matrix.len();
    let column = |i: usize| {
        let mut unit = vec![0.0; n];
        unit[i] = 1.0;
        solve(matrix, &unit)
    };
    (0..n).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_worked_by_hand() {
        // 4x + 2y = 10 and 2x + 3y = 11: x = 1, y = 3; the determinant is 8.
        let matrix = vec![vec![4.0, 2.0], vec![2.0, 3.0]];
        let found = solve(&matrix, &[10.0, 11.0]).expect("solved");
        assert!((found[0] - 1.0).abs() < 1e-12 && (found[1] - 3.0).abs() < 1e-12, "{found:?}");
        let inverse = inverse(&matrix).expect("inverted");
        for (row, expected) in inverse.iter().zip([[0.375, -0.25], [-0.25, 0.5]]) {
            assert!(row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{inverse:?}");
        }
        assert_eq!(solve(&[vec![1.0, 2.0], vec![2.0, 4.0]], &[1.0, 1.0]), Err(1));
    }
}
