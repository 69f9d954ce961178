//! What is sold, of what, and what brings it about: performance, product, promotion.

use super::{Board, Link, List, ROWS, Shown, experiments, ranked};
use crate::{
    pages::href::{self, and},
    seven_p::{cuts::Measures, read::sum},
};
use std::collections::BTreeMap;
use web::Answer;

impl Board<'_> {
    pub async fn performance(&self) -> Answer<Shown> {
        let months = self.cut.months("month").await?;
        let now = sum(&months, (self.filter.from, self.filter.until()));
        let before = sum(&months, (self.filter.before, self.filter.before_until()));
        let channels = self.cut.values("channel").await?;
        let categories = self.cut.values("category").await?;
        let (owners, owners_before) = self.cut.values_and_before("owner").await?;
        let names = self.titles("user", owners.keys()).await?;
        let kinds = self.titles("product_category", categories.keys()).await?;
        let change = self.change(now.sales, before.sales);
        let finding = self.finding(
            "performance_finding",
            &[
                ("sales", &self.money(now.sales)),
                ("change", change.as_deref().unwrap_or("–")),
                ("margin", &self.share(now.margin, now.costed)),
                ("orders", &self.words.count(now.orders.unsigned_abs())),
            ],
            vec![
                self.period(),
                (self.t("seven.year_before", &[]), self.money(before.sales)),
                (self.t("seven.costed", &[]), self.money(now.costed)),
            ],
            ("orders", self.orders("")),
        );
        let channel_bars: Vec<_> = ranked(&channels, |one| one.sales)
            .into_iter()
            .map(|(channel, one)| {
                (
                    self.choice("order", "channel", channel),
                    Some(self.orders(&and("channel", channel))),
                    one.sales,
                    self.share(one.sales, now.sales),
                )
            })
            .collect();
        let category_bars: Vec<_> = ranked(&categories, |one| one.sales)
            .into_iter()
            .map(|(category, one)| {
                let label = kinds.get(category).cloned().unwrap_or_else(|| self.t("seven.not_given", &[]));
                let whose = self.filter.of_documents();
                let lines = self.days.order_lines(&format!("{}{whose}", and("product.category", category)));
                (label, Some(lines), one.sales, self.share(one.margin, one.costed))
            })
            .collect();
        let rows = ranked(&owners, |one| one.sales)
            .into_iter()
            .take(ROWS)
            .map(|(owner, one)| {
                let name = names.get(owner).cloned().unwrap_or_else(|| self.t("seven.nobody", &[]));
                let before = owners_before.get(owner).map_or(0, |before| before.sales);
                let cells = vec![
                    self.money(one.sales),
                    self.change(one.sales, before).unwrap_or_else(|| "–".to_owned()),
                    self.words.count(one.orders.unsigned_abs()),
                    self.share(one.margin, one.costed),
                ];
                (name, self.orders(&and("owner", owner)), cells)
            })
            .collect();
        let columns = ["sales", "change", "orders", "margin_share"];
        let mut charts = vec![
            self.chart(
                "line",
                "sales_title",
                &[("change", change.as_deref().unwrap_or("–"))],
                self.months(&months, |one| one.sales, "money"),
            ),
            self.chart("stages", "channels_title", &[], self.bars(&channel_bars, "money")),
            self.chart("stages", "categories_title", &[], self.bars(&category_bars, "money")),
        ];
        charts.extend(self.regions(&now).await?);
        Ok(Shown {
            by_period: true,
            by_customer: true,
            cases: Some(self.counted("orders", now.orders.unsigned_abs())),
            findings: vec![finding],
            charts,
            lists: vec![
                self.fallen().await?,
                List {
                    title: self.t("seven.reps_list", &[]),
                    first: self.t("seven.column.rep", &[]),
                    table: self.table("reps", &columns, rows, &self.orders("")),
                    nobody: self.t("seven.no_sales", &[]),
                },
            ],
            more: vec![self.explorer(), self.link("more_forecast", "/analysis/forecast")],
            ..Shown::default()
        })
    }

    pub async fn product(&self) -> Answer<Shown> {
        let products = self.cut.values("product").await?;
        let reasons = self.cut.values("reason").await?;
        let names = self.titles("product", products.keys()).await?;
        let known: BTreeMap<&String, &Measures> = products.iter().filter(|(id, _)| !id.is_empty()).collect();
        let sales: i64 = known.values().map(|one| one.sales).sum();
        let sold: i64 = products.values().map(|one| one.orders).sum();
        let margin_leaders = ranked(&products, |one| one.margin);
        let best = margin_leaders.iter().find(|(id, _)| !id.is_empty());
        let name = |id: &String| names.get(id).cloned().unwrap_or_else(|| self.t("seven.not_given", &[]));
        let lines = |id: &str| self.days.order_lines(&and("product", id));
        let (mut findings, mut notes) = (vec![], vec![]);
        if let Some((id, one)) = best {
            findings.push(self.finding(
                "product_finding",
                &[("product", &name(id)), ("margin", &self.money(one.margin))],
                vec![
                    self.period(),
                    (self.t("seven.column.sales", &[]), self.money(one.sales)),
                    (self.t("seven.costed", &[]), self.money(one.costed)),
                    self.counted("products", known.len() as u64),
                ],
                ("order_lines", lines(id)),
            ));
        }
        let returned: i64 = reasons.values().map(|one| one.returned).sum();
        if let Some((reason, one)) = ranked(&reasons, |one| one.returned).first() {
            let behind = self.returns(&and("reason", reason));
            let reason = self.choice("return", "reason", reason);
            findings.push(self.finding(
                "returns_finding",
                &[
                    ("reason", &reason),
                    ("amount", &self.money(one.returned)),
                    ("share", &self.share(one.returned, returned)),
                ],
                vec![
                    self.period(),
                    self.counted("returns_count", one.orders.unsigned_abs()),
                    (self.t("seven.all_returns", &[]), self.money(returned)),
                ],
                ("returns", behind),
            ));
        } else {
            notes.push(self.t("seven.no_returns", &[]));
        }
        let reason_bars: Vec<_> = ranked(&reasons, |one| one.returned)
            .into_iter()
            .map(|(reason, one)| {
                (
                    self.choice("return", "reason", reason),
                    Some(self.returns(&and("reason", reason))),
                    one.returned,
                    self.words.count(one.orders.unsigned_abs()),
                )
            })
            .collect();
        let margin_bars: Vec<_> = margin_leaders
            .into_iter()
            .filter(|(id, one)| !id.is_empty() && one.margin > 0)
            .map(|(id, one)| (name(id), Some(lines(id)), one.margin, self.share(one.margin, one.costed)))
            .collect();
        // Products of which much comes back, among those that are sold at all.
        let mut returning: Vec<(&String, &Measures)> =
            known.into_iter().filter(|(_, one)| one.sales > 0 && one.returned > 0).collect();
        let rate = |one: &Measures| one.returned as f64 / one.sales as f64;
        returning.sort_by(|a, b| rate(b.1).total_cmp(&rate(a.1)).then(a.0.cmp(b.0)));
        let rows = returning
            .into_iter()
            .filter(|(_, one)| one.sales * 1_000 >= sales)
            .take(ROWS)
            .map(|(id, one)| {
                let cells = vec![
                    self.share(one.returned, one.sales),
                    self.money(one.returned),
                    self.money(one.sales),
                    self.share(one.margin, one.costed),
                ];
                (name(id), self.days.return_lines(&and("product", id)), cells)
            })
            .collect();
        let columns = ["return_share", "returned", "sales", "margin_share"];
        let (together, rules) = self.bought_together().await?;
        findings.extend(together);
        Ok(Shown {
            by_period: true,
            cases: Some(self.counted("lines_sold", sold.unsigned_abs())),
            findings,
            notes,
            charts: vec![
                self.chart("stages", "margins_title", &[], self.bars(&margin_bars, "money")),
                self.chart("stages", "reasons_title", &[], self.bars(&reason_bars, "money")),
            ],
            lists: vec![
                List {
                    title: self.t("seven.returning_list", &[]),
                    first: self.t("seven.column.product", &[]),
                    table: self.table("returning", &columns, rows, "/product"),
                    nobody: self.t("seven.no_returns", &[]),
                },
                rules,
            ],
            more: vec![
                self.link("more_baskets", "/analysis/baskets"),
                self.link("more_purchasing", "/analysis/purchasing"),
                self.link("more_cycles", "/value/cycles"),
            ],
            ..Shown::default()
        })
    }

    pub async fn promotion(&self) -> Answer<Shown> {
        let sources = self.cut.values("source").await?;
        let (channels, channels_before) = self.cut.values_and_before("channel").await?;
        let all: i64 = sources.values().map(|one| one.sales).sum();
        let orders: i64 = sources.values().map(|one| one.orders).sum();
        let ranks = ranked(&sources, |one| one.sales);
        let mut findings = vec![];
        if let Some((source, one)) = ranks.iter().find(|(source, one)| !source.is_empty() && one.sales > 0) {
            let share = self.share(one.sales, all);
            findings.push(self.finding(
                "promotion_finding",
                &[("source", source), ("share", &share)],
                vec![
                    self.period(),
                    (self.t("seven.of_source", &[]), self.money(one.sales)),
                    (self.t("seven.all_sales", &[]), self.money(all)),
                ],
                ("orders_of_source", self.orders(&and("account.source", source))),
            ));
        }
        let tried = experiments::tried(self.cut.engine, &self.session.actor).await?;
        let (mut lists, mut notes) = self.campaigns(&tried);
        match self.effect_finding(&tried) {
            Ok(finding) => findings.push(finding),
            Err(none) => notes.insert(0, none),
        }
        let source_bars: Vec<_> = ranks
            .iter()
            .filter(|(_, one)| one.sales > 0)
            .map(|(source, one)| {
                let label = self.choice("account", "source", source);
                let href = self.orders(&and("account.source", source));
                (label, Some(href), one.sales, self.share(one.sales, all))
            })
            .collect();
        let rows = ranked(&channels, |one| one.sales)
            .into_iter()
            .map(|(channel, one)| {
                let before = channels_before.get(channel).map_or(0, |before| before.sales);
                let mean = if one.orders > 0 { one.sales / one.orders } else { 0 };
                let cells = vec![
                    self.money(one.sales),
                    self.change(one.sales, before).unwrap_or_else(|| "–".to_owned()),
                    self.words.count(one.orders.unsigned_abs()),
                    self.money(mean),
                ];
                (self.choice("order", "channel", channel), self.orders(&and("channel", channel)), cells)
            })
            .collect();
        let columns = ["sales", "change", "orders", "per_order"];
        lists.push(List {
            title: self.t("seven.channels_list", &[]),
            first: self.t("seven.column.channel", &[]),
            table: self.table("channels", &columns, rows, &self.orders("")),
            nobody: self.t("seven.no_sales", &[]),
        });
        Ok(Shown {
            by_period: true,
            by_customer: true,
            cases: Some(self.counted("orders", orders.unsigned_abs())),
            findings,
            notes,
            charts: vec![self.chart("stages", "source_sales_title", &[], self.bars(&source_bars, "money"))],
            lists,
            more: vec![
                Link {
                    label: self.t("seven.more_worth_reaching", &[]),
                    href: href::sorted("account", "contact_advice == 'reach'", "-contact_worth"),
                },
                self.link("more_experiment", "/experiment/new"),
            ],
            ..Shown::default()
        })
    }
}
