//! What is kept of a person beside his figures: the classes he had, what he was recommended, which side of an experiment he was on,
//! whether reaching him is worth while, and what he is likely to buy.

use crate::mining::{
    experiment::{members, uplift::scores},
    propensity, recommend,
};
use engine::{
    BoxFuture, Erasing, Found, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use warehouse::history;

const CHUNK: usize = 200;

pub fn copies<'t>(tx: &'t mut Tx, erasing: &'t Erasing) -> BoxFuture<'t, Result<Vec<Found>>> {
    Box::pin(async move {
        let classes = rows(tx, history::KEPT, erasing).await?;
        let recommended = rows(tx, recommend::TABLE, erasing).await?;
        let recommended = recommended + recommend::forget(tx, erasing).await?;
        let members = rows(tx, members::TABLE, erasing).await?;
        Ok(vec![
            Found::new("History of classes", "客户分类历史", classes),
            Found::new("Recommendations", "产品推荐", recommended),
            Found::new("Places in experiments", "实验名单", members),
            Found::new("Likely to buy", "可能购买的产品", propensity::told::forget(tx, erasing).await?),
            Found::new("Worth of a contact", "触达建议", scores::forget(tx, erasing).await?),
        ])
    })
}

async fn rows(tx: &mut Tx, table: &str, erasing: &Erasing) -> Result<u64> {
    let mut count = 0;
    for ids in erasing.ids.chunks(CHUNK) {
        let which = Expr::col(name("account")).is_in(ids.iter().copied());
        if erasing.dry {
            let select = Sql::select().column(name("account")).from(name(table)).and_where(which).to_owned();
            count += tx.fetch(&select).await?.len() as u64;
        } else {
            let delete = Sql::delete().from_table(name(table)).and_where(which).to_owned();
            count += tx.execute(&delete).await?;
        }
    }
    Ok(count)
}
