//! What must be done once although several processes of a company are up. Whoever does it holds a lease: a row under the work's name,
//! renewed while he works. He gives it back at the end; of one who died it is over after a while, and another takes it. What is written by
//! an engine that holds a lease asks in its own transaction whether it still does ([`Tx::hold_leases`]), so that one who was taken for
//! dead and comes back writes nothing over what the other does.

use crate::{
    Actor, Dialect, Engine, Error, Result, Tx,
    db::{Conn, name},
};
use futures::future::BoxFuture;
use meta::{Clock, DateTime, Id, Utc};
use sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query as Sql};
use std::time::Duration;
use tokio::{runtime::Handle, sync::oneshot, task::JoinHandle};

pub(crate) const TABLE: &str = "lease";
/// How long it holds without being renewed. Each process goes by its own clock: they may differ by less.
const TERM: Duration = Duration::from_secs(30);
/// It is renewed so often within its term.
const RENEWALS: u32 = 4;
/// Between two looks whether it is free.
const LOOK: Duration = Duration::from_millis(200);

/// The work, and who holds it: each holding has an id of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lease {
    work: String,
    holder: Id,
    term: Duration,
}

impl Lease {
    fn is_own(&self) -> Expr {
        named(&self.work).and(Expr::col(name("holder")).eq(self.holder))
    }

    /// An outage to whoever waits for the work: nothing is saved, and later it may be done.
    fn lost(&self) -> Error {
        Error::Unavailable(format!(
            "another process has taken over “{}”: nothing more was saved here",
            self.work
        ))
    }
}

fn named(work: &str) -> Expr {
    Expr::col(name("name")).eq(work)
}

/// Clocks are set back, too: nobody who lives holds it for longer than two terms.
fn is_over(now: DateTime<Utc>) -> Expr {
    let until = || Expr::col(name("until"));
    until().lt(now).or(until().gt(now + 2 * TERM))
}

impl Engine {
    /// Does `work` with an engine that holds the lease of this name: waits while another holds it, and is dropped if another takes it over.
    /// What it writes by that engine is kept only as long as it holds it.
    pub async fn alone<'w, T, E: From<Error>>(
        &self,
        name: &str,
        work: impl FnOnce(Engine) -> BoxFuture<'w, Result<T, E>>,
    ) -> Result<T, E> {
        self.alone_for(TERM, name, work).await
    }

    /// [`Engine::alone`] for short work that others should soon go on with if this process dies: so much later.
    pub async fn alone_for<'w, T, E: From<Error>>(
        &self,
        term: Duration,
        name: &str,
        work: impl FnOnce(Engine) -> BoxFuture<'w, Result<T, E>>,
    ) -> Result<T, E> {
        if self.leases().iter().any(|lease| lease.work == name) {
            return work(self.clone()).await;
        }
        let held = loop {
            match self.take_for(term, name).await? {
                Some(held) => break held,
                None => tokio::time::sleep(LOOK).await,
            }
        };
        let engine = held.engine.clone();
        held.during(work(engine)).await
    }

    /// An error if another has taken over a lease this engine holds: asked before something is published outside of the database.
    pub async fn is_still_alone(&self) -> Result<()> {
        if self.leases().is_empty() {
            return Ok(());
        }
        self.write(&Actor::system(), |_| Box::pin(async { Ok(()) })).await
    }

    /// Takes the lease of this name, unless another holds it.
    pub(crate) async fn take(&self, work: &str) -> Result<Option<Held>> {
        self.take_for(TERM, work).await
    }

    async fn take_for(&self, term: Duration, work: &str) -> Result<Option<Held>> {
        // A look without the writer first.
        if self.held_works().await?.iter().any(|held| held == work) {
            return Ok(None);
        }
        let (engine, holder) = (self.clone(), self.clock().new_id());
        let lease = Lease { work: work.to_owned(), holder, term };
        let taking = async move {
            let own = lease.clone();
            // If the answer is lost, it is given back.
            let mut held = Held::asked(engine.holding(lease.clone()), lease);
            if engine.write(&Actor::system(), move |tx| Box::pin(async move { take(tx, &own).await })).await?
            {
                held.keep();
                return Ok(Some(held));
            }
            held.given_back = true;
            Ok(None)
        };
        // In a task of its own: whoever asks may be gone before the answer comes. Then what was taken is given back, and not before it was.
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move { answer.send(taking.await) });
        answered.await.map_err(|_| Error::Internal("a lease was asked for without an answer".into()))?
    }

    /// The names of all leases that somebody holds.
    pub(crate) async fn held_works(&self) -> Result<Vec<String>> {
        let held = Sql::select()
            .column(name("name"))
            .from(name(TABLE))
            .and_where(is_over(self.clock().now()).not())
            .to_owned();
        self.fetch(&held).await?.iter().map(|row| row.text(0)).collect()
    }
}

