//! For those who work, help or govern here (R-051..R-065).

use super::{Kind, Template};
use crate::audience::{Adults, Audience};
use crate::clause::LibraryClause as C;
use crate::clause::Topic as T;

pub(super) const STAFF: Template = Template {
    name: "staff",
    title: "Acceptable use agreement for staff, volunteers and governors",
    audiences: &[
        Audience::Adults(Adults::Staff),
        Audience::Adults(Adults::Governors),
        Audience::Adults(Adults::Volunteers),
    ],
    opening: "This is about the systems, accounts, devices and data of {school}, wherever you use them.",
    clauses: &[
        C::new("adults-use", &[T::Purpose], "I use them professionally. Private use is reasonable only as far as the head and the governing body say it is."),
        C::new("adults-passwords", &[T::Passwords], "I choose strong passwords, use the second factor, and tell my passwords to nobody."),
        C::new("adults-others", &[T::OthersAccess], "I let nobody use my account or see what they are not entitled to: I lock my screen, and use nobody else's account."),
        C::new("adults-handling", &[T::Handling], "I save, print, carry and delete documents securely, and keep no personal data longer or in more places than needed."),
        C::new("adults-role", &[T::Purpose, T::Consequences], "I do nothing online, at work or outside it, that is not compatible with my role."),
        C::new("adults-email", &[T::Channels], "For school business I use only {email}."),
        C::new("adults-channels", &[T::Channels], "With pupils and parents I communicate only through {channel}: no private messages, numbers or accounts."),
        C::new("adults-situations", &[T::Situations, T::Safeguarding], "I avoid what could be misread: no call, chat or lesson with one child that nobody else could join, and no screen that others may not see. Where it could not be avoided I tell {lead} the same day."),
        C::new("adults-extremism", &[T::Extremism], "I do not support extremism, give it a platform, or browse, download or send material that promotes it, unless it is for safeguarding or teaching and agreed beforehand."),
        C::new("adults-report", &[T::Reporting], "I report at once to {coordinator} what I open by accident, what inappropriate I receive, where the filter fails, and equipment that is damaged or lost. What I report myself is recorded as reported by me."),
        C::new("adults-software", &[T::Software], "I use no software or service that gets round the filter, and install none without a licence and permission."),
        C::new("adults-pictures", &[T::Pictures, T::OwnDevices], "I take pictures of pupils only with equipment of the school and where their parents' permission covers it, store them only in {storage}, and never put a pupil's name to them or in a file name. I use no camera, phone or device of my own for it; at events open to families I may picture my own child alone.").version(2),
        C::new("adults-social", &[T::SocialMedia], "I keep private social networking apart from work: secured, without pupils or their parents as contacts, without a word about pupils, parents or colleagues, and without anything that could be taken for the school's business or opinion.").version(2),
        C::new("adults-own", &[T::OwnDevices], "I do not sign in with private accounts on school devices, which may copy private data across, nor with school accounts on devices that others use."),
        C::new("adults-phones", &[T::OwnDevices], "A phone or other device of my own that I bring to school holds nothing unsuitable or illegal, and I use it only where and when the school allows."),
        C::new("adults-remote", &[T::RemoteAccess], "From elsewhere I work only through {remote}, and I encrypt whatever personal data leaves the school."),
        C::new("adults-confidential", &[T::Confidentiality], "What I learn from the school's information system is confidential, except where the law requires me to disclose it to a proper authority."),
        C::new("adults-safeguarding", &[T::Safeguarding], "I alert {lead} to behaviour of a child that worries me, and report behaviour of staff or pupils that concerns me by the school's procedure."),
        C::new("adults-filter", &[T::Filtering], "I know that the web is filtered, that no filter catches everything, and that I supervise what children do online."),
        C::new("adults-monitoring", &[T::Monitoring], "I know that use of the school's systems, e-mail included, is monitored and that all of it can be logged."),
        C::new("adults-logs", &[T::LogsHandedOver], "I know that logs of what I did are given to the head or the designated safeguarding lead on request, which is itself recorded."),
        C::new("adults-encrypted", &[T::EncryptedContent], "I know that encrypted content may be scanned for security and safeguarding, and that I am told, with a date, before that begins for me."),
        C::new("adults-teach", &[T::Teaching], "I teach online safety where it belongs in my lessons, check sites before a class uses them, and go through the pupils' agreement with my class.").teaching(),
        C::new("adults-model", &[T::Teaching], "I plan searches, video and AI tools so that pupils meet only what suits their age, and show by example how they are used well.").teaching(),
    ],
    closing: "It is my own responsibility to keep to this agreement and to know its current version. I understand that breaking it can lead to disciplinary action and, where the law is broken, to the police. I sign with my printed name and the date.",
    kind: Kind::Adults,
};
