//! A long answer, made page by page while its reader takes it: one page is in memory at a time, and a slow reader slows
//! down the reading of the database.

use axum::body::{Body, Bytes};
use engine::Result;
use futures::{Stream, StreamExt, stream};

pub(crate) trait Pages: Send + 'static {
    /// The next part of the text; `None` after the last.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>>> + Send;
}

/// The first page is read before the answer begins, so that a wrong filter is still an error. One that fails later breaks
/// the connection off: whoever reads must not take half a list for the whole.
pub(crate) async fn body(mut pages: impl Pages) -> Result<Body> {
    let first = pages.next().await?;
    let first = stream::iter(first.map(|text| Ok(Bytes::from(text))));
    Ok(Body::from_stream(first.chain(rest(pages))))
}

fn rest(pages: impl Pages) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    stream::try_unfold(pages, |mut pages| async move {
        match pages.next().await {
            Ok(text) => Ok(text.map(|text| (Bytes::from(text), pages))),
            Err(error) => {
                tracing::error!("an export broke off: {error}");
                Err(std::io::Error::other("the export broke off"))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(u32);

    impl Pages for Failing {
        async fn next(&mut self) -> Result<Option<String>> {
            self.0 += 1;
            if self.0 == 3 { Err(engine::Error::Internal("gone".into())) } else { Ok(Some("page".into())) }
        }
    }

    #[tokio::test]
    async fn a_page_that_fails_breaks_the_answer_off_and_the_first_refuses_it() {
        let body = body(Failing(0)).await.unwrap();
        let parts: Vec<bool> = body.into_data_stream().map(|part| part.is_ok()).collect().await;
        assert_eq!(parts, [true, true, false]);
        assert!(super::body(Failing(2)).await.is_err());
    }
}
