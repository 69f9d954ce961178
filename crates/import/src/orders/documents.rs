//! Orders and returns of a batch with their lines: found by their number in the source, or made.

use super::{
    lines::{Matched, match_lines},
    originals::Original,
    row::LineRow,
    state::{Document, Refused, State},
};
use crate::{
    cache::Cache,
    plain::IMPORTED,
    store::{Store, changes, put},
};
use engine::{
    Action, Result, name,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use meta::{Id, Record, Value, Values};
use std::collections::{HashMap, HashSet};

/// The two kinds of documents.
pub struct Sort {
    pub entity: &'static str,
    pub line: &'static str,
    pub at: &'static str,
}
pub const ORDER: Sort = Sort { entity: "order", line: "order_line", at: "ordered_at" };
pub const RETURN: Sort = Sort { entity: "return", line: "return_line", at: "returned_at" };

/// Rows of one document, in the order of the file.
pub type Group<'r> = (&'r str, Vec<(usize, &'r LineRow)>);

fn cache<'s>(state: &'s mut State, sort: &Sort) -> &'s mut Cache<String, Document> {
    if sort.entity == "order" { &mut state.orders } else { &mut state.returns }
}

/// Returns the rows it refused. `originals`: what returned rows take back.
pub async fn write(
    store: &mut Store<'_>,
    state: &mut State,
    sort: &Sort,
    groups: &[Group<'_>],
    originals: &HashMap<usize, Original>,
    currency: &str,
) -> Result<Vec<(usize, Refused)>> {
    let keys: Vec<String> = groups.iter().map(|(key, _)| (*key).to_owned()).collect();
    find(store, state, sort, &keys).await?;
    heads(store, state, sort, groups, originals, currency).await?;
    let (mut new, mut updates, mut refused) = (vec![], vec![], vec![]);
    for (key, rows) in groups {
        let values: Vec<Values> = rows.iter().map(|(_, row)| line_values(state, row)).collect();
        let Some(document) = cache(state, sort).get(*key) else { continue };
        if let Some(why) = document.refused {
            refused.extend(rows.iter().map(|(index, _)| (*index, why)));
            continue;
        }
        let matched = match_lines(&mut document.lines, &values);
        for ((matched, mut values), (index, _)) in matched.into_iter().zip(values).zip(rows) {
            match matched {
                Matched::Same => {}
                Matched::Changed(id, changed) => updates.push((id, changed)),
                Matched::New => {
                    document.next_position += 1;
                    values.insert(sort.entity.to_owned(), document.id.into());
                    values.insert("position".to_owned(), Value::Int(document.next_position));
                    put(&mut values, "order_line", originals.get(index).map(|original| original.line));
                    new.push(values);
                }
            }
        }
    }
    store.create_plain(sort.line, new).await?;
    store.update(sort.line, updates).await?;
    Ok(refused)
}

fn line_values(state: &mut State, row: &LineRow) -> Values {
    let mut values = Values::new();
    let product = row.product.as_ref().and_then(|product| state.products.get(&product.key)).map(|p| p.id);
    put(&mut values, "product", product);
    put(&mut values, "description", row.description.as_deref());
    put(&mut values, "quantity", Some(row.priced.quantity));
    put(&mut values, "unit_price", Some(row.priced.unit_price));
    put(&mut values, "discount", Some(row.priced.discount));
    put(&mut values, "tax", row.priced.tax);
    put(&mut values, "unit_cost", row.priced.unit_cost);
    values
}

/// Brings the documents of `keys` that exist into the cache, with the lines they had before this run.
async fn find(store: &mut Store<'_>, state: &mut State, sort: &Sort, keys: &[String]) -> Result<()> {
    let unknown: Vec<String> =
        keys.iter().filter(|key| cache(state, sort).get(*key).is_none()).cloned().collect();
    let found = store.external_ids(sort.entity, &unknown).await?;
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id> = found.values().copied().collect();
    let mut heads = store.by_id(sort.entity, &ids).await?;
    let mut lines = lines_of(store, sort, &ids).await?;
    // The right to import is that of orders; returns come with them.
    let needed = if sort.entity == ORDER.entity { &IMPORTED[..] } else { &[Action::Update] };
    let beyond = store.beyond(sort.entity, ids.into_iter(), needed).await?;
    for (key, id) in found {
        let head = heads.remove(&id);
        let (lines, next_position) = lines.remove(&id).unwrap_or_default();
        let deleted = head.as_ref().is_some_and(|head| head.deleted_at.is_some());
        let refused =
            if beyond.contains(&id) { Some(Refused::Beyond) } else { deleted.then_some(Refused::Deleted) };
        let document = Document { id, lines, next_position, head_done: head.is_none(), head, refused };
        cache(state, sort).insert(key, document);
    }
    Ok(())
}

/// Live lines by document that this run has not made, and each document's last position.
async fn lines_of(
    store: &mut Store<'_>,
    sort: &Sort,
    documents: &[Id],
) -> Result<HashMap<Id, (Vec<Record>, i64)>> {
    let mut found: HashMap<Id, (Vec<Record>, i64)> = HashMap::new();
    let mut older: Vec<Id> = vec![];
    for documents in documents.chunks(500) {
        let select = Query::select()
            .columns([name("id"), name(sort.entity), name("position"), name("run_id")])
            .from(name(sort.line))
            .and_where(Expr::col(name(sort.entity)).is_in(documents.iter().copied()))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .order_by(name("position"), Order::Asc)
            .to_owned();
        for row in store.fetch(&select).await? {
            let last = &mut found.entry(row.id(1)?).or_default().1;
            *last = std::cmp::max(*last, row.opt_int(2)?.unwrap_or(0));
            if row.opt_id(3)? != Some(store.run) {
                older.push(row.id(0)?);
            }
        }
    }
    let mut records = store.by_id(sort.line, &older).await?;
    for record in older.iter().filter_map(|id| records.remove(id)) {
        if let Some(document) = record.reference(sort.entity) {
            found.entry(document).or_default().0.push(record);
        }
    }
    Ok(found)
}

/// Makes the heads that are missing and compares the others with the first row that names them.
async fn heads(
    store: &mut Store<'_>,
    state: &mut State,
    sort: &Sort,
    groups: &[Group<'_>],
    originals: &HashMap<usize, Original>,
    currency: &str,
) -> Result<()> {
    let (mut new, mut updates) = (vec![], vec![]);
    for (key, rows) in groups {
        let Some((_, row)) = rows.first() else { continue };
        if cache(state, sort).get(*key).is_some_and(|document| document.head_done) {
            continue;
        }
        let values = head_values(store, state, sort, row).await?;
        match cache(state, sort).get(*key) {
            Some(document) => {
                document.head_done = true;
                if let Some(head) = document.head.take().filter(|_| document.refused.is_none()) {
                    updates.push((document.id, changes(&head, values)));
                }
            }
            None => {
                let mut values = first_values(sort, row, values, currency);
                put(&mut values, "order", whole_order(rows, originals));
                new.push(((*key).to_owned(), values));
            }
        }
    }
    store.update(sort.entity, updates).await?;
    number(store, sort, &mut new).await?;
    let keys: Vec<String> = new.iter().map(|(key, _)| key.clone()).collect();
    let ids = store.create(sort.entity, new).await?;
    for (key, id) in keys.into_iter().zip(ids) {
        cache(state, sort).insert(key, Document { id, head_done: true, ..Document::default() });
    }
    Ok(())
}

/// The order all rows of a return take back.
fn whole_order(rows: &[(usize, &LineRow)], originals: &HashMap<usize, Original>) -> Option<Id> {
    let (first, _) = rows.first()?;
    let order = originals.get(first)?.order;
    rows.iter().all(|(index, _)| originals.get(index).is_some_and(|o| o.order == order)).then_some(order)
}

/// What the row says about its document.
async fn head_values(store: &mut Store<'_>, state: &mut State, sort: &Sort, row: &LineRow) -> Result<Values> {
    let mut values = Values::new();
    let account = row
        .customer
        .as_ref()
        .and_then(|customer| state.accounts.get(&customer.key))
        .map(|account| account.id);
    put(&mut values, "account", account);
    put(&mut values, sort.at, Some(row.at));
    put(&mut values, "currency", row.currency.as_deref());
    let mut remarks = row.remarks.clone();
    if let Some(person) = &row.salesperson {
        match user(store, state, person).await? {
            Some(owner) => put(&mut values, "owner", Some(owner)),
            None => {
                remarks =
                    Some([remarks, Some(person.clone())].into_iter().flatten().collect::<Vec<_>>().join("\n"))
            }
        }
    }
    put(&mut values, "description", remarks);
    if sort.entity == "order" {
        put(&mut values, "status", row.status);
        put(&mut values, "channel", row.channel);
        put(&mut values, "shipped_at", row.shipped_at);
    } else {
        put(&mut values, "reason", row.reason);
    }
    Ok(values)
}

/// What a new document needs besides.
fn first_values(sort: &Sort, row: &LineRow, mut values: Values, currency: &str) -> Values {
    values.entry("currency").or_insert_with(|| currency.into());
    let (field, value) = match (sort.entity, row.cancellation, row.priced.price_only) {
        ("order", ..) => ("status", "completed"),
        (_, true, _) => ("reason", "cancelled"),
        (_, _, true) => ("reason", "price"),
        _ => ("reason", "other"),
    };
    values.entry(field).or_insert_with(|| value.into());
    values
}

/// The document's number is the file's, unless another document has it already.
async fn number(store: &mut Store<'_>, sort: &Sort, new: &mut [(String, Values)]) -> Result<()> {
    let keys: Vec<String> = new.iter().map(|(key, _)| key.clone()).collect();
    let taken: HashSet<String> =
        store.by_text(sort.entity, "number", &keys).await?.into_iter().map(|(number, _)| number).collect();
    for (key, values) in new {
        let number = if taken.contains(key) { format!("{key} ({})", store.source) } else { key.clone() };
        values.insert("number".to_owned(), number.into());
    }
    Ok(())
}

/// The user with this name or e-mail.
async fn user(store: &mut Store<'_>, state: &mut State, person: &str) -> Result<Option<Id>> {
    if let Some(known) = state.users.get(person) {
        return Ok(*known);
    }
    let texts = [person.to_owned(), person.to_lowercase()];
    let mut found = store.by_text("user", "name", &texts[..1]).await?;
    found.extend(store.by_text("user", "email", &texts[1..]).await?);
    let id = found.first().map(|(_, id)| *id);
    state.users.insert(person.to_owned(), id);
    Ok(id)
}
