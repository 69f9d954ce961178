//! What a run remembers between batches, so that most rows need no query. Everything here can be looked up again.

use crate::cache::Cache;
use meta::{Id, Record};
use std::collections::HashMap;

pub struct State {
    pub accounts: Cache<String, Account>,
    pub products: Cache<String, Product>,
    pub categories: Cache<String, Id>,
    pub orders: Cache<String, Document>,
    pub returns: Cache<String, Document>,
    pub users: HashMap<String, Option<Id>>,
}

pub struct Account {
    pub id: Id,
    /// Fields that have a value; an order never overwrites one.
    pub filled: Vec<String>,
}

pub struct Product {
    pub id: Id,
    /// Has a name and not just its code for one.
    pub named: bool,
}

/// An order or a return.
#[derive(Default)]
pub struct Document {
    pub id: Id,
    /// Lines that were there before this run and that no row of it has been recognised as.
    pub lines: Vec<Record>,
    pub next_position: i64,
    /// Its head was compared with the first of its rows.
    pub head_done: bool,
    pub head: Option<Record>,
    pub refused: Option<Refused>,
}

/// Why rows of a document are not taken.
#[derive(Clone, Copy)]
pub enum Refused {
    Deleted,
    /// Whoever imports may not work on it.
    Beyond,
}

const NAMES_LIMIT: usize = 50_000;
const DOCUMENTS_LIMIT: usize = 20_000;

impl State {
    pub fn new() -> Self {
        State {
            accounts: Cache::new(NAMES_LIMIT),
            products: Cache::new(NAMES_LIMIT),
            categories: Cache::new(NAMES_LIMIT),
            orders: Cache::new(DOCUMENTS_LIMIT),
            returns: Cache::new(DOCUMENTS_LIMIT),
            users: HashMap::new(),
        }
    }

    /// After a rollback nothing remembered can be trusted.
    pub fn forget(&mut self) {
        *self = State::new();
    }
}
