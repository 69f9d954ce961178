//! Why one customer has the probability he has: what speaks for it and what against it, computed when he is looked at. Kept is what it
//! takes of each product, the model and what was known of everybody; read for it are his own orders and his own record. Features and
//! reasons are made as at night ([`Known`], [`Looking`]).

use super::{
    Found, HISTORY, before,
    known::{Kept, Known, Past},
    likely, narrowed, told,
};
use crate::{
    mining::{
        lines::{self, Sales},
        traits::{self, Coding, Traits},
    },
    settings::Settings,
};
use engine::{
    Actor, Engine, Error, Result, name,
    schema::{ColumnKind, Table},
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql, SelectStatement},
};
use meta::{Id, NaiveDate};
use mining::{
    propensity::{Model, Prediction},
    reason::Reason,
};
use serde::{Deserialize, Serialize};

/// Not among the results that pages read: SQLite copies a whole row to compare its key, and a model has a hundred kilobytes.
const TABLE: &str = "propensity_model";

/// The first of [`HISTORY`], whose features are logarithms ln(1 + x).
const LOGARITHMIC: usize = 5;

/// A model, which features of a customer it looks at, and what each is told as: features of one field are one reason.
#[derive(Debug, Serialize, Deserialize)]
pub struct Looking {
    pub model: Model,
    looked_at: Vec<usize>,
    /// As [`Found::keys`].
    pub keys: Vec<String>,
    /// Of each feature looked at its place in `keys`.
    reason_of: Vec<usize>,
}

impl Looking {
    /// Of the features at `places`, the first of which the model looks at; `all` are told as that.
    pub fn new(model: Model, mut places: Vec<usize>, all: &[String]) -> Self {
        places.truncate(model.width());
        let mut keys: Vec<String> = vec![];
        let mut reason_of = vec![];
        for at in &places {
            let known = keys.iter().position(|known| *known == all[*at]);
            reason_of.push(known.unwrap_or(keys.len()));
            if known.is_none() {
                keys.push(all[*at].clone());
            }
        }
        Looking { model, looked_at: places, keys, reason_of }
    }

    /// Whether features are what they were when it was kept: another version of the program may know others.
    fn fits(&self, all: &[String]) -> bool {
        let is_told = |(at, reason): (&usize, &usize)| {
            let key = self.keys.get(*reason);
            key.is_some() && key == all.get(*at)
        };
        self.looked_at.len() == self.reason_of.len()
            && self.looked_at.iter().zip(&self.reason_of).all(is_told)
    }

    /// What it looks at of a customer; `None` for who had not bought anything within the window.
    pub fn row(&self, known: &Known<'_>, account: usize) -> Option<Vec<f64>> {
        let history_alone = self.looked_at.iter().all(|at| *at < HISTORY.len());
        let row = if history_alone { known.history(account) } else { known.features(account) };
        row.map(|row| narrowed(&row, &self.looked_at))
    }

    /// What each of `keys` adds to the log-odds.
    pub fn reasons(&self, told: &Prediction) -> Vec<f64> {
        let mut adds = vec![0.0; self.keys.len()];
        self.reason_of.iter().zip(&told.contributions).for_each(|(reason, part)| adds[*reason] += part);
        adds
    }
}

/// What it takes to explain any customer's probability of a product.
#[derive(Debug, Serialize, Deserialize)]
pub struct Learned {
    /// The one it was learned from.
    product: Id,
    looking: Looking,
    known: Kept,
    traits: Coding,
}

impl Learned {
    pub fn new(known: &Known<'_>, looking: Looking) -> Self {
        let product = known.past.sales.products[known.product as usize];
        Learned { product, looking, known: known.keep(), traits: known.past.coding() }
    }

    /// Of the only customer of `sales` and `traits`, who was told this probability.
    fn explain(&self, sales: &Sales, traits: &Traits, told: f64) -> std::result::Result<Why, Reason> {
        let past = Past::of(sales, traits);
        let product = sales.products.binary_search(&self.product).ok().map(|number| number as u32);
        let Some(product) = product.filter(|_| self.looking.fits(&past.keys)) else {
            return Ok(Why::NotKept(told));
        };
        let today = past.today(product, self.known.neighbours(sales));
        let known = Known::by(&past, &today, product, &self.known);
        let (Some(row), Some(did)) = (self.looking.row(&known, 0), known.history(0)) else {
            return Ok(Why::Gone(told));
        };
        let Some(now) = self.looking.model.predict(&[row])?.pop() else { return Ok(Why::NotKept(told)) };
        let did = |key: &String| {
            let at = HISTORY.iter().position(|name| name == key)?;
            let number = *did.get(at)?;
            Some(if at < LOGARITHMIC { number.exp_m1() } else { number })
        };
        let adds = self.looking.reasons(&now);
        let reasons = self.looking.keys.iter().zip(adds);
        let mut reasons: Vec<Speaks> =
            reasons.map(|(key, adds)| Speaks { key: key.clone(), adds, did: did(key) }).collect();
        reasons.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()));
        let bought = |near: &u32| past.had_bought(0, *near, &today);
        let related = known.near.iter().map(|near| near.product).filter(bought);
        Ok(Why::Told(Explained {
            told,
            now: now.probability,
            base: now.base,
            reasons,
            related: related.map(|near| sales.products[near as usize]).collect(),
        }))
    }
}

