//! A field, declared as data: `money("amount").label("Amount", "金额").indexed()`.

use crate::{Bands, Label, Value, label};

/// The type of a field; storage, input, validation, API type and display follow from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Text {
        limit: usize,
    },
    LongText,
    Email,
    Phone,
    Url,
    Integer,
    /// A decimal with at most `scale` digits after the point.
    Decimal {
        scale: u32,
    },
    /// An amount in the record's currency (its own `currency` field, or its parent's), unless it is marked
    /// [`Field::company_currency`].
    Money,
    /// A share; 0.15 is 15 %.
    Percent,
    Bool,
    Date,
    Instant,
    Choice(Vec<Choice>),
    Reference {
        entity: String,
    },
    Json,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub value: String,
    pub label: Label,
    /// One of `grey blue green yellow orange red purple`; shown as a dot beside the word.
    pub colour: &'static str,
}

/// In which table beside the entity's own a figure is stored. Two, because writing many figures of many records anew takes as
/// long as sorting all their indexes: those that nobody moved should not pay for those that time moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Apart {
    /// Figures that move when something happens to their record.
    Figures,
    /// Figures that move for nearly every record from one day to the next.
    Moving,
}

impl Apart {
    pub const ALL: [Apart; 2] = [Apart::Figures, Apart::Moving];
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub label: Label,
    pub help: Option<Label>,
    pub kind: Kind,
    pub required: bool,
    /// No two live records may share the value.
    pub unique: bool,
    /// Lists may be sorted by it, and filters by it are fast.
    pub indexed: bool,
    /// Found by the search box.
    pub searched: bool,
    /// Kept by a rule or a job: shown, filtered, exported, but never accepted as input.
    pub computed: bool,
    /// A figure refreshed in the background: writing it neither logs a change nor raises the version.
    pub figure: bool,
    /// A figure of every record that is computed for all of them at once, as often as models are fitted: it is stored in a
    /// table beside the entity's own, so that this costs neither the records nor their indexes.
    pub apart: Option<Apart>,
    /// The reader sees it in part (138****8000), so that he may neither filter nor sort nor search by it.
    pub masked: bool,
    /// Of a figure: how sure it is, as the name of the words that say so (`sure.…` of messages.toml). What is only recorded has none.
    pub sure: Option<&'static str>,
    /// Personal data in the sense of PIPL/GDPR.
    pub personal: bool,
    /// Personal, but what it names is an area with many people, so that figures may be cut by it by whoever may see it.
    pub area: bool,
    /// Of whole numbers: what figures are cut by instead of every single number.
    pub bands: Option<Bands>,
    /// Money in the company's currency, whatever the currency of its record: what may be summed and ranked over records.
    pub company_currency: bool,
    pub default: Option<Value>,
    /// Left empty in a new record it becomes the moment (or the day) of writing.
    pub default_now: bool,
    /// Part of the API's example although neither required nor in the list: a rule asks for it.
    pub in_example: bool,
    /// Numbered by the engine when left empty: prefix + six digits.
    pub numbered: Option<&'static str>,
    /// The heading it stands under on the record page; empty is the first section.
    pub section: Label,
}

fn field(name: &str, kind: Kind) -> Field {
    Field {
        name: name.to_owned(),
        label: label(title_case(name), ""),
        help: None,
        kind,
        required: false,
        unique: false,
        indexed: false,
        searched: false,
        computed: false,
        figure: false,
        apart: None,
        masked: false,
        sure: None,
        personal: false,
        area: false,
        bands: None,
        company_currency: false,
        default: None,
        default_now: false,
        in_example: false,
        numbered: None,
        section: label("", ""),
    }
}