async fn take(tx: &mut Tx, lease: &Lease) -> Result<bool> {
    let now = tx.clock().now();
    let until = now + lease.term;
    let mut over = Sql::select();
    over.column(name("holder")).from(name(TABLE)).and_where(named(&lease.work).and(is_over(now)));
    if tx.dialect() == Dialect::Postgres {
        // In the middle of a transaction its holder lives, however late he is.
        over.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let taken = if tx.conn.fetch(&over).await?.is_empty() {
        let insert = Sql::insert()
            .into_table(name(TABLE))
            .columns(["name", "holder", "until"].map(name))
            .values_panic([lease.work.clone().into(), lease.holder.into(), until.into()])
            .on_conflict(OnConflict::column(name("name")).do_nothing().to_owned())
            .to_owned();
        tx.conn.execute(&insert).await?
    } else {
        let update = Sql::update()
            .table(name(TABLE))
            .value(name("holder"), lease.holder)
            .value(name("until"), until)
            .and_where(named(&lease.work))
            .to_owned();
        tx.conn.execute(&update).await?
    };
    Ok(taken == 1)
}

/// Said at the end of a transaction of SQLite that `took` so long. Meanwhile nobody could renew, in whichever process: whoever held a
/// lease when it began was waiting, not dead.
pub(crate) async fn outlast(conn: &mut Conn, clock: &Clock, took: Duration) -> Result<()> {
    if took < TERM / RENEWALS {
        return Ok(());
    }
    let (now, until) = (clock.now(), || Expr::col(name("until")));
    let waiting = Sql::update()
        .table(name(TABLE))
        .value(name("until"), now + TERM)
        .and_where(until().gte(now - took))
        .and_where(until().lt(now + TERM))
        .to_owned();
    conn.execute(&waiting).await.map(drop)
}

impl Tx {
    /// An error unless the leases of this transaction's engine are its own; nobody takes them before it ends. (PostgreSQL's weakest lock of
    /// a row keeps off whoever takes it, and not who renews it.)
    pub(crate) async fn hold_leases(&mut self) -> Result<()> {
        for lease in self.engine.leases().to_vec() {
            let mut own = Sql::select();
            own.column(name("holder")).from(name(TABLE)).and_where(lease.is_own());
            if self.dialect() == Dialect::Postgres {
                own.lock(LockType::KeyShare);
            }
            if self.conn.fetch(&own).await?.is_empty() {
                return Err(lease.lost());
            }
        }
        Ok(())
    }
}

/// A lease as long as it is held, and the engine that holds it. Dropped, it is given back.
pub(crate) struct Held {
    pub engine: Engine,
    lease: Lease,
    /// From when it is held.
    renewing: Option<JoinHandle<()>>,
    given_back: bool,
}

impl Held {
    fn asked(engine: Engine, lease: Lease) -> Held {
        Held { engine, lease, renewing: None, given_back: false }
    }

    fn keep(&mut self) {
        self.renewing = Some(tokio::spawn(renew(self.engine.without_leases(), self.lease.clone())));
    }

    /// What becomes of `work`, which is dropped if the lease is lost.
    pub async fn during<T, E: From<Error>>(
        mut self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let lost = async {
            match &mut self.renewing {
                Some(renewing) => drop(renewing.await),
                None => futures::future::pending().await,
            }
        };
        let done = tokio::select! {
            done = work => done,
            () = lost => Err(E::from(self.lease.lost())),
        };
        give_back(&self.engine.without_leases(), &self.lease).await;
        self.given_back = true;
        done
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(renewing) = &self.renewing {
            renewing.abort();
        }
        if self.given_back {
            return;
        }
        let (engine, lease) = (self.engine.without_leases(), self.lease.clone());
        // Without a runtime the program ends, and the lease is over after its term.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { give_back(&engine, &lease).await });
        }
    }
}

async fn give_back(engine: &Engine, lease: &Lease) {
    let delete = Sql::delete().from_table(name(TABLE)).and_where(lease.is_own()).to_owned();
    let given = engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.conn.execute(&delete).await.map(drop) }))
        .await;
    if let Err(error) = given {
        tracing::warn!(work = lease.work, "a lease was not given back and is over after its term: {error}");
    }
}

/// Ends when the lease is lost.
async fn renew(engine: Engine, lease: Lease) {
    let system = Actor::system();
    loop {
        tokio::time::sleep(lease.term / RENEWALS).await;
        let own = lease.clone();
        let renewed = engine.write(&system, move |tx| Box::pin(async move { renew_once(tx, &own).await }));
        match renewed.await {
            Ok(0) => {
                tracing::warn!(work = lease.work, "another process has taken over");
                return;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(work = lease.work, "a lease is not renewed: {error}"),
        }
    }
}

/// Counted from now: it may have waited for its turn.
async fn renew_once(tx: &mut Tx, lease: &Lease) -> Result<u64> {
    let update = Sql::update()
        .table(name(TABLE))
        .value(name("until"), tx.clock().now() + lease.term)
        .and_where(lease.is_own())
        .to_owned();
    tx.conn.execute(&update).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, Options};

    #[tokio::test]
    async fn whoever_could_not_renew_during_a_long_write_is_not_taken_for_dead() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new(Database::Sqlite, folder.path().to_owned());
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let engine = Engine::open(options, vec![], Clock::fixed(at)).await.unwrap();
        let _held = engine.take("work").await.unwrap().unwrap();
        engine.clock().set(at + 2 * TERM);
        assert!(engine.held_works().await.unwrap().is_empty(), "it would be over");
        for (took, held) in [(TERM / 2, 0), (2 * TERM, 1)] {
            let system = Actor::system();
            let wrote = engine.write(&system, move |tx| {
                Box::pin(async move {
                    let clock = tx.clock().clone();
                    outlast(&mut tx.conn, &clock, took).await
                })
            });
            wrote.await.unwrap();
            assert_eq!(engine.held_works().await.unwrap().len(), held, "{took:?}");
        }
    }
}
