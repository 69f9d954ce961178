//! What a customer answered and how loyal he is, on his own page.

use super::{ENTITY, figures::loyalty, shown};
use crate::{
    pages::{
        figure::{Explain, Figure},
        href,
        panel::Seen,
        words::Words,
    },
    scoring::{Scored, Scorer},
};
use engine::Action;
use minijinja::context;
use web::{Answer, App, Session};

/// `None` as long as he neither bought nor answered, and for who may not read answers.
pub(crate) fn render(app: &App, session: &Session, seen: &Seen) -> Answer<Option<String>> {
    let Seen { record, scorer, scored, as_of, .. } = seen;
    let Some(statistics) = &seen.statistics else { return Ok(None) };
    let nothing =
        loyalty(scorer, scored).index().is_none() && statistics.answers.satisfaction.mean().is_none();
    if nothing || !session.actor.has(ENTITY, Action::Read) {
        return Ok(None);
    }
    let words = seen.words(app, session);
    let recent = format!("account == '{}' && {}", record.id, shown::recent(*as_of));
    let at = words.date(*as_of);
    let context = context! {
        figures => figures(&words, scorer, scored, (&at, &recent)),
        as_of => at,
        answers_href => href::sorted(ENTITY, &format!("account == '{}'", record.id), "-asked_on"),
        new_href => format!("/{ENTITY}/new?account={}", record.id),
        has_answers => statistics.answers.satisfaction.count() + statistics.answers.emotional.count() > 0,
    };
    app.render(session, "insight/satisfaction_panel.html", context).map(Some)
}

/// `recent` are the answers behind them.
fn figures(
    words: &Words<'_>,
    scorer: &Scorer,
    scored: &Scored,
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
    let mut index = behind(
        explain("loyalty_index").formula(&words.t("satisfaction.index_formula", &[])),
        answers.satisfaction.count() + answers.emotional.count(),
    );
    index = part(index, words.label("loyalty_behavioural"), loyalty.behavioural);
    index = part(index, words.label("loyalty_emotional"), loyalty.emotional);
    index = part(index, words.label("loyalty_cognitive"), loyalty.cognitive);
    let unknown = [loyalty.behavioural, loyalty.emotional, loyalty.cognitive]
        .iter()
        .filter(|part| part.is_none())
        .count();
    let missing = (unknown > 0)
        .then(|| words.t("satisfaction.parts_missing", &[("count", &words.count(unknown as u64))]));
    vec![
        Figure::new(
            words.label("satisfaction"),
            c.map(|c| words.fixed(c, 2)).unwrap_or_default(),
            satisfaction,
        )
        .tone(c.filter(|c| *c < 0.9).map(|_| "bad")),
        Figure::new(
            words.label("recommendation"),
            answers.recommend.mean().map(|mean| words.fixed(mean, 1)).unwrap_or_default(),
            recommendation,
        ),
        Figure::new(
            words.label("loyalty_index"),
            loyalty.index().map(|index| words.fixed(index, 0)).unwrap_or_default(),
            index,
        )
        .note(missing),
    ]
}
