//! A mail server on this machine that keeps what it is handed.
#![allow(clippy::unwrap_used)]

use mail_parser::{MessageParser, MimeHeaders};
use mailin::{Action, AuthMechanism, Handler, Response, SessionBuilder, response};
use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

pub const LOGIN: (&str, &str) = ("zhike", "mail-password");
const WAIT_LIMIT_MS: u64 = 5_000;

#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Names and contents of what is attached.
    pub files: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Default)]
struct Desk {
    arriving: Vec<u8>,
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl Handler for Desk {
    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        if (user, password) == LOGIN { response::AUTH_OK } else { response::INVALID_CREDENTIALS }
    }
    fn data_start(&mut self, _: &str, _: &str, _: bool, _: &[String]) -> Response {
        self.arriving.clear();
        response::OK
    }
    fn data(&mut self, part: &[u8]) -> io::Result<()> {
        self.arriving.extend_from_slice(part);
        Ok(())
    }
    fn data_end(&mut self) -> Response {
        let message = MessageParser::default().parse(&self.arriving).unwrap();
        let to = message.to().unwrap().first().unwrap();
        let letter = Letter {
            to: to.address.as_ref().unwrap().to_string(),
            subject: message.subject().unwrap().to_owned(),
            text: message.body_text(0).unwrap().into_owned(),
            html: message
                .body_html(0)
                .filter(|_| message.html_body_count() > 0)
                .map(|html| html.into_owned()),
            files: message
                .attachments()
                .map(|file| (file.attachment_name().unwrap_or_default().to_owned(), file.contents().to_vec()))
                .collect(),
        };
        self.letters.lock().unwrap().push(letter);
        response::OK
    }
}

fn serve(stream: &TcpStream, desk: Desk) -> io::Result<()> {
    let mut builder = SessionBuilder::new("test");
    builder.enable_auth(AuthMechanism::Plain).insecure_enable_plaintext_auth();
    let mut session = builder.build(stream.peer_addr()?.ip(), desk);
    let mut writer = stream;
    session.greeting().write_to(&mut writer)?;
    let mut lines = BufReader::new(stream);
    let mut line = vec![];
    while lines.read_until(b'\n', &mut line)? > 0 {
        let answer = session.process(&line);
        line.clear();
        match answer.action {
            Action::Close => return answer.write_to(&mut writer),
            Action::NoReply => {}
            _ => answer.write_to(&mut writer)?,
        }
        writer.flush()?;
    }
    Ok(())
}

pub struct MailServer {
    letters: Arc<Mutex<Vec<Letter>>>,
    pub url: String,
}

impl MailServer {
    pub fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let desk = Desk::default();
        let letters = desk.letters.clone();
        // Ends with the test program.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let desk = desk.clone();
                std::thread::spawn(move || serve(&stream.unwrap(), desk));
            }
        });
        MailServer { letters, url: format!("smtp://{}:{}@127.0.0.1:{port}", LOGIN.0, LOGIN.1) }
    }

    pub fn count(&self) -> usize {
        self.letters.lock().unwrap().len()
    }

    /// The letter with this number (from 0), when it has come.
    pub async fn letter(&self, number: usize) -> Letter {
        for _ in 0..WAIT_LIMIT_MS / 20 {
            if let Some(letter) = self.letters.lock().unwrap().get(number) {
                return letter.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("letter {number} has not come");
    }
}
