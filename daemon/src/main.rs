//! Job: the life of the program.
//! Takes: the arguments, the environment, the signals.
//! Gives: an exit code.
//! Never: leaves exiting to anyone else.

use std::process::ExitCode;

use clap::Parser;
use deskbell::app::environment::Environment;
use deskbell::commands::{self, cli::Cli};

/// Events are made on one thread and freed on another, where the system's allocator spends a fifth
/// of the daemon's time.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = Environment::of_process();
    ExitCode::from(commands::run(cli, environment).code())
}
