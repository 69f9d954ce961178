//! Where letters are handed in: `smtp://user:password@host:587?tls=required`, `smtps://…`.

use reqwest::Url;

#[derive(Clone, PartialEq)]
pub struct MailServer {
    pub url: String,
    /// `Zhike <crm@example.com>`.
    pub from: String,
}

impl MailServer {
    /// Says what is wrong, and never the password.
    pub fn new(url: &str, from: &str) -> Result<MailServer, String> {
        let parsed =
            Url::parse(url).map_err(|_| "it is no address: write smtps://user:password@host".to_owned())?;
        let tls = match parsed.scheme() {
            "smtps" => true,
            "smtp" => parsed.query_pairs().any(|(key, value)| key == "tls" && value == "required"),
            _ => return Err("it must begin with smtp:// or smtps://".to_owned()),
        };
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        let here = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if !tls && !here {
            return Err(
                "letters and the password would travel unencrypted: write smtps://… or add ?tls=required"
                    .to_owned(),
            );
        }
        from.parse::<lettre::message::Mailbox>()
            .map_err(|_| format!("the sender “{from}” is no address: write Zhike <crm@example.com>"))?;
        Ok(MailServer { url: url.to_owned(), from: from.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_must_be_spoken_to_encrypted() {
        let ok = |url: &str| MailServer::new(url, "Zhike <crm@example.com>").is_ok();
        assert!(ok("smtps://u:p@mail.example.com"));
        assert!(ok("smtp://u:p@mail.example.com:587?tls=required"));
        assert!(ok("smtp://127.0.0.1:2525") && ok("smtp://localhost") && ok("smtp://[::1]:25"));
        assert!(!ok("smtp://u:p@mail.example.com:587") && !ok("http://localhost") && !ok("mail.example.com"));
        let error = MailServer::new("smtp://u:s3cret@mail.example.com", "a@b.cn").err().unwrap();
        assert!(!error.contains("s3cret"), "{error}");
        assert!(MailServer::new("smtps://mail.example.com", "nobody").is_err());
    }
}
