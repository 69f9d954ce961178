//! What the command line tells other tools of what was mined: field names and units are a contract.

use super::{
    baskets,
    experiment::uplift::{self, State, scores},
    forecast,
    group_names::Names,
    group_tastes::Liked,
    groups,
    propensity::{
        self, HORIZON_DAYS,
        explained::{self, Speaks, Why},
    },
    recommend,
};
use crate::settings::{date_of, day_number};
use engine::{Actor, Engine, Error, Result};
use meta::Id;
use mining::{
    effect::uplift::policy::Advice,
    forecast::{calendar::Slice, series::Period},
    reason::Reason,
};
use serde_json::{Value as Json, json};

fn nothing_yet() -> Error {
    Error::NotFound(
        "nothing is mined yet: run `zhike value mine` / 尚无挖掘结果：请先运行 zhike value mine".to_owned(),
    )
}

fn reason(reason: &Reason) -> Json {
    json!({ "missing": reason.to_string(), "reason": reason })
}

/// `{"product", "customer", "as_of", "until", "method", "learned_from", "tested_on", "average", "state", "probability", "probability_now",
/// "base", "reasons": [{"reason", "adds", "did"}]}`; `state` is "told", "untold", "not_kept" or "gone", `base` and what all reasons add
/// are the log-odds of `probability_now`, and `did` is what the customer did, null of a field.
pub async fn why(engine: &Engine, product: Id, account: Id) -> Result<Json> {
    let kept = propensity::load(engine, product).await?.ok_or_else(nothing_yet)?;
    let found = match &kept.body {
        Ok(found) => found,
        Err(missing) => return Ok(reason(missing)),
    };
    let why = explained::of(engine, product, found, kept.as_of, account).await?;
    let (state, probability, explained) = match &why {
        Why::Told(explained) => ("told", Some(explained.told), Some(explained)),
        Why::Untold => ("untold", None, None),
        Why::NotKept(told) => ("not_kept", Some(*told), None),
        Why::Gone(told) => ("gone", Some(*told), None),
    };
    let speaks = |one: &Speaks| json!({ "reason": one.key, "adds": one.adds, "did": one.did });
    let reasons = explained.map(|explained| explained.reasons.iter().map(speaks).collect::<Vec<_>>());
    Ok(json!({
        "product": product,
        "customer": account,
        "as_of": kept.as_of,
        "until": date_of(day_number(kept.as_of) + HORIZON_DAYS),
        "method": found.backtest.best.method.name(),
        "learned_from": found.backtest.learned_from,
        "tested_on": found.backtest.tested_on,
        "average": found.expected / found.customers.max(1) as f64,
        "state": state,
        "probability": probability,
        "probability_now": explained.map(|explained| explained.now),
        "base": explained.map(|explained| explained.base),
        "reasons": reasons,
    }))
}

/// `{"as_of", "customers", "silhouette", "clear", "categories", "groups": [{"number", "name", "customers", "share", "features": {…},
/// "marks", "likes": [{"category", "buyers", "share", "share_of_all", "lift", "low", "high"}]}], "moves"}`; `name` is the one people gave,
/// or null, and `categories` how many were compared, null of what an earlier version kept.
pub async fn segments(engine: &Engine) -> Result<Json> {
    let kept = groups::load(engine).await?.ok_or_else(nothing_yet)?;
    let found = match &kept.body {
        Ok(found) => found,
        Err(missing) => return Ok(reason(missing)),
    };
    let names = Names::load(engine).await?;
    let liked = found.groups.iter().flat_map(|group| &group.likes);
    let categories: Vec<(&str, Id)> = liked.map(|liked| ("product_category", liked.category)).collect();
    let categories = engine.titles(&Actor::system(), &categories).await?;
    let liked = |liked: &Liked| {
        let taste = &liked.taste;
        json!({
            "category": categories.get(&liked.category),
            "buyers": taste.buyers, "share": taste.share, "share_of_all": taste.share_of_all,
            "lift": taste.lift, "low": taste.low, "high": taste.high,
        })
    };
    let group = |group: &groups::Group| {
        let features: serde_json::Map<String, Json> = group
            .profile
            .features
            .iter()
            .map(|feature| {
                let told = json!({ "mean": feature.mean, "lift": feature.lift, "share_of_sum": feature.share_of_sum });
                (feature.name.clone(), told)
            })
            .collect();
        json!({
            "number": group.number,
            "name": names.given(group.number),
            "customers": group.profile.customers,
            "share": group.profile.share,
            "features": features,
            "marks": group.profile.marks,
            "likes": group.likes.iter().map(liked).collect::<Vec<_>>(),
        })
    };
    Ok(json!({
        "as_of": kept.as_of,
        "customers": found.customers,
        "silhouette": found.choice.silhouette(),
        "silhouettes": found.choice.silhouettes,
        "clear": found.choice.clear(),
        "categories": found.categories,
        "groups": found.groups.iter().map(group).collect::<Vec<_>>(),
        "moves_since": found.moved_since,
        "moves": found.moves,
    }))
}

