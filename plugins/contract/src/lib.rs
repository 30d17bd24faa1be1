//! Job: the words and doors that the daemon and its plugins agree on.
//! Takes: nothing; every other crate of this workspace depends on it, it depends on none of them.
//! Gives: Event, Note, Source, Session, Sink, Verdict, Complaint, the doors, and the trial.
//! Never: opens a file or a socket, reads a clock or the environment by itself.

pub mod booking;
pub mod change;
pub mod complaint;
pub mod doors;
pub mod event;
pub mod frame;
pub mod metrics;
pub mod money;
pub mod name;
pub mod note;
pub mod note_document;
pub mod plugin;
pub mod secret;
pub mod sink;
pub mod source;
pub mod text;
pub mod trial;
pub mod values;
pub mod verdict;
pub mod written;

pub use booking::{
    Booking, Category, Changed, Channel, Country, Guest, Moment, Party, Revision, Status,
};
pub use change::{FeedChange, FeedState, Gap, GapReason, SinkChange, SinkState};
pub use complaint::{Complaint, Place, Severity};
pub use doors::{Clock, Dial, Entropy, Post};
pub use event::{Body, Event, EventId, Fields, Kind};
pub use frame::Unreadable;
pub use metrics::Metrics;
pub use money::{Currency, Money};
pub use name::{BookingId, FeedName, RuleName, SinkName, SourceName, TeamName};
pub use note::{Address, Level, Line, Note, NoteKey, Receipt};
pub use note_document::NoteDocument;
pub use plugin::{Catalog, Info, OpenContext, SinkPlugin, SourcePlugin};
pub use secret::{Revealed, Secret, SecretForm, Vault};
pub use sink::Sink;
pub use source::{Ack, Cursor, Incoming, Lost, LostKind, Reconnect, Session, Source};
pub use text::Text;
pub use verdict::{Class, Verdict, Why};
