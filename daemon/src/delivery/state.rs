//! Job: the states of a delivery.
//! Takes: nothing.
//! Gives: `State`, its words, and which of them are final.
//! Never: loses a delivery: every one ends in a state that can be seen.

use std::fmt;

use contract::Class;

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Due at its time, never tried.
    Pending,
    /// Handed to its sink; the answer is not recorded yet.
    Claimed,
    /// Due again after a failed try.
    Waiting,
    /// Kept back.
    Held(HeldReason),
    /// Its sink took it.
    Sent,
    /// Given up.
    Dead(DeadReason),
    /// Too old to ring.
    Expired,
    /// Taken back.
    Withdrawn(WithdrawnBy),
    /// Its sink is no longer configured.
    Parked,
}

/// Why a delivery is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeldReason {
    /// A person paused the sink, or all of them.
    Paused,
    /// Its sink is down.
    SinkDown,
    /// Its sink asked us to wait.
    Throttled,
    /// Its sink is disabled.
    Disabled,
}

/// Why a delivery was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadReason {
    /// Every try failed.
    Attempts,
    /// Older than `give_up_after`.
    Age,
    /// It can never pass.
    Rejected(Class),
}

/// Who took a delivery back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WithdrawnBy {
    /// A person.
    Person,
    /// The rule, or the whole daemon, was in shadow.
    Shadow,
}

impl State {
    /// Says whether nothing more happens by itself.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Claimed | Self::Waiting | Self::Held(_))
    }

    /// The word it is shown by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Claimed => "claimed",
            Self::Waiting => "waiting",
            Self::Held(_) => "held",
            Self::Sent => "sent",
            Self::Dead(_) => "dead",
            Self::Expired => "expired",
            Self::Withdrawn(_) => "withdrawn",
            Self::Parked => "parked",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Held(why) => write!(f, " ({})", why.word()),
            Self::Dead(why) => write!(f, " ({why})"),
            Self::Withdrawn(WithdrawnBy::Person) => f.write_str(" (by a person)"),
            Self::Withdrawn(WithdrawnBy::Shadow) => f.write_str(" (shadow)"),
            _ => Ok(()),
        }
    }
}

impl HeldReason {
    /// The words it is shown by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::SinkDown => "sink down",
            Self::Throttled => "throttled",
            Self::Disabled => "sink disabled",
        }
    }
}

impl fmt::Display for DeadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempts => f.write_str("every try failed"),
            Self::Age => f.write_str("too old"),
            Self::Rejected(class) => write!(f, "rejected: {class}"),
        }
    }
}
