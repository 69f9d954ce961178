//! Who customers are, from their archive: whatever fields it has, found by what they are declared to be. Choices, yes or no and short
//! texts are categories (sex, industry, region …), numbers are numbers (employees, income …), a personal day is the years since it
//! (an age). A field that is empty says so by a feature of its own.
//!
//! They are read as they stand today: the archive does not say what stood in it a year ago. What the program computes of customers is left
//! out, since it knows what they bought after the day that is looked at.
//! Long because the same fields are read of everybody at night and of one customer when he is looked at, and become features alike.

use super::lines::Sales;
use crate::{
    facts::{ask, ranges},
    settings::day_number,
};
use engine::{Engine, Result, aside};
use meta::{Entity, Field, Id, Kind, MONEY_SCALE, Record, Value, scaled};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use warehouse::arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Date32Type, Decimal128Type, Int64Type},
};

/// A text with more values than this is no category.
const MOST_VALUES: usize = 1_000;
/// Values of a category that are features of their own: the commonest ones.
const EACH: usize = 8;
/// Customers who must have a value in common, and the share of all: fewer teach nothing and might tell who they are.
const FEWEST: usize = 20;
const FEWEST_SHARE: f64 = 0.01;
/// Years after which a day of birth is a slip of the pen.
const OLDEST: f64 = 120.0;
const DAYS_A_YEAR: f64 = 365.2425;
/// Of a category and of a day: not filled in.
const EMPTY: u16 = u16::MAX;
const NO_DAY: i32 = i32::MIN;
/// The field that says in which currency amounts of a record are.
const CURRENCY: &str = "currency";

/// A field of the archive, of every customer in the order of [`Sales::accounts`].
pub struct Trait {
    pub field: String,
    is: Is,
}

enum Is {
    /// Places in `values`.
    Category { values: Vec<String>, of: Vec<u16>, common: Vec<u16> },
    /// Logarithms; not a number where it is not filled in.
    Number { of: Vec<f32>, mean: f64 },
    /// Numbers of days.
    Since { of: Vec<i32>, mean: f64 },
}

/// What kind of trait a field is, if it is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Category,
    Number,
    Since,
}

/// Of a customer's archive, the field that says where he is: provinces, or countries where provinces are not known of most.
pub const REGIONS: [&str; 2] = ["province", "country"];

#[derive(Default)]
pub struct Traits {
    all: Vec<Trait>,
    /// Which field regions are, if any.
    regions: Option<String>,
}

/// How fields become features, without anybody's: by it features of a customer are those of the night.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coding {
    all: Vec<(String, Code)>,
    regions: Option<String>,
}

/// Means are kept by their bits: as texts they may differ in the last digit, and trees ask on which side of a number they lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    /// The values that are features of their own, in their order.
    Category(Vec<String>),
    Number(u64),
    Since(u64),
}

fn form(entity: &Entity, field: &Field) -> Option<Form> {
    // What is chosen by hand instead of what is computed is an opinion on what the customer bought.
    let by_hand = field.name.strip_suffix("_override").and_then(|class| entity.get(class)).is_some();
    let says_who = field.personal && field.searched;
    if field.computed || field.unique || field.numbered.is_some() || field.masked || by_hand || says_who {
        return None;
    }
    match field.kind {
        Kind::Choice(_) | Kind::Bool => Some(Form::Category),
        Kind::Text { .. } if field.name != CURRENCY => Some(Form::Category),
        Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent => Some(Form::Number),
        Kind::Date if field.personal => Some(Form::Since),
        _ => None,
    }
}

/// The fields of the archive that may speak of a customer, whoever asks.
pub fn is_trait(entity: &Entity, field: &str) -> bool {
    entity.get(field).is_some_and(|field| form(entity, field).is_some())
}

/// Of one field while it is read.
struct Reading<'f> {
    field: &'f Field,
    is: Is,
    numbers: HashMap<String, u16>,
    /// It has turned out to be no category.
    dropped: bool,
}

/// The rows of a batch: the number of each one's customer, and whether his amounts are in another currency.
type Rows<'r> = &'r [(Option<usize>, bool)];

