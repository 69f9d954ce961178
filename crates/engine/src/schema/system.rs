//! The engine's own tables.

use super::{ColumnKind::*, Table};

pub fn tables() -> Vec<Table> {
    let mut tables = own();
    tables.extend(crate::audit::tables());
    tables
}

fn own() -> Vec<Table> {
    vec![
        Table::new("change_log", ["seq"])
            .required("seq", Serial)
            .required("at", Instant)
            .optional("user_id", Id)
            .optional("run_id", Id)
            .required("entity", Text)
            .optional("record_id", Id)
            .required("kind", Text)
            .required("changes", Text)
            .optional("salt", Id)
            .index(["record_id", "seq"])
            .index(["run_id", "seq"])
            // For the audit page.
            .index(["at", "seq"])
            .index(["user_id", "at", "seq"])
            .index(["entity", "at", "seq"]),
        Table::new("log_position", ["reader"]).required("reader", Text).required("seq", Int),
        Table::new("external_id", ["entity", "source", "external_id"])
            .required("entity", Text)
            .required("source", Text)
            .required("external_id", Text)
            .required("record_id", Id)
            .optional("run_id", Id)
            .index(["record_id"])
            .index(["run_id"]),
        // Whose personal data went when; tells what must be erased again after a backup was brought back.
        Table::new("erased", ["record_id"])
            .required("record_id", Id)
            .required("entity", Text)
            .required("at", Instant)
            .optional("user_id", Id),
        Table::new("number_sequence", ["name"]).required("name", Text).required("next", Int),
        Table::new("setting", ["key"]).required("key", Text).required("value", Text),
        Table::new("job", ["id"])
            .required("id", Id)
            .required("kind", Text)
            .required("payload", Text)
            .required("state", Text)
            .required("run_at", Instant)
            .required("attempts", Int)
            .required("created_at", Instant)
            .optional("user_id", Id)
            .optional("progress", Text)
            .optional("error", Text)
            .required("cancel", Bool)
            .optional("finished_at", Instant)
            .index(["state", "run_at"])
            .index(["kind", "id"]),
        Table::new(crate::lease::TABLE, ["name"])
            .required("name", Text)
            .required("holder", Id)
            .required("until", Instant),
        Table::new("idempotency", ["actor", "key"])
            .required("actor", Text)
            .required("key", Text)
            .required("fingerprint", Text)
            .required("status", Int)
            .required("body", Text)
            .required("created_at", Instant)
            .index(["created_at"]),
        Table::new("credential", ["user_id"])
            .required("user_id", Id)
            .required("password_hash", Text)
            .required("changed_at", Instant),
        Table::new("session", ["token_hash"])
            .required("token_hash", Text)
            .required("user_id", Id)
            .required("csrf", Text)
            .required("created_at", Instant)
            .required("seen_at", Instant)
            .required("expires_at", Instant)
            .optional("address", Text)
            .optional("agent", Text)
            .optional("method", Text)
            .index(["user_id"]),
        Table::new("api_token", ["token_hash"])
            .required("token_hash", Text)
            .required("id", Id)
            .required("user_id", Id)
            .required("name", Text)
            .required("created_at", Instant)
            .optional("expires_at", Instant)
            .optional("used_at", Instant)
            .optional("access", Text)
            .optional("entities", Text)
            .index(["user_id"]),
        // Who signed in or tried to.
        Table::new("sign_in_log", ["id"])
            .required("id", Id)
            .required("at", Instant)
            .optional("user_id", Id)
            .optional("email", Text)
            .required("method", Text)
            .required("outcome", Text)
            .optional("address", Text)
            .optional("agent", Text)
            .index(["user_id", "id"])
            .index(["at"]),
        Table::new("second_factor", ["user_id"])
            .required("user_id", Id)
            .required("secret", Text)
            .required("created_at", Instant)
            .optional("confirmed_at", Instant)
            .required("last_step", Int),
        Table::new("recovery_code", ["code_hash"])
            .required("code_hash", Text)
            .required("user_id", Id)
            .required("created_at", Instant)
            .optional("used_at", Instant)
            .index(["user_id"]),
        // What opens one thing once: a link in a letter, a sign-in between its steps.
        Table::new("ticket", ["token_hash"])
            .required("token_hash", Text)
            .required("purpose", Text)
            .optional("user_id", Id)
            .required("data", Text)
            .required("created_at", Instant)
            .required("expires_at", Instant)
            .index(["user_id"])
            .index(["expires_at"]),
        // A person at an OpenID Connect provider.
        Table::new("identity", ["issuer", "subject"])
            .required("issuer", Text)
            .required("subject", Text)
            .required("user_id", Id)
            .required("created_at", Instant)
            .index(["user_id"]),
    ]
}
