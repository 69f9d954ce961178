//! A figure that explains itself, as `figures.html` shows it.

use serde::Serialize;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Figure {
    pub label: String,
    /// Empty when unknown.
    pub value: String,
    pub unit: Option<String>,
    pub note: Option<String>,
    /// `good` or `bad`.
    pub tone: Option<&'static str>,
    pub change: Option<String>,
    pub explain: Option<Explain>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Explain {
    pub definition: String,
    pub formula: Option<String>,
    pub inputs: Vec<Input>,
    /// How sure it is, or that it is exact.
    pub certainty: Option<String>,
    pub as_of: String,
    pub source_href: Option<String>,
    pub source_label: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Input {
    pub label: String,
    pub value: String,
}

/// A sentence that states figures, and what they mean (macro `finding`).
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub text: String,
    pub explain: Explain,
}

/// Of a column or a mark, for macro `definitions`.
#[derive(Clone, Debug, Serialize)]
pub struct Definition {
    pub label: String,
    pub definition: String,
}

impl Figure {
    pub fn new(label: impl Into<String>, value: impl Into<String>, explain: Explain) -> Self {
        Figure { label: label.into(), value: value.into(), explain: Some(explain), ..Figure::default() }
    }
    pub fn note(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }
    pub fn tone(mut self, tone: Option<&'static str>) -> Self {
        self.tone = tone;
        self
    }
}

impl Explain {
    pub fn new(definition: impl Into<String>, as_of: impl Into<String>) -> Self {
        Explain { definition: definition.into(), as_of: as_of.into(), ..Explain::default() }
    }
    pub fn formula(mut self, formula: &str) -> Self {
        self.formula = Some(formula.to_owned());
        self
    }
    pub fn input(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.inputs.push(Input { label: label.into(), value: value.into() });
        self
    }
    pub fn inputs(mut self, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.inputs.extend(inputs);
        self
    }
    pub fn certainty(mut self, certainty: String) -> Self {
        self.certainty = Some(certainty);
        self
    }
    pub fn source(mut self, href: String, label: String) -> Self {
        self.source_href = Some(href);
        self.source_label = Some(label);
        self
    }
}
