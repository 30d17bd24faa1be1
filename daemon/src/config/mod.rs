//! Job: reads what an admin wrote.
//! Takes: files, layers, overrides, the catalog of plugins, the doors.
//! Gives: what the stations need, or every complaint at once.
//! Never: touches the network, reads the environment or the clock by itself.

pub mod complain;
pub mod load;
pub mod origin;
pub mod schema;

mod daemon_section;
mod defaults;
mod delivery;
mod effective;
mod files;
mod history;
mod instances;
mod intake;
mod layers;
mod masks;
mod mistakes;
mod money;
mod names;
mod order;
mod overrides;
mod rates;
mod ruling;
mod sections;
mod team;
mod web;

pub use daemon_section::{Durability, LogLevel};
pub use defaults::BUILT_IN;
pub use delivery::DeliveryPolicy;
pub use effective::ContentDigest;
pub use history::HistorySection;
pub use instances::{SinkInstance, SourceInstance};
pub use intake::IntakeSection;
pub use load::{Daemon, LoadRequest, Loaded, Usable, load, state_dir_of};
pub use ruling::plan_of;
pub use web::WebSection;
