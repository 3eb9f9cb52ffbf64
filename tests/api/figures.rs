//! Figures of the past do not change: 1,000 random histories, asked as of random days, counted a second time in the
//! plainest way there is.

use crate::support::{Dice, number};
use chrono::{DateTime, TimeDelta, Utc};
use musubi::domain::desk::case::Opened;
use musubi::domain::desk::indicators::{self, Question};
use musubi::domain::desk::introduction::{Asked, Questions};
use musubi::domain::desk::{
    Case, CaseDeed, Day, Event, Introduction, IntroductionDeed, Matter, Step, known_at, replay,
};
use musubi::domain::text::{Line, Prose};
use musubi::domain::vocabulary::Kind;
use musubi::domain::vocabulary::desk::{CaseOutcome, CaseStage, CountedBy, DeclineReason, Side};
use musubi::domain::{ThingId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const MEASURES: [&str; 4] = ["有機EL産業集積", "共同研究支援", "販路開拓", "IoT導入"];

fn start() -> DateTime<Utc> {
    "2023-04-10T03:00:00Z".parse().expect("a time")
}

fn prose(text: &str) -> Prose {
    Prose::parse(text).expect("prose")
}

fn measures(dice: &mut Dice) -> Vec<Line> {
    let chosen: BTreeSet<&str> = (0..dice.below(4)).map(|_| *dice.pick(&MEASURES)).collect();
    chosen.into_iter().map(|measure| Line::parse(measure).expect("a line")).collect()
}

/// What may be tried next. Much of it is refused.
fn case_deed(dice: &mut Dice) -> CaseDeed {
    let reason = (!dice.once_in(3)).then(|| prose("理由"));
    match dice.below(9) {
        0..=2 => CaseDeed::Stage { to: *dice.pick(CaseStage::ALL), reason },
        3 => CaseDeed::Noted { text: prose("面談した") },
        4 => CaseDeed::Measures { measures: measures(dice) },
        5 => CaseDeed::Outcome { outcome: *dice.pick(CaseOutcome::ALL), text: None },
        6 => CaseDeed::Reopened { reason },
        7 => CaseDeed::Joined { party: ThingId::new(), share: dice.once_in(2) },
        _ => CaseDeed::Left { party: ThingId::new(), reason },
    }
}

fn introduction_deed(dice: &mut Dice) -> IntroductionDeed {
    let side = *dice.pick(Side::ALL);
    match dice.below(6) {
        0 | 1 => IntroductionDeed::Accepted { side },
        2 => {
            let reason = *dice.pick(DeclineReason::ALL);
            IntroductionDeed::Declined { side, reason, text: (!dice.once_in(3)).then(|| prose("理由")) }
        }
        3 => IntroductionDeed::Lapsed,
        4 => IntroductionDeed::Reminded,
        _ => IntroductionDeed::CaseOpened { case: ThingId::new() },
    }
}

/// A history as people would make it: deeds in time, some recorded late, the refused ones left out.
fn history<M: Matter>(
    dice: &mut Dice,
    first: M::Deed,
    next: impl Fn(&mut Dice) -> M::Deed,
) -> (Vec<Event<M::Deed>>, usize) {
    let mut moment = start() + TimeDelta::hours(dice.below(24 * 900) as i64);
    let mut events: Vec<Event<M::Deed>> = Vec::new();
    let mut refused = 0;
    let mut deed = first;
    for round in 0..12 {
        let at = Timestamp::from_datetime(moment);
        let late = if round > 0 && dice.once_in(3) { dice.below(40) as i64 } else { 0 };
        let happened_on = Day::of_date((moment + TimeDelta::hours(9)).date_naive() - TimeDelta::days(late));
        let number = events.len() as i64 + 1;
        let event = Event { number, at, actor: "somebody".to_owned(), happened_on, deed };
        let taken = match replay::<M>(&events) {
            None => true,
            Some(matter) => matter.consider(&event.deed, &event.happened_on, &event.at) == Ok(Step::Take),
        };
        if taken {
            // What is kept reads back as what it was.
            let kept = serde_json::to_string(&event.deed).expect("JSON");
            assert_eq!(serde_json::from_str::<M::Deed>(&kept).expect("a deed"), event.deed);
            events.push(event);
        } else {
            refused += 1;
        }
        moment += TimeDelta::hours(dice.below(24 * 60) as i64);
        deed = next(dice);
    }
    (events, refused)
}

fn a_case(dice: &mut Dice) -> (Vec<Event<CaseDeed>>, usize) {
    let opened = Opened {
        title: Line::parse("案件").expect("a line"),
        introduction: None,
        meeting: None,
        subject: None,
        parties: vec![ThingId::new(), ThingId::new()],
        purpose: None,
        fields: Vec::new(),
        municipality: None,
        measures: measures(dice),
        stage: CaseStage::Consultation,
        reason: None,
        desk: None,
    };
    history::<Case>(dice, CaseDeed::Opened(Box::new(opened)), case_deed)
}

fn an_introduction(dice: &mut Dice) -> (Vec<Event<IntroductionDeed>>, usize) {
    let asked = Asked {
        proposal: None,
        subject_kind: Kind::Need,
        subject: ThingId::new(),
        anonymous: dice.once_in(2),
        subject_opens: true,
        seeking: ThingId::new(),
        answering: ThingId::new(),
        purpose: None,
        message: prose("お会いしませんか"),
        questions: Questions::default(),
        answer_by: Day::of_date((start() + TimeDelta::days(1_000)).date_naive()),
        willing: None,
        again: None,
        desk: None,
    };
    history::<Introduction>(dice, IntroductionDeed::Asked(Box::new(asked)), introduction_deed)
}

fn fiscal_year(day: &Day) -> i32 {
    let (year, month) = (day.as_str()[..4].parse::<i32>().unwrap(), day.as_str()[5..7].parse::<i32>().unwrap());
    if month < 4 { year - 1 } else { year }
}

/// The cells of one case, counted by hand: no replay, no lifecycle, only the rows of the history.
fn by_hand(events: &[Event<CaseDeed>], year: i32, as_of: &str, by: CountedBy) -> BTreeSet<String> {
    let rows: Vec<&Event<CaseDeed>> = events.iter().filter(|event| event.at.as_str() <= as_of).collect();
    let counts = rows.iter().any(|event| fiscal_year(&event.happened_on) == year);
    let (mut stage, mut outcome, mut listed) = (None, None, Vec::new());
    for event in rows.iter().filter(|event| fiscal_year(&event.happened_on) <= year) {
        match &event.deed {
            CaseDeed::Opened(opened) => (stage, listed) = (Some(opened.stage), opened.measures.clone()),
            CaseDeed::Stage { to, .. } => stage = Some(*to),
            CaseDeed::Outcome { outcome: now, .. } => outcome = Some((*now, fiscal_year(&event.happened_on))),
            CaseDeed::Reopened { .. } => outcome = None,
            CaseDeed::Measures { measures } => listed = measures.clone(),
            _ => {}
        }
    }
    let Some(stage) = stage.filter(|_| counts) else { return BTreeSet::new() };
    match by {
        CountedBy::Stage => BTreeSet::from([stage.code().to_owned()]),
        CountedBy::Outcome => {
            let code = outcome.filter(|(_, of)| *of == year).map_or("none", |(outcome, _)| outcome.code());
            BTreeSet::from([code.to_owned()])
        }
        CountedBy::Programme if !listed.is_empty() => {
            listed.iter().map(|measure| measure.as_str().to_owned()).collect()
        }
        CountedBy::Programme | CountedBy::Field | CountedBy::Municipality => BTreeSet::from(["none".to_owned()]),
    }
}

#[test]
fn replaying_the_history_gives_every_figure_of_any_past_day() {
    let seed = number("MUSUBI_SEED", 7);
    let populations = number("MUSUBI_HISTORIES", 1_000) / 20;
    let mut dice = Dice::new(seed);
    let (mut asked, mut relisted, mut refused, mut declines) = (0, 0, 0, 0);
    for _ in 0..populations {
        let cases: BTreeMap<ThingId, Vec<Event<CaseDeed>>> = (0..14)
            .map(|_| {
                let (events, not) = a_case(&mut dice);
                refused += not;
                (ThingId::new(), events)
            })
            .collect();
        let introductions: Vec<Vec<Event<IntroductionDeed>>> = (0..6)
            .map(|_| {
                let (events, not) = an_introduction(&mut dice);
                refused += not;
                events
            })
            .collect();
        for _ in 0..20 {
            let moment = start() + TimeDelta::hours(dice.below(24 * 1_500) as i64);
            let question = Question {
                fiscal_year: 2022 + dice.below(6) as i32,
                as_of: Timestamp::from_datetime(moment),
                by: *dice.pick(CountedBy::ALL),
            };
            let table = indicators::table(cases.iter().map(|(id, events)| (id, events.as_slice())), &question);
            let place = || format!("seed {seed}, {question:?}");
            // By hand.
            let mut expected: BTreeMap<String, Vec<ThingId>> = BTreeMap::new();
            let mut once = 0;
            for (id, events) in &cases {
                let cells = by_hand(events, question.fiscal_year, question.as_of.as_str(), question.by);
                once += u64::from(!cells.is_empty());
                for cell in cells {
                    expected.entry(cell).or_default().push(id.clone());
                }
            }
            assert_eq!((&table.cells, table.total), (&expected, once), "{}", place());
            // Each case once, however many measures list it.
            let listings: usize = table.cells.values().map(Vec::len).sum();
            assert_eq!(listings as u64, table.total + table.relisted, "{}", place());
            relisted += table.relisted;
            // What was recorded later changes nothing.
            let then: BTreeMap<ThingId, Vec<Event<CaseDeed>>> =
                cases.iter().map(|(id, events)| (id.clone(), known_at(events, &question.as_of))).collect();
            let of_then = indicators::table(then.iter().map(|(id, events)| (id, events.as_slice())), &question);
            assert_eq!(table, of_then, "{}", place());
            let figures = indicators::introductions(introductions.iter().map(Vec::as_slice), &question);
            let known: Vec<Vec<Event<IntroductionDeed>>> =
                introductions.iter().map(|events| known_at(events, &question.as_of)).collect();
            let count = |wanted: &dyn Fn(&Event<IntroductionDeed>) -> bool| {
                let rows = known.iter().flatten();
                rows.filter(|event| fiscal_year(&event.happened_on) == question.fiscal_year && wanted(event)).count()
            };
            let declined = count(&|event| matches!(event.deed, IntroductionDeed::Declined { .. }));
            assert_eq!(figures.declined, declined as u64, "{}", place());
            assert_eq!(figures.asked, count(&|event| matches!(event.deed, IntroductionDeed::Asked(_))) as u64);
            assert_eq!(figures.lapsed, count(&|event| matches!(event.deed, IntroductionDeed::Lapsed)) as u64);
            // Every closed introduction carries a code.
            assert_eq!(figures.declined_by_reason.values().sum::<u64>(), figures.declined, "{}", place());
            declines += declined;
            asked += 1;
        }
    }
    println!("{asked} questions, {refused} deeds refused, {relisted} listed again, {declines} declines seen");
    assert!(asked >= 20 * populations && refused > 0 && relisted > 0 && declines > 0);
}
