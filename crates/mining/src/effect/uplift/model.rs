//! The model itself: what it tells of any customer.

use super::{Method, Subject, linear::Linear, scores::Expected, trees::Trees, validation::Judged};
use crate::{
    propensity::MOST_FITTED,
    reason::{Reason, all_finite},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fitted {
    Linear(Linear),
    Boosting(Trees),
}

impl Fitted {
    pub fn learn(method: Method, rows: &[&[f64]], targets: &[f64]) -> Result<Self, Reason> {
        Ok(match method {
            Method::Linear => Fitted::Linear(Linear::fit(rows, targets)?),
            Method::Boosting => Fitted::Boosting(Trees::fit(rows, targets)?),
        })
    }

    pub fn predict(&self, rows: &[&[f64]]) -> Result<Vec<f64>, Reason> {
        let told = match self {
            Fitted::Linear(linear) => rows.iter().map(|row| linear.predict(row)).collect(),
            Fitted::Boosting(trees) => trees.predict(rows)?,
        };
        all_finite(&told)?;
        Ok(told)
    }

    fn contributions(&self, rows: &[&[f64]]) -> Result<Vec<Vec<f64>>, Reason> {
        match self {
            Fitted::Linear(linear) => {
                Ok(rows.iter().map(|row| linear.contributions(row).collect()).collect())
            }
            Fitted::Boosting(trees) => trees.contributions(rows),
        }
    }
}

/// Effect = average + slope · (what the method tells − its mean). Plain data, but for the trees, which are kept as crate forust
/// writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    fitted: Fitted,
    width: usize,
    /// The effect of reaching everybody.
    average: f64,
    centre: f64,
    slope: f64,
}

/// What exaggerates is drawn in; what is too timid is left so.
pub(super) fn drawn_in(slope: f64) -> f64 {
    slope.clamp(0.0, 1.0)
}

impl Model {
    /// From everybody ([`MOST_FITTED`] at most); `slope` is that of what happened on what was told of customers it had not seen.
    pub(super) fn learn(subjects: &[&Subject], method: Method, slope: f64) -> Result<Self, Reason> {
        let share = subjects.iter().filter(|one| one.treated).count() as f64 / subjects.len() as f64;
        let learned = &subjects[..subjects.len().min(MOST_FITTED)];
        let expected = Expected::learn(learned, share, |one| one.outcome)?;
        let rows: Vec<&[f64]> = learned.iter().map(|one| one.features.as_slice()).collect();
        let targets: Vec<f64> = learned.iter().map(|one| expected.score(one)).collect();
        let fitted = Fitted::learn(method, &rows, &targets)?;
        let told = fitted.predict(&rows)?;
        let count = rows.len() as f64;
        Ok(Model {
            width: rows.first().map_or(0, |row| row.len()),
            fitted,
            average: targets.iter().sum::<f64>() / count,
            centre: told.iter().sum::<f64>() / count,
            slope: drawn_in(slope),
        })
    }

    /// What is told of the judged, drawn in as the model does it, less the average.
    pub(super) fn spread(&self, judged: &[Judged]) -> Vec<f64> {
        judged.iter().map(|one| self.slope * one.told).collect()
    }

    fn rows<'a>(&self, rows: &'a [Vec<f64>]) -> Result<Vec<&'a [f64]>, Reason> {
        all_finite(rows.iter().flatten())?;
        if rows.iter().any(|row| row.len() != self.width) {
            return Err(Reason::Ragged);
        }
        Ok(rows.iter().map(Vec::as_slice).collect())
    }

    /// The effect of reaching each customer, in the unit of the outcome; rows as wide as those it learned from.
    ///
    /// # Errors
    /// [`Reason::Ragged`], [`Reason::NotFinite`].
    pub fn effects(&self, rows: &[Vec<f64>]) -> Result<Vec<f64>, Reason> {
        let told = self.fitted.predict(&self.rows(rows)?)?;
        Ok(told.into_iter().map(|told| self.average + self.slope * (told - self.centre)).collect())
    }

    /// What each feature adds to a customer's effect, in the features' order.
    ///
    /// # Errors
    /// As [`Self::effects`].
    pub fn contributions(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Reason> {
        let mut parts = self.fitted.contributions(&self.rows(rows)?)?;
        parts.iter_mut().flatten().for_each(|part| *part *= self.slope);
        Ok(parts)
    }
}
