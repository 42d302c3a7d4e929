//! What may a pupil, and what a teacher, open just now?
use belisha_filter::{AlignedBytes, Compiler, List, Rule, Ruleset, Target};
use belisha_policy::{Category, Group, Policy, Profile, decide};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Lists, compiled. In earnest: once, into a file.
    let mut compiler = Compiler::new(0x5eed); // a number that nobody can foresee
    let betting = compiler.list(List::new("our lists", "betting", Category::Gambling.id().0));
    compiler.add(betting, &Rule::domain("wager.example")?);
    compiler.add(betting, &Rule::url_prefix("shared.example/casino")?);
    let rules = Ruleset::open(AlignedBytes::from(compiler.finish()?))?;

    // Who there is, and what they may: the starter profiles.
    let groups = [("year 4", "pupils"), ("teachers", "staff")];
    let groups = groups.map(|(name, profile)| Group { name: name.into(), profile: profile.into() });
    let policy = Policy::new(vec![Profile::pupils("pupils"), Profile::staff("staff")], groups.into(), vec![])?;

    let now = policy.moment(chrono::Utc::now());
    for url in std::env::args().skip(1) {
        let target: Target = url.parse()?;
        for group in ["year 4", "teachers"] {
            let actor = policy.member(group).ok_or("no such group")?;
            let ruling = decide(&actor, &rules.classify(&target), &policy, &now).final_ruling();
            println!("{group}: {ruling}");
        }
    }
    Ok(())
}
