//! `/analysis/experiment/{id}/sides/{side}`: whom a campaign may reach and whom it leaves alone, and who of them bought, as a list and as a
//! file; `?group=` or `?region=`: of one customer group or region of the day they were drawn; `?fifth=`: of those judged by how they respond. Whoever may see the experiment sees those of its customers that he may see.

use super::{groups::name_then, words};
use crate::{
    mining::{
        experiment::{
            ENTITY, MEDIUM,
            members::{self, Member},
            reachable,
            result::{self, Found, Within},
            uplift::{self, State},
        },
        group_names::Names,
    },
    pages::{
        customer_table::{self, among},
        href, scope,
        words::Words,
    },
    settings::Settings,
};
use axum::{
    extract::{Query as Asking, State as Of},
    response::{IntoResponse, Response},
};
use engine::{Action, Actor, Engine, Error, Query, Result};
use meta::{Entity, Field, Id, Record, Value, boolean, date, money};
use minijinja::context;
use serde::{Deserialize, Serialize};
use web::{
    Answer, App, Session,
    pages::{Place, Source},
};

/// Customers on a page.
const ROWS: usize = 50;
/// Members looked up at once, and how often for one page: of somebody else's customers many may not be shown.
const BATCH: usize = 200;
const BATCHES: usize = 25;
/// What came of it, beside the fields of the account.
const BOUGHT_ON: &str = "bought_on";
const BOUGHT_FOR: &str = "bought_for";
const MAY_BE_REACHED: &str = "may_be_reached";
/// As far as the reader may see them.
const COLUMNS: [&str; 5] = ["phone", "city", "importance", "last_order_on", "net_sales"];

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Reached,
    LeftAlone,
}

impl Side {
    const ALL: [Side; 2] = [Side::Reached, Side::LeftAlone];

    fn name(self) -> &'static str {
        match self {
            Side::Reached => "reached",
            Side::LeftAlone => "left-alone",
        }
    }

    fn is_control(self) -> bool {
        self == Side::LeftAlone
    }

    pub(crate) fn title(self, words: &Words<'_>) -> String {
        words.t(&format!("mining.sides.{}", self.name()), &[])
    }

    pub(crate) fn href(self, experiment: Id, within: Option<&Within>) -> String {
        Asked::of(within).address(&self.path(experiment))
    }

    fn path(self, experiment: Id) -> String {
        format!("/analysis/experiment/{experiment}/sides/{}", self.name())
    }

    /// How many were drawn; `None` where that is not known of a part.
    pub(super) fn drawn(self, found: &Found, within: Option<&Within>) -> Option<u64> {
        let sizes = match within {
            Some(within) => found.sizes_within(within)?,
            None => [found.treated, found.control],
        };
        Some(sizes[usize::from(self.is_control())])
    }
}

/// The way to both lists.
#[derive(Serialize)]
pub(super) struct Way {
    label: String,
    href: String,
}

pub(super) fn ways(words: &Words<'_>, experiment: Id) -> Vec<Way> {
    Side::ALL.map(|side| Way { label: side.title(words), href: side.href(experiment, None) }).into()
}

pub(super) fn called(words: &Words<'_>, names: &Names, within: &Within) -> String {
    match within {
        Within::Group(group) => name_then(words, names, *group),
        Within::Region(region) => region.clone(),
        Within::Fifth(fifth) => words.t("mining.uplift.in_fifth", &[("number", &fifth.to_string())]),
    }
}

#[derive(Clone, Default, Deserialize)]
pub struct Asked {
    after: Option<Id>,
    /// Only who was in this group, or else in this region, when he was drawn, or else is in this fifth.
    group: Option<i64>,
    region: Option<String>,
    fifth: Option<i64>,
}

impl Asked {
    fn of(within: Option<&Within>) -> Self {
        match within {
            Some(Within::Group(group)) => Asked { group: Some(*group), ..Asked::default() },
            Some(Within::Region(region)) => Asked { region: Some(region.clone()), ..Asked::default() },
            Some(Within::Fifth(fifth)) => Asked { fifth: Some(*fifth), ..Asked::default() },
            None => Asked::default(),
        }
    }

    fn within(&self) -> Option<Within> {
        let region = || self.region.clone().map(Within::Region);
        self.group.map(Within::Group).or_else(region).or(self.fifth.map(Within::Fifth))
    }

    /// What it is narrowed to, by the name of its parameter.
    fn part(&self) -> Option<(&'static str, String)> {
        self.within().map(|within| match within {
            Within::Group(group) => ("group", group.to_string()),
            Within::Region(region) => ("region", region),
            Within::Fifth(fifth) => ("fifth", fifth.to_string()),
        })
    }

    fn address(&self, path: &str) -> String {
        let part = self.part().map(|(name, value)| format!("{name}={}", web::encode(&value)));
        let after = self.after.map(|after| format!("after={after}"));
        let parts: Vec<String> = [part, after].into_iter().flatten().collect();
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    }