impl Reading<'_> {
    fn new(field: &Field, form: Form, customers: usize) -> Reading<'_> {
        let is = match form {
            Form::Category => Is::Category { values: vec![], of: vec![EMPTY; customers], common: vec![] },
            Form::Number => Is::Number { of: vec![f32::NAN; customers], mean: 0.0 },
            Form::Since => Is::Since { of: vec![NO_DAY; customers], mean: 0.0 },
        };
        Reading { field, is, numbers: HashMap::new(), dropped: false }
    }

    fn add(&mut self, column: &ArrayRef, rows: Rows<'_>) {
        let known = || rows.iter().enumerate().filter(|(row, _)| column.is_valid(*row));
        match &mut self.is {
            Is::Category { values, of, .. } => {
                for (row, (customer, _)) in known() {
                    let Some(at) = *customer else { continue };
                    let text = match self.field.kind {
                        Kind::Bool => yes_or_no(column.as_boolean().value(row)),
                        _ => column.as_string_view().value(row),
                    };
                    if !says_something(text) {
                        continue;
                    }
                    of[at] = match self.numbers.get(text) {
                        Some(number) => *number,
                        None if values.len() >= MOST_VALUES => {
                            self.dropped = true;
                            return;
                        }
                        None => {
                            let number = values.len() as u16;
                            values.push(text.to_owned());
                            self.numbers.insert(text.to_owned(), number);
                            number
                        }
                    };
                }
            }
            Is::Number { of, .. } => {
                let is_own = is_of_the_record(self.field);
                for (row, (customer, foreign)) in known() {
                    // Amounts in other currencies are not comparable.
                    let Some(at) = customer.filter(|_| !(*foreign && is_own)) else { continue };
                    let number = match column.data_type() {
                        DataType::Decimal128(_, scale) => {
                            let number = column.as_primitive::<Decimal128Type>().value(row);
                            number as f64 / 10_f64.powi(i32::from(*scale))
                        }
                        _ => column.as_primitive::<Int64Type>().value(row) as f64,
                    };
                    of[at] = logarithm(number);
                }
            }
            Is::Since { of, .. } => {
                for (row, (customer, _)) in known() {
                    let Some(at) = *customer else { continue };
                    of[at] = column.as_primitive::<Date32Type>().value(row);
                }
            }
        }
    }

    /// `None` if it says nothing: dropped, or the same of everybody.
    fn finish(mut self, today: i32) -> Option<Trait> {
        let customers = match &mut self.is {
            Is::Category { values, of, common } => {
                let mut counts = vec![0_usize; values.len()];
                of.iter().filter(|number| **number != EMPTY).for_each(|number| counts[*number as usize] += 1);
                let fewest = FEWEST.max((FEWEST_SHARE * of.len() as f64) as usize);
                let mut found: Vec<u16> =
                    (0..values.len() as u16).filter(|at| counts[*at as usize] >= fewest).collect();
                found.sort_by(|a, b| {
                    (counts[*b as usize], &values[*a as usize])
                        .cmp(&(counts[*a as usize], &values[*b as usize]))
                });
                found.truncate(EACH);
                *common = found;
                counts.iter().sum()
            }
            Is::Number { of, mean } => known_mean(of.iter().map(|number| f64::from(*number)), mean),
            Is::Since { of, mean } => {
                let known = known_mean(of.iter().map(|day| years(today, *day)), mean);
                // The mean of days: years before the day that is looked at move with it.
                *mean = f64::from(today) - *mean * DAYS_A_YEAR;
                known
            }
        };
        let says_something = !self.dropped && customers >= FEWEST;
        says_something.then(|| Trait { field: self.field.name.clone(), is: self.is })
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

fn says_something(text: &str) -> bool {
    !text.trim().is_empty()
}

/// Whether an amount is in the currency of its record.
fn is_of_the_record(field: &Field) -> bool {
    field.kind == Kind::Money && !field.company_currency
}

fn logarithm(number: f64) -> f32 {
    (number.abs().ln_1p() * number.signum()) as f32
}

/// How many are known.
fn known_mean(numbers: impl Iterator<Item = f64>, mean: &mut f64) -> usize {
    let (mut count, mut sum) = (0_usize, 0.0);
    for number in numbers.filter(|number| number.is_finite()) {
        (count, sum) = (count + 1, sum + number);
    }
    *mean = sum / count.max(1) as f64;
    count
}

/// Not a number where the day is not known or cannot be.
fn years(today: i32, day: i32) -> f64 {
    if day == NO_DAY {
        return f64::NAN;
    }
    let years = f64::from(today.saturating_sub(day)) / DAYS_A_YEAR;
    if (0.0..=OLDEST).contains(&years) { years } else { f64::NAN }
}

/// Of the customers of `sales`, as the warehouse has them: who asks has read lines from it. In a few bytes a field and customer.
pub async fn read(engine: &Engine, sales: &Sales) -> Result<Traits> {
    let entity = engine.registry().entity("account")?.clone();
    let currency = engine.company_currency().await?;
    let none = ask(engine, "SELECT * FROM account LIMIT 0").await?;
    let has = |field: &str| none.columns().contains(&field);
    let fields = entity.fields.values().filter(|field| has(&field.name));
    let mut fields: Vec<Reading<'_>> = fields
        .filter_map(|field| Some(Reading::new(field, form(&entity, field)?, sales.accounts.len())))
        .collect();
    let own_currency = if has(CURRENCY) { CURRENCY } else { "CAST(NULL AS VARCHAR)" };
    let columns: String = fields.iter().map(|field| format!(", \"{}\"", field.field.name)).collect();
    for range in ranges(engine, "id").await? {
        let sql = format!(
            "SELECT id, arrow_cast({own_currency}, 'Utf8View') AS own_currency{columns} FROM account WHERE {range}"
        );
        let answer = ask(engine, &sql).await?;
        aside(|| {
            for batch in answer.batches {
                let (ids, currencies) =
                    (batch.column(0).as_fixed_size_binary(), batch.column(1).as_string_view());
                let row = |row: usize| {
                    let id = Id::from_slice(ids.value(row)).ok();
                    let own = if currencies.is_valid(row) { currencies.value(row) } else { "" };
                    (
                        id.and_then(|id| sales.accounts.binary_search(&id).ok()),
                        !own.is_empty() && own != currency,
                    )
                };
                let rows: Vec<(Option<usize>, bool)> = (0..batch.num_rows()).map(row).collect();
                for (field, column) in fields.iter_mut().zip(&batch.columns()[2..]) {
                    if !field.dropped {
                        field.add(column, &rows);
                    }
                }
            }
        });
    }
    let today = day_number(sales.until);
    Ok(aside(|| Traits::new(fields.into_iter().filter_map(|field| field.finish(today)).collect())))
}

/// Of one customer alone, from his record as it stands now, as a night coded everybody's: he has the number 0.
pub fn of_record(entity: &Entity, record: &Record, company_currency: &str, coding: &Coding) -> Traits {
    let own_currency = record.text(CURRENCY);
    let foreign = !own_currency.is_empty() && own_currency != company_currency;
    let one = |(name, code): &(String, Code)| {
        let value = record.get(name);
        let is = match code {
            Code::Category(common) => {
                let text = match value {
                    Value::Bool(yes) => yes_or_no(*yes),
                    other => other.as_text().unwrap_or_default(),
                };
                let mut values = common.clone();
                let at = if says_something(text) {
                    let known = values.iter().position(|value| value == text);
                    known.unwrap_or_else(|| {
                        values.push(text.to_owned());
                        values.len() - 1
                    }) as u16
                } else {
                    EMPTY
                };
                Is::Category { values, of: vec![at], common: (0..common.len() as u16).collect() }
            }
            Code::Number(mean) => {
                let field = entity.get(name).filter(|field| !(foreign && is_of_the_record(field)));
                let number = field.and_then(|field| number(field, value));
                let of = vec![number.map_or(f32::NAN, logarithm)];
                Is::Number { of, mean: f64::from_bits(*mean) }
            }
            Code::Since(mean) => {
                let of = vec![value.as_date().map_or(NO_DAY, day_number)];
                Is::Since { of, mean: f64::from_bits(*mean) }
            }
        };
        Trait { field: name.clone(), is }
    };
    Traits { all: coding.all.iter().map(one).collect(), regions: coding.regions.clone() }
}

/// As the warehouse has it.
fn number(field: &Field, value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Decimal(number) => {
            let scale = field.scale().unwrap_or(MONEY_SCALE);
            Some(scaled(*number, scale)? as f64 / 10_f64.powi(scale as i32))
        }
        _ => None,
    }
}

