//! The page's file: whole or not there, and never in place of something else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::output::{self, LocalFailure};

/// What every page begins with.
const BEGINNING: &[u8] = b"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";

/// Writes a page beside its place first, so that nobody finds half of one.
pub(super) fn page(path: &Path, page: &str) -> Result<(), LocalFailure> {
    let failed = |error: io::Error| {
        let shown = output::path(path);
        io::Error::new(
            error.kind(),
            format!("{shown}: the page cannot be written ({error})"),
        )
    };
    if !may_be_replaced(path).map_err(failed)? {
        let shown = output::path(path);
        return Err(io::Error::other(format!(
            "{shown} is there and is no page of a report: it is left as it is; name another file for the page"
        ))
        .into());
    }
    let beside = beside(path);
    let written = write(&beside, page).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    Ok(written.map_err(failed)?)
}

/// A journal, above all, is not replaced by what was made of it.
fn may_be_replaced(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        // To open a pipe is to wait.
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    }
    let mut found = Vec::new();
    File::open(path)?
        .take(BEGINNING.len() as u64)
        .read_to_end(&mut found)?;
    Ok(found == BEGINNING)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}

fn write(path: &Path, page: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(page.as_bytes())
}
