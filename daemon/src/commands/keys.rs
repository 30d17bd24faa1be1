//! Job: single keys from a terminal.
//! Takes: standard input.
//! Gives: each key as it is pressed; lines' first letters where input is no terminal.
//! Never: leaves the terminal as it made it: dropping restores it.

use std::io::{IsTerminal, Read};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

/// How many keys wait; more are lost.
const KEYS_MAX: usize = 16;

/// The keys of a terminal.
pub(super) struct Keys {
    pressed: mpsc::Receiver<char>,
    before: Option<Termios>,
}

impl Keys {
    /// Takes keys one by one, without waiting for the end of a line, and shows none of them.
    /// Ctrl-C stays a signal.
    pub(super) fn take() -> Self {
        let input = std::io::stdin();
        let before = if input.is_terminal() { tcgetattr(&input).ok() } else { None };
        if let Some(before) = &before {
            let mut single = before.clone();
            single.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            // A terminal that refuses keeps its lines: a key then counts at the end of its line.
            let _ = tcsetattr(&input, OptionalActions::Now, &single);
        }
        let (press, pressed) = mpsc::channel(KEYS_MAX);
        // Reading standard input cannot be given up, so this thread is left to the process's end.
        std::thread::spawn(move || {
            for key in std::io::stdin().lock().bytes().map_while(Result::ok) {
                if press.is_closed() {
                    return;
                }
                // A full channel loses the key: nobody presses sixteen in a blink.
                let _ = press.try_send(char::from(key));
            }
        });
        Self { pressed, before }
    }

    /// The next key. Waits for ever once there are no more. Cancel-safe.
    pub(super) async fn next(&mut self) -> char {
        match self.pressed.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // Nothing can be done where the terminal has gone.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
