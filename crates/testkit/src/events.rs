//! A stream of server-sent events, read as it comes.

use axum::body::BodyDataStream;
use std::time::Duration;
use tokio::time::timeout;
use tokio_stream::StreamExt;

pub struct Events {
    stream: BodyDataStream,
    unread: String,
}

impl Events {
    pub(crate) fn new(stream: BodyDataStream) -> Self {
        Events { stream, unread: String::new() }
    }

    /// The name of the next event; `None` if the stream ends or nothing comes for this long.
    pub async fn next(&mut self, patience: Duration) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.unread.clone().split_once("\n\n") {
                self.unread = rest.to_owned();
                if let Some(name) = event.lines().find_map(|line| line.strip_prefix("event: ")) {
                    return Some(name.to_owned());
                }
                continue;
            }
            let chunk = timeout(patience, self.stream.next()).await.ok()??;
            self.unread.push_str(&String::from_utf8_lossy(&chunk.expect("a readable stream")));
        }
    }

    /// Whether the stream ends within this time; what comes before is skipped.
    pub async fn ended(&mut self, patience: Duration) -> bool {
        let rest = async { while self.stream.next().await.is_some() {} };
        timeout(patience, rest).await.is_ok()
    }
}
