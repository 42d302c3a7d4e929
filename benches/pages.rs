//! Pages of cases, of the program that schools run: a thousand requests on one connection, in a school of a thousand cases.
//!
//! `BELISHA_REPORTER` names the program. Criterion says nothing of the slowest in a hundred, so this counts for itself.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use belisha_benches::cases::Ready;

const CASES: usize = 1_000;
const REQUESTS: usize = 1_000;

fn main() {
    let Ok(program) = std::env::var("BELISHA_REPORTER") else { return };
    let ready = Ready::new();
    let references = ready.tell(CASES);
    let token = ready.sign_in().reveal().to_string();
    let mut served = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(ready.folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let address = address(&mut served);
    for path in ["/tasks".to_owned(), format!("/cases/{}", references[CASES / 2]), "/cases".to_owned()] {
        let mut connection = BufReader::new(TcpStream::connect(&address).unwrap());
        let (first, length) = ask(&mut connection, &path, &token);
        let mut times: Vec<Duration> = (0..REQUESTS).map(|_| ask(&mut connection, &path, &token).0).collect();
        times.sort_unstable();
        let (half, most) = (times[REQUESTS / 2], times[REQUESTS * 99 / 100]);
        println!("{path}: {length} bytes; first {first:.1?}, half within {half:.1?}, 99 of 100 within {most:.1?}");
    }
    served.kill().unwrap();
    served.wait().unwrap();
}

/// Where the console says that it is.
fn address(served: &mut Child) -> String {
    let lines = BufReader::new(served.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.filter(|line| line.contains("the console is at")).next().unwrap();
    said.rsplit('/').find(|part| !part.is_empty()).unwrap().to_owned()
}

/// Asks for a page, and gives how long it took and how long it is.
fn ask(connection: &mut BufReader<TcpStream>, path: &str, token: &str) -> (Duration, usize) {
    let start = Instant::now();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: belisha={token}\r\n\r\n");
    connection.get_mut().write_all(request.as_bytes()).unwrap();
    let (mut line, mut length) = (String::new(), 0);
    connection.read_line(&mut line).unwrap();
    assert!(line.contains(" 200 "), "{path}: {line}");
    while line.trim() != "" {
        line.clear();
        connection.read_line(&mut line).unwrap();
        if let Some(told) = line.strip_prefix("content-length:") {
            length = told.trim().parse().unwrap();
        }
    }
    connection.read_exact(&mut vec![0; length]).unwrap();
    (start.elapsed(), length)
}
