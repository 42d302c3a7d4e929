//! A real browser that is told what to do: Chromium by its driver (W3C `WebDriver`).

#![expect(clippy::indexing_slicing, reason = "a JSON value gives null for what is not in it")]

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program;

/// A browser with a window of its own, which ends with the test.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts one whose window is so wide and high, in pixels. Where there is no Chromium or no driver, says so and gives
    /// `None`.
    ///
    /// # Panics
    /// Where it does not start, or is absent and `CI=true`.
    #[must_use]
    pub fn start(width: u32, height: u32) -> Option<Self> {
        program("chromium")?;
        let mut command = program("chromedriver")?;
        let command = command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn().expect("the driver starts");
        let mut said = BufReader::new(driver.stdout.take().expect("it was piped"));
        let port = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).expect("the driver speaks") > 0, "the driver ended at once");
            if let Some((_, port)) = line.trim_end_matches(['.', '\n']).split_once("started successfully on port ") {
                break port.parse().expect("a port");
            }
        };
        // What it says later must go somewhere.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let profile = TempDir::new().expect("a folder for the profile");
        let folder = format!("--user-data-dir={}", profile.path().display());
        let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
        let more = ["--disable-background-networking", "--disable-component-update", "--disable-sync", &folder];
        let flags: Vec<&str> = flags.into_iter().chain(more).collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": flags, "mobileEmulation": {"deviceMetrics": {
                "width": width, "height": height, "pixelRatio": 1.0, "touch": width < 600
            }}},
        }}});
        let mut browser = Self { driver, port, session: String::new(), _profile: profile };
        let made = browser.ask("POST", "/session", &wanted);
        made["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        Some(browser)
    }

    /// Opens a page.
    pub fn open(&self, url: &str) {
        self.tell("url", &json!({ "url": url }));
    }

    /// The address of the page.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn url(&self) -> String {
        self.get("url").as_str().expect("an address").to_owned()
    }

    /// What a person reads on the page.
    #[must_use]
    pub fn text(&self) -> String {
        self.script("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the first element that a CSS selector finds.
    ///
    /// # Panics
    /// Where there is none, or it cannot be clicked.
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.tell(&format!("element/{element}/click"), &json!({}));
    }

    /// Clicks what sends a form or leads elsewhere, and waits for the page that follows.
    ///
    /// # Panics
    /// Where there is nothing to click, or no page follows within twenty seconds.
    pub fn send(&self, selector: &str) {
        let _ = self.script("window.isOfBefore = true");
        self.click(selector);
        let deadline = Instant::now() + Duration::from_secs(20);
        let there = "return !window.isOfBefore && document.readyState === 'complete'";
        while self.try_ask("POST", &self.path("execute/sync"), &json!({ "script": there, "args": [] }))
            != Ok(true.into())
        {
            assert!(Instant::now() < deadline, "no page follows {selector}:\n{}", self.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types a text into a field, in place of what is in it.
    ///
    /// # Panics
    /// Where there is no such field.
    pub fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.tell(&format!("element/{element}/clear"), &json!({}));
        self.tell(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Chooses from a list by what is sent.
    ///
    /// # Panics
    /// Where there is no such list, or nothing of the kind in it.
    pub fn choose(&self, selector: &str, value: &str) {
        self.click(&format!("{selector} option[value='{value}']"));
    }

    /// Has a cookie of the page that is open.
    pub fn cookie(&self, name: &str, value: &str) {
        self.tell("cookie", &json!({"cookie": {"name": name, "value": value, "path": "/", "httpOnly": true}}));
    }

    /// Runs a script in the page, and gives what it returns. One that returns a promise is waited for.
    #[must_use]
    pub fn script(&self, script: &str) -> Value {
        self.tell("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Writes a picture of the whole page into a file.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn picture(&self, file: &Path) {
        let body = self.find("html");
        let shot = self.get(&format!("element/{body}/screenshot"));
        let bytes = BASE64_STANDARD.decode(shot.as_str().expect("a picture")).expect("it is base64");
        fs::write(file, bytes).expect("the picture is written");
    }

    fn find(&self, selector: &str) -> String {
        // A page that is on its way is waited for.
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let found =
                self.try_ask("POST", &self.path("element"), &json!({"using": "css selector", "value": selector}));
            match found {
                Ok(found) => {
                    let id = found.as_object().and_then(|it| it.values().next()).and_then(Value::as_str);
                    return id.expect("an element has an id").to_owned();
                }
                Err(error) if Instant::now() > deadline => panic!("{selector}: {error}\n{}", self.text()),
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn path(&self, of: &str) -> String {
        format!("/session/{}/{of}", self.session)
    }

    fn get(&self, of: &str) -> Value {
        self.ask("GET", &self.path(of), &Value::Null)
    }

    fn tell(&self, what: &str, with: &Value) -> Value {
        self.ask("POST", &self.path(what), with)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let answer = self.exchange(method, path, body).map_err(|error| error.to_string())?;
        let mut value: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        let value = value["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or_default())),
            None => Ok(value),
        }
    }

    /// Sends a request to the driver, and gives the body of its answer.
    fn exchange(&self, method: &str, path: &str, body: &Value) -> io::Result<Vec<u8>> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", self.port);
        write!(stream, "{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        // The driver keeps connections open: what it answers is as long as it says.
        let mut answer = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while answer.read_line(&mut line)? > 0 && !line.trim_end().is_empty() {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        Ok(body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.try_ask("DELETE", &format!("/session/{}", self.session), &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
