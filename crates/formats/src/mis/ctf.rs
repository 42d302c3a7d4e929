//! Common Transfer Files: pupils who come from another school, with their contacts.

use std::collections::BTreeSet;

use belisha_policy::people::{NcYear, Upn};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::claims::{At, ContactClaim, LinkClaim, PupilClaim, Said, SourceId};
use super::rows::checked_name;
use super::{Content, File, Refusal, Remark};
use crate::sheet::Lines;
use crate::sheet::date::{self, Order};

/// The deepest that elements lie in one another; the format has nine.
const DEEPEST: usize = 32;

/// The most pupils of one file.
const MOST: usize = 20_000;

/// What is read of a pupil or a contact; nothing else is ever taken.
#[derive(Default)]
struct Fields {
    line: u64,
    upn: String,
    surname: String,
    forename: String,
    known_surname: String,
    known_forename: String,
    born: String,
    year: String,
    email: String,
    relationship: String,
    order: String,
    responsibility: String,
}

impl Fields {
    /// Where the text of an element goes.
    fn of(&mut self, element: &[u8]) -> Option<&mut String> {
        Some(match element {
            b"UPN" => &mut self.upn,
            b"Surname" => &mut self.surname,
            b"Forename" => &mut self.forename,
            b"PreferredSurname" => &mut self.known_surname,
            b"PreferredForename" => &mut self.known_forename,
            b"DOB" => &mut self.born,
            b"NCyearActual" => &mut self.year,
            b"Email" => &mut self.email,
            b"Relationship" => &mut self.relationship,
            b"Order" => &mut self.order,
            b"Responsibility" | b"ParentalResponsibility" => &mut self.responsibility,
            _ => return None,
        })
    }
}

/// Reads a file.
pub(super) fn read(name: &str, text: &str) -> Result<File, Refusal> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().trim_text(true);
    let mut walk = Walk {
        name,
        lines: Lines::new(text),
        path: Vec::new(),
        pupil: None,
        contact: None,
        of_pupil: Vec::new(),
        file: Parts::default(),
    };
    loop {
        match reader.read_event().map_err(|_| Refusal::Ctf("its elements do not fit together"))? {
            Event::Start(element) => {
                let line = walk.lines.at(reader.buffer_position());
                walk.begin(element.local_name().as_ref(), line)?;
            }
            Event::End(_) => walk.end()?,
            Event::Text(text) => {
                let text = text.decode().map_err(|_| Refusal::Ctf("its text is damaged"))?;
                walk.text(&text);
            }
            Event::GeneralRef(entity) => walk.entity(&entity)?,
            Event::DocType(_) => return Err(Refusal::Ctf("it defines things of its own, as only hostile files do")),
            Event::Eof => break,
            Event::Empty(_) | Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if !walk.path.is_empty() {
        return Err(Refusal::Ctf("it ends too early"));
    }
    if walk.file.pupils.is_empty() && walk.file.complaints.is_empty() {
        return Err(Refusal::Ctf("there is no pupil in it"));
    }
    let Parts { pupils, contacts, links, complaints } = walk.file;
    let content = Content::PupilsAndContacts(pupils, contacts, links);
    Ok(File { system: "ctf", content, complaints, notes: Vec::new() })
}

#[derive(Default)]
struct Parts {
    pupils: Vec<PupilClaim>,
    contacts: Vec<ContactClaim>,
    links: Vec<LinkClaim>,
    complaints: Vec<Remark>,
}

struct Walk<'a> {
    name: &'a str,
    lines: Lines<'a>,
    path: Vec<Vec<u8>>,
    pupil: Option<Fields>,
    contact: Option<Fields>,
    of_pupil: Vec<Fields>,
    file: Parts,
}

