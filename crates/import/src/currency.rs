//! The currency of an order file's amounts, settled before the first row is read.

use crate::{FileProblem, Options, orders::currency_code};
use engine::{
    Actor, Engine, Query as List, Result, name,
    sea_query::{Expr, ExprTrait, Query},
};
use std::collections::HashSet;

/// Currencies amounts can be in: the company's and those with an exchange rate.
pub async fn known(engine: &Engine) -> Result<HashSet<String>> {
    let select = Query::select()
        .distinct()
        .column(name("currency"))
        .from(name("exchange_rate"))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .to_owned();
    let mut known: HashSet<String> =
        engine.fetch(&select).await?.iter().map(|row| row.text(0)).collect::<Result<_>>()?;
    known.insert(engine.company_currency().await?);
    Ok(known)
}

/// The currency of rows that name none. A company that has neither chosen its currency nor sold anything gets the one of its
/// first file; `dry` only tells.
pub async fn settle(engine: &Engine, options: &Options, dry: bool) -> Result<String, FileProblem> {
    let Some(wanted) = &options.currency else { return Ok(engine.company_currency().await?) };
    let code = currency_code(wanted).ok_or_else(|| {
        FileProblem::refused(
            format!("“{wanted}” is no currency: write the code, like CNY or GBP"),
            format!("“{wanted}”不是币种，请写代码，如 CNY、GBP"),
        )
    })?;
    if known(engine).await?.contains(&code) {
        return Ok(code);
    }
    let chosen = engine.setting("company.currency").await?.is_some();
    let system = Actor::system();
    if !chosen && engine.count(&system, &List::new("order"), 1).await?.number == 0 {
        if !dry {
            tracing::info!(currency = code, "the company's currency is that of its first orders");
            let currency = code.clone();
            engine
                .write(&system, move |tx| {
                    Box::pin(async move { tx.set_setting("company.currency", &currency.into()).await })
                })
                .await?;
        }
        return Ok(code);
    }
    let own = engine.company_currency().await?;
    Err(FileProblem::refused(
        format!(
            "there is no exchange rate from {code} to {own}: add one under Administration → Exchange rates, or import in {own}"
        ),
        format!("没有 {code} 兑 {own} 的汇率：请在“系统管理 → 汇率”中添加，或按 {own} 导入"),
    ))
}
