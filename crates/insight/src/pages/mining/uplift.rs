//! Who responds, on an experiment's page: the verdict, the proof, what it is worth, and the customers worth reaching.

use super::{Words, scope, sides::Side};
use crate::{
    mining::experiment::{
        ENTITY,
        result::{self, Within},
        uplift::{
            self, Learned, State,
            features::Feature,
            scores::{self, ADVICE, WORTH},
        },
    },
    pages::{
        figure::{Explain, Figure, Input},
        href,
    },
};
use axum::{
    extract::{Path, State as Of},
    response::{IntoResponse, Redirect, Response},
};
use meta::{Id, Record};
use mining::{
    effect::{
        Effect, SIGNIFICANCE,
        uplift::{Estimate, Found, Proven, Tried, fifths::Fifth, policy::Advice, traits::Trait},
    },
    reason::Reason,
};
use serde_json::{Value, json};
use web::{Answer, App, Flash, Session};

/// Features told of, and the least weight of one against the weightiest.
const TRAITS: usize = 6;
const LEAST_WEIGHT: f64 = 0.1;
/// Money is told for so many customers.
const CUSTOMERS: f64 = 1_000.0;
const COLOURS: [&str; 3] = ["green", "grey", "red"];

/// What the template shows; `None` before the first comparison.
pub async fn section(words: &Words<'_>, session: &Session, experiment: &Record) -> Answer<Option<Value>> {
    let Some(kept) = uplift::load(words.app.engine(), experiment.id).await? else { return Ok(None) };
    let as_of = words.date(kept.as_of);
    let shown = match &kept.body {
        State::TooEarly { until } => {
            said(words.t("mining.uplift.too_early", &[("until", &words.date(*until))]))
        }
        State::Missing(reason) => said(missing(words, *reason)),
        State::Learned(learned) => {
            let shown = Shown {
                words,
                learned,
                experiment: experiment.id,
                by_sales: experiment.text("outcome") == "sales",
                as_of: &as_of,
            };
            match &learned.found.proven {
                None => shown.refused(),
                Some(proven) => {
                    let mut told = shown.proven(proven);
                    told["lists"] = lists(words, session, experiment).await?;
                    told
                }
            }
        }
    };
    let mut shown = shown;
    shown["as_of"] = as_of.into();
    Ok(Some(shown))
}

/// A verdict alone.
fn said(verdict: String) -> Value {
    json!({ "verdict": verdict, "good": false, "hint": null, "figures": null, "fifths": null, "lists": null })
}

fn missing(words: &Words<'_>, reason: Reason) -> String {
    let (have, need) = reason.numbers().unwrap_or_default();
    let (have, need) = (words.count(have as u64), words.count(need as u64));
    let key = match reason {
        Reason::TooFewCustomers { .. } | Reason::TooFewEvents { .. } => {
            format!("mining.uplift.missing.{}", reason.key())
        }
        _ => format!("mining.missing.{}", reason.key()),
    };
    words.t(&key, &[("have", &have), ("need", &need)])
}

/// A slope known no better is not known.
const SLOPE_ERROR_LIMIT: f64 = 1_000.0;

struct Shown<'a> {
    words: &'a Words<'a>,
    learned: &'a Learned,
    experiment: Id,
    by_sales: bool,
    as_of: &'a str,
}

