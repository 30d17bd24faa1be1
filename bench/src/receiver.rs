//! Job: the receiver of webhooks: counts and times what is posted, at little cost.
//! Takes: a listener, a ledger, and until when it is to fail.
//! Gives: 204 for each request, 503 while it fails; each receipt written into the ledger.
//! Never: answers before the whole body was read; keeps a body.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::ledger::Ledger;

const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const ILL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
const BAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const REQUEST_BYTES_MAX: usize = 256 * 1024;

/// Receives on every connection until it is dropped; fails for `fail_for` from its start.
///
/// # Errors
/// When the listener fails; a connection's failure ends only that connection.
pub(crate) async fn receive(
    listener: TcpListener,
    ledger: Arc<Ledger>,
    fail_for: Duration,
) -> anyhow::Result<()> {
    let well_from = Instant::now() + fail_for;
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        while connections.try_join_next().is_some() {}
        connections.spawn(converse(stream, ledger.clone(), well_from));
    }
}

async fn converse(mut stream: TcpStream, ledger: Arc<Ledger>, well_from: Instant) {
    let _ = stream.set_nodelay(true);
    let mut bytes: Vec<u8> = Vec::with_capacity(8 * 1024);
    loop {
        match next_request(&bytes) {
            Next::Whole { body, length, key } => {
                let well = Instant::now() >= well_from;
                if well {
                    let key = key.map(|range| &bytes[range]);
                    ledger.receive(&bytes[body..length], key);
                }
                bytes.drain(..length);
                if stream.write_all(if well { TAKEN } else { ILL }).await.is_err() {
                    return;
                }
            }
            Next::Bad => {
                let _ = stream.write_all(BAD).await;
                return;
            }
            Next::Partial => match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
        }
    }
}

/// What stands at the beginning of the bytes read so far.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// A request: where its body begins, where it ends, and where its `webhook-id` stands.
    Whole { body: usize, length: usize, key: Option<Range<usize>> },
    /// The beginning of one.
    Partial,
    /// Nothing that HTTP/1.1 with a length would say, or too much of it.
    Bad,
}

fn next_request(bytes: &[u8]) -> Next {
    let mut body_bytes = 0;
    let mut key = None;
    let mut start = 0;
    while let Some(length) = bytes[start..].iter().position(|&byte| byte == b'\n') {
        let line = start..start + length;
        start = line.end + 1;
        if bytes[line.clone()].trim_ascii().is_empty() {
            return whole_or_partial(start, body_bytes, key, bytes.len());
        }
        match header(&bytes[line.clone()]) {
            Header::Length(length) => body_bytes = length,
            Header::Key(at) => key = Some(line.start + at.start..line.start + at.end),
            Header::Other => {}
            Header::Bad => return Next::Bad,
        }
    }
    if bytes.len() < REQUEST_BYTES_MAX { Next::Partial } else { Next::Bad }
}

fn whole_or_partial(body: usize, body_bytes: usize, key: Option<Range<usize>>, had: usize) -> Next {
    let length = body + body_bytes;
    match length {
        _ if length > REQUEST_BYTES_MAX => Next::Bad,
        _ if length > had => Next::Partial,
        _ => Next::Whole { body, length, key },
    }
}

/// What a line of the head says to us.
enum Header {
    /// How many bytes the body has.
    Length(usize),
    /// Where in the line the idempotency key stands.
    Key(Range<usize>),
    /// Nothing, as the first line does.
    Other,
    /// What cannot be counted.
    Bad,
}

fn header(line: &[u8]) -> Header {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else { return Header::Other };
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    if name.eq_ignore_ascii_case(b"content-length") {
        read_length(value).map_or(Header::Bad, Header::Length)
    } else if name.eq_ignore_ascii_case(b"webhook-id") {
        let start = line.len() - line[colon + 1..].trim_ascii_start().len();
        Header::Key(start..start + value.len())
    } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
        Header::Bad
    } else {
        Header::Other
    }
}

fn read_length(value: &[u8]) -> Option<usize> {
    let length = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    (length <= REQUEST_BYTES_MAX).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Ids;

    const REQUEST: &str = "POST /hook HTTP/1.1\r\nhost: a\r\nWebhook-Id: d1\r\n\
                           Content-Length: 27\r\n\r\n{\"id\":\"BK-20261123-0000001\"}";

    #[test]
    fn a_request_is_whole_only_with_its_last_byte() {
        for end in 0..REQUEST.len() - 1 {
            assert_eq!(next_request(&REQUEST.as_bytes()[..end]), Next::Partial, "{end} bytes");
        }
        let Next::Whole { body, length, key } = next_request(REQUEST.as_bytes()) else {
            panic!("not whole");
        };
        assert_eq!(&REQUEST[key.unwrap()], "d1");
        assert_eq!((&REQUEST[body..=body], length), ("{", REQUEST.len() - 1));
    }

    #[test]
    fn what_the_receiver_cannot_count_is_refused() {
        let cases = [
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 262145\r\n\r\n",
        ];
        for case in cases {
            assert_eq!(next_request(case.as_bytes()), Next::Bad, "{case}");
        }
    }

    async fn post_twice(fail_for: Duration) -> (String, u64, u64) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ledger = Arc::new(Ledger::open(4, Ids::Sequential));
        let mut tasks = JoinSet::new();
        tasks.spawn(receive(listener, ledger.clone(), fail_for));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = r#"{"id":"BK-20261123-00000001"}"#;
        let head = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}{head}{body}").as_bytes()).await.unwrap();
        let mut answers = Vec::new();
        while answers.windows(4).filter(|four| four == b"\r\n\r\n").count() < 2 {
            stream.read_buf(&mut answers).await.unwrap();
        }
        tasks.shutdown().await;
        let tally = ledger.tally(1);
        (String::from_utf8(answers).unwrap(), tally.rung, tally.twice)
    }

    #[tokio::test]
    async fn a_receipt_is_answered_204_and_a_repeat_is_counted() {
        let (answers, rung, twice) = post_twice(Duration::ZERO).await;
        assert_eq!((answers.matches("204").count(), rung, twice), (2, 1, 1));
    }

    #[tokio::test]
    async fn a_failing_receiver_answers_503_and_counts_nothing() {
        let (answers, rung, twice) = post_twice(Duration::from_secs(60)).await;
        assert_eq!((answers.matches("503").count(), rung, twice), (2, 0, 0));
    }
}