fn title_case(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

pub fn text(name: &str) -> Field {
    field(name, Kind::Text { limit: 255 })
}
pub fn long_text(name: &str) -> Field {
    field(name, Kind::LongText)
}
pub fn email(name: &str) -> Field {
    field(name, Kind::Email)
}
pub fn phone(name: &str) -> Field {
    field(name, Kind::Phone)
}
pub fn url(name: &str) -> Field {
    field(name, Kind::Url)
}
pub fn integer(name: &str) -> Field {
    field(name, Kind::Integer)
}
pub fn decimal(name: &str, scale: u32) -> Field {
    field(name, Kind::Decimal { scale })
}
pub fn money(name: &str) -> Field {
    field(name, Kind::Money)
}
pub fn percent(name: &str) -> Field {
    field(name, Kind::Percent)
}
pub fn boolean(name: &str) -> Field {
    field(name, Kind::Bool)
}
pub fn date(name: &str) -> Field {
    field(name, Kind::Date)
}
pub fn instant(name: &str) -> Field {
    field(name, Kind::Instant)
}
pub fn json(name: &str) -> Field {
    field(name, Kind::Json)
}
/// `choice("stage", &[("new", "New", "新建", "blue"), …])`
pub fn choice(name: &str, choices: &[(&str, &str, &str, &'static str)]) -> Field {
    let choices = choices
        .iter()
        .map(|(value, en, zh, colour)| Choice { value: (*value).to_owned(), label: label(*en, *zh), colour })
        .collect();
    field(name, Kind::Choice(choices))
}
pub fn reference(name: &str, entity: &str) -> Field {
    Field { indexed: true, ..field(name, Kind::Reference { entity: entity.to_owned() }) }
}

impl Field {
    pub fn label(mut self, en: &str, zh: &str) -> Self {
        self.label = label(en, zh);
        self
    }
    /// Keeps the English label derived from the name.
    pub fn zh(mut self, zh: &str) -> Self {
        self.label.zh = zh.to_owned();
        self
    }
    pub fn help(mut self, en: &str, zh: &str) -> Self {
        self.help = Some(label(en, zh));
        self
    }
    pub fn section(mut self, en: &str, zh: &str) -> Self {
        self.section = label(en, zh);
        self
    }
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
    pub fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }
    pub fn searched(mut self) -> Self {
        self.searched = true;
        self
    }
    /// See [`Field::in_example`].
    pub fn in_example(mut self) -> Self {
        self.in_example = true;
        self
    }
    pub fn computed(mut self) -> Self {
        self.computed = true;
        self
    }
    /// A background figure; see [`Field::figure`]. Implies computed.
    pub fn figure(mut self) -> Self {
        self.figure = true;
        self.computed = true;
        self
    }
    /// A figure stored beside the record; see [`Field::apart`]. Implies figure.
    pub fn apart(mut self) -> Self {
        self.apart = Some(Apart::Figures);
        self.figure()
    }
    /// A figure stored beside the record that moves with time, whatever happens; see [`Apart::Moving`]. Implies figure.
    pub fn moving(mut self) -> Self {
        self.apart = Some(Apart::Moving);
        self.figure()
    }
    /// See [`Field::sure`].
    pub fn sure(mut self, name: &'static str) -> Self {
        self.sure = Some(name);
        self
    }
    pub fn personal(mut self) -> Self {
        self.personal = true;
        self
    }
    /// Personal data that names an area; see [`Field::area`]. Implies personal.
    pub fn area(mut self) -> Self {
        self.area = true;
        self.personal()
    }
    /// The first number of each band; see [`Field::bands`].
    pub fn bands(mut self, firsts: &'static [i64]) -> Self {
        self.bands = Some(Bands(firsts));
        self
    }
    /// See [`Field::company_currency`].
    pub fn in_company_currency(mut self) -> Self {
        self.company_currency = true;
        self
    }
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }
    pub fn default_now(mut self) -> Self {
        self.default_now = true;
        self
    }
    pub fn numbered(mut self, prefix: &'static str) -> Self {
        self.numbered = Some(prefix);
        self
    }

    /// Whether it tells who somebody is, so that nothing is counted by it.
    pub fn tells_who(&self) -> bool {
        self.personal && !self.area
    }
    pub fn choices(&self) -> &[Choice] {
        if let Kind::Choice(choices) = &self.kind { choices } else { &[] }
    }
    pub fn target(&self) -> Option<&str> {
        if let Kind::Reference { entity } = &self.kind { Some(entity) } else { None }
    }
    /// Digits after the point in storage, for the kinds stored as scaled integers.
    pub fn scale(&self) -> Option<u32> {
        self.kind.scale()
    }
}

impl Kind {
    pub fn scale(&self) -> Option<u32> {
        match self {
            Kind::Decimal { scale } => Some(*scale),
            Kind::Money | Kind::Percent => Some(crate::MONEY_SCALE),
            _ => None,
        }
    }

    /// The name used in metadata for the browser, in OpenAPI extensions and in snapshots.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Text { .. } => "text",
            Kind::LongText => "long_text",
            Kind::Email => "email",
            Kind::Phone => "phone",
            Kind::Url => "url",
            Kind::Integer => "integer",
            Kind::Decimal { .. } => "decimal",
            Kind::Money => "money",
            Kind::Percent => "percent",
            Kind::Bool => "bool",
            Kind::Date => "date",
            Kind::Instant => "instant",
            Kind::Choice(_) => "choice",
            Kind::Reference { .. } => "reference",
            Kind::Json => "json",
        }
    }

    pub fn is_textual(&self) -> bool {
        matches!(
            self,
            Kind::Text { .. } | Kind::LongText | Kind::Email | Kind::Phone | Kind::Url | Kind::Choice(_)
        )
    }
    pub fn is_numeric(&self) -> bool {
        matches!(self, Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent)
    }
}
