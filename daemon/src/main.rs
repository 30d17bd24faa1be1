//! Job: the life of the program.
//! Takes: the arguments, the environment, the signals.
//! Gives: an exit code.
//! Never: leaves exiting to anyone else.

use std::process::ExitCode;

use clap::Parser;
use deskbell::app::environment::Environment;
use deskbell::commands::{self, cli::Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = Environment::of_process();
    ExitCode::from(commands::run(cli, environment).code())
}
