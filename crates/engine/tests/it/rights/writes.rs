//! Writing: refused where the model says so, and the reasons given are those that count.

use super::{
    model::{Firm, Known},
    staff::create,
};
use crate::shop::{on_both, values};
use engine::{Action, Actor, Error, Level, Query, Role, SharedWith, Standing};
use meta::{Id, Lang, Value, Values};

const SEEDS: std::ops::Range<u64> = 20..23;

async fn update(firm: &Firm, actor: &Actor, entity: &str, id: Id, values: Values) -> engine::Result<i64> {
    let entity = entity.to_owned();
    let written = firm
        .engine
        .write(actor, move |tx| Box::pin(async move { tx.update(&entity, id, None, values).await }));
    written.await
}

async fn delete(firm: &Firm, actor: &Actor, entity: &str, id: Id) -> engine::Result<()> {
    let entity = entity.to_owned();
    let written =
        firm.engine.write(actor, move |tx| Box::pin(async move { tx.delete(&entity, id, None).await }));
    written.await
}

async fn make(firm: &Firm, actor: &Actor, entity: &'static str, values: Values) -> engine::Result<Id> {
    firm.engine.write(actor, move |tx| Box::pin(async move { tx.create(entity, values).await })).await
}

#[test]
fn writes_are_refused_where_the_model_says_so() {
    for seed in SEEDS {
        on_both(|shop| async move {
            let firm = Firm::at_random(&shop, seed).await;
            for user in firm.people.keys().copied() {
                let actor = firm.engine.actor(user, Lang::En).await.unwrap();
                for record in firm.records.iter().filter(|record| record.entity != "price") {
                    explained(&firm, user, record).await;
                    let name = values([("name", format!("{} by {user}", record.name).into())]);
                    let done = update(&firm, &actor, record.entity, record.id, name).await;
                    let allowed = firm.may(user, record, Action::Update);
                    assert_eq!(done.is_ok(), allowed, "seed {seed}: change {} {done:?}", record.name);
                    if firm.may(user, record, Action::Delete) {
                        delete(&firm, &actor, record.entity, record.id).await.unwrap();
                        restore(&firm, record).await;
                    } else {
                        let refused = delete(&firm, &actor, record.entity, record.id).await.unwrap_err();
                        assert!(matches!(refused, Error::Forbidden(_) | Error::NotFound(_)), "{refused:?}");
                    }
                }
                placed(&firm, &actor, user).await;
            }
        });
    }
}

async fn restore(firm: &Firm, record: &Known) {
    let (entity, id) = (record.entity, record.id);
    firm.engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.restore(entity, id).await }))
        .await
        .unwrap();
}

/// The explanation allows what the model allows, and its reasons give the level that decides.
async fn explained(firm: &Firm, user: Id, record: &Known) {
    let said = firm.engine.explain(&Actor::system(), user, record.entity, record.id).await.unwrap();
    assert_eq!(said.verdicts.len(), 5);
    for verdict in &said.verdicts {
        assert_eq!(
            verdict.allowed,
            firm.may(user, record, verdict.action),
            "{:?} {}",
            verdict.action,
            record.name
        );
        if let (Standing::Roles(_), Action::Delete) = (&said.standing, verdict.action) {
            let near =
                verdict.level == Level::All || verdict.level >= said.nearest && verdict.level > Level::None;
            let seen = said.verdicts.iter().any(|other| other.action == Action::Read && other.allowed);
            assert_eq!(verdict.allowed, near && seen, "{} {said:?}", record.name);
        }
    }
}

/// A record is made, or given away, only within the right.
async fn placed(firm: &Firm, actor: &Actor, user: Id) {
    for owner in firm.people.keys().copied() {
        let mut known = Known {
            entity: "client",
            id: Id::nil(),
            name: "new".into(),
            owner: Some(owner),
            team: None,
            up: None,
            city: "",
            phone: String::new(),
            income: 0,
        };
        let allowed = |known: &Known, action| {
            let level = firm.level(user, known.entity, action);
            level != Level::None && firm.belongs(user, known, level, action)
        };
        let made =
            make(firm, actor, "client", values([("name", "new".into()), ("owner", owner.into())])).await;
        assert_eq!(made.is_ok(), allowed(&known, Action::Create), "{made:?}");
        known.entity = "deal";
        for client in firm.records.iter().filter(|record| record.entity == "client").take(5) {
            known.up = Some(client.id);
            let fields =
                values([("name", "new".into()), ("owner", owner.into()), ("client", client.id.into())]);
            let made = make(firm, actor, "deal", fields).await;
            // A customer nobody may see cannot be named.
            let expected = allowed(&known, Action::Create) && firm.may(user, client, Action::Read);
            assert_eq!(made.is_ok(), expected, "{made:?}");
        }
    }
}

