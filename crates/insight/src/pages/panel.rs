//! What a customer is worth, earns, costs and thinks of us, on his own page, which asks for its panels again when his figures
//! move. He is read once for all of them.

use super::{
    explain::{Customer, why},
    figure::Figure,
    href, in_force, scope,
    words::Words,
};
use crate::{
    adoption::{Adopters, Adoption, EARLY_WEEKS, FEWEST},
    behaviour::Behaviour,
    contract, profitability, satisfaction,
    scoring::{Fitted, Scored, Scorer, stage_name},
    settings::{Settings, day_number},
    statistics::{self, Statistics, UpTo},
    store,
    trial::Trial,
    weekday,
};
use engine::{BoxFuture, Engine};
use meta::{DateTime, NaiveDate, Record, Utc};
use minijinja::context;
use serde::Serialize;
use value::parameter_errors::ParameterErrors;
use web::{Answer, App, Session};

/// A word with a dot.
#[derive(Serialize)]
pub struct ClassShown {
    label: String,
    text: String,
    colour: &'static str,
}

/// A customer as the panels of his page show him.
pub(crate) struct Seen {
    pub record: Record,
    pub settings: Settings,
    pub as_of: NaiveDate,
    /// `None` if he neither bought nor answered nor was served.
    pub statistics: Option<Statistics>,
    pub scorer: Scorer,
    pub scored: Scored,
    pub currency: String,
    /// The contract he has or had.
    pub contract: Option<contract::panel::Own>,
    fitted_at: Option<DateTime<Utc>>,
    /// Of the fit in force.
    trial: Option<Trial>,
}

impl Seen {
    async fn read(engine: &Engine, record: Record) -> Answer<Seen> {
        let settings = Settings::load(engine).await?;
        let as_of = settings.as_of_day(engine.clock());
        let stored = store::newest_model(engine).await?;
        let up_to = UpTo { day: as_of, settings: &settings };
        let statistics = statistics::of(engine, &[record.id], &up_to).await?.remove(&record.id);
        let fitted_at = stored.as_ref().map(|stored| stored.fitted_at);
        let trial = stored.as_ref().and_then(|stored| stored.overview.trial.clone());
        let fitted =
            stored.map_or_else(|| Fitted::nothing(day_number(as_of)), |stored| stored.fitted.clone());
        let scorer = Scorer::new(fitted, settings.clone(), as_of);
        let scored = scorer.score(&statistics.unwrap_or_default());
        let currency = engine.company_currency().await?;
        let definition = contract::Definition::load(engine).await?;
        let contract = contract::panel::Own::of(definition, &record, as_of);
        Ok(Seen { record, settings, as_of, statistics, scorer, scored, currency, contract, fitted_at, trial })
    }

    pub fn words<'a>(&self, app: &'a App, session: &Session) -> Words<'a> {
        Words { app, lang: session.lang, format: session.format(), currency: self.currency.clone() }
    }
}

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if !scope::of_customer(&session.actor) {
            return Ok(None);
        }
        let seen = Seen::read(app.engine(), record).await?;
        let mut panels = panel(&app, &session, &seen)?;
        panels.extend(contract::panel::render(&app, &session, &seen).await?);
        panels.extend(profitability::panel::render(&app, &session, &seen)?);
        panels.extend(satisfaction::panel::render(&app, &session, &seen).await?);
        Ok(Some(panels))
    })
}

fn panel(app: &App, session: &Session, seen: &Seen) -> Answer<String> {
    let Seen { record, settings, as_of, scorer, scored, .. } = seen;
    let words = seen.words(app, session);
    let statistics = &scored.statistics;
    let errors = statistics
        .summary
        .as_ref()
        .map(|summary| ParameterErrors::of(&scorer.fitted.model, summary, scorer.day, &settings.question()));
    let errors = errors.unwrap_or_default();
    let contract = seen.contract.as_ref().map(|own| own.beside_alive(&words));
    let customer = Customer { words: &words, record, as_of: *as_of, scorer, scored, errors, contract };
    let figures: Vec<Figure> =
        statistics.summary.as_ref().map(|summary| customer.figures(summary)).unwrap_or_default();
    let context = context! {
        figures,
        classes => classes(&words, scorer, scored, record),
        why => why(&words, &scored.stage),
        reasons => reasons(&words, scorer, scored, record),
        as_of => words.date(*as_of),
        sources => in_force::sources(&words, &scorer.fitted.model, seen.trial.as_ref()),
        backtest_href => scope::sees_the_company(&session.actor).then_some("/value/backtest"),
        fitted_at => seen.fitted_at.map(|at| words.format.instant(at)),
        returns_href => (statistics.returned > 0).then(|| href::returns_of(record.id, settings, *as_of)),
        order_href => format!("/order/new?account={}", record.id),
    };
    app.render(session, "insight/value_panel.html", context)
}

