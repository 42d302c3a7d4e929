//! For those who are here for a time (C-049, R-020).

use super::{Kind, Template};
use crate::audience::{Adults, Audience};
use crate::clause::LibraryClause as C;
use crate::clause::Topic as T;

const FILTER: C =
    C::new("visitors-filter", &[T::Filtering], "The connection is filtered, and I do not try to get round that.");
const MONITOR: C = C::new(
    "visitors-monitoring",
    &[T::Monitoring],
    "What is done on the school's network is logged and monitored, and may be given to the head, the safeguarding lead or the police.",
);
const ENCRYPTED: C = C::new(
    "visitors-encrypted",
    &[T::EncryptedContent],
    "Encrypted content may be looked into for security and safeguarding once I have been told so, with a date.",
);
const PICTURES: C = C::new(
    "visitors-pictures",
    &[T::Pictures, T::OwnDevices],
    "I take no pictures, video or sound of pupils, and use my own phone only where no pupils are.",
);
const CONTACT: C = C::new(
    "visitors-contact",
    &[T::Channels, T::SocialMedia],
    "I exchange no contact details, messages or social media with pupils.",
);
const TELL: C = C::new(
    "visitors-tell",
    &[T::Reporting, T::Safeguarding],
    "Whatever worries me about a child, an adult or something I saw on a screen I tell {lead} before I leave.",
);
const EXTREMISM: C = C::new(
    "visitors-extremism",
    &[T::Extremism],
    "I neither show nor open material that promotes extremism or hatred.",
);

pub(super) const VISITORS: Template = Template {
    name: "visitors",
    title: "Information security rules for visitors and contractors",
    audiences: &[Audience::Adults(Adults::Visitors)],
    opening: "While I use a connection, an account or a device of {school}, I keep to these rules.",
    clauses: &[
        C::new("visitors-purpose", &[T::Purpose], "I use it only for what I am here for."),
        C::new(
            "visitors-account",
            &[T::Passwords, T::OthersAccess],
            "The account I was given is for me alone and ends when my work does. I let nobody else use it.",
        ),
        C::new(
            "visitors-software",
            &[T::Software],
            "I connect or install nothing that was not agreed with {coordinator}, and leave no data and no tools behind.",
        ),
        C::new(
            "visitors-data",
            &[T::Confidentiality, T::Handling],
            "Personal data that I see I neither copy nor take away nor talk about, except where the law requires it.",
        ),
        PICTURES,
        CONTACT,
        EXTREMISM,
        TELL,
        FILTER,
        MONITOR,
        ENCRYPTED,
    ],
    closing: "I sign with my printed name, my firm and the date. If I do not keep to this, I am asked to leave and my firm is told.",
    kind: Kind::Adults,
};

pub(super) const GROUPS: Template = Template {
    name: "groups",
    title: "Online safety agreement for groups that use the school",
    audiences: &[Audience::Adults(Adults::Groups)],
    opening: "Our group uses rooms or devices of {school}. Whoever signs does so for the group, and passes this on to everybody in it.",
    clauses: &[
        C::new(
            "groups-model",
            &[T::Purpose, T::Kindness],
            "We use the internet here as an example to the children who see us do it.",
        ),
        C::new(
            "groups-account",
            &[T::Passwords, T::OthersAccess],
            "We use only the guest access that we were given, and leave the school's other accounts and devices alone.",
        ),
        C::new(
            "groups-supervise",
            &[T::Safeguarding],
            "Children in our group are online only while an adult of ours watches.",
        ),
        C::new("groups-software", &[T::Software], "We install nothing and change no settings."),
        PICTURES,
        CONTACT,
        EXTREMISM,
        TELL,
        FILTER,
        MONITOR,
        ENCRYPTED,
    ],
    closing: "I sign for the group with my printed name and the date. The school may end the hire if we do not keep to this.",
    kind: Kind::Adults,
};