impl Shown<'_> {
    fn say(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.words.t(&format!("mining.uplift.{key}"), args)
    }

    fn found(&self) -> &Found {
        &self.learned.found
    }

    /// In the outcome's unit.
    fn value(&self, value: f64) -> String {
        if self.by_sales { self.words.units(value) } else { self.words.percent(value) }
    }

    fn interval(&self, lower: String, upper: String) -> String {
        let level = self.words.whole_percent(1.0 - SIGNIFICANCE);
        self.words.t("mining.interval", &[("level", &level), ("lower", &lower), ("upper", &upper)])
    }

    fn unit(&self) -> &'static str {
        if self.by_sales { "money" } else { "percent" }
    }

    /// No difference is proven: what could have been seen, and how many customers it takes to see more.
    fn refused(&self) -> Value {
        let spread = self.value(self.found().smallest_spread);
        let needed = self.words.count(4 * (self.found().treated + self.found().control) as u64);
        let likeliest = self.found().tried.iter().min_by(|a, b| a.p_value.total_cmp(&b.p_value));
        let mut shown = said(self.say("refused", &[]));
        shown["hint"] = self.say("could_see", &[("spread", &spread), ("needed", &needed)]).into();
        shown["figures"] = json!(self.figures(likeliest));
        shown
    }

    fn proven(&self, proven: &Proven) -> Value {
        let tried = self.found().tried.iter().find(|tried| tried.method == proven.method);
        let method = self.say(&format!("method.{}", proven.method.name()), &[]);
        let percent = |at: f64| self.words.whole_percent(at);
        json!({
            "good": true,
            "verdict": self.say("proven", &[]),
            "hint": self.say("how", &[("method", &method)]),
            "figures": self.figures(tried),
            "sample": self.sample(),
            "curve": {
                "title": self.curve_title(proven),
                "data": {
                    "categories": proven.curve.iter().map(|point| percent(point.reached)).collect::<Vec<_>>(),
                    "series": [
                        { "name": self.say("by_model", &[]), "values": proven.curve.iter().map(|point| point.gained).collect::<Vec<_>>() },
                        { "name": self.say("at_random", &[]), "values": proven.curve.iter().map(|point| point.at_random).collect::<Vec<_>>() },
                    ],
                    "unit": self.unit(), "currency": self.words.currency,
                },
            },
            "calibration": {
                "title": self.say("calibration_title", &[]),
                "data": {
                    "categories": (1..=proven.fifths.len()).map(|number| self.fifth_name(number)).collect::<Vec<_>>(),
                    "series": [
                        { "name": self.say("told", &[]), "values": proven.fifths.iter().map(|fifth| fifth.told).collect::<Vec<_>>() },
                        { "name": self.say("happened", &[]), "values": proven.fifths.iter().map(|fifth| fifth.effect.difference).collect::<Vec<_>>() },
                    ],
                    "unit": self.unit(), "currency": self.words.currency,
                },
            },
            "fifths": proven.fifths.iter().enumerate().map(|(at, fifth)| self.fifth(at + 1, fifth)).collect::<Vec<_>>(),
            "traits": self.traits(&proven.traits),
            "money": self.money(proven),
        })
    }

    fn curve_title(&self, proven: &Proven) -> String {
        let best = proven.curve.iter().max_by(|a, b| a.gained.total_cmp(&b.gained));
        let (share, gained) = best.map_or((1.0, 0.0), |point| (point.reached, point.gained));
        let all = proven.curve.last().map_or(0.0, |point| point.gained);
        let args = [
            ("share", self.words.whole_percent(share)),
            ("gained", self.value(gained)),
            ("all", self.value(all)),
        ];
        let args: Vec<(&str, &str)> = args.iter().map(|(name, text)| (*name, text.as_str())).collect();
        self.say("curve_title", &args)
    }

    fn sample(&self) -> [Input; 3] {
        let (words, found) = (self.words, self.found());
        [
            (words.t("mining.treated", &[]), found.treated),
            (words.t("mining.control", &[]), found.control),
            (self.say("judged", &[]), found.judged),
        ]
        .map(|(label, number)| Input { label, value: words.count(number as u64) })
    }

    fn figures(&self, tried: Option<&Tried>) -> Vec<Figure> {
        let Some(tried) = tried else { return vec![] };
        let (words, found) = (self.words, self.found());
        let explain = |key: &str| {
            Explain::new(self.words.meaning(&format!("mining.uplift.{key}"), &[]), self.as_of)
                .source(Side::Reached.href(self.experiment, None), Side::Reached.title(words))
                .inputs(self.sample())
        };
        let mut test = explain("qini_help");
        for one in &found.tried {
            let method = self.say(&format!("method.{}", one.method.name()), &[]);
            test = test.input(format!("p · {method}"), words.fixed(one.p_value, 4));
        }
        let within = |estimate: Estimate, shown: &dyn Fn(f64) -> String| {
            let (lower, upper) = estimate.interval();
            Some(self.interval(shown(lower), shown(upper)))
        };
        let number = |value: f64| words.fixed(value, 2);
        // Where nearly the same was told of everybody the slope could be anything.
        let (value, note) = match tried.slope.error < SLOPE_ERROR_LIMIT {
            true => (number(tried.slope.value), within(tried.slope, &number)),
            false => (String::new(), Some(self.say("slope_unknown", &[]))),
        };
        let slope = Figure::new(self.say("slope", &[]), value, explain("slope_help")).note(note);
        vec![
            Figure::new(
                self.say("qini", &[]),
                self.value(tried.qini.value),
                test.formula("E[(½ − rank) · ψ]"),
            )
            .note(within(tried.qini, &|value| self.value(value))),
            slope,
            Figure::new(self.say("judged", &[]), words.count(found.judged as u64), explain("judged_help")),
        ]
    }

    fn fifth_name(&self, number: usize) -> String {
        let key = match number {
            1 => "fifth_best",
            5 => "fifth_worst",
            _ => "fifth",
        };
        self.say(key, &[("number", &self.words.count(number as u64))])
    }

    fn fifth(&self, number: usize, fifth: &Fifth) -> Value {
        let effect: &Effect = &fifth.effect;
        let tone = match effect.verdict.name() {
            "raised" => COLOURS[0],
            "lowered" => COLOURS[2],
            _ => COLOURS[1],
        };
        let within = Within::Fifth(number as i64);
        let side = |side: Side, value: f64, customers: usize| {
            let href = self.learned.placed.then(|| side.href(self.experiment, Some(&within)));
            json!({ "value": self.value(value), "customers": self.words.count(customers as u64), "href": href })
        };
        json!({
            "name": self.fifth_name(number), "told": self.value(fifth.told),
            "treated": side(Side::Reached, effect.treated, fifth.treated),
            "control": side(Side::LeftAlone, effect.control, fifth.control),
            "difference": self.value(effect.difference),
            "interval": format!("{} – {}", self.value(effect.lower), self.value(effect.upper)),
            "said": self.say(&format!("fifth_said.{}", effect.verdict.name()), &[]), "colour": tone,
        })
    }

    fn traits(&self, traits: &[Trait]) -> Vec<Value> {
        let least = traits.first().map_or(0.0, |first| LEAST_WEIGHT * first.weight);
        let row = |one: &Trait| {
            let feature = self.learned.features.get(one.feature)?;
            let direction = if one.rises { "rises" } else { "falls" };
            let of = feature.value.as_deref().unwrap_or_default();
            Some(json!({
                "text": self.say(&format!("trait.{}.{direction}", feature.name), &[("value", of)]),
                "weight": self.value(one.weight),
                "best": self.typical(feature, one.best), "worst": self.typical(feature, one.worst),
            }))
        };
        traits.iter().filter(|one| one.weight >= least).take(TRAITS).filter_map(row).collect()
    }

    fn typical(&self, feature: &Feature, mean: f64) -> String {
        if feature.is_share() {
            return self.words.percent(mean);
        }
        let mean = mean.exp_m1();
        if feature.name == "sales" { self.words.units(mean) } else { self.words.fixed(mean, 1) }
    }

    fn money(&self, proven: &Proven) -> Value {
        let (words, money, policy) = (self.words, &self.learned.money, &proven.policy);
        let shown = |value: f64| words.units(value * CUSTOMERS);
        let row = |key: &str, estimate: Estimate| {
            let (lower, upper) = estimate.interval();
            let share = words.percent(policy.reached);
            json!({
                "name": self.say(key, &[("share", &share)]), "value": shown(estimate.value),
                "interval": format!("{} – {}", shown(lower), shown(upper)),
            })
        };
        let (gain, loss) = policy.gain.interval();
        let verdict = if gain > 0.0 {
            "choosing_pays"
        } else if loss < 0.0 {
            "choosing_costs"
        } else {
            "choosing_open"
        };
        let cost = words.units(money.cost);
        let basis = match money.margin {
            Some(margin) => self.say("money_margin", &[("margin", &words.percent(margin)), ("cost", &cost)]),
            None => self.say("money_sales", &[("cost", &cost)]),
        };
        json!({
            "basis": basis,
            "free": money.cost <= 0.0,
            "verdict": self.say(verdict, &[]),
            "rows": [
                row("reach_nobody", Estimate::default()),
                row("reach_everybody", policy.everybody),
                row("reach_chosen", policy.chosen),
                row("chosen_more", policy.gain),
            ],
        })
    }
}