/// One rep and one other user.
async fn rep(firm: &Firm, level: &str, fields: &[(&str, &str)]) -> (Actor, Id, Id) {
    let engine = &firm.engine;
    let user =
        create(engine, "user", values([("name", "rep".into()), ("email", "rep@example.com".into())])).await;
    let other =
        create(engine, "user", values([("name", "lin".into()), ("email", "lin@example.com".into())])).await;
    let role = create(engine, "role", values([("name", "rep".into())])).await;
    create(engine, "user_role", values([("user", user.into()), ("role", role.into())])).await;
    let mut right = values([("role", role.into()), ("entity", "client".into())]);
    for action in ["create", "read", "update"] {
        right.insert(action, level.into());
    }
    create(engine, "role_right", right).await;
    for (field, level) in fields {
        let values = values([
            ("role", role.into()),
            ("entity", "client".into()),
            ("field", (*field).into()),
            ("level", (*level).into()),
        ]);
        create(engine, "field_right", values).await;
    }
    (engine.actor(user, Lang::En).await.unwrap(), user, other)
}

#[test]
fn a_withheld_field_is_neither_written_nor_guessed_by_writing() {
    on_both(|shop| async move {
        let firm = Firm::at_random(&shop, 1).await;
        let fields = [("income", "hidden"), ("phone", "masked"), ("city", "read_only")];
        let (rep, user, _) = rep(&firm, "own", &fields).await;
        let known = [
            ("name", "Acme".into()),
            ("phone", "13800138000".into()),
            ("income", Value::Int(5)),
            ("city", "上海".into()),
            ("owner", user.into()),
        ];
        let id = create(&firm.engine, "client", values(known)).await;
        let seen = firm.engine.get(&rep, "client", id).await.unwrap();
        assert_eq!((seen.text("phone"), seen.get("income")), ("+86138****8000", &Value::Null));
        // What is sent back as it was shown changes nothing; everything else is refused with the field's name.
        let mut same = seen.values.clone();
        same.insert("name", "Acme Ltd".into());
        update(&firm, &rep, "client", id, same).await.unwrap();
        for (field, value) in [
            ("income", Value::Int(5)),
            ("income", Value::Int(6)),
            ("phone", "+8613800138000".into()),
            ("phone", "13800138001".into()),
            ("city", "北京".into()),
        ] {
            let refused = update(&firm, &rep, "client", id, values([(field, value)])).await.unwrap_err();
            assert!(
                matches!(&refused, Error::Invalid(found) if found[0].field == field),
                "{field}: {refused:?}"
            );
        }
        let refused =
            make(&firm, &rep, "client", values([("name", "b".into()), ("phone", "1380".into())])).await;
        assert!(matches!(refused, Err(Error::Invalid(found)) if found[0].field == "phone"));
        let stored = firm.engine.get(&Actor::system(), "client", id).await.unwrap();
        assert_eq!((stored.text("phone"), stored.text("name")), ("+8613800138000", "Acme Ltd"));
        assert_eq!(stored.get("income"), &Value::Int(5));
        changes_are_withheld(&firm, &rep, id).await;
    });
}

async fn changes_are_withheld(firm: &Firm, rep: &Actor, id: Id) {
    let system = Actor::system();
    let fields = values([("income", Value::Int(9)), ("phone", "13900139000".into())]);
    update(firm, &system, "client", id, fields).await.unwrap();
    update(firm, &system, "client", id, values([("income", Value::Int(10))])).await.unwrap();
    let history = firm.engine.history(rep, "client", id, 10).await.unwrap();
    assert_eq!(history.len(), 3, "the change of a hidden field alone is not told: {history:?}");
    assert_eq!(history[0].changes, serde_json::json!({"phone": ["+86138****8000", "+86139****9000"]}));
}