impl Walk<'_> {
    fn begin(&mut self, element: &[u8], line: u64) -> Result<(), Refusal> {
        if self.path.len() >= DEEPEST {
            return Err(Refusal::Ctf("its elements lie too deep in one another"));
        }
        if self.path.is_empty() && element != b"CTfile" {
            return Err(Refusal::Ctf("its first element is not CTfile"));
        }
        match element {
            b"Pupil" if self.pupil.is_none() => self.pupil = Some(Fields { line, ..Fields::default() }),
            b"Contact" if self.pupil.is_some() => self.contact = Some(Fields { line, ..Fields::default() }),
            _ => {}
        }
        self.path.push(element.to_vec());
        Ok(())
    }

    fn text(&mut self, text: &str) {
        // What is a pupil's own lies in the pupil or in the basic details, and a contact's in the contact.
        let parent = self.path.len().checked_sub(2).and_then(|at| self.path.get(at)).map(Vec::as_slice);
        let Some(element) = self.path.last() else { return };
        let fields = match parent {
            Some(b"Contact") => self.contact.as_mut(),
            Some(b"Pupil" | b"BasicDetails") => self.pupil.as_mut(),
            _ => None,
        };
        if let Some(to) = fields.and_then(|fields| fields.of(element)) {
            to.push_str(text);
        }
    }

    /// The five entities of XML itself, and numbers of characters.
    fn entity(&mut self, entity: &quick_xml::events::BytesRef<'_>) -> Result<(), Refusal> {
        let unknown = Refusal::Ctf("it has an entity that is none of the format");
        let letter = match entity.resolve_char_ref() {
            Ok(Some(letter)) => letter,
            Ok(None) => match &**entity {
                b"amp" => '&',
                b"lt" => '<',
                b"gt" => '>',
                b"apos" => '\'',
                b"quot" => '"',
                _ => return Err(unknown),
            },
            Err(_) => return Err(unknown),
        };
        self.text(letter.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        match self.path.pop().as_deref() {
            Some(b"Contact") => self.of_pupil.extend(self.contact.take()),
            Some(b"Pupil") => {
                let contacts = std::mem::take(&mut self.of_pupil);
                let Some(pupil) = self.pupil.take() else { return Ok(()) };
                if self.file.pupils.len() >= MOST {
                    return Err(Refusal::Ctf("it has more pupils than any school"));
                }
                self.take(&pupil, &contacts);
            }
            _ => {}
        }
        Ok(())
    }

    fn take(&mut self, fields: &Fields, contacts: &[Fields]) {
        let pupil = match pupil(self.name, fields) {
            Ok(pupil) => pupil,
            Err(text) => return self.complain(fields.line, text),
        };
        let key = pupil.ids.first().cloned();
        for contact in contacts {
            let Some(pupil) = key.clone() else { break };
            let at = At { file: self.name.to_owned(), line: contact.line };
            let name = match checked_name(&contact.surname, &contact.forename) {
                Ok(name) => name,
                Err(text) => {
                    self.complain(contact.line, text);
                    continue;
                }
            };
            let email = Some(contact.email.clone()).filter(|email| email.contains('@'));
            self.file.links.push(LinkClaim {
                at: at.clone(),
                pupil,
                contact: self.file.contacts.len(),
                relationship: contact.relationship.clone(),
                priority: contact.order.parse().ok(),
                responsibility: match contact.responsibility.as_str() {
                    "Y" | "true" | "1" => Some(true),
                    "N" | "false" | "0" => Some(false),
                    _ => None,
                },
                court_order: None,
            });
            self.file.contacts.push(ContactClaim { at, ids: BTreeSet::new(), name, email });
        }
        self.file.pupils.push(pupil);
    }

    fn complain(&mut self, line: u64, text: String) {
        self.file.complaints.push(Remark { file: self.name.to_owned(), line: Some(line), text });
    }
}

fn pupil(file: &str, fields: &Fields) -> Result<PupilClaim, String> {
    let upn = match fields.upn.as_str() {
        "" => None,
        text => Some(text.parse::<Upn>().map_err(|error| error.to_string())?),
    };
    let known =
        |known: &str, of_register: &str| if known.is_empty() { of_register.to_owned() } else { known.to_owned() };
    let (surname, forename) =
        (known(&fields.known_surname, &fields.surname), known(&fields.known_forename, &fields.forename));
    checked_name(&surname, &forename)?;
    let name = checked_name(&fields.surname, &fields.forename)?;
    let name = name.going_by(&surname, &forename).map_err(|error| error.to_string())?;
    let born = match fields.born.as_str() {
        "" => None,
        text => Some(date::read(text, Order::DayFirst).ok_or("the date of birth is no day")?),
    };
    // Years of nursery are written otherwise, and whoever has none is in none.
    let year = fields.year.parse::<NcYear>().ok();
    let ids = upn.iter().map(|upn| SourceId { system: "upn", id: upn.as_str().to_owned() }).collect();
    Ok(PupilClaim {
        at: At { file: file.to_owned(), line: fields.line },
        ids,
        upn,
        name,
        born,
        year,
        class: None,
        login: None,
        email: None,
        joined: None,
        left: Said::Unsaid,
    })
}