/// The customers there are today, by what is advised; or whose model tells of them.
async fn lists(words: &Words<'_>, session: &Session, experiment: &Record) -> Answer<Value> {
    let engine = words.app.engine();
    let used = scores::in_use(engine).await?;
    if used != Some(experiment.id) {
        let other = match used {
            Some(id) => engine.titles(&session.actor, &[(ENTITY, id)]).await?.remove(&id),
            None => None,
        };
        return Ok(json!({
            "advice": null,
            "use_href": format!("/analysis/experiment/{}/use", experiment.id),
            "other": other, "other_href": used.map(|id| format!("/{ENTITY}/{id}")),
        }));
    }
    let Some(kept) = scores::advised(engine, experiment.id).await? else { return Ok(Value::Null) };
    let row = |(advice, customers): (&Advice, u64)| {
        let key = advice.name();
        let (name, count) = (words.choice(ADVICE, key).0, words.count(customers));
        let sort = if *advice == Advice::LeaveAlone { WORTH.to_owned() } else { format!("-{WORTH}") };
        json!({
            "text": words.t("mining.uplift.list_of", &[("name", &name), ("count", &count)]),
            "href": href::sorted("account", &format!("{ADVICE} == '{key}'"), &sort), "key": key,
        })
    };
    let advice = Advice::ALL.iter().zip(kept.body.customers).map(row);
    Ok(json!({ "advice": advice.collect::<Vec<_>>(), "as_of": words.date(kept.as_of) }))
}

/// From now on this experiment's model tells of customers.
pub async fn begin_use(Of(app): Of<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    engine.get(&session.actor, ENTITY, id).await?;
    let kept = uplift::load(engine, id).await?;
    let proven = kept
        .as_ref()
        .filter(|kept| matches!(&kept.body, State::Learned(learned) if learned.found.proven.is_some()));
    let Some(kept) = proven else {
        return Err(engine::Error::rule(
            "experiment",
            "has not proven that customers respond differently: there is no model to use",
            "尚未证实客户反应确有差别，没有可采用的模型",
        )
        .into());
    };
    scores::put_in_use(engine, Some(id), kept.as_of).await?;
    result::queue(engine, id).await?;
    let text = app.t(session.lang, "mining.queued", &[]);
    Ok(Flash::success(text).on(Redirect::to(&format!("/{ENTITY}/{id}")).into_response()))
}
