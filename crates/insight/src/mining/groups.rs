//! Groups of customers who buy alike: found by k-means on chosen features, kept with their profiles, what they like and who moved
//! between them within the last quarter; the group's number is a figure of the customer, so that lists filter by it.
//!
//! A customer is grouped by what he bought within as many days before a quarter ago as before today ([`WINDOW_DAYS`]): were more
//! known of today, everybody would seem to buy more than then, and would move without having changed.

use super::{
    forecast,
    group_names::{self, Names},
    group_tastes::{self, Liked},
    kept::{self, Kept, WHOLE},
    lines::{self, Line, Sales},
};
use crate::{
    customer_lists::CustomerLists,
    paged::{After, Page},
    settings::{date_of, day_number},
};
use engine::{
    Actor, Engine, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::{Field, Id, NaiveDate, Value, Values, integer};
use mining::{
    grouping::{
        self, Groups,
        number::Choice,
        profile::{Profile, profiles},
        scale::{Curve, Feature},
        stable::{self, Move},
    },
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub const KIND: &str = "groups";
pub const FIELD: &str = "customer_group";
/// The setting with the features and the number of groups wanted.
pub const SETTING: &str = "mining.groups";
/// Movement is from where customers were so many days before.
const MOVE_DAYS: i32 = 91;
/// Days up to the one that is looked at whose orders count: what is read, less the quarter that the earlier day lies back.
pub const WINDOW_DAYS: i32 = lines::DAYS - MOVE_DAYS;
/// Who is behind each number of the movement, and who bought what a group likes.
pub(crate) const LISTS: CustomerLists = CustomerLists("mining_move_list");
/// Customers drawn in the chart, evenly spread.
const DRAWN: usize = 600;
/// Figures written in one transaction.
const BATCH: usize = 2_000;

/// Features to choose from, and which are chosen at first.
pub const FEATURES: [(&str, Curve, bool); 7] = [
    ("recency_days", Curve::Log, true),
    ("orders", Curve::Log, true),
    ("sales", Curve::Log, true),
    ("products", Curve::Log, true),
    ("order_amount", Curve::Log, false),
    ("tenure_days", Curve::Log, false),
    ("interval_days", Curve::Log, false),
];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    pub features: Vec<String>,
    /// `None` is as many as the silhouette proposes.
    pub number: Option<usize>,
}

impl Default for Wanted {
    fn default() -> Self {
        let chosen = FEATURES.iter().filter(|(_, _, chosen)| *chosen);
        Wanted { features: chosen.map(|(name, _, _)| (*name).to_owned()).collect(), number: None }
    }
}

impl Wanted {
    pub async fn load(engine: &Engine) -> Result<Self> {
        let json = engine.setting(SETTING).await?;
        Ok(json.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default())
    }

    fn features(&self) -> Vec<Feature> {
        let known = FEATURES.iter().filter(|(name, _, _)| self.features.iter().any(|wanted| wanted == name));
        known.map(|(name, curve, _)| Feature::new(name, *curve)).collect()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub customers: usize,
    pub choice: Choice,
    pub groups: Vec<Group>,
    /// Product categories that were compared for what groups like; `None` of what an earlier version kept.
    #[serde(default)]
    pub categories: Option<usize>,
    /// From where customers were on `moved_since`; `None` is outside: no order within the window before the day.
    pub moves: Vec<Move>,
    pub moved_since: NaiveDate,
    /// The first order, where orders begin so late that of the earlier day less is known.
    pub orders_since: Option<NaiveDate>,
    /// Number of the group, then two features: the first chosen and the last.
    pub drawn: Vec<(u32, f64, f64)>,
    pub axes: (String, String),
    centres: Groups,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Stays from run to run while most of its customers stay.
    pub number: u32,
    pub profile: Profile,
    /// The highest lift first; empty where nothing stands out.
    #[serde(default)]
    pub likes: Vec<Liked>,
}

pub fn field() -> Field {
    integer(FIELD)
        .label("Customer group", "客户分群")
        .help(
            "Number of the group of customers who buy alike, found by k-means on how recently, often, much and variously they bought; see the page Customer groups.",
            "购买行为相似的客户所在分群的编号：按最近购买、频次、金额和品种用 k-means 聚类得出，详见“客户分群”页面。",
        )
        .sure("grouped")
        .apart()
        .indexed()
        .section("Value", "客户价值")
}

pub async fn load(engine: &Engine) -> Result<Option<Arc<Kept<std::result::Result<Found, Reason>>>>> {
    kept::load(engine, KIND, WHOLE).await
}

/// A customer's features on a day, by the lines of the window before it; `None` for who has none there.
fn features(lines: &[Line], day: i32, wanted: &[Feature]) -> Option<Vec<f64>> {
    let known = lines::within(lines, day - WINDOW_DAYS, day);
    let (first, last) = (known.first()?.day, known.last()?.day);
    let orders = lines::orders(known) as f64;
    let days = known.chunk_by(|one, other| one.day == other.day).count() as f64;
    let sales: f64 = known.iter().map(|line| line.amount).sum();
    let products = lines::products(known) as f64;
    let value = |feature: &Feature| match feature.name.as_str() {
        "recency_days" => f64::from(day - last),
        "orders" => orders,
        "sales" => sales,
        "products" => products,
        "order_amount" => sales / orders,
        "tenure_days" => f64::from(day - first),
        // Who bought on one day only has no interval: as long as he has been known.
        _ if days < 2.0 => f64::from(day - first),
        _ => f64::from(last - first) / (days - 1.0),
    };
    Some(wanted.iter().map(value).collect())
}

/// Customers by the name of their list; who bought for most within the years read comes first.
pub(super) type Lists = Vec<(String, Vec<Id>)>;

/// `None` is outside, as in [`Move`].
fn list_name(from: Option<u32>, to: Option<u32>) -> String {
    let name = |group: Option<u32>| group.map(|number| number.to_string()).unwrap_or_default();
    format!("{}>{}", name(from), name(to))
}

/// A page of the customers behind a number of the movement.
pub async fn moved(
    engine: &Engine,
    (from, to): (Option<u32>, Option<u32>),
    after: Option<After<Id>>,
) -> Result<Page<Id>> {
    LISTS.page(engine, &list_name(from, to), after).await
}

/// From one group to another; `None` is outside.
type Moved = (Option<u32>, Option<u32>);

fn lists(sales: &Sales, before: &BTreeMap<Id, u32>, now: &BTreeMap<Id, u32>) -> Lists {
    let mut lists: BTreeMap<Moved, Vec<(f64, Id)>> = BTreeMap::new();
    for (account, lines) in sales.by_account() {
        let id = sales.accounts[account as usize];
        let (from, to) = (before.get(&id).copied(), now.get(&id).copied());
        if from.is_some() || to.is_some() {
            let amount = lines.iter().map(|line| line.amount).sum();
            lists.entry((from, to)).or_default().push((amount, id));
        }
    }
    lists.into_iter().map(|((from, to), customers)| (list_name(from, to), sorted(customers))).collect()
}

/// By what they bought for.
pub(super) fn sorted(mut customers: Vec<(f64, Id)>) -> Vec<Id> {
    customers.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    customers.into_iter().map(|(_, id)| id).collect()
}

/// Finds the groups. `former` is each customer's number of the run before, `next` the first number no group has had.
pub fn find(
    sales: &Sales,
    category_of: &HashMap<Id, Id>,
    wanted: &Wanted,
    former: &BTreeMap<Id, u32>,
    next: u32,
) -> std::result::Result<(Found, BTreeMap<Id, u32>, Lists), Reason> {
    let chosen = wanted.features();
    let today = day_number(sales.until);
    let mut rows = vec![];
    let mut ids = vec![];
    for (account, lines) in sales.by_account() {
        if let Some(row) = features(lines, today, &chosen) {
            ids.push(sales.accounts[account as usize]);
            rows.push(row);
        }
    }
    let grouped = grouping::fit(&chosen, &rows, wanted.number)?;
    let found = profiles(&grouped, &rows);
    let of: BTreeMap<Id, usize> = ids.into_iter().zip(grouped.of.iter().copied()).collect();
    let numbers = stable::numbers(former, &of, found.len(), Ord::max(next, 1));
    let now: BTreeMap<Id, u32> = of.into_iter().map(|(id, group)| (id, numbers[group])).collect();
    let tastes = group_tastes::find(sales, category_of, &now, &numbers);
    let since = today - MOVE_DAYS;
    let before: BTreeMap<Id, u32> = sales
        .by_account()
        .filter_map(|(account, lines)| {
            let row = features(lines, since, &chosen)?;
            Some((sales.accounts[account as usize], numbers[grouped.groups.assign(&row)]))
        })
        .collect();
    let first_day = sales.lines.iter().map(|line| line.day).min();
    let begins_late = |day: &i32| *day > since - WINDOW_DAYS + MOVE_DAYS;
    let last = chosen.len() - 1;
    let step = rows.len().div_ceil(DRAWN).max(1);
    let drawn =
        (0..rows.len()).step_by(step).map(|at| (numbers[grouped.of[at]], rows[at][0], rows[at][last]));
    let found = Found {
        customers: rows.len(),
        choice: grouped.groups.choice.clone(),
        groups: found
            .into_iter()
            .zip(&numbers)
            .zip(tastes.likes)
            .map(|((profile, number), likes)| Group { number: *number, profile, likes })
            .collect(),
        categories: Some(tastes.categories),
        moves: stable::moves(&before, &now),
        moved_since: date_of(since),
        orders_since: first_day.filter(begins_late).map(date_of),
        drawn: drawn.collect(),
        axes: (chosen[0].name.clone(), chosen[last].name.clone()),
        centres: grouped.groups,
    };
    let mut lists = lists(sales, &before, &now);
    lists.extend(tastes.lists);
    Ok((found, now, lists))
}

/// Finds, keeps, and writes every customer's number where it changed.
pub async fn refresh(engine: &Engine, sales: &Arc<Sales>) -> Result<()> {
    let wanted = Wanted::load(engine).await?;
    let former = Arc::new(written(engine).await?);
    let next = Names::load(engine).await?.next;
    let category_of = forecast::categories(engine).await?;
    let shared = (sales.clone(), former.clone());
    let found =
        super::refresh::computed(move || find(&shared.0, &category_of, &wanted, &shared.1, next)).await?;
    let (found, now, lists) = found.map_or_else(
        |reason| (Err(reason), BTreeMap::new(), vec![]),
        |(found, now, lists)| (Ok(found), now, lists),
    );
    // Before they are shown.
    if let Ok(found) = &found {
        group_names::settle(engine, &found.groups).await?;
    }
    let (until, body) = (sales.until, serde_json::to_string(&found)?);
    // Numbers and who is behind them change over at once.
    let system = Actor::system();
    let keep = engine.write(&system, move |tx| {
        Box::pin(async move {
            LISTS.keep(tx, &lists).await?;
            kept::keep_in(tx, KIND.to_owned(), WHOLE.to_owned(), until, body).await
        })
    });
    keep.await?;
    let mut changed: Vec<(Id, Value)> = vec![];
    for (id, number) in &now {
        if former.get(id) != Some(number) {
            changed.push((*id, Value::from(i64::from(*number))));
        }
    }
    changed.extend(former.keys().filter(|id| !now.contains_key(id)).map(|id| (*id, Value::Null)));
    for batch in changed.chunks(BATCH) {
        let figures: Vec<(Id, Values)> = batch
            .iter()
            .map(|(id, value)| (*id, Values::from([(FIELD.to_owned(), value.clone())])))
            .collect();
        engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    tx.set_figures("account", &figures).await?;
                    tx.count_change(&engine::figures_reader("account")).await
                })
            })
            .await?;
    }
    Ok(())
}