    /// What the audit is told was asked for.
    fn noted(&self, experiment: Id, side: Side) -> Vec<(&'static str, String)> {
        let always = [("experiment", experiment.to_string()), ("side", side.name().to_owned())];
        always.into_iter().chain(self.part()).collect()
    }
}

/// Whether a member may still be reached and how he responded, the latter for whoever may see when and for how much customers buy.
fn columns(side: Side, medium: &str, account: &Entity) -> Vec<Field> {
    let may_be_reached = boolean(MAY_BE_REACHED).label("May be reached", "可触达").help(
        "No: this customer has said no to the medium, or to all of them. Do not reach him; he is still compared, or the comparison would be bent.",
        "“否”：该客户已拒绝此媒介或全部媒介，请勿触达；仍计入比较，以免结果失真。",
    );
    let bought_on = date(BOUGHT_ON).label("Bought on", "购买日期").help(
        "Day of the first order that counts within the experiment's days; empty if nothing was bought. As it was last compared: every night until it has ended.",
        "实验期内第一张有效订单的日期；未购买的为空。以最近一次比较为准，实验结束前每晚更新。",
    );
    let bought_for = money(BOUGHT_FOR)
        .in_company_currency()
        .label("Sales within the days", "实验期内销售额")
        .help(
            "Orders that count within the experiment's days, without tax before returns; zero if nothing was bought. As they were last compared.",
            "实验期内有效订单的净额（不含税、未扣退货）；未购买的为零。以最近一次比较为准。",
        );
    let seen = |figure: &str| account.get(figure).is_some_and(|field| !field.masked);
    let responses = [("last_order_on", bought_on), ("net_sales", bought_for)];
    let seen = responses.into_iter().filter(|(figure, _)| seen(figure)).map(|(_, field)| field);
    (!side.is_control() && reachable::is_decided(medium))
        .then_some(may_be_reached)
        .into_iter()
        .chain(seen)
        .collect()
}

/// The members of one side, a batch at a time, with what they bought.
struct Members {
    experiment: Record,
    side: Side,
    asked: Asked,
    settings: Settings,
}

impl Members {
    async fn of(engine: &Engine, experiment: Record, side: Side, asked: Asked) -> Result<Self> {
        Ok(Members { experiment, side, asked, settings: Settings::load(engine).await? })
    }

    fn respond(&self, record: &mut Record, member: &Member) {
        let bought_on = member.bought_at.map(|at| self.settings.day_of(at));
        let bought_for = member.sales.map(|sales| meta::unscaled(sales, meta::MONEY_SCALE));
        record.values.insert(BOUGHT_ON.to_owned(), bought_on.map_or(Value::Null, Value::Date));
        record.values.insert(BOUGHT_FOR.to_owned(), bought_for.map_or(Value::Null, Value::Decimal));
    }
}

impl Source for Members {
    async fn next(&mut self, engine: &Engine, actor: &Actor, wanted: Query) -> Result<(Vec<Record>, bool)> {
        let (side, limit) = (self.side.is_control(), BATCH as u64);
        let (within, after) = (self.asked.within(), self.asked.after);
        let members = members::side(engine, self.experiment.id, side, within.as_ref(), after, limit).await?;
        let Some(last) = members.last() else { return Ok((vec![], false)) };
        self.asked.after = Some(last.account);
        let ids: Vec<Id> = members.iter().map(|member| member.account).collect();
        let mut query = wanted.among(&ids).sort("-created_at").limit(BATCH);
        let mut records = vec![];
        loop {
            let page = engine.list(actor, &query).await?;
            records.extend(page.records);
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => break,
            }
        }
        records.sort_unstable_by_key(|record| record.id);
        let refused = reachable::refused(engine, self.experiment.text(MEDIUM), &ids).await?;
        for record in &mut records {
            // Members are in the order of their ids, too.
            if let Ok(at) = ids.binary_search(&record.id) {
                self.respond(record, &members[at]);
                let may_be_reached = !refused.contains(&record.id);
                record.values.insert(MAY_BE_REACHED.to_owned(), Value::Bool(may_be_reached));
            }
        }
        Ok((records, ids.len() == BATCH))
    }
}

/// A page of records, and after whom it goes on.
async fn page_of(
    members: &mut Members,
    engine: &Engine,
    actor: &Actor,
    fields: &[&str],
) -> Result<(Vec<Record>, Option<Id>)> {
    let mut shown: Vec<Record> = vec![];
    for _ in 0..BATCHES {
        let wanted = Query::new("account").fields(fields);
        let (records, more) = members.next(engine, actor, wanted).await?;
        shown.extend(records);
        let rest = shown.len() > ROWS;
        shown.truncate(ROWS);
        if rest || (more && shown.len() == ROWS) {
            let last = shown.last().map(|record| record.id);
            return Ok((shown, last));
        }
        if !more {
            return Ok((shown, None));
        }
    }
    Ok((shown, members.asked.after))
}

