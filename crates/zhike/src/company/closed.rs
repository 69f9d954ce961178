//! Why a request reaches no company, and what it is answered.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

#[derive(Clone, Copy)]
pub(super) enum Closed {
    Unknown,
    Suspended,
    Broken,
}

impl Closed {
    fn words(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Closed::Unknown => (
                StatusCode::NOT_FOUND,
                "There is no company at this address. Check it, or ask whoever gave it to you.",
                "该地址没有对应的公司。请检查地址，或向提供地址的人确认。",
            ),
            Closed::Suspended => (
                StatusCode::FORBIDDEN,
                "This company is suspended. Ask whoever runs this server.",
                "该公司已被停用，请联系服务器的运营方。",
            ),
            Closed::Broken => (
                StatusCode::SERVICE_UNAVAILABLE,
                "This company cannot be opened at the moment. Whoever runs this server finds the reason in its log.",
                "该公司暂时无法打开，原因见服务器日志。",
            ),
        }
    }

    pub(super) fn answer(self, path: &str) -> Response {
        let (status, en, zh) = self.words();
        if path.starts_with("/api/") {
            let problem = serde_json::json!({
                "type": "urn:zhike:problem:company", "title": en, "status": status.as_u16(),
            });
            let kind = (header::CONTENT_TYPE, "application/problem+json");
            return (status, [kind], problem.to_string()).into_response();
        }
        let kind = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
        (status, [kind], format!("{en}\n{zh}\n")).into_response()
    }
}
