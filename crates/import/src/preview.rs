//! The first rows of a file as the records they would become, and samples of each column for choosing its meaning.

use crate::{
    FileProblem, Importer, Kind, Layout, Options, RowProblem, currency, layout,
    orders::Orders,
    plain::{Item, Plain},
};
use engine::Engine;
use meta::{Value, Values};
use std::{collections::BTreeSet, path::Path, sync::Arc};

pub struct Preview {
    /// Names of targets or fields, in order.
    pub columns: Vec<String>,
    pub rows: Vec<PreviewRow>,
    /// Of each column of the file, its first values.
    pub samples: Vec<Vec<String>>,
}

pub struct PreviewRow {
    pub number: u64,
    /// One per column; empty where the row says nothing.
    pub values: Vec<Value>,
    pub problem: Option<RowProblem>,
    pub is_return: bool,
}

const ROWS: usize = 8;
const SAMPLED: usize = 50;
const SAMPLES: usize = 3;

pub async fn preview(
    engine: &Engine,
    layout: Arc<Layout>,
    path: &Path,
    options: &Options,
) -> Result<Preview, FileProblem> {
    let read = layout::read_options(layout.kind, options);
    let file = path.to_owned();
    let rows = tokio::task::spawn_blocking(move || -> Result<Vec<tabular::Row>, FileProblem> {
        Ok(tabular::open(&file, &read)?.take(SAMPLED).collect::<Result<_, _>>()?)
    });
    let rows = rows.await.map_err(|error| engine::Error::Internal(error.to_string()))??;
    let samples = (0..layout.headers.len()).map(|column| samples(&rows, column)).collect();
    let first = rows.get(..ROWS.min(rows.len())).unwrap_or_default();
    let (columns, rows) = match layout.kind {
        Kind::Orders => {
            let currency = engine.company_currency().await?;
            let mut known = currency::known(engine).await?;
            known.extend(options.currency.clone());
            let importer = Orders::new(engine, layout.clone(), currency, known)?;
            orders(&importer, first)
        }
        _ => plain(&Plain::new(engine, layout.clone(), String::new())?, first),
    };
    Ok(Preview { columns, rows, samples })
}

fn samples(rows: &[tabular::Row], column: usize) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    for row in rows {
        let cell = row.get(column).trim();
        if !cell.is_empty() && !found.iter().any(|known| known == cell) {
            found.push(cell.to_owned());
        }
        if found.len() == SAMPLES {
            break;
        }
    }
    found
}

const ORDER_COLUMNS: [&str; 8] = [
    "order_number",
    "ordered_on",
    "customer_name",
    "product_name",
    "quantity",
    "unit_price",
    "discount_amount",
    "amount",
];

fn orders(importer: &Orders, rows: &[tabular::Row]) -> (Vec<String>, Vec<PreviewRow>) {
    let rows = rows.iter().map(|row| match importer.parse(row) {
        Ok(line) => {
            let name = line.customer.as_ref().map(|customer| {
                let named = customer.fields.iter().find(|(field, _)| *field == "name");
                named.and_then(|(_, name)| name.as_text()).unwrap_or(&customer.key).to_owned()
            });
            let product = line.product.as_ref().map(|p| p.name.clone().unwrap_or_else(|| p.key.clone()));
            let priced = &line.priced;
            let amount = priced.quantity * priced.unit_price - priced.discount;
            let discount = (!priced.discount.is_zero()).then_some(priced.discount);
            PreviewRow {
                number: row.number,
                values: vec![
                    line.order.as_str().into(),
                    importer.shown_at(&line).into(),
                    name.into(),
                    product.into(),
                    priced.quantity.into(),
                    priced.unit_price.into(),
                    discount.into(),
                    amount.round_dp(4).normalize().into(),
                ],
                problem: None,
                is_return: priced.back,
            }
        }
        Err(problem) => bad(row, problem, ORDER_COLUMNS.len()),
    });
    let rows = rows.collect();
    (ORDER_COLUMNS.map(str::to_owned).to_vec(), rows)
}

fn bad(row: &tabular::Row, problem: RowProblem, columns: usize) -> PreviewRow {
    let values = vec![Value::Null; columns];
    PreviewRow { number: row.number, values, problem: Some(problem), is_return: false }
}

fn named(item: &Item) -> Values {
    let mut values = item.values.clone();
    let names = [
        ("number", &item.number),
        ("account_number", &item.account_number),
        ("account", &item.account),
        ("parent", &item.parent),
        ("contact", &item.contact),
        ("category", &item.category),
        ("subcategory", &item.subcategory),
        ("owner", &item.owner),
    ];
    for (name, value) in names {
        if let Some(value) = value {
            values.insert(name.to_owned(), value.as_str().into());
        }
    }
    values
}

fn plain(importer: &Plain, rows: &[tabular::Row]) -> (Vec<String>, Vec<PreviewRow>) {
    let parsed: Vec<Result<Values, RowProblem>> =
        rows.iter().map(|row| importer.parse(row).map(|item| named(&item))).collect();
    let columns: BTreeSet<String> =
        parsed.iter().flatten().flat_map(|values| values.keys().map(str::to_owned)).collect();
    let mut columns: Vec<String> = columns.into_iter().collect();
    columns.sort_by_key(|column| !["number", "name", "subject"].contains(&column.as_str()));
    let rows = rows
        .iter()
        .zip(parsed)
        .map(|(row, parsed)| match parsed {
            Ok(mut values) => PreviewRow {
                number: row.number,
                values: columns.iter().map(|column| values.remove(column).unwrap_or_default()).collect(),
                problem: None,
                is_return: false,
            },
            Err(problem) => bad(row, problem, columns.len()),
        })
        .collect();
    (columns, rows)
}
