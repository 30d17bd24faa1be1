use std::sync::Mutex;

use contract::doors::{
    Answer, Dial, DialFault, Endpoint, Entropy, Post, PostFault, Request, Stream,
};
use contract::secret::{NotRevealed, Revealed, SecretForm, Vault};
use futures_util::FutureExt;

use super::*;

/// A clock that moves only when it is waited for, or pushed.
struct StepClock(Mutex<Duration>);

#[async_trait]
impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        let passed = jiff::SignedDuration::try_from(self.boot()).unwrap();
        "2026-11-23T02:15:00Z".parse::<Timestamp>().unwrap() + passed
    }
    fn boot(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    async fn sleep_until(&self, until: Duration) {
        tokio::task::yield_now().await;
        let mut now = self.0.lock().unwrap();
        *now = until.max(*now);
    }
}

struct Nothing;

impl Entropy for Nothing {
    fn draw(&self) -> u64 {
        1_000_042
    }
}

#[async_trait]
impl Dial for Nothing {
    async fn dial(&self, _: &Endpoint, _: Duration) -> Result<Box<dyn Stream>, DialFault> {
        Err(DialFault::Connect("no network here".to_owned()))
    }
}

#[async_trait]
impl Post for Nothing {
    async fn send(&self, _: Request) -> Result<Answer, PostFault> {
        Err(PostFault::Connect("no network here".to_owned()))
    }
}

impl Vault for Nothing {
    fn reveal(&self, _: &SecretForm) -> Result<Revealed, NotRevealed> {
        Err(NotRevealed("no secrets here".to_owned()))
    }
}

fn context() -> (OpenContext, Arc<StepClock>) {
    let clock = Arc::new(StepClock(Mutex::new(Duration::from_secs(1_000))));
    let context = OpenContext {
        name: "simulator.demo".to_owned(),
        timeout: Duration::from_secs(15),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy: Arc::new(Nothing),
        dial: Arc::new(Nothing),
        post: Arc::new(Nothing),
        vault: Arc::new(Nothing),
    };
    (context, clock)
}

fn open(config: Config, cx: &OpenContext) -> Box<dyn Source> {
    match Simulator::open(config, cx) {
        Ok(source) => source,
        Err(complaints) => panic!("{complaints:?}"),
    }
}

fn subjects(incoming: Incoming) -> Vec<String> {
    let Incoming::Events { read, .. } = incoming else { panic!("{incoming:?}") };
    read.into_iter().map(|event| event.unwrap().subject().to_owned()).collect()
}

#[tokio::test]
async fn a_wait_given_up_loses_no_event() {
    let (cx, _) = context();
    let config = Config { seed: Some(7), ..Config::default() };
    let (patient, hasty) = (open(config.clone(), &cx), open(config, &cx));
    let mut patient = patient.open(None).await.unwrap();
    let mut hasty = hasty.open(None).await.unwrap();
    for _ in 0..50 {
        assert!(hasty.next().now_or_never().is_none());
        let told = subjects(patient.next().await.unwrap());
        assert_eq!(subjects(hasty.next().await.unwrap()), told);
    }
}

#[tokio::test]
async fn a_listener_who_is_late_gets_batches_of_what_is_due() {
    let (cx, clock) = context();
    let rate = Some("200000/s".parse().unwrap());
    let source = open(Config { seed: Some(7), rate, ..Config::default() }, &cx);
    let mut session = source.open(None).await.unwrap();
    *clock.0.lock().unwrap() += Duration::from_secs(1);
    for _ in 0..195 {
        assert_eq!(subjects(session.next().await.unwrap()).len(), BATCH_MAX);
    }
    assert_eq!(subjects(session.next().await.unwrap()).len(), 200_001 - 195 * BATCH_MAX);
}

#[tokio::test]
async fn after_the_last_event_the_session_stays_open_and_silent() {
    let (cx, _) = context();
    let source = open(Config { seed: Some(7), count: Some(3), ..Config::default() }, &cx);
    let mut session = source.open(None).await.unwrap();
    let mut told = 0;
    while told < 3 {
        told += subjects(session.next().await.unwrap()).len();
    }
    assert_eq!(told, 3);
    for _ in 0..10 {
        assert!(session.next().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
}

#[test]
fn every_mistake_is_named_at_once() {
    let (cx, _) = context();
    let config = Config {
        start: Some("yesterday".to_owned()),
        speed: Some(0.0),
        rate: Some("5/s".parse().unwrap()),
        ..Config::default()
    };
    let complaints = Simulator::open(config, &cx).err().unwrap();
    let keys: Vec<_> = complaints.iter().map(|complaint| complaint.key.as_str()).collect();
    assert_eq!(keys, ["start", "speed", "rate"]);
    let speeds = [0.009, f64::NAN, f64::INFINITY, -1.0, 100_001.0];
    for speed in speeds {
        let config = Config { speed: Some(speed), ..Config::default() };
        assert!(Simulator::open(config, &cx).is_err(), "{speed}");
    }
}

#[test]
fn a_seed_that_is_not_given_is_drawn_and_told() {
    let (cx, _) = context();
    assert_eq!(open(Config::default(), &cx).place(), "simulated, seed 42");
}

#[tokio::test]
async fn it_passes_the_trial() {
    let config = "seed = 7\nspeed = 10.0\n";
    let trial = contract::trial::SourceTrial { config, ..Default::default() };
    contract::trial::source::<Simulator>(trial).await;
}
