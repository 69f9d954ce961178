//! Texts and ids by number, so that rows and cells are told apart by numbers and each text is made once.

use engine::{Error, Result};
use meta::Id;
use std::collections::HashMap;
use warehouse::arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::DataType,
};

pub(super) struct Named {
    numbers: HashMap<Vec<u8>, u32>,
    texts: Vec<String>,
}

impl Default for Named {
    fn default() -> Named {
        Named { numbers: HashMap::from([(vec![], Named::NOTHING)]), texts: vec![String::new()] }
    }
}

impl Named {
    /// The number of the empty text.
    pub const NOTHING: u32 = 0;

    pub fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }

    pub fn number(&mut self, text: &str) -> u32 {
        match self.numbers.get(text.as_bytes()) {
            Some(number) => *number,
            None => self.add(text.as_bytes(), text.to_owned()),
        }
    }

    fn add(&mut self, bytes: &[u8], text: String) -> u32 {
        let number = self.texts.len() as u32;
        self.numbers.insert(bytes.to_vec(), number);
        self.texts.push(text);
        number
    }

    /// The numbers of a column of texts or ids.
    pub fn of_column(&mut self, column: &ArrayRef) -> Result<Vec<u32>> {
        let DataType::FixedSizeBinary(_) = column.data_type() else {
            let texts = column.as_string_view();
            return Ok(texts
                .iter()
                .map(|text| text.map_or(Named::NOTHING, |text| self.number(text)))
                .collect());
        };
        let ids = column.as_fixed_size_binary();
        let number = |row: usize| {
            if ids.is_null(row) {
                return Ok(Named::NOTHING);
            }
            let bytes = ids.value(row);
            if let Some(number) = self.numbers.get(bytes) {
                return Ok(*number);
            }
            let id = Id::from_slice(bytes)
                .map_err(|error| Error::Internal(format!("an id of another form: {error}")))?;
            Ok(self.add(bytes, id.to_string()))
        };
        (0..ids.len()).map(number).collect()
    }
}
