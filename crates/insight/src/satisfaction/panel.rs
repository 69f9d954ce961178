//! What a customer answered and how loyal he is, on his own page.

use super::{ENTITY, answers::Own, figures::loyalty, shown};
use crate::{
    pages::{
        figure::{Explain, Figure},
        href,
        panel::Seen,
        words::Words,
    },
    scoring::{Scored, Scorer},
    statistics::UpTo,
};
use engine::Action;
use minijinja::context;
use value::proportion::Estimate;
use web::{Answer, App, Session};

/// `None` as long as he neither bought nor answered, and for who may not read answers.
pub(crate) async fn render(app: &App, session: &Session, seen: &Seen) -> Answer<Option<String>> {
    let Seen { record, scorer, scored, as_of, settings, .. } = seen;
    let Some(statistics) = &seen.statistics else { return Ok(None) };
    let nothing =
        loyalty(scorer, scored).index().is_none() && statistics.answers.satisfaction.mean().is_none();
    if nothing || !session.actor.has(ENTITY, Action::Read) {
        return Ok(None);
    }
    let words = seen.words(app, session);
    let up_to = UpTo { day: *as_of, settings };
    let own = Own::of(app.engine(), record.id, &up_to).await?;
    let recent = format!("account == '{}' && {}", record.id, shown::recent(*as_of));
    let at = words.date(*as_of);
    let context = context! {
        figures => figures(&words, (scorer, scored), &own, (&at, &recent)),
        as_of => at,
        answers_href => href::sorted(ENTITY, &format!("account == '{}'", record.id), "-asked_on"),
        new_href => format!("/{ENTITY}/new?account={}", record.id),
        has_answers => statistics.answers.satisfaction.count() + statistics.answers.emotional.count() > 0,
    };
    app.render(session, "insight/satisfaction_panel.html", context).map(Some)
}

/// How far a mean of so many of his own answers can be trusted: from enough of them on it has an interval.
fn told(words: &Words<'_>, answers: u64, own: Option<Estimate>, decimals: u32) -> Option<String> {
    let count = words.count(answers);
    if let Some(found) = shown::enough(own) {
        let [low, high] = [found.low, found.high].map(|number| words.fixed(number, decimals));
        return Some(words.t("satisfaction.interval", &[("low", &low), ("high", &high), ("count", &count)]));
    }
    (answers > 0).then(|| words.t("satisfaction.few_answers", &[("count", &count)]))
}

/// `own` and `recent` are the answers behind them.
fn figures(
    words: &Words<'_>,
    (scorer, scored): (&Scorer, &Scored),
    own: &Own,
    (as_of, recent): (&str, &str),
) -> Vec<Figure> {
    let answers = &scored.statistics.answers;
    let loyalty = loyalty(scorer, scored);
    let explain = |field: &str| Explain::new(words.help(field), as_of);
    let behind = |explain: Explain, count: u64| {
        let label = words.t("satisfaction.answers_behind", &[("count", &words.count(count))]);
        explain.source(href::sorted(ENTITY, recent, "-asked_on"), label)
    };
    let c = answers.satisfaction.mean();
    let satisfaction = behind(explain("satisfaction").formula("C = b / a"), answers.satisfaction.count());
    let recommendation = behind(explain("recommendation"), answers.recommend.count());
    let part = |explain: Explain, label: String, part: Option<f64>| match part {
        Some(part) => explain.input(label, words.percent(part)),
        None => explain.input(label, "–"),
    };
    let mut index =
        behind(explain("loyalty_index").formula(&words.t("satisfaction.index_formula", &[])), own.answers);
    index = part(index, words.label("loyalty_behavioural"), loyalty.behavioural);
    index = part(index, words.label("loyalty_emotional"), loyalty.emotional);
    index = part(index, words.label("loyalty_cognitive"), loyalty.cognitive);
    let unknown = [loyalty.behavioural, loyalty.emotional, loyalty.cognitive]
        .iter()
        .filter(|part| part.is_none())
        .count();
    let missing = (unknown > 0)
        .then(|| words.t("satisfaction.parts_missing", &[("count", &words.count(unknown as u64))]));
    let few = (1..shown::FEW)
        .contains(&own.answers)
        .then(|| words.t("satisfaction.few_for_index", &[("count", &words.count(own.answers))]));
    let notes: Vec<String> = missing.into_iter().chain(few).collect();
    vec![
        Figure::new(
            words.label("satisfaction"),
            c.map(|c| words.fixed(c, 2)).unwrap_or_default(),
            satisfaction,
        )
        .note(told(words, answers.satisfaction.count(), own.satisfaction, 2))
        .tone(shown::enough(own.satisfaction).filter(|c| c.high < 1.0).map(|_| "bad")),
        Figure::new(
            words.label("recommendation"),
            answers.recommend.mean().map(|mean| words.fixed(mean, 1)).unwrap_or_default(),
            recommendation,
        )
        .note(told(words, answers.recommend.count(), own.recommend, 1)),
        Figure::new(
            words.label("loyalty_index"),
            loyalty.index().map(|index| words.fixed(index, 0)).unwrap_or_default(),
            index,
        )
        .note((!notes.is_empty()).then(|| notes.join(" · "))),
    ]
}