/// The number each customer has by now.
async fn written(engine: &Engine) -> Result<BTreeMap<Id, u32>> {
    let table = engine::schema::figures_table_name("account");
    let select = Sql::select()
        .columns(["id", FIELD].map(name))
        .from(name(&table))
        .and_where(Expr::col(name(FIELD)).is_not_null())
        .to_owned();
    let (mut rows, mut found) = (engine.stream(&select), BTreeMap::new());
    while let Some(row) = rows.try_next().await? {
        found.insert(row.id(0)?, u32::try_from(row.int(1)?).unwrap_or(0));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_buys_as_ever_does_not_move() {
        const STEADY: u32 = 120;
        // One whose only order is too old by now, and one who has come.
        let sales = lines::made::steady(STEADY, &[WINDOW_DAYS + 40, 30]);
        let all = FEATURES.map(|(name, _, _)| name.to_owned()).to_vec();
        let by_sales = vec!["sales".to_owned(), "tenure_days".to_owned()];
        for (features, number) in [(all, Some(5)), (by_sales, Some(8)), (Wanted::default().features, None)] {
            let wanted = Wanted { features, number };
            let (found, now, lists) =
                find(&sales, &HashMap::new(), &wanted, &BTreeMap::new(), 1).expect("groups");
            assert_eq!((now.len(), found.customers), (STEADY as usize + 1, STEADY as usize + 1));
            let sum = |counts: fn(&Move) -> bool| {
                found.moves.iter().filter(|one| counts(one)).map(|one| one.customers).sum::<usize>()
            };
            assert_eq!(sum(|one| one.from == one.to), STEADY as usize, "{:?}", found.moves);
            assert_eq!(
                (sum(|one| one.to.is_none()), sum(|one| one.from.is_none())),
                (1, 1),
                "{:?}",
                found.moves
            );
            assert_eq!(found.orders_since, None);
            let counted = |one: &Move| (list_name(one.from, one.to), one.customers);
            let mut counted: Vec<_> = found.moves.iter().map(counted).collect();
            let mut listed: Vec<_> = lists.into_iter().map(|(list, of)| (list, of.len())).collect();
            counted.sort();
            listed.sort();
            assert_eq!(counted, listed);
        }
        // Where orders begin later, that is said.
        let mut short = sales;
        let today = day_number(short.until);
        short.lines.retain(|line| line.day > today - 400);
        let (found, ..) =
            find(&short, &HashMap::new(), &Wanted::default(), &BTreeMap::new(), 1).expect("groups");
        assert!(found.orders_since.is_some_and(|day| day_number(day) > today - 400));
    }
}
