//! What a customer is worth, on his own page, which asks for its panels again when his figures move.

use super::{
    explain::{Customer, why},
    figure::Figure,
    href, scope,
    words::Words,
};
use crate::{
    scoring::{Fitted, Scored, Scorer, stage_name},
    settings::{Settings, day_number},
    statistics::{self, UpTo},
    store,
};
use engine::BoxFuture;
use meta::Record;
use minijinja::context;
use serde::Serialize;
use web::{Answer, App, Session};

/// A word with a dot.
#[derive(Serialize)]
pub struct ClassShown {
    label: String,
    text: String,
    colour: &'static str,
}

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if !scope::of_customer(&session.actor) {
            return Ok(None);
        }
        panel(&app, &session, &record).await.map(Some)
    })
}

async fn panel(app: &App, session: &Session, record: &Record) -> Answer<String> {
    let engine = app.engine();
    let settings = Settings::load(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    let stored = store::newest_model(engine).await?;
    let found = statistics::of(engine, &[record.id], &UpTo { day: as_of, settings: &settings }).await?;
    let statistics = found.get(&record.id).copied().unwrap_or_default();
    let fitted =
        stored.as_ref().map_or_else(|| Fitted::nothing(day_number(as_of)), |stored| stored.fitted.clone());
    let scorer = Scorer::new(fitted, settings.clone(), as_of);
    let scored = scorer.score(&statistics);
    let currency = engine.company_currency().await?;
    let words = Words { app, lang: session.lang, format: session.format(), currency };
    let customer = Customer { words: &words, id: record.id, as_of, scorer: &scorer, scored: &scored };
    let figures: Vec<Figure> =
        statistics.summary.as_ref().map(|summary| customer.figures(summary)).unwrap_or_default();
    let context = context! {
        figures,
        classes => classes(&words, &scorer, &scored, record),
        why => why(&words, &scored.stage),
        as_of => words.date(as_of),
        fitted_at => stored.map(|stored| words.format.instant(stored.fitted_at)),
        returns_href => (statistics.returned > 0).then(|| href::returns_of(record.id, &settings, as_of)),
        order_href => format!("/order/new?account={}", record.id),
    };
    app.render(session, "insight/value_panel.html", context)
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
        let quadrant = scorer.fitted.classes.quadrant(scored.statistics.recent_sales, scored.clv);
        states.extend(quadrant.map(|quadrant| class("value_quadrant", quadrant)));
    }
    if let Some(behaviour) = scorer.behaviour(scored) {
        states.push(class("value_behaviour", behaviour.class));
    }
    states.push(class("loyalty", scorer.loyalty(scored)));
    states
}
