//! The contract of one customer, on his own page: how it stands, whether it will be renewed, what it is worth.

use super::{
    compute::{FEWEST, REPORT, Report},
    definition::Definition,
    shown::{AHEAD_MONTHS, Page},
    term::{Term, renewal},
};
use crate::{
    kept::{self, Kept},
    pages::{
        explain::missing,
        figure::{Explain, Figure},
        panel::Seen,
        scope,
        words::Words,
    },
};
use meta::{MONEY_SCALE, NaiveDate, Record, scaled};
use minijinja::context;
use std::sync::Arc;
use value::{contractual::sbg::SbgFit, money, proportion::Estimate};
use web::{Answer, App, Session};

const YEAR_DAYS: f64 = 365.25;

/// A customer's contract, by the definition in force.
pub(crate) struct Own {
    pub definition: Definition,
    pub term: Term,
    /// The last day of one that runs, where it was entered ahead.
    pub ends_on: Option<NaiveDate>,
}

impl Own {
    /// `None` for who never had a contract.
    pub fn of(definition: Definition, account: &Record, as_of: NaiveDate) -> Option<Own> {
        let term = definition.term(account, as_of)?;
        let ends_on = account.get(&definition.end).as_date().filter(|_| term.end.is_none());
        Some(Own { definition, term, ends_on })
    }

    /// What the purchase model's P(alive) does not say of him.
    pub fn beside_alive(&self, words: &Words<'_>) -> String {
        match self.term.end {
            Some(end) => words.t("contract.own.alive_ended", &[("date", &words.date(end))]),
            None => words.t("contract.own.alive_running", &[]),
        }
    }

    /// Of one that ended the last of `renewals` did not come.
    fn renewed(&self) -> u32 {
        self.term.renewals.saturating_sub(u32::from(self.term.end.is_some()))
    }
}

/// `None` for who never had a contract.
pub(crate) async fn render(app: &App, session: &Session, seen: &Seen) -> Answer<Option<String>> {
    let Some(own) = &seen.contract else { return Ok(None) };
    let words = seen.words(app, session);
    let kept: Option<Arc<Kept<Report>>> = kept::recent(app.engine(), REPORT).await?;
    let kept = kept.filter(|kept| kept.body.definition == own.definition);
    let whole = scope::sees_the_company(&session.actor);
    let panel = Panel { words: &words, seen, own, kept: kept.as_deref(), whole };
    let applies = match own.term.end {
        Some(end) => words.t("contract.own.applies_ended", &[("date", &words.date(end))]),
        None => words.t("contract.own.applies_running", &[]),
    };
    let context = context! {
        figures => panel.figures(),
        why => panel.why_no_forecast(),
        applies,
        as_of => words.date(seen.as_of),
        page_href => whole.then_some("/value/contracts"),
    };
    app.render(session, "insight/contract_panel.html", context).map(Some)
}

struct Panel<'a> {
    words: &'a Words<'a>,
    seen: &'a Seen,
    own: &'a Own,
    /// What was found of all contracts.
    kept: Option<&'a Kept<Report>>,
    /// Whether the reader may know how many contracts there are.
    whole: bool,
}