/// `{"as_of", "baskets", "support", "together": [{"products": [name], "orders", "support"}], "rules": [{"if_bought": [name], "then", "both", "support", "confidence", "lift", "leverage", "p_value"}]}`.
pub async fn rules(engine: &Engine, limit: usize) -> Result<Json> {
    let kept = baskets::load(engine).await?.ok_or_else(nothing_yet)?;
    let found = match &kept.body {
        Ok(found) => found,
        Err(missing) => return Ok(reason(missing)),
    };
    let names = product_names(engine, &found.products).await?;
    let name = |product: u32| names.get(&found.products[product as usize]).cloned();
    let rules: Vec<Json> = found
        .rules
        .iter()
        .take(limit)
        .map(|rule| {
            json!({
                "if_bought": rule.if_bought.iter().map(|product| name(*product)).collect::<Vec<_>>(),
                "then": name(rule.then),
                "both": rule.both, "if_count": rule.if_count, "then_count": rule.then_count,
                "support": rule.support(), "confidence": rule.confidence(), "lift": rule.lift(),
                "leverage": rule.leverage(), "p_value": rule.p_value,
            })
        })
        .collect();
    let together: Vec<Json> = found
        .together
        .iter()
        .take(limit)
        .map(|set| {
            let products: Vec<_> = set.products.iter().map(|product| name(*product)).collect();
            json!({ "products": products, "orders": set.orders, "support": f64::from(set.orders) / f64::from(found.baskets) })
        })
        .collect();
    Ok(json!({
        "as_of": kept.as_of, "baskets": found.baskets, "mixed_baskets": found.mixed, "support": found.support,
        "sets": found.sets, "tried": found.tried, "by_chance": found.by_chance, "redundant": found.redundant,
        "together": together, "rules": rules,
    }))
}

/// `{"as_of", "method", "left_out", "backtest": {…}, "recommendations": [{"product", "bought_with", "both", "of"}]}`; the last for
/// `customer`. `both` and `of` of a product bought with another are counted without the customers left out ([`recommend::Found`]).
pub async fn recommend(engine: &Engine, customer: Option<Id>) -> Result<Json> {
    let kept = recommend::load(engine).await?.ok_or_else(nothing_yet)?;
    let backtest = match &kept.body.backtest {
        Ok(backtest) => serde_json::to_value(backtest)?,
        Err(missing) => reason(missing),
    };
    let mut told = json!({
        "as_of": kept.as_of, "customers": kept.body.customers, "products": kept.body.products,
        "left_out": kept.body.left_out, "method": kept.body.method.name(), "backtest": backtest,
    });
    if let Some(customer) = customer {
        let rows = recommend::of(engine, customer).await?;
        let ids: Vec<Id> =
            rows.iter().flat_map(|row| [Some(row.product), row.bought_with]).flatten().collect();
        let names = product_names(engine, &ids).await?;
        let row = |row: &recommend::Recommended| {
            json!({
                "product": names.get(&row.product),
                "bought_with": row.bought_with.and_then(|with| names.get(&with)),
                "both": row.both, "of": row.of,
            })
        };
        told["recommendations"] = rows.iter().map(row).collect();
    }
    Ok(told)
}

