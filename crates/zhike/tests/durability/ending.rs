//! Asked to end, the program finishes what it was being told.

use crate::{client::Client, store::on_both};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Until what the server said ends with `end`.
async fn said(stream: &mut TcpStream, end: &str) -> String {
    let mut said = vec![];
    while !String::from_utf8_lossy(&said).ends_with(end) {
        let mut some = [0; 1024];
        let count = stream.read(&mut some).await.unwrap();
        assert_ne!(count, 0, "the connection was cut: {}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&some[..count]);
    }
    String::from_utf8(said).unwrap()
}

#[test]
fn a_request_whose_body_is_still_on_its_way_at_the_end_is_finished_and_answered() {
    on_both(async |store| {
        let token = store.prepare().await;
        let mut program = store.serve();
        let address = program.address.trim_start_matches("http://").to_owned();
        let body = r#"{"name": "Last Words Ltd"}"#;
        let (first, rest) = body.split_at(9);
        let head = format!(
            "POST /api/v1/account HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server waits for the body.
        assert!(said(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 100"));
        stream.write_all(first.as_bytes()).await.unwrap();
        program.ask_to_end();
        let began = Instant::now();
        while TcpStream::connect(&address).await.is_ok() {
            assert!(began.elapsed() < Duration::from_secs(4), "it goes on taking connections");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stream.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        assert!(program.ended_well());

        let program = store.serve();
        let kept = Client::new(&program.address, &token).list("account", "name == 'Last Words Ltd'").await;
        assert_eq!(kept.len(), 1);
    });
}
