//! What must hold for every customer, however he was entered.

use super::classes::COMPUTED;
use engine::{
    BoxFuture, Error, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Query},
};
use meta::{Draft, Id, Value, label};
use std::collections::{HashMap, HashSet};

const PERSON_ONLY: [&str; 4] = ["sex", "birth_on", "income", "occupation"];
const COMPANY_ONLY: [&str; 2] = ["size_employees", "annual_revenue"];
const LEVELS_LIMIT: usize = 20;

/// One spelling of the name, a relation, facts that fit the kind, and a class chosen by hand in force at once.
pub fn check(draft: &mut Draft<'_>) {
    draft.check_currency("currency");
    if let Some(given) = draft.values.get("name").and_then(Value::as_text) {
        let plain = given.split_whitespace().collect::<Vec<_>>().join(" ");
        draft.set("name", plain);
    }
    let person = draft.get("kind").as_text() == Some("person");
    if draft.get("relation").is_null() {
        draft.set("relation", if person { "consumer" } else { "business" });
    }
    let (foreign, remedy) = if person {
        (
            &COMPANY_ONLY[..],
            label(
                "is for companies: leave it empty, or make the kind “company”",
                "只适用于公司，请留空，或把类型改为“公司”",
            ),
        )
    } else {
        (
            &PERSON_ONLY[..],
            label(
                "is for persons: leave it empty, or make the kind “person”",
                "只适用于个人，请留空，或把类型改为“个人”",
            ),
        )
    };
    for field in foreign {
        if !draft.get(field).is_null() {
            draft.reject(field, remedy.clone());
        }
    }
    let (start, end) = (draft.get("contract_start_on").as_date(), draft.get("contract_end_on").as_date());
    if let Some(end) = end
        && start.is_none_or(|start| end < start)
    {
        draft.reject(
            "contract_end_on",
            label(
                "is before the contract's first day, or that is missing: check both days",
                "早于合同开始日期，或未填写合同开始日期，请检查",
            ),
        );
    }
    if draft.get("parent_account").as_id() == Some(draft.id) {
        draft.reject(
            "parent_account",
            label("cannot be the customer himself: pick another", "不能是客户自己，请另选"),
        );
    }
    for field in ["size_employees", "annual_revenue", "income"] {
        if draft.get(field).as_decimal().is_some_and(|number| number.is_sign_negative() && !number.is_zero())
        {
            draft.reject(field, label("cannot be negative", "不能为负数"));
        }
    }
    for class in COMPUTED {
        let by_hand = format!("{class}_override");
        if draft.changes(&by_hand) {
            let chosen = draft.get(&by_hand).clone();
            draft.set(class, chosen);
        }
    }
}

/// A customer must not belong to itself through others.
pub fn no_circles<'t>(tx: &'t mut Tx, ids: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let mut parents: HashMap<Id, Id> = HashMap::new();
        let mut level: HashSet<Id> = ids.iter().copied().collect();
        for _ in 0..LEVELS_LIMIT {
            let above = parents_of(tx, &level).await?;
            level = above.values().filter(|parent| !parents.contains_key(parent)).copied().collect();
            parents.extend(above);
            if level.is_empty() {
                break;
            }
        }
        for id in parents.keys() {
            if is_circle(*id, &parents) {
                return Err(Error::rule(
                    "parent_account",
                    format!(
                        "the companies would belong to each other in a circle, or lie more than {LEVELS_LIMIT} levels deep: pick another"
                    ),
                    format!("上级客户互相循环，或超过 {LEVELS_LIMIT} 级，请另选"),
                ));
            }
        }
        Ok(())
    })
}

fn is_circle(id: Id, parents: &HashMap<Id, Id>) -> bool {
    let mut at = id;
    for _ in 0..LEVELS_LIMIT {
        match parents.get(&at) {
            Some(parent) if *parent == id => return true,
            Some(parent) => at = *parent,
            None => return false,
        }
    }
    true
}

async fn parents_of(tx: &mut Tx, ids: &HashSet<Id>) -> Result<HashMap<Id, Id>> {
    let ids: Vec<Id> = ids.iter().copied().collect();
    let mut parents = HashMap::new();
    for ids in ids.chunks(1_000) {
        let select = Query::select()
            .columns([name("id"), name("parent_account")])
            .from(name("account"))
            .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
            .and_where(Expr::col(name("parent_account")).is_not_null())
            .to_owned();
        for row in tx.fetch(&select).await? {
            parents.insert(row.id(0)?, row.id(1)?);
        }
    }
    Ok(parents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_seen_from_each_of_its_members_and_from_below() {
        let [a, b, c, d] = [1u128, 2, 3, 4].map(Id::from_u128);
        let parents = HashMap::from([(a, b), (b, c), (c, a), (d, a)]);
        assert!([a, b, c, d].iter().all(|id| is_circle(*id, &parents)));
        let chain = HashMap::from([(a, b), (b, c)]);
        assert!([a, b, c].iter().all(|id| !is_circle(*id, &chain)));
    }
}