#[test]
fn a_share_opens_one_record_until_it_ends() {
    on_both(|shop| async move {
        let firm = Firm::at_random(&shop, 2).await;
        let (rep, user, other) = rep(&firm, "own", &[]).await;
        let fields = values([("name", "Acme".into()), ("owner", other.into())]);
        let id = create(&firm.engine, "client", fields).await;
        let sees = async |actor: &Actor| firm.engine.get(actor, "client", id).await.is_ok();
        assert!(!sees(&rep).await);
        let ends = "2026-11-22T00:00:00Z".parse().unwrap();
        let system = Actor::system();
        let share = |with, writes| {
            firm.engine.write(&system, move |tx| {
                Box::pin(async move { tx.share("client", id, with, writes, Some(ends)).await })
            })
        };
        let read = share(SharedWith::User(user), false).await.unwrap();
        let rep = firm.engine.actor(rep.user.unwrap(), Lang::En).await.unwrap();
        assert!(sees(&rep).await);
        let refused = update(&firm, &rep, "client", id, values([("name", "x".into())])).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        share(SharedWith::User(user), true).await.unwrap();
        let rep = firm.engine.actor(user, Lang::En).await.unwrap();
        update(&firm, &rep, "client", id, values([("name", "x".into())])).await.unwrap();
        // What was shared is not passed on, nor taken.
        assert!(!firm.engine.may_share(&rep, "client", id).await.unwrap());
        let passed_on = firm.engine.write(&rep, move |tx| {
            Box::pin(async move { tx.share("client", id, SharedWith::User(other), false, None).await })
        });
        assert!(matches!(passed_on.await, Err(Error::Forbidden(_))));
        assert_eq!(firm.engine.shares(&rep, "client", id).await.unwrap().len(), 2);
        firm.engine
            .write(&Actor::system(), move |tx| Box::pin(async move { tx.unshare("client", id, read).await }))
            .await
            .unwrap();
        firm.engine.clock().set("2026-11-23T00:00:00Z".parse().unwrap());
        // Rights are read again when anything they come from changes, and every two seconds.
        create(&firm.engine, "team", values([("name", "any".into())])).await;
        let rep = firm.engine.actor(user, Lang::En).await.unwrap();
        assert!(!sees(&rep).await);
    });
}

#[test]
fn a_leavers_records_go_to_another_in_one_step() {
    on_both(|shop| async move {
        let firm = Firm::at_random(&shop, 3).await;
        let from = *firm.people.keys().next().unwrap();
        let (rep, user, to) = rep(&firm, "own", &[]).await;
        let binned = firm.records.iter().find(|known| known.owner == Some(from) && known.entity == "client");
        let binned = binned.unwrap().id;
        let system = Actor::system();
        let delete = firm
            .engine
            .write(&system, move |tx| Box::pin(async move { tx.delete("client", binned, None).await }));
        delete.await.unwrap();
        let owned = firm.engine.owned_by(from).await.unwrap();
        let names: Vec<String> = owned.iter().map(|(entity, _)| entity.name.clone()).collect();
        assert!(
            names.contains(&"client".to_owned()) && !names.contains(&"saved_view".to_owned()),
            "{names:?}"
        );
        let hand_over = |actor: Actor, to: Id| {
            let names = names.clone();
            let engine = firm.engine.clone();
            async move {
                engine
                    .write(&actor, move |tx| Box::pin(async move { tx.hand_over(from, to, names).await }))
                    .await
            }
        };
        assert!(matches!(hand_over(rep, to).await, Err(Error::Forbidden(_))));
        let admin = Actor::user(user, Role::Administrator, Lang::En);
        assert!(matches!(hand_over(admin.clone(), from).await, Err(Error::Invalid(_))));
        let job = hand_over(admin, to).await.unwrap();
        while firm.engine.run_due_jobs().await.unwrap() > 0 {}
        let done = firm.engine.job(job).await.unwrap();
        assert_eq!(done.state, engine::JobState::Done, "{done:?}");
        assert!(firm.engine.owned_by(from).await.unwrap().is_empty());
        let now = firm.engine.owned_by(to).await.unwrap();
        assert_eq!(
            now.iter().map(|(_, number)| number).sum::<u64>(),
            owned.iter().map(|(_, n)| n).sum::<u64>()
        );
        let binned = firm.engine.get_many(&Actor::system(), "client", &[binned]).await.unwrap().remove(0);
        assert!(binned.deleted_at.is_some() && binned.reference("owner") == Some(to), "the trash goes along");
        let client = firm.records.iter().find(|known| known.owner == Some(from)).unwrap();
        let log = firm.engine.history(&Actor::system(), client.entity, client.id, 1).await.unwrap();
        assert_eq!((log[0].user, log[0].changes["owner"][1].clone()), (Some(user), serde_json::json!(to)));
    });
}

