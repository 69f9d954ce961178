//! One row of the file as what it says: an order, a customer, a product, a line.

use super::{price, price::Priced, words, words::Status};
use crate::{Layout, RowProblem, layout::is_marked};
use chrono::{DateTime, Utc};
use meta::{Entity, Value};
use std::{collections::HashSet, sync::Arc};
use tabular::Row;

#[derive(Clone, Debug)]
pub struct LineRow {
    /// The order's number in the file.
    pub order: String,
    pub at: DateTime<Utc>,
    pub customer: Option<Customer>,
    pub product: Option<Product>,
    pub description: Option<String>,
    pub priced: Priced,
    pub currency: Option<String>,
    pub status: Option<&'static str>,
    pub channel: Option<&'static str>,
    pub reason: Option<&'static str>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub salesperson: Option<String>,
    pub remarks: Option<String>,
    /// A cancellation by number or status, not goods coming back by themselves.
    pub cancellation: bool,
}

#[derive(Clone, Debug)]
pub struct Customer {
    /// His number in the file; without one his name, e-mail or phone.
    pub key: String,
    pub fields: Vec<(&'static str, Value)>,
}

#[derive(Clone, Debug)]
pub struct Product {
    /// Its code in the file, or its name.
    pub key: String,
    pub coded: bool,
    pub name: Option<String>,
    pub category: Option<String>,
    pub subcategory: Option<String>,
}

pub struct Parser {
    pub layout: Arc<Layout>,
    pub account: Arc<Entity>,
    pub line: Arc<Entity>,
    /// Currencies with an exchange rate, and the company's.
    pub currencies: HashSet<String>,
}

/// Column of the file → field of the customer. What does not fit here never costs the sale: it is left out.
const CUSTOMER_FIELDS: [(&str, &str); 7] = [
    ("country", "country"),
    ("province", "province"),
    ("city", "city"),
    ("postcode", "postcode"),
    ("address", "street"),
    ("email", "email"),
    ("phone", "phone"),
];
const KEY_LIMIT: usize = 200;

impl Parser {
    pub fn parse(&self, row: &Row) -> Result<LineRow, RowProblem> {
        let layout = &*self.layout;
        let order = layout.identifier(row, "order_number")?.ok_or_else(|| {
            RowProblem::new(
                layout.header("order_number"),
                "is empty: fill in the order's number",
                "为空，请填写订单号",
            )
        })?;
        self.short(&order, "order_number")?;
        let at = layout.instant(row, "ordered_on")?.ok_or_else(|| {
            RowProblem::new(
                layout.header("ordered_on"),
                "is empty: fill in the order's date",
                "为空，请填写订单日期",
            )
        })?;
        let word = layout.text(row, "order_status")?;
        let status = word.as_deref().and_then(words::status);
        let marked = layout.cancellation_prefix && is_marked(&order);
        let cells = price::Cells::read(layout, row)?;
        let priced = price::price(&cells, marked || status == Some(Status::Returned))
            .map_err(|(target, en, zh)| RowProblem::new(self.named(target), en, zh))?;
        let reason = layout.text(row, "return_reason")?;
        let currency = layout.text(row, "currency")?.map(|code| self.currency(&code)).transpose()?;
        let description = layout.text(row, "product_name")?;
        if let Some(long) = description.as_ref().filter(|text| text.len() > KEY_LIMIT) {
            layout.checked(&self.line, "description", "product_name", long.as_str().into())?;
        }
        Ok(LineRow {
            at,
            customer: self.customer(row)?,
            product: self.product(row, description.as_deref())?,
            description,
            currency,
            status: match status {
                Some(Status::Is(status)) => Some(status),
                Some(Status::Cancelled) => Some("cancelled"),
                _ => None,
            },
            channel: layout.text(row, "channel")?.as_deref().and_then(words::channel),
            reason: reason.as_deref().and_then(words::reason),
            shipped_at: layout.instant(row, "shipped_on").unwrap_or_default(),
            salesperson: layout.text(row, "salesperson")?,
            remarks: self.remarks(row, reason)?,
            cancellation: marked || (status == Some(Status::Cancelled) && priced.back),
            order,
            priced,
        })
    }

