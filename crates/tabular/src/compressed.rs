//! Finds the table inside gzip and zip wrappings, by content and not by name.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::progress::{CountedFile, Progress};
use crate::{MAX_UNPACKED_RATIO, ReadOptions, TableError};

const MAX_DEPTH: usize = 3;
/// Below this a file may grow by any factor: small, very regular tables do.
const FREE_BYTES: u64 = 64 << 20;
const HEAD_BYTES: usize = 8;

/// A table stripped of its wrappings.
pub(crate) enum Unwrapped {
    Text(Box<dyn Read + Send>),
    Xlsx(CountedFile),
    Xls(CountedFile),
}

enum Content {
    Gzip,
    Zip,
    /// The container of .xls and of encrypted .xlsx.
    CompoundFile,
    Text,
}

/// Strips the wrappings off `file`, noting each in `unpacked`.
pub(crate) fn unwrap(
    file: File,
    options: &ReadOptions,
    unpacked: &mut Vec<String>,
) -> Result<(Unwrapped, Progress), TableError> {
    let mut file = CountedFile::new(file)?;
    for _ in 0..=MAX_DEPTH {
        let progress = file.progress();
        if progress.bytes_total() == 0 {
            return Err(TableError::Empty);
        }
        let head = peek(&mut file)?;
        match content_of(&head)? {
            Content::Text => return Ok((Unwrapped::Text(Box::new(file)), progress)),
            Content::CompoundFile => return Ok((Unwrapped::Xls(file), progress)),
            Content::Gzip => {
                unpacked.push("gzip".into());
                let limit = limit_for(progress.bytes_total(), options);
                let mut inner = Bounded::new(MultiGzDecoder::new(file), limit);
                let head = read_head(&mut inner)?;
                if head.is_empty() {
                    return Err(TableError::Empty);
                }
                let is_text = matches!(content_of(&head)?, Content::Text);
                let whole = Cursor::new(head).chain(inner);
                if is_text {
                    return Ok((Unwrapped::Text(Box::new(whole)), progress));
                }
                file = spool(whole)?;
            }
            Content::Zip => {
                let mut archive = ZipArchive::new(&mut file).map_err(damaged)?;
                let names = member_names(&mut archive)?;
                if is_workbook(&names)? {
                    check_sizes(&mut archive, limit_for(progress.bytes_total(), options))?;
                    drop(archive);
                    file.seek(SeekFrom::Start(0))?;
                    return Ok((Unwrapped::Xlsx(file), progress));
                }
                let (index, name) = choose_member(&names, options)?;
                unpacked.push(name);
                let member = archive.by_index(index).map_err(damaged)?;
                let limit = limit_for(progress.bytes_total(), options);
                let inner = spool(Bounded::new(member, limit))?;
                drop(archive);
                file = inner;
            }
        }
    }
    Err(TableError::NestedTooDeep(MAX_DEPTH))
}

fn limit_for(packed_bytes: u64, options: &ReadOptions) -> u64 {
    packed_bytes.saturating_mul(MAX_UNPACKED_RATIO).max(FREE_BYTES).min(options.max_unpacked_bytes)
}

fn read_head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    input.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn peek(file: &mut CountedFile) -> io::Result<Vec<u8>> {
    let head = read_head(file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}

fn content_of(head: &[u8]) -> Result<Content, TableError> {
    Ok(match head {
        [0x1F, 0x8B, ..] => Content::Gzip,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Content::Zip,
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Content::CompoundFile,
        [b'%', b'P', b'D', b'F', ..] => return Err(TableError::NotATable("a PDF", "PDF 文件")),
        [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] | [b'G', b'I', b'F', b'8', ..] => {
            return Err(TableError::NotATable("a picture", "图片"));
        }
        [b'P', b'A', b'R', b'1', ..] => return Err(TableError::NotATable("a Parquet file", "Parquet 文件")),
        [b'R', b'a', b'r', b'!', ..] => return Err(TableError::NotATable("a RAR archive", "RAR 压缩包")),
        [b'7', b'z', 0xBC, 0xAF, ..] => return Err(TableError::NotATable("a 7z archive", "7z 压缩包")),
        _ => Content::Text,
    })
}

/// Copies to an unnamed temporary file, which the system removes with the last handle.
fn spool(mut input: impl Read) -> Result<CountedFile, TableError> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut input, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(CountedFile::new(file)?)
}

