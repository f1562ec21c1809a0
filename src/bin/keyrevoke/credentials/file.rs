//! Opening a file that holds secrets.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

use super::Refused;

/// In bytes; for thousands of tenants.
const LONGEST: usize = 1 << 20;

/// The text of the file, whose memory is wiped when it is dropped.
pub(super) fn read(path: &Path, name: &str) -> Result<Zeroizing<String>, Refused> {
    let unreadable = |error: io::Error| {
        let text = format!("cannot read {name}: {error}");
        Refused::Unreadable(io::Error::new(error.kind(), text).into())
    };
    let wrong = |reason: String| Refused::Wrong(vec![format!("{name} {reason}")]);
    let file = File::open(path).map_err(unreadable)?;
    // Of what was opened, not of what the path names by now.
    check(&file.metadata().map_err(unreadable)?).map_err(wrong)?;
    // Large enough from the beginning: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 64));
    file.take(LONGEST as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > LONGEST {
        return Err(wrong(
            "is longer than 1 MiB; give a file of credentials".to_owned(),
        ));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(wrong(
            "is not valid UTF-8 (not shown); save it as UTF-8".to_owned(),
        )),
    }
}

#[cfg(unix)]
fn check(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};

    let others = if metadata.is_file() {
        0o066
    } else if metadata.file_type().is_fifo() {
        0o006 // some systems give the group's bits to every pipe
    } else {
        return Err("is neither a file nor a pipe; give a file of mode 600".to_owned());
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & others != 0 {
        return Err(format!(
            "may be read or written by others than its owner (mode {mode:03o}); run chmod 600 on it, and consider \
             the credentials in it leaked"
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_dir() {
        return Err("is a directory; give a file".to_owned());
    }
    Ok(())
}