/// How many of a side are in a fifth; `None` where there are none.
async fn judged(engine: &Engine, experiment: Id, side: Side, fifth: i64) -> Result<Option<u64>> {
    let kept = uplift::load(engine, experiment).await?;
    let proven = kept.as_ref().and_then(|kept| match &kept.body {
        State::Learned(learned) => learned.found.proven.as_ref(),
        _ => None,
    });
    let place = fifth.checked_sub(1).and_then(|place| usize::try_from(place).ok());
    let found = proven.zip(place).and_then(|(proven, place)| proven.fifths.get(place));
    Ok(found.map(|found| if side.is_control() { found.control as u64 } else { found.treated as u64 }))
}

/// The experiment, if the reader may see it and its customers were drawn. In which group or region each was, only those are told who see the whole.
async fn drawn(app: &App, session: &Session, id: Id, asked: &Asked) -> Answer<(Record, Found)> {
    if asked.within().is_some() {
        scope::whole_company(session)?;
    }
    let experiment = app.engine().get(&session.actor, ENTITY, id).await?;
    let found = result::load(app.engine(), id).await?;
    let found = found.ok_or_else(|| Error::NotFound(format!("/{ENTITY}/{id}")))?;
    Ok((experiment, found.body.clone()))
}

pub async fn page(
    Of(app): Of<App>,
    session: Session,
    Place((id, side)): Place<(Id, Side)>,
    Asking(asked): Asking<Asked>,
) -> Answer<Response> {
    let words = words(&app, &session).await?;
    let (experiment, found) = drawn(&app, &session, id, &asked).await?;
    let engine = app.engine();
    engine::allow(&session.actor, engine.entity("account")?, Action::Read)?;
    let account = session.actor.view(engine.entity("account")?);
    let columns: Vec<&str> = COLUMNS.into_iter().filter(|field| account.get(field).is_some()).collect();
    let mut members = Members::of(engine, experiment.clone(), side, asked.clone()).await?;
    let fields = [&[account.title.as_str()], columns.as_slice()].concat();
    let (records, next) = page_of(&mut members, engine, &session.actor, &fields).await?;
    let noted = asked.noted(id, side);
    let noted: Vec<(&str, &str)> = noted.iter().map(|(name, value)| (*name, value.as_str())).collect();
    app.saw_many(&session, "account", records.len(), &noted);
    let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
    let list = (!ids.is_empty()).then(|| href::list("account", &among(&ids)));
    let mut table = customer_table::table(
        &words,
        &session,
        &records,
        &columns,
        side.name(),
        list.clone().unwrap_or_default(),
    )
    .await?;
    for field in self::columns(side, experiment.text(MEDIUM), account) {
        table.add(&words, &records, &field);
    }
    // Of the whole only those are told who may see the whole.
    let within = asked.within();
    let drawn = match within {
        Some(Within::Fifth(fifth)) => judged(engine, id, side, fifth).await?,
        _ => side.drawn(&found, within.as_ref()),
    };
    let count = drawn.filter(|_| scope::sees_the_company(&session.actor)).map(|drawn| words.count(drawn));
    let title = match &within {
        Some(within) => {
            format!("{} · {}", side.title(&words), called(&words, &Names::load(engine).await?, within))
        }
        None => side.title(&words),
    };
    let (first, path) = (Asked::of(within.as_ref()), side.path(id));
    let context = context! {
        title,
        help => words.t(&format!("mining.sides.{}_help", side.name()), &[]),
        experiment => experiment.text("name"),
        back => format!("/{ENTITY}/{id}"),
        table,
        count,
        list_href => list,
        first_href => asked.after.is_some().then(|| first.address(&path)),
        next_href => next.map(|after| Asked { after: Some(after), ..asked }.address(&path)),
        export_href => session.actor.has("account", Action::Export).then(|| first.address(&format!("{path}/export"))),
    };
    app.page(&session, "insight/mining_side.html", context).map(IntoResponse::into_response)
}

/// All of them as CSV, in the columns of the list of customers, and whether they may be reached and how they responded.
pub async fn export(
    Of(app): Of<App>,
    session: Session,
    Place((id, side)): Place<(Id, Side)>,
    Asking(asked): Asking<Asked>,
) -> Answer<Response> {
    let (experiment, _) = drawn(&app, &session, id, &asked).await?;
    let asked = Asked { after: None, ..asked };
    let noted = asked.noted(id, side);
    let noted: Vec<(&str, &str)> = noted.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let more = columns(side, experiment.text(MEDIUM), session.actor.view(app.engine().entity("account")?));
    let members = Members::of(app.engine(), experiment, side, asked).await?;
    web::pages::record_file(app, session, "account", more, &noted, members).await
}
