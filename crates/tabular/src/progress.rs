//! How much of a file has been read, visible to another thread.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A cloneable view of the bytes read so far. Bytes are those on disk, so a packed file counts packed.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: u64,
}

impl Progress {
    pub(crate) fn of(total: u64) -> Self {
        Self { read: Arc::default(), total }
    }

    pub fn bytes_read(&self) -> u64 {
        // A workbook's directory is read twice, hence the cap.
        self.read.load(Ordering::Relaxed).min(self.total)
    }

    pub fn bytes_total(&self) -> u64 {
        self.total
    }
}

/// A file that counts what is read from it.
pub(crate) struct CountedFile {
    file: File,
    progress: Progress,
}

impl CountedFile {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let progress = Progress::of(file.metadata()?.len());
        Ok(Self { file, progress })
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Read for CountedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.progress.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for CountedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
