//! `keyrevoke demo`: every kind of verdict, at the fakes.

use clap::Args;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{AnyRevoker, KeyRef, KeyState, RetryPolicy, Revoke};

use crate::Exit;
use crate::output::{self, LocalFailure};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Shows these providers only.
    #[arg(id = "names", value_name = "PROVIDER")]
    providers: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
    let mut wanted = Vec::new();
    for name in &arguments.providers {
        match keyrevoke::provider(name) {
            Ok(provider) => wanted.push(provider.name()),
            Err(error) => {
                output::complain(&error.to_string());
                return Ok(Exit::InvalidInput);
            }
        }
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.contains(&name);
    output::line("Every provider below is a fake inside this process; nothing leaves this machine.\n")?;
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !output::is_colourful() {
        table.force_no_tty();
        table.set_width(140);
    }
    table.set_header([
        "provider",
        "what happens",
        "the key is",
        "because",
        "what to do next",
    ]);
    for provider in keyrevoke::providers()
        .iter()
        .filter(|provider| is_wanted(provider.name()))
    {
        let fake = Fake::start(provider.name())
            .await
            .map_err(std::io::Error::other)?;
        for (index, scene) in SCENES.into_iter().enumerate() {
            let (key, revoker) = scene.set(&fake)?;
            let result = revoker.revoke(&key).await;
            fake.behave();
            let state = KeyState::from(&result);
            table.add_row([
                Cell::new(if index == 0 { provider.name() } else { "" }),
                Cell::new(scene.title()),
                Cell::new(state.as_str().to_uppercase()).fg(colour(state)),
                Cell::new(output::reason(&result)),
                Cell::new(output::next_step(&result)),
            ]);
        }
    }
    output::line(&table.to_string())?;
    output::line(
        "\nDEAD is only ever said on the provider's own word. LIVE means that the call changed nothing.\n\
         UNKNOWN is honest: the answer does not tell, and the last column says what does.\n\
         For real keys: keyrevoke revoke PROVIDER:KEY, and see keyrevoke providers.",
    )?;
    Ok(Exit::AllDead)
}

#[derive(Clone, Copy)]
enum Scene {
    Live,
    Dead,
    Missing,
    Refused,
    Outage,
}

const SCENES: [Scene; 5] = [
    Scene::Live,
    Scene::Dead,
    Scene::Missing,
    Scene::Refused,
    Scene::Outage,
];

impl Scene {
    fn title(self) -> &'static str {
        match self {
            Self::Live => "a live key",
            Self::Dead => "a key that is dead already",
            Self::Missing => "a key that nobody knows",
            Self::Refused => "a wrong credential",
            Self::Outage => "the provider is down",
        }
    }

    /// Prepares the fake, and gives the key to revoke and the revoker to do it with.
    fn set(self, fake: &Fake) -> Result<(KeyRef, AnyRevoker), LocalFailure> {
        let mut builder = fake.builder().with_retry(RetryPolicy::immediate());
        let key = match self {
            Self::Live | Self::Refused | Self::Outage => fake.new_key(),
            Self::Dead => fake.dead_key(),
            Self::Missing => fake.unknown_key(),
        };
        match self {
            Self::Refused if fake.info().takes_no_credential() => fake.answer_always(Reply::new(401)),
            Self::Refused => builder = builder.with_credential(fake.wrong_credential()),
            Self::Outage => fake.answer_always(Reply::new(503)),
            _ => {}
        }
        Ok((key, builder.build().map_err(std::io::Error::other)?))
    }
}

fn colour(state: KeyState) -> Color {
    match state {
        KeyState::Dead => Color::Green,
        KeyState::Live => Color::Red,
        KeyState::Unknown => Color::Yellow,
    }
}