impl Traits {
    fn new(all: Vec<Trait>) -> Self {
        let mut traits = Traits { all, regions: None };
        let [province, country] = REGIONS.map(|field| traits.find(field));
        let regions = province.filter(|province| 2 * province.known() >= province.customers()).or(country);
        traits.regions = regions.map(|regions| regions.field.clone());
        traits
    }

    pub fn coding(&self) -> Coding {
        let code = |one: &Trait| {
            let code = match &one.is {
                Is::Category { values, common, .. } => {
                    Code::Category(common.iter().map(|at| values[*at as usize].clone()).collect())
                }
                Is::Number { mean, .. } => Code::Number(mean.to_bits()),
                Is::Since { mean, .. } => Code::Since(mean.to_bits()),
            };
            (one.field.clone(), code)
        };
        Coding { all: self.all.iter().map(code).collect(), regions: self.regions.clone() }
    }

    pub fn find(&self, field: &str) -> Option<&Trait> {
        self.all.iter().find(|one| one.field == field)
    }

    /// Which field regions are, if any.
    pub fn regions(&self) -> Option<&Trait> {
        self.find(self.regions.as_deref()?)
    }

    /// The field each feature is of, in the order of [`Self::push`].
    pub fn fields(&self) -> Vec<&str> {
        self.all.iter().flat_map(|one| vec![one.field.as_str(); one.width()]).collect()
    }

