//! A long answer, made page by page while its reader takes it: one page is in memory at a time, and a slow reader slows
//! down the reading of the database. Also the lines of CSV, the form most of them have.

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

/// Adds a line of CSV.
pub(crate) fn csv_line(text: &mut String, cells: impl Iterator<Item = impl AsRef<str>>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        quote(text, cell.as_ref());
    }
    text.push_str("\r\n");
}

/// A text a spreadsheet would run as a formula gets an apostrophe in front; numbers and phones stay.
fn quote(text: &mut String, cell: &str) {
    let harmless = cell.chars().all(|letter| letter.is_ascii_digit() || "+-.,% ".contains(letter));
    let apostrophe = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !harmless { "'" } else { "" };
    let quotes = if cell.contains(['"', ',', '\n', '\r']) { "\"" } else { "" };
    text.extend([quotes, apostrophe]);
    for (index, part) in cell.split('"').enumerate() {
        text.extend([if index > 0 { "\"\"" } else { "" }, part]);
    }
    text.push_str(quotes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        let mut text = String::new();
        csv_line(&mut text, ["a \"b\", c", "=cmd()", "-12.5", "+86 138", "-1,\"x\"", ""].iter());
        assert_eq!(text, "\"a \"\"b\"\", c\",'=cmd(),-12.5,+86 138,\"'-1,\"\"x\"\"\",\r\n");
    }

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
