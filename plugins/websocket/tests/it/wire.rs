//! Job: a server that sends whatever bytes the test says.
//! Takes: connections on a port of the system's choice.
//! Gives: what the client asked and sent.
//! Never: speaks better WebSocket than the test wants.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A listening server.
pub(crate) struct Wire(pub(crate) TcpListener);

/// One connection of it.
pub(crate) struct Peer {
    /// The bytes.
    pub(crate) stream: TcpStream,
    /// The handshake's request as it came.
    pub(crate) request: String,
}

impl Wire {
    /// Listens on a free port.
    pub(crate) async fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// The feed's URL.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}/admin/dashboard?key=in-the-query", self.0.local_addr().unwrap())
    }

    /// Accepts a connection and reads its request.
    pub(crate) async fn accept(&self) -> Peer {
        let (mut stream, _) = self.0.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        Peer { stream, request: String::from_utf8(request).unwrap() }
    }

    /// Accepts a connection, shakes hands, and sends `first` in the same write.
    pub(crate) async fn shake(&self, first: &[u8]) -> Peer {
        let mut peer = self.accept().await;
        let accept = derive_accept_key(peer.header("sec-websocket-key").unwrap().as_bytes());
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n"
        );
        if let Some(protocol) = peer.header("sec-websocket-protocol") {
            answer += &format!("Sec-WebSocket-Protocol: {protocol}\r\n");
        }
        let answer = [answer.as_bytes(), b"\r\n", first].concat();
        peer.send(&answer).await;
        peer
    }

    /// Accepts a connection and answers its request with these lines.
    pub(crate) async fn refuse(&self, lines: &str) -> Peer {
        let mut peer = self.accept().await;
        peer.send(format!("HTTP/1.1 {lines}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
        peer
    }
}

impl Peer {
    /// A header of the request.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.request.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    }

    /// Sends bytes.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads one frame of the client: opcode and payload.
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        let opcode = self.stream.read_u8().await.unwrap() & 0x0f;
        let length = self.stream.read_u8().await.unwrap();
        assert!(length & 0x80 != 0, "a client masks its frames");
        let length = match length & 0x7f {
            126 => usize::from(self.stream.read_u16().await.unwrap()),
            short => usize::from(short),
        };
        let mut mask = [0; 4];
        self.stream.read_exact(&mut mask).await.unwrap();
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.unwrap();
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        (opcode, payload)
    }
}

/// A text frame of a server.
pub(crate) fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}

/// Any frame of a server: its first byte and its payload.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut bytes = vec![first];
    match u8::try_from(length) {
        Ok(short) if short < 126 => bytes.push(short),
        _ => {
            bytes.push(126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}
