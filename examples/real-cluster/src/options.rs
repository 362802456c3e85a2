//! The options that several commands share, and the connection to NATS.

use crate::subject::{self, Subjects};
use anyhow::{Context, Result};
use async_nats::{Client, ConnectOptions};
use std::{path::PathBuf, time::Duration};

/// The time between two attempts to reach NATS.
const RETRY: Duration = Duration::from_millis(250);

/// The time in which one server must answer. The next one in the list is tried after it.
const CONNECT: Duration = Duration::from_secs(2);

/// The cluster, and the way to its NATS servers.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NatsOptions {
    /// The name of the cluster
    #[arg(long, value_name = "NAME", env = "BRIDGE_CLUSTER")]
    pub(crate) cluster: String,
    /// The NATS servers, separated by commas; if one is gone, the next is used
    #[arg(
        long,
        value_name = "URLS",
        value_delimiter = ',',
        env = "BRIDGE_NATS",
        default_value = "nats://127.0.0.1:4222"
    )]
    nats: Vec<String>,
    /// The user's name
    #[arg(long, value_name = "NAME", env = "BRIDGE_NATS_USER", requires = "nats_password")]
    nats_user: Option<String>,
    /// The user's password
    #[arg(long, value_name = "TEXT", env = "BRIDGE_NATS_PASSWORD", hide_env_values = true, requires = "nats_user")]
    nats_password: Option<String>,
    /// A token instead of a user
    #[arg(long, value_name = "TEXT", env = "BRIDGE_NATS_TOKEN", hide_env_values = true, conflicts_with = "nats_user")]
    nats_token: Option<String>,
    /// Certificates of authorities to trust besides the system's, in a PEM file
    #[arg(long, value_name = "FILE")]
    nats_ca: Option<PathBuf>,
    /// This client's certificate, in a PEM file
    #[arg(long, value_name = "FILE", requires = "nats_key")]
    nats_cert: Option<PathBuf>,
    /// The key of this client's certificate, in a PEM file
    #[arg(long, value_name = "FILE", requires = "nats_cert")]
    nats_key: Option<PathBuf>,
    /// Refuse a connection without TLS
    #[arg(long)]
    nats_tls: bool,
}

impl NatsOptions {
    pub(crate) fn subjects(&self) -> Result<Subjects> {
        Subjects::new(&self.cluster)
    }

    /// Connects for as long as the program runs. If no server answers now, or later, it tries again for ever; what is sent
    /// meanwhile waits in the client.
    pub(crate) async fn connect(&self, name: &str) -> Result<Client> {
        let shown = self.nats.join(", ");
        eprintln!("bridge: {name}: connecting to NATS at {shown}");
        let name = name.to_owned();
        let options = self.options()?.retry_on_initial_connect().event_callback(move |event| {
            eprintln!("bridge: {name}: NATS: {event}");
            async {}
        });
        options.connect(self.addresses()?).await.with_context(|| format!("cannot use NATS at {shown}"))
    }

    /// Connects for one request.
    ///
    /// # Errors
    ///
    /// No server answers.
    pub(crate) async fn connect_once(&self) -> Result<Client> {
        let options = self.options()?;
        let addresses = self.addresses()?;
        options.connect(addresses).await.with_context(|| {
            let shown = self.nats.join(", ");
            format!("no NATS server answers at {shown}; start one, or name others with --nats")
        })
    }

    fn addresses(&self) -> Result<Vec<async_nats::ServerAddr>> {
        let read =
            |url: &String| url.parse().with_context(|| format!("got `{url}`, expected a URL such as nats://host:4222"));
        self.nats.iter().map(read).collect()
    }

    fn options(&self) -> Result<ConnectOptions> {
        let mut options = ConnectOptions::new()
            .connection_timeout(CONNECT)
            .reconnect_delay_callback(|attempts| if attempts < 2 { Duration::ZERO } else { RETRY })
            .require_tls(self.nats_tls);
        if let (Some(user), Some(password)) = (&self.nats_user, &self.nats_password) {
            options = options.user_and_password(user.clone(), password.clone());
        }
        if let Some(token) = &self.nats_token {
            options = options.token(token.clone());
        }
        if let Some(file) = &self.nats_ca {
            options = options.add_root_certificates(file.clone());
        }
        if let (Some(cert), Some(key)) = (&self.nats_cert, &self.nats_key) {
            options = options.add_client_certificate(cert.clone(), key.clone());
        }
        Ok(options)
    }
}

/// The ids of a cluster's nodes, each fit for a subject.
pub(crate) fn read_id(text: &str) -> Result<String> {
    subject::token(text).map(str::to_owned)
}
