//! A school with a hundred thousand cases: opened anew, followed, listed and acted upon.
//!
//! Each case is told of through the service that pages and commands use; making them takes minutes. Wall time, since opening
//! is done on all cores, and looking waits for the disk.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that cannot go on fails")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use belisha_benches::cases::Ready;
use belisha_incident::{Case, Command, Terms, decide};
use belisha_policy::may::{About, Answer, Topic};
use belisha_school::cases::{Desk, Kept, Reference, Register};
use criterion::{BatchSize, Criterion, SamplingMode};

const CASES: usize = 100_000;
/// Events of the case on which something is decided.
const EVENTS: usize = 50;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let ready = Ready::new();
    let start = Instant::now();
    let references = ready.tell(CASES);
    println!("{CASES} cases told of in {:.0?}", start.elapsed());
    let start = Instant::now();
    let register = Register::load_current(ready.school.ledger(), &ready.unlock()).unwrap();
    println!("{} cases opened for the first time in {:.2?}", register.branches().count(), start.elapsed());
    bench(&mut criterion, &ready, register, references[CASES / 2]);
    criterion.final_summary();
}

fn evidence(number: usize) -> Command {
    Command::NoteEvidence { description: format!("page {number} of the log"), reference: None, digest: None }
}

fn bench(criterion: &mut Criterion, ready: &Ready, mut register: Register, reference: Reference) {
    let (ledger, unlocked, kept) = (ready.school.ledger(), ready.unlock(), Kept::default());
    let desk = ready.desk(&unlocked, &kept);
    let mut case = desk.show(reference, None).unwrap().case.clone();
    for number in 0..EVENTS {
        case = desk.act(reference, evidence(number), None).unwrap().case;
    }
    decisions(criterion, ready, &case);
    let mut group = criterion.benchmark_group("cases");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("followed, one event later", |bencher| {
        bencher.iter_batched(
            || desk.act(reference, evidence(0), None).unwrap(),
            |_| register.follow(ledger, &unlocked).unwrap(),
            BatchSize::PerIteration,
        );
    });
    drop(register);
    group.bench_function("list", |bencher| bencher.iter(|| black_box(desk.list().unwrap()).len()));
    group.bench_function("tasks", |bencher| bencher.iter(|| black_box(desk.tasks().unwrap()).len()));
    group.bench_function("show", |bencher| bencher.iter(|| black_box(desk.show(reference, None).unwrap())));
    let alone = Desk { kept: None, ..desk };
    group.bench_function("show, nothing kept", |bencher| {
        bencher.iter(|| black_box(alone.show(reference, None).unwrap()));
    });
    group.measurement_time(Duration::from_mins(1));
    group.bench_function("opened anew", |bencher| {
        bencher.iter_batched_ref(
            || ready.unlock(),
            |unlocked| Register::load_current(ledger, unlocked).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn decisions(criterion: &mut Criterion, ready: &Ready, case: &Case) {
    let about = About::of(Topic::ProtectionIncident);
    let command = evidence(0);
    let answer = ready.authority.may(ready.head, command.action(), &about, ready.now);
    let Answer::Permit(permit) = answer else { unreachable!("the head may") };
    criterion.bench_function("decide, a case of 50 events", |bencher| {
        bencher.iter_batched(
            || command.clone(),
            |command| decide(black_box(case), &Terms::default(), command, &permit).unwrap(),
            BatchSize::SmallInput,
        );
    });
}
