//! Job: the battery that every source passes.
//! Takes: the plugin.
//! Gives: a failing test that names each check that failed.
//! Never: connects to anything real.

use contract::SecretForm;
use contract::trial::{self, SourceTrial};
use websocket::WebSocket;

#[tokio::test]
async fn it_passes_the_trial() {
    let config = "url = \"wss://admin.example.com/admin/dashboard\"\ntoken = { env = \"TOKEN\" }\n";
    let secrets = vec![(SecretForm::Env("TOKEN".to_owned()), "canary-token")];
    trial::source::<WebSocket>(SourceTrial { config, secrets, dials: true }).await;
}
