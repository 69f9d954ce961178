//! Turns a file's bytes into text, finding out their encoding.
//!
//! Order: the caller's word; a byte-order mark; zero bytes on one side (UTF-16 without a mark); valid UTF-8; runs of
//! paired high bytes (GB18030); else the detector Firefox uses. A file that is pure ASCII at first is decided only
//! where the first other byte comes, so that a £ or a Chinese name after a million plain lines is still read right.
//! Bytes that do not fit become U+FFFD, which [`crate::parse`] refuses cell by cell.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::TableError;

/// Bytes decoded at a time.
const CHUNK_BYTES: usize = 256 << 10;
/// The least context the encoding is guessed from when the file has more.
const CONTEXT_BYTES: usize = 4 << 10;

pub(crate) struct DecodedText {
    input: Box<dyn Read + Send>,
    raw: Vec<u8>,
    /// `None` while only ASCII has come.
    decoder: Option<Decoder>,
}

impl DecodedText {
    /// Reads the first chunk and decides the encoding by it. Returns the text, and whether it is all there is.
    pub(crate) fn start(
        input: Box<dyn Read + Send>,
        wanted: Option<&'static Encoding>,
    ) -> Result<(Self, String, bool), TableError> {
        let mut this = Self { input, raw: Vec::new(), decoder: None };
        let at_end = this.fetch()?;
        if let Some(encoding) = wanted {
            this.decoder = Some(encoding.new_decoder_with_bom_removal());
        } else if let Some((encoding, mark_bytes)) = Encoding::for_bom(&this.raw) {
            this.raw.drain(..mark_bytes);
            this.decoder = Some(encoding.new_decoder_without_bom_handling());
        } else if let Some(encoding) = utf16_without_mark(&this.raw) {
            this.decoder = Some(encoding.new_decoder_without_bom_handling());
        } else if this.raw.contains(&0) {
            return Err(TableError::NotATable("a binary file", "二进制文件"));
        }
        let mut text = String::new();
        let at_end = this.decode(&mut text, at_end)?;
        Ok((this, text, at_end))
    }

    /// The encoding as far as it is decided; ASCII counts as UTF-8.
    pub(crate) fn encoding(&self) -> &'static Encoding {
        self.decoder.as_ref().map_or(UTF_8, Decoder::encoding)
    }

    /// Appends the next piece of text; false when it was the last.
    pub(crate) fn read_into(&mut self, text: &mut String) -> Result<bool, TableError> {
        let at_end = self.fetch()?;
        Ok(!self.decode(text, at_end)?)
    }

    /// Appends up to a chunk of bytes to `raw`; true at the end of the input.
    fn fetch(&mut self) -> io::Result<bool> {
        let read = (&mut self.input).take(CHUNK_BYTES as u64).read_to_end(&mut self.raw)?;
        Ok(read < CHUNK_BYTES)
    }

    /// Decodes all of `raw`; returns whether the input is at its end, since deciding may have to read on.
    fn decode(&mut self, text: &mut String, mut at_end: bool) -> Result<bool, TableError> {
        if self.decoder.is_none() {
            let ascii_bytes = Encoding::ascii_valid_up_to(&self.raw);
            if ascii_bytes < self.raw.len() {
                if !at_end && self.raw.len() - ascii_bytes < CONTEXT_BYTES {
                    at_end = self.fetch()?;
                }
                let encoding = guess(&self.raw[ascii_bytes..]);
                self.decoder = Some(encoding.new_decoder_without_bom_handling());
            }
        }
        match &mut self.decoder {
            Some(decoder) => decode_all(decoder, &self.raw, text, at_end),
            None => text.push_str(&String::from_utf8_lossy(&self.raw)),
        }
        self.raw.clear();
        Ok(at_end)
    }
}

fn decode_all(decoder: &mut Decoder, mut raw: &[u8], text: &mut String, last: bool) {
    loop {
        // The worst case may exceed what a usize holds only for absurd chunks; the loop copes with any reserve.
        text.reserve(decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() + 16));
        let (result, read, _) = decoder.decode_to_string(raw, text, last);
        raw = &raw[read..];
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

/// Tables are full of ASCII delimiters, digits and line ends, so UTF-16 shows as zeros in every other byte.
fn utf16_without_mark(raw: &[u8]) -> Option<&'static Encoding> {
    let sample = &raw[..raw.len().min(CONTEXT_BYTES) & !1];
    let zeros = |from: usize| sample.iter().skip(from).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let enough = sample.len() / 50 + 1;
    if odd >= enough && even * 10 <= odd {
        Some(UTF_16LE)
    } else if even >= enough && odd * 10 <= even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The encoding of bytes that begin with one outside ASCII.
fn guess(bytes: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(bytes) {
        Ok(_) => return UTF_8,
        // Cut off inside a character: no fault of the file. One lone byte proves nothing, though.
        Err(e) if e.error_len().is_none() && e.valid_up_to() > 0 => return UTF_8,
        Err(_) if is_mostly_utf8(bytes) => return UTF_8,
        Err(_) => {}
    }
    let looks_paired = high_bytes_come_in_pairs(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, false);
    let country: Option<&[u8]> = if looks_paired { Some(b"cn") } else { None };
    let guessed = detector.guess(country, Utf8Detection::Deny);
    // Only signs such as £ and °, no letter: the detector has nothing to go by.
    if bytes.iter().all(|b| b.is_ascii() || *b < 0xC0) {
        return WINDOWS_1252;
    }
    if guessed == encoding_rs::GBK || (looks_paired && guessed.is_single_byte()) { GB18030 } else { guessed }
}

/// A few damaged characters do not make another encoding of UTF-8: its patterns hardly ever arise by chance.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let count = |(good, bad), chunk: std::str::Utf8Chunk<'_>| {
        let characters = chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        (good + characters, bad + usize::from(!chunk.invalid().is_empty()))
    };
    let (good, bad) = bytes.utf8_chunks().fold((0, 0), count);
    good >= bad * 20
}

/// In GB2312 text every character is two high bytes, so runs of them have even lengths; in Western text runs
/// are mostly single letters. A tenth of odd runs is left for rare characters and a cut at the end.
fn high_bytes_come_in_pairs(bytes: &[u8]) -> bool {
    let runs = bytes.split(|b| b.is_ascii()).filter(|run| !run.is_empty());
    let (odd, all) = runs.fold((0, 0), |(odd, all), run| (odd + run.len() % 2, all + 1));
    odd * 10 <= all
        && GB18030.decode_without_bom_handling(bytes).0.chars().filter(|&c| c == '\u{FFFD}').count() * 100
            <= bytes.len()
}