    /// All features of a customer as of a day, at the end of `row`.
    pub fn push(&self, row: &mut Vec<f64>, customer: usize, day: i32) {
        for one in &self.all {
            one.push(row, customer, day);
        }
    }
}

impl Trait {
    /// Every feature: those of its values or its number, and whether it is empty.
    fn width(&self) -> usize {
        match &self.is {
            Is::Category { common, .. } => common.len() + 1,
            Is::Number { .. } | Is::Since { .. } => 2,
        }
    }

    fn push(&self, row: &mut Vec<f64>, customer: usize, day: i32) {
        let is = |yes: bool| f64::from(u8::from(yes));
        match &self.is {
            Is::Category { of, common, .. } => {
                row.extend(common.iter().map(|value| is(*value == of[customer])));
                row.push(is(of[customer] == EMPTY));
            }
            Is::Number { of, mean } => {
                let number = f64::from(of[customer]);
                row.extend(if number.is_nan() { [*mean, 1.0] } else { [number, 0.0] });
            }
            Is::Since { of, mean } => {
                let number = years(day, of[customer]);
                let usual = (f64::from(day) - mean) / DAYS_A_YEAR;
                row.extend(if number.is_nan() { [usual, 1.0] } else { [number, 0.0] });
            }
        }
    }

    /// The place of a customer's value among all of a category.
    pub fn value(&self, customer: usize) -> Option<usize> {
        match &self.is {
            Is::Category { of, .. } => {
                of.get(customer).filter(|value| **value != EMPTY).map(|value| *value as usize)
            }
            _ => None,
        }
    }

    /// Of a category, what stands in it.
    pub fn values(&self) -> &[String] {
        if let Is::Category { values, .. } = &self.is { values } else { &[] }
    }

    fn customers(&self) -> usize {
        match &self.is {
            Is::Category { of, .. } => of.len(),
            Is::Number { of, .. } => of.len(),
            Is::Since { of, .. } => of.len(),
        }
    }

