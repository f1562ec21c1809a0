//! Ctrl-C that loses nothing: the first lets the request that is under way finish and starts no other, the second
//! gives it up.

use keyrevoke::{AttemptEnd, AttemptStart, BoxFuture, Observer, Veto};
use tokio::sync::watch;

use crate::output;

/// How often Ctrl-C was pressed, and whether a request is under way.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    presses: u32,
    in_flight: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Stop(watch::Sender<State>);

impl Stop {
    /// Takes Ctrl-C over for the rest of the process.
    pub(crate) fn listen(&self) {
        let state = self.0.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                state.send_modify(|state| state.presses += 1);
                if state.borrow().presses == 1 && state.borrow().in_flight {
                    output::complain(
                        "finishing the request that is under way; press Ctrl-C again to give it up",
                    );
                }
            }
        });
    }

    pub(crate) fn is_pressed(&self) -> bool {
        self.0.borrow().presses > 0
    }

    /// Completes when a call has to end: pressed twice, or once and no request is under way.
    pub(crate) async fn reached(&self) {
        let mut state = self.0.subscribe();
        // Fails only if the sender is gone, and that is in `self`.
        let _ = state
            .wait_for(|state| state.presses > 1 || (state.presses == 1 && !state.in_flight))
            .await;
    }
}

impl Observer for Stop {
    fn before_attempt<'a>(&'a self, _: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        Box::pin(async {
            if self.is_pressed() {
                return Err(Veto::new("ended by Ctrl-C"));
            }
            self.0.send_modify(|state| state.in_flight = true);
            Ok(())
        })
    }

    fn after_attempt<'a>(&'a self, _: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async { self.0.send_modify(|state| state.in_flight = false) })
    }
}