fn is_workbook(names: &[String]) -> Result<bool, TableError> {
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    if has("xl/workbook.bin") {
        return Err(TableError::NotATable("a binary workbook (.xlsb)", "二进制工作簿（.xlsb）"));
    }
    if has("mimetype") && has("content.xml") {
        return Err(TableError::NotATable("an OpenDocument file", "OpenDocument 文件"));
    }
    if has("word/document.xml") || has("ppt/presentation.xml") {
        return Err(TableError::NotATable("a text document or presentation", "文档或演示文稿"));
    }
    Ok(has("xl/workbook.xml") || (has("[Content_Types].xml") && names.iter().any(|n| n.starts_with("xl/"))))
}

/// The zip reader refuses members longer than they declare, so the declared sizes can be trusted as a bound.
fn check_sizes<R: Read + Seek>(archive: &mut ZipArchive<R>, limit: u64) -> Result<(), TableError> {
    let mut total = 0u64;
    for index in 0..archive.len() {
        total = total.saturating_add(archive.by_index_raw(index).map_err(damaged)?.size());
    }
    if total > limit { Err(TableError::GrowsTooMuch { limit }) } else { Ok(()) }
}

/// Names of all members by index; those of folders end in `/`.
fn member_names<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Vec<String>, TableError> {
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(damaged)?;
        let raw = member.name_raw();
        // Chinese Windows packs names in GBK without saying so.
        names.push(match std::str::from_utf8(raw) {
            Ok(name) => name.to_owned(),
            Err(_) => encoding_rs::GB18030.decode_without_bom_handling(raw).0.into_owned(),
        });
    }
    Ok(names)
}

fn choose_member(names: &[String], options: &ReadOptions) -> Result<(usize, String), TableError> {
    let is_file = |name: &str| {
        let base = name.rsplit('/').next().unwrap_or(name);
        !name.ends_with('/') && !name.starts_with("__MACOSX/") && !base.starts_with('.')
    };
    let files: Vec<(usize, &String)> = names.iter().enumerate().filter(|(_, name)| is_file(name)).collect();
    let members = || files.iter().map(|(_, name)| (*name).clone()).collect::<Vec<_>>();
    if let Some(wanted) = &options.member {
        return match files.iter().find(|(_, name)| *name == wanted) {
            Some((index, name)) => Ok((*index, (*name).clone())),
            None => Err(TableError::NoSuchMember { name: wanted.clone(), members: members() }),
        };
    }
    const TABLES: [&str; 8] = [".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".gz"];
    let looks_like_table = |name: &str| {
        let name = name.to_lowercase();
        TABLES.iter().any(|ending| name.ends_with(ending))
    };
    match files.iter().find(|(_, name)| looks_like_table(name)).or(if files.len() == 1 {
        files.first()
    } else {
        None
    }) {
        Some((index, name)) => Ok((*index, (*name).clone())),
        None => Err(TableError::NoTableInArchive { members: members() }),
    }
}

fn damaged(error: ZipError) -> TableError {
    match error {
        ZipError::InvalidPassword | ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            TableError::PasswordProtected
        }
        ZipError::Io(e) => e.into(),
        other => TableError::DamagedArchive(other.to_string()),
    }
}

/// Fails when more than `limit` bytes come out, and tells damage from trouble with the disk.
struct Bounded<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Bounded<R> {
    fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit, limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let n = self.inner.read(buffer).map_err(|e| match e.kind() {
            InvalidData | InvalidInput | UnexpectedEof => TableError::DamagedArchive(e.to_string()).into(),
            _ => e,
        })? as u64;
        self.left = match self.left.checked_sub(n) {
            Some(left) => left,
            None => return Err(TableError::GrowsTooMuch { limit: self.limit }.into()),
        };
        Ok(n as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_grow_by_its_size_but_never_past_the_callers_limit() {
        let options = ReadOptions::default();
        assert_eq!(limit_for(1_000, &options), FREE_BYTES);
        assert_eq!(limit_for(1 << 20, &options), MAX_UNPACKED_RATIO << 20);
        assert_eq!(limit_for(u64::MAX, &options), options.max_unpacked_bytes);
    }
}
