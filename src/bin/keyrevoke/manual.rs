//! `keyrevoke completions` and `keyrevoke man`: made from the same definitions as the help.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::Exit;
use crate::output::{self, LocalFailure};

#[derive(Args)]
pub(crate) struct CompletionsArguments {
    /// The shell that is to read it.
    shell: Shell,
}

#[derive(Args)]
pub(crate) struct ManArguments {
    /// The page of this command, such as revoke; without it, the page that names them all.
    command: Option<String>,
}

pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<Exit, LocalFailure> {
    // Not to standard output: the generator panics where it cannot write.
    let mut script = Vec::new();
    let mut command = crate::Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "keyrevoke", &mut script);
    print(&script)
}

pub(crate) fn man(arguments: &ManArguments) -> Result<Exit, LocalFailure> {
    let mut command = crate::Arguments::command().disable_help_subcommand(true);
    command.build();
    let page = match &arguments.command {
        None => command,
        Some(name) => match command.find_subcommand(name) {
            Some(found) => found.clone(),
            None => {
                let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
                output::complain(&format!(
                    "there is no command of that name (not shown); give one of: {}",
                    known.join(", ")
                ));
                return Ok(Exit::InvalidInput);
            }
        },
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    print(&text)
}

fn print(text: &[u8]) -> Result<Exit, LocalFailure> {
    output::line(String::from_utf8_lossy(text).trim_end())?;
    Ok(Exit::AllDead)
}
