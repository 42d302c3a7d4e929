//! `belisha-reporter verify` and `head`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use belisha_school::School;
use belisha_school::integrity::{self, IntegrityError, PrintedHead};
use belisha_store::journal::{Head, Verdict};
use chrono::Utc;
use serde_json::json;

use crate::args::{Args, Verify, fail};
use crate::opened;
use crate::passwords::Passwords;

pub(crate) fn run(args: &Args, command: &Verify) -> ExitCode {
    if !command.holders.is_empty() && command.holders.len() != 2 {
        return fail(&"give --holder twice: the place of a break is shown to two key holders", 2);
    }
    let printed = match command.against.as_deref().map(read_head).transpose() {
        Ok(printed) => printed,
        Err(code) => return code,
    };
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    match integrity::verify(school.ledger(), printed) {
        Ok(Verdict::Sound { head }) => sound(&school, head, printed, command.json),
        Ok(verdict) => broken(&school, &verdict, command),
        Err(error @ IntegrityError::OtherSchool) => fail(&error, 1),
        Err(error) => fail(&error, 74),
    }
}

fn read_head(file: &Path) -> Result<PrintedHead, ExitCode> {
    let text = fs::read_to_string(file).map_err(|error| fail(&format!("{}: {error}", file.display()), 74))?;
    text.parse().map_err(|error| fail(&format!("{}: {error}", file.display()), 65))
}

fn sound(school: &School, head: Head, printed: Option<PrintedHead>, json: bool) -> ExitCode {
    if json {
        println!("{}", json!({ "sound": true, "head": head.hash.to_string() }));
        return ExitCode::SUCCESS;
    }
    println!("Sound. Every event is what was written, and in its place.");
    if printed.is_some() {
        println!("The head that was printed earlier stands in it.");
    }
    println!("Head of {}: {}", school.settings().school, head.hash);
    ExitCode::SUCCESS
}

fn broken(school: &School, verdict: &Verdict, command: &Verify) -> ExitCode {
    if command.json {
        println!("{}", json!({ "sound": false }));
    } else {
        println!("BROKEN. The journal is not what was written.");
        println!("Keep the data folder as it is, take a copy of it, and tell the head or the chair of governors.");
    }
    let [first, second] = &command.holders[..] else {
        if !command.json {
            println!("Two key holders can see the place: belisha-reporter verify --holder NAME --holder NAME");
        }
        return ExitCode::from(1);
    };
    let passwords = Passwords::new(command.passwords_stdin);
    let keys = school.ledger().keys();
    let unlock = |name: &String| {
        let password = passwords.ask(name).map_err(|error| fail(&error, 74))?;
        let holder = holder_of(school, name);
        keys.unlock(&holder, &password).map_err(|error| fail(&error, 1))
    };
    let (first, second) = match (unlock(first), unlock(second)) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(code), _) | (_, Err(code)) => return code,
    };
    match integrity::show_break(school.ledger(), verdict, [&first, &second], Utc::now()) {
        Ok(Some(place)) => {
            println!("{}", integrity::describe(place));
            ExitCode::from(1)
        }
        Ok(None) => ExitCode::from(1),
        Err(error) => fail(&error, 1),
    }
}

pub(crate) fn head(args: &Args, out: Option<&Path>) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let head = match integrity::head(school.ledger()) {
        Ok(head) => head,
        Err(error) => return fail(&error, 74),
    };
    let page = format!(
        "Head of the journal of {}\nPrinted {}\n\n{head}\n\nKeep this away from the machine. Later, `belisha-reporter \
         verify --against FILE`\nwith a file that holds the line above tells whether anything before it was changed.\n",
        school.settings().school,
        Utc::now().format("%Y-%m-%d %H:%M UTC"),
    );
    match out {
        None => {
            print!("{page}");
            ExitCode::SUCCESS
        }
        Some(file) => match fs::write(file, page) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&format!("{}: {error}", file.display()), 74),
        },
    }
}

/// The name of a holder's key: that of the person with this user name.
fn holder_of(school: &School, user: &str) -> String {
    let person = || {
        let login = user.parse().ok()?;
        let authority = belisha_school::authority::Authority::load(school.ledger()).ok()?;
        authority.roll().account(&login).map(|account| account.id.to_string())
    };
    person().unwrap_or_else(|| user.to_owned())
}
