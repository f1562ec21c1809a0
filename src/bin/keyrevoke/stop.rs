//! Ctrl-C that loses nothing: the first lets the requests that are under way finish and starts no other, the second
//! gives them up. A request to terminate counts as the first. A limit on the size of files is no end at all.

use std::time::Duration;

use keyrevoke::Stopper;

use crate::output;

/// Takes Ctrl-C over for the rest of the process, and ends the run after its time.
pub(crate) fn listen(stopper: Stopper, deadline: Option<Duration>) {
    if let Some(deadline) = deadline {
        let stopper = stopper.clone();
        tokio::spawn(async move {
            tokio::time::sleep(deadline).await;
            stopper.finish();
        });
    }
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        let stopper = stopper.clone();
        tokio::spawn(async move {
            while terminate.recv().await.is_some() {
                stopper.finish();
            }
        });
    }
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if stopper.is_ended() {
                stopper.abandon();
            } else {
                stopper.finish();
                output::complain("finishing what is under way; press Ctrl-C again to give it up");
            }
        }
    });
}

/// Lets a write beyond the size that a file may have fail, as on a full disk, instead of killing the process between
/// a request and its result.
pub(crate) fn outlive_file_limits() {
    #[cfg(unix)]
    {
        let kind = tokio::signal::unix::SignalKind::from_raw(libc::SIGXFSZ);
        // Whoever asks for a signal once has taken it over for good.
        let _ = tokio::signal::unix::signal(kind);
    }
}
