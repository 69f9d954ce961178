//! A record about to be saved, as rules beside an entity see it.

use crate::{FieldProblem, Id, Label, Problem, Record, Value, Values, label};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Create,
    Update,
}

/// What a `before_save` rule works on: the record as it is and the values that will be written.
pub struct Draft<'a> {
    pub id: Id,
    pub change: Change,
    pub before: Option<&'a Record>,
    pub values: &'a mut Values,
    pub problems: Vec<FieldProblem>,
}

static NULL: Value = Value::Null;

impl Draft<'_> {
    /// The value the field will have once saved.
    pub fn get(&self, field: &str) -> &Value {
        match self.values.get(field) {
            Some(value) => value,
            None => self.before.map_or(&NULL, |record| record.get(field)),
        }
    }

    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.values.insert(field.to_owned(), value.into());
    }

    /// Whether this save gives the field another value than it had.
    pub fn changes(&self, field: &str) -> bool {
        match (self.values.get(field), self.before) {
            (None, _) => false,
            (Some(new), Some(record)) => new != record.get(field),
            (Some(new), None) => !new.is_null(),
        }
    }

    /// Brings an ISO 4217 code into its one spelling, or refuses it.
    pub fn check_currency(&mut self, field: &str) {
        let Some(code) = self.values.get(field).and_then(Value::as_text) else { return };
        let code = code.trim().to_uppercase();
        if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            self.set(field, code);
        } else {
            self.reject(
                field,
                label(
                    format!("“{code}” is not a currency: use its three letters, like CNY, USD or EUR"),
                    format!("“{code}”不是币种代码，请用三个字母，如 CNY、USD、EUR"),
                ),
            );
        }
    }

    /// Refuses the save with a message on `field`.
    pub fn reject(&mut self, field: &str, message: Label) {
        self.problems.push(FieldProblem::new(field, Problem::Rule(message)));
    }
}