    fn known(&self) -> usize {
        match &self.is {
            Is::Category { of, .. } => of.iter().filter(|value| **value != EMPTY).count(),
            Is::Number { of, .. } => of.iter().filter(|number| !number.is_nan()).count(),
            Is::Since { of, .. } => of.iter().filter(|day| **day != NO_DAY).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::{choice, date, integer, money, phone, reference, text};

    #[test]
    fn traits_are_found_by_what_fields_are_declared_to_be() {
        let sex = [("female", "Female", "女", "purple"), ("male", "Male", "男", "blue")];
        let entity = Entity::new("account")
            .field(text("name").searched().personal())
            .field(phone("mobile"))
            .field(reference("owner", "user"))
            .field(choice("sex", &sex).personal())
            .field(text("city").searched())
            .field(date("birth_on").personal())
            .field(date("contract_start_on"))
            .field(money("income").personal())
            .field(money("net_sales").figure())
            .field(choice("importance", &sex).apart())
            .field(choice("importance_override", &sex))
            // One that a company made for itself.
            .field(integer("children"));
        let found: Vec<(&str, Form)> = entity
            .fields
            .values()
            .filter_map(|field| Some((field.name.as_str(), form(&entity, field)?)))
            .collect();
        let wanted = [
            ("sex", Form::Category),
            ("city", Form::Category),
            ("birth_on", Form::Since),
            ("income", Form::Number),
            ("children", Form::Number),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_not_filled_in_is_a_feature_of_its_own() {
        let (born, day) = (-3_652, 7_305);
        let of = vec![2.0, f32::NAN];
        let number = Trait { field: "income".into(), is: Is::Number { of, mean: 5.0 } };
        let since = Trait { field: "birth_on".into(), is: Is::Since { of: vec![born, NO_DAY], mean: 0.0 } };
        let category =
            Is::Category { values: vec!["a".into(), "b".into()], of: vec![1, EMPTY], common: vec![1] };
        let traits = Traits::new(vec![number, since, Trait { field: "sex".into(), is: category }]);
        let row = |traits: &Traits, customer| {
            let mut row = vec![];
            traits.push(&mut row, customer, day);
            row
        };
        let (full, empty) = (row(&traits, 0), row(&traits, 1));
        assert_eq!((full[0], full[1], full[3], &full[4..]), (2.0, 0.0, 0.0, &[1.0, 0.0][..]));
        assert!((full[2] - 30.0).abs() < 0.01, "{full:?}");
        assert_eq!((empty[0], empty[1], empty[3], &empty[4..]), (5.0, 1.0, 1.0, &[0.0, 1.0][..]));
        assert_eq!(traits.fields(), ["income", "income", "birth_on", "birth_on", "sex", "sex"]);
        // Read of his record alone they are the same, with what was kept of everybody's; a number by its logarithm.
        let entity = Entity::new("account")
            .field(integer("income"))
            .field(date("birth_on").personal())
            .field(text("sex"));
        let kept = serde_json::to_string(&traits.coding()).expect("plain data");
        let coding: Coding = serde_json::from_str(&kept).expect("plain data");
        let at = meta::DateTime::<meta::Utc>::UNIX_EPOCH;
        let alone = |values: &[(&str, Value)]| {
            let record = Record {
                entity: "account".to_owned(),
                id: Id::nil(),
                version: 1,
                created_at: at,
                updated_at: at,
                created_by: None,
                deleted_at: None,
                values: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            };
            row(&of_record(&entity, &record, "CNY", &coding), 0)
        };
        let date = Value::Date(crate::settings::date_of(born));
        let read = alone(&[("income", Value::Int(6)), ("birth_on", date), ("sex", "b".into())]);
        assert_eq!((read[0], &read[1..]), (f64::from(6_f64.ln_1p() as f32), &full[1..]));
        assert_eq!(alone(&[]), empty);
        // A value that nobody else has is none of the common ones, and not empty.
        assert_eq!(alone(&[("sex", "c".into())])[4..], [0.0, 0.0]);
        // Nobody is born tomorrow, or older than anybody.
        assert!(years(0, 5).is_nan() && years(100_000, 0).is_nan());
    }
}
