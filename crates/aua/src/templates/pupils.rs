//! For pupils, in words of their age.

use super::{Kind, Template};
use crate::audience::{Audience, Stage};
use crate::clause::LibraryClause as C;
use crate::clause::Topic as T;
use crate::document::SignedBy;
use crate::picture::Picture as P;

/// Seven short promises, each with a word that stands beside its picture, and the names of trusted adults.
pub(super) const INFANTS: Template = Template {
    name: "ks1",
    title: "How I stay safe on computers",
    audiences: &[Audience::Pupils(Stage::Infants)],
    opening: "My school is {school}. I use computers and tablets here to learn. A grown-up reads this with me.",
    clauses: &[
        C::new("infants-check", &[T::Purpose], "CHECK. I look for a grown-up before I click on something new.")
            .shown_by(P::Check),
        C::new("infants-ask", &[T::Reporting], "ASK. When I am not sure, I ask a grown-up.").shown_by(P::Ask),
        C::new("infants-think", &[T::Privacy], "THINK. I do not tell people online my name, my home or my school.")
            .shown_by(P::Think),
        C::new(
            "infants-know",
            &[T::Strangers],
            "KNOW. Someone online may not be who they say. I do not chat on my own.",
        )
        .shown_by(P::Know),
        C::new(
            "infants-responsible",
            &[T::Passwords, T::Handling],
            "RESPONSIBLE. I take care of the computer. I keep my password safe.",
        )
        .shown_by(P::Responsible),
        C::new(
            "infants-kind",
            &[T::Kindness],
            "KIND. I use kind words, and I take pictures only when my teacher says so.",
        )
        .shown_by(P::Kind),
        C::new(
            "infants-tell",
            &[T::Reporting],
            "TELL. If something makes me sad, cross or scared, I tell a grown-up. I am never in trouble for telling.",
        )
        .shown_by(P::Tell),
        C::new("infants-adults", &[T::TrustedAdults], "Grown-ups I trust: {trusted_adults}, and one I choose myself.")
            .shown_by(P::Adults),
        C::new(
            "infants-filter",
            &[T::Filtering],
            "The school keeps some websites shut. It cannot keep out everything, so I tell when I see something bad.",
        )
        .shown_by(P::Filter),
        C::new(
            "infants-seen",
            &[T::Monitoring, T::EncryptedContent],
            "Grown-ups at school can see what I do on the computer. They may look at pages with a padlock too.",
        )
        .shown_by(P::Seen),
        C::new("infants-parents", &[T::ParentsTold], "My teacher may talk to my grown-ups at home about it.")
            .shown_by(P::Home),
    ],
    closing: "I write my name. A grown-up at home signs too, to say that we have read it together.",
    kind: Kind::Pupils(SignedBy::PupilAndParent),
};

/// A fuller agreement, talked over in class before each signs with name, class and date.
pub(super) const JUNIORS: Template = Template {
    name: "ks2",
    title: "Our agreement for computers and the internet",
    audiences: &[Audience::Pupils(Stage::Juniors)],
    opening: "These are the rules for computers, tablets and the internet at {school}. We talk them over in class before we sign.",
    clauses: &[
        C::new(
            "juniors-purpose",
            &[T::Purpose],
            "I use the school's computers for school work, and for other things only when a teacher says I may.",
        ),
        C::new(
            "juniors-password",
            &[T::Passwords],
            "I keep my password secret from other children. My teacher and my parents may help me with it.",
        ),
        C::new(
            "juniors-own-work",
            &[T::Work, T::OthersAccess],
            "I open and change only my own work, unless someone has shared theirs with me.",
        ),
        C::new(
            "juniors-copy",
            &[T::Work],
            "I say where words and pictures come from, and I do not hand in other people's work as mine.",
        ),
        C::new(
            "juniors-kind",
            &[T::Kindness],
            "What I write is polite. I never write something to hurt or scare anybody, or pass it on.",
        ),
        C::new(
            "juniors-messages",
            &[T::Channels],
            "I send messages only with {pupil_channel}, and only to people a teacher knows about.",
        ),
        C::new(
            "juniors-attachments",
            &[T::Software],
            "I ask before I open a file or a link from somebody I do not know.",
        ),
        C::new(
            "juniors-install",
            &[T::Software],
            "I do not put programs or apps on school devices, or plug things in, without asking.",
        ),
        C::new(
            "juniors-bypass",
            &[T::Software, T::Filtering],
            "I do not try to get round the school's filter or into places that are closed to me.",
        ),
        C::new(
            "juniors-private",
            &[T::Privacy],
            "I do not give my full name, address, telephone number or school to people online.",
        ),
        C::new(
            "juniors-strangers",
            &[T::Strangers],
            "I never arrange to meet someone I only know online. If somebody asks me, I tell an adult at once.",
        ),
        C::new(
            "juniors-age",
            &[T::SocialMedia],
            "I know that social media and many games have age limits, and I keep to them.",
        ),
        C::new(
            "juniors-pictures",
            &[T::Pictures],
            "I take or share pictures of other people only when they and a teacher have said yes.",
        ),
        C::new(
            "juniors-devices",
            &[T::OwnDevices],
            "If I bring a phone or a watch to school I hand it in or keep it off, as the school says. Nothing nasty is on it.",
        )
        .version(2),
        C::new(
            "juniors-tell",
            &[T::Reporting],
            "If I see something that worries me or that I should not see, I close the lid or turn the screen off and tell {trusted_adults}. I will not be in trouble for telling.",
        ),
        C::new(
            "juniors-doubt",
            &[T::Purpose],
            "I do not believe everything I read online. I check it somewhere else or ask.",
        ),
        C::new(
            "juniors-extremism",
            &[T::Extremism],
            "I keep away from pages that teach people to hate or hurt others, and tell an adult if I find one.",
        ),
        C::new("juniors-care", &[T::Handling], "I take care of devices, save my work, and print only what I need."),
        C::new(
            "juniors-filter",
            &[T::Filtering],
            "The school has a filter that closes many websites. No filter catches everything.",
        ),
        C::new(
            "juniors-seen",
            &[T::Monitoring],
            "Teachers can and will check my files, my messages and the websites I open.",
        ),
        C::new(
            "juniors-padlock",
            &[T::EncryptedContent],
            "The school may also look at pages and messages that are encrypted, the ones with a padlock, to keep us safe.",
        ),
        C::new(
            "juniors-parents",
            &[T::ParentsTold, T::Consequences],
            "If I break these rules I may not be allowed to use computers for a while, and my parents may be told.",
        ),
    ],
    closing: "We talked about these rules in class. I understand them, I will keep them, and I sign with my name, my class and today's date. My parent or carer signs too.",
    kind: Kind::Pupils(SignedBy::PupilAndParent),
};