impl Panel<'_> {
    fn figures(&self) -> Vec<Figure> {
        let mut figures = vec![self.state(), self.renewals()];
        if let Some(kept) = self.kept.filter(|kept| self.is_open() && of_enough(&kept.body)) {
            let page = Page { words: self.words, report: &kept.body, as_of: kept.as_of };
            figures.extend([self.renews(&page), self.further(&page), self.value(&page)]);
        }
        figures
    }

    /// Whether it runs and nobody entered when it ends: then renewals are a matter of chance.
    fn is_open(&self) -> bool {
        self.own.term.end.is_none() && self.own.ends_on.is_none()
    }

    /// Why a running contract has no forecast.
    fn why_no_forecast(&self) -> Option<String> {
        let words = self.words;
        if self.own.term.end.is_some() {
            return None;
        }
        if let Some(end) = self.own.ends_on {
            return Some(words.t("contract.own.ends_on", &[("date", &words.date(end))]));
        }
        let Some(kept) = self.kept else { return Some(words.t("contract.own.not_yet", &[])) };
        let counts = [("count", words.count(kept.body.customers)), ("fewest", words.count(FEWEST as u64))];
        let counts: Vec<(&str, &str)> = counts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let few = if self.whole { "contract.own.too_few" } else { "contract.own.fewer" };
        (!of_enough(&kept.body)).then(|| words.t(few, &counts))
    }

    fn explain(&self, key: &str) -> Explain {
        let (words, Own { definition: of, term, ends_on }) = (self.words, self.own);
        let end = term.end.or(*ends_on).map_or_else(|| "–".to_owned(), |end| words.date(end));
        Explain::new(words.meaning(key, &[]), words.date(self.seen.as_of))
            .input(words.label(&of.start), words.date(term.start))
            .input(words.label(&of.end), end)
    }

    fn every(&self) -> String {
        self.words.t(&format!("contract.every.{}", self.own.definition.months), &[])
    }

    fn state(&self) -> Figure {
        let (words, term) = (self.words, &self.own.term);
        let lasted = words.t("contract.months_long", &[("months", &words.fixed(term.months, 1))]);
        let (state, note) = match term.end {
            Some(end) => (
                words.t("contract.own.ended", &[]),
                words.t("contract.own.until", &[("date", &words.date(end)), ("months", &lasted)]),
            ),
            None => (
                words.t("contract.own.running", &[]),
                words.t("contract.own.since", &[("date", &words.date(term.start)), ("months", &lasted)]),
            ),
        };
        let explain = self.explain("contract.own.state.is");
        let label = words.t("contract.own.state", &[]);
        Figure::new(label, state, explain).note(Some(note)).tone(term.end.map(|_| "bad"))
    }

    fn renewals(&self) -> Figure {
        let (words, Own { definition, term, .. }) = (self.words, self.own);
        let next = renewal(term.start, definition.months, term.renewals + 1).filter(|_| self.is_open());
        let note = match next {
            Some(next) => {
                words.t("contract.own.next", &[("every", &self.every()), ("date", &words.date(next))])
            }
            None => words.t("contract.own.every", &[("every", &self.every())]),
        };
        let count = words.count(self.own.renewed().into());
        let explain = self.explain("contract.own.renewals.is");
        Figure::new(words.t("contract.own.renewals", &[]), count, explain).note(Some(note))
    }

    /// What all contracts say: their day, and for who may know it their number and the model fitted to them.
    fn of_all(&self, page: &Page<'_>, key: &str) -> Explain {
        let words = self.words;
        let mut explain = Explain::new(words.meaning(key, &[]), words.date(page.as_of));
        if self.whole {
            explain = explain.input(words.t("contract.contracts", &[]), words.count(page.report.customers));
            explain = page.of_model(explain, page.report.renewing.fitted());
        }
        explain.input(words.t("contract.own.renewals", &[]), words.count(self.own.renewed().into()))
    }

    /// The model and why there is none.
    fn fit<'p>(&self, page: &Page<'p>) -> Result<&'p SbgFit, String> {
        let reason = || page.report.renewing.missing().map(|reason| missing(self.words, reason));
        page.report.renewing.fitted().ok_or_else(|| reason().unwrap_or_default())
    }

    /// By the model, with its interval; without one by what was seen of others at the same renewal.
    fn renews(&self, page: &Page<'_>) -> Figure {
        let (words, next) = (self.words, self.own.term.renewals + 1);
        let seen = page.report.renewed.get(self.own.term.renewals as usize);
        let range = |seen: &Estimate| page.range(words.percent(seen.low), words.percent(seen.high));
        let mut explain = self.of_all(page, "contract.own.renews.is");
        if let Some(seen) = seen.filter(|_| self.whole) {
            explain = explain
                .input(words.t("contract.own.reached", &[]), words.count(seen.cases))
                .input(words.t("contract.own.of_these", &[]), words.percent(seen.at));
        }
        let (value, note) = match (self.fit(page), seen) {
            (Ok(fit), seen) => {
                explain = explain.formula("r(n+1) = (b + n) / (a + b + n)");
                let (at, own_range) = page.chance(fit, |model| model.retention(next));
                let of_others = seen.filter(|_| fit.interval(|model| model.retention(next)).is_none());
                (at, of_others.map_or(own_range, range))
            }
            (Err(_), Some(seen)) => (words.percent(seen.at), range(seen)),
            (Err(reason), None) => (String::new(), reason),
        };
        Figure::new(words.t("contract.own.renews", &[]), value, explain).note(Some(note))
    }

    fn further(&self, page: &Page<'_>) -> Figure {
        let words = self.words;
        let explain = self
            .of_all(page, "contract.own.further.is")
            .formula("Σ S(n+t) / S(n), t = 1…h")
            .input(words.t("contract.ahead", &[]), page.months(f64::from(AHEAD_MONTHS)));
        let (value, note) = match self.fit(page) {
            Ok(fit) => page.number(fit, page.further(self.own.term.renewals)),
            Err(reason) => (String::new(), reason),
        };
        Figure::new(words.t("contract.own.further", &[]), value, explain).note(Some(note))
    }

    fn value(&self, page: &Page<'_>) -> Figure {
        let (words, Own { definition, term, .. }) = (self.in_its_currency(), self.own);
        let discount = self.seen.settings.annual_discount;
        let label = words.t("contract.own.value", &[]);
        let mut explain = self
            .of_all(page, "contract.own.value.is")
            .formula("Σ S(n+t) / S(n) · m / (1 + d)^y(t), t = 1…h")
            .input(words.t("contract.ahead", &[]), page.months(f64::from(AHEAD_MONTHS)))
            .input(words.t("contract.own.discount", &[]), words.percent(discount));
        if definition.amount.is_empty() {
            return Figure::new(label, "", explain).note(Some(words.t("contract.own.no_field", &[])));
        }
        let amount = self.seen.record.get(&definition.amount).as_decimal();
        let Some(amount) = amount.and_then(|amount| scaled(amount, MONEY_SCALE)) else {
            let note = words.t("contract.own.no_amount", &[("field", &words.label(&definition.amount))]);
            return Figure::new(label, "", explain).note(Some(note));
        };
        explain = explain.input(words.label(&definition.amount), words.amount(amount));
        let fit = match self.fit(page) {
            Ok(fit) => fit,
            Err(reason) => return Figure::new(label, "", explain).note(Some(reason)),
        };
        let of_period = (1.0 + discount).powf(f64::from(definition.months) / 12.0) - 1.0;
        // A part of the period that runs is over: every renewal is that much nearer.
        let begun = renewal(term.start, definition.months, term.renewals).unwrap_or(term.start);
        let over = (self.seen.as_of - begun).num_days() as f64 / YEAR_DAYS;
        let each = money::to_units(amount) * (1.0 + discount).powf(over);
        let worth =
            |model: &value::contractual::sbg::Sbg| each * page.periods_ahead(model, term.renewals, of_period);
        let range = fit.interval(worth).map(|[low, high]| {
            let ends = [low.max(0.0), high].map(|end| words.units(end));
            page.range(ends[0].clone(), ends[1].clone())
        });
        let note = range.unwrap_or_else(|| words.t("contract.no_interval", &[]));
        Figure::new(label, words.units(worth(&fit.parameters)), explain).note(Some(note))
    }

    /// Amounts of a customer are in his own currency, unless the field is of the company's.
    fn in_its_currency(&self) -> Words<'_> {
        let Words { app, lang, format, ref currency } = *self.words;
        let of_company =
            self.words.field(&self.own.definition.amount).is_some_and(|field| field.company_currency);
        let its = self.seen.record.text("currency");
        let currency = if of_company || its.is_empty() { currency.clone() } else { its.to_owned() };
        Words { app, lang, format, currency }
    }
}

fn of_enough(report: &Report) -> bool {
    report.customers >= FEWEST as u64
}