    /// The header of the first of the columns that could have said it.
    fn named(&self, target: &'static str) -> &str {
        let other = if target == "unit_price" { "amount" } else { target };
        if self.layout.has(target) { self.layout.header(target) } else { self.layout.header(other) }
    }

    fn short(&self, key: &str, target: &str) -> Result<(), RowProblem> {
        if key.chars().count() <= KEY_LIMIT {
            return Ok(());
        }
        let problem = meta::Problem::TooLong { limit: KEY_LIMIT };
        Err(RowProblem::field(self.layout.header(target), &problem))
    }

    fn currency(&self, code: &str) -> Result<String, RowProblem> {
        let header = self.layout.header("currency");
        let known = currency_code(code).ok_or_else(|| {
            RowProblem::new(
                header,
                format!("“{code}” is no currency: write the code, like CNY"),
                format!("“{code}”不是币种，请写代码，如 CNY"),
            )
        })?;
        if self.currencies.contains(&known) {
            return Ok(known);
        }
        Err(RowProblem::new(
            header,
            format!("there is no exchange rate for {known}: add one under Administration → Exchange rates"),
            format!("没有 {known} 的汇率，请在“系统管理 → 汇率”中添加"),
        ))
    }

    fn customer(&self, row: &Row) -> Result<Option<Customer>, RowProblem> {
        let layout = &*self.layout;
        let number = layout.identifier(row, "customer_number")?;
        let name = layout.text(row, "customer_name")?;
        let mut fields = vec![];
        for (target, field) in CUSTOMER_FIELDS {
            let Ok(Some(text)) = layout.text(row, target) else { continue };
            let checked = self.account.get(field).and_then(|field| field.parse_text(&text).ok());
            fields.extend(checked.filter(|value| !value.is_null()).map(|value| (field, value)));
        }
        let contact = || {
            let found = fields.iter().rev().find(|(field, _)| ["email", "phone"].contains(field))?;
            found.1.as_text().map(str::to_owned)
        };
        let Some(key) = number.or_else(|| name.clone()).or_else(contact) else { return Ok(None) };
        self.short(&key, if layout.has("customer_number") { "customer_number" } else { "customer_name" })?;
        if let Some(name) = name {
            let name = layout.checked(&self.account, "name", "customer_name", name.into())?;
            fields.push(("name", name));
        }
        if let Some(segment) = layout.text(row, "customer_segment")? {
            fields.push(("kind", if words::is_person(&segment) { "person" } else { "company" }.into()));
        }
        Ok(Some(Customer { key, fields }))
    }

    fn product(&self, row: &Row, name: Option<&str>) -> Result<Option<Product>, RowProblem> {
        let layout = &*self.layout;
        let code = layout.identifier(row, "product_code")?;
        let coded = code.is_some();
        let Some(key) = code.or_else(|| name.map(str::to_owned)) else { return Ok(None) };
        self.short(&key, if layout.has("product_code") { "product_code" } else { "product_name" })?;
        Ok(Some(Product {
            key,
            coded,
            name: name.map(str::to_owned),
            category: layout.text(row, "product_category")?,
            subcategory: layout.text(row, "product_subcategory")?,
        }))
    }

    /// What has no field of its own is kept in words.
    fn remarks(&self, row: &Row, reason: Option<String>) -> Result<Option<String>, RowProblem> {
        let layout = &*self.layout;
        let mut remarks: Vec<String> = layout.text(row, "notes")?.into_iter().chain(reason).collect();
        for target in ["ship_mode", "region"] {
            if let Some(text) = layout.text(row, target)? {
                remarks.push(format!("{}: {text}", layout.header(target)));
            }
        }
        Ok((!remarks.is_empty()).then(|| remarks.join("\n")))
    }
}

/// Three letters, or a sign or word used for them.
pub(crate) fn currency_code(text: &str) -> Option<String> {
    let text = text.trim();
    let known = match text.to_lowercase().as_str() {
        "￥" | "¥" | "元" | "人民币" | "rmb" => Some("CNY"),
        "$" | "us$" | "美元" => Some("USD"),
        "€" | "欧元" => Some("EUR"),
        "£" | "英镑" => Some("GBP"),
        "港币" | "hk$" => Some("HKD"),
        "日元" => Some("JPY"),
        _ => None,
    };
    let code = known.map_or_else(|| text.to_uppercase(), str::to_owned);
    (code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase())).then_some(code)
}
