//! Which workers can be asked. One that was lost is tried again after a while, behind the back of whoever asks.

use crate::{channels::Channels, link::Link};
use datafusion_distributed::GetWorkerInfoRequest;
use futures::future::join_all;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use url::Url;

pub(crate) struct Workers {
    channels: Arc<Channels>,
    known: Mutex<Vec<Known>>,
    lost_for: Duration,
}

struct Known {
    url: Url,
    health: Health,
}

#[derive(Clone)]
enum Health {
    NeverAsked,
    /// And which run of it answered.
    Well(String),
    Lost {
        since: Instant,
        why: String,
    },
}

/// One that can be asked, as it was when it last said who it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub url: Url,
    run: String,
}

/// Whether each can be asked, and if not why.
pub async fn look(urls: Vec<Url>, link: Link) -> Vec<(Url, Result<(), String>)> {
    let workers = Workers::new(urls.clone(), Arc::new(Channels::new(link)), Duration::ZERO);
    let found = join_all(urls.iter().map(|url| workers.look_at(url))).await;
    urls.into_iter().zip(found.into_iter().map(|found| found.map(drop))).collect()
}

impl Workers {
    pub fn new(urls: Vec<Url>, channels: Arc<Channels>, lost_for: Duration) -> Workers {
        let known = urls.into_iter().map(|url| Known { url, health: Health::NeverAsked });
        Workers { channels, known: Mutex::new(known.collect()), lost_for }
    }

    pub fn number(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// All that can be asked now.
    pub async fn team(self: &Arc<Self>) -> Vec<Member> {
        self.look(&self.urls(|health| matches!(health, Health::NeverAsked))).await;
        let again = self
            .urls(|health| matches!(health, Health::Lost { since, .. } if since.elapsed() >= self.lost_for));
        if !again.is_empty() {
            let workers = self.clone();
            tokio::spawn(async move { workers.look(&again).await });
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let well = known.iter().filter_map(|one| match &one.health {
            Health::Well(run) => Some(Member { url: one.url.clone(), run: run.clone() }),
            _ => None,
        });
        well.collect()
    }

    /// Those of a team that are not as they were: gone, silent, or begun anew.
    pub async fn lost(&self, team: &[Member]) -> Vec<Url> {
        let urls: Vec<Url> = team.iter().map(|member| member.url.clone()).collect();
        urls.iter().for_each(|url| self.channels.forget(url));
        self.look(&urls).await;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |member: &&Member| {
            let now = known.iter().find(|one| one.url == member.url).map(|one| &one.health);
            !matches!(now, Some(Health::Well(run)) if *run == member.run)
        };
        team.iter().filter(same).map(|member| member.url.clone()).collect()
    }

    /// Why each lost one cannot be asked.
    pub fn complaints(&self) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = known.iter().filter_map(|one| match &one.health {
            Health::Lost { why, .. } => Some(format!("{}: {why}", one.url)),
            _ => None,
        });
        lost.collect::<Vec<_>>().join("; ")
    }

    fn urls(&self, wanted: impl Fn(&Health) -> bool) -> Vec<Url> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|one| wanted(&one.health)).map(|one| one.url.clone()).collect()
    }

    async fn look(&self, urls: &[Url]) {
        let found = join_all(urls.iter().map(|url| self.look_at(url))).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (url, found) in urls.iter().zip(found) {
            let Some(one) = known.iter_mut().find(|one| one.url == *url) else { continue };
            match (&one.health, &found) {
                (Health::Well(_), Ok(_)) => {}
                (_, Ok(_)) => tracing::info!("worker {url} is there"),
                (Health::Lost { .. }, Err(_)) => {}
                (_, Err(why)) => tracing::warn!("worker {url} is left out for a while: {why}"),
            }
            one.health = match found {
                Ok(run) => Health::Well(run),
                Err(why) => Health::Lost { since: Instant::now(), why },
            };
        }
    }

    /// Which run of the program is there, if it is the same program.
    async fn look_at(&self, url: &Url) -> Result<String, String> {
        let asking = async {
            let mut client = self.channels.client(url).map_err(|error| error.strip_backtrace())?;
            let answer = client.get_worker_info(GetWorkerInfoRequest {}).await;
            answer.map_err(|error| error.strip_backtrace())
        };
        let answer = tokio::time::timeout(self.channels.link().patience / 2, asking).await;
        let found = answer.unwrap_or_else(|_| Err("does not answer".to_owned())).and_then(|answer| {
            let own = self.channels.link().program();
            match answer.version.split_once(' ') {
                Some((program, run)) if program == own => Ok(run.to_owned()),
                _ => Err(format!(
                    "is program “{}”, this is {own}: run the same binary everywhere",
                    answer.version
                )),
            }
        });
        if found.is_err() {
            self.channels.forget(url);
        }
        found
    }
}
