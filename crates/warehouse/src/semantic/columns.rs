//! What an answer says of each of its measures.

use super::{
    answer::{Column, Input},
    checked::Asked,
    interval::Sure,
    measure::Measure,
    part::Part,
};

impl Asked<'_> {
    /// With what they come to in the total.
    pub fn columns(&self, total: Option<&Vec<Option<Part>>>) -> Vec<Column> {
        let input = |name: &str| {
            let measure = self.model.measure(name).ok()?;
            Some(Input {
                name: measure.name.to_owned(),
                label: measure.label.clone(),
                unit: Column::unit(measure.unit),
                value: total.and_then(|parts| self.value(measure, parts)),
            })
        };
        let column = |measure: &&Measure| Column {
            name: measure.name.to_owned(),
            label: measure.label.clone(),
            definition: measure.definition.clone(),
            unit: Column::unit(measure.unit),
            additive: self.model.is_additive(measure),
            formula: measure.formula(),
            inputs: measure.inputs().into_iter().filter_map(input).collect(),
            facts: self.model.facts_of(measure.name).into_iter().map(str::to_owned).collect(),
            sure: Sure::of(measure),
        };
        self.measures.iter().map(column).collect()
    }
}
