//! A session bus of the tests' own, and a notification service on it: a real one as far as D-Bus
//! goes, which keeps what it was asked to show.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use tempfile::TempDir;
use zbus::OwnedVariant;
use zbus::connection::Builder;

use super::harness::require;

/// No service files: nothing else can be started on it.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;

/// A private session bus; it ends with the value.
pub struct Bus {
    daemon: Child,
    pub address: String,
    _folder: TempDir,
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

impl Bus {
    /// Starts one; none where the machine has no `dbus-daemon`.
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let text = CONFIG.replace("FOLDER", folder.path().to_str().unwrap());
        std::fs::write(&config, text).unwrap();
        let started = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        if !require("dbus-daemon", started.is_ok()) {
            return None;
        }
        let mut daemon = started.unwrap();
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(address.starts_with("unix:"), "{address}");
        Some(Self { daemon, address, _folder: folder })
    }
}

/// What was asked to be shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    pub app: String,
    pub summary: String,
    pub body: String,
    /// 0 low, 1 normal, 2 critical.
    pub urgency: Option<u8>,
    pub timeout: i32,
}

/// How the service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Shows, and reads markup in bodies.
    Markup,
    /// Shows, and takes bodies as they are.
    Plain,
    /// Never answers.
    Hangs,
    /// Answers what it is, but never shows anything.
    HangsAtShowing,
}

struct Service {
    manner: Manner,
    shown: Sender<Shown>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the specification's")]
    async fn notify(
        &self,
        app: String,
        replaces: u32,
        icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedVariant>,
        timeout: i32,
    ) -> u32 {
        if matches!(self.manner, Manner::Hangs | Manner::HangsAtShowing) {
            std::future::pending::<()>().await;
        }
        assert!(replaces == 0 && actions.is_empty(), "each stands for itself");
        assert!(icon.starts_with("dialog-"), "{icon}");
        let urgency = hints.get("urgency").and_then(|value| u8::try_from(value).ok());
        self.shown.send(Shown { app, summary, body, urgency, timeout }).unwrap();
        1
    }

    async fn get_server_information(&self) -> (String, String, String, String) {
        if self.manner == Manner::Hangs {
            std::future::pending::<()>().await;
        }
        ("test service".into(), "spendtop".into(), "1.0".into(), "1.2".into())
    }

    async fn get_capabilities(&self) -> Vec<String> {
        match self.manner {
            Manner::Hangs => std::future::pending().await,
            Manner::Plain => vec!["body".into()],
            _ => vec!["body".into(), "body-markup".into()],
        }
    }

    async fn close_notification(&self, id: u32) {
        if self.manner == Manner::Hangs {
            std::future::pending::<()>().await;
        }
        assert_eq!(id, 1, "the only number that was given");
    }
}

/// A notification service on a bus; gone with the value.
pub struct Desktop {
    _connection: zbus::Connection,
    shown: Receiver<Shown>,
}

impl Desktop {
    pub fn start(bus: &Bus, manner: Manner) -> Self {
        let (send, shown) = mpsc::channel();
        let connection = zbus::block_on(
            Builder::address(&*bus.address)
                .serve_at("/org/freedesktop/Notifications", Service { manner, shown: send })
                .name("org.freedesktop.Notifications")
                .build(),
        );
        Self { _connection: connection.unwrap(), shown }
    }

    /// What was shown next.
    #[track_caller]
    pub fn next(&self) -> Shown {
        self.shown.recv_timeout(Duration::from_secs(20)).expect("nothing was shown")
    }

    /// Nothing more was shown.
    pub fn is_silent(&self) -> bool {
        self.shown.try_recv().is_err()
    }
}