/// For pupils of year 7 and above; from the age of 18 they sign alone.
pub(super) const OLDER: Template = Template {
    name: "older",
    title: "Acceptable use agreement for pupils",
    audiences: &[Audience::Pupils(Stage::Older)],
    opening: "This agreement is about every device, account and connection that {school} gives you, and about your own devices while they use the school's network.",
    clauses: &[
        C::new(
            "older-purpose",
            &[T::Purpose],
            "You use them for learning, and for yourself only in the times and ways the school allows.",
        ),
        C::new(
            "older-password",
            &[T::Passwords, T::OthersAccess],
            "Your account is yours alone. You keep the password to yourself, lock the screen when you leave, and use nobody else's account.",
        ),
        C::new(
            "older-work",
            &[T::Work],
            "You hand in your own work, name your sources, say where you used AI if you were allowed to, and respect copyright.",
        ),
        C::new(
            "older-respect",
            &[T::Kindness],
            "You treat people online as you would face to face. Bullying, threats, hate and sexual harassment are dealt with as they would be anywhere at school.",
        ),
        C::new("older-channels", &[T::Channels], "With staff you communicate only through {pupil_channel}."),
        C::new(
            "older-privacy",
            &[T::Privacy, T::Strangers],
            "You protect your own personal data and other people's, and you tell somebody if a person you met online asks for pictures, money, secrecy or a meeting.",
        ),
        C::new(
            "older-pictures",
            &[T::Pictures],
            "You take, share or alter pictures, video or sound of others only with their permission, and never in toilets or changing rooms. To make or share a nude or sexual picture of anybody under 18, yourself included, or of somebody's face made by AI, can be a crime.",
        ),
        C::new(
            "older-software",
            &[T::Software],
            "You install nothing without permission, use no VPN, proxy or other way round the filter, and do not test or damage security.",
        ),
        C::new(
            "older-devices",
            &[T::OwnDevices, T::SocialMedia],
            "Your own phone or laptop follows the same rules at school, and holds nothing unsuitable or illegal. Do not mix private accounts with school devices: they may copy your private data across.",
        )
        .version(2),
        C::new(
            "older-extremism",
            &[T::Extremism],
            "You do not seek out, share or support extremist or terrorist material.",
        ),
        C::new(
            "older-handling",
            &[T::Handling],
            "You look after equipment and data: save where you should, print what you need, and remove what is not yours.",
        ),
        C::new(
            "older-report",
            &[T::Reporting, T::TrustedAdults],
            "If you come across something harmful by accident, or the filter lets something through, you tell {trusted_adults}. Owning up to an accident is never held against you.",
        ),
        C::new(
            "older-filter",
            &[T::Filtering],
            "The school filters the web. What is closed by mistake you may ask to have opened; no filter catches everything.",
        ),
        C::new(
            "older-monitoring",
            &[T::Monitoring],
            "The school monitors the use of its systems, e-mail and files included, and staff follow up what worries them.",
        ),
        C::new(
            "older-encrypted",
            &[T::EncryptedContent],
            "This may include the content of encrypted connections. You are told, with a date, before that begins for you.",
        ),
        C::new(
            "older-consequences",
            &[T::Consequences, T::ParentsTold],
            "If you break this agreement you may lose access, the behaviour policy applies, parents may be told while you are under 18, and the police are told of what may be a crime.",
        ),
    ],
    closing: "I have read this, I have had the chance to ask about it, and I agree to it. While I am under 18 a parent or carer signs as well.",
    kind: Kind::Pupils(SignedBy::PupilAndParent),
};
