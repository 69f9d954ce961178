//! A figure that explains itself, as `figures.html` shows it.

use serde::Serialize;

/// What a figure means and how sure it is, in the reader's words. Both are declared together (`sure` beside a message of
/// messages.toml, [`meta::Field::sure`]), so that whoever says the one says the other.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Meaning {
    pub definition: String,
    /// How far it can be off, or that it is exact.
    pub certainty: String,
}

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
    /// How far it can be off, or that it is exact.
    pub certainty: String,
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
    pub certainty: String,
}

impl Definition {
    pub fn new(label: impl Into<String>, Meaning { definition, certainty }: Meaning) -> Self {
        Definition { label: label.into(), definition, certainty }
    }
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
    pub fn new(Meaning { definition, certainty }: Meaning, as_of: impl Into<String>) -> Self {
        Explain { definition, certainty, as_of: as_of.into(), ..Explain::default() }
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
    /// More exactly than its kind says: with the interval itself, say.
    pub fn certainty(mut self, certainty: String) -> Self {
        self.certainty = certainty;
        self
    }
    pub fn source(mut self, href: String, label: String) -> Self {
        self.source_href = Some(href);
        self.source_label = Some(label);
        self
    }
}