pub fn table() -> Table {
    Table::new(TABLE, ["product"])
        .required("product", ColumnKind::Id)
        // As `Found::run`.
        .required("run", ColumnKind::Int)
        .required("body", ColumnKind::Text)
}

/// In place of what was kept of the product.
pub async fn keep(engine: &Engine, product: Id, run: i64, learned: &Learned) -> Result<()> {
    let body = serde_json::to_string(learned)?;
    let upsert = Sql::insert()
        .into_table(name(TABLE))
        .columns(["product", "run", "body"].map(name))
        .values_panic([product.into(), run.into(), body.into()])
        .on_conflict(OnConflict::column(name("product")).update_columns(["run", "body"].map(name)).to_owned())
        .to_owned();
    let system = Actor::system();
    engine.write(&system, move |tx| Box::pin(async move { tx.execute(&upsert).await.map(drop) })).await
}

/// What was kept of the product by runs before this one.
pub async fn forget_before(engine: &Engine, product: Id, run: i64) -> Result<()> {
    let delete = Sql::delete()
        .from_table(name(TABLE))
        .and_where(Expr::col(name("product")).eq(product))
        .and_where(Expr::col(name("run")).lt(run))
        .to_owned();
    let system = Actor::system();
    engine.write(&system, move |tx| Box::pin(async move { tx.execute(&delete).await.map(drop) })).await
}

/// What explains the probabilities of a run, if it is kept in a form that this version knows.
async fn load(engine: &Engine, product: Id, run: i64) -> Result<Option<Learned>> {
    let rows = engine.fetch(&kept(product, run)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let read = serde_json::from_str(&row.text(0)?);
    Ok(read.inspect_err(|error| tracing::warn!(%product, "a kept model cannot be read: {error}")).ok())
}

fn kept(product: Id, run: i64) -> SelectStatement {
    Sql::select()
        .column(name("body"))
        .from(name(TABLE))
        .and_where(Expr::col(name("product")).eq(product))
        .and_where(Expr::col(name("run")).eq(run))
        .to_owned()
}

/// What [`of`] asks for beside the customer himself: the row that names him, what it tells of the product, what explains it, and his own
/// lines.
pub fn statements(
    settings: &Settings,
    (product, run): (Id, i64),
    as_of: NaiveDate,
    account: Id,
) -> [SelectStatement; 4] {
    [
        told::naming(run, account),
        // A row is told of by its first customer, who might be himself.
        likely::telling_of((run, account), "told", [product].into_iter()),
        kept(product, run),
        lines::own(settings, account, (before(as_of), as_of)),
    ]
}

/// A reason of [`Found::keys`], and what it adds to the log-odds against the average customer: above zero it speaks for it, below
/// against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Speaks {
    pub key: String,
    pub adds: f64,
    /// What he did, of one of [`HISTORY`]. What stands in a field is not told: whoever reads it reads the archive with his own rights.
    pub did: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The probability everybody was told, as it was kept.
    pub told: f64,
    /// The same by his orders of those days and his archive as they stand now, which may have changed since: what the reasons are of.
    pub now: f64,
    /// Log-odds of the average customer. With what every reason adds they are those of `now`.
    pub base: f64,
    /// The strongest first, whether for it or against it.
    pub reasons: Vec<Speaks>,
    /// Of the products that go with it those he bought, the nearest first.
    pub related: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    Told(Explained),
    /// He has none: nothing he bought within the window was known, or his part was taken out.
    Untold,
    /// He was told this, by an earlier version of the program or a moment before it is told anew: what explains it is not there.
    NotKept(f64),
    /// He was told this, and by now no order of those days counts any more.
    Gone(f64),
}

impl Explained {
    /// Whether it is what was told but for the rounding it is kept with: his orders of those days and his archive are as they were.
    pub fn holds(&self) -> bool {
        (self.told - self.now).abs() <= 1.0 / super::told::PARTS
    }
}

