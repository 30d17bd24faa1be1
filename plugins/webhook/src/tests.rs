//! Job: the webhook before a far side that is played.
//! Takes: the trial's doors.
//! Gives: one test a promise of the sink.
//! Never: opens a socket.

use base64::Engine as _;
use contract::doors::PostFault;
use contract::trial::{self, Case, Expected, House, Play, SinkTrial, TableVault};
use contract::{NoteKey, SecretForm};

use super::*;

fn opened(house: &House, toml: &str) -> Result<Box<dyn Sink>, Vec<Complaint>> {
    let config: Config = contract::written::read(&trial::written(toml))?;
    Webhook::open(config, &house.context("webhook.crm"))
}

const PLAIN: &str = "url = \"https://crm.example.com/hooks/bookings\"";

#[tokio::test]
async fn a_note_is_posted_as_documented() {
    let house = House::new(
        TableVault::default().with(SecretForm::Credential("new".into()), "the new secret"),
        Play::status(204),
    );
    let toml =
        format!("{PLAIN}\nsecret = {{ credential = \"new\" }}\nfields = [\"id\", \"amount\"]");
    let sink = opened(&house, &toml).unwrap();
    assert_eq!(sink.send(&trial::note()).await, Verdict::sent());
    let asked = &house.post.asked()[0];
    let mut shown = format!("{} {}\n", asked.method, asked.url);
    for (name, value) in &asked.headers {
        shown.push_str(&format!("{name}: {value}\n"));
    }
    let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    shown.push_str(&body.to_string());
    insta::assert_snapshot!(shown.replace(",\"", ",\n\""), @r#"
    POST https://crm.example.com/hooks/bookings
    content-type: application/json
    webhook-id: 0123456789abcdef0123456789abcdef
    webhook-timestamp: 1795400045
    webhook-signature: v1,T7GpYkuxV24ZvRBkoBS3C42abaNbK7L/wdziAn6cr4Q=
    {"attempt":1,
    "events":[{"amount":"1250.00",
    "at":"2026-11-23T02:14:05.12Z",
    "feed":"dashboard",
    "id":"BK-20261123-0001",
    "kind":"booking",
    "received":"2026-11-23T02:14:05.12Z",
    "source":"websocket.dashboard"}],
    "key":"0123456789abcdef0123456789abcdef",
    "level":"info",
    "rule":"Big tours",
    "version":1}
    "#);
}

#[tokio::test]
async fn a_request_ends_a_little_before_the_time_that_a_try_is_given() {
    for (timeout, deadline) in [(15_000, 14_500), (120_000, 119_500), (2_000, 1_800)] {
        let house = House::default();
        let timeout = Duration::from_millis(timeout);
        let cx = OpenContext { timeout, ..house.context("webhook.crm") };
        let config: Config = contract::written::read(&trial::written(PLAIN)).unwrap();
        Webhook::open(config, &cx).unwrap().send(&trial::note()).await;
        assert_eq!(house.post.asked()[0].deadline, Duration::from_millis(deadline));
    }
}

#[tokio::test]
async fn every_secret_signs_while_they_are_rotated() {
    let house = House::default();
    let secrets = "[{ credential = \"new\" }, { env = \"OLD\" }]";
    let sink = opened(&house, &format!("{PLAIN}\nsecret = {secrets}")).unwrap();
    sink.send(&trial::note()).await;
    let asked = &house.post.asked()[0];
    let header = |name: &str| asked.headers.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let signatures = header("webhook-signature");
    assert_eq!(signatures.split(' ').count(), 2);
    for signature in signatures.split(' ') {
        let (version, mac) = signature.split_once(',').unwrap();
        let mac = base64::engine::general_purpose::STANDARD.decode(mac).unwrap();
        assert_eq!((version, mac.len()), ("v1", 32));
    }
    assert!(!header("webhook-id").contains('.'));
}

#[tokio::test]
async fn the_id_is_the_same_over_tries_and_the_timestamp_is_the_try_s_own() {
    let house = House::default();
    let sink = opened(&house, PLAIN).unwrap();
    for attempt in 1..=3 {
        sink.send(&Note { attempt, ..trial::note() }).await;
        house.clock.advance(Duration::from_secs(30));
    }
    sink.send(&Note { key: NoteKey([7; 16]), ..trial::note() }).await;
    let header = |name: &str| {
        let values = house.post.asked().into_iter();
        let value = |asked: Request| asked.headers.into_iter().find(|(n, _)| n == name).unwrap().1;
        values.map(value).collect::<Vec<_>>()
    };
    let ids = header("webhook-id");
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
    let times = header("webhook-timestamp");
    assert_eq!(times[..3], ["1795400045", "1795400075", "1795400105"]);
}

#[tokio::test]
async fn a_rotated_secret_signs_a_second_later() {
    let mut house = House::default();
    let rotating = Arc::new(Rotating(std::sync::Mutex::new("the first secret")));
    house.vault = Arc::clone(&rotating) as _;
    let sink = opened(&house, &format!("{PLAIN}\nsecret = {{ file = \"/s\" }}")).unwrap();
    sink.send(&trial::note()).await;
    *rotating.0.lock().unwrap() = "the second secret";
    house.clock.advance(Duration::from_secs(1));
    sink.send(&trial::note()).await;
    let signed: Vec<_> =
        house.post.asked().into_iter().map(|r| r.headers.last().cloned()).collect();
    assert_ne!(signed[0], signed[1]);
}

struct Rotating(std::sync::Mutex<&'static str>);

impl contract::Vault for Rotating {
    fn reveal(&self, _: &SecretForm) -> Result<contract::Revealed, contract::secret::NotRevealed> {
        Ok(contract::Revealed::new(self.0.lock().unwrap().as_bytes().to_vec()))
    }
}

#[test]
fn a_place_is_scheme_and_host() {
    let cases = [
        ("https://crm.example.com/hooks/T0/secret?token=x", "https://crm.example.com"),
        ("https://user:pw@crm.example.com:8443/x", "https://crm.example.com:8443"),
        ("https://[2606:4700::1]/x", "https://[2606:4700::1]"),
    ];
    for (url, place) in cases {
        let sink = opened(&House::default(), &format!("url = \"{url}\"")).unwrap();
        assert_eq!(sink.place(), place);
    }
}

#[test]
fn plain_http_is_for_allowed_networks_only() {
    let cases = [
        ("https://10.0.0.1/", "", true),
        ("http://10.0.0.1/", "10.0.0.0/8", true),
        ("http://127.1:8080/", "127.0.0.0/8", true),
        ("http://[::1]/", "::1", true),
        ("http://crm:8080/", "172.16.0.0/12", true),
        ("http://10.0.0.1/", "192.168.0.0/16", false),
        ("http://127.0.0.1/", "", false),
        ("http://crm.example.com/", "", false),
        ("http://8.8.8.8/", "10.0.0.0/8", false),
    ];
    for (url, network, good) in cases {
        let networks = if network.is_empty() { String::new() } else { format!("\"{network}\"") };
        let toml = format!("url = \"{url}\"\nallow_private = [{networks}]");
        let opened = opened(&House::default(), &toml);
        assert_eq!(opened.is_ok(), good, "{url} {network}");
    }
}

#[test]
fn what_cannot_be_meant_is_told_at_once_and_without_the_path() {
    let cases = [
        "url = \"crm.example.com/s3cret\"",
        "url = \"ftp://crm.example.com/s3cret\"",
        "url = \"http://crm.example.com/s3cret\"",
        "url = \"https://crm.example.com/s3cret#part\"",
        "url = \"https://crm.example.com/\"\nfields = []",
        "url = \"https://crm.example.com/\"\nfields = [\"pasword\"]",
        "url = \"https://crm.example.com/\"\nallow_private = [\"10.0.0.0/33\"]",
        "url = { credential = \"url\" }\nsecret = { credential = \"bad\" }",
        "url = 5",
        "secret = \"s3cret\"",
    ];
    let vault = TableVault::default()
        .with(SecretForm::Credential("url".into()), "https://crm.example.com/s3cret")
        .with(SecretForm::Credential("bad".into()), "whsec_s3cret!");
    let house = House::new(vault, Play::status(200));
    let mut told = String::new();
    for toml in cases {
        for complaint in opened(&house, toml).err().expect(toml) {
            let hint = complaint.hint.map(|hint| format!("\n  {hint}")).unwrap_or_default();
            told.push_str(&format!("{}: {}{hint}\n", complaint.key, complaint.what));
        }
    }
    assert!(!told.contains("s3cret"), "{told}");
    insta::assert_snapshot!(told, @r#"
    url: this is no URL: relative URL without a base
      write https://host/path
    url: a webhook's URL is https
      write https://host/path
    url: http would send to crm.example.com in the clear
      use https; in your own network name it with allow_private = ["ADDRESS"]
    url: a fragment (#…) is never sent
      leave it out
    fields: an empty list lets nothing of a booking out
      name the fields, or leave the key out for all of them
    fields[0]: unknown name `pasword`
    allow_private[0]: "10.0.0.0/33": at most /32
    secret: credential "bad": what follows whsec_ is no base64
    url: expected a URL, or where one is kept: { credential = "…" }, found a whole number
    : the key `url` is missing
    secret: expected where a secret is kept, { credential = "…" }, or a list of such, found text
    "#);
}

#[tokio::test]
async fn a_secret_that_can_no_longer_be_read_holds_the_sink_until_it_can() {
    let mut house = House::default();
    let rotating = Arc::new(Rotating(std::sync::Mutex::new("a secret")));
    house.vault = Arc::clone(&rotating) as _;
    let sink = opened(&house, &format!("{PLAIN}\nsecret = {{ file = \"/s\" }}")).unwrap();
    *rotating.0.lock().unwrap() = "";
    let Verdict::Down { why, .. } = sink.send(&trial::note()).await else { panic!() };
    insta::assert_snapshot!(why, @"config: file /s: it is empty");
    assert!(house.post.asked().is_empty(), "nothing goes out unsigned");
    *rotating.0.lock().unwrap() = "a secret";
    assert_eq!(sink.send(&trial::note()).await, Verdict::sent());
}

#[tokio::test]
async fn what_comes_back_is_told_without_the_url_s_secrets() {
    let vault = TableVault::default().with(
        SecretForm::Credential("hook".into()),
        "https://hooks.example.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    );
    let house = House::new(vault, Play::Echo(404));
    let sink = opened(&house, "url = { credential = \"hook\" }").unwrap();
    let Verdict::Down { why, .. } = sink.send(&trial::note()).await else { panic!() };
    assert!(!why.said.contains("XXXX") && !why.said.contains("B00000000"), "{}", why.said);
    assert!(why.said.starts_with("HTTP 404: POST https://hooks.example.com/"), "{}", why.said);
}

#[tokio::test]
async fn a_probe_finds_redirects_and_faults_and_forgives_a_head_that_is_not_liked() {
    let cases = [
        (Play::status(200), None),
        (Play::status(401), None),
        (Play::status(404), None),
        (Play::status(405), None),
        (Play::status(501), None),
        (Play::status(308), Some(Class::Config)),
        (Play::status(502), Some(Class::Transient)),
        (Play::Fault(PostFault::Tls("expired".into())), Some(Class::Config)),
        (Play::Fault(PostFault::Connect("refused".into())), Some(Class::Transient)),
    ];
    for (play, class) in cases {
        let house = House::new(TableVault::canaries(), play.clone());
        let probed = opened(&house, PLAIN).unwrap().probe().await;
        assert_eq!(probed.err().map(|why| why.class), class, "{play:?}");
        assert_eq!(house.post.asked()[0].method, "HEAD");
    }
}

#[tokio::test]
async fn the_webhook_passes_the_trial() {
    let case = |play, expected| Case { play, expected };
    let cases = vec![
        case(Play::status(202), Expected::Sent),
        case(Play::status(302), Expected::Down(Class::Config)),
        case(Play::status(400), Expected::Reject(Class::Payload)),
        case(Play::status(401), Expected::Down(Class::Config)),
        case(Play::status(410), Expected::Reject(Class::Gone)),
        case(Play::with(429, &[("retry-after", "9")], ""), Expected::Down(Class::Throttled)),
        case(Play::status(500), Expected::Retry(Class::Transient)),
        case(Play::Fault(PostFault::CutOff("reset".into())), Expected::Retry(Class::Ambiguous)),
    ];
    let config = "url = { credential = \"hook\" }\n\
                  secret = [{ credential = \"new\" }, { file = \"/old\" }]\n\
                  allow_private = [\"10.0.0.0/8\"]";
    let hook = "https://hooks.example.com/canary-0123456789/hook?token=canary-abcdef";
    let secrets = vec![(SecretForm::Credential("hook".into()), hook)];
    trial::sink::<Webhook>(SinkTrial { config, secrets, good: None, cases }).await;
}
