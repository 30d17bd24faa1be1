//! Job: the configuration, read for a command.
//! Takes: the layers of the command line, the environment, the doors.
//! Gives: what was read, complaints on standard error, where the state is kept.
//! Never: keeps a command that only looks from looking, because of a mistake elsewhere.

use std::path::PathBuf;
use std::sync::Arc;

use contract::Complaint;
use contract::written::{Table, Written};
use jiff::tz::TimeZone;

use super::cli::Layers;
use super::failure::Failure;
use super::printing::Screen;
use crate::app::catalog::catalog;
use crate::app::doors::Doors;
use crate::app::environment::{Environment, machine_zone};
use crate::app::exit::Exit;
use crate::app::running::Loader;
use crate::config::complain;
use crate::config::{self, LoadRequest, Loaded};

/// The configuration of the whole system.
const SYSTEM_FILE: &str = "/etc/deskbell/deskbell.toml";

/// Where a daemon keeps its state, and when its days begin.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// The folder of the outbox and of the control socket.
    pub(super) state_dir: PathBuf,
    /// The zone in which times are shown.
    pub(super) zone: TimeZone,
}

/// How to read the configuration, now and at each reload.
pub(super) fn loader(layers: &Layers, environment: &Environment, doors: &Doors) -> Loader {
    let (request, doors) = (request(layers, environment), doors.clone());
    Arc::new(move || config::load(&request, &catalog(), &doors.open_context("")))
}

/// Reads the configuration.
pub(super) fn load(layers: &Layers, environment: &Environment, doors: &Doors) -> Loaded {
    let request = request(layers, environment);
    config::load(&request, &catalog(), &doors.open_context(""))
}

fn request(layers: &Layers, environment: &Environment) -> LoadRequest {
    LoadRequest {
        files: layers.config.clone(),
        sets: layers.set.clone(),
        environment: environment.all().clone(),
        system_file: SYSTEM_FILE.into(),
        zone: machine_zone(),
    }
}

/// Says complaints on standard error.
pub(super) fn complain(complaints: &[Complaint], environment: &Environment) {
    let screen = Screen::of_process(environment);
    remark(complaints, &screen);
}

fn remark(complaints: &[Complaint], screen: &Screen) {
    if !complaints.is_empty() {
        screen.remark(&complain::show(complaints, screen.remarks));
    }
}

/// What was read, for a command that needs all of it.
///
/// # Errors
/// When anything is wrong with it, which is then told already.
pub(super) fn usable(loaded: Loaded, screen: &Screen) -> Result<config::Usable, Failure> {
    match loaded.usable {
        Some(usable) => Ok(usable),
        None => {
            remark(&loaded.complaints, screen);
            Err(Failure::Told(Exit::Configuration))
        }
    }
}

/// Where the daemon lives, for a command that only looks. A mistake elsewhere in the configuration,
/// or a secret that only the daemon may read, does not matter here.
///
/// # Errors
/// When no folder is named.
pub(super) fn home(
    loaded: &Loaded,
    environment: &Environment,
    screen: &Screen,
) -> Result<Home, Failure> {
    if let Some(usable) = &loaded.usable {
        let daemon = &usable.daemon;
        return Ok(Home { state_dir: daemon.state_dir.clone(), zone: daemon.time_zone.clone() });
    }
    let daemon = loaded.effective.value("daemon").and_then(Written::table);
    let named = |key: &str| daemon.and_then(|table: &Table| table.value(key)?.text());
    let zone = named("time_zone").and_then(|name| TimeZone::get(name).ok());
    let zone = zone.unwrap_or_else(machine_zone);
    let written = named("state_dir").map(PathBuf::from);
    match written.or_else(|| config::state_dir_of(environment.all())) {
        Some(state_dir) => Ok(Home { state_dir, zone }),
        None => {
            remark(&loaded.complaints, screen);
            Err(Failure::Told(Exit::Configuration))
        }
    }
}