/// Of a customer who is there, whoever asks: he must be one who may see him.
pub async fn of(engine: &Engine, product: Id, found: &Found, as_of: NaiveDate, account: Id) -> Result<Why> {
    let record = engine.get(&Actor::system(), "account", account).await?;
    let Some(told) = likely::of_one(engine, product, found, account).await? else { return Ok(Why::Untold) };
    let Some(learned) = load(engine, product, found.run).await? else { return Ok(Why::NotKept(told)) };
    let settings = Settings::load(engine).await?;
    let catalogue: Vec<Id> = learned.known.near().chain([learned.product]).collect();
    let sales = lines::of_account(engine, &settings, account, (before(as_of), as_of), &catalogue).await?;
    let currency = engine.company_currency().await?;
    let archive = engine.registry().entity("account")?;
    let traits = traits::of_record(archive, &record, &currency, &learned.traits);
    let why = learned.explain(&sales, &traits, told);
    why.map_err(|reason| Error::Internal(format!("what was told of {account} cannot be explained: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mining::lines::made;
    use meta::{DateTime, Entity, Record, Utc, Value, text};
    use serde_json::{Value as Json, json};

    /// What he is, as a night coded it: after what he did and two shares of buyers come whether he is female, whether that is empty,
    /// whether he is a farmer, and whether that is empty.
    fn traits(sex: &str, occupation: &str) -> Traits {
        let archive = Entity::new("account").field(text("sex")).field(text("occupation"));
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let values = [("sex", sex), ("occupation", occupation)];
        let record = Record {
            entity: "account".to_owned(),
            id: Id::nil(),
            version: 1,
            created_at: at,
            updated_at: at,
            created_by: None,
            deleted_at: None,
            values: values.into_iter().map(|(name, value)| (name, Value::from(value))).collect(),
        };
        traits::of_record(&archive, &record, "CNY", &coding())
    }

    fn coding() -> Coding {
        serde_json::from_value(all_coded()).expect("plain data")
    }

    fn all_coded() -> Json {
        json!({
            "all": [["sex", { "category": ["female"] }], ["occupation", { "category": ["Farmer"] }]],
            "regions": null,
        })
    }

    fn learned(keys: [&str; 2]) -> Learned {
        let standard = json!({ "mean": [0.5, 0.25], "deviation": [0.5, 0.5] });
        let logistic = json!({ "standard": standard, "weight": [0.8, -0.4], "intercept": -1.0 });
        let model = json!({
            "base_rate": 0.3, "examples": 100, "width": 2, "fitted": { "logistic": logistic },
        });
        let place = HISTORY.len() + super::super::SHARES;
        let looked_at = [place, place + 2];
        let looking = json!({ "model": model, "looked_at": looked_at, "keys": keys, "reason_of": [0, 1] });
        let known = json!({ "customers": 10, "buyers": 2, "near": [], "shares": [[], []] });
        let learned = json!({
            "product": Id::from_u128(1), "looking": looking, "known": known, "traits": all_coded(),
        });
        serde_json::from_value(learned).expect("plain data")
    }

    const KEYS: [&str; 2] = ["field:sex", "field:occupation"];

    /// One customer, who buys every week and told so.
    fn explained(sex: &str, occupation: &str, told: f64) -> Explained {
        let sales = made::steady(1, &[]);
        match learned(KEYS).explain(&sales, &traits(sex, occupation), told) {
            Ok(Why::Told(explained)) => explained,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_two_traits_one_speaks_for_it_and_one_against_it() {
        // A woman: (1 − 0.5) / 0.5 × 0.8 = 0.8. A farmer: (1 − 0.25) / 0.5 × −0.4 = −0.6. With the average customer's −1 that is −0.8,
        // and 1 / (1 + e^0.8) = 1 / 3.225541 = 0.310026.
        let told = explained("female", "Farmer", 0.31002);
        assert!((told.now - 0.310_026).abs() < 1e-6 && told.holds() && told.base == -1.0, "{told:?}");
        let adds: Vec<(&str, f64)> = told.reasons.iter().map(|one| (one.key.as_str(), one.adds)).collect();
        assert_eq!(adds.iter().map(|(key, _)| *key).collect::<Vec<_>>(), KEYS);
        assert!((adds[0].1 - 0.8).abs() < 1e-12 && (adds[1].1 + 0.6).abs() < 1e-12, "{adds:?}");
        // A man, and nothing is known of what he does: (0 − 0.5) / 0.5 × 0.8 = −0.8 and (0 − 0.25) / 0.5 × −0.4 = 0.2: log-odds −1.6,
        // 1 / (1 + e^1.6) = 1 / 5.953032 = 0.167982. He was told what the woman was, so something of him was changed since.
        let other = explained("male", "", 0.31002);
        assert!((other.now - 0.167_982).abs() < 1e-6 && !other.holds(), "{other:?}");
        assert!((other.reasons[0].adds + 0.8).abs() < 1e-12 && (other.reasons[1].adds - 0.2).abs() < 1e-12);
        assert!(other.reasons.iter().all(|one| one.did.is_none()) && other.related.is_empty());
    }

    #[test]
    fn what_another_version_learned_from_other_features_explains_nothing() {
        let sales = made::steady(1, &[]);
        let explain = |learned: Learned, sales: &Sales| {
            learned.explain(sales, &traits("female", "Farmer"), 0.25).expect("told")
        };
        assert_eq!(explain(learned(["field:sex", "field:income"]), &sales), Why::NotKept(0.25));
        // Nor is there anything to say of who has no order that counts by now.
        let none = Sales { lines: vec![], history: Default::default(), ..sales };
        assert_eq!(explain(learned(KEYS), &none), Why::Gone(0.25));
    }
}
