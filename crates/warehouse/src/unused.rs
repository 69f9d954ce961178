//! Files the newest manifest does not name: those it replaced, which somebody may still be reading, and those of refreshes that never
//! came to their end. All stand in the manifest as retired until a list of what is there shows that they are gone: none is forgotten.

use crate::{
    Manifest, manifest,
    storage::{self, Store},
};
use chrono::Duration;
use engine::{Error, Result};
use futures::{StreamExt, stream};
use meta::{DateTime, Id, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Where refreshes put their files.
const FOLDERS: [&str; 2] = ["tables", "keys"];
/// How long a file is kept once no manifest names it: readers that began before may still read it.
const GRACE: Duration = Duration::minutes(10);
/// How long a file is kept that no manifest ever named: another process may be at work on it.
const UNPUBLISHED: Duration = Duration::hours(1);
/// Files of refreshes that did not end which one manifest takes up; the next takes up the others.
const LEFT_LIMIT: usize = 10_000;
/// Files one refresh deletes, and how many at once; the next deletes others.
const DELETED_LIMIT: usize = 2_000;
const AT_ONCE: usize = 16;
/// So long each refresh that fails to delete a file makes the next one due. A bucket may refuse for ever: after that it is tried once a
/// day, and whenever a refresh has another reason.
const INSISTING: Duration = Duration::hours(1);
const LATER: Duration = Duration::days(1);

/// What is there and `next` does not name, and since when.
pub(crate) async fn retired(
    store: &Store,
    old: &Manifest,
    next: &Manifest,
    now: DateTime<Utc>,
) -> Result<Vec<(String, DateTime<Utc>)>> {
    let mut there = vec![];
    for folder in FOLDERS {
        there.extend(storage::list(store, Some(folder)).await?);
    }
    Ok(not_named(there, old, next, now))
}

fn not_named(
    there: Vec<String>,
    old: &Manifest,
    next: &Manifest,
    now: DateTime<Utc>,
) -> Vec<(String, DateTime<Utc>)> {
    let needed: BTreeSet<&str> = next.files().collect();
    let replaced: BTreeSet<&str> = old.files().collect();
    let known: BTreeMap<&str, DateTime<Utc>> =
        old.retired.iter().map(|(file, since)| (file.as_str(), *since)).collect();
    let (mut retired, mut left) = (vec![], 0);
    for file in there.into_iter().filter(|file| !needed.contains(file.as_str())) {
        let since = if let Some(since) = known.get(file.as_str()) {
            *since
        } else if replaced.contains(file.as_str()) {
            now
        } else {
            // What does not say when it was made is none of ours.
            let Some(made_at) = made_at(&file).filter(|_| left < LEFT_LIMIT) else { continue };
            left += 1;
            made_at + UNPUBLISHED - GRACE
        };
        // A clock that was ahead must not keep it for ever.
        retired.push((file, since.min(now + UNPUBLISHED)));
    }
    retired
}

/// Refreshes name their files by ids, which hold the time.
fn made_at(file: &str) -> Option<DateTime<Utc>> {
    let id: Id = file.rsplit('/').next()?.split('.').next()?.parse().ok()?;
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// Those one refresh deletes: each begins where the one before it ended, so that files which cannot be deleted keep none of the others.
fn in_turn(mut due: Vec<String>, number: u64) -> Vec<String> {
    if due.len() > DELETED_LIMIT {
        let turn = usize::try_from(number % due.len() as u64).unwrap_or_default();
        let first = turn * DELETED_LIMIT % due.len();
        due.rotate_left(first);
        due.truncate(DELETED_LIMIT);
    }
    due
}

/// Whether files that are not used are reason enough for a refresh.
pub(crate) fn is_due(newest: &Manifest, now: DateTime<Utc>) -> bool {
    let age = now - newest.refreshed_at;
    newest.retired.iter().any(|(_, since)| newest.refreshed_at - *since < INSISTING || age >= LATER)
}

/// Deletes what nobody can be reading any more, and manifests nobody is about to open. A manifest published meanwhile needs nothing of
/// it: what is retired was there before this one, so it is of a refresh that came too late, or did not come to its end.
pub(crate) async fn delete(store: &Store, published: &Manifest, now: DateTime<Utc>) -> Result<()> {
    // If its number was forgotten and taken a second time, others know better what is needed.
    if manifest::newest_number(store).await? != Some(published.number) {
        return Ok(());
    }
    let due = published.retired.iter().filter(|(_, since)| now - *since > GRACE);
    let due = in_turn(due.map(|(file, _)| file.clone()).collect(), published.number);
    let deleting = stream::iter(due).map(|file| async move { storage::delete(store, &file).await });
    let done: Vec<Result<()>> = deleting.buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<Error> = done.into_iter().filter_map(Result::err).collect();
    if let Some(error) = failed.first() {
        let files = failed.len();
        tracing::warn!(files, "files nobody needs any more stay until the next refresh: {error}");
    }
    published.forget_older(store).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Limits, Place,
        manifest::{Kept, Segment},
        query::QUESTION,
    };
    use std::fs;

    fn now() -> DateTime<Utc> {
        "2026-10-01T12:00:00Z".parse().unwrap()
    }
    fn ago(minutes: i64) -> DateTime<Utc> {
        now() - Duration::minutes(minutes)
    }
    fn made(minutes_ago: i64) -> String {
        let clock = meta::Clock::fixed(ago(minutes_ago));
        format!("tables/sales/{}.parquet", clock.new_id())
    }
    fn naming(number: u64, files: &[&str]) -> Manifest {
        let segment = |file: &&str| Segment { from: Id::nil(), file: (*file).to_owned(), rows: 1, bytes: 1 };
        let kept = Kept { segments: files.iter().map(segment).collect(), ..Kept::default() };
        Manifest { number, tables: [("sales".to_owned(), kept)].into(), ..Manifest::default() }
    }

    #[test]
    fn what_is_there_and_not_named_is_retired_since_it_was_replaced_or_an_hour_after_it_was_made() {
        let [replaced, needed, waiting, gone, ahead] = [made(90), made(90), made(90), made(90), made(-600)];
        let (young, old, staged) = (made(30), made(61), format!("{}#1", made(61)));
        let mut before = naming(1, &[&replaced, &needed]);
        before.retired = vec![(waiting.clone(), ago(8)), (gone, ago(20))];
        let foreign = "tables/sales/notes.txt".to_owned();
        let of = [&replaced, &needed, &waiting, &young, &old, &staged, &ahead, &foreign];
        let there = of.map(String::clone).into();
        let found = not_named(there, &before, &naming(2, &[&needed]), now());
        let in_future = now() + UNPUBLISHED;
        let expected = [
            (replaced, now()),
            (waiting, ago(8)),
            (young, ago(-20)),
            (old, ago(11)),
            (staged, ago(11)),
            (ahead, in_future),
        ];
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn what_cannot_be_deleted_stays_retired_and_keeps_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = storage::within(&Place::Folder(folder.path().to_owned()), "").unwrap().store;
        let (stubborn, old, young) = (made(90), made(90), made(9));
        // No file, so that it cannot be deleted as one.
        fs::create_dir_all(folder.path().join(&stubborn)).unwrap();
        for file in [&old, &young] {
            storage::put(&store, file, vec![1]).await.unwrap();
        }
        let mut published = naming(3, &[]);
        published.retired =
            [&stubborn, &old, &young].map(|file| (file.clone(), made_at(file).unwrap())).into();
        for number in [1, 2, 3] {
            assert!(Manifest { number, ..published.clone() }.publish(&store).await.unwrap());
        }
        for number in [1, 3] {
            let half = format!("manifest/{number:012}.json#1");
            fs::write(folder.path().join(half), "{").unwrap();
        }
        delete(&store, &published, now()).await.unwrap();
        let left = storage::list(&store, None).await.unwrap();
        // What may still be in the making stays.
        assert!(!left.contains(&"manifest/000000000001.json#1".to_owned()), "{left:?}");
        assert!(left.contains(&"manifest/000000000003.json#1".to_owned()), "{left:?}");
        assert!(left.contains(&young) && !left.contains(&old), "{left:?}");
        let manifests =
            left.iter().filter(|file| file.starts_with("manifest/") && file.ends_with(".json")).count();
        assert_eq!(manifests, 2, "{left:?}");
        let next = not_named(vec![stubborn.clone()], &published, &naming(4, &[]), now());
        assert_eq!(next, [(stubborn, ago(90))]);
        // One whose number was taken a second time deletes nothing.
        let late = Manifest { number: 1, retired: vec![(young.clone(), ago(90))], ..published };
        assert!(late.publish(&store).await.unwrap());
        delete(&store, &late, now()).await.unwrap();
        assert!(storage::list(&store, None).await.unwrap().contains(&young));
    }

    #[test]
    fn every_file_has_its_turn_whether_or_not_others_can_be_deleted() {
        let due: Vec<String> = (0..4_500).map(|number| number.to_string()).collect();
        let turns = (7..10).map(|number| in_turn(due.clone(), number));
        let tried: BTreeSet<String> =
            turns.inspect(|turn| assert_eq!(turn.len(), DELETED_LIMIT)).flatten().collect();
        assert_eq!(tried.len(), due.len());
        assert_eq!(in_turn(due[..3].into(), 8), due[..3]);
    }

    #[test]
    fn what_cannot_be_deleted_makes_a_refresh_due_for_an_hour_and_then_once_a_day() {
        let with = |retired: &[DateTime<Utc>]| Manifest {
            refreshed_at: now(),
            retired: retired.iter().map(|since| (made(90), *since)).collect(),
            ..Manifest::default()
        };
        let soon = now() + GRACE;
        assert!(!is_due(&with(&[]), now() + LATER));
        assert!(is_due(&with(&[now()]), soon) && is_due(&with(&[ago(59)]), soon));
        assert!(!is_due(&with(&[ago(60), ago(600)]), soon) && is_due(&with(&[ago(60), ago(59)]), soon));
        assert!(is_due(&with(&[ago(60)]), now() + LATER));
    }

    #[test]
    fn files_are_kept_longer_than_any_question_takes() {
        let grace = GRACE.to_std().unwrap();
        assert!(Limits::JOB.time < grace && Limits::PAGE.time < grace);
        // The night's comparison asks twice.
        assert!(2 * QUESTION < grace);
    }
}