#[test]
fn whoever_has_no_role_or_a_new_database_works_as_before() {
    on_both(|shop| async move {
        let firm = Firm::at_random(&shop, 4).await;
        let engine = &firm.engine;
        let user =
            create(engine, "user", values([("name", "old".into()), ("email", "o@example.com".into())])).await;
        let actor = engine.actor(user, Lang::En).await.unwrap();
        assert!(actor.limits().is_none());
        let all = engine.list(&actor, &Query::new("client").limit(100)).await.unwrap().records.len();
        assert_eq!(all, firm.records.iter().filter(|record| record.entity == "client").count());
        let refused = make(&firm, &actor, "team", values([("name", "x".into())])).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        // Roles are for administrators to know.
        assert!(matches!(engine.list(&actor, &Query::new("role")).await, Err(Error::Forbidden(_))));
        // Nobody who is gone, and nobody unknown, may do anything.
        update(&firm, &Actor::system(), "user", user, values([("active", false.into())])).await.unwrap();
        for user in [user, engine.clock().new_id()] {
            let actor = engine.actor(user, Lang::En).await.unwrap();
            assert!(engine.list(&actor, &Query::new("client")).await.is_err());
        }
        // Whose only role was deleted has nothing, not everything.
        let (_, user, _) = rep(&firm, "all", &[]).await;
        let role = engine.list(&Actor::system(), &Query::new("role").filter("name == 'rep'")).await.unwrap();
        delete(&firm, &Actor::system(), "role", role.records[0].id).await.unwrap();
        let actor = engine.actor(user, Lang::En).await.unwrap();
        assert!(engine.list(&actor, &Query::new("client")).await.is_err());
        assert!(engine.list(&actor, &Query::new("price")).await.is_ok());
    });
}

#[test]
fn a_team_too_large_to_be_named_is_still_the_team() {
    on_both(|shop| async move {
        let firm = Firm::at_random(&shop, 5).await;
        let engine = &firm.engine;
        let (rep, user, other) = rep(&firm, "team", &[]).await;
        assert!(rep.limits().is_some());
        let team = create(engine, "team", values([("name", "large".into())])).await;
        let mut owners = vec![];
        for number in 0..70 {
            let email = format!("many{number}@example.com");
            let fields = [("name", "one".into()), ("email", email.into()), ("team", team.into())];
            owners.push(create(engine, "user", values(fields)).await);
        }
        update(&firm, &Actor::system(), "user", user, values([("team", team.into())])).await.unwrap();
        let mut theirs = vec![];
        for owner in [owners[0], owners[69], user] {
            theirs.push(
                create(engine, "client", values([("name", "near".into()), ("owner", owner.into())])).await,
            );
        }
        let far = create(engine, "client", values([("name", "far".into()), ("owner", other.into())])).await;
        let rep = engine.actor(user, Lang::En).await.unwrap();
        let listed = engine.list(&rep, &Query::new("client").sort("id")).await.unwrap().records;
        let listed: Vec<Id> = listed.iter().map(|record| record.id).collect();
        assert_eq!(listed, theirs);
        assert_eq!(engine.count(&rep, &Query::new("client"), 100).await.unwrap().number, 3);
        assert!(engine.get(&rep, "client", far).await.is_err());
        let said = engine.explain(&Actor::system(), user, "client", theirs[0]).await.unwrap();
        assert_eq!((said.nearest, said.verdicts[0].allowed), (Level::Team, true), "{said:?}");
    });
}
