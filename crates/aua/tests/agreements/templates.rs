//! Whether the templates say what they have to, to whom they have to, in words that their readers know.

use belisha_aua::{
    Audience, Clash, Clause, Command, Finding, NOTICES, Picture, Refused, Stage, TEMPLATES, Teaches, Template, Terms,
    Text, TextError, Topic, Weight, Words, lint,
};

use crate::world::{World, asks, child, day, text, words};

/// groups that use the school have an agreement of their own, as everybody has who uses its systems.
#[test]
fn every_template_says_what_it_has_to() {
    for template in TEMPLATES {
        let text = text(template.name);
        assert_eq!(lint(&text, &template.terms()), [], "{}", template.name);
        if template.terms().bears_on_access() {
            assert!(NOTICES.iter().all(|notice| text.topics().contains(notice)), "{}", template.name);
        }
        assert!(!text.closing.is_empty() && !text.opening.is_empty());
    }
    let everybody =
        |audience: &Audience| TEMPLATES.iter().any(|it| it.terms().bears_on_access() && it.terms().is_for(*audience));
    assert!(Audience::ALL.iter().all(everybody), "there is one for each audience");
    let mut names: Vec<&str> = TEMPLATES.iter().flat_map(|it| it.clauses).map(|clause| clause.name).collect();
    names.sort_unstable();
    names.dedup();
    let shared = 7;
    assert_eq!(
        names.len() + shared,
        TEMPLATES.iter().map(|it| it.clauses.len()).sum::<usize>(),
        "a name is one clause"
    );
}

/// What keeps an agreement from being published: that somebody would be watched who was not told.
#[test]
fn without_its_notices_nothing_is_published() {
    let mut world = World::new(child(4, "2016-04-23"), "2026-01-05T09:00:00Z");
    let template = Template::named("ks2").unwrap();
    for (clause, topic) in [("juniors-seen", Topic::Monitoring), ("juniors-padlock", Topic::EncryptedContent)] {
        let words = Words { without: [clause.to_owned()].into(), ..words(template) };
        let text = Text::of(template, &words).unwrap();
        let found = lint(&text, &template.terms());
        assert!(found.contains(&Finding::Missing { topic, weight: Weight::Needed }), "{found:?}");
        let command = Command::Publish {
            title: "Rules".into(),
            change: asks("2026-02-01"),
            effective: day("2026-01-06"),
            terms: template.terms(),
            text,
            rests_on: [].into(),
        };
        assert!(matches!(world.document("ks2", command), Err(Refused::Lacks(_))));
    }
    // What is only expected is said, and does not stop it.
    let words = Words { without: ["juniors-extremism".to_owned()].into(), ..words(template) };
    let found = lint(&Text::of(template, &words).unwrap(), &template.terms());
    assert_eq!(found, [Finding::Missing { topic: Topic::Extremism, weight: Weight::Expected }]);
    assert_eq!(found[0].to_string(), "it should say something of extremism");
}

#[test]
fn a_school_says_what_only_it_knows() {
    let staff = Template::named("staff").unwrap();
    assert_eq!(staff.names(), ["school", "email", "channel", "lead", "coordinator", "storage", "remote"]);
    let missing = Text::of(staff, &Words::default());
    assert!(matches!(missing, Err(TextError::Missing(names)) if names.len() == 7));
    let mut words = words(staff);
    words.values.insert("mail".into(), "x".into());
    assert!(matches!(Text::of(staff, &words), Err(TextError::NoPlace { .. })));
    words.values.remove("mail");
    words.values.insert("email".into(), "StaffPost {not a name".into());
    words.own = vec!["I bring my badge.".into()];
    let text = Text::of(staff, &words).unwrap();
    assert!(text.clauses.iter().any(|it| it.text == "For school business I use only StaffPost {not a name."));
    assert_eq!(text.clauses.last().unwrap().text, "I bring my badge.");
    words.without.insert("adults-nothing".into());
    assert_eq!(Text::of(staff, &words), Err(TextError::NoSuchClause("adults-nothing".into())));
}

/// what schools add of their own may contradict what they sign. It is said, and is theirs to judge.
#[test]
fn a_text_that_contradicts_itself_is_told_of() {
    let clashes = |name: &str, own: &str| {
        let template = Template::named(name).unwrap();
        let text = Text::of(template, &Words { own: vec![own.into()], ..words(template) }).unwrap();
        let found = lint(&text, &template.terms());
        assert!(found.iter().all(|finding| !finding.is_needed()));
        found
    };
    let by_use = [Finding::Clash(Clash::AgreedByUse)];
    assert_eq!(clashes("ks2", "By using the school's computers you agree to these rules."), by_use);
    assert_eq!(clashes("staff", "Whoever uses the network has agreed to all of this."), by_use);
    assert_eq!(clashes("staff", "I use the network as we agreed in September."), []);
    let shared = [Finding::Clash(Clash::SharedPassword)];
    assert_eq!(clashes("ks2", "I share my password with my teacher."), shared);
    assert_eq!(clashes("older", "I never share a password."), []);
    assert_eq!(
        shared[0].to_string(),
        "it contradicts itself: by one sentence a password is kept secret, by another it is shared"
    );
}

