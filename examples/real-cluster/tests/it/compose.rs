//! `compose.yaml`, as far as it can be tested without containers: it can be read, each program knows the options that it is given,
//! and what a service names is there.

use crate::{cluster::bridge, engines::installed};
use serde_yaml_ng::Value;
use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// The services with their anchors and merges resolved.
fn compose() -> Value {
    let mut compose: Value = serde_yaml_ng::from_str(include_str!("../../compose.yaml")).unwrap();
    compose.apply_merge().unwrap();
    compose
}

fn service(name: &str) -> Value {
    compose()["services"][name].clone()
}

fn words(value: &Value) -> Vec<String> {
    value.as_str().unwrap().split_whitespace().map(str::to_owned).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    let keys = value.as_mapping().unwrap().keys();
    keys.map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// A program that knows its options prints its help.
#[track_caller]
fn knows(command: &mut Command) -> String {
    let output = command.arg("--help").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

#[test]
fn there_are_nine_services_and_their_volumes() {
    let compose = compose();
    let names = ["etcd-1", "etcd-2", "etcd-3", "n1", "n2", "n3", "nats-1", "nats-2", "nats-3"];
    assert_eq!(keys(&compose["services"]), BTreeSet::from(names.map(str::to_owned)));
    for name in names {
        let service = service(name);
        assert!(service["image"].is_string() && service["restart"] == "unless-stopped", "{name}: {service:?}");
        for volume in service["volumes"].as_sequence().into_iter().flatten() {
            let (volume, _) = volume.as_str().unwrap().split_once(':').unwrap();
            assert!(compose["volumes"].get(volume).is_some(), "{name}: the volume {volume} is not declared");
        }
    }
}

#[test]
fn the_bridge_knows_its_options() {
    for id in ["n1", "n2", "n3"] {
        let service = service(id);
        let command = words(&service["command"]);
        let end = command.iter().position(|word| word == "--").unwrap();
        let help = knows(bridge().args(&command[..end]));
        assert_eq!(command[1..3], ["--id", id]);
        for variable in keys(&service["environment"]) {
            assert!(help.contains(&format!("[env: {variable}=")), "{variable}: {help}");
        }
        // The image has the program that the bridge runs.
        let dockerfile = include_str!("../../Dockerfile");
        assert!(dockerfile.contains(&format!("/release/{} ", command[end + 1])), "{command:?}");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(service["build"]["context"].as_str().unwrap());
        assert!(fs::exists(file.join(service["build"]["dockerfile"].as_str().unwrap())).unwrap());
    }
}

#[test]
fn the_bridges_know_all_engines() {
    let urls =
        |kind: &str, scheme: &str, port: u16| [1, 2, 3].map(|at| format!("{scheme}://{kind}-{at}:{port}")).join(",");
    let environment = &service("n1")["environment"];
    assert_eq!(environment["BRIDGE_NATS"].as_str(), Some(&*urls("nats", "nats", 4222)));
    assert_eq!(environment["BRIDGE_ETCD"].as_str(), Some(&*urls("etcd", "http", 2379)));
    assert!(words(&service("nats-1")["command"]).contains(&urls("nats", "nats", 6222)));
}

#[test]
fn nats_knows_its_options() {
    let Some(program) = installed("NATS_SERVER", "nats-server") else { return };
    knows(Command::new(program).args(words(&service("nats-1")["command"])));
}

#[test]
fn etcd_knows_its_variables_and_the_members_differ() {
    let members: Vec<_> = (1..=3).map(|at| service(&format!("etcd-{at}"))["environment"].clone()).collect();
    for (at, member) in (1..).zip(&members) {
        let name = format!("etcd-{at}");
        assert_eq!(member["ETCD_NAME"].as_str(), Some(&*name));
        let peer = format!("http://{name}:2380");
        assert_eq!(member["ETCD_INITIAL_ADVERTISE_PEER_URLS"].as_str(), Some(&*peer));
        assert!(member["ETCD_INITIAL_CLUSTER"].as_str().unwrap().contains(&format!("{name}={peer}")), "{member:?}");
    }
    let Some(program) = installed("ETCD", "etcd") else { return };
    let help = knows(&mut Command::new(program));
    for variable in keys(&members[0]) {
        let flag = variable.replace("ETCD_", "--").replace('_', "-").to_lowercase();
        assert!(help.contains(&format!("{flag} ")), "{flag}: {help}");
    }
}
