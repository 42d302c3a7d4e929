//! A real browser, over plain HTTP.

use std::process::Stdio;

use crate::support::School;
use belisha_testkit::{Origin, program};

#[test]
fn a_browser_gets_the_page_that_is_allowed_and_the_block_page() {
    let origin = Origin::start("<!DOCTYPE html><title>t</title><h1>a page of the origin</h1>");
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let (_proxy, url) = school.serve();
    let profile = tempfile::TempDir::new().unwrap();
    let visit = |page: &str| {
        let mut chromium = program("chromium")?;
        chromium
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--proxy-server={url}"))
            // Without this a browser goes to this machine's own addresses directly.
            .arg("--proxy-bypass-list=<-loopback>")
            .arg(page);
        let output = chromium.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(allowed) = visit(&format!("http://{}/", origin.address())) else { return };
    assert!(allowed.contains("a page of the origin"), "{allowed}");
    let reached = origin.requests();
    assert!(reached >= 1);
    let blocked = visit("http://www.wager.test/").unwrap();
    assert!(blocked.contains("closed at school") && blocked.contains("0800 1111"), "{blocked}");
    assert_eq!(origin.requests(), reached, "nothing of the second page went there");
}
