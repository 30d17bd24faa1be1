//! Job: what the end of a connection means.
//! Takes: a close code, or the fault that ended it.
//! Gives: `Lost` by the reaction it calls for, and the code we close with.
//! Never: repeats a server's words unprintable or at length.

use contract::frame::{Reason, Unreadable};
use contract::{Lost, LostKind, text};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// How a fault ends the connection.
pub(crate) struct Ending {
    /// What is told to intake.
    pub(crate) lost: Lost,
    /// The code we close with, where the fault is the server's.
    pub(crate) code: Option<CloseCode>,
    /// The frame that did it, where it was one.
    pub(crate) offender: Option<Unreadable>,
}

/// What the server's close means.
pub(crate) fn closed(frame: Option<&CloseFrame>) -> Lost {
    let Some(frame) = frame else {
        return Lost::new(LostKind::Dropped, "closed by the server without a code");
    };
    let code = u16::from(frame.code);
    let kind = match code {
        1008 => LostKind::Denied,
        1013 => LostKind::Busy,
        1010 | 4000..=4999 => LostKind::Config,
        _ => LostKind::Dropped,
    };
    let reason = text::cut(&text::clean(frame.reason.as_str()), 200);
    let colon = if reason.is_empty() { "" } else { ": " };
    Lost::new(kind, format!("closed by the server with {code}{colon}{reason}"))
}

/// What a fault of the connection means.
pub(crate) fn broken(error: &Error) -> Ending {
    let dropped = |said: String| Ending {
        lost: Lost::new(LostKind::Dropped, said),
        code: None,
        offender: None,
    };
    match error {
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            let said = format!("a frame of {size} bytes; `max_frame` allows {max_size}");
            let mut frame = Unreadable::new(Reason::TooLarge, &said, &[]);
            frame.length = *size as u64;
            offence(said, CloseCode::Size, Some(frame))
        }
        Error::Utf8(_) => {
            let said = "a text frame that is not UTF-8";
            let frame = Unreadable::new(Reason::NotUtf8, said, &[]);
            offence(said.to_owned(), CloseCode::Invalid, Some(frame))
        }
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            dropped("the connection was cut".to_owned())
        }
        Error::Io(error) => dropped(format!("the connection broke: {error}")),
        Error::Protocol(fault) => offence(fault.to_string(), CloseCode::Protocol, None),
        other => dropped(other.to_string()),
    }
}

fn offence(said: String, code: CloseCode, offender: Option<Unreadable>) -> Ending {
    let said = format!("{said}: closed with {}", u16::from(code));
    Ending { lost: Lost::new(LostKind::Offence, said), code: Some(code), offender }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_close_code_has_its_reaction() {
        let cases = [
            (1000, LostKind::Dropped),
            (1001, LostKind::Dropped),
            (1006, LostKind::Dropped),
            (1008, LostKind::Denied),
            (1009, LostKind::Dropped),
            (1011, LostKind::Dropped),
            (1012, LostKind::Dropped),
            (1013, LostKind::Busy),
            (4000, LostKind::Config),
            (4999, LostKind::Config),
        ];
        for (code, kind) in cases {
            let frame = CloseFrame { code: CloseCode::from(code), reason: "why\u{1b}[2J".into() };
            let lost = closed(Some(&frame));
            assert_eq!(lost.kind, kind, "{code}");
            assert_eq!(lost.said.as_str(), format!("closed by the server with {code}: why[2J"));
        }
        assert_eq!(closed(None).kind, LostKind::Dropped);
    }
}