/// What decided the classes that are not explained by a figure of their own.
fn reasons(words: &Words<'_>, scorer: &Scorer, scored: &Scored, record: &Record) -> Vec<String> {
    let by_hand = |field: &str| {
        let is_chosen = !record.text(&format!("{field}_override")).is_empty();
        is_chosen.then(|| words.t("value.why.by_hand", &[("class", &words.label(field))]))
    };
    let behaviour =
        scorer.behaviour(scored).map(|found| behaviour(words, &found, &scorer.fitted.classes.adopters));
    let known = scored.statistics.summary.map(|summary| summary.observe(scorer.day).age);
    let threshold = words.fixed(scorer.settings.stage_rule.stability_weeks, 0);
    let loyalty = words.t(
        &format!("value.why.loyalty_{}", scorer.loyalty(scored)),
        &[("weeks", &words.fixed(known.unwrap_or(0.0), 0)), ("threshold", &threshold)],
    );
    let (behaviour, loyalty) =
        (by_hand("value_behaviour").or(behaviour), by_hand("loyalty").or(Some(loyalty)));
    let quadrant = quadrant(words, scorer, scored);
    let classes = by_hand("importance").into_iter().chain(quadrant).chain(behaviour).chain(loyalty);
    classes.chain(habit(words, scored)).collect()
}

/// On which day of the week he buys, if he keeps to one.
fn habit(words: &Words<'_>, scored: &Scored) -> Option<String> {
    let (day, days, found) = scored.statistics.weekdays.usual()?;
    let (day, _) = words.choice(weekday::FIELD, day);
    let [low, high] = [found.low, found.high].map(|share| words.whole_percent(share));
    let (days, all) = (words.count(days.into()), words.count(found.cases));
    let args = [("day", day.as_str()), ("days", &days), ("all", &all), ("low", &low), ("high", &high)];
    Some(words.t("value.why.weekday", &args))
}

/// What his quadrant was taken from, each against what the best fifth begins at.
fn quadrant(words: &Words<'_>, scorer: &Scorer, scored: &Scored) -> Option<String> {
    scored.statistics.summary?;
    let classes = &scorer.fitted.classes;
    let (current, potential) = classes.worth(&scored.statistics, scored.clv)?;
    classes.quadrant(current, potential)?;
    let amount = |amount: Option<i64>| amount.map_or_else(|| "–".to_owned(), |amount| words.amount(amount));
    let [today, next] = classes.by.figures().map(|field| words.label(field));
    let known = [
        ("today", today),
        ("current", amount(Some(current))),
        ("current_from", amount(classes.current_from)),
        ("next", next),
        ("potential", amount(potential)),
        ("potential_from", amount(classes.potential_from)),
    ];
    let known: Vec<(&str, &str)> = known.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Some(words.t("value.why.quadrant", &known))
}

/// How he decides: what he pays, how early he takes up the new, how often he comes; and why nothing is said where nothing is.
fn behaviour(words: &Words<'_>, found: &Behaviour, adopters: &Adopters) -> String {
    let (rate, usual) = (words.percent(found.rate), words.percent(found.usual));
    let score = found.frequency.to_string();
    let paid = words.t("value.why.behaviour", &[("rate", &rate), ("usual", &usual), ("score", &score)]);
    let Adoption { new, early } = found.adoption;
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| words.percent(share));
    let known = [
        ("early", words.count(early.into())),
        ("new", words.count(new.into())),
        ("fewest", words.count(FEWEST.into())),
        ("weeks", EARLY_WEEKS.to_string()),
        ("mean", share(adopters.mean())),
        ("first", share(adopters.first_from())),
    ];
    let known: Vec<(&str, &str)> = known.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let takes_up = match found.place {
        Some(_) => words.t("value.why.adoption", &known),
        None => words.t("value.why.adoption_unknown", &known),
    };
    let nothing = found.class.is_none().then(|| words.t("value.why.no_behaviour", &[]));
    [Some(paid), Some(takes_up), nothing].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Stage and classes in words; a class chosen by hand stands as it was chosen.
fn classes(words: &Words<'_>, scorer: &Scorer, scored: &Scored, record: &Record) -> Vec<ClassShown> {
    let class = |field: &str, computed: &str| {
        let by_hand = record.text(&format!("{field}_override")).to_owned();
        let value = if by_hand.is_empty() { computed.to_owned() } else { by_hand };
        let (text, colour) = words.choice(field, &value);
        ClassShown { label: words.label(field), text, colour }
    };
    let mut states = vec![class("stage", stage_name(scored.stage.stage))];
    if scored.statistics.summary.is_some() {
        let importance = scorer.fitted.classes.importance(scored.statistics.net_sales());
        states.push(class("importance", importance));
        let quadrant = scorer.fitted.classes.quadrant_of(&scored.statistics, scored.clv);
        states.extend(quadrant.map(|quadrant| class("value_quadrant", quadrant)));
    }
    let behaviour = scorer.behaviour(scored).and_then(|behaviour| behaviour.class);
    if behaviour.is_some() || !record.text("value_behaviour_override").is_empty() {
        states.push(class("value_behaviour", behaviour.unwrap_or_default()));
    }
    states.push(class("loyalty", scorer.loyalty(scored)));
    states
}
