//! The classes customers had. After each fit, whoever's classes are not those kept last gets a row that is valid from the day the
//! figures hold for, and the row before ends on it; of one day only its last classes are kept. The warehouse cuts by them.
//! Whose personal data was erased has no history any more, and begins none.

use crate::settings::Settings;
use engine::schema::{ColumnKind, Table, figures_table_name};
use engine::{
    Actor, Engine, Error, Result, Tx, name,
    sea_query::{Alias, Cond, Expr, ExprTrait, Func, JoinType, Order, Query as Sql},
};
use meta::{Id, NaiveDate};
use warehouse::history::{CLASSES, KEPT, READER};

/// Customers looked at in one transaction.
const STEP: u64 = 5_000;

pub fn table() -> Table {
    let table = Table::new(KEPT, ["account", "valid_from"])
        .required("account", ColumnKind::Id)
        .required("valid_from", ColumnKind::Date)
        .optional("valid_to", ColumnKind::Date);
    CLASSES.iter().fold(table, |table, class| table.optional(class, ColumnKind::Text))
}

/// Keeps what changed; returns how many rows.
pub async fn keep(engine: &Engine, settings: &Settings) -> Result<u64> {
    let day = settings.as_of_day(engine.clock());
    let (system, mut after, mut changed) = (Actor::system(), Id::nil(), 0);
    loop {
        let step = engine.write(&system, move |tx| {
            Box::pin(async move {
                let Some(last) = last_of_step(tx, after).await? else { return Ok(None) };
                let differing = differing(tx, after, last).await?;
                let changed = keep_of(tx, day, &differing).await?;
                if changed > 0 {
                    tx.count_change(READER).await?;
                }
                Ok(Some((last, changed)))
            })
        });
        let Some((last, more)) = step.await? else { return Ok(changed) };
        (after, changed) = (last, changed + more);
    }
}

async fn last_of_step(tx: &mut Tx, after: Id) -> Result<Option<Id>> {
    let id = Expr::col(name("id"));
    let step = Sql::select()
        .column(name("id"))
        .from(name(&figures_table_name("account")))
        .and_where(id.gt(after))
        .order_by(name("id"), Order::Asc)
        .limit(STEP)
        .to_owned();
    tx.fetch(&step).await?.last().map(|row| row.id(0)).transpose()
}

/// The customers from `after` (exclusive) to `last` whose classes are not those that hold; of who is deleted, merged into another or
/// erased nothing changes any more. Most hold: three statements over all of them take three times as long as to find these.
async fn differing(tx: &mut Tx, after: Id, last: Id) -> Result<Vec<Id>> {
    let figures = figures_table_name("account");
    let holds = Cond::all().add(kept("account").eq(figure("id"))).add(kept("valid_to").is_null());
    let account = |column: &str| Expr::col((name("account"), name(column)));
    let live = Cond::all().add(account("id").eq(figure("id"))).add(account("deleted_at").is_null());
    let erased = Sql::select()
        .column(name("record_id"))
        .from(name("erased"))
        .and_where(Expr::col(name("entity")).eq("account"))
        .to_owned();
    let select = Sql::select()
        .expr(figure("id"))
        .from(name(&figures))
        .join(JoinType::InnerJoin, name("account"), live)
        .join(JoinType::LeftJoin, name(KEPT), holds)
        .and_where(figure("id").gt(after))
        .and_where(figure("id").lte(last))
        .and_where(figure("id").not_in_subquery(erased))
        .cond_where(differs())
        .to_owned();
    tx.fetch(&select).await?.iter().map(|row| row.id(0)).collect()
}

fn kept(column: &str) -> Expr {
    Expr::col((name(KEPT), name(column)))
}

fn figure(column: &str) -> Expr {
    Expr::col((name(&figures_table_name("account")), name(column)))
}

async fn keep_of(tx: &mut Tx, day: NaiveDate, customers: &[Id]) -> Result<u64> {
    if customers.is_empty() {
        return Ok(0);
    }
    let these = || Cond::all().add(figure("id").is_in(customers.iter().copied()));
    // Of these, the rows that still hold.
    let open = || these().add(kept("account").eq(figure("id"))).add(kept("valid_to").is_null());
    let figures = || name(&figures_table_name("account"));
    let mut renewed = Sql::update();
    renewed.table(name(KEPT)).from(figures());
    for class in CLASSES {
        renewed.value(name(class), figure(class));
    }
    renewed.cond_where(open().add(kept("valid_from").eq(day)).add(differs()));
    let ended = Sql::update()
        .table(name(KEPT))
        .from(figures())
        .value(name("valid_to"), day)
        .cond_where(open().add(kept("valid_from").lt(day)).add(differs()))
        .to_owned();
    let mut known = Sql::select();
    known.expr(Expr::val(1)).from(name(KEPT)).and_where(kept("account").eq(figure("id"))).cond_where(
        // Figures of an earlier day, looked at later, do not change what came after it.
        Cond::any().add(kept("valid_to").is_null()).add(kept("valid_from").gte(day)),
    );
    let mut begun = Sql::select();
    begun
        .expr(figure("id"))
        .expr(Expr::val(day))
        .exprs(CLASSES.map(figure))
        .from(figures())
        .cond_where(
            these().add(CLASSES.iter().fold(Cond::any(), |any, class| any.add(figure(class).is_not_null()))),
        )
        .and_where(Expr::not_exists(known));
    let columns: Vec<Alias> = ["account", "valid_from"].iter().chain(&CLASSES).map(|one| name(one)).collect();
    let mut insert = Sql::insert();
    insert.into_table(name(KEPT)).columns(columns);
    insert.select_from(begun).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(tx.execute(&renewed).await? + tx.execute(&ended).await? + tx.execute(&insert).await?)
}

/// Whether the classes are no longer those kept.
fn differs() -> Cond {
    let given = |class: Expr| Expr::from(Func::coalesce([class, Expr::val("")]));
    CLASSES.iter().fold(Cond::any(), |any, class| any.add(given(kept(class)).ne(given(figure(class)))))
}
