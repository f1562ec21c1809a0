//! A credential that a program prints, such as a vault's command line.

use std::error::Error;
use std::process::Stdio;

use keyrevoke::{BoxFuture, Credential, CredentialSource};
use secrecy::zeroize::Zeroizing;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// In bytes, without the line break at the end.
const LONGEST: usize = 4096;

/// Runs a program when a credential is needed, without a shell. It is killed when nobody waits for it any more, so
/// that it cannot outlive the deadline of the call; what it has started itself is its own affair.
pub(super) struct CredentialCommand {
    /// The program and what it is given; there is a program.
    pub(super) arguments: Vec<String>,
    pub(super) place: String,
    pub(super) key_id: Option<String>,
}

impl CredentialSource for CredentialCommand {
    fn credential(&self) -> BoxFuture<'_, Result<Credential, Box<dyn Error + Send + Sync>>> {
        Box::pin(async move {
            let text = self.run().await.map_err(|reason| {
                // Neither its arguments nor what it printed: both may be secret.
                let program = self.arguments.first().map_or("", String::as_str);
                format!("the program {program:?} in {} {reason}", self.place)
            })?;
            Ok(super::with_key_id(
                Credential::from_text(text.as_str()),
                &self.key_id,
            ))
        })
    }
}

impl CredentialCommand {
    pub(super) async fn run(&self) -> Result<Zeroizing<String>, String> {
        let (program, arguments) = self.arguments.split_first().ok_or("is not named")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        // Other providers' credentials are none of its business.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"KEYREVOKE_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .spawn()
            .map_err(|error| format!("cannot be started: {error}"))?;
        // Large enough from the beginning: a buffer that grows leaves copies behind.
        let mut printed = Zeroizing::new(Vec::with_capacity(2 * LONGEST));
        if let Some(output) = child.stdout.take() {
            // With room for CR LF, and one more to know that it is too long.
            let mut output = output.take(LONGEST as u64 + 3);
            let read = output.read_to_end(&mut printed).await;
            read.map_err(|error| format!("cannot be read from: {error}"))?;
        }
        if printed.len() > LONGEST + 2 {
            return Err(TOO_LONG.to_owned());
        }
        let status = child.wait().await;
        let status = status.map_err(|error| format!("cannot be waited for: {error}"))?;
        if !status.success() {
            return Err(format!("ended with {status}"));
        }
        credential(&printed).map_err(str::to_owned)
    }
}

const TOO_LONG: &str = "printed more than 4096 bytes; let it print the credential alone";

/// The one line that was printed.
fn credential(printed: &[u8]) -> Result<Zeroizing<String>, &'static str> {
    let line = printed.strip_suffix(b"\n").unwrap_or(printed);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        _ if line.len() > LONGEST => Err(TOO_LONG),
        Ok("") => Err("printed no credential; let it print one line"),
        Ok(text) if text.contains(['\n', '\r']) => {
            Err("printed more than one line (not shown); let it print the credential alone")
        }
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err("printed what is not valid UTF-8 (not shown)"),
    }
}