/// `{"as_of", "total": {"method", "weeks": [{"monday", "point", "lower", "upper"}], "months": [{"first_day", "sold", "to_come", "lower",
/// "upper", "whole"}], "quarters": […], "own", "errors", "backtest"}, "regions": […], …}`; `own` and `backtest` are of each forecast by itself,
/// everything else of those that add up. Lower and upper end are of what was sold and is to come together.
pub async fn forecast(engine: &Engine) -> Result<Json> {
    let kept = forecast::load(engine).await?.ok_or_else(nothing_yet)?;
    let body = &kept.body;
    let part = |part: &forecast::Part| match &part.forecast {
        Err(missing) => json!({ "key": part.key, "missing": reason(missing) }),
        Ok(told) => {
            let first = part.history.start + part.history.values.len() as i32;
            let week = |(step, point): (usize, &f64)| {
                let (lower, upper) = told.interval(step);
                let monday = forecast::monday(first + step as i32);
                json!({ "monday": monday, "point": point, "lower": lower, "upper": upper })
            };
            let periods = |period: Period| -> Vec<Json> {
                let known = part.known(period);
                let slice = |slice: &Slice| {
                    let place = usize::try_from(slice.period - known.start).ok();
                    let sold = place.and_then(|place| known.values.get(place).copied()).unwrap_or(0.0);
                    let sum = told.over(&slice.weights);
                    json!({
                        "first_day": period.first_day(slice.period), "whole": slice.whole, "sold": sold,
                        "to_come": sum.expected, "lower": sold + sum.low, "upper": sold + sum.high,
                    })
                };
                body.slices(period).iter().map(slice).collect()
            };
            json!({
                "key": part.key,
                "method": told.backtest.best.map_or("sum", |method| method.name()),
                "weeks": told.points.iter().enumerate().map(week).collect::<Vec<_>>(),
                "months": periods(Period::Month),
                "quarters": periods(Period::Quarter),
                "own": told.own,
                "errors": told.errors,
                "origins": told.backtest.origins,
                "backtest": told.backtest.tried,
            })
        }
    };
    let parts = |parts: &[forecast::Part]| parts.iter().map(part).collect::<Vec<_>>();
    Ok(json!({
        "as_of": kept.as_of,
        "total": part(&body.total),
        "region_field": body.region_field,
        "regions": parts(&body.regions),
        "categories": parts(&body.categories),
        "products": parts(&body.products),
    }))
}

/// `{"as_of", "proven", "treated", "control", "judged", "smallest_spread", "tried": [{…}], "features", "money", "proof": {"method",
/// "average", "curve", "fifths", "traits", "policy"} | null, "in_use", "advised": {"reach", "not_worth", "leave_alone"} | null}`, or why
/// nothing was learned. Shares 0 to 1, money in units of the company currency, per customer.
pub async fn uplift(engine: &Engine, experiment: Id) -> Result<Json> {
    let kept = uplift::load(engine, experiment).await?.ok_or_else(|| {
        Error::NotFound(
            "a comparison of this experiment: draw its groups first / 该实验的比较结果：请先抽取对照组"
                .to_owned(),
        )
    })?;
    let learned = match &kept.body {
        State::TooEarly { until } => {
            return Ok(json!({ "as_of": kept.as_of, "proven": false, "too_early_until": until }));
        }
        State::Missing(missing) => {
            return Ok(json!({ "as_of": kept.as_of, "proven": false, "missing": reason(missing) }));
        }
        State::Learned(learned) => learned,
    };
    let found = &learned.found;
    let advised = scores::advised(engine, experiment).await?.filter(|_| found.proven.is_some());
    let advised: Option<serde_json::Map<String, Json>> = advised.map(|kept| {
        let counts = Advice::ALL.iter().zip(kept.body.customers);
        counts.map(|(advice, customers)| (advice.name().to_owned(), customers.into())).collect()
    });
    Ok(json!({
        "as_of": kept.as_of, "proven": found.proven.is_some(),
        "treated": found.treated, "control": found.control, "judged": found.judged,
        "smallest_spread": found.smallest_spread, "tried": found.tried,
        "features": learned.features, "money": learned.money, "proof": found.proven,
        "in_use": scores::in_use(engine).await? == Some(experiment), "advised": advised,
    }))
}

pub async fn product_names(engine: &Engine, ids: &[Id]) -> Result<std::collections::HashMap<Id, String>> {
    let wanted: Vec<(&str, Id)> = ids.iter().map(|id| ("product", *id)).collect();
    engine.titles(&Actor::system(), &wanted).await
}
