//! Sends one request over one connection, and reads the whole answer.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use crate::s3::Server;

/// A whole answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The texts of the elements of this name.
    pub(super) fn elements(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let after = self.text().split(open.as_str()).skip(1);
        after.map(|text| text.split(close.as_str()).next().unwrap()).collect()
    }

    /// The text of the only element of this name.
    pub(super) fn element(&self, name: &str) -> &str {
        let elements = self.elements(name);
        assert_eq!(elements.len(), 1, "{name} in {}", self.text());
        elements[0]
    }
}

/// GETs a path and its query.
pub(super) fn get(server: &Server, target: &str) -> Reply {
    request(server, "GET", target, &[])
}

/// Sends a request, and expects an answer.
pub(super) fn request(server: &Server, method: &str, target: &str, headers: &[(&str, &str)]) -> Reply {
    let (mut bytes, end) = exchange(server, method, target, headers);
    end.unwrap();
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let body = bytes.split_off(at + 4);
    let head = String::from_utf8(bytes).unwrap();
    Reply { status: head[9..12].parse().unwrap(), head, body }
}

/// Sends a request, and reads until the connection ends. Returns the bytes, and how it ended.
pub(super) fn exchange(
    server: &Server,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> (Vec<u8>, io::Result<usize>) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: s3.test\r\nConnection: close\r\n");
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes);
    (bytes, end)
}