/// what policies ask of staff stands in clauses, each with a version. C-075, C-080.
#[test]
fn clauses_of_staff_cover_what_the_policies_of_schools_ask() {
    let staff = Template::named("staff").unwrap();
    for (name, topic, words) in [
        ("adults-use", Topic::Purpose, "governing body"),
        ("adults-passwords", Topic::Passwords, "passwords"),
        ("adults-others", Topic::OthersAccess, "nobody else's account"),
        ("adults-handling", Topic::Handling, "save, print, carry and delete"),
        ("adults-role", Topic::Purpose, "compatible with my role"),
        ("adults-pictures", Topic::Pictures, "no camera, phone or device of my own"),
        ("adults-pictures", Topic::Pictures, "never put a pupil's name"),
        ("adults-social", Topic::SocialMedia, "apart from work: secured"),
        ("adults-remote", Topic::RemoteAccess, "encrypt"),
        ("adults-own", Topic::OwnDevices, "copy private data across"),
        ("adults-situations", Topic::Situations, "could be misread"),
        ("adults-phones", Topic::OwnDevices, "nothing unsuitable or illegal"),
        ("adults-channels", Topic::Channels, "no private messages"),
        ("adults-social", Topic::SocialMedia, "without pupils or their parents as contacts"),
        ("adults-pictures", Topic::Pictures, "my own child alone"),
    ] {
        let clause = staff.clause(name).unwrap();
        assert!(clause.topics.contains(&topic) && clause.text.contains(words) && clause.version > 0, "{name}");
    }
    let text = text("staff");
    assert!(text.clauses.iter().all(|clause| clause.from.is_some()), "a signed text says which versions it is of");
    for (template, name) in [("ks2", "juniors-devices"), ("older", "older-devices")] {
        let clause = Template::named(template).unwrap().clause(name).unwrap();
        assert!(
            clause.text.contains("Nothing nasty") || clause.text.contains("nothing unsuitable or illegal"),
            "{name}"
        );
    }
}

///
#[test]
fn clauses_for_teachers_bind_those_who_teach() {
    let text = text("staff");
    let (teaching, others) = (text.for_whom(Teaches::Yes).count(), text.for_whom(Teaches::No).count());
    assert_eq!((teaching, others), (24, 22));
}

/// infants have seven words of their own, each with its picture, short sentences, and adults whom they trust. R-067: juniors some twenty rules, talked over first. R-068: that
/// their files and sites are checked, and that parents may be told.
#[test]
fn children_read_what_they_can_read() {
    let infants = text("ks1");
    for word in ["CHECK", "ASK", "THINK", "KNOW", "RESPONSIBLE", "KIND", "TELL"] {
        assert_eq!(infants.clauses.iter().filter(|it| it.text.starts_with(word)).count(), 1, "{word}");
    }
    assert!(infants.clauses.iter().any(Clause::has_names_to_write));
    let pictures: Vec<Picture> = infants.clauses.iter().filter_map(Clause::picture).collect();
    assert_eq!(pictures, Picture::ALL, "one beside each, and none twice");
    for picture in pictures {
        let svg = picture.svg().trim();
        assert!(svg.starts_with("<svg viewBox") && svg.ends_with("</svg>") && !svg.contains("script"), "{picture:?}");
    }
    let longest = |text: &Text| {
        let sentences = text.clauses.iter().flat_map(|it| it.text.split_inclusive(['.', '!', '?']));
        sentences.map(|sentence| sentence.split_whitespace().count()).max().unwrap()
    };
    assert!(longest(&infants) <= 16, "{}", longest(&infants));
    let juniors = text("ks2");
    assert!(juniors.clauses.iter().all(|clause| clause.picture().is_none() && !clause.has_names_to_write()));
    assert!(longest(&juniors) <= 32, "{}", longest(&juniors));
    assert!((17..=24).contains(&juniors.clauses.len()));
    assert!(juniors.clauses.iter().any(|it| it.text.contains("can and will check")));
    assert!(juniors.topics().contains(&Topic::ParentsTold));
    let Terms::Pupils(terms) = Template::named("ks2").unwrap().terms() else { panic!("not for pupils") };
    assert_eq!(terms.discussion, belisha_aua::Discussion::First);
    assert_eq!(terms.stages, [Stage::Juniors].into());
}
