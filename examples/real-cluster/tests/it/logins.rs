//! Engines that ask for a login or for TLS: the options reach them, and without these the error says what is missing.

use crate::{
    cluster::Cluster,
    engines::{Certificates, Etcd, Nats},
};
use serde_json::{Value, json};

/// A call that NATS lets through, and one without the options, which ends with exit code 4 and this text.
#[track_caller]
fn check(name: &'static str, nats: &Nats, options: &[&str], refused: &str) {
    let cluster = Cluster::new(name, nats, None, "n1,n2").nats_options(options);
    let _nodes = cluster.up();
    assert_eq!(cluster.relay("n2", &json!({ "type": "echo" })), json!({ "type": "echo_ok" }));
    assert_eq!(cluster.fault(&json!({ "fault": "heal" })), (true, r#"{"n1":"done","n2":"done"}"#.to_owned()));
    let (code, error) = Cluster::new(name, nats, None, "n1").call("n1", &json!({ "type": "echo" }));
    assert!(code == 4 && error.to_string().contains(refused), "{error}");
}

#[test]
fn nats_gets_a_name_and_a_password() {
    let lines = "authorization { user: ada, password: countess }\n";
    let Some(nats) = Nats::configured(lines) else { return };
    check("password", &nats, &["--nats-user", "ada", "--nats-password", "countess"], "authorization violation");
}

#[test]
fn nats_gets_a_token() {
    let Some(nats) = Nats::configured("authorization { token: countess }\n") else { return };
    check("token", &nats, &["--nats-token", "countess"], "authorization violation");
}

#[test]
fn nats_gets_a_certificate_and_shows_one() {
    let Some(certificates) = Certificates::new() else { return };
    let [ca, server, server_key, client, client_key] =
        ["ca.pem", "server.pem", "server.key", "client.pem", "client.key"].map(|name| certificates.file(name));
    let tls = format!(r#"cert_file: "{server}", key_file: "{server_key}", ca_file: "{ca}", verify: true"#);
    let Some(nats) = Nats::configured(&format!("tls {{ {tls} }}\n")) else { return };
    let options = ["--nats-tls", "--nats-ca", &ca, "--nats-cert", &client, "--nats-key", &client_key];
    check("tls", &nats, &options, "certificate");
}

#[test]
fn tls_can_be_required() {
    let Some(nats) = Nats::start(1 << 20) else { return };
    let cluster = Cluster::new("plain", &nats, None, "n1").nats_options(&["--nats-tls"]);
    let (code, error) = cluster.call("n1", &json!({ "type": "echo" }));
    assert!(code == 4, "a server without TLS is refused: {error}");
}

#[test]
fn etcd_gets_a_login_and_a_new_one_when_its_token_ends() {
    let (Some(nats), Some(etcd)) = (Nats::start(1 << 20), Etcd::start()) else { return };
    let Some(()) = etcd.control("user add root:secret", "") else { return };
    etcd.control("user grant-role root root", "");
    etcd.control("auth enable", "");
    let write = |cluster: &Cluster, value: u64| -> Value {
        let _node = cluster.start("n1", "1");
        cluster.await_node("n1");
        cluster.relay("lin-kv", &json!({ "type": "write", "key": 1, "value": value }))
    };
    let nameless = write(&Cluster::new("nameless", &nats, Some(etcd.url()), "n1"), 1);
    assert!(nameless["text"].as_str().unwrap().contains("user name is empty"), "{nameless}");
    let wrong = Cluster::new("wrong", &nats, Some(etcd.url()), "n1").etcd_options(&["--etcd-user", "root:secre"]);
    let refused = write(&wrong, 1);
    assert!(refused["code"] == 11 && refused["text"].as_str().unwrap().contains("no login"), "{refused}");

    let cluster = Cluster::new("login", &nats, Some(etcd.url()), "n1").etcd_options(&["--etcd-user", "root:secret"]);
    let _node = cluster.up();
    for value in 1..3 {
        let request = json!({ "type": "write", "key": 1, "value": value });
        assert_eq!(cluster.relay("lin-kv", &request), json!({ "type": "write_ok" }), "{value}");
        let read = cluster.relay("lin-kv", &json!({ "type": "read", "key": 1 }));
        assert_eq!(read["value"], value);
        // A new password ends the tokens of its user.
        etcd.control("--user root:secret user passwd root --interactive=false", "secret");
    }
}
